"""Random model outputs: documents whose visible words are known, and hostile scraps of every kind."""

from dataclasses import dataclass

from hypothesis import strategies as st

WORDS = st.text("abcdefghij", min_size=1, max_size=6)
LINE = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)


@dataclass(frozen=True, slots=True)
class Written:
    """Markdown, and the words a person should read in it."""

    source: str
    visible: str


def wrapped(mark: str) -> st.SearchStrategy[Written]:
    return LINE.map(lambda text: Written(f"{mark}{text}{mark}", text))


def listed(items: list[Written], mark: str) -> Written:
    return Written("\n".join(f"{mark} {one.source}" for one in items), " ".join(one.visible for one in items))


def mixed(first: Written, code: Written, last: Written) -> Written:
    """An item of a list with code between its two sentences."""
    inside = f"{code.source}\n{last.source}".replace("\n", "\n   ")
    return Written(
        f"1. {first.source}\n   {inside}\n2. end", f"{first.visible} {code.visible} {last.visible} end"
    )


def fenced(lines: list[str], language: str) -> Written:
    return Written(f"```{language}\n" + "\n".join(lines) + "\n```", " ".join(lines))


def tabled(rows: list[list[str]]) -> Written:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return Written("\n".join([lines[0], "|---|---|", *lines[1:]]), " ".join(" ".join(row) for row in rows))


INLINE = st.one_of(
    LINE.map(lambda text: Written(text, text)),
    *(wrapped(mark) for mark in ("**", "*", "~~", "`", "_", "***")),
    LINE.map(lambda text: Written(f"[{text}](https://site.example/a?b=c)", f"{text} (site.example)")),
    LINE.map(
        lambda text: Written(f"![{text}](https://evil.example/p.png)", f"{text} (https://evil.example/p.png)")
    ),
    st.just(Written("https://site.example/x?y=z", "https://site.example/x?y=z")),
    st.sampled_from(["<!channel>", "<@U12345>", "a < b & c > d", "<u>under</u>", "1 * 2", "x_y_z"]).map(
        lambda text: Written(text, text)
    ),
    st.sampled_from([Written("<b>bold</b>", "bold"), Written("x<br>y", "x y"), Written(":tada:", ":tada:")]),
)
SENTENCE = st.lists(INLINE, min_size=1, max_size=4).map(
    lambda parts: Written(" ".join(one.source for one in parts), " ".join(one.visible for one in parts))
)
CODE = st.builds(
    fenced,
    st.lists(
        st.sampled_from(["x = [1]", "<!channel>", "if a < b: pass", "`tick`", "**no**"]),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["", "python", "c"]),
)
BLOCK = st.one_of(
    SENTENCE,
    SENTENCE.map(lambda one: Written(f"# {one.source}", one.visible)),
    SENTENCE.map(lambda one: Written(f"### {one.source}", one.visible)),
    SENTENCE.map(lambda one: Written(f"> {one.source}", one.visible)),
    st.lists(SENTENCE, min_size=1, max_size=4).map(lambda items: listed(items, "-")),
    st.lists(SENTENCE, min_size=1, max_size=4).map(lambda items: listed(items, "1.")),
    CODE,
    st.builds(mixed, SENTENCE, CODE, SENTENCE),
    st.lists(st.lists(WORDS, min_size=2, max_size=2), min_size=2, max_size=4).map(tabled),
    st.just(Written("---", "")),
)
DOCUMENT = st.lists(BLOCK, min_size=1, max_size=6).map(
    lambda parts: Written(
        "\n\n".join(one.source for one in parts), " ".join(one.visible for one in parts if one.visible)
    )
)

SCRAPS = st.sampled_from(
    [
        "<!channel>",
        "<!here|here>",
        "<@U12345>",
        "<@W1|ada>",
        "<#C1|general>",
        "<!subteam^S1|@team>",
        "<!date^1^{date}^https://e.example|d>",
        "<https://evil.example|https://bank.example>",
        "<mailto:a@b.example|x>",
        "<javascript:alert(1)|x>",
        "<! channel>",
        "<\u2060!here>",
        "&lt;!channel&gt;",
        "&#60;!here&#62;",
        "&amp;lt;!everyone&amp;gt;",
        "\uff1c!channel\uff1e",
        "![a](https://evil.example/a.png)",
        "![](x)",
        "![a][1]",
        "[1]:https://evil.example/r.png",
        "[l](https://evil.example/?q=1)",
        "[https://bank.example](https://evil.example)",
        "[l](<https://evil.example/a",
        "b>)",
        "[l](",
        "javascript:alert(1))",
        "https://evil.example/x.png",
        "www.evil.example",
        "HTTPS://EVIL.EXAMPLE",
        "<img_src=x>",
        "@channel",
        "@everyone",
        "```",
        "~~~",
        "`",
        "``",
        "**",
        "*",
        "__",
        "_",
        "~~",
        "|",
        "||",
        "---",
        "===",
        "#",
        ">",
        "-",
        "1.",
        "\\",
        "\\<",
        "\\`",
        "[",
        "]",
        "(",
        ")",
        "![",
        "](",
        "<",
        ">",
        "&",
        "!",
        "\u202e",
        "\u200b",
        "\ufeff",
        "é",
        "漢字",
        "🎉",
        "word",
        "another_word",
        "{{x}}",
        "${y}",
        ":tada:",
        "<at>x</at>",
    ]
)
GLUE = st.sampled_from(["", " ", "\n", "\n\n", "  \n", "\t", "\n> ", "\n- ", "\n    ", "\n| "])
HOSTILE = st.lists(st.tuples(SCRAPS, GLUE), min_size=1, max_size=14).map(
    lambda parts: "".join(scrap + glue for scrap, glue in parts)
)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=30)


def chunks(text: str, sizes: list[int]) -> list[str]:
    """The text in pieces of these sizes, over and over."""
    found, at, turn = [], 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        found.append(text[at : at + size])
        at, turn = at + size, turn + 1
    return found
