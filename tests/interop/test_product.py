"""The whole product between a Slack of our own and a model server that somebody else wrote."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.interop.aimock import FIXTURES, KEY, AIMock, aimock, needs_aimock
from tests.ops.test_running import answered, send
from tests.slack.fake import reading
from tests.slack.office import Office, office

pytestmark = needs_aimock

FRAIL = {
    "match": {"model": "frail-id"},
    "response": {"error": {"message": "Overloaded", "type": "overloaded_error"}, "status": 529},
}
DIALECTS = ("openai-chat", "openai-responses", "anthropic", "gemini")


def configured(mock: AIMock) -> str:
    """One model per dialect, and one whose substitute is Claude."""
    lines = ['default = "openai-chat-model"']
    for dialect in DIALECTS:
        lines += [
            f"[providers.p-{dialect}]",
            f'dialect = "{dialect}"',
            f'base_url = "{mock.base(dialect)}"',
            'api_key_env = "MOCK_KEY"',
            'auth = "bearer"',
            "[[models]]",
            f'name = "{dialect}-model"',
            f'provider = "p-{dialect}"',
            f'model = "{dialect}-id"',
        ]
    lines += ["[[models]]", 'name = "frail"', 'provider = "p-openai-chat"', 'model = "frail-id"']
    lines += ['fallback = ["anthropic-model"]']
    return "\n".join(lines)


@asynccontextmanager
async def at_work(folder: Path, key: str = KEY) -> AsyncIterator[tuple[Office, AIMock]]:
    async with aimock([FRAIL, *FIXTURES]) as mock:
        (folder / "switchboard.toml").write_text(configured(mock))
        async with office(folder, agent=False, MOCK_KEY=key) as at:
            yield at, mock


async def test_every_dialect_answers_in_one_thread_and_sees_what_was_said(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (at, mock):
        bot = f"<@{at.team.bot_user}>"
        first = await at.say(f"{bot} hello")
        await at.answered(first.ts)
        for count, dialect in enumerate(DIALECTS, start=2):
            await at.say(f"{dialect}-model: hello again", thread=first.ts)
            answers = await at.answered(first.ts, count=count)
            assert reading.text(answers[-1]) == "Hi there, how are you?"
            assert reading.footer(answers[-1]).startswith(f"{dialect}-model")
        last = (await mock.requests())[-1]

        seen = str(last["body"])
        assert seen.count("Hi there, how are you?") == len(DIALECTS)
        assert "hello again" in seen


async def test_a_switch_is_kept_and_the_memory_goes_along(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (at, mock):
        first = await at.say(f"<@{at.team.bot_user}> hello, I am Ada")
        await at.answered(first.ts)
        await at.say("model gemini-model", thread=first.ts)
        await at.until(lambda: any("answers in this thread" in reading.text(one) for one in at.ours()))
        await at.say("hello, who am I?", thread=first.ts)
        answers = await at.answered(first.ts, count=2)

        assert reading.footer(answers[-1]).startswith("gemini-model")
        assert "I am Ada" in str((await mock.requests())[-1]["body"])


async def test_a_busy_model_is_asked_again(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (at, mock):
        await mock.fail_next(429, message="Slow down", type="rate_limit_error")
        first = await at.say(f"<@{at.team.bot_user}> hello")
        (answer,) = await at.answered(first.ts)

        assert reading.text(answer) == "Hi there, how are you?"
        assert reading.footer(answer).startswith("openai-chat-model")
        assert len(await mock.requests()) == 2


async def test_an_overloaded_model_is_stood_in_for_and_the_footer_says_why(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (at, _):
        first = await at.say(f"<@{at.team.bot_user}> frail: hello")
        (answer,) = await at.answered(first.ts)

        assert reading.text(answer) == "Hi there, how are you?"
        assert reading.footer(answer) == "anthropic-model · because frail is overloaded"


async def test_an_answer_that_is_cut_stays_and_says_so(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (at, mock):
        first = await at.say(f"<@{at.team.bot_user}> cut")
        (answer,) = await at.answered(first.ts)

        assert reading.text(answer).startswith("This gets cut")
        assert "broke off" in reading.text(answer)
        assert "Continue" in reading.buttons(answer)
        assert len(await mock.requests()) == 1


async def test_a_wrong_key_is_told_without_the_key(tmp_path: Path) -> None:
    async with at_work(tmp_path, key="wrong-key-123") as (at, _):
        first = await at.say(f"<@{at.team.bot_user}> hello")
        (answer,) = await at.answered(first.ts)

        assert "refused Switchboard's key" in reading.text(answer)
        assert "wrong-key-123" not in str(answer) + at.product.log


async def test_the_page_answers_too(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (at, _), aiohttp.ClientSession(at.product.public) as client:
        await send(client, "chat-0000000001", "anthropic-model: hello")
        post = await answered(client, "chat-0000000001")

        assert post["text"] == "Hi there, how are you?"
        assert post["closing"]["footer"].startswith("anthropic-model")
