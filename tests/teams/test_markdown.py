"""What people see of a model's Markdown in Teams, and what it can never become."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapters.teams.outbound.rendering.inline import LineWriter
from adapters.teams.outbound.rendering.markdown import ShownMarkdown
from adapters.teams.outbound.rendering.marks import GAP
from adapters.teams.outbound.rendering.runs import lines_of
from bot.document.nodes import Emphasis, Paragraph, Strike, Strong
from bot.document.reading import parse
from tests.examples import examples
from tests.stopwatch import processor_seconds
from tests.teams.eyes import PARSER, links, live


def rendered(text: str, *, extended: bool = False) -> str:
    return ShownMarkdown(extended=extended).finished(text)


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
            "$x$",
            "$$",
            "\\(a < b\\)",
            "<br>",
            "**「",
            "」**",
            "[^1]",
            "[^1]: ",
        ]
    ),
    st.sampled_from([" ", "\n", "\n    ", "  \n", "\r\n"]),
)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join), st.booleans())
def test_no_text_becomes_a_mention_an_image_or_html(text: str, extended: bool) -> None:
    flow = ShownMarkdown(extended=extended)

    assert live(flow.steady(text)) == []
    assert live(flow.grown(text)) == []
    assert live(flow.finished(text)) == []


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
    flow, shown, at, turn = ShownMarkdown(extended=False), "", 0, 0
    while at < len(text):
        at, turn = at + sizes[turn % len(sizes)], turn + 1
        now = flow.steady(text[:at])
        assert now.startswith(shown)
        shown = now


SPEECH = st.lists(
    st.sampled_from(
        [
            "The tide comes. ",
            "It is **bold**, ",
            "*so* `it goes` and ",
            "**「潮汐」**です",
            "see [docs](https://example.com/a_b) ",
            "[[1]](https://nasa.example) ",
            "as ~~never~~ before\n",
            "\n\n",
            "\n- an item",
            "\n- [x] done",
            "\n  - below it",
            "\n1. first",
            "\n\n## Heading **x**\n\n",
            "\n\n```py\nx = [1] < 2\n\ny = `z`\n```\n\n",
            "\n   ```\n   code\n   ```\n   more",
            "\n\n| a | b |\n|---|--:|\n| 1 | [x](https://x.example) |\n\n",
            "\n> quoted\n\n",
            "\n\n---\n\n",
            " $x_1$ and \\(a < b\\)",
            "\n\n$$\nE = mc^2\n$$\n\n",
            "https://a.example/b_c. ",
            "5 * 3 < 20 & a_b_c | d ",
            "(1) C# <b>x</b> a<br>b ",
        ]
    ),
    max_size=14,
).map("".join)


@settings(max_examples=examples(100), deadline=None)
@given(SPEECH, st.lists(st.integers(1, 30), min_size=1, max_size=9), st.booleans())
def test_a_whole_answer_begins_with_what_was_streamed(text: str, sizes: list[int], extended: bool) -> None:
    flow, shown, at, turn = ShownMarkdown(extended=extended), "", 0, 0
    while at < len(text):
        at, turn = at + sizes[turn % len(sizes)], turn + 1
        shown = flow.steady(text[:at])

    whole = flow.finished(text)
    assert whole.startswith(shown)
    assert whole == rendered(text, extended=extended)


CASES = [
    ("plain words", "The tide comes twice.", "The tide comes twice."),
    ("emphasis", "**bold** and *it* and ~~no~~", "**bold** and *it* and ~~no~~"),
    ("a heading", "## The tide\nIt comes.", "**The tide**\n\nIt comes."),
    ("a bold heading", "# **The tide** #", "**The tide**"),
    ("a rule", "a\n\n---\n\nb", "a\n\n———\n\nb"),
    ("a list", "- one\n- two\n  1. three", "- one\n- two\n  1. three"),
    ("tasks", "- [ ] open\n- [x] done", "- ☐ open\n- ☑ done"),
    ("a quote", "> said <b>he</b>", "> said **he**"),
    ("code", "```python\nif a < b: print('<b>')\n```", "```python\nif a < b: print('<b>')\n```"),
    ("code with a mention", "```\n<at>x</at> <img src=y>\n```", "```\n&lt;at>x&lt;/at> <img src=y>\n```"),
    ("indented code", "1. do:\n   ```sh\n   ls\n   ```\n2. then", "1. do:\n   ```sh\n   ls\n   ```\n2. then"),
    ("code that never ends", "```\nls", "```\nls\n```"),
    ("tildes", "~~~\n```\n~~~", "````\n```\n````"),
    ("a code span", "use `<br>` or `a < b`", "use `<br>` or `a < b`"),
    ("a lone backtick", "a ` b <b>", "a \\` b &lt;b>"),
    ("html", "<b>x</b><script>y</script>", "**x**&lt;script>y&lt;/script>"),
    ("a mention", "<at>Everyone</at> hi", "&lt;at>Everyone&lt;/at> hi"),
    ("a link", "[the docs](https://example.com/a_b)", "[the docs](https://example.com/a_b)"),
    ("a link with a title", '[docs](https://example.com "x")', "[docs](https://example.com)"),
    ("a link that lies", "[https://bank.example](https://evil.example/x)", "[https://evil.example/x](https://evil.example/x)"),
    ("an honest address", "[www.bank.example/a](https://bank.example/a)", "[www.bank.example/a](https://bank.example/a)"),
    ("a script link", "[x](javascript:alert(1))", "x (`javascript:alert(1)`)"),
    ("an image", "![pixel](https://evil.example/p.png?q=1)", "[pixel](https://evil.example/p.png?q=1)"),
    ("an image by reference", "![pixel][1]\n\n[1]: https://evil.example/p.png", "[pixel](https://evil.example/p.png)"),
    ("an image behind a mark", "!![a](https://evil.example/p)", "\\![a](https://evil.example/p)"),
    ("an image in an autolink", "<https://a.example/![x](https://b.example/p)>", "[https://a.example/!\\[x\\](https://b.example/p)](https://a.example/!%5Bx%5D%28https://b.example/p%29)"),
    ("a link in an autolink", "<https://a.example/[bank.example](https://b.example)>", "[https://a.example/\\[bank.example\\](https://b.example)](https://a.example/%5Bbank.example%5D%28https://b.example%29)"),
    ("a source that leads elsewhere", "[1](https://a.example)(https://evil.example)", "[1]&#40;[https://evil.example](https://evil.example))"),
    ("a source that defines itself", "[1](https://a.example): https://evil.example", "[1]&#58; [https://evil.example](https://evil.example)"),
    ("a source that is no link", "as [1] says", "as [1] says"),
    ("a label over two lines", "[https://bank.example\n](https://evil.example)", "[https://evil.example](https://evil.example)"),
    ("a label in wide letters", "[\uff42ank\uff0eexample](https://evil.example)", "[https://evil.example](https://evil.example)"),
    ("joy", "Great!!! [docs](https://example.com)", "Great!!! [docs](https://example.com)"),
    ("an autolink", "<https://example.com>", "[https://example.com](https://example.com)"),
    ("invisible signs", "a\u202eb\u200bc 👨\u200d👩\u200d👧", "ab\u200bc 👨\u200d👩\u200d👧"),
    ("an ampersand", "Q&A &amp; more &nope", "Q&A & more &nope"),
    ("generics", "a List<String> b", "a List&lt;String> b"),
    ("a small table", "| a | b |\n|---|--:|\n| 1 | **two** |\n\nend", "```\na    b\n-  ---\n1  two\n```\n\nend"),
    ("a pipe", "a | b", "a \\| b"),
    ("a line that only looks like a table", "| a |\ntext", "\\| a \\|  \ntext"),
    ("our own escapes", "“gpt\\-5\\.1” \\<x\\> \\*not bold\\*", "“gpt-5.1” &lt;x> \\*not bold\\*"),
    ("two lines", "roses\nred", "roses  \nred"),
    ("an empty line in a paragraph", "a<br><br>b", "a  \n\u200b  \nb"),
    ("emphasis beside punctuation of other scripts", "**「重要」**です", "**「重要」\u200b**です"),
    ("emphasis that opens beside it", "これは**「重要」**", "これは**\u200b「重要」**"),
    ("emphasis beside a word", "**Warning:**text", "**Warning:\u200b**text"),
    ("emphasis beside emphasis", "**a***b*", "**a**\u200b*b*"),
    ("a link in a heading", "## See [docs](https://example.com) and `code`", "**See [docs](https://example.com) and `code`**"),
    ("a sentence, code, a sentence", "1. do:\n   ```sh\n   ls\n   ```\n   then:\n   ```sh\n   cd\n   ```\n2. end", "1. do:\n   ```sh\n   ls\n   ```\n   then:\n   ```sh\n   cd\n   ```\n2. end"),
    ("numbers that go on after code", "1. a\n\n```\nx\n```\n\n2. b", "1. a\n\n```\nx\n```\n\n2. b"),
    ("a quote and a list in an item", "- a\n\n  > q\n\n  1. b\n  2. c\n- d", "- a\n\n  > q\n\n  1. b\n  2. c\n- d"),
    ("two numbered lists", "1. a\n\n1) b", "1. a\n\n\u200b\n\n1. b"),
    ("a formula", "so \\(a_1 < b\\) holds", "so `\\(a_1 < b\\)` holds"),
    ("a formula in its own line", "so\n\n$$\nE = mc^2\n$$\n\nholds", "so\n\n```latex\n$$\nE = mc^2\n$$\n```\n\nholds"),
    ("a price", "from $5 to $6", "from $5 to $6"),
    ("a footnote", "It is so[^1].\n\n[^1]: See https://a.example/x_y", "It is so\\[1\\].\n\n\\[1\\] See [https://a.example/x\\_y](https://a.example/x_y)"),
    ("a link by reference", "see [the docs][d]\n\n[d]: https://d.example", "see [the docs](https://d.example)"),
    ("a label with a dot", "[README.md](https://example.com/r)", "[README.md](https://example.com/r)"),
    ("a label that lies in many words", "[go to bank.example now](https://evil.example)", "go to bank.example now ([https://evil.example](https://evil.example))"),
    ("an address with a password", "https://u:p@a.example/", "`https://u:p@a.example/`"),
    ("direction marks", "\u200fא\u200e", "\u200fא\u200e"),
    ("code that holds fences", "````markdown\n```\nx\n```\n````", "````markdown\n```\nx\n```\n````"),
    ("what looks like a list", "2024\\. was", "2024\\. was"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "expected"), CASES, ids=[case[0] for case in CASES])
def test_markdown_is_shown_as_teams_can(what: str, text: str, expected: str) -> None:
    assert rendered(text) == expected


def test_a_wide_table_becomes_a_list_that_keeps_links_code_and_emphasis() -> None:
    wide = "w" * 60
    text = f"| name | about |\n|---|---|\n| {wide} | *{wide}* |\n| `b_c` | [docs](https://example.com) |\n| d | |"

    assert rendered(text) == (
        f"- name: **{wide}**\n  - about: *{wide}*\n"
        "- name: **`b_c`**\n  - about: [docs](https://example.com)\n- name: **d**"
    )


def test_links_in_a_table_are_listed_below_it_and_numbers_stand_on_the_right() -> None:
    text = (
        "| model | price | where |\n|---|--:|---|\n| grok | 3.00 | [docs](https://x.example), https://a.example/b |\n"
        "| [gpt](https://o.example) | 12.50 | - |\n| flash | 0.10 | |"
    )

    assert rendered(text) == (
        "```\nmodel  price  where\n-----  -----  -------------------------\n"
        "grok    3.00  docs, https://a.example/b\ngpt    12.50  -\nflash   0.10\n```\n\n"
        "- grok: [docs](https://x.example), [https://a.example/b](https://a.example/b)\n"
        "- [gpt](https://o.example)"
    )


def test_extended_markdown_keeps_tables_headings_tasks_and_formulas() -> None:
    text = (
        "# A\n\n| a | b |\n|---|--:|\n| <b> | `x\\|y` |\n\n- [x] done\n\n![i](https://x.example/i.png)\n\n"
        "\\(a < b\\) costs $5\n\n$$\nE = mc^2\n$$"
    )

    assert rendered(text, extended=True) == (
        "# A\n\n| a | b |\n|---|--:|\n| &lt;b> | `x\\|y` |\n\n- [x] done\n\n[i](https://x.example/i.png)\n\n"
        "$a \\lt b$ costs \\$5\n\n$$E = mc^2$$"
    )


@pytest.mark.parametrize("tex", [r"\href{https://evil.example}{x}", "f[x](y)", r"\includegraphics{x}"])
def test_a_formula_that_could_be_more_than_one_is_code(tex: str) -> None:
    assert rendered(f"so \\({tex}\\)", extended=True) == f"so `\\({tex}\\)`"


def test_numbered_links_are_sources() -> None:
    flow = ShownMarkdown(extended=False)
    whole = flow.finished("So it is [[1]](https://a.example/x) and [2].\n\n[2]: https://b.example/y")

    assert whole == "So it is [1] and [2]."
    assert [(source.number, source.name) for source in flow.sources] == [(1, "a.example"), (2, "b.example")]


def test_a_long_line_shows_while_it_is_written() -> None:
    flow = ShownMarkdown(extended=False)
    text = "The tide comes twice a day because **the Moon"

    assert flow.steady(text) == "The tide comes twice a day because"
    assert flow.grown(text) == "The tide comes twice a day because **the Moon**"


def test_a_table_is_kept_back_until_it_is_complete() -> None:
    flow = ShownMarkdown(extended=False)
    begun = "Look:\n\n| a | b |\n|---|---|\n| 1 |"
    assert flow.steady(begun) == "Look:"

    assert flow.steady(f"{begun} 2 |\n\nSo. ") == "Look:\n\n```\na  b\n-  -\n1  2\n```\n\nSo."


def test_finished_blocks_are_rendered_once() -> None:
    """A long answer that grows by its last sentence costs no more than that."""
    flow, text = ShownMarkdown(extended=False), "The **tide** comes `twice` a day.\n\n" * 400
    flow.steady(text)

    def grow() -> None:
        for words in range(20):
            flow.steady(text + "So " * words)

    def begin_again() -> None:
        for _ in range(20):
            ShownMarkdown(extended=False).steady(text)

    assert processor_seconds(grow) < processor_seconds(begin_again) / 4


INLINE = st.lists(
    st.sampled_from(
        [
            "*", "**", "***", "_", "__", "~~", "`", "``", "「", "」", "。", "です", "한국", "a", "B1", "é", ".", ":", "!", "(", ")",
            "[", "]", " ", "\\", "<br>", "€", "😀", "&lt;", "&amp;", "-", "1.", "#", "+", ">", "=", "|", "$", "&",
        ]
    ),
    min_size=1,
    max_size=14,
).map("".join)  # fmt: skip
STYLED = {"strong": 0, "em": 1, "s": 2}


def styled(markdown: str) -> list[tuple[str, bool, bool, bool, bool]]:
    """Each visible sign with its style (bold, italic, struck, code), as a client of CommonMark shows it."""
    found = []
    depths = [0, 0, 0]
    for block in PARSER.parse(markdown):
        for token in block.children or ():
            kind, _, edge = token.type.rpartition("_")
            if kind in STYLED:
                depths[STYLED[kind]] += 1 if edge == "open" else -1
            style = (depths[0] > 0, depths[1] > 0, depths[2] > 0, token.type == "code_inline")
            found += [(sign, *style) for sign in token.content if not sign.isspace() and sign != GAP]
    return found


@settings(max_examples=examples(200), deadline=None)
@given(INLINE, INLINE, st.sampled_from(["**", "*", "~~"]))
def test_every_reader_of_commonmark_sees_the_styles_of_the_tree(text: str, after: str, mark: str) -> None:
    blocks = parse(f"x{text}{mark}{text}{mark}{after}").blocks
    assume(len(blocks) == 1 and isinstance(blocks[0], Paragraph))
    assert isinstance(blocks[0], Paragraph)
    inlines = blocks[0].inlines
    assume(not any(isinstance(one, Strong | Emphasis | Strike) and styles_within(one) for one in inlines))
    runs = [run for line in lines_of(inlines) for run in line]

    assert styled(LineWriter().line(inlines)) == [
        (
            sign,
            run.get("weight") == "Bolder",
            "italic" in run,
            "strikethrough" in run,
            run.get("fontType") == "Monospace",
        )
        for run in runs
        for sign in run["text"]
        if not sign.isspace()
    ]


def styles_within(inline: Strong | Emphasis | Strike) -> bool:
    """Marks within marks: where three stand beside each other, CommonMark pairs them by rules of its own."""
    return any(isinstance(one, Strong | Emphasis | Strike) for one in inline.inlines)
