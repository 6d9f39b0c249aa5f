"""Which pictures Teams shows, and how.

Source: Microsoft Learn, Teams platform, "Format your bot messages", picture messages: PNG, JPEG and GIF, at most 1 MB and
1024 by 1024 pixels.
"""

import base64
import struct
from typing import Final

from adapters.teams.outbound.rendering.messages import Activity
from bot.domain.generated import GeneratedFile

BYTES: Final = 1024 * 1024
PIXELS: Final = 1024  # in each direction
UNSIZED: Final = frozenset({0xC4, 0xC8, 0xCC})  # of a JPEG's markers from 0xC0 to 0xCF: those without a size


def showable(picture: GeneratedFile) -> bool:
    if not picture.picture or len(picture.data) > BYTES or picture.media_type == "image/webp":
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


def picture_message(picture: GeneratedFile) -> Activity:
    data = base64.b64encode(picture.data).decode()
    shown = {
        "contentType": picture.media_type,
        "contentUrl": f"data:{picture.media_type};base64,{data}",
        "name": picture.name,
    }
    return {"type": "message", "summary": picture.name, "attachments": [shown]}
