"""Texts that are hard to read at length: the same few signs over and over, and whatever is nested or repeated."""

import random
from collections.abc import Callable
from typing import Final

Heavy = Callable[[int], str]
"""Makes about that many characters of it."""


def again(piece: str) -> Heavy:
    return lambda size: (piece * (size // len(piece) + 1))[:size]


def _runs(sign: str) -> Heavy:
    """Runs of every length: each could belong to any other."""

    def made(size: int) -> str:
        parts, length, at = [], 0, 1
        while length < size:
            parts.append(sign * at + "a")
            length, at = length + at + 1, at + 1
        return "".join(parts)[:size]

    return made


def _random(alphabet: str, seed: int) -> Heavy:
    return lambda size: "".join(random.Random(seed).choices(alphabet, k=size))  # noqa: S311 - the same each time


HEAVY: Final[dict[str, Heavy]] = {
    "brackets": again("[]"),
    "opening brackets": again("["),
    "opening images": again("!["),
    "nested brackets": lambda size: "[" * (size // 2) + "]" * (size // 2),
    "labels without targets": again("[a]("),
    "a title that does not end": lambda size: '[a](b "' + "x\n" * (size // 2),
    "a title that ends far below": lambda size: "[a](b (x\\)" + "x\n" * (size // 2) + "))",
    "a title behind a target with blanks": lambda size: '[a](<b \\< c> "' + "x\n" * (size // 2),
    "a title in a quote": lambda size: "> [a](b\n> 'x\\'" + "x\n" * (size // 2) + "')",
    "titles in a line": again("[a](b (x "),
    "targets in a word": again("](a"),
    "links": again("[a](b) "),
    "backticks": again("`"),
    "backticks apart": again("`a "),
    "backticks of all lengths": _runs("`"),
    "stars": again("*"),
    "stars apart": again("*a "),
    "stars that close": again("a* "),
    "stars of all lengths": _runs("*"),
    "strong that closes lean": again("**a*"),
    "strong within words": again("a**b"),
    "strong beside Chinese": again("重**要」"),
    "crossed emphasis": again("*a _b "),
    "underscores": again("_"),
    "underscores apart": again("_a "),
    "tildes": again("~"),
    "two tildes apart": again("~~a "),
    "pipes": again("|"),
    "lines of pipes": again("|\n"),
    "tables of one cell": again("|b\n|-\n"),
    "a table's head and rows of little": lambda size: "|a" * 60 + "\n" + "|-" * 60 + "\n" + "|b\n" * (size // 3),
    "a wide table": lambda size: "|a" * (size // 4) + "\n" + "|-" * (size // 4),
    "delimiters": again("|-|\n"),
    "less": again("<"),
    "tags": again("<b>"),
    "closing tags": again("</b>"),
    "pairs of tags": again("<b>a</b>"),
    "tags of two kinds": again("<b><i>a</b></i>"),
    "addresses in angles": again("<https://a"),
    "addresses": again("https://a.b/_c "),
    "mail addresses": again("a@b.c "),
    "ampersands": again("&"),
    "entities": again("&amp;"),
    "unfinished entities": again("&a"),
    "backslashes": again("\\"),
    "opening formulas": again("\\("),
    "opening displays": again("\\["),
    "formulas": again("\\(x\\) "),
    "dollars": again("$"),
    "dollars apart": again("$a "),
    "dollars and letters": again("$x"),
    "two dollars": again("$$x"),
    "quotes in each other": again("> "),
    "quotes line by line": again("> a\n"),
    "lists in each other": again("- "),
    "numbers in each other": again("1. "),
    "lists ever deeper": lambda size: "\n".join(" " * (2 * at) + "- a" for at in range(int(size**0.5))),
    "deep indentation": lambda size: "\n".join(["- a", " " * (size // 2) + "b", " " * (size // 2) + "c"]),
    "items": again("- a\n"),
    "numbered items": again("1. a\n\n"),
    "tasks": again("- [ ] a\n"),
    "headings": again("# a\n"),
    "rules": again("---\n"),
    "underlines": again("a\n---\n"),
    "fences": again("```\n"),
    "fences of both kinds": again("```\n~~~\n"),
    "one long fence": lambda size: "```\n" + "x = 1\n" * (size // 6),
    "one long line": again("word "),
    "one long word": again("a"),
    "one long paragraph": again("some words of a line\n"),
    "empty lines": again("\n"),
    "blanks": again(" "),
    "tabs": again("\t"),
    "footnotes": lambda size: "".join(f"[^{at}] " for at in range(size // 14))
    + "\n\n"
    + "".join(f"[^{at}]: a\n\n" for at in range(size // 14)),
    "one footnote again": lambda size: "[^1]: a\n\n" + "[^1] " * (size // 5),
    "definitions": lambda size: "".join(f"[a{at}]: https://a.example\n" for at in range(size // 30)),
    "references to a long definition": lambda size: "[a]: https://a.example/" + "b" * (size // 2) + "\n\n" + "[a] " * (size // 8),
    "references to nothing": again("[a][b] "),
    "random signs": _random("*_`~[]()<>!&|$\\#-+.: \nab", 1),
    "random marks": _random("*_ a", 2),
    "random ticks": _random("`\\ a\n", 3),
    "random lists": _random("-> 1.\n a", 4),
    "random math": _random("$\\()[]a \n", 5),
    "random cells": _random("|-:\n a\\`", 6),
    "random Chinese": _random("重要「」。**~~ ", 7),
    "random tags": _random("<b>/i a", 8),
}  # fmt: skip
