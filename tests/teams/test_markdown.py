"""What people see of a model's Markdown in Teams, and what it can never become."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.teams.outbound.rendering.markdown import MarkdownStream
from tests.examples import examples
from tests.teams.eyes import links, live


def rendered(text: str, *, extended: bool = False) -> str:
    flow = MarkdownStream(extended=extended)
    flow.feed(text)
    return flow.whole()


PIECES = st.one_of(
    st.sampled_from(
        [
            "`",
            "``",
            "```",
            "~~~",
            "[",
            "]",
            "(",
            ")",
            "![",
            "](",
            "[1]:",
            "[a]:",
            "<",
            ">",
            "</",
            "<at>",
            "</at>",
            "<at",
            "<img",
            "<b>",
            "<!--",
            "\\",
            "&",
            "&lt;",
            "&lt;",
            "&#60;",
            "|",
            "*",
            "**",
            "_",
            "#",
            "##",
            "-",
            "---",
            "1.",
            ">",
            "+",
            "~",
            ":",
            "!",
            "@",
            "=",
            "\n",
            "\n",
            "\n",
            "\n\n",
            "```",
            "\t",
            "https://evil.example/x",
            "http://b.example",
            "javascript:alert(1)",
            "a",
            "word",
            "é",
            "😀",
            '"title"',
            "[x]",
            "[[1]](https://a.example)",
            "|",
            "a",
            "|",
            "b",
            "|",
            "|---|---|",
            "\u202e",
            "\u200b",
        ]
    ),
    st.sampled_from([" ", "\n", "\n    ", "  \n", "\r\n"]),
)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_text_becomes_a_mention_an_image_or_html(text: str) -> None:
    assert live(rendered(text)) == []


CONSTRUCTS = st.sampled_from(
    [
        "[1](https://a.example)",
        "[a](https://b.example)",
        "![i](https://evil.example/p.png)",
        "![i][1]",
        "[1]: https://evil.example",
        "[[1]](https://a.example)",
        "<https://a.example/>",
        "<https://a.example/",
        "(https://evil.example)",
        "[1]",
        "!",
        "!!",
        "[",
        "]",
        ":",
        "\\",
        "`",
        "&",
        "\n",
        " ",
    ]
)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(CONSTRUCTS, max_size=8).map("".join))
def test_nothing_beside_a_link_makes_more_of_it(text: str) -> None:
    assert live(rendered(text)) == []
    assert not [url for label, url in links(rendered(text)) if label == "1"]


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(PIECES | CONSTRUCTS, max_size=30).map("".join),
    st.lists(st.integers(1, 9), min_size=1, max_size=9),
)
def test_what_was_shown_is_never_taken_back(text: str, sizes: list[int]) -> None:
    flow, shown, at, turn = MarkdownStream(), "", 0, 0
    while at < len(text):
        step = sizes[turn % len(sizes)]
        flow.feed(text[at : at + step])
        now = flow.shown()
        assert now.startswith(shown)
        at, turn, shown = at + step, turn + 1, now

    whole = flow.whole()
    assert whole.startswith(shown)
    assert whole == rendered(text)


CASES = [
    ("plain words", "The tide comes twice.", "The tide comes twice."),
    ("emphasis", "**bold** and *it* and ~~no~~", "**bold** and *it* and ~~no~~"),
    ("a heading", "## The tide\nIt comes.", "**The tide**\nIt comes."),
    ("a bold heading", "# **The tide** #", "**The tide**"),
    ("a rule", "a\n\n---\n\nb", "a\n\n———\n\nb"),
    ("a list", "- one\n- two\n  1. three", "- one\n- two\n  1. three"),
    ("tasks", "- [ ] open\n- [x] done", "- ☐ open\n- ☑ done"),
    ("a quote", "> said <b>he</b>", "> said &lt;b>he&lt;/b>"),
    ("code", "```python\nif a < b: print('<b>')\n```", "```python\nif a < b: print('<b>')\n```"),
    ("code with a mention", "```\n<at>x</at> <img src=y>\n```", "```\n&lt;at>x&lt;/at> <img src=y>\n```"),
    ("indented code", "1. do:\n   ```sh\n   ls\n   ```\n2. then", "1. do:\n```sh\nls\n```\n2. then"),
    ("code that never ends", "```\nls", "```\nls\n```"),
    ("tildes", "~~~\n```\n~~~", "```\n'''\n```"),
    ("a code span", "use `<br>` or `a < b`", "use `<br>` or `a < b`"),
    ("a lone backtick", "a ` b <b>", "a &#96; b &lt;b>"),
    ("html", "<b>x</b><script>y</script>", "&lt;b>x&lt;/b>&lt;script>y&lt;/script>"),
    ("a mention", "<at>Everyone</at> hi", "&lt;at>Everyone&lt;/at> hi"),
    ("a link", "[the docs](https://example.com/a_b)", "[the docs](https://example.com/a_b)"),
    ("a link with a title", '[docs](https://example.com "x")', "[docs](https://example.com)"),
    ("a link that lies", "[https://bank.example](https://evil.example/x)", "[https://evil.example/x](https://evil.example/x)"),
    ("an honest address", "[www.bank.example/a](https://bank.example/a)", "[www.bank.example/a](https://bank.example/a)"),
    ("a script link", "[x](javascript:alert(1))", "x (javascript:alert(1))"),
    ("an image", "![pixel](https://evil.example/p.png?q=1)", "[pixel](https://evil.example/p.png?q=1)"),
    ("an image by reference", "![pixel][1]\n\n[1]: https://evil.example/p.png", "pixel\n\n[1] https://evil.example/p.png"),
    ("an image behind a mark", "!![a](https://evil.example/p)", r"\![a](https://evil.example/p)"),
    ("an image in an autolink", "<https://a.example/![x](https://b.example/p)>", "&lt;https://a.example/[x](https://b.example/p)>"),
    ("a link in an autolink", "<https://a.example/[bank.example](https://b.example)>", "&lt;https://a.example/[https://b.example](https://b.example)>"),
    ("a source that leads elsewhere", "[1](https://a.example)(https://evil.example)", "[1]&#40;https://evil.example)"),
    ("a source that defines itself", "[1](https://a.example): https://evil.example", "[1]&#58; https://evil.example"),
    ("a source that is no link", "as [1] says", "as [1] says"),
    ("a label over two lines", "[https://bank.example\n](https://evil.example)", "\\[https://bank.example\n](https://evil.example)"),
    ("a label in wide letters", "[\uff42ank\uff0eexample](https://evil.example)", "[https://evil.example](https://evil.example)"),
    ("joy", "Great!!! [docs](https://example.com)", "Great!!! [docs](https://example.com)"),
    ("an autolink", "<https://example.com>", "https://example.com"),
    ("invisible signs", "a\u202eb\u200bc 👨‍👩‍👧", "abc 👨‍👩‍👧"),
    ("an ampersand", "Q&A &amp; more &nope", "Q&A &amp; more &nope"),
    ("generics", "a List<String> b", "a List&lt;String> b"),
    ("a small table", "| a | b |\n|---|--:|\n| 1 | **two** |\n\nend", "```\na  b\n-  ---\n1  two\n```\n\nend"),
    ("a pipe", "a | b", "a | b"),
    ("a line that only looks like a table", "| a |\ntext", "| a |\ntext"),
    ("our own escapes", r"“gpt\-5\.1” \<x\> \*not bold\*", r"“gpt\-5.1” &lt;x\> \*not bold\*"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "expected"), CASES, ids=[case[0] for case in CASES])
def test_markdown_is_shown_as_teams_can(what: str, text: str, expected: str) -> None:
    assert rendered(text) == expected


def test_a_wide_table_becomes_a_list() -> None:
    wide = "w" * 60
    text = f"| name | about |\n|---|---|\n| {wide} | {wide} |\n| b_c | |"

    assert rendered(text) == f"- **{wide}**\n  - about: {wide}\n- **b\\_c**"


def test_extended_markdown_keeps_tables_headings_and_tasks() -> None:
    text = "# A\n\n| a | b |\n|---|---|\n| <b> | 2 |\n\n- [x] done\n\n![i](https://x.example/i.png)"

    assert (
        rendered(text, extended=True)
        == "# A\n\n| a | b |\n|---|---|\n| &lt;b> | 2 |\n\n- [x] done\n\n[i](https://x.example/i.png)"
    )


def test_numbered_links_are_sources() -> None:
    flow = MarkdownStream()
    flow.feed("So it is [[1]](https://a.example/x) and [2].\n\n[2]: https://b.example/y")

    assert flow.whole() == "So it is [1] and [2].\n\n[2] https://b.example/y"
    assert [(source.number, source.name) for source in flow.sources] == [(1, "a.example"), (2, "b.example")]


def test_a_long_line_shows_while_it_is_written() -> None:
    flow = MarkdownStream()
    flow.feed("The tide comes twice a day because **the Moon")

    assert flow.shown() == "The tide comes twice a day because **the Moon"


def test_a_table_is_kept_back_until_it_is_complete() -> None:
    flow = MarkdownStream()
    flow.feed("Look:\n\n| a | b |\n|---|---|\n| 1 |")
    assert flow.shown() == "Look:"

    flow.feed(" 2 |\n\nSo.")
    assert flow.shown() == "Look:\n\n```\na  b\n-  -\n1  2\n```\n\nSo."
