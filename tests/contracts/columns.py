"""The promises of sinks whose answers stand side by side: part of `tests.contracts.sinks.SinkContract`."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import ClassVar

import pytest

from bot.domain.errors import PlatformBusy
from bot.domain.stream_parts import Closing, Reason, ShownPart, Status, Text
from bot.ports import TurnHandle
from tests.contracts.conversations import Fault, Place, Seen, words
from tests.contracts.crashes import killed_in_call
from tests.doubles import FakeTurnHandle

NAMES = ("grok", "claude", "gpt")
SAID = "The tide comes twice a day because the Moon pulls at the sea, says {name}. " * 6


def told(name: str) -> str:
    return f"**{name}**\n\n{SAID.format(name=name)}"


async def column(name: str) -> AsyncGenerator[ShownPart, None]:
    """One model's answer, in pieces, letting the others run between two of them."""
    yield Status(f"{name} is answering")
    text = told(name)
    for at in range(0, len(text), 40):
        await asyncio.sleep(0)
        yield Text(text[at : at + 40])
    yield Closing(reason=Reason.STOP, footer=f"{name}, 1.0 s")


async def show_all(place: Place, turn_handle: TurnHandle) -> list[tuple[str, ...]]:
    """All at once, each by a sink of its own, each to its end."""
    handles = turn_handle.columns(len(NAMES))
    shows = [place.sink(handle).show(column(name)) for handle, name in zip(handles, NAMES, strict=False)]
    found = await asyncio.gather(*shows, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return [one for one in found if not isinstance(one, BaseException)]


async def shown_in_the_end(place: Place, turn_handle: FakeTurnHandle) -> list[tuple[str, ...]]:
    """The way a worker does: gives the turn back when the platform is busy, and claims it again."""
    for _ in range(8):
        try:
            return await show_all(place, turn_handle)
        except PlatformBusy:
            turn_handle = turn_handle.next_attempt()
    raise AssertionError("the platform stayed busy")


def plain(name: str) -> str:
    return words(told(name).replace("*", ""))


class ColumnsContract:
    """Subclassed by SinkContract."""

    exactly_once: ClassVar[bool]
    changes: ClassVar[bool]

    async def test_columns_end_as_a_message_each(self, place: Place) -> None:
        ids = await shown_in_the_end(place, FakeTurnHandle())

        seen = {one.id: one for one in await place.seen()}
        assert [len(one) for one in ids] == [1, 1, 1]
        assert len(seen) == len(NAMES)
        for (id,), name in zip(ids, NAMES, strict=True):
            assert words(seen[id].text.replace("*", "")) == plain(name)
            assert seen[id].footer == f"{name}, 1.0 s"

    @pytest.mark.parametrize("hang", [Fault.HANGS_BEFORE, Fault.HANGS_AFTER], ids=["before", "after"])
    async def test_a_crash_at_any_call_leaves_every_column_once(self, place: Place, hang: Fault) -> None:
        call = 0
        while True:
            call += 1
            place.move()
            turn_handle = FakeTurnHandle(id=f"turn-{call}")
            again = await killed_in_call(place, lambda one: show_all(place, one), turn_handle, call, hang)
            if again is None:
                break
            await shown_in_the_end(place, again)

            self.assert_each_once(await place.seen())
        assert call > len(NAMES)

    def assert_each_once(self, seen: Sequence[Seen]) -> None:
        """Where the platform allows no better, a message that only waits may be left of each column."""
        found = [words(one.text.replace("*", "")) for one in seen]
        most = 1 if self.exactly_once or self.changes else 2  # what cannot be changed is posted whole
        assert all(1 <= found.count(plain(name)) <= most for name in NAMES)
        assert len(seen) <= len(NAMES) * (1 if self.exactly_once else 2)
