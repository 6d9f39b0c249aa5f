"""Files beside an answer's messages: a long answer as one, so that it can be saved or searched whole, and its pictures.

Files are uploaded without a channel and attached to the answer's last message by an edit, so that they never
become a message that could appear twice. The answer is complete without them: an error is told in a line at most.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from adapters.slack.outbound.message import AnswerMessage
from adapters.slack.outbound.rendering.layout import noted
from adapters.slack.outbound.sink_context import SinkContext
from bot.delivery.streaming import GrowingAnswer
from bot.domain.errors import PlatformError

LONG = 20_000  # characters; a longer answer is also uploaded as a file
NAME = "answer.md"
UNSHOWN = "A picture came with this answer, and Slack did not take it. Ask again to get another one."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    data: bytes


def uploads_of(answer: GrowingAnswer) -> Sequence[Upload]:
    whole = [Upload(NAME, answer.text.encode())] if len(answer.text) > LONG else []
    return [*whole, *(Upload(picture.name, picture.data) for picture in answer.files)]


async def attach(
    sink_context: SinkContext, page: AnswerMessage, answer: GrowingAnswer, content: dict[str, Any]
) -> None:
    """Source: docs.slack.dev "Working with files", files.getUploadURLExternal and completeUploadExternal."""
    uploads = uploads_of(answer)
    if not uploads:
        return
    ids = [id for upload in uploads if (id := await _uploaded(sink_context, upload))]
    if len(ids) < len(uploads) and answer.files:
        content = noted(content, UNSHOWN)
    try:
        await page.edit({**content, "file_ids": ",".join(ids)} if ids else content)
    except PlatformError as error:
        _warn(sink_context, error)


async def _uploaded(sink_context: SinkContext, upload: Upload) -> str:
    """The file's id, "" where Slack does not take it."""
    web_api = sink_context.web_api
    try:
        ticket = await web_api.must(
            "files.getUploadURLExternal", filename=upload.name, length=len(upload.data)
        )
        id = str(ticket["file_id"])
        await _send(sink_context, str(ticket["upload_url"]), upload.data)
        await web_api.must("files.completeUploadExternal", files=[{"id": id, "title": upload.name}])
    except (PlatformError, aiohttp.ClientError, TimeoutError, KeyError) as error:
        _warn(sink_context, error)
        return ""
    return id


def _warn(sink_context: SinkContext, error: Exception) -> None:
    log.warning(
        "a file was not attached to an answer",
        extra={"turn": sink_context.turn_handle.id, "error": type(error).__name__},
    )


async def _send(sink_context: SinkContext, url: str, data: bytes) -> None:
    """Sends the bytes without the bot's token: the URL itself is the permission."""
    headers = {"Content-Type": "application/octet-stream"}
    async with sink_context.web_api.session.post(
        url, data=data, headers=headers, allow_redirects=False
    ) as answer:
        answer.raise_for_status()
