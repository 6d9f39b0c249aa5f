"""An older Slack takes fewer tables and knows fewer blocks: every word arrives all the same, on every surface."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from bot.domain.confidence import Estimate
from bot.domain.replies import Chart, Reply, Series, Table
from bot.domain.stream_parts import Closing, Reason, ShownPart, Text
from tests.contracts.sinks import flowing
from tests.doubles import FakeTurnHandle
from tests.slack.fake import blocks, events, reading
from tests.slack.fake.clock import Fast
from tests.slack.fake.world import Message
from tests.slack.places import Bot, SlackPlace, bot_in_slack

DONE = Closing(reason=Reason.STOP, footer="demo answered")
ONE = "| a | b |\n|---|---|\n| x1 | [docs](https://site.example/d) |\n"
TWO = f"# Moons\n\n{ONE}\nbetween :tada:\n\n{ONE.replace('x1', 'x2')}"
LONG = "| h |\n|---|\n" + "".join(f"| row{n} |\n" for n in range(150))
EVERYTHING = f"{TWO}\n{LONG}"


@pytest.fixture
async def place() -> AsyncGenerator[SlackPlace, None]:
    async with bot_in_slack(agent=False) as bot:
        place = SlackPlace(bot)
        await place.enter()
        yield place


def takes_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "TABLES", 1)


def has_no_data_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, set(blocks.CHECKS) - {"data_table"})


def takes_short_data_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "DATA_ROWS", 101)


def has_no_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, set(blocks.CHECKS) - {"data_table", "table", "context_actions"})


def has_only_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, {"section", "actions", "context", "divider"})


def known(monkeypatch: pytest.MonkeyPatch, kinds: set[str]) -> None:
    monkeypatch.setattr(blocks, "CHECKS", {kind: blocks.CHECKS[kind] for kind in kinds})


OLDER = [takes_one_table, has_no_data_tables, takes_short_data_tables, has_no_tables, has_only_sections]


def kinds(message: Message) -> list[str]:
    return [block["type"] for block in message.blocks if block["type"] not in ("actions", "context")]


def cells(text: str) -> set[str]:
    return {one.strip(":•") for one in text.replace("|", " ").split()}


EVERY_WORD = {"Moons", "a", "b", "x1", "x2", "docs", "between", "h", *(f"row{n}" for n in range(150))}


@pytest.mark.parametrize("older", OLDER)
async def test_an_answer_arrives_whole(
    place: SlackPlace, monkeypatch: pytest.MonkeyPatch, older: object
) -> None:
    assert callable(older)
    older(monkeypatch)
    sizes = range(0, len(EVERYTHING), 200)
    parts = [Text(EVERYTHING[at : at + 200]) for at in sizes]
    await place.sink(FakeTurnHandle()).show(flowing([*parts, DONE]))

    (message,) = await place.seen()
    assert cells(message.text) >= EVERY_WORD
    assert message.footer == "demo answered"


@pytest.mark.parametrize(
    ("older", "shape"),
    [
        (None, ["header", "table", "rich_text", "table"]),
        (takes_one_table, ["header", "table", "rich_text", "rich_text"]),
        (has_no_tables, ["header", "rich_text", "rich_text", "rich_text"]),
        (has_only_sections, ["section", "section", "section", "section"]),
    ],
    ids=["newest", "one table", "no tables", "only sections"],
)
async def test_it_is_the_best_shape_that_this_slack_takes(
    place: SlackPlace, monkeypatch: pytest.MonkeyPatch, older: object, shape: list[str]
) -> None:
    if callable(older):
        older(monkeypatch)
    await place.sink(FakeTurnHandle()).show(flowing([Text(TWO), DONE]))

    (message,) = [one for one in place.place.messages.values() if one.bot_id]
    assert kinds(message) == shape


async def test_what_was_refused_once_is_not_tried_at_every_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    takes_one_table(monkeypatch)
    async with bot_in_slack(agent=False, clock=Fast(50.0)) as bot:
        place = SlackPlace(bot)
        await place.enter()

        async def slowly() -> AsyncGenerator[ShownPart, None]:
            yield Text(TWO)
            for number in range(20):
                await bot.fake.slack.clock.sleep(3.0)
                yield Text(f"\n\nSentence {number}.")
            yield DONE

        await place.sink(FakeTurnHandle()).show(slowly())

        calls = bot.fake.slack.calls
        refused = [call for call in calls if call.answer.get("error") == "invalid_attachments"]
        assert len(refused) == 1
        assert [call.method for call in calls].count("chat.update") > 5
        assert any("Sentence 5." in text for text in place.glimpses()[:-1])


async def private_answer(bot: Bot, parts: list[ShownPart]) -> Message:
    slack = bot.fake.slack
    await bot.http.command(
        events.command(slack, slack.teams["T1"], slack.channels["C1"], "U1", command="/ask", text="why?")
    )
    await bot.adapter.sink(bot.inbox.events[-1], FakeTurnHandle()).show(flowing(parts))
    (message,) = [one for one in slack.channels["C1"].messages.values() if one.seen_by == "U1"]
    return message


@pytest.mark.parametrize("older", OLDER)
async def test_the_answer_to_a_command_arrives_whole(monkeypatch: pytest.MonkeyPatch, older: object) -> None:
    assert callable(older)
    async with bot_in_slack() as bot:
        older(monkeypatch)
        message = await private_answer(bot, [Text(TWO), DONE])

        assert cells(reading.text(message)) >= {"Moons", "x1", "x2", "docs"}


async def test_a_private_reply_arrives_whole(place: SlackPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    has_only_sections(monkeypatch)
    table = Table(header=("model", "price"), rows=(("grok", "low"), ("gpt", "high")))
    await place.sink(FakeTurnHandle()).say(Reply(text="Prices:", table=table, private=True))

    (message,) = [one for one in place.place.messages.values() if one.seen_by]
    assert cells(reading.text(message)) >= {"Prices", "model", "price", "grok", "low", "gpt", "high"}


def half(value: float) -> Estimate:
    return Estimate(value=value, low=value / 2, high=(1 + value) / 2)


SHARES = Chart(
    title="Scoreboard",
    categories=("grok", "claude <@U1>", "a model with a name that is too long"),
    series=(
        Series(name="preferred", values=(half(0.8), half(0.2), None)),
        Series(name="liked", values=(None, half(0.5), half(0.25))),
    ),
)
BOARD = Reply(
    text="How it stands:", chart=SHARES, table=Table(header=("model", "liked"), rows=(("grok", "80%"),))
)


def charts(message: Message) -> list[tuple[str, dict[str, int]]]:
    return [
        (block["title"], {one["label"]: one["value"] for one in block["chart"]["series"][0]["data"]})
        for block in message.blocks
        if block["type"] == "data_visualization"
    ]


async def test_shares_are_charts_above_the_table(place: SlackPlace) -> None:
    await place.sink(FakeTurnHandle()).say(BOARD)

    (message,) = [one for one in place.place.messages.values() if one.bot_id]
    assert kinds(message) == ["rich_text", "data_visualization", "data_visualization", "table"]
    assert charts(message) == [
        ("Scoreboard: preferred, %", {"grok": 80, "claude <@U1>": 20}),
        ("Scoreboard: liked, %", {"claude <@U1>": 50, "a model with a name…": 25}),
    ]


@pytest.mark.parametrize("private", [False, True])
async def test_a_slack_that_draws_none_still_shows_the_table(
    place: SlackPlace, monkeypatch: pytest.MonkeyPatch, private: bool
) -> None:
    known(monkeypatch, set(blocks.CHECKS) - {"data_visualization"})
    await place.sink(FakeTurnHandle()).say(replace(BOARD, private=private))

    (message,) = [one for one in place.place.messages.values() if one.bot_id]
    assert kinds(message) == ["rich_text", "table"]
    assert cells(reading.text(message)) >= {"How", "stands", "grok", "80%"}


async def test_names_that_would_be_cut_to_the_same_are_not_drawn(place: SlackPlace) -> None:
    names = tuple(f"a model with a name that is too long {number}" for number in range(2))
    series = Series(name="liked", values=(half(0.5), half(0.4)))
    await place.sink(FakeTurnHandle()).say(
        replace(BOARD, chart=Chart(title="Scoreboard", categories=names, series=(series,)))
    )

    (message,) = [one for one in place.place.messages.values() if one.bot_id]
    assert charts(message) == []
