"""The promises of `bot.ports.Provider`, checked on everything that answers.

Use it like this, in `tests/providers/test_contract.py`:

    class TestGemini(WireContract):
        @pytest.fixture
        async def place(self) -> AsyncIterator[VendorPlace]:
            ...

`ProviderContract` is for every provider, `WireContract` for those that reach a vendor over a network.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

import pytest

from bot.domain import errors
from bot.domain.catalog import Deadlines, Model
from bot.domain.errors import ModelError
from bot.domain.prompt import Prompt, PromptMessage, TextPart
from bot.domain.stream_parts import Finish, Reason, StreamPart, Text, Thinking, Usage
from bot.ports import Provider

SOON = 5.0  # seconds that something which happens at once may take on a busy machine


class Place(Protocol):
    """One provider, and how to make its vendor behave."""

    provider: Provider
    model: Model

    def asking(self, wish: str) -> str:
        """The question that gets: an "answer", "thinking", an "endless" answer, an "overloaded" vendor; over a
        network also "silent", "murmuring", "stalling", "cut".
        """
        ...

    async def hung_up(self) -> None:
        """Returns when the vendor has noticed that nobody listens any more."""
        ...


def prompt(*said: str, system: str = "") -> Prompt:
    """A thread: question, answer, question ..."""
    roles = ("user", "assistant")
    return Prompt(
        system=system,
        messages=tuple(
            PromptMessage(role=roles[at % 2], parts=(TextPart(text=text),)) for at, text in enumerate(said)
        ),
    )


async def ask(place: Place, wish: str, model: Model | None = None) -> Sequence[StreamPart]:
    stream = place.provider.stream(model or place.model, prompt(place.asking(wish)))
    async with aclosing(stream) as parts:
        return [part async for part in parts]


def text_of(parts: Sequence[StreamPart]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


class ProviderContract:
    async def test_an_answer_ends_with_one_finish(self, place: Place) -> None:
        parts = await ask(place, "answer")

        assert text_of(parts)
        assert [part for part in parts if isinstance(part, Finish)] == [parts[-1]]
        assert isinstance(parts[-1], Finish)
        assert parts[-1].reason is Reason.STOP
        assert parts[-1].model

    async def test_what_it_cost_comes_before_the_finish(self, place: Place) -> None:
        parts = await ask(place, "answer")

        usage = parts[-2]
        assert isinstance(usage, Usage)
        assert usage.input > 0
        assert usage.output > 0

    async def test_no_piece_is_empty(self, place: Place) -> None:
        for wish in ("answer", "thinking"):
            parts = await ask(place, wish)

            assert all(part.text for part in parts if isinstance(part, Text | Thinking))

    async def test_thinking_is_told_apart_from_the_answer(self, place: Place) -> None:
        parts = await ask(place, "thinking")

        thoughts = "".join(part.text for part in parts if isinstance(part, Thinking))
        assert thoughts.strip()
        assert thoughts.strip() not in text_of(parts)

    async def test_a_long_thread_with_a_system_text_is_taken(self, place: Place) -> None:
        thread = prompt("my cat is called Flo", "noted", place.asking("answer"), system="Be kind.")

        async with aclosing(place.provider.stream(place.model, thread)) as parts:
            heard = [part async for part in parts]

        assert text_of(heard)

    async def test_answers_at_the_same_time_do_not_mix(self, place: Place) -> None:
        alone = text_of(await ask(place, "answer"))

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask(place, "answer")) for _ in range(5)]

        assert {text_of(task.result()) for task in tasks} == {alone}

    async def test_closing_it_stops_the_vendor(self, place: Place) -> None:
        async with aclosing(place.provider.stream(place.model, prompt(place.asking("endless")))) as parts:
            await anext(parts)

        await asyncio.wait_for(place.hung_up(), SOON)

    async def test_cancelling_who_listens_stops_the_vendor(self, place: Place) -> None:
        begun = asyncio.Event()

        async def listen() -> None:
            stream = place.provider.stream(place.model, prompt(place.asking("endless")))
            async with aclosing(stream) as parts:
                async for _ in parts:
                    begun.set()

        async with asyncio.TaskGroup() as group:
            task = group.create_task(listen())
            await asyncio.wait_for(begun.wait(), SOON)
            task.cancel()

        await asyncio.wait_for(place.hung_up(), SOON)

    async def test_a_refusal_is_one_of_our_errors(self, place: Place) -> None:
        with pytest.raises(errors.Overloaded):
            await ask(place, "overloaded")

    async def test_it_says_what_can_be_asked_for(self, place: Place) -> None:
        assert place.model.model in [listing.id for listing in await place.provider.models()]


class WireContract(ProviderContract):
    def quick(self, model: Model, **limits: float) -> Model:
        return replace(model, deadlines=Deadlines(**{"first": 30.0, "idle": 30.0, "total": 30.0, **limits}))

    async def heard(
        self, place: Place, wish: str, model: Model
    ) -> tuple[list[StreamPart], ModelError | None]:
        heard: list[StreamPart] = []
        try:
            stream = place.provider.stream(model, prompt(place.asking(wish)))
            async with aclosing(stream) as parts:
                async for part in parts:
                    heard.append(part)  # noqa: PERF401 - what came before the error matters
        except ModelError as error:
            return heard, error
        return heard, None

    async def test_a_vendor_that_says_nothing_at_all_takes_too_long(self, place: Place) -> None:
        heard, error = await self.heard(place, "silent", self.quick(place.model, first=0.2))

        assert isinstance(error, errors.Timeout)
        assert heard == []
        await asyncio.wait_for(place.hung_up(), SOON)

    async def test_signs_of_life_are_not_a_first_piece(self, place: Place) -> None:
        heard, error = await self.heard(place, "murmuring", self.quick(place.model, first=0.2))

        assert isinstance(error, errors.Timeout)
        assert heard == []

    async def test_silence_before_the_first_piece_is_thinking_not_idling(self, place: Place) -> None:
        _, error = await self.heard(place, "silent", self.quick(place.model, first=0.4, idle=0.05))

        assert isinstance(error, errors.Timeout)
        assert "first piece" in str(error)

    async def test_a_vendor_that_falls_silent_takes_too_long(self, place: Place) -> None:
        heard, error = await self.heard(place, "stalling", self.quick(place.model, idle=0.2))

        assert isinstance(error, errors.Timeout)
        assert text_of(heard)

    async def test_a_vendor_that_never_ends_takes_too_long(self, place: Place) -> None:
        for total in (
            0.4,
            3.0,
            20.0,
        ):  # on a machine so busy that nothing was said by then: again, with more time
            heard, error = await self.heard(place, "endless", self.quick(place.model, total=total))
            if heard:
                break

        assert isinstance(error, errors.Timeout)
        assert text_of(heard)
        await asyncio.wait_for(place.hung_up(), SOON)

    async def test_an_answer_cut_off_is_a_lost_connection_after_what_was_said(self, place: Place) -> None:
        heard, error = await self.heard(place, "cut", place.model)

        assert isinstance(error, errors.Connection)
        assert text_of(heard)
        assert not any(isinstance(part, Finish) for part in heard)
