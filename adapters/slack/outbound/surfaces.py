"""Sinks outside of threads: a slash command's private answer, the App Home page, the agent's greeting."""

import logging
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from adapters.slack.conversation_reference import ConversationReference
from adapters.slack.outbound.drawing import drawn_from
from adapters.slack.outbound.message import SPACE
from adapters.slack.outbound.rendering import layout
from adapters.slack.outbound.rendering.paging import pages
from adapters.slack.outbound.response_url import USES, respond
from adapters.slack.outbound.shapes import AcceptedShape
from adapters.slack.web_api import WebApi
from adapters.slack.web_errors import shut_out
from bot.delivery.streaming import GrowingAnswer
from bot.domain.errors import PlatformBusy, PlatformError, PlatformGone, PlatformRefused
from bot.domain.generated import in_words
from bot.domain.replies import Action, Button, Reply
from bot.domain.shown_answers import ShownAnswer
from bot.domain.stream_parts import ShownPart
from bot.ports import TurnHandle

log = logging.getLogger(__name__)

PROMPTS, PROMPT_TITLE = 4, 75
CUT = "The rest does not fit into a private answer. Ask in a channel or a direct message to see it whole."
FILED = "came with this answer. Ask in a channel or a direct message to get it: Slack shows no files in this place."


class CommandSink:
    """Answers a slash command through its response_url: for the asker only, five messages or edits at most. When it is
    used up, in an ephemeral message, or where the bot may not even post that, in a direct message.

    Such a message has no id and cannot be found again. Every message after the first replaces it, so that an
    attempt that is repeated changes what is there instead of adding to it.
    """

    def __init__(
        self,
        *,
        web_api: WebApi,
        reference: ConversationReference,
        turn_handle: TurnHandle,
        trusted: Callable[[str], bool],
    ) -> None:
        self._web_api = web_api
        self._place = reference
        self._turn_handle = turn_handle
        self._trusted = trusted
        self._there = turn_handle.attempt > 1
        self._shape = AcceptedShape()
        self._direct: list[Mapping[str, Any]] = []  # what was posted in the direct message

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        """Shows a status, then the whole answer: Slack allows too few edits for a growing one."""
        answer = GrowingAnswer()
        stop = Button(action=Action.STOP, label="Stop", value=self._turn_handle.id, danger=True)
        async with aclosing(parts):
            async for part in parts:
                answer.take(part)
                if not self._there and answer.closing is None:
                    await self._send(layout.growing("", answer.status, stop))
        *full, rest = pages(_with_files(answer), [])
        full, cut = (full, "") if len(full) < USES - 1 else (full[: USES - 2], CUT)
        for number, text in enumerate(full):
            content = await drawn_from(len(text), layout.finished, text)
            await self._send(content, more=number > 0)
        last = await drawn_from(
            len(rest), layout.finished, cut or rest, answer.closing, sources=answer.sources
        )
        await self._send(last, more=bool(full))
        return ()

    async def say(self, reply: Reply) -> str:
        if reply.announced and reply.replaces:
            await self._take_away()
        await self._send(layout.reply(reply), everybody=reply.announced)
        return ""

    async def _take_away(self) -> None:
        """The message that was pressed: what everybody reads cannot take the place of what one person saw."""
        if self._trusted(self._place.response_url):
            await respond(self._web_api, self._place.response_url, {"delete_original": True})

    async def rewrite(self, answer: ShownAnswer) -> None:
        """The message that was pressed, whose id nobody knows. A longer answer stays as it is, and one that shows files in words."""
        url, (text, *more) = self._place.response_url, pages(answer.text, [])
        another = any(answer.messages) and not answer.pressed
        if another or more or answer.files or not self._trusted(url):
            return

        async def call(shaped: dict[str, Any]) -> None:
            await respond(
                self._web_api, url, {"response_type": "ephemeral", "replace_original": True, **shaped}
            )

        content = await drawn_from(len(text), layout.finished, text, answer.closing, sources=answer.sources)
        await AcceptedShape().send(call, content)

    async def _send(self, content: dict[str, Any], *, more: bool = False, everybody: bool = False) -> None:
        """Uses the response_url once. Replaces the message unless this is `more`."""
        replace = self._there and not more
        self._there = True

        async def call(shaped: dict[str, Any]) -> None:
            kind = "in_channel" if everybody else "ephemeral"
            body = {"response_type": kind, "replace_original": replace, **shaped}
            url = self._place.response_url
            if not (self._trusted(url) and await respond(self._web_api, url, body)):
                await self._whisper(shaped, replace=replace)

        await self._shape.send(call, content)

    async def _whisper(self, shaped: dict[str, Any], *, replace: bool) -> None:
        if not self._direct and await self._ephemeral(shaped):
            return
        if self._direct and replace:
            there = {key: self._direct[-1][key] for key in ("channel", "ts")}
            await self._web_api.must("chat.update", **there, **layout.QUIET, **shaped)
            return
        key = uuid.uuid5(SPACE, f"{self._turn_handle.id}:direct:{len(self._direct)}")
        answer = await self._web_api.must(
            "chat.postMessage", channel=self._place.user, client_msg_id=str(key), **layout.QUIET, **shaped
        )
        self._direct.append(answer)

    async def _ephemeral(self, shaped: dict[str, Any]) -> bool:
        """False: the bot may not write there."""
        try:
            await self._web_api.must(
                "chat.postEphemeral", channel=self._place.channel, user=self._place.user, **shaped
            )
        except PlatformError as closed:
            if not shut_out(closed):
                raise
            return False
        return True


