"""A growing answer as Markdown that Slack's native streaming may append to.

The same tree as elsewhere is written as Markdown without active URLs, images or control sequences: `<` is
never put before a word, and URLs are put in code. Only final text can be appended: the tree is that of
`GrowingDocument.steady`, which leaves off what could still change its meaning.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from adapters.slack.outbound.rendering.rich import code_of
from adapters.slack.outbound.rendering.runs import PLAIN, Run, runs
from bot.delivery.last_resort import rendered
from bot.document import nodes
from bot.document.growing import GrowingDocument
from bot.document.source import clean

JOINER = "\u2060"
TICK = "\u02cb"  # looks like a backtick and can never pair with a real one, escaped or not
PIPE = "\u2223"  # looks like a bar and never separates two cells
_SAFE = str.maketrans(
    {sign: f"\\{sign}" for sign in "\\*_~[]|"} | {"`": TICK, "&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_OPENING = re.compile(r"^([#>+\-=]|\d+[.)])", re.MULTILINE)
_MARKS = (("~~", "strike"), ("_", "italic"), ("**", "bold"))


@dataclass(frozen=True, slots=True)
class Draft:
    """A block as Markdown. `end` closes it once another block comes: code at the end of a text may still grow."""

    text: str
    end: str = ""


def preview(source: str) -> str:
    """The final part of an unfinished text, as safe Markdown."""
    return rendered(
        source, lambda text: drawn(map(draft, GrowingDocument().steady(text).blocks)), plain_preview
    )


def plain_preview(source: str) -> str:
    """The text without any markup."""
    return _paragraph([Run(clean(source).strip())])


def drawn(drafts: Iterable[Draft]) -> str:
    """Top-level blocks as one text, open at its end."""
    return _joined(drafts, "\n\n").text.rstrip("\n")


def draft(block: nodes.Block) -> Draft:
    match block:
        case nodes.Paragraph(inlines):
            return Draft(_paragraph(runs(inlines)))
        case nodes.Heading(level, inlines):
            return Draft("#" * level + " " + _line(runs(inlines)).replace("\n", " "))
        case nodes.CodeBlock():
            return _code(block)
        case nodes.ListBlock():
            return _joined(_items(block), "\n")
        case nodes.QuoteBlock(blocks):
            quoted = _indented(_joined(map(draft, blocks), "\n\n"), "> ", "> ")
            return replace(quoted, end=f"{quoted.end}\n")  # a line right behind it would belong to it
        case nodes.TableBlock(header, rows):
            lines = [_row(header), "|" + " --- |" * len(header), *map(_row, rows)]
            return Draft("\n".join(lines))
        case nodes.FootnoteText(label, blocks):
            inside = _joined(map(draft, blocks), "\n\n")
            return replace(inside, text=f"{_word(Run(f'[{label}]'))} {inside.text}")
        case nodes.Rule():
            return Draft("---")


def _joined(drafts: Iterable[Draft], gap: str) -> Draft:
    """The blocks one after the other, each closed but the last."""
    found = list(drafts)
    closed = [f"{one.text}{one.end}" for one in found[:-1]]
    last = found[-1] if found else Draft("")
    return Draft(gap.join([*closed, last.text]), last.end)


def _indented(one: Draft, first: str, rest: str) -> Draft:
    return Draft(first + one.text.replace("\n", "\n" + rest), one.end.replace("\n", "\n" + rest))


def _items(block: nodes.ListBlock) -> Iterable[Draft]:
    for number, item in enumerate(block.items, block.start or 0):
        mark = "- " if block.start is None else f"{number}. "
        task = {None: "", False: "☐ ", True: "☑ "}[item.checked]
        yield _indented(_joined(map(draft, item.blocks), "\n"), mark + task, " " * len(mark))


def _code(block: nodes.CodeBlock) -> Draft:
    """Always in the same fence, without backticks inside: it is not known where else Slack ends a block."""
    language = re.sub(r"[^\w+#.-].*", "", block.language)
    return Draft(f"```{language}\n" + _inert(block.text).replace("`", f"`{JOINER}"), "\n```")


def _row(cells: Sequence[nodes.Cell]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(cell: nodes.Cell) -> str:
    """One line in which code has no bar: only outside of code can it be escaped."""
    words = (run.saying(run.text.replace("|", PIPE)) if run.code else run for run in runs(cell))
    return _line(list(words)).replace("\n", " ")


def _paragraph(words: Sequence[Run]) -> str:
    return _OPENING.sub(r"\\\1", _line(words))


def _line(words: Sequence[Run]) -> str:
    around = zip([PLAIN, *words], words, [*words[1:], PLAIN], strict=False)
    return "".join(_word(run, before.text[-1:], after.text[:1]) for before, run, after in around)


def _word(run: Run, before: str = "", after: str = "") -> str:
    if run.emoji:
        return code_of(run.text)
    if run.code or run.url:
        return f"`{_inert(run.text.replace('`', TICK))}`"
    text = run.text.translate(_SAFE)
    inside = run.text.strip()
    if not inside or not run.style:
        return text
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    before, after = "" if start else before, "" if end < len(text) else after
    for mark, style in _MARKS:
        if style in run.style and _is_read(mark, before, inside, after):
            text = f"{text[:start]}{mark}{text[start:end]}{mark}{text[end:]}"
            end += 2 * len(mark)
    return text


def _is_read(mark: str, before: str, inside: str, after: str) -> bool:
    """Whether Slack reads marks there. Where it does not, they would be seen: beside the punctuation of languages without
    spaces, and `_` within a word.
    """
    if mark == "_" and (before.isalnum() or after.isalnum()):
        return False
    opens = inside[0].isalnum() or not before.isalnum()
    return opens and (inside[-1].isalnum() or not after.isalnum())


def _inert(code: str) -> str:
    """Code in which `<` opens nothing. Entities would be shown literally in code, so a joiner follows it."""
    return code.replace("<", f"<{JOINER}")
