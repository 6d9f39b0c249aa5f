"""Whatever a model writes, in whatever pieces it comes: nothing in Slack is live, nothing is lost, nothing fails."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.slack.outbound.rendering import blocks, layout
from adapters.slack.outbound.rendering.page import GrowingPage
from adapters.slack.outbound.rendering.paging import PAGE, Cut, pages
from adapters.slack.outbound.rendering.preview import JOINER, preview
from bot.domain.stream_parts import Closing, Reason, Text
from tests.contracts.conversations import words
from tests.contracts.sinks import flowing
from tests.doubles import FakeTurnHandle
from tests.examples import examples
from tests.slack.fake import blocks as limits
from tests.slack.fake import reading
from tests.slack.fake.world import Message
from tests.slack.outputs import DOCUMENT, HOSTILE, SIZES, Written, chunks
from tests.slack.places import SlackPlace, bot_in_slack

DONE = Closing(reason=Reason.STOP, footer="demo answered")
SHOWN = settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=examples(40), deadline=None)


@pytest.fixture
async def place() -> AsyncGenerator[SlackPlace, None]:
    async with bot_in_slack(limits=False) as bot:
        place = SlackPlace(bot)
        await place.enter()
        yield place


def message(source: str) -> Message:
    """The finished message that shows a text, after Slack's own checks."""
    content = layout.finished(source, DONE)
    limits.check(content["blocks"])
    return Message(
        ts="1.1", channel="C1", user="U", text=content["text"], blocks=content["blocks"], verbatim=True
    )


def seen(source: str) -> str:
    return words(reading.text(message(source)))


async def show(place: SlackPlace, parts: list[str]) -> list[Message]:
    place.move()
    turn_handle = FakeTurnHandle(id=f"turn-{place.root}")
    await place.sink(turn_handle).show(flowing([*(Text(part) for part in parts), DONE]))
    return [one for one in place.place.messages.values() if one.bot_id and one.thread_ts == place.root]


def spoken(*texts: str) -> str:
    """The words alone: aligned tables, quoted lists and rules add a few strokes of their own."""
    return words(words(*texts).translate(str.maketrans("|•—", "   ")))


def refusals(place: SlackPlace) -> list[Any]:
    return [
        (call.method, call.answer["error"])
        for call in place.bot.fake.slack.calls
        if not call.answer.get("ok", True)
    ]


@SHOWN
@given(document=DOCUMENT, sizes=SIZES)
async def test_documents_are_shown_word_for_word(
    place: SlackPlace, document: Written, sizes: list[int]
) -> None:
    shown = await show(place, chunks(document.source, sizes))

    assert spoken(*(reading.text(one) for one in shown)) == spoken(document.visible)
    assert [reading.live(one) for one in shown] == [[]] * len(shown)
    assert refusals(place) == []


@SHOWN
@given(text=HOSTILE, sizes=SIZES)
async def test_hostile_output_is_never_live_and_never_an_error(
    place: SlackPlace, text: str, sizes: list[int]
) -> None:
    live: list[str] = []
    watch = live.extend

    def look(one: Message) -> None:
        watch(reading.live(one) if one.bot_id else [])

    place.bot.fake.slack.watchers.append(look)
    shown = await show(place, chunks(text, sizes))
    place.bot.fake.slack.watchers.remove(look)

    assert live == []
    assert refusals(place) == []
    assert [reading.footer(one) for one in shown] == ["demo answered"]


@MANY
@given(text=st.one_of(HOSTILE, st.text(max_size=400)))
def test_any_text_makes_blocks_that_slack_accepts(text: str) -> None:
    made = message(text)

    assert reading.live(made) == []
    assert len(made.text) <= 3_900


@MANY
@given(document=DOCUMENT, size=st.integers(1, 30))
def test_a_preview_only_ever_grows(document: Written, size: int) -> None:
    sent, page = "", GrowingPage()
    for at in range(size, len(document.source) + size, size):
        shown = page.preview(document.source[:at])

        assert reading.live_markdown(shown) == []
        assert shown.startswith(sent)
        sent = shown