class HomeSink:
    """Publishes a person's App Home. The reply to a button there is sent as a direct message."""

    def __init__(self, *, web_api: WebApi, reference: ConversationReference, opened: bool) -> None:
        self._web_api = web_api
        self._place = reference
        self._opened = opened

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        answer = GrowingAnswer()
        async with aclosing(parts):
            async for part in parts:
                answer.take(part)
        content = layout.finished(_with_files(answer), answer.closing, sources=answer.sources)
        return (await self._direct(content),)

    async def say(self, reply: Reply) -> str:
        content = layout.reply(reply)
        if not self._opened:
            return await self._direct(content)
        view = {"type": "home", "blocks": layout.for_view(content["blocks"])}
        await self._web_api.must("views.publish", user_id=self._place.user, view=view)
        return ""

    async def rewrite(self, answer: ShownAnswer) -> None:
        """Nothing here is pressed but what opens a direct message."""

    async def _direct(self, content: dict[str, Any]) -> str:
        async def call(shaped: dict[str, Any]) -> Mapping[str, Any]:
            return await self._web_api.must(
                "chat.postMessage", channel=self._place.user, **layout.QUIET, **shaped
            )

        return str((await AcceptedShape().send(call, content))["ts"])


def _with_files(answer: GrowingAnswer) -> str:
    """The answer where no files can be shown: texts are, as code."""
    return "\n\n".join(filter(None, [answer.text, in_words(answer.files, FILED)]))


class GreetingSink:
    """Greets in the app's Messages tab: with Slack's suggested prompts, or else with a message."""

    def __init__(self, *, web_api: WebApi, reference: ConversationReference) -> None:
        self._web_api = web_api
        self._place = reference

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        raise PlatformGone("a greeting is not an answer")

    async def say(self, reply: Reply) -> str:
        starters = [one for one in reply.buttons if one.action is Action.RUN][:PROMPTS]
        prompts = [
            {"title": layout.one_line(one.label, PROMPT_TITLE), "message": one.value} for one in starters
        ]
        try:
            if prompts:
                await self._web_api.must(
                    "assistant.threads.setSuggestedPrompts",
                    channel_id=self._place.channel,
                    title=layout.one_line(layout.fallback(reply.text), 150),
                    prompts=prompts,
                )
                return ""
        except PlatformRefused as error:  # what is said without them is refused as well, if it is to be
            log.info("no suggested prompts here", extra={"code": error.code})
        except PlatformBusy:
            raise
        except PlatformError as error:
            log.info("no suggested prompts here", extra={"code": error.code})
        content = layout.reply(reply)
        answer = await self._web_api.must(
            "chat.postMessage", channel=self._place.channel, **layout.QUIET, **content
        )
        return str(answer["ts"])

    async def rewrite(self, answer: ShownAnswer) -> None:
        """A greeting is not an answer."""
