"""Pictures of an answer, each in a message of its own under it: Teams splits a message of text and a picture.

Source: Microsoft Learn, Teams platform, "Format your bot messages", picture messages: PNG, JPEG and GIF, at most 1 MB and
1024 by 1024 pixels.
"""

import base64
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.teams.outbound.connector import Repeat, TeamsApiError
from adapters.teams.outbound.delivery import DeliveryContext
from adapters.teams.outbound.rendering import messages
from adapters.teams.outbound.rendering.messages import Activity
from bot.domain.generated import GeneratedFile

BYTES: Final = 1024 * 1024
PIXELS: Final = 1024  # in each direction
UNSHOWN = (
    "A picture came with this answer, and Teams shows none larger than 1 MB and 1024 by 1024 pixels. Ask for a smaller one, "
    "as a JPEG."
)
REFUSED = "A picture came with this answer, and Teams did not take it. Ask again to get another one."
UNSIZED: Final = frozenset({0xC4, 0xC8, 0xCC})  # of a JPEG's markers from 0xC0 to 0xCF: those without a size


def shown_here(pictures: Sequence[GeneratedFile], *, copilot: bool) -> list[GeneratedFile]:
    """Those that Teams shows; Microsoft 365 Copilot shows none."""
    return [] if copilot else [picture for picture in pictures if showable(picture)]


def showable(picture: GeneratedFile) -> bool:
    if len(picture.data) > BYTES or picture.media_type == "image/webp":
        return False
    return all(0 < side <= PIXELS for side in size_of(picture.data))


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height in pixels of a PNG, GIF or JPEG; (0, 0) where they cannot be read."""
    try:
        if data.startswith(b"\x89PNG"):
            width, height = struct.unpack_from(">II", data, 16)
        elif data.startswith(b"GIF8"):
            width, height = struct.unpack_from("<HH", data, 6)
        else:
            height, width = _of_jpeg(data)
    except struct.error:
        return 0, 0
    return width, height


def _of_jpeg(data: bytes) -> tuple[int, int]:
    """Height and width. Raises struct.error."""
    at = 2
    while True:
        mark, kind, length = struct.unpack_from(">BBH", data, at)
        if mark != 0xFF:
            return 0, 0
        if 0xC0 <= kind <= 0xCF and kind not in UNSIZED:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return height, width
        at += 2 + length


async def post_pictures(
    delivery_context: DeliveryContext, pictures: Sequence[GeneratedFile], saved: Mapping[str, Any]
) -> tuple[str, ...]:
    """Posts those that an earlier attempt has not. The id of each is saved at once, beside what the answer saved."""
    ids = [str(id) for id in saved.get("pictures", ())]
    for picture in pictures[len(ids) :]:
        ids.append(await _post(delivery_context, picture))
        ref = delivery_context.turn_handle.ref or {}
        await delivery_context.turn_handle.save({**ref, "pictures": list(ids)})
    return tuple(id for id in ids if id)


async def _post(delivery_context: DeliveryContext, picture: GeneratedFile) -> str:
    try:
        return await _sent(delivery_context, picture_message(picture))
    except TeamsApiError as error:
        if error.gone or error.status not in {400, 403, 413, 415}:
            raise
    return await _sent(delivery_context, messages.text_message(REFUSED))


async def _sent(delivery_context: DeliveryContext, activity: Activity) -> str:
    reference = delivery_context.reference
    return await delivery_context.connector.post(
        reference.where, messages.addressed(activity, reference), Repeat.ONCE
    )


def picture_message(picture: GeneratedFile) -> Activity:
    data = base64.b64encode(picture.data).decode()
    shown = {
        "contentType": picture.media_type,
        "contentUrl": f"data:{picture.media_type};base64,{data}",
        "name": picture.name,
    }
    return {"type": "message", "summary": picture.name, "attachments": [shown]}
