"""What comes of every refusal in refusals.md: for the person, the next try, the next model, everybody else, the operator."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.catalog import Model
from bot.domain.errors import ContextTooLong, ModelError
from bot.domain.health import HealthState
from bot.settings.config_file import Policy
from bot.storage.health import RedisHealth
from bot.storage.open import Storage
from bot.storage.scripts import Scripts
from tests.conversation.stage import CLAUDE, GPT, GROK, Heard, Stage
from tests.ops.product import command
from tests.providers.fake import HELLO, KEY, Answer, fake_vendor
from tests.providers.refusals import SAID, Case, answered, cases

CASES = cases()
VAST = replace(CLAUDE, context=10_000_000)
ANYTHING = Policy()
NOW = 1_795_000_000.0
each_case = pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])


async def refused(
    case: Case, *, models: Sequence[Model] = (GROK, VAST, GPT), policy: Policy = ANYTHING
) -> tuple[Stage, Heard, ModelError]:
    """The core, in which grok's vendor answers like this every time. Claude's window has room for anything."""
    got = await answered(case)
    assert got.error is not None
    stage = Stage(models=models, policy=policy)
    stage.one.scripts = [(*got.parts, got.error)] * 2
    return stage, await stage.says("hi"), got.error


@each_case
async def test_it_is_of_one_class_and_the_person_reads_what_happened(case: Case) -> None:
    _, heard, error = await refused(case, policy=Policy(failover=False))

    assert type(error).__name__ == case.kind
    assert error.retry_after == case.wait
    assert error.operator is bool(error.mend) is (case.operator == "yes")
    assert heard.closing
    assert case.told in heard.closing.notice
    assert heard.text == (SAID if case.status == "after text" else "")


@each_case
async def test_it_is_tried_again_and_by_another_only_where_that_may_help(case: Case) -> None:
    stage, heard, _ = await refused(case)

    assert len(stage.one.asked) == (1 if case.again == "no" else 2)
    assert len(stage.two.asked) == (0 if case.another == "no" else 1)
    assert heard.closing
    assert (heard.closing.footer.split(" ")[0] == "claude") is (case.another != "no")


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.another == "larger"], ids=lambda case: case.id
)
async def test_what_was_too_long_goes_to_a_larger_window_only(case: Case) -> None:
    no_larger = replace(CLAUDE, context=1_000)
    stage, heard, error = await refused(case, models=(GROK, no_larger, GPT))

    assert isinstance(error, ContextTooLong)
    assert stage.two.asked == []
    assert heard.closing
    assert case.told in heard.closing.notice


LIMITS = {
    "openai": 128_000,
    "openai configured limit": 272_000,
    "openai minute's tokens": 30_000,
    "groq minute's tokens": 6_000,
    "claude": 200_000,
    "claude with its output": 200_000,
    "claude in the stream": 200_000,
    "claude long context not paid": 200_000,
    "gemini": 1_048_575,
    "xai": 131_072,
    "mistral": 32_768,
    "moonshot": 131_072,
    "qwen": 129_024,
    "fireworks": 131_071,
    "copilot": 128_000,
    "openrouter": 128_000,
    "openrouter passes it on as text": 8_192,
    "vllm": 4_096,
    "vllm, newer": 4_096,
    "sglang": 65_536,
    "sglang in the stream": 65_536,
    "tgi": 4_096,
    "llama.cpp": 4_096,
    "llama-cpp-python": 2_048,
    "lm studio": 4_096,
    "github models": 4_000,
    "siliconflow": 32_768,
    "sambanova": 4_096,
    "tensorrt": 4_096,
    "databricks": 8_192,
    "groq, long ago": 8_192,
    "cloudflare": 24_000,
    "litellm under 500": 200_000,
    "passed on beside no choices": 8_192,
}


async def test_the_room_that_a_vendor_says_there_is_is_understood() -> None:
    errors = {case.id: (await answered(case)).error for case in CASES}

    assert {id: error.limit for id, error in errors.items() if error and error.limit} == LIMITS


async def test_everybody_learns_of_it_what_is_true_for_everybody(storage: Storage) -> None:
    health = RedisHealth(database=storage.database, keys=storage.keys, scripts=Scripts(), clock=lambda: NOW)

    wrong = {}
    for case in CASES:
        error = (await answered(case)).error
        await health.report(case.id, error, question="one")
        first = await condition(health, case.id)
        if case.health == "two questions":
            await health.report(case.id, error, question="two")
            first = f"{first}, then {await condition(health, case.id)}"
        if first != MEANT.get(case.health, case.health):
            wrong[case.id] = first

    assert wrong == {}


MEANT = {"two questions": "alive, then down 300 s"}


async def condition(health: RedisHealth, key: str) -> str:
    """In the table's words."""
    found = (await health.conditions([key]))[key]
    away = f"down {found.until - NOW:g} s"
    return {HealthState.UP: "alive", HealthState.SLOW: "counts", HealthState.DOWN: away}[found.state]


FILE = """
[providers.v]
dialect = "openai-chat"
base_url = "{url}/v1"
api_key_env = "V_KEY"

[[models]]
name = "grok"
provider = "v"
model = "m-1"
"""
JSON = {"content-type": "application/json"}


async def test_one_persons_refused_question_leaves_the_model_to_the_others(tmp_path: Path) -> None:
    async with fake_vendor() as vendor:
        (tmp_path / "switchboard.toml").write_text(FILE.format(url=vendor.url), encoding="utf-8")
        vendor.plays["a wild thing"] = [Answer(403, JSON, b'{"error": "No. You said: a wild thing"}')]
        bad = await command(tmp_path, "chat", stdin="a wild thing", V_KEY=KEY)
        again = await command(tmp_path, "chat", stdin="a wild thing", V_KEY=KEY)
        good = await command(tmp_path, "chat", stdin="a mild one", V_KEY=KEY)
        health = await command(tmp_path, "models", V_KEY=KEY)

    assert "grok refused" in bad.out + again.out
    assert good.out.strip() == HELLO
    assert "down" not in health.out
    assert '"why": "No. You said: ' in bad.err
    assert "wild" not in bad.err


def test_the_table_is_as_large_as_the_world_is_wide() -> None:
    assert len(CASES) == len({case.id for case in CASES})
    assert len(CASES) >= 200
    assert {case.status for case in CASES} >= {"stream", "after text", "400", "403", "429", "503"}
