"""What people look at most, as the Block Kit that goes out: it keeps every documented limit and says what it should.

The words come from the core itself and from the demo model, so a change there is seen here.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters.slack.outbound.rendering import layout
from adapters.slack.outbound.rendering.paging import pages
from bot.domain.catalog import Model
from bot.domain.events import HomeOpened
from bot.domain.replies import Action, Button, Reply
from bot.domain.stream_parts import Closing, Finish, Reason, Text
from providers import demo
from tests.contracts.conversations import words
from tests.conversation.stage import ANN, CLAUDE, GPT, GROK, THREAD, Heard, Stage
from tests.slack.fake import blocks, reading
from tests.slack.fake.world import Message

ENDING = Closing(
    reason=Reason.STOP,
    footer="grok · claude stepped in, because grok was overloaded",
    buttons=(
        Button(action=Action.OTHER, label="Ask another model", value="turn-1"),
        Button(action=Action.AGAIN, label="Regenerate", value="turn-1"),
        Button(action=Action.UP, label="👍", value="turn-1"),
        Button(action=Action.DOWN, label="👎", value="turn-1"),
    ),
)


def screen(content: dict[str, Any], *, view: bool = False) -> Message:
    """The message, once it has passed Slack's checks."""
    made = layout.for_view(content["blocks"]) if view else content["blocks"]
    blocks.check(made, surface="view" if view else "message")
    assert len(content["text"]) <= 4000
    message = Message(ts="1.1", channel="C1", user="U", text=content["text"], blocks=made, verbatim=True)
    assert reading.live(message) == []
    return message


def kinds(message: Message) -> list[str]:
    return [block["type"] for block in message.blocks]


@pytest.mark.parametrize(
    ("source", "shape"),
    [
        (demo.TABLE, ["rich_text", "table"]),
        (demo.CODE, ["rich_text"]),
        (demo.LIST, ["rich_text"]),
        (
            f"# Title\n\n{demo.LIST}\n\n---\n\n> quoted\n\n{demo.CODE}",
            ["header", "rich_text", "divider", "rich_text"],
        ),
    ],
    ids=["table", "code", "list", "everything"],
)
def test_an_answer(source: str, shape: list[str]) -> None:
    message = screen(layout.finished(source, ENDING))

    assert kinds(message) == [*shape, "actions", "context_actions", "context"]
    assert reading.footer(message) == ENDING.footer
    assert reading.buttons(message) == ["Ask another model", "Regenerate", "👍", "👎"]


def test_a_long_answer_page_by_page() -> None:
    source = " ".join(demo.SENTENCES) * 60 + "\n\n" + demo.TABLE * 3 + "\n\n" + demo.CODE * 30
    parts = pages(source, [])
    messages = [screen(layout.finished(part)) for part in parts[:-1]]
    messages.append(screen(layout.finished(parts[-1], ENDING)))

    assert len(messages) > 2
    assert [bool(reading.footer(one)) for one in messages] == [False] * (len(messages) - 1) + [True]


def test_an_answer_of_many_small_parts() -> None:
    source = "".join(
        f"## Part {n}\n\n- one\n- two\n\n```py\nx = {n}\n```\n\n| a | b |\n|---|---|\n| {n} | x |\n\n"
        for n in range(60)
    )
    for part in pages(source, []):
        screen(layout.finished(part, ENDING))


def test_an_answer_while_it_grows() -> None:
    stop = Button(action=Action.STOP, label="Stop", value="turn-1", danger=True)
    waiting = screen(layout.growing("", "grok is thinking", stop))
    growing = screen(layout.growing("Half an ans", "", stop))
    working = screen(layout.growing("One moment.", "Running time.convert_time", stop))

    assert words(reading.text(waiting)) == "grok is thinking …"
    assert words(reading.text(growing)) == "Half an ans"
    assert words(reading.text(working)) == "One moment. Running time.convert_time …"
    assert reading.buttons(growing) == ["Stop"]


def test_an_answer_that_failed() -> None:
    failed = replace(
        ENDING, reason=Reason.FAILED, notice="grok took too long. Try again.", buttons=ENDING.buttons[:1]
    )
    message = screen(layout.finished("", failed))

    assert words(reading.text(message)) == "grok took too long. Try again."


def many(count: int) -> list[Model]:
    return [
        replace(GROK, name=f"model-{n}", aliases=(), fallback=(), model=f"grok-{n}", description="x" * 300)
        for n in range(count)
    ]


async def said(what: str, models: list[Model]) -> Reply:
    stage = Stage(models=[GROK, CLAUDE, GPT, *models])
    return (await stage.says(what)).replies[-1]


@pytest.mark.parametrize("count", [0, 9, 97, 250])
async def test_the_picker(count: int) -> None:
    message = screen(layout.reply(await said("/model", many(count))))

    assert "grok" in reading.options(message) or "grok" in str(message.blocks)


@pytest.mark.parametrize(
    "what", ["/model why", "/help", "/usage", "/memory", "/reset", "/forget", "/model grokk", "/compare"]
)
async def test_other_replies(what: str) -> None:
    assert reading.text(screen(layout.reply(await said(what, []))))


async def test_a_comparison() -> None:
    stage = Stage()
    long = " ".join(demo.SENTENCES) * 30
    for provider in (stage.one, stage.two):
        provider.scripts = [(Text(f"{demo.TABLE}\n{demo.CODE}\n{long}"), Finish(reason=Reason.STOP))] * 2
    heard: Heard = await stage.says("/compare grok claude gpt: what is a tide?", private=True)
    waiting, compared = (screen(layout.reply(one)) for one in heard.replies)

    assert reading.buttons(waiting) == ["Stop"]
    assert [label for label in reading.buttons(compared) if label.startswith("Keep")] == [
        "Keep grok",
        "Keep claude",
        "Keep gpt",
    ]
    assert kinds(compared).count("header") == 4
    assert all(name in reading.text(compared) for name in ("Europa", "even_sum", "switchboard once"))


@pytest.mark.parametrize("count", [0, 97])
async def test_the_home_page(count: int) -> None:
    stage = Stage(models=[GROK, CLAUDE, GPT, *many(count)])
    heard = await stage.plays(HomeOpened(id="h", thread=THREAD, author=ANN, at=1.0))
    message = screen(layout.reply(heard.replies[0]), view=True)

    assert "Switchboard" in reading.text(message)
    assert any(one["type"] == "static_select" for one in reading.controls(message))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Reply(title="x" * 400, text="y"),
        lambda: Reply(
            text="",
            buttons=tuple(Button(action=Action.RUN, label="z" * 200, value=f"{n}") for n in range(40)),
        ),
        lambda: Reply(text="a", title=" "),
        lambda: Reply(text=""),
        lambda: Reply(text="\u200b"),
    ],
    ids=["long title", "many buttons", "blank title", "nothing", "invisible"],
)
def test_odd_replies(make: Callable[[], Reply]) -> None:
    screen(layout.reply(make()))
    screen(layout.reply(make()), view=True)
