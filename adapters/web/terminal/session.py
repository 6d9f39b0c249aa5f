"""Chat in a terminal: a second view of the timeline, on the same ports.

A conversation here is like any other and is shown on the page too. With a pipe instead of a keyboard, it
reads one question, prints the answer and ends, so that it can be used in a script.
"""

import asyncio
import secrets
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path

from adapters.web.inbound import events
from adapters.web.outbound.sink import question
from adapters.web.terminal import keyboard
from adapters.web.terminal.printing import Printer, awaited
from adapters.web.terminal.saving import SavedName, savable, saved
from bot.domain.claims import Receipt
from bot.domain.errors import StorageUnavailable
from bot.domain.events import ButtonPressed, MessageReceived
from bot.domain.recurrence import known_zone
from bot.domain.replies import Action, Reply
from bot.domain.stream_parts import Reason
from bot.domain.timeline import Change, Post
from bot.page_ports import Timeline
from bot.ports import Inbox

PROMPT = "> "
LOCAL_TIME = Path("/etc/localtime")
HELLO = "Ask anything. /model switches, /help lists the rest. Ctrl-C stops an answer, Ctrl-D leaves."
CROWDED = "Too many messages are waiting here. Try again when the others are answered."
LONG = f"That is longer than the {events.LONGEST:,} characters a message can have."
AWAY = "Switchboard cannot reach its storage. Try again in a moment."
UNHAPPY = {Reason.FAILED, Reason.BROKEN, Reason.FILTERED}

Offer = tuple[Action, str, str] | SavedName
"""Action, value, and the post with it; or a file."""


class Terminal:
    """One conversation. `ask` reads a line (None: the end); `interrupted` is set by Ctrl-C."""

    def __init__(
        self,
        *,
        inbox: Inbox,
        timeline: Timeline,
        ask: Callable[[str], Awaitable[str | None]],
        printer: Printer,
        interrupted: asyncio.Event,
        zone: str = "",
    ) -> None:
        self._inbox = inbox
        self._timeline = timeline
        self._ask = ask
        self._print = printer
        self._interrupted = interrupted
        self._zone = zone
        self._chat = secrets.token_hex(12)
        self._offers: list[Offer] = []

    async def talk(self) -> int:
        """Chats until Ctrl-D. Returns the exit code."""
        self._print.quiet(HELLO)
        while (line := await self._line()) is not None:
            if line.strip():
                await self.say(line)
        return 0

    async def say(self, text: str) -> int:
        """Sends one message and prints the answer. Returns 1 when there was no proper answer."""
        if len(text) > events.LONGEST:
            self._print.quiet(LONG)
            return 1
        try:
            if isinstance(picked := self._picked(text), SavedName):
                return await self._save(picked)
            return await self._say(text)
        except* StorageUnavailable:
            self._print.quiet(AWAY)
        return 1

    async def _line(self) -> str | None:
        """Reads a line. A Ctrl-C without a running answer only prints how to leave."""
        async with asyncio.TaskGroup() as group:
            hint = group.create_task(self._hint())
            line = await self._ask(PROMPT)
            hint.cancel()
        return line

    async def _hint(self) -> None:
        while True:
            self._interrupted.clear()
            await self._interrupted.wait()
            self._print.quiet("\nCtrl-D leaves.")
            self._print.prompt(PROMPT)

    async def _say(self, text: str) -> int:
        event = self._event(text)
        async with aclosing(self._timeline.watch()) as changes:
            await anext(changes)  # watching begins here
            receipt = await self._inbox.put(event)
            if receipt in {Receipt.FULL, Receipt.FULL_QUIET}:
                self._print.quiet(CROWDED)
                return 1
            if asked := question(event):
                await self._timeline.post(self._chat, asked)
            self._interrupted.clear()
            async with asyncio.TaskGroup() as group:
                stopping = group.create_task(self._stop())
                last = await self._follow(changes, event)
                stopping.cancel()
        return int(_unanswered(last))

    def _event(self, text: str) -> MessageReceived | ButtonPressed:
        """A number presses a button or option of the last reply; anything else is a message."""
        id, picked, self._offers = secrets.token_hex(12), self._picked(text), []
        if picked and not isinstance(picked, SavedName):
            action, value, post = picked
            return events.press(self._chat, events.PagePress(id=id, action=action, value=value, message=post))
        return events.message(self._chat, events.PageMessage(id=id, text=text, zone=self._zone))

    def _picked(self, text: str) -> Offer | None:
        number = int(text) if text.strip().isdecimal() and len(text) < 4 else 0
        return self._offers[number - 1] if 1 <= number <= len(self._offers) else None

    async def _save(self, picked: SavedName) -> int:
        """What can be picked stays."""
        file = await self._timeline.file(self._chat, picked.id)
        if file is None:
            self._print.quiet(f"{picked.name} is not kept any more.")
            return 1
        self._print.quiet(await asyncio.to_thread(saved, file, picked.name, Path.cwd()))
        return 0

    async def _follow(
        self, changes: AsyncGenerator[Sequence[Change], None], event: MessageReceived | ButtonPressed
    ) -> Post:
        """Prints the answer until the turn has ended; returns its post."""
        async for batch in changes:
            for change in batch:
                if change.chat != self._chat:
                    continue
                if change.growth:
                    self._print.grow(change.growth)
                if change.post and not change.post.person:
                    self._print.post(change.post)
                    if not (change.post.running or change.post.column) and change.post.after in {
                        event.id,
                        "",
                    }:
                        self._offers = offered(change.post)
                        return change.post
        raise StorageUnavailable("The board has ended.")

    async def _stop(self) -> None:
        while True:
            await self._interrupted.wait()
            self._interrupted.clear()
            await self._inbox.put(events.stop(self._chat, events.PageStop(id=secrets.token_hex(12))))


async def run_terminal(*, inbox: Inbox, timeline: Timeline) -> int:
    """Runs `switchboard chat`, with workers in the same process. Returns the exit code."""
    printer = Printer(sys.stdout, styled=sys.stdout.isatty())
    keyboard.forgive()
    with keyboard.interruptions() as interrupted:
        terminal = Terminal(
            inbox=inbox,
            timeline=timeline,
            ask=keyboard.read_line,
            printer=printer,
            interrupted=interrupted,
            zone=zone_at(LOCAL_TIME),
        )
        if sys.stdin.isatty():
            return await terminal.talk()
        text = (await keyboard.read_all()).strip()
        return await terminal.say(text) if text else 0


def zone_at(local_time: Path) -> str:
    """The IANA name of the zone that this file stands for, "" where that is not known."""
    _, _, name = local_time.resolve().as_posix().partition("zoneinfo/")
    return name if name and known_zone(name) == name else ""


def _unanswered(post: Post) -> bool:
    """Whether a question got no answer from a model."""
    if post.closing:
        return post.closing.reason in UNHAPPY or not post.text.strip()
    return post.reply is not None and post.reply.unanswered


def offered(post: Post) -> list[Offer]:
    """What can be picked by number, in printed order."""
    reply = post.reply or Reply(text="")
    offers = [(button.action, button.value) for section in reply.sections for button in section.buttons]
    offers += [(choice.action, option.value) for choice in reply.choices for option in choice.options]
    offers += [(button.action, button.value) for button in (*reply.buttons, *awaited(post))]
    return [*((action, value, post.id) for action, value in offers), *savable(post)]
