"""A prompt begins as the one before it did, so that vendors read it from their caches."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from bot.domain.catalog import Model
from bot.domain.events import Author
from bot.domain.prompt import Prompt, size
from bot.domain.prompt_building import build, fills
from bot.domain.stream_parts import Usage
from bot.domain.turns import ChatMessage, Turn
from bot.models.pricing import Corrections

ANN, BOB = Author(id="U1", name="Ann"), Author(id="U2", name="Bob")
SYSTEM = "You are answering in a team chat. " * 10


def words(chance: random.Random, least: int, most: int) -> str:
    return " ".join(
        "".join(chance.choices("aeinorstul", k=chance.randint(2, 9)))
        for _ in range(chance.randint(least, most))
    )


def prompts(
    context: int, turns: int = 100, read: Callable[[list[Turn]], Sequence[Turn]] = tuple
) -> Sequence[Prompt]:
    """What a model is shown in a thread of two people, whose tokens are counted otherwise than we estimate. `read` is how
    much of its history is known to whoever asks it.
    """
    chance = random.Random(7)  # noqa: S311 - the same thread every time
    model = Model(name="it", provider="p", model="m", context=context)
    history: list[Turn] = []
    corrections, shown = Corrections(), []
    for number in range(turns):
        heard: tuple[ChatMessage, ...] = ()
        if number % 5 == 2:
            heard = (ChatMessage(author=BOB, text=words(chance, 5, 40), message=f"h{number}"),)
        author = BOB if number % 3 == 0 else ANN
        asked = ChatMessage(author=author, text=words(chance, 5, 60), message=f"q{number}")
        prompt = build(
            read(history),
            asked,
            model,
            system=SYSTEM,
            heard=heard,
            correction=corrections.of(model),
            conversation="c",
        )
        shown.append(prompt)
        estimated = sum(len(str(message)) for message in prompt.messages) // 4
        counted = round(estimated * chance.uniform(1.05, 1.25))
        corrections.learn(model, estimated=estimated, usage=Usage(input=counted, output=1))
        history.append(
            Turn(
                id=f"t{number}",
                asked=asked,
                heard=heard,
                answer=words(chance, 20, 250),
                model="it",
                shown_from=prompt.shown_from,
            )
        )
    return shown


def kept(shown: Sequence[Prompt]) -> float:
    """The share of prompts that begin with all of the one before."""
    later = list(pairwise(shown))
    same = sum(
        one.system == other.system and other.messages[: len(one.messages)] == one.messages
        for one, other in later
    )
    return same / len(later)


def test_a_large_window_keeps_every_prefix_but_the_one_before_names_are_needed() -> None:
    shown = prompts(200_000)

    assert kept(shown[1:]) == 1.0


def test_a_small_window_keeps_four_prefixes_of_five() -> None:
    assert kept(prompts(8_192)[1:]) >= 0.8


@pytest.mark.parametrize("context", [4_096, 200_000])
def test_what_a_prompt_is_known_to_weigh_is_what_it_weighs(context: int) -> None:
    for prompt in prompts(context):
        assert size(prompt) == size(replace(prompt))  # a copy is weighed anew


@pytest.mark.parametrize("context", [4_096, 8_192, 16_384])
def test_it_is_the_same_for_who_has_read_only_what_fits(context: int) -> None:
    whole = prompts(context)
    newest = prompts(context, read=lambda history: as_read(history, context))

    assert [prompt.messages for prompt in newest] == [prompt.messages for prompt in whole]


def as_read(history: Sequence[Turn], context: int) -> Sequence[Turn]:
    """The newest turns, up to where no older ones can be shown."""
    first = len(history)
    while first and not fills(history[first:], context):
        first -= 1
    return history[first:]


def test_a_thread_that_has_lost_its_beginning_keeps_its_prefixes_until_it_loses_more() -> None:
    """As the storage lets go of them: the oldest 50 of 250 at once."""
    shown = prompts(
        400_000, turns=460, read=lambda history: history[max(0, (len(history) - 201) // 50) * 50 :]
    )

    assert kept(shown[1:200]) == 1.0
    assert kept(shown[200:]) >= 0.97


@pytest.mark.parametrize("context", [4_096, 8_192, 16_384, 200_000])
def test_the_newest_turn_is_always_shown_and_the_window_never_overflows(context: int) -> None:
    shown = prompts(context)[1:]  # the first one needs no names yet

    assert all(size(prompt) < context for prompt in shown)
    for one, other in pairwise(shown):
        assert other.messages[-3].parts[-1] == one.messages[-1].parts[-1]


def test_turns_leave_in_blocks_and_at_least_half_of_the_room_stays_in_use() -> None:
    lengths = [len(prompt.messages) for prompt in prompts(8_192)]
    drops = [(before, after) for before, after in pairwise(lengths) if after < before]

    assert drops
    assert all(after >= before * 0.4 for before, after in drops)
