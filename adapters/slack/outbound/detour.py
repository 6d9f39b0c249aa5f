"""The way to the person who asked, where the place of the question is closed to the bot: their direct messages.

A post to a person's id needs no scope beyond chat:write, but nothing can be looked up by that id before Slack answers.
So what is posted there first is a note alone, under a client_msg_id of its own, and the answer grows in that message by
edits: should Slack ever take the note twice, the answer is there once all the same. Where even that is closed, an
ephemeral word says what to do. Source of the refusals: docs.slack.dev, "chat.postMessage".
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from adapters.slack.conversation_reference import ConversationReference
from adapters.slack.outbound.message import SPACE
from adapters.slack.outbound.reconciliation import turn_metadata
from adapters.slack.outbound.rendering import layout
from adapters.slack.outbound.response_url import respond
from adapters.slack.outbound.sink_context import SinkContext
from adapters.slack.web_api import TRIES, WebApi
from adapters.slack.web_errors import ABSENT, NoAnswer, shut_out
from bot.domain.errors import PlatformBusy, PlatformError, PlatformGone

log = logging.getLogger(__name__)

INVITE: Final = "`/invite @Switchboard`"


async def to_the_asker(desk: SinkContext, closed: PlatformError) -> tuple[SinkContext, str]:
    """Opens the turn's message in a direct message; returns where it goes on, and that message's ts.

    Raises PlatformGone when the person cannot be reached there either. They were told then, if Slack lets them be.
    """
    reference = desk.reference
    desk.closed_places.add(reference.channel)
    try:
        if not reference.user or (reference.direct and closed.code not in ABSENT):
            raise closed
        note = _note(closed.code, reference, await _link(desk.web_api, reference))
        answer = await _posted(desk, note)
    except PlatformError as error:
        if not shut_out(error):
            raise
        await _tell(desk, closed.code)
        raise PlatformGone(f"neither there nor in a direct message: {error}", code=closed.code) from error
    about = {"turn": desk.turn_handle.id, "channel": reference.channel, "code": closed.code}
    log.info("shown in a direct message", extra=about)
    return at_the_asker(desk, str(answer["channel"]), note), str(answer["ts"])


def at_the_asker(desk: SinkContext, channel: str, note: str) -> SinkContext:
    """The same turn in a direct message that was opened for it."""
    reference = replace(desk.reference, channel=channel, thread="", direct=True)
    return replace(
        desk,
        reference=reference,
        reconciliation=desk.reconciliation.elsewhere(reference),
        note=note,
        origin=f"{desk.reference.channel}:{desk.reference.thread}",
    )


async def _posted(desk: SinkContext, note: str) -> Mapping[str, Any]:
    key = uuid.uuid5(SPACE, f"{desk.turn_handle.id}:elsewhere")
    for _ in range(TRIES):
        try:
            return await desk.web_api.must(
                "chat.postMessage",
                channel=desk.reference.user,
                client_msg_id=str(key),
                metadata=turn_metadata(desk.turn_handle, 0),
                **layout.QUIET,
                **layout.growing(note, "", None),
            )
        except PlatformError as error:
            if not isinstance(error, NoAnswer):
                raise
    raise PlatformBusy("nobody knows whether the note was posted", code="lost")


def _note(code: str, reference: ConversationReference, link: str) -> str:
    """The first line of what comes in a direct message instead. Markdown."""
    about = f"[that message]({link})" if link else "the message you asked about"
    invite = f" Type {INVITE} there, and I answer there." if _invited(code, reference) else ""
    return f"{_reason(code, reference)}, so this comes to you here. It is about {about}.{invite}\n\n"


def _reason(code: str, reference: ConversationReference) -> str:
    if code in ABSENT:
        return "I am not in that " + ("conversation" if reference.channel.startswith("D") else "channel")
    if code == "is_archived":
        return "That channel is archived"
    return "Slack does not let me write there"


def _invited(code: str, reference: ConversationReference) -> bool:
    """Whether an invitation would help: nobody can be invited into a conversation of two people."""
    return code in ABSENT and not reference.channel.startswith("D")


async def _link(web_api: WebApi, reference: ConversationReference) -> str:
    """The address of the message in question, "" if Slack does not say its own. `chat.getPermalink` knows none of a place
    where the bot is not, `auth.test` needs no scope.
    """
    try:
        answer = await web_api.must("auth.test")
    except PlatformError as error:
        log.info("no link to a message", extra={"code": error.code})
        return ""
    home, ts = str(answer.get("url") or "").rstrip("/"), reference.ts or reference.thread
    if not home.startswith("https://") or not ts:
        return ""
    inside = (
        f"?thread_ts={reference.thread}&cid={reference.channel}" if reference.thread not in ("", ts) else ""
    )
    return f"{home}/archives/{reference.channel}/p{ts.replace('.', '')}{inside}"


async def _tell(desk: SinkContext, code: str) -> None:
    """Says to the person alone what they can do, where Slack still lets that be said."""
    reference = desk.reference
    if _invited(code, reference):
        text = f"I cannot answer here, as I am not in this channel. Type {INVITE} and ask again."
    elif reference.direct:
        text = "I cannot answer here: my messages are switched off. Ask me in a channel."
    else:
        text = "I cannot answer here, nor in a direct message. Ask me in another channel."
    try:
        if desk.trusted(reference.response_url):
            body = {"response_type": "ephemeral", "replace_original": False, "text": text}
            if await respond(desk.web_api, reference.response_url, body):
                return
        if reference.user:
            thread = {"thread_ts": reference.thread} if reference.thread else {}
            await desk.web_api.must(
                "chat.postEphemeral", channel=reference.channel, user=reference.user, text=text, **thread
            )
    except PlatformError as error:
        if isinstance(error, PlatformBusy):
            raise
        log.warning(
            "nobody could be told that nothing can be shown",
            extra={"turn": desk.turn_handle.id, "channel": reference.channel, "code": error.code},
        )