@MANY
@given(text=st.one_of(HOSTILE, DOCUMENT.map(lambda one: one.source)), size=st.integers(1, 30))
def test_a_page_that_grew_ends_as_one_that_came_at_once(text: str, size: int) -> None:
    by_edits, streamed = GrowingPage(), GrowingPage()
    for at in range(size, len(text) + size, size):
        limits.check(by_edits.grown(text[:at]))
        streamed.preview(text[:at])
    streamed.grown(text)

    assert by_edits.finished(text) == streamed.finished(text) == blocks.to_blocks(text)


def test_what_is_finished_in_a_page_is_rendered_once() -> None:
    page, text = GrowingPage(), "```py\nx = 1\n```\n\n- one\n- two\n\nThe end\nof it"
    (earlier,) = page.grown(text)
    (later,) = page.grown(f"{text} is not yet here.\n\nIt comes now.")

    assert [new is old for new, old in zip(later["elements"], earlier["elements"], strict=False)] == [
        True,
        True,
        False,
    ]


def test_a_page_may_end_earlier_than_it_was_drawn() -> None:
    page, whole = GrowingPage(), "One **thing**.\n\nAnother *thing*.\n\nA third"
    page.grown(whole)
    page.preview(whole)

    assert page.finished(whole[:32]) == blocks.to_blocks(whole[:32])
    assert page.grown(whole) == blocks.to_blocks(whole)


@MANY
@given(
    document=st.lists(DOCUMENT, min_size=1, max_size=6), page=st.integers(150, 600), size=st.integers(1, 200)
)
def test_pages_hold_everything_and_never_move(document: list[Written], page: int, size: int) -> None:
    text = "\n\n".join(one.source for one in document)
    cuts: list[Cut] = []
    before: list[str] = []
    for at in range(size, len(text) + size, size):
        now = pages(text[:at], cuts, page=page)
        assert now[: max(0, len(before) - 1)] == before[:-1]
        before = now

    ends = [cut.end for cut in cuts]
    assert ends == sorted(ends)
    assert all(len(one.encode()) <= page + 210 for one in before)
    whole = "".join(text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True))
    assert whole == text


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("[docs](https://docs.python.org/3/)", "docs (docs.python.org)"),
        ("[docs.python.org](https://docs.python.org)", "docs.python.org"),
        ("[https://bank.example](https://evil.example/x)", "https://bank.example (https://evil.example/x)"),
        ("[bank.example](https://evil.example/x)", "bank.example (https://evil.example/x)"),
        ("[x](javascript:alert(1))", "x (javascript:alert(1))"),
        ("[x](https://user:pass@evil.example)", "x (https://user:pass@evil.example)"),
        ("<https://evil.example|https://bank.example>", "<https://evil.example|https://bank.example>"),
        ("![a chart](https://evil.example/p.png?q=1)", "a chart (https://evil.example/p.png?q=1)"),
        ("[x][1]\n\n[1]: https://evil.example", "x (evil.example)"),
        ("[README.md](https://site.example/r)", "README.md (site.example)"),
        ("[Node.js docs](https://site.example/r)", "Node.js docs (site.example)"),
        ("[x](https://\u0435xample.com/a)", "x (xn--xample-2of.com)"),
        ("see https://a.example/x.", "see https://a.example/x."),
        ("a\u202eb", "ab"),
        ("- [ ] open\n- [x] done", "☐ open ☑ done"),
        ("&lt;!channel&gt; &amp; &copy;", "<!channel> & ©"),
        ("<div>text</div>", "<div>text</div>"),
        (":tada: @channel", ":tada: @channel"),
        ("42.", "42."),
        ("Water[^1].\n\n[^1]: Or *ice*.", "Water[1]. [1] Or ice."),
        (r"so \(a_1 * b_2 * c\) and $$x^2$$", r"so \(a_1 * b_2 * c\) and $$x^2$$"),
        ("H<sub>2</sub>O<br>and <b>more</b>", "H₂O and more"),
        ("roses\nare red", "roses are red"),
        ("0. zero\n1. one", "0. zero 1. one"),
        ("**注意。**这是", "注意。这是"),
    ],
    ids=range(25),
)
def test_what_a_person_reads(source: str, shown: str) -> None:
    assert seen(source) == shown


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x.png",
        "https://evil.example/a/b.GIF?q=1",
        "javascript:x",
        "data:text/html,x",
        "file:///etc",
        "//evil.example",
    ],
    ids=range(6),
)
def test_addresses_that_could_be_fetched_or_run_are_never_links(url: str) -> None:
    made = blocks.to_blocks(f"[x]({url}) and {url}")

    assert '"link"' not in str(made).replace("'", '"')


