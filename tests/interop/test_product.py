"""The whole product between a Slack of our own and a model server that somebody else wrote.

It is set up as an operator would: a key and an address per vendor in the environment, names in switchboard.toml.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.interop.aimock import FIXTURES, KEY, AIMock, aimock, needs_aimock
from tests.ops.test_running import answered, send
from tests.slack.fake import reading
from tests.slack.office import Office, office

pytestmark = needs_aimock

HELLO = "Hi there, how are you?"
PATHS = {
    "gpt": "/v1/chat/completions",
    "grok": "/v1/responses",
    "claude": "/v1/messages",
    "gemini": "/v1beta/models/gemini-id:streamGenerateContent",
}
"""One model per dialect, each at its vendor's own path."""

MODELS = """
default = "gpt"

[[models]]
name = "gpt"
provider = "openai"
model = "gpt-id"
dialect = "openai-chat"
fallback = ["claude"]

[[models]]
name = "grok"
provider = "xai"
model = "grok-id"

[[models]]
name = "claude"
provider = "anthropic"
model = "claude-id"

[[models]]
name = "gemini"
provider = "gemini"
model = "gemini-id"

[[models]]
name = "phi"
provider = "foundry"
model = "our-phi"
dialect = "openai-chat"

[[models]]
name = "mai"
provider = "foundry"
model = "mai-thinking-1"
"""


def refusal(question: str, status: int, kind: str) -> dict[str, Any]:
    """GPT cannot, everybody else can."""
    error = {"message": "Not now.", "type": kind}
    match = {"model": "gpt-id", "userMessage": question}
    return {"match": match, "response": {"error": error, "status": status}}


REFUSALS = (
    refusal("hello in the rush hour", 429, "rate_limit_error"),
    refusal("hello under load", 529, "overloaded_error"),
)
THE_REST = {"match": {"userMessage": "Go on exactly"}, "response": {"content": "off before its end"}}


@asynccontextmanager
async def at_work(folder: Path, **extra: str) -> AsyncIterator[tuple[Office, AIMock]]:
    async with aimock([*REFUSALS, THE_REST, *FIXTURES]) as mock:
        (folder / "switchboard.toml").write_text(MODELS)
        settings = {
            "OPENAI_BASE_URL": f"{mock.url}/v1",
            "XAI_BASE_URL": f"{mock.url}/v1",
            "ANTHROPIC_BASE_URL": mock.url,
            "GEMINI_BASE_URL": mock.url,
            "FOUNDRY_ENDPOINT": mock.url,
        }
        keys = {f"{vendor}_API_KEY": KEY for vendor in ("OPENAI", "XAI", "ANTHROPIC", "GEMINI", "FOUNDRY")}
        at_once = settings | keys | extra
        async with office(folder, socket=False, agent=False, limits=False, **at_once) as at:
            yield at, mock


async def asked(mock: AIMock) -> list[dict[str, Any]]:
    """The questions it was sent; listings do not count."""
    return [each for each in await mock.requests() if each["method"] == "POST"]


