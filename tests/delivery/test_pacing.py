"""When calls may be made, and how a growing answer is drawn."""

import asyncio
import gc
from collections.abc import AsyncGenerator

import pytest

from bot.delivery.pacing import Allowance, Pace
from bot.delivery.streaming import GrowingAnswer, follow
from bot.domain.errors import Fenced
from bot.domain.stream_parts import Closing, Reason, ShownPart, Status, Text, Thinking
from tests.doubles import shown

DONE = Closing(reason=Reason.STOP, footer="grok")


class Leap:
    """A clock that is always there already."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


def test_no_span_ever_holds_more_calls_than_allowed() -> None:
    allowance = Allowance(calls=5, seconds=60)
    made, now = [], 0.0
    for step in range(200):
        now += step % 7
        made.append(now + allowance.wait(now))

    assert all(later - earlier >= 60 for earlier, later in zip(made, made[5:], strict=False))


def test_calls_that_can_be_left_out_leave_room_for_the_others() -> None:
    allowance = Allowance(calls=5, seconds=60, kept=2)

    assert [allowance.spare(at) for at in (0.0, 1.0, 2.0, 50.0, 59.0)] == [True, True, True, False, False]
    assert allowance.wait(59.0) == 0.0


def test_calls_that_can_be_left_out_are_spread_once_they_get_scarce() -> None:
    allowance = Allowance(calls=10, seconds=60, even=True)
    made = [at for at in range(60) if allowance.spare(float(at))]

    assert made == [0, 1, 2, 3, 4, 5, 11, 17, 23, 29]


def test_nothing_goes_before_the_moment_the_platform_named() -> None:
    allowance = Allowance(calls=5)
    allowance.shut(30.0)

    assert not allowance.spare(29.0)
    assert allowance.wait(10.0) == 20.0


def test_long_messages_are_edited_less_often() -> None:
    pace = Pace(least=1.0, most=3.0, per_thousand=0.5)

    assert [pace.pause(length) for length in (0, 2000, 50_000)] == [1.0, 2.0, 3.0]


async def test_whatever_came_while_drawing_goes_out_together() -> None:
    drawn: list[str] = []

    async def draw(answer: GrowingAnswer) -> float:
        drawn.append(answer.text)
        for _ in range(10):
            await asyncio.sleep(0)
        return 0.0

    async def slow() -> AsyncGenerator[ShownPart, None]:
        yield Status("thinking")
        yield Thinking("hm")
        for letter in "abcdefghij":
            yield Text(letter)
            await asyncio.sleep(0)
        yield DONE

    answer = await follow(slow(), draw, clock=Leap())

    assert answer.text == "abcdefghij"
    assert answer.closing == DONE
    assert len(drawn) < 10
    assert all(answer.text.startswith(text) for text in drawn)


async def test_the_end_of_an_answer_ends_the_pause() -> None:
    class Forever(Leap):
        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    async def draw(answer: GrowingAnswer) -> float:
        return 3600.0

    answer = await follow(shown([Text("a"), DONE]), draw, clock=Forever())

    assert answer.closing == DONE


@pytest.mark.parametrize("where", ["reading", "drawing"])
async def test_an_error_on_either_side_arrives_as_it_is_and_closes_the_stream(where: str) -> None:
    closed = False

    async def broken() -> AsyncGenerator[ShownPart, None]:
        nonlocal closed
        try:
            yield Text("a")
            if where == "reading":
                raise Fenced("gone")
            await asyncio.Event().wait()
        finally:
            closed = True

    async def draw(answer: GrowingAnswer) -> float:
        if where == "drawing":
            raise Fenced("gone")
        return 0.0

    with pytest.raises(Fenced):
        await follow(broken(), draw, clock=Leap())

    assert closed


class Stub:
    """A message without words."""


def test_first_words_come_before_growth() -> None:
    allowance = Allowance(calls=50, seconds=60, kept=30, even=True)
    stubs = [Stub() for _ in range(8)]
    for stub in stubs:
        allowance.owed.add(stub)
    grown = sum(allowance.spare(0.0) for _ in range(50))

    assert grown == 11  # at once; then evenly
    assert not allowance.spares(0.1)
    assert allowance.spare(0.1, first=True)
    assert [allowance.spare(time) for time in (10.0, 20.0)] == [False, False]  # 12 made, 8 owed

    allowance.owed.discard(stubs.pop())
    assert allowance.spare(30.0)


def test_a_message_that_was_given_up_is_owed_nothing() -> None:
    allowance = Allowance(calls=2, seconds=60, even=True)
    allowance.owed.add(Stub())
    gc.collect()

    assert len(allowance.owed) == 0
    assert allowance.promises(0.0)


def test_no_more_messages_begin_without_words_than_can_show_some_later() -> None:
    allowance = Allowance(calls=10, seconds=60, kept=6, even=True)
    stubs = [Stub() for _ in range(4)]
    for stub in stubs:
        assert allowance.promises(0.0)
        allowance.owed.add(stub)

    assert not allowance.promises(0.0)
    assert [allowance.spare(0.0, first=True) for _ in range(7)] == [True] * 6 + [False]  # two of the reserve
    assert not allowance.promises(0.0)


async def test_what_could_not_be_drawn_is_drawn_later_though_nothing_new_comes() -> None:
    drawn: list[str] = []
    shown_at_last = asyncio.Event()

    async def draw(answer: GrowingAnswer) -> float:
        drawn.append(answer.text)
        answer.again = len(drawn) < 3
        if not answer.again:
            shown_at_last.set()
        return 1.0

    async def one_word() -> AsyncGenerator[ShownPart, None]:
        yield Text("a")
        await shown_at_last.wait()
        yield DONE

    async with asyncio.timeout(5):
        await follow(one_word(), draw, clock=Leap())

    assert drawn == ["a"] * 3


def test_those_who_think_long_leave_half_to_what_grows() -> None:
    allowance = Allowance(calls=20, seconds=60, even=True)
    stubs = [Stub() for _ in range(30)]
    for stub in stubs:
        allowance.owed.add(stub)

    assert sum(allowance.spare(0.0) for _ in range(50)) == 10
