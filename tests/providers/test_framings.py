"""Whole and oddly framed answers arrive, over real HTTP, in whatever pieces their bytes come."""

import json
from random import Random

import pytest

from bot.domain import errors
from bot.domain.catalog import Model
from bot.domain.stream_parts import Text
from providers.joined_parts import together
from providers.transport import Transport
from tests.providers.fake import InPieces, fake_vendor
from tests.providers.framings import FRAMINGS, Framing
from tests.providers.test_transport import endpoint
from tests.providers.vendor import Heard, hear, heard_from

MODEL = Model(name="it", provider="fake", model="m-1")


def assert_as_framed(got: Heard, framing: Framing) -> None:
    assert type(got.error) is (framing.error or type(None))
    assert framing.says in str(got.error)
    assert (got.text, got.thinking) == (framing.text, framing.thinking)
    assert tuple((call.name, json.loads(call.args)) for call in got.calls) == framing.calls
    assert got.usage == framing.usage
    assert (got.finish.reason if got.finish else None) is framing.reason


@pytest.mark.parametrize("framing", [pytest.param(framing, id=framing.id) for framing in FRAMINGS])
async def test_an_answer_arrives_however_it_is_framed(framing: Framing) -> None:
    async with fake_vendor() as vendor, Transport() as transport:
        for size in (1, 7, 4096):
            vendor.plays["hello"] = [InPieces(framing.body, size, framing.content_type, framing.cut)]
            got = await hear(endpoint(transport, vendor.url, framing.dialect), MODEL)

            assert_as_framed(got, framing)


@pytest.mark.parametrize("framing", [pytest.param(framing, id=framing.id) for framing in FRAMINGS])
async def test_an_answer_does_not_depend_on_where_its_bytes_are_split(framing: Framing) -> None:
    chance = Random(framing.id)  # noqa: S311 - the same pieces in every run
    whole = await heard_from(framing.dialect, [framing.body])

    for _ in range(5):
        cuts = sorted(chance.sample(range(len(framing.body) + 1), min(8, len(framing.body))))
        pieces = [framing.body[a:b] for a, b in zip([0, *cuts], [*cuts, len(framing.body)], strict=True)]
        got = await heard_from(framing.dialect, pieces)

        assert [*together(got.parts)] == [*together(whole.parts)]
        assert type(got.error) is type(whole.error)


@pytest.mark.parametrize("dialect", ["openai-chat", "openai-responses", "anthropic", "gemini"])
async def test_an_answer_needs_no_content_type(dialect: str) -> None:
    framing = next(one for one in FRAMINGS if one.id == f"{dialect} as nothing")

    got = await heard_from(dialect, [framing.body], headers={})

    assert_as_framed(got, framing)


@pytest.mark.parametrize(
    ("dialect", "said"),
    [
        ("openai-chat", b'{"choices":[{"delta":{"content":"hi"}}]}\n{"choices":'),
        ("gemini", b'[{\n "candidates": [\n  {"content": {"parts": [{"text": "hi"}]}}\n ]\n}\n,\n{\n'),
    ],
)
async def test_json_that_grows_is_shown_as_it_grows(dialect: str, said: bytes) -> None:
    got = await heard_from(dialect, [said])

    assert got.parts == [Text("hi")]
    assert type(got.error) is errors.Connection
