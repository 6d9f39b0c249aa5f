"""Formulas as MathML: what is drawn, what is refused, and how long it takes."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from adapters.web.outbound.mathml import DEPTH, drawn
from bot.document import bounds
from tests.stopwatch import assert_quick

DRAWN = {
    r"\frac{a}{b}": ["mfrac", {}, ["mrow", {}, ["mi", {}, "a"]], ["mrow", {}, ["mi", {}, "b"]]],
    r"x_i^2": ["msubsup", {}, ["mi", {}, "x"], ["mi", {}, "i"], ["mn", {}, "2"]],
    r"\implies": ["mo", {}, "⟹"],
    r"\!": ["mspace", {"width": "-0.167em"}],
    r"\text{if } ": ["mtext", {}, "if\u00a0"],
    r"\mathrlap{\le}": ["mpadded", {"width": "0px"}, ["mrow", {}, ["mo", {}, "≤"]]],
    r"\max_x": ["munder", {}, ["mo", {"movablelimits": "true"}, "max"], ["mi", {}, "x"]],
}
REFUSED = [
    *(r"\nosuch{x}", r"\begin{nosuch}x\end{nosuch}", "a^b^c", r"\left(x", r"\frac{a}", "x_"),
    *(
        r"\def\a{x}\a",
        r"\newcommand{\a}{x}\a",
        r"\newenvironment{a}{b}{c}x",
        r"\DeclareMathOperator{\a}{b}\a",
    ),
    r"\hspace{-1em}" * 25 + "x",
    r"\mathllap{\text{another text over the words before}}",
    r"\smash{\begin{matrix}" + r"a\\" * 20 + r"\end{matrix}}",
    r"\moveright 9em{" * 10 + "x" + "}" * 10,
    "x" * (bounds.MATH + 1),
    "{" * (DEPTH + 10) + "x" + "}" * (DEPTH + 10),
]
HOSTILE = [
    r"\href{javascript:alert(1)}{x}",
    r"\style{position:fixed;inset:0}{x}",
    r"\class{post}{x}",
    r"\text{<img src=x onerror=alert(1)>}",
    r"\text{</math><script>alert(1)</script>}",
    r"\color{red;background:url(//evil.example)}{x}",
    r"\colorbox{url(//evil.example)}{x}",
    r"\hspace{-99em}\rule{999em}{999em}x",
    r"\raise{99em}{x}\kern{-50em}x",
    r"\unicode{202e}x",
    r"\text{&#x202e;&lt;b&gt;}",
]
PIECES = (
    *(
        "{",
        "}",
        "^",
        "_",
        "a^",
        "a_b^",
        "x'",
        "''",
        "{a",
        "{a}",
        "&",
        r"\\",
        "$",
        r"\(",
        "1",
        "1.",
        "<",
        "|",
        "é",
        " 1",
    ),
    *(
        r"\frac",
        r"\frac{",
        r"\left(",
        r"\left(\right)",
        r"\sqrt[",
        r"\sqrt{",
        r"\text{",
        r"\text ",
        r"\hbox{a$",
        r"\verb|",
    ),
    *(
        r"\begin{matrix}",
        r"\begin{matrix}a&",
        r"\begin{array}{cc}",
        r"\hline",
        r"\not",
        r"\not\\",
        r"\sum_",
        r"\over ",
    ),
    *(
        r"\overline",
        r"\mathbf{",
        r"\binom",
        r"\big(",
        r"\limits",
        r"\color{red}",
        r"\displaystyle ",
        r"\unicode{",
        r"\%",
    ),
    *(
        r"\href{",
        r"\operatorname{",
        r"\lim_",
        r"\skew{",
        r"\xrightarrow[",
        r"\substack{",
        r"\hspace{",
        r"\tag{",
        r"\rm ",
    ),
)


def elements(tree: list[Any]) -> Iterator[list[Any]]:
    for one in tree:
        if isinstance(one, list):
            yield one
            yield from elements(one[2:])


@pytest.mark.parametrize("tex", DRAWN)
def test_tex_becomes_elements(tex: str) -> None:
    assert drawn(tex, True) == [["mrow", {}, DRAWN[tex]]]


@pytest.mark.parametrize("name", ["aligned", "align", "align*", "gathered", "cases", "pmatrix", "equation"])
def test_the_environments_that_models_write_are_tables(name: str) -> None:
    found = drawn(rf"\begin{{{name}}}a &= b \\ c &= d\end{{{name}}}", True)

    assert found
    assert [one[0] for one in elements(found)].count("mtr") == 2


@pytest.mark.parametrize("tex", REFUSED, ids=lambda tex: tex[:30])
def test_what_cannot_be_drawn_is_said_to_be_so(tex: str) -> None:
    assert drawn(tex, False) is None


@pytest.mark.parametrize("tex", HOSTILE)
def test_nothing_in_a_formula_is_more_than_a_formula(tex: str) -> None:
    for name, attributes, *inside in elements(drawn(tex, True) or []):
        assert name.startswith("m")
        assert not {"href", "style", "class", "id"} & attributes.keys()
        assert not any("url" in value or "99" in value or "-50" in value for value in attributes.values())
        assert "\u202e" not in "".join(one for one in inside if isinstance(one, str))


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("end", ["", "}", " "])
def test_no_formula_takes_long(piece: str, end: str) -> None:
    size = bounds.MATH // len(piece + end)
    for tex in (
        piece * (bounds.MATH // len(piece)),
        piece * size + end * size,
        f"{piece}{' ' * (bounds.MATH - len(piece))}",
    ):
        assert_quick(partial(drawn, tex, True))
