"""CPU of one answer: parsed, drawn for each platform, and while it grows. Everything is the best of several runs.

    python -m tests.benchmarks.document

The last lines say how many times as long as one parse a stream of 8,000 characters takes in all; it must be three at most.
"""

import time
from collections.abc import Callable

from adapters.slack.outbound.rendering.blocks import to_blocks
from bot.delivery.pacing import Pace
from bot.document.growing import GrowingDocument
from bot.document.reading import parse
from tests.document.platforms.teams import rendered

RUNS, PIECES, SECONDS = 15, 60, 20.0
LONG, MOST = 8_000, 3.0

WORDS = "The tide comes twice a day because **the Moon** pulls at the *sea*, see [the guide](https://example.com/tide). "
CODE = "```python\n" + "for hour in range(24):\n    print(hour, level(hour))\n" * 3 + "```\n\n"
TABLE = (
    "| hour | level | what |\n|---|--:|---|\n" + "| 6 | 3.2 m | `high` |\n| 12 | 0.4 m | low |\n" * 3 + "\n"
)
LIST = (
    "".join(f"{number}. **Step {number}:** look at the sea\n   - and note it\n" for number in range(1, 8))
    + "\n"
)
ANSWER = (f"## The tide\n\n{WORDS * 3}\n\n{LIST}{CODE}{TABLE}" + WORDS * 3)[:1_500]

STREAMS = {
    "mixed text": (f"## Part\n\n{WORDS * 3}\n\n{LIST}{CODE}{TABLE}" * 9)[:LONG],
    "one long list": "".join(f"- item {number} with **some** words\n" for number in range(400))[:LONG],
    "one long code block": "```python\n" + ("value = compute(value) + 1\n" * 400)[:LONG],
    "one long table": "| a | b |\n|---|---|\n" + ("| some words | `code` |\n" * 400)[:LONG],
    "one long paragraph": (WORDS * 90)[:LONG],
}


def best(action: Callable[[], object], runs: int = RUNS) -> float:
    """Microseconds of CPU."""
    found = []
    for _ in range(runs):
        began = time.process_time_ns()
        action()
        found.append(time.process_time_ns() - began)
    return min(found) / 1000


def draws(text: str) -> list[str]:
    """The text so far at each draw that the pacing of an edited message allows, of pieces that come evenly."""
    pace, shown, last = Pace(), [], -10.0
    for piece in range(1, PIECES + 1):
        now, end = SECONDS * piece / PIECES, len(text) * piece // PIECES
        if now - last >= pace.pause(end):
            shown.append(text[:end])
            last = now
    return shown


def streamed(cuts: list[str], text: str) -> None:
    growing = GrowingDocument()
    for cut in cuts:
        growing.grown(cut)
    growing.finished(text)


def main() -> None:
    cuts = draws(ANSWER)
    print(f"an answer of {len(ANSWER)} characters, in microseconds")  # noqa: T201
    for name, action in {
        "parse": lambda: parse(ANSWER),
        "finished in Slack": lambda: to_blocks(ANSWER),
        "finished in Teams": lambda: rendered(ANSWER),
        f"streamed, {len(cuts)} draws": lambda: streamed(cuts, ANSWER),
    }.items():
        print(f"  {name:22} {best(action):8.0f}")  # noqa: T201
    print(f"a stream of {LONG} characters : one parse of it (at most {MOST:.0f})")  # noqa: T201
    for name, text in STREAMS.items():
        parts = draws(text)
        ratio = best(lambda: streamed(parts, text), 7) / best(lambda: parse(text), 7)  # noqa: B023 - called at once
        print(f"  {name:22} {ratio:8.2f} ({len(parts)} draws){'' if ratio <= MOST else '  TOO MUCH'}")  # noqa: T201


if __name__ == "__main__":
    main()
