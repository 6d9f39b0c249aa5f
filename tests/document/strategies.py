"""Random model outputs: answers whose words are known, noise of every kind, and the pieces they come in.

For every renderer: `answers()` (what is shown must have these words in this order), `NOISE` (nothing in it may become
live, nothing may fail), `SIZES` with `cut` (how it comes).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

WORD = st.text("abcdefghijklmnop", min_size=1, max_size=7)
WORDS = st.lists(WORD, min_size=1, max_size=5).map(" ".join)
CJK = st.text("重要説明文字漢字です한국어", min_size=1, max_size=5)


@dataclass(frozen=True, slots=True)
class Answer:
    """Markdown, and the words that people must see of it, in their order."""

    source: str
    words: str


def _plain(text: str) -> Answer:
    return Answer(text, text)


def _around(before: str, after: str) -> st.SearchStrategy[Answer]:
    return WORDS.map(lambda text: Answer(f"{before}{text}{after}", text))


INLINE = st.one_of(
    WORDS.map(_plain),
    *(_around(mark, mark) for mark in ("**", "*", "_", "~~", "`", "``", "***")),
    *(_around(f"<{tag}>", f"</{tag}>") for tag in ("b", "i", "code", "del")),
    WORDS.map(lambda text: Answer(f"**{text}:**{text}", f"{text}: {text}")),
    CJK.map(lambda text: Answer(f"{text}**「{text}」**{text}", f"{text}「{text}」{text}")),
    WORDS.map(lambda text: Answer(f"[{text}](https://site.example/a?b=c)", text)),
    WORDS.map(lambda text: Answer(f"[**{text}** more](https://site.example/)", f"{text} more")),
    WORDS.map(lambda text: Answer(f"![{text}](https://site.example/p.png)", text)),
    WORD.map(lambda text: _plain(f"\\({text}_1 * {text}_2\\)")),
    WORD.map(lambda text: _plain(f"${text}^2$")),
    st.sampled_from(
        [
            "snake_case_name", "$5", "$1,000", "~5", "10~20", "2 * 3", "a < b", "vector<int>", "`$HOME`", "C:\\Users\\x",
            "{\"a\": [1]}", "config.yaml", "__init__.py", "@channel", "<!channel>", "<at>x</at>", ":tada:", "🎉", "a & b",
            "list[0]", "(see below)", "in 1986.", "#tag", "https://site.example/x_y_z", "مرحبا", "שלום", "x+y=z", "100%",
        ]
    ).map(lambda text: Answer(text, text.strip("`"))),
    st.just(Answer("&lt;b&gt; &amp; &copy;", "<b> & ©")),
)  # fmt: skip
LINE = st.lists(INLINE, min_size=1, max_size=4).map(lambda parts: _joined(parts, " "))
PARAGRAPH = st.lists(LINE, min_size=1, max_size=3).map(lambda lines: _joined(lines, "\nso "))
CODE_LINE = st.sampled_from(
    ["x = [1]", "if a < b:", "    pass", "`tick`", "**no** _no_", "- no", "| no |", "# no", "$x$ \\(y\\)", ""]
)


def _joined(parts: Sequence[Answer], gap: str) -> Answer:
    return Answer(gap.join(one.source for one in parts), gap.join(one.words for one in parts))


def _fenced(lines: Sequence[str], fence: str, language: str) -> Answer:
    code = "\n".join(lines)
    return Answer(f"{fence}{language}\n{code}\n{fence}", code)


def _tabled(rows: Sequence[Sequence[Answer]], marks: Sequence[str]) -> Answer:
    head, *others = (" | ".join(cell.source.replace("|", "\\|") for cell in row) for row in rows)
    lines = [f"| {head} |", f"|{'|'.join(marks)}|", *(f"| {one} |" for one in others)]
    return Answer("\n".join(lines), " ".join(cell.words for row in rows for cell in row))


def _quoted(inside: Answer) -> Answer:
    return Answer("\n".join(f"> {line}".rstrip() for line in inside.source.split("\n")), inside.words)


def _listed(items: Sequence[Answer], mark: str, gap: str) -> Answer:
    lines = []
    for number, item in enumerate(items, 1):
        begin = f"{number}{mark} " if mark in ".)" else f"{mark} "
        first, *others = item.source.split("\n")
        lines.append("\n".join([begin + first, *(f"{' ' * len(begin)}{one}".rstrip() for one in others)]))
    return Answer(gap.join(lines), " ".join(item.words for item in items))


LEAF = st.one_of(
    PARAGRAPH,
    st.builds(
        lambda level, line: Answer(f"{'#' * level} {line.source}", line.words), st.integers(1, 6), LINE
    ),
    st.builds(
        _fenced,
        st.lists(CODE_LINE, min_size=1, max_size=4),
        st.sampled_from(["```", "~~~", "````"]),
        st.sampled_from(["", "python", "c++"]),
    ),
    st.integers(1, 3).flatmap(
        lambda width: st.builds(
            _tabled,
            st.lists(st.lists(INLINE, min_size=width, max_size=width), min_size=1, max_size=4),
            st.lists(st.sampled_from(["---", ":--", ":-:", "--:"]), min_size=width, max_size=width),
        )
    ),
    st.just(Answer("---", "")),
)


def _nested(block: st.SearchStrategy[Answer]) -> st.SearchStrategy[Answer]:
    after = st.lists(block, max_size=2)
    item = st.builds(lambda first, rest: _joined([first, *rest], "\n\n"), PARAGRAPH, after)
    mark = st.sampled_from(["-", "*", "+", ".", ")", "- [ ]", "- [x]"])
    return st.one_of(
        block.map(_quoted),
        st.builds(
            _listed, st.lists(item, min_size=1, max_size=3), mark.map(lambda one: one[:1]), st.just("\n\n")
        ),
        st.builds(
            _listed,
            st.lists(LINE, min_size=1, max_size=4),
            mark.filter(lambda one: one not in "+*"),
            st.just("\n"),
        ),
    )


BLOCK = st.recursive(LEAF, _nested, max_leaves=4)


def answers() -> st.SearchStrategy[Answer]:
    """Whole answers: blocks with empty lines between them. Two lists after one another are told apart by words."""
    return st.lists(BLOCK, min_size=1, max_size=5).map(lambda blocks: _joined(blocks, "\n\nthen\n\n"))


SCRAPS = st.sampled_from(
    [
        *("`", "``", "```", "~~~", "*", "**", "***", "_", "__", "~", "~~", "$", "$$", "\\(", "\\)", "\\[", "\\]"),
        *("[", "]", "![", "](", "(", ")", "[a]", "[a]: ", "[^1]", "[^1]: ", "https://evil.example/x", "<https://e.example>"),
        *("<", ">", "</", "<b>", "</b>", "<br>", "<sub>2</sub>", "<at>", "<!channel>", "<@U1>", "<img src=x>", "<!--"),
        *("|", "|---|---|", "| a | b |", "---", "===", "--", "#", "## ", "> ", "- ", "* ", "1. ", "2) ", "- [ ] ", "+"),
        *("&", "&lt;", "&#60;", "&amp;", "\\", "\\*", "\\`", "\\|", "!", ":", ":tada:", "@channel", "{{x}}", "${y}"),
        *("word", "another_word", "漢字", "「", "」", "。", "é", "🎉", "👩‍👩‍👧", "مرحبا", "\u202e", "\u200b", "\ufeff", "\x00"),
        *("javascript:alert(1)", "5", "1986.", "C:\\x\\_y", "a*b", "2**3"),
    ]
)  # fmt: skip
GLUE = st.sampled_from(
    ["", "", " ", " ", "\n", "\n\n", "  \n", "\t", "\n    ", "\n> ", "\n- ", "\n   ", "\n| ", "\r\n"]
)
NOISE = st.one_of(
    st.lists(st.tuples(SCRAPS, GLUE), max_size=24).map(lambda parts: "".join(map("".join, parts))),
    st.text(max_size=80),
)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=20)


def cut(text: str, sizes: Sequence[int]) -> Iterator[str]:
    """The text so far, again and again, longer by these sizes in turn; the whole text last."""
    at, turn = 0, 0
    while at < len(text):
        at += sizes[turn % len(sizes)]
        turn += 1
        yield text[:at]
