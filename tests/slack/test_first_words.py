"""First words first: in a crowd nobody waits for them because others' answers grow."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bot.domain.stream_parts import ShownPart, Status, Text
from tests.contracts.sinks import DONE
from tests.doubles import FakeTurnHandle
from tests.slack.fake import reading
from tests.slack.fake.clock import Fast, Leap
from tests.slack.fake.world import Message
from tests.slack.places import Bot, SlackPlace, bot_in_slack

THINKING = "demo is thinking …"
ROOM = 20  # edits a minute that nothing is reserved for


class Talk:
    """An answer whose words come when the test says so."""

    def __init__(self, bot: Bot, number: int) -> None:
        self.place = SlackPlace(bot)
        self.place.move()
        self.handle = FakeTurnHandle(id=f"turn-{number}")
        self.said: asyncio.Queue[ShownPart] = asyncio.Queue()
        self.said.put_nowait(Status("demo is thinking"))
        self.texts: list[str] = []
        self.changed = asyncio.Event()
        bot.fake.slack.watchers.append(self._look)

    async def show(self) -> None:
        await self.place.sink(self.handle).show(self._parts())

    async def _parts(self) -> AsyncGenerator[ShownPart, None]:
        while True:
            yield (part := await self.said.get())
            if part is DONE:
                return

    def _look(self, message: Message) -> None:
        if message.bot_id and message.thread_ts == self.place.root:
            self.texts.append(reading.text(message))
            self.changed.set()

    async def seen(self, count: int) -> list[str]:
        while len(self.texts) < count:
            self.changed.clear()
            await self.changed.wait()
        return self.texts


async def test_first_words_go_before_growth_and_need_no_edit_where_edits_are_scarce() -> None:
    async with bot_in_slack(clock=Leap(), agent=False) as bot, asyncio.timeout(30):
        waiting = [Talk(bot, number) for number in range(ROOM)]
        late = Talk(bot, ROOM)
        async with asyncio.TaskGroup() as group:
            for talk in waiting:
                group.create_task(talk.show())
                assert await talk.seen(1) == [THINKING]
            group.create_task(late.show())
            await asyncio.sleep(0)
            late.said.put_nowait(Text("The tide "))
            assert await late.seen(1) == ["The tide"]  # never the waiting line, which would need an edit

            for number in range(2 * ROOM):
                late.said.put_nowait(Text(f"Tide {number}. "))
                await bot.fake.slack.clock.sleep(0)
            waiting[7].said.put_nowait(Text("The moon "))
            assert await waiting[7].seen(2) == [THINKING, "The moon"]
            assert len(late.texts) <= 1 + ROOM // 2  # as many are left to those without words
            for talk in [*waiting, late]:
                talk.said.put_nowait(DONE)

        assert late.texts[-1].endswith(f"Tide {2 * ROOM - 1}.")
        assert bot.fake.slack.busy == 0


@pytest.mark.parametrize("native", [True, False], ids=["native", "edits"])
async def test_in_a_crowd_everybody_reads_first_words_within_three_seconds(native: bool) -> None:
    """24 questions in 30 seconds, as tests/benchmarks/first_words.py measures them."""
    clock = Fast(10.0)
    async with bot_in_slack(clock=clock, native_streams=native) as bot:
        for number in range(8):
            bot.fake.slack.add_channel(f"C{number + 10}", "T1")

        async def answer() -> AsyncGenerator[ShownPart, None]:
            yield Status("demo is thinking")
            for number in range(20):
                await clock.sleep(0.5)
                yield Text(f"The tide of sentence {number}. ")
            yield DONE

        async def asked(number: int) -> float:
            await clock.sleep(number * 30 / 24)
            place = SlackPlace(bot, channel=f"C{number % 8 + 10}")
            place.move()
            began, seen = clock.now(), list[float]()

            def look(message: Message) -> None:
                if message.thread_ts == place.root and "tide" in reading.text(message):
                    seen.append(clock.now() - began)

            bot.fake.slack.watchers.append(look)
            await place.sink(FakeTurnHandle(id=f"turn-{number}")).show(answer())
            return seen[0]

        waits = sorted(await asyncio.gather(*(asked(number) for number in range(24))))

        assert waits[-2] < 3.0
        assert bot.fake.slack.busy == 0
