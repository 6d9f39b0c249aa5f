"""A long answer as a file beside its messages, so that it can be saved or searched whole.

The file is uploaded without a channel and attached to the answer's last message by an edit, so that it never
becomes a message that could appear twice. The answer is complete without it, so errors here are only logged.
"""

import logging
from typing import Any

import aiohttp

from adapters.slack.outbound.message import AnswerMessage
from adapters.slack.outbound.sink_context import SinkContext
from bot.domain.errors import PlatformError

NAME = "answer.md"

log = logging.getLogger(__name__)


async def attach(sink_context: SinkContext, page: AnswerMessage, text: str, content: dict[str, Any]) -> None:
    """Source: docs.slack.dev "Working with files", files.getUploadURLExternal and completeUploadExternal."""
    data = text.encode()
    try:
        ticket = await sink_context.web_api.must(
            "files.getUploadURLExternal", filename=NAME, length=len(data)
        )
        await _send(sink_context, str(ticket["upload_url"]), data)
        file = {"id": ticket["file_id"], "title": NAME}
        await sink_context.web_api.must("files.completeUploadExternal", files=[file])
        await page.edit({**content, "file_ids": ticket["file_id"]})
    except (PlatformError, aiohttp.ClientError, TimeoutError, KeyError) as error:
        log.warning(
            "answer not attached as a file",
            extra={"turn": sink_context.turn_handle.id, "error": type(error).__name__},
        )


async def _send(sink_context: SinkContext, url: str, data: bytes) -> None:
    """Sends the bytes without the bot's token: the URL itself is the permission."""
    headers = {"Content-Type": "application/octet-stream"}
    async with sink_context.web_api.session.post(
        url, data=data, headers=headers, allow_redirects=False
    ) as answer:
        answer.raise_for_status()
