"""Files beside an answer's messages: a long answer as one, so that it can be saved or searched whole, and what models and tools
made. Texts are snippets, which Slack shows in colours.

Files are uploaded without a channel and attached to the answer's last message by an edit, so that they never
become a message that could appear twice. The answer is complete without them: what Slack does not take is said under it.
"""

import io
import logging
from collections.abc import Sequence
from typing import Any

import aiohttp

from adapters.slack.outbound.message import AnswerMessage
from adapters.slack.outbound.rendering import layout
from adapters.slack.outbound.sink_context import SinkContext
from adapters.slack.web_errors import RIGHTS
from bot.delivery.streaming import GrowingAnswer
from bot.domain.errors import PlatformError
from bot.domain.generated import GeneratedFile

LONG = 20_000  # characters; a longer answer is also uploaded as a file
NAME = "answer.md"
SNIPPET = 1_000_000  # bytes of the largest
UNTAKEN = "Slack did not take {names}{code}. Ask again to get {it}."
FORBIDDEN = (
    "Slack did not take {names}, because the app lacks the right to upload files ({code}). Whoever runs Switchboard pastes what "
    "“switchboard manifest slack” prints under App Manifest and installs the app again; then ask again to get {it}."
)

log = logging.getLogger(__name__)


def uploads_of(answer: GrowingAnswer) -> Sequence[GeneratedFile]:
    if len(answer.text) <= LONG:
        return answer.files
    whole = GeneratedFile(name=NAME, media_type="text/markdown", data=answer.text.encode())
    return [whole, *answer.files]


async def attach(
    sink_context: SinkContext, page: AnswerMessage, answer: GrowingAnswer, content: dict[str, Any]
) -> None:
    """Source: docs.slack.dev "Working with files", files.getUploadURLExternal and completeUploadExternal."""
    files, whole = uploads_of(answer), len(answer.text) > LONG
    ids, refused = [], {}
    for file in files:
        try:
            ids.append(await _uploaded(sink_context, file))
        except (PlatformError, aiohttp.ClientError, TimeoutError, KeyError) as error:
            _warn(sink_context, error)
            refused[file.name] = _code(error)
    note = untaken(refused, whole=whole)
    if ids:
        shown = layout.noted(content, note) if note else content
        unattached = await _edited(sink_context, page, {**shown, "file_ids": ",".join(ids)})
        if unattached is None:
            return
        note = untaken({file.name: _code(unattached) for file in files} | refused, whole=whole)
    if note:
        await _edited(sink_context, page, layout.noted(content, note))


async def _edited(
    sink_context: SinkContext, page: AnswerMessage, content: dict[str, Any]
) -> PlatformError | None:
    """What Slack said against it."""
    try:
        await page.edit(content)
    except PlatformError as error:
        _warn(sink_context, error)
        return error
    return None


def untaken(refused: dict[str, str], *, whole: bool) -> str:
    """What is said of files that Slack did not take, by their names: why. Of a long answer all of it is shown anyway."""
    missed = {name: code for name, code in refused.items() if not (whole and name == NAME)}
    names, it = ", ".join(missed), "it" if len(missed) == 1 else "them"
    code = next((one for one in missed.values() if one), "")
    if code in RIGHTS:
        return FORBIDDEN.format(names=names, code=code, it=it)
    return UNTAKEN.format(names=names, code=f" ({code})" if code else "", it=it) if missed else ""


async def _uploaded(sink_context: SinkContext, file: GeneratedFile) -> str:
    """The file's id. Raises PlatformError, ClientError, TimeoutError, KeyError where Slack does not take it."""
    web_api = sink_context.web_api
    snippet = file.language if len(file.data) <= SNIPPET else ""
    ticket = await web_api.must(
        "files.getUploadURLExternal",
        filename=file.name,
        length=len(file.data),
        snippet_type=snippet or None,
        alt_txt=file.name if file.picture else None,
    )
    id = str(ticket["file_id"])
    await _send(sink_context, str(ticket["upload_url"]), file.data)
    await web_api.must("files.completeUploadExternal", files=[{"id": id, "title": file.name}])
    return id


def _warn(sink_context: SinkContext, error: Exception) -> None:
    log.warning(
        "a file was not attached to an answer",
        extra={
            "turn": sink_context.turn_handle.id,
            "error": type(error).__name__,
            "code": _code(error),
        },
    )


def _code(error: Exception) -> str:
    """Slack's word for a refusal, or an HTTP status; "" for neither."""
    match error:
        case PlatformError(code=code):
            return code
        case aiohttp.ClientResponseError(status=status):
            return f"HTTP {status}"
    return ""


async def _send(sink_context: SinkContext, url: str, data: bytes) -> None:
    """Sends the bytes without the bot's token: the URL itself is the permission."""
    headers = {"Content-Type": "application/octet-stream"}
    async with sink_context.web_api.session.post(
        url, data=io.BytesIO(data), headers=headers, allow_redirects=False
    ) as answer:
        answer.raise_for_status()
