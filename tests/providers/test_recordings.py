"""Every recorded stream and error of a vendor, through the real transport, against what was recorded of it."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from bot.domain import errors
from bot.domain.stream_parts import Finish
from providers.dialect import Quirks
from providers.endpoint import DIALECTS
from providers.tool_calls import canonical_id
from tests.providers.expectations import expected_reason, expected_usage, same_args
from tests.providers.recordings import in_pieces, recordings
from tests.providers.test_tool_loops import went_on
from tests.providers.vendor import HELLO, Heard, heard_from, model_of

ALL = recordings("streams")
STREAMS = [stream for stream in ALL if not stream["dialect"].startswith("other:")]
EXPECTED = [stream for stream in STREAMS if stream["expected"]]
ERRORS = recordings("errors")

needs_recordings = pytest.mark.skipif(
    not ALL, reason="no shared/reference/recordings.json.gz above this checkout"
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """An expectation that does not hold for us, and why not."""

    fields: frozenset[str]
    why: str


WRONG: Mapping[str, Wrong] = {
    "c/models.test_openai_responses.test_openai_responses_thinking_part_iter~0": Wrong(
        frozenset({"reasoning"}), "its parts are joined without the blank line that people need between them"
    ),
    "v/azure.azure-reasoning-encrypted-content.1.chunks.txt": Wrong(
        frozenset({"text", "tools", "usage"}),
        "four whole responses in one body; an answer ends with the first",
    ),
    "c/models.test_groq.test_groq_model_web_search_tool_stream~0": Wrong(
        frozenset({"usage"}), "the counts are under x_groq, where the vendor's own client does not look"
    ),
}
KINDS = {
    "not_found": errors.ModelNotFound,
    "rate_limit": errors.RateLimit,
    "rejected": errors.Rejected,
    "quota": errors.Quota,
}
ENDINGS = {
    "c/models.test_groq.test_tool_use_failed_error_streaming~0": errors.Rejected,
    "c/models.test_openrouter.test_openrouter_stream_error~0": errors.Rejected,
    "v/openai.responses.openai-error.1.chunks.txt": errors.Quota,
}


def named(items: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(item, id=item["id"]) for item in items]


async def heard(stream: dict[str, Any], size: int) -> Heard:
    return await heard_from(stream["dialect"], in_pieces(stream["body"].encode(), size))


@needs_recordings
@pytest.mark.parametrize("pieces", [1, 700])
@pytest.mark.parametrize("stream", named(EXPECTED))
async def test_a_recorded_stream_gives_what_was_recorded_of_it(stream: dict[str, Any], pieces: int) -> None:
    """At once, and in so many pieces at most: short streams byte by byte."""
    size = math.ceil(len(stream["body"].encode()) / pieces)
    expected = stream["expected"]
    wrong = WRONG.get(stream["id"], Wrong(frozenset(), "")).fields

    got = await heard(stream, size)

    if "text" not in wrong:
        assert without_numbers(got.text, stream["body"]) == (expected["text"] or "")
    if "reasoning" not in wrong:
        assert got.thinking == (expected["reasoning"] or "")
    if "tools" not in wrong and expected["tools"] is not None:
        assert_same_calls(got, expected["tools"])
    if "usage" not in wrong:
        usage = expected["usage"]
        assert got.usage == (expected_usage(stream["dialect"], usage) if usage else None)
    assert_same_end(got, stream)


def without_numbers(text: str, body: str) -> str:
    """The text as the vendor sent it: Anthropic's citations stand beside it, and are numbers in ours."""
    return re.sub(r" ?\[\d+\]", "", text) if "citations_delta" in body else text


def assert_same_calls(got: Heard, tools: list[dict[str, Any]]) -> None:
    assert [call.name for call in got.calls] == [tool["name"] for tool in tools]
    assert all(same_args(call.args, tool["args"]) for call, tool in zip(got.calls, tools, strict=True))
    for call, tool in zip(got.calls, tools, strict=True):
        assert len(call.id) == 9
        assert not tool["id"] or call.id == canonical_id(tool["id"])


def assert_same_end(got: Heard, stream: dict[str, Any]) -> None:
    expected = stream["expected"]
    if expected["error"]:
        assert type(got.error) is ENDINGS[stream["id"]]
        assert got.finish is None
        return
    assert got.error is None
    assert isinstance(got.parts[-1], Finish)
    if expected["tools"] is not None:
        assert got.parts[-1].reason is expected_reason(expected)
    if expected.get("models"):
        assert got.parts[-1].model in expected["models"]


@needs_recordings
@pytest.mark.parametrize("stream", named(EXPECTED))
async def test_a_stream_cut_anywhere_gives_a_beginning_and_a_connection_error(stream: dict[str, Any]) -> None:
    body = stream["body"].encode()
    whole = await heard(stream, 4096)
    chance = Random(stream["id"])  # noqa: S311 - the same cuts in every run

    for _ in range(6):
        cut = chance.randrange(len(body))
        got = await heard_from(stream["dialect"], in_pieces(body[:cut], 4096))
        if got.finish:  # the cut lies behind the end
            assert said(got) == said(whole)
        else:
            assert isinstance(got.error, errors.Connection) or stream["expected"]["error"]
            assert all(all_.startswith(some) for some, all_ in zip(said(got), said(whole), strict=True))


def said(heard: Heard) -> tuple[str, str]:
    return heard.text, heard.thinking


@needs_recordings
@pytest.mark.parametrize("dialect", ["openai-chat", "openai-responses", "anthropic", "gemini"])
async def test_no_dialect_stumbles_over_another_ones_stream(dialect: str) -> None:
    for stream in ALL:
        got = await heard_from(dialect, in_pieces(stream["body"].encode(), 4096))
        assert got.finish or got.error


@needs_recordings
@pytest.mark.parametrize("recorded", named(ERRORS))
async def test_a_recorded_error_is_told_apart(recorded: dict[str, Any]) -> None:
    expected = recorded["expected"]

    got = await heard_from(
        recorded["dialect"],
        [recorded["body"].encode()],
        status=recorded["status"],
        headers=recorded["headers"],
    )

    assert type(got.error) is KINDS[expected["error_class"]]
    assert got.error.retry_after == expected["retry_after_s"]
    assert got.error.status == recorded["status"]


@needs_recordings
def test_the_recordings_are_the_ones_this_was_written_for() -> None:
    assert (len(STREAMS), len(EXPECTED), len(ERRORS)) == (156, 152, 27)
    assert set(WRONG) | set(ENDINGS) <= {stream["id"] for stream in STREAMS}


ITEM_DONE = "response.output_item.done"
SEALS = re.compile(r'"(?:signature|thoughtSignature|encrypted_content)":\s?"([^"]{9,})"')
CALLING = [stream for stream in EXPECTED if stream["expected"]["tools"] and stream["dialect"] in DIALECTS]


@needs_recordings
@pytest.mark.parametrize("stream", named(CALLING))
async def test_a_recorded_turn_with_calls_can_be_shown_to_its_model_again(stream: dict[str, Any]) -> None:
    got = await heard(stream, 4096)
    results = ["done" for _ in got.calls]

    call = DIALECTS[stream["dialect"]].request(
        model_of(stream["dialect"]), went_on(HELLO, got, *results), Quirks()
    )

    sent = json.dumps(call.body)
    lines = [line for line in stream["body"].splitlines() if '"response.' not in line or ITEM_DONE in line]
    for seal in SEALS.findall("\n".join(lines)):
        assert json.dumps(json.loads(f'"{seal}"'))[1:-1] in sent