def test_code_keeps_its_language_and_every_character() -> None:
    (made,) = blocks.to_blocks("```python\nif a < b and c:\n    print('<!channel>')\n```")

    assert made["elements"] == [
        {
            "type": "rich_text_preformatted",
            "elements": [{"type": "text", "text": "if a < b and c:\n    print('<!channel>')"}],
            "language": "python",
        }
    ]


def test_a_text_with_more_headings_than_blocks_fits_is_kept_whole() -> None:
    source = "".join(f"# Heading {n}\n\ntext {n}\n\n" for n in range(90))
    made = blocks.to_blocks(source)

    limits.check(made)
    assert all(f"Heading {n}" in str(made) for n in range(90))


def test_a_cut_in_code_closes_and_reopens_the_fence() -> None:
    text = "Intro\n\n```py\n" + "print('a long line of code')\n" * 900 + "```\n\nEnd."
    parts = pages(text, [])

    assert len(parts) == 3
    assert all(len(part.encode()) <= PAGE + 10 for part in parts)
    assert all(part.count("```") == 2 for part in parts)
    assert all(part.startswith("```py\n") for part in parts[1:])


def test_a_cut_in_quoted_code_stays_in_the_quote() -> None:
    first, *others = pages("> ```python\n" + "> a line of code in a quote\n" * 900, [])

    assert first.endswith("\n> ```")
    assert others
    assert all(part.startswith("> ```python\n> a line") for part in others)


def test_a_cut_in_a_table_repeats_its_head() -> None:
    text = "| a | b |\n|---|---|\n" + "".join(f"| {n} | a cell with words |\n" for n in range(700))
    parts = pages(text, [])

    assert len(parts) > 1
    assert all(part.startswith("| a | b |\n|---|---|\n") for part in parts)


def test_a_preview_parts_what_slack_would_read_as_a_command() -> None:
    shown = preview("Say <!channel> and `<!here>` and:\n\n```\n<@U1>\nnext\n")

    assert "&lt;!channel&gt;" in shown
    assert f"`<{JOINER}!here>`" in shown
    assert f"<{JOINER}@U1>" in shown


@pytest.mark.parametrize(
    "source",
    [
        "``` a `` ![x](https://evil.example/?q=1) ```",
        "`a`` ![x](https://evil.example)`` b`",
        "words\n\n    ```\n    ![x](https://evil.example/?q=1)",
        "~~~\n```\n![x](https://evil.example/)\n~~~",
        "````\n```\n![x](https://evil.example/)\n````",
        "| a |\n|---|\n| `x \\| ![i](https://evil.example/)` |",
    ],
)
def test_no_code_ends_earlier_in_a_preview_than_it_does(source: str) -> None:
    shown = preview(f"{source}\n\nthe end")

    assert "evil.example" in shown
    assert reading.live_markdown(shown) == []
    assert shown.count("```") in (0, 2)


def test_a_bare_address_with_letters_of_another_alphabet_is_followed_by_its_host() -> None:
    address = "https://b\u0430nk.example/a"

    assert blocks.to_blocks(f"\u770b{address}")[0]["elements"][0]["elements"] == [
        {"type": "text", "text": "\u770b"},
        {"type": "link", "url": address, "text": address},
        {"type": "text", "text": " (xn--bnk-6cd.example)"},
    ]


def test_an_address_behind_a_letter_is_in_code_in_a_preview() -> None:
    assert preview("\u770bhttps://evil.example/p.png\n\n") == "\u770b`https://evil.example/p.png`"
