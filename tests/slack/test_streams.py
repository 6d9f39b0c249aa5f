"""What can happen to a native stream, and that none of it costs a word."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import pytest

from adapters.slack.outbound.native_stream import PACK
from bot.domain.errors import PlatformBusy
from bot.domain.replies import Reply
from bot.domain.shown_steps import ShownStep, StepOutcome
from bot.domain.stream_parts import Closing, Reason, ShownPart, Status, Text
from tests.contracts.conversations import words
from tests.contracts.sinks import flowing
from tests.doubles import FakeTurnHandle
from tests.slack.fake import blocks, events, reading, streams
from tests.slack.fake.api import Mishap
from tests.slack.fake.clock import Fast
from tests.slack.fake.world import Message
from tests.slack.places import SlackPlace, bot_in_slack

DONE = Closing(reason=Reason.STOP, footer="demo answered")
TEXT = [f"Sentence {n} about the sea. " for n in range(80)]


@pytest.fixture
async def place() -> AsyncGenerator[SlackPlace, None]:
    async with bot_in_slack() as bot:
        place = SlackPlace(bot)
        await place.enter()
        yield place


def methods(place: SlackPlace) -> list[str]:
    return [call.method for call in place.bot.fake.slack.calls if call.method != "auth.test"]


def ours(place: SlackPlace) -> list[Message]:
    return [one for one in place.place.messages.values() if one.bot_id and one.thread_ts == place.root]


def status(place: SlackPlace) -> str:
    return str(place.place.sessions.get(place.root, {}).get("status", ""))


async def interrupted(
    place: SlackPlace, meanwhile: Callable[[], object], parts: list[str]
) -> AsyncGenerator[ShownPart, None]:
    """An answer in whose middle something happens. Its first words come when the thinking is seen."""
    begun = asyncio.Event()
    place.bot.fake.slack.watchers.append(lambda message: begun.set() if message.bot_id else None)
    yield Status("demo is thinking")
    await begun.wait()
    for number, part in enumerate(parts):
        await place.bot.fake.slack.clock.sleep(1.0)
        if number == len(parts) // 2:
            meanwhile()
        yield Text(part)
    yield DONE


def nothing() -> None:
    """Nothing happens in the middle."""


async def test_the_session_works_while_the_answer_grows_and_is_idle_after(place: SlackPlace) -> None:
    seen: list[str] = []
    place.bot.fake.slack.watchers.append(lambda message: seen.append(status(place)))
    await place.sink(FakeTurnHandle()).show(flowing([Text(part) for part in TEXT] + [DONE]))

    assert "processing" in seen
    assert status(place) == "active"


async def test_the_session_is_named_after_the_first_question(place: SlackPlace) -> None:
    await place.sink(FakeTurnHandle()).show(interrupted(place, nothing, TEXT))

    assert place.place.sessions[place.root]["title"] == "how do tides work?"
    assert place.place.sessions[place.root]["initiator"] == "U1"


async def test_thinking_is_a_task_until_the_first_words(place: SlackPlace) -> None:
    tasks: list[tuple[str, str]] = []

    def look(message: Message) -> None:
        if message.stream and (task := message.stream.tasks.get("thinking")):
            tasks.append((task["title"], task["status"]))

    place.bot.fake.slack.watchers.append(look)
    await place.sink(FakeTurnHandle()).show(interrupted(place, nothing, TEXT))

    assert tasks[0] == ("demo is thinking", "in_progress")
    assert tasks[-1][1] == "complete"


LOOK = ShownStep(id="s1", name="desk.look <!channel>")
FILED = ShownStep(id="s2", name="desk.file", outcome=StepOutcome.FAILED, seconds=2.0)
LOOKED = replace(LOOK, outcome=StepOutcome.DONE, seconds=0.3)


async def using_tools(place: SlackPlace) -> AsyncGenerator[ShownPart, None]:
    """Each part comes when what went before can be seen."""
    clock = place.bot.fake.slack.clock
    parts: list[ShownPart] = [
        Status("demo is thinking"),
        Text("Let me look. "),
        LOOK,
        Status("Running desk.look"),
        LOOKED,
        FILED,
        Text("It is cold."),
    ]
    for part in parts:
        yield part
        for _ in range(200):
            await asyncio.sleep(0)
        await clock.sleep(5.0)
    yield Closing(reason=Reason.STOP, footer="demo, used desk.look 0.3 s", steps=(LOOKED, FILED))


async def test_tools_are_slacks_own_task_cards_and_are_folded_in_the_end(place: SlackPlace) -> None:
    seen: list[tuple[str, str]] = []

    def look(message: Message) -> None:
        for task in message.stream.tasks.values() if message.stream else ():
            if task["id"] != "thinking" and (task["title"], task["status"]) not in seen:
                seen.append((task["title"], task["status"]))

    place.bot.fake.slack.watchers.append(look)
    await place.sink(FakeTurnHandle()).show(using_tools(place))

    assert seen == [
        ("desk.look channel", "in_progress"),
        ("desk.look channel (0.3 s)", "complete"),
        ("desk.file (failed, 2.0 s)", "error"),
    ]
    (message,) = ours(place)
    (plan,) = [block for block in message.blocks if block["type"] == "plan"]
    assert plan["title"] == "Used tools: 2 calls"
    assert [(one["title"], one["status"], reading.body(one["output"])) for one in plan["tasks"]] == [
        ("desk.look channel", "complete", "0.3 s"),
        ("desk.file", "error", "failed, 2.0 s"),
    ]
    assert [block["type"] for block in message.blocks][-2:] == ["plan", "context"]
    assert reading.live(message) == []


async def test_a_slack_that_does_not_know_the_folded_steps_shows_the_answer_all_the_same(
    place: SlackPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(blocks.CHECKS, "plan")
    await place.sink(FakeTurnHandle()).show(using_tools(place))

    (message,) = ours(place)
    assert words(reading.text(message)) == "Let me look. It is cold."
    assert reading.footer(message) == "demo, used desk.look 0.3 s"


async def test_without_native_streams_a_status_line_says_what_runs() -> None:
    async with bot_in_slack(agent=False) as bot:
        place = SlackPlace(bot)
        await place.enter()
        await place.sink(FakeTurnHandle()).show(using_tools(place))

        assert any(words(one) == "Let me look. Running desk.look …" for one in place.glimpses())
        (message,) = ours(place)
        assert words(reading.text(message)) == "Let me look. It is cold."
        assert "plan" not in [block["type"] for block in message.blocks]


def by_the_person(place: SlackPlace) -> None:
    streams.stop_by_person(place.bot.fake.slack, place.channel, place.root)


def by_age(place: SlackPlace) -> None:
    place.bot.fake.slack.stream_life = 1.0


def by_length(place: SlackPlace) -> None:
    place.bot.fake.slack.stream_bytes = 300


@pytest.mark.parametrize("ended", [by_the_person, by_age, by_length], ids=["stopped", "too old", "too long"])
async def test_a_stream_that_slack_ends_loses_nothing(
    place: SlackPlace, ended: Callable[[SlackPlace], None]
) -> None:
    await place.sink(FakeTurnHandle()).show(interrupted(place, lambda: ended(place), TEXT))

    (message,) = ours(place)
    assert words(reading.text(message)) == words(*TEXT)
    assert reading.footer(message) == "demo answered"
    assert status(place) == "active"


async def test_after_the_stream_ended_the_answer_goes_on_growing_by_edits(place: SlackPlace) -> None:
    await place.sink(FakeTurnHandle()).show(interrupted(place, lambda: by_the_person(place), TEXT))

    after = (
        methods(place)[methods(place).index("chat.stopStream") :]
        if "chat.stopStream" in methods(place)
        else methods(place)
    )
    assert after.count("chat.update") > 3


async def test_an_answer_of_more_than_five_minutes_outlives_its_stream() -> None:
    async with bot_in_slack(clock=Fast(200.0)) as bot:
        place = SlackPlace(bot)
        await place.enter()

        async def slow() -> AsyncGenerator[ShownPart, None]:
            for part in TEXT:
                await bot.fake.slack.clock.sleep(4.0)
                yield Text(part)
            yield DONE

        await place.sink(FakeTurnHandle()).show(slow())

        (message,) = ours(place)
        assert words(reading.text(message)) == words(*TEXT)
        refused = [call.answer["error"] for call in bot.fake.slack.calls if not call.answer["ok"]]
        assert refused == []
        assert methods(place).index("chat.stopStream") < len(methods(place)) - 5


async def test_where_slack_has_no_sessions_it_is_not_asked_with_every_answer(place: SlackPlace) -> None:
    place.team.agent = False
    for number in range(3):
        place.move()
        await place.sink(FakeTurnHandle(id=f"turn-{number}")).show(interrupted(place, nothing, TEXT))

    assert methods(place).count("agents.sessions.setStatus") == 1
    assert "chat.startStream" not in methods(place)


async def test_without_the_stop_subscription_the_bot_offers_its_own_stop(place: SlackPlace) -> None:
    place.team.stop_subscribed = False
    await place.sink(FakeTurnHandle()).show(flowing([Text(part) for part in TEXT] + [DONE]))

    assert place.stoppable
    assert "chat.startStream" not in methods(place)
    assert status(place) == "active"


class Stingy:
    """A budget with so many packs."""

    def __init__(self, packs: int) -> None:
        self.packs = packs
        self.asked = 0

    async def take(self, name: str, *, rate: float, burst: float) -> float:
        self.asked += 1
        self.packs -= 1
        return 0.0 if self.packs >= 0 else 60.0


async def test_stream_starts_are_taken_from_the_common_budget_a_few_at_a_time() -> None:
    rate_limiter = Stingy(packs=1)
    async with bot_in_slack(rate_limiter=rate_limiter) as bot:
        place = SlackPlace(bot)
        await place.enter()
        for number in range(PACK + 2):
            place.move()
            await place.sink(FakeTurnHandle(id=f"turn-{number}")).show(interrupted(place, nothing, TEXT[:9]))

        assert methods(place).count("chat.startStream") == PACK
        assert methods(place).count("chat.postMessage") == 2
        assert rate_limiter.asked == 2


async def test_people_of_another_team_are_streamed_to_as_theirs() -> None:
    async with bot_in_slack(external=True) as bot:
        place = SlackPlace(bot)
        await place.enter()
        slack = bot.fake.slack
        said = events.said(slack, place.place, "U7", "<@UBOT1> hello")
        event = events.mention(slack, said) | {"user_team": "T7"}
        heard = await bot.heard(events.envelope(slack, place.team, event, is_ext_shared_channel=True))
        await bot.adapter.sink(heard, FakeTurnHandle()).show(interrupted(place, nothing, TEXT))

        (start,) = [call for call in slack.calls if call.method == "chat.startStream"]
        assert (start.args["recipient_team_id"], start.args["recipient_user_id"]) == ("T7", "U7")


async def test_an_answer_somebody_deleted_while_it_grew_is_shown_after_all(place: SlackPlace) -> None:
    def delete() -> None:
        for message in ours(place):
            del place.place.messages[message.ts]

    await place.sink(FakeTurnHandle()).show(interrupted(place, delete, TEXT))

    (message,) = ours(place)
    assert words(reading.text(message)) == words(*TEXT)


async def test_a_long_answer_is_also_there_as_a_file(place: SlackPlace) -> None:
    text = "".join(f"Line {n} about the sea and everything in it.\n\n" for n in range(500))
    await place.sink(FakeTurnHandle()).show(flowing([Text(text), DONE]))

    messages = ours(place)
    assert len(messages) == 3
    assert [len(one.files) for one in messages] == [0, 0, 1]
    (file,) = place.bot.fake.slack.files.values()
    assert file["data"].decode() == text
    (upload,) = [call for call in place.bot.fake.slack.calls if call.method == "upload"]
    assert upload.authorization == ""


@pytest.mark.parametrize("known", [{"rich_text"}, set()], ids=["no tables", "only sections"])
async def test_a_slack_that_knows_fewer_blocks_still_shows_the_words(
    place: SlackPlace, monkeypatch: pytest.MonkeyPatch, known: set[str]
) -> None:
    fewer = {"actions", "context", "section", "divider"} | known
    monkeypatch.setattr(
        blocks, "CHECKS", {kind: check for kind, check in blocks.CHECKS.items() if kind in fewer}
    )
    place.team.agent = False
    text = "# Moons\n\nThere are two:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    await place.sink(FakeTurnHandle()).show(interrupted(place, nothing, [text]))

    (message,) = ours(place)
    assert words(reading.text(message)) == "Moons There are two: a b - - 1 2"
    assert reading.footer(message) == "demo answered"


async def test_while_slack_is_away_the_answer_is_read_to_its_end(place: SlackPlace) -> None:
    read: list[str] = []

    async def answer() -> AsyncGenerator[ShownPart, None]:
        for part in TEXT:
            read.append(part)
            yield Text(part)
            await asyncio.sleep(0)
        yield DONE

    await place.sink(FakeTurnHandle(id="earlier")).say(Reply(text="Slack is there."))
    place.move()
    turn_handle = FakeTurnHandle()
    place.bot.fake.api.mishaps = dict.fromkeys(range(1, 200), Mishap.LOST)
    with pytest.raises(PlatformBusy):
        await place.sink(turn_handle).show(answer())
    place.bot.fake.api.mishaps = {}
    await place.sink(turn_handle.next_attempt()).show(flowing([Text("".join(TEXT)), DONE]))

    assert read == TEXT
    (message,) = ours(place)
    assert words(reading.text(message)) == words(*TEXT)


async def test_every_call_goes_over_one_connection_pool_and_no_message_may_unfurl(place: SlackPlace) -> None:
    for number in range(4):
        place.move()
        await place.sink(FakeTurnHandle(id=f"turn-{number}")).show(
            flowing([Text("see https://a.example/x"), DONE])
        )

    calls = place.bot.fake.slack.calls
    assert len({call.port for call in calls}) <= 2
    for call in calls:
        if call.method in ("chat.postMessage", "chat.update"):
            assert (call.args["unfurl_links"], call.args["unfurl_media"]) == (False, False)
