"""What an operator does about events that were given up: look at them, put them again, drop them.

Nobody's words are shown. Whoever got the apology can be asked, and its reference is the letter's id.
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.claims import Receipt
from bot.domain.dead_letters import DeadLetter
from bot.domain.errors import StorageUnavailable
from bot.ports import DeadLetters, Inbox
from bot.serving.metrics import Meter

EVERY = 60.0  # seconds between two looks
NONE = "There are no dead letters: nothing was given up."
ALL = "all"
TRIED = re.compile(r"(?P<id>.*)\|retry-(?P<number>\d+)", re.DOTALL)
TAKEN = {Receipt.ACCEPTED, Receipt.DUPLICATE, Receipt.STOPPING}
REFUSED = {
    Receipt.FULL: "too many messages wait in its conversation. Try again when they are answered",
    Receipt.FULL_QUIET: "too many messages wait in its conversation. Try again when they are answered",
    Receipt.IGNORED: "the bot takes no part in that conversation any more. Drop it",
}

log = logging.getLogger(__name__)


class DeadLetterWatch:
    """Lets letters age where no new one comes, and counts those that are kept."""

    def __init__(self, *, letters: DeadLetters, meter: Meter) -> None:
        self._letters = letters
        self._meter = meter

    async def run(self) -> None:
        """Looks again and again. Runs as its own task."""
        while True:
            try:
                self._meter.level("dead_letters_kept", await self._letters.tidy())
            except StorageUnavailable as error:
                log.debug("dead letters not counted", extra={"why": str(error)})
            await asyncio.sleep(EVERY)


class DeadLetterOffice:
    """The commands."""

    def __init__(self, *, letters: DeadLetters, inbox: Inbox) -> None:
        self._letters = letters
        self._inbox = inbox

    async def do(self, action: str, wanted: Sequence[str]) -> tuple[int, str]:
        """Returns the exit code and what to print. `action` is list, retry or drop; `wanted` are ids, or "all"."""
        try:
            return await self._do(action, wanted)
        except StorageUnavailable as error:
            return 1, f"Redis does not answer ({error}). Start it, or write another REDIS_URL."

    async def _do(self, action: str, wanted: Sequence[str]) -> tuple[int, str]:
        letters = await self._letters.letters()
        if action == "list":
            return 0, _listed(letters)
        if ALL in wanted:
            chosen, unknown = list(letters), []
        else:
            known = {letter.id: letter for letter in letters}
            chosen = [known[id] for id in dict.fromkeys(wanted) if id in known]
            unknown = [id for id in dict.fromkeys(wanted) if id not in known]
        act = self._retry if action == "retry" else self._drop
        done = [await act(letter) for letter in chosen]
        lines = [line for _, line in done]
        lines += [
            f"{id}: there is no such dead letter. `switchboard dead list` shows them." for id in unknown
        ]
        well = all(good for good, _ in done) and not unknown
        return 0 if well else 1, "\n".join(lines) or NONE

    async def _retry(self, letter: DeadLetter) -> tuple[bool, str]:
        """The letter goes only after its event was taken in. In between, a second try finds a duplicate."""
        if letter.event is None:
            return (
                False,
                f"{letter.id}: stays, because it cannot be read. Drop it, or start with the key it was sealed with.",
            )
        receipt = await self._inbox.put(replace(letter.event, id=_next_id(letter.event.id)))
        if receipt not in TAKEN:
            return False, f"{letter.id}: stays, because {REFUSED.get(receipt, receipt)}."
        await self._letters.drop(letter.id)
        return True, f"{letter.id}: put again. A running Switchboard answers it."

    async def _drop(self, letter: DeadLetter) -> tuple[bool, str]:
        await self._letters.drop(letter.id)
        return True, f"{letter.id}: dropped."


def _next_id(event: str) -> str:
    """An id that was not taken in yet: the first try's, and the number of this one."""
    tried = TRIED.fullmatch(event)
    name, number = (tried["id"], int(tried["number"])) if tried else (event, 0)
    return f"{name}|retry-{number + 1}"


def _listed(letters: Sequence[DeadLetter]) -> str:
    if not letters:
        return NONE
    rows = [("id", "given up (UTC)", "where", "what", "why"), *(_row(letter) for letter in letters)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join(
        [
            *lines,
            "",
            "switchboard dead retry ID puts one again, switchboard dead drop ID erases it; all: every one.",
        ]
    )


def _row(letter: DeadLetter) -> tuple[str, str, str, str, str]:
    at = datetime.fromtimestamp(letter.at, UTC).strftime("%Y-%m-%d %H:%M")
    where = letter.workspace.replace(":", " ", 1)
    if letter.event:
        where += f" {letter.event.thread.channel}"
    why = f"{letter.why} ({letter.error})" if letter.error else letter.why
    return letter.id, at, where, letter.event.kind if letter.event else "unreadable", why
