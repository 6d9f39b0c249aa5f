"""How long people wait for the first words in a crowd: `python -m tests.benchmarks.first_words` prints p50 and p95 of the
seconds between a question and the first words of its answer that can be seen, all calls, and how many were refused.

24 questions in one workspace, three in each of six channels and two direct messages, under the limits Slack documents:
within half a minute, or all at once. Every model begins after half a second and says its answer in pieces over ten seconds. Both
ways to grow: native streams, of which Slack allows twenty a minute, with edits for the rest; and edits alone.
"""

import asyncio
import statistics
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from bot.delivery.pacing import Clock
from bot.domain.stream_parts import Closing, Reason, ShownPart, Status, Text
from tests.doubles import FakeTurnHandle
from tests.slack.fake import reading
from tests.slack.fake.clock import Fast
from tests.slack.fake.world import Message
from tests.slack.places import Bot, SlackPlace, bot_in_slack

SPEED = 5.0
CHANNELS, EACH = 8, 3
FIRST, PIECES, SECONDS = 0.5, 40, 10.0
WORDS = "tide"


@dataclass
class Starts:
    """The shared budget of stream starts, as the product's Redis keeps it."""

    clock: Clock
    packs: dict[str, tuple[float, float]] = field(default_factory=dict)

    async def take(self, name: str, *, rate: float, burst: float, tokens: float = 1) -> float:
        now = self.clock.now()
        left, at = self.packs.get(name, (burst, now))
        left = min(burst, left + (now - at) * rate)
        if left < tokens:
            self.packs[name] = left, now
            return (tokens - left) / rate
        self.packs[name] = left - tokens, now
        return 0.0


async def answer(bot: Bot) -> AsyncGenerator[ShownPart, None]:
    yield Status("demo is thinking")
    await bot.fake.slack.clock.sleep(FIRST)
    for number in range(PIECES):
        yield Text(f"The {WORDS} of sentence {number} comes twice a day. ")
        await bot.fake.slack.clock.sleep(SECONDS / PIECES)
    yield Closing(reason=Reason.STOP, footer="demo answered")


async def asked(bot: Bot, number: int, after: float) -> float:
    """Seconds from one question to the first words of its answer."""
    clock, slack = bot.fake.slack.clock, bot.fake.slack
    await clock.sleep(after)
    place = SlackPlace(bot, channel=f"{'D' if number % CHANNELS > 5 else 'C'}{number % CHANNELS + 10}")
    place.move()
    began, seen = clock.now(), list[float]()

    def look(message: Message) -> None:
        if not seen and message.thread_ts == place.root and WORDS in reading.text(message):
            seen.append(clock.now())

    slack.watchers.append(look)
    await place.sink(FakeTurnHandle(id=f"turn-{number}")).show(answer(bot))
    slack.watchers.remove(look)
    return seen[0] - began


async def crowd(*, native: bool, within: float) -> None:
    clock = Fast(SPEED)
    async with bot_in_slack(clock=clock, native_streams=native, rate_limiter=Starts(clock)) as bot:
        for number in range(CHANNELS):
            direct = {"kind": "im", "user": f"U{number}"} if number > 5 else {}
            bot.fake.slack.add_channel(f"{'D' if direct else 'C'}{number + 10}", "T1", **direct)
        count = CHANNELS * EACH
        waits = await asyncio.gather(*(asked(bot, one, within * one / count) for one in range(count)))
        calls = Counter(call.method for call in bot.fake.slack.calls)
        p95 = statistics.quantiles(waits, n=20, method="inclusive")[-1]
        name = f"{'native and edits' if native else 'edits'}, {count} within {within:.0f} s"
        sys.stdout.write(
            f"{name:34} p50 {statistics.median(waits):4.1f} s  p95 {p95:4.1f} s  slowest {max(waits):4.1f} s  "
            f"{sum(calls.values())} calls, {bot.fake.slack.busy} refused {dict(sorted(calls.items()))}\n"
        )


async def main() -> None:
    for native in (True, False):
        for within in (30.0, 1.0):
            await crowd(native=native, within=within)


if __name__ == "__main__":
    asyncio.run(main())
