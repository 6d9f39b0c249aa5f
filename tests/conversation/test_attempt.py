"""One attempt holds only so much of what a model sends, in however large pieces it comes."""

import json
import tracemalloc
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

import pytest

from bot.answers.attempt import LONGEST, THOUGHT, Attempt
from bot.answers.ending_words import TOO_LONG
from bot.answers.fallback import AnsweredBy
from bot.domain.stop import StopSignal
from bot.domain.stream_parts import Finish, Reason, Status, StreamPart, Text, Thinking
from providers.transport import Transport
from tests.providers.fake import FakeVendor, Raw, fake_vendor
from tests.providers.speech import SPEECHES
from tests.providers.test_transport import endpoint
from tests.providers.vendor import HELLO, model_of
from tests.stalls import MOST, stalls

TURNS = 100


async def relayed(
    parts: AsyncGenerator[StreamPart, None],
) -> AsyncGenerator[StreamPart | AnsweredBy | Status, None]:
    async with aclosing(parts):
        async for part in parts:
            yield part


async def scripted(parts: Iterable[StreamPart]) -> AsyncGenerator[StreamPart, None]:
    for part in parts:
        yield part


@pytest.mark.parametrize("dialect", SPEECHES)
@pytest.mark.parametrize("letter", ["x", "\u20ac"])
async def test_a_piece_of_ten_times_the_limit_is_cut_and_ends_cleanly(dialect: str, letter: str) -> None:
    model, words = model_of(dialect), letter * (LONGEST * 10 if letter == "x" else LONGEST * 3)
    attempt = Attempt(model=model, began=0.0)
    shown: list[str] = []
    async with fake_vendor(FakeVendor()) as vendor, Transport() as transport:
        vendor.plays["hello"] = [Raw(SPEECHES[dialect].word(words[:10])), Raw(SPEECHES[dialect].word(words))]
        async with stalls() as found:
            parts = relayed(endpoint(transport, vendor.url, dialect).stream(model, HELLO))
            async with aclosing(attempt.watch(parts, StopSignal())) as watched:
                async for part in watched:
                    assert isinstance(part, Text)
                    shown.append(part.text)

    assert "".join(shown) == attempt.text == words[:LONGEST]
    assert attempt.ending() == (Reason.LENGTH, TOO_LONG)
    assert found.busy < MOST


async def test_the_longest_answer_is_the_same_in_pieces_of_any_size() -> None:
    for size in (1_000, 7_001, LONGEST - 1, LONGEST, LONGEST + 1):
        attempt = Attempt(model=model_of("demo"), began=0.0)
        pieces: list[StreamPart] = [Text("y" * size) for _ in range(LONGEST // size + 2)]
        pieces.append(Finish(reason=Reason.STOP))

        async with aclosing(attempt.watch(relayed(scripted(pieces)), StopSignal())) as watched:
            shown = "".join([part.text async for part in watched if isinstance(part, Text)])

        assert (len(shown), attempt.text) == (LONGEST, shown)
        assert attempt.ending()[0] is Reason.LENGTH


async def test_of_long_thoughts_only_the_end_is_kept() -> None:
    held: list[Attempt] = []
    tracemalloc.start()
    for _ in range(TURNS):
        thoughts: list[StreamPart] = [Thinking(f"{at} " * 5_000) for at in range(20)]
        attempt = Attempt(model=model_of("demo"), began=0.0)
        async with aclosing(attempt.watch(relayed(scripted(thoughts)), StopSignal())) as watched:
            async for part in watched:
                assert isinstance(part, Thinking)
                assert len(part.text) <= THOUGHT
        held.append(attempt)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < TURNS * 12_000
    assert all(attempt.thought.endswith("19 19 ") for attempt in held)
    assert held[0].said_tokens == pytest.approx((10 * 2 + 10 * 3) * 5_000 / 3.5, rel=0.01)


async def test_what_a_vendor_calls_itself_fits_the_footer() -> None:
    attempt = Attempt(model=model_of("demo"), began=0.0)
    finish = Finish(reason=Reason.STOP, model=json.dumps(["m" * 1_000_000]))

    async with aclosing(attempt.watch(relayed(scripted([Text("hi"), finish])), StopSignal())) as watched:
        assert [part async for part in watched] == [Text("hi")]

    assert len(attempt.footer()) < 200


async def test_the_seconds_to_the_first_word_count_from_the_question_and_not_from_a_thought() -> None:
    times = iter([12.5, 99.0])
    attempt = Attempt(model=model_of("demo"), began=10.0, clock=lambda: next(times))
    pieces: list[StreamPart] = [
        Thinking("hm"),
        Text(""),
        Text("Yes"),
        Text("."),
        Finish(reason=Reason.STOP),
    ]

    async with aclosing(attempt.watch(relayed(scripted(pieces)), StopSignal())) as watched:
        async for _ in watched:
            pass

    assert attempt.first == 2.5


async def test_a_word_that_comes_at_once_has_come() -> None:
    attempt = Attempt(model=model_of("demo"), began=10.0, clock=lambda: 10.0)
    pieces: list[StreamPart] = [Text("Yes."), Finish(reason=Reason.STOP)]

    async with aclosing(attempt.watch(relayed(scripted(pieces)), StopSignal())) as watched:
        async for _ in watched:
            pass

    assert 0 < attempt.first < 0.05


async def test_an_answer_without_a_word_has_no_first_word() -> None:
    attempt = Attempt(model=model_of("demo"), began=10.0)

    async with aclosing(
        attempt.watch(relayed(scripted([Finish(reason=Reason.STOP)])), StopSignal())
    ) as watched:
        assert [part async for part in watched] == []

    assert attempt.first == 0.0
