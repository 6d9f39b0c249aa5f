"""What a model thinks in its text stays hidden, whoever serves it; what only looks like it is text."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.stream_parts import Finish, Reason, StreamPart, Text, Thinking, Usage
from providers.credentials import ApiKey
from providers.dialect import Quirks
from providers.endpoint import Endpoint
from providers.think_tags import ThinkTags
from providers.transport import Transport
from tests.examples import examples
from tests.ops.product import command
from tests.providers.deviations import CHAT, DONE, delta
from tests.providers.fake import KEY, Say, fake_vendor
from tests.providers.speech import SPEECHES
from tests.providers.vendor import EVENTS, HELLO, Chunks, Heard, hear, heard_from, model_of, sse
from tests.stopwatch import assert_quick

SIZES = [1, 7, 4096]
TEMPLATE = "Let me see.\nTwo plus two.\n</think>\n\nFour."
PLAIN = "Four, of course."


@asynccontextmanager
async def serving(*texts: str, size: int = 7, finish: str = "stop", **quirks: Any) -> AsyncIterator[Endpoint]:
    """An endpoint that gives one answer after the other, each in pieces of so many characters."""
    left = cycle(texts)

    def respond(_: httpx.Request) -> httpx.Response:
        text = next(left)
        pieces = [delta(content=text[at : at + size]) for at in range(0, len(text), size)]
        body = sse(*map(json.dumps, pieces), json.dumps(delta(finish)), DONE)
        return httpx.Response(200, headers=EVENTS, stream=Chunks(body))

    async with Transport(wire=httpx.MockTransport(respond)) as transport:
        yield Endpoint(
            transport=transport,
            base_url="https://vendor.test",
            auth=ApiKey(scheme="none"),
            dialects={CHAT: Quirks(**quirks)},
        )


async def heard(*texts: str, reasoning: bool = False, **settings: Any) -> Sequence[Heard]:
    """What comes of one answer after the other of one model."""
    async with serving(*texts, **settings) as endpoint:
        return [await hear(endpoint, model_of(CHAT, reasoning=reasoning)) for _ in texts]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("said", "thinking", "text"),
    [
        ("<think>hm</think>hi", "hm", "hi"),
        ("<thinking>hm</thinking>hi", "hm", "hi"),
        ("<reasoning>hm</reasoning>hi", "hm", "hi"),
        ("[THINK]hm[/THINK]hi", "hm", "hi"),
        ("<thought>hm</thought>hi", "hm", "hi"),
        ("◁think▷hm◁/think▷hi", "hm", "hi"),
        (" \n\t\r\n<think>\nhm\n</think>\n\nhi", "\nhm\n", "hi"),
        ("<think>a < b, a </b, a </think b</think>hi", "a < b, a </b, a </think b", "hi"),
        ("<think>one</think>\n<think>two</think>\nhi", "onetwo", "hi"),
        ("<think></think>\n\n    hi", "", "    hi"),
        ("</think>\n\nhi", "", "hi"),
        ("<think>hm</thinking> </think>hi", "hm</thinking> ", "hi"),
        ("<think>and then", "and then", ""),
        ("<think>hm</think>hi <think>there</think>", "hm", "hi <think>there</think>"),
        ("The tag <think>hm</think> is hidden.", "", "The tag <think>hm</think> is hidden."),
        ("Say <think>\nhm\n</think>\n\nto think.", "", "Say <think>\nhm\n</think>\n\nto think."),
        ("`<think>` begins it.", "", "`<think>` begins it."),
        ("```\nhm\n</think>\nhi\n```\n", "", "```\nhm\n</think>\nhi\n```\n"),
        ("It ends with `</think>`\nalways.", "", "It ends with `</think>`\nalways."),
        ("A </think> ends it.", "", "A </think> ends it."),
        ("<thanks>", "", "<thanks>"),
        ("<thi", "", "<thi"),
        ("1 <", "", "1 <"),
        ("a </think", "", "a </think"),
        ("\n  hi", "", "\n  hi"),
    ],
)
async def test_only_a_tag_at_the_start_of_an_answer_hides_anything(
    said: str, thinking: str, text: str, size: int
) -> None:
    (got,) = await heard(said, size=size)

    assert (got.thinking, got.text, got.error) == (thinking, text, None)


@pytest.mark.parametrize("dialect", SPEECHES)
async def test_every_dialect_hides_it(dialect: str) -> None:
    speech = SPEECHES[dialect]
    words = [speech.word(text) for text in ("<thi", "nk>hm</th", "ink>", "hi")]

    got = await heard_from(dialect, [speech.opening(), *words, speech.closing()])

    assert (got.thinking, got.text) == ("hm", "hi")


@pytest.mark.parametrize("size", SIZES)
async def test_thoughts_without_an_opening_tag_are_shown_once_behind_a_rule_and_hidden_from_then_on(
    size: int,
) -> None:
    first, *later = await heard(TEMPLATE, TEMPLATE, TEMPLATE, size=size)

    assert first.text == "Let me see.\nTwo plus two.\n\n\n---\n\nFour."
    for got in later:
        assert (got.thinking, got.text) == ("Let me see.\nTwo plus two.\n", "Four.")


async def test_an_ordinary_answer_is_never_held_back() -> None:
    (got,) = await heard("One two three.", size=4)

    assert [part.text for part in got.parts if isinstance(part, Text)] == ["One ", "two ", "thre", "e."]


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_taken_for_thoughts_is_said_at_the_end_and_once_only(size: int) -> None:
    _, wrong, right = await heard(TEMPLATE, PLAIN, PLAIN, size=size)

    assert (wrong.text, right.text) == (PLAIN, PLAIN)
    assert wrong.thinking
    assert not right.thinking


async def test_an_answer_that_began_before_does_not_undo_what_was_learned() -> None:
    model = model_of(CHAT)
    async with (
        serving(PLAIN, TEMPLATE, TEMPLATE) as endpoint,
        aclosing(endpoint.stream(model, HELLO)) as slow,
    ):
        await anext(slow)
        await hear(endpoint, model)
        rest = [part async for part in slow]
        last = await hear(endpoint, model)

    assert isinstance(rest[-1], Finish)
    assert last.text == "Four."


async def test_thoughts_that_reach_the_limit_are_not_said_at_the_end() -> None:
    (got,) = await heard("Let me see", finish="length", think_tags=True, reasoning=True)

    assert (got.thinking, got.text) == ("Let me see", "")
    assert got.finish == Finish(reason=Reason.LENGTH)


async def test_a_tag_that_thoughts_speak_of_does_not_end_them() -> None:
    said = "I end with `</think>` then.\n</think>\nhi"

    (got,) = await heard(said, think_tags=True, reasoning=True)

    assert (got.thinking, got.text) == ("I end with `</think>` then.\n", "hi")


async def test_what_the_operator_says_holds_from_the_first_answer() -> None:
    (template,) = await heard(TEMPLATE, think_tags=True, reasoning=True)
    (modest,) = await heard(PLAIN, think_tags=True)
    (text,) = await heard("<think>hm</think>hi", think_tags=False)

    assert (template.thinking, template.text) == ("Let me see.\nTwo plus two.\n", "Four.")
    assert (modest.thinking, modest.text) == ("", PLAIN)
    assert (text.thinking, text.text) == ("", "<think>hm</think>hi")


async def test_a_server_that_sends_thoughts_apart_has_none_in_the_text() -> None:
    tags = ThinkTags(unopened=True)

    told = [*tags.parts(Thinking("hm")), *tags.parts(Text("hi")), *tags.parts(Finish(reason=Reason.STOP))]

    assert told == [Thinking("hm"), Text("hi"), Finish(reason=Reason.STOP)]


FILE = """
[providers.own]
dialect = "openai-chat"
base_url = "{url}/v1"
api_key_env = "OWN_KEY"

