"""What a thread's input costs: `python -m tests.benchmarks.prompt_caching` prints it with and without prompt caching.

The same thread is sent to two vendors' caches (see tests/providers/caches.py), once as the product asks, and once as it
would without marks, without a key, and with a window that slides by a turn at a time. Prices are the bundled ones; answers
cost the same in both and are left out. The ratio of the two is what counts.
"""

import argparse
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.catalog import Model
from bot.domain.events import Author
from bot.domain.prompt import Prompt
from bot.domain.prompt_building import LEFT_OUT, build
from bot.domain.turns import ChatMessage, Turn
from bot.models.pricing import Prices
from providers.endpoint import DIALECTS
from providers.vendors import VENDORS
from tests.providers.caches import KeyedCache, MarkedCache

ANN = Author(id="U1", name="Ann")
SYSTEM = "You are answering in a team chat. Be direct and brief, and use Markdown where it helps. " * 3
ASKED, ANSWERED = 60, 350  # words
PRICES = Prices({"anthropic": "anthropic", "openai": "openai"})
MODELS = (
    Model(name="claude", provider="anthropic", model="claude-sonnet-5-5", dialect="anthropic"),
    Model(name="gpt", provider="openai", model="gpt-6-sol", dialect="openai-responses"),
)


@dataclass(frozen=True, slots=True)
class Bill:
    """USD, and the share of prompts that began with all of the one before."""

    cost: float
    kept: float


def thread(turns: int, pause: float = 60.0) -> Iterator[tuple[list[Turn], ChatMessage]]:
    """Each question, `pause` seconds after the one before it, with what was said before it."""
    chance = random.Random(3)  # noqa: S311 - the same thread every time
    history: list[Turn] = []

    def words(number: int) -> str:
        return " ".join("".join(chance.choices("aeinorstul", k=chance.randint(3, 7))) for _ in range(number))

    for number in range(turns):
        asked = ChatMessage(author=ANN, text=words(ASKED), message=f"q{number}", at=number * pause)
        yield list(history), asked
        history.append(Turn(id=f"t{number}", asked=asked, answer=words(ANSWERED), model="it"))


def in_blocks(history: Sequence[Turn], asked: ChatMessage, model: Model) -> Prompt:
    return build(history, asked, model, system=SYSTEM, conversation="c" * 32)


def sliding(history: Sequence[Turn], asked: ChatMessage, model: Model) -> Prompt:
    """As many of the newest turns as fit, and nothing for a cache."""
    for first in range(len(history) + 1):
        prompt = build(history[first:], asked, model, system=SYSTEM)
        if LEFT_OUT.parts[0] not in prompt.messages[0].parts:
            return prompt
    raise AssertionError("not even the question fits")


def bill(
    model: Model,
    turns: int,
    prompt_for: Callable[[Sequence[Turn], ChatMessage, Model], Prompt],
    pause: float = 60.0,
) -> Bill:
    quirks = next(row for row in VENDORS if row.name == model.provider).dialects[model.dialect]
    cache = MarkedCache() if model.dialect == "anthropic" else KeyedCache()
    before: Prompt | None = None
    cost, kept = 0.0, 0
    for history, asked in thread(turns, pause):
        prompt = prompt_for(history, asked, model)
        body: Mapping[str, Any] = DIALECTS[model.dialect].request(model, prompt, quirks).body
        cache.now = asked.at
        cost += PRICES.cost(model, cache.read(body)) or 0.0
        kept += before is not None and prompt.messages[: len(before.messages)] == before.messages
        before = prompt
    return Bill(cost, kept / (turns - 1))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--pause", type=float, default=60.0, help="seconds between two questions")
    said = parser.parse_args()
    turns, pause = said.turns, said.pause
    for context in (8_192, 200_000):
        for model in (replace(each, context=context) for each in MODELS):
            without, cached = bill(model, turns, sliding, pause), bill(model, turns, in_blocks, pause)
            print(  # noqa: T201 - a command
                f"{model.model}, {turns} turns, window {context:,}: "
                f"{without.cost:.3f} USD without (prefix kept in {without.kept:.0%}), "
                f"{cached.cost:.3f} USD cached (kept in {cached.kept:.0%}): "
                f"{cached.cost / without.cost:.2f} of it"
            )


if __name__ == "__main__":
    main()