async def test_every_dialect_answers_in_one_thread_and_sees_what_was_said(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (at, mock):
        first = await at.say(f"<@{at.team.bot_user}> hello")
        await at.answered(first.ts)
        for count, name in enumerate(PATHS, start=2):
            await at.say(f"{name}: hello for the {count}. time", thread=first.ts)
            answers = await at.answered(first.ts, count=count)
            sent = (await asked(mock))[-1]

            assert reading.text(answers[-1]) == HELLO
            assert reading.footer(answers[-1]).startswith(name)
            assert sent["path"].partition("?")[0] == PATHS[name]
            assert str(sent["body"]).count(HELLO) == count - 1
            assert str(sent["body"]).count("hello for the") == count - 1


async def test_a_switch_is_kept_and_the_memory_goes_along(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (at, mock):
        first = await at.say(f"<@{at.team.bot_user}> hello, I am Ada")
        await at.answered(first.ts)
        switched = await at.told("model gemini", thread=first.ts)
        await at.say("hello, who am I?", thread=first.ts)
        answers = await at.answered(first.ts, count=2)
        before, after = await asked(mock)

        assert "gemini answers in this thread" in reading.text(switched)
        assert reading.footer(answers[-1]).startswith("gemini")
        assert before["path"] == PATHS["gpt"]
        assert after["path"].partition("?")[0] == PATHS["gemini"]
        assert "I am Ada" in str(after["body"])
        assert HELLO in str(after["body"])


async def test_what_is_deployed_in_foundry_answers_at_its_own_address(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (at, mock):
        first = await at.say(f"<@{at.team.bot_user}> phi: hello")
        await at.answered(first.ts)
        await at.say("mai: hello", thread=first.ts)
        answers = await at.answered(first.ts, count=2)

        assert [reading.text(one) for one in answers] == [HELLO, HELLO]
        assert [one["path"] for one in await asked(mock)] == [
            "/openai/v1/chat/completions",
            "/mai/v1/chat/completions",
        ]


async def test_thoughts_stay_out_of_the_answer(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (at, _):
        first = await at.say(f"<@{at.team.bot_user}> think")
        await at.answered(first.ts)
        for count, name in enumerate(PATHS, start=2):
            await at.say(f"{name}: think", thread=first.ts)
            answers = await at.answered(first.ts, count=count)

            assert reading.text(answers[-1]) == "42."


async def test_a_model_that_is_busy_once_is_asked_again(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (at, mock):
        await mock.fail_next(429, message="Slow down", type="rate_limit_error")
        first = await at.say(f"<@{at.team.bot_user}> hello")
        (answer,) = await at.answered(first.ts)

        assert reading.text(answer) == HELLO
        assert reading.footer(answer).startswith("gpt")
        assert [one["path"] for one in await asked(mock)] == [PATHS["gpt"], PATHS["gpt"]]


@pytest.mark.parametrize(
    ("question", "why"),
    [("hello in the rush hour", "is getting too many requests"), ("hello under load", "is overloaded")],
)
async def test_another_model_steps_in_and_the_footer_says_why(
    tmp_path: Path, question: str, why: str
) -> None:
    # One question per office: after a refusal the next one is not asked of GPT at all, and its reason is the first's.
    async with at_work(tmp_path) as (at, mock):
        asked_for = await at.say(f"<@{at.team.bot_user}> {question}")
        (answer,) = await at.answered(asked_for.ts)

        assert reading.text(answer) == HELLO
        assert reading.footer(answer) == f"claude · because gpt {why}"
        assert [one["path"] for one in await asked(mock)].count(PATHS["claude"]) == 1


async def test_nobody_steps_in_where_nobody_may_and_the_person_is_told(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (at, _):
        first = await at.say(f"<@{at.team.bot_user}> grok: busy")
        (answer,) = await at.answered(first.ts)

        assert "grok is overloaded" in reading.text(answer)
        assert "Try again" in reading.buttons(answer)


async def test_an_answer_that_is_cut_stays_and_can_be_continued(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (at, mock):
        first = await at.say(f"<@{at.team.bot_user}> claude: cut")
        (answer,) = await at.answered(first.ts)
        before = await asked(mock)
        await at.press(answer, "Continue")
        (_, rest) = await at.answered(first.ts, count=2)
        (more,) = (await asked(mock))[len(before) :]

        assert reading.text(answer).startswith("This gets cut")
        assert "broke off" in reading.text(answer)
        assert [one["path"] for one in before] == [PATHS["claude"]]
        assert more["path"] == PATHS["claude"]
        assert "This gets cut" in str(more["body"])
        assert reading.text(rest) == "off before its end"


async def test_a_wrong_key_is_told_without_the_key(tmp_path: Path) -> None:
    async with at_work(tmp_path, XAI_API_KEY="wrong-key-123", OPENAI_API_KEY="wrong-key-456") as (at, _):
        alone = await at.say(f"<@{at.team.bot_user}> grok: hello")
        replaced = await at.say(f"<@{at.team.bot_user}> hello")
        (refused,) = await at.answered(alone.ts)
        (answer,) = await at.answered(replaced.ts)

        assert "grok refused Switchboard's key" in reading.text(refused)
        assert reading.footer(answer) == "claude · because gpt refused Switchboard's key"
        assert "wrong-key" not in str(at.slack.channels) + at.product.log


async def test_the_page_answers_in_every_dialect_too(tmp_path: Path) -> None:
    async with at_work(tmp_path, SWITCHBOARD_PAGE="on") as (at, _), at.product.visitor() as client:
        for name in PATHS:
            await send(client, f"chat-with-{name}", f"{name}: hello")
            post = await answered(client, f"chat-with-{name}")

            assert post["text"] == HELLO
            assert post["closing"]["footer"].startswith(name)


async def test_the_page_says_who_stepped_in_and_who_cannot_answer(tmp_path: Path) -> None:
    async with at_work(tmp_path, SWITCHBOARD_PAGE="on") as (at, _), at.product.visitor() as client:
        await send(client, "chat-replaced", "hello in the rush hour")
        replaced = await answered(client, "chat-replaced")
        await send(client, "chat-refused", "gemini: busy")
        refused = await answered(client, "chat-refused")
        await send(client, "chat-cut", "claude: cut")
        cut = await answered(client, "chat-cut")

        assert replaced["closing"]["footer"] == "claude · because gpt is getting too many requests"
        assert "gemini is overloaded" in refused["closing"]["notice"]
        assert "broke off" in cut["closing"]["notice"]
        assert cut["text"].startswith("This gets cut")