[[models]]
name = "own"
provider = "own"
model = "m-1"
"""


async def test_people_see_a_rule_behind_the_first_thoughts(tmp_path: Path) -> None:
    async with fake_vendor() as vendor:
        vendor.plays["Two and two?"] = [Say("Let me count.\n</think>\n\nIt is four.")]
        (tmp_path / "switchboard.toml").write_text(FILE.format(url=vendor.url), encoding="utf-8")
        said = await command(tmp_path, "chat", stdin="own: Two and two?", OWN_KEY=KEY)

    thoughts, answer = said.out.split("---")
    assert (thoughts.strip(), answer.strip()) == ("Let me count.", "It is four.")


@pytest.mark.parametrize(
    "said",
    [
        "</think>" * 200_000,
        "<think></think>" * 100_000,
        "x\n</think>x" * 100_000,
        "`</think>`" * 100_000,
        "<" * 1_000_000,
    ],
)
@pytest.mark.parametrize("unopened", [False, True])
@pytest.mark.parametrize("size", [50, 1_000_000])
def test_any_number_of_tags_is_read_in_linear_time(said: str, unopened: bool, size: int) -> None:
    def told() -> list[StreamPart]:
        tags = ThinkTags(unopened=unopened)
        return [part for at in range(0, len(said), size) for part in tags.parts(Text(said[at : at + size]))]

    assert sum(len(part.text) for part in told() if isinstance(part, Text | Thinking)) <= len(said) + 10
    assert_quick(told)


WORDS = st.sampled_from(
    ["<think>", "</think>", "[THINK]", "[/THINK]", "<", "</th", "`", "```", "\n", "\r\n", " ", "hm", "hi 🦭"]
)
CUTS = st.lists(st.integers(0, 60), max_size=6)


@settings(max_examples=examples(200), deadline=None)
@given(words=st.lists(WORDS, max_size=12), cuts=CUTS, unopened=st.booleans())
def test_where_the_pieces_are_cut_makes_no_difference(
    words: list[str], cuts: list[int], unopened: bool
) -> None:
    said = "".join(words)
    at = sorted({0, len(said), *(cut for cut in cuts if cut < len(said))})
    pieces = [said[a:b] for a, b in pairwise(at)]

    assert told(pieces, unopened) == told([said], unopened)


def told(pieces: Sequence[str], unopened: bool) -> tuple[list[StreamPart], bool | None]:
    """All parts, with neighbours of a kind as one, and what was learned of the model."""
    tags = ThinkTags(unopened=unopened)
    ending: list[StreamPart] = [Usage(input=1), Finish(reason=Reason.STOP)]
    joined: list[StreamPart] = []
    for part in [*map(Text, pieces), *ending]:
        for one in tags.parts(part):
            last = joined[-1] if joined else None
            if isinstance(last, Text) and isinstance(one, Text):
                joined[-1] = Text(last.text + one.text)
            elif isinstance(last, Thinking) and isinstance(one, Thinking):
                joined[-1] = Thinking(last.text + one.text)
            else:
                joined.append(one)
    return joined, tags.learned
