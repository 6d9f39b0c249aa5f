"""A growing answer as Markdown that Slack's native streaming may append to.

The same tree as elsewhere is written as Markdown without active URLs, images or control sequences: `<` is
never put before a word, and URLs are put in code. Only final text can be appended, so what could still change
its meaning (an open `**`, half a link, the first line of a table) is held back until it cannot.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from markdown_it.tree import SyntaxTreeNode

from adapters.slack.outbound.rendering.markdown import Run, inline, plain_tree, tree
from bot.delivery.last_resort import rendered

FENCE = re.compile(r"^[\s>]*(`{3,}|~{3,})(.*)$")
UNDECIDED = re.compile(r"^[\s\-=#*+>_~`|:.\d)(\[\]]*$")
"""A last line of only such characters may still become a rule, a heading, a list, a fence or a table."""
SPECIAL = re.compile(r"([\\*_~\[\]|])")
OPENING = re.compile(r"^([#>+\-=]|\d+[.)])", re.MULTILINE)
MARKS = [re.compile(mark) for mark in (r"(?<!\s)\*+|\*+(?!\s)", r"(?<!\w)_+|_+(?!\w)", r"~+")]
TAIL_BRACKET = re.compile(r"!?\[[^\[\]]*(\](\([^()]*)?)?$")
WORD = "".join(map(chr, range(0x21, 0x7F)))  # half a word may still become an address, an entity, a mark
JOINER = "\u2060"
TICK = "\u02cb"  # looks like a backtick and can never pair with a real one, escaped or not
PIPE = "\u2223"  # looks like a bar and never separates two cells


def preview(source: str) -> str:
    """The final part of an unfinished text, as safe Markdown."""
    return rendered(source, lambda text: _shown(tree(_steady(text))), lambda text: _shown(plain_tree(text)))


def _shown(root: SyntaxTreeNode) -> str:
    return "\n\n".join(_written(root.children)).rstrip("\n")


def _steady(source: str) -> str:
    """The text without the end whose meaning may still change."""
    lines = source.split("\n")
    fence = open_fence(lines)
    if fence:
        # Inside code only a fence may change: half a language, or the first closing marks.
        undecided = FENCE.match(lines[-1]) or not lines[-1].strip(" >`~")
        return "\n".join(lines[:-1] if undecided else lines)
    if UNDECIDED.match(lines[-1]):
        lines.pop()
    start = next((at for at in range(len(lines) - 1, -1, -1) if not lines[at].strip()), -1) + 1
    block = lines[start:]
    if block and block[0].lstrip().startswith("|"):
        return "\n".join(lines[:start] + (block[:-1] if len(block) > 2 else []))
    last = "\n".join(block)
    return "\n".join([*lines[:start], last[: _decided(last)].rstrip()])


def open_fence(lines: Sequence[str]) -> str:
    """The fence of the code block at the end; "" outside of code."""
    fence = ""
    for line in lines:
        found = FENCE.match(line)
        if not found:
            continue
        if not fence:
            fence = found.group(1)
        elif found.group(1).startswith(fence) and not found.group(2).strip():
            fence = ""
    return fence


def _decided(text: str) -> int:
    """How much of a paragraph can no longer change its meaning."""
    end, plain = _open_code(text)
    ends = [end, *(_open_mark(plain, mark) for mark in MARKS)]
    bracket = TAIL_BRACKET.search(plain)
    return min(*ends, len(plain.rstrip(WORD)), bracket.start() if bracket else len(plain))


def _open_code(text: str) -> tuple[int, str]:
    """Where a code span is open at the end, and the text with its whole code spans blanked out."""
    at, plain = 0, text
    while found := re.compile(r"`+").search(text, at):
        closing = re.compile(rf"(?<!`)`{{{len(found.group())}}}(?!`)").search(text, found.end())
        if closing is None:
            return found.start(), plain
        plain = plain[: found.start()] + "x" * (closing.end() - found.start()) + plain[closing.end() :]
        at = closing.end()
    return len(text), plain


def _open_mark(text: str, mark: re.Pattern[str]) -> int:
    """Where the earliest emphasis that is not closed begins."""
    waiting: list[tuple[int, int]] = []
    for found in mark.finditer(text):
        left = len(found.group())
        closes = not text[: found.start()][-1:].isspace() and found.start() > 0
        while closes and waiting and left >= waiting[-1][1]:
            left -= waiting.pop()[1]
        if closes and waiting and left:
            waiting[-1] = (waiting[-1][0], waiting[-1][1] - left)
        elif left and not text[found.end() : found.end() + 1].isspace():
            waiting.append((found.start(), left))
    return waiting[0][0] if waiting else len(text)


def _written(nodes: Sequence[SyntaxTreeNode]) -> Iterator[str]:
    """Each block of the tree as Markdown."""
    for node in nodes:
        match node.type:
            case "heading":
                yield "#" * int(node.tag[1]) + " " + _line(node).replace("\n", " ")
            case "fence" | "code_block":
                yield _code(node)
            case "bullet_list" | "ordered_list":
                yield "\n".join(_items(node))
            case "blockquote":
                yield _indented("\n\n".join(_written(node.children)), "> ", "> ")
            case "table":
                yield "\n".join(_rows(node))
            case "hr":
                yield "---"
            case _:
                yield OPENING.sub(r"\\\1", _line(node))


def _line(node: SyntaxTreeNode) -> str:
    return "".join(_word(run) for run in inline(node))


def _cell(node: SyntaxTreeNode) -> str:
    """One line in which code has no bar: only outside of code can it be escaped."""
    runs = (replace(run, text=run.text.replace("|", PIPE)) if run.code else run for run in inline(node))
    return "".join(_word(run) for run in runs).replace("\n", " ")


def _word(run: Run) -> str:
    if run.code or run.url:
        return f"`{_inert(run.text.replace('`', TICK))}`"
    text = (
        SPECIAL.sub(r"\\\1", run.text)
        .replace("`", TICK)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
    )
    for mark, on in (("~~", run.strike), ("_", run.italic), ("**", run.bold)):
        if on and text.strip():
            start, end = len(text) - len(text.lstrip()), len(text.rstrip())
            text = f"{text[:start]}{mark}{text[start:end]}{mark}{text[end:]}"
    return text


def _inert(code: str) -> str:
    """Code in which `<` opens nothing. Entities would be shown literally in code, so a joiner follows it."""
    return code.replace("<", f"<{JOINER}")


def _code(node: SyntaxTreeNode) -> str:
    """Always in the same fence, without backticks inside: it is not known where else Slack ends a block."""
    language = re.sub(r"[^\w+#.-].*", "", node.info.strip())
    closed = "\n```" if node.content.endswith("\n") else ""
    text = _inert(node.content.rstrip("\n")).replace("`", f"`{JOINER}")
    return f"```{language}\n{text}{closed}"


def _items(node: SyntaxTreeNode) -> Iterator[str]:
    number = int(node.attrs.get("start") or 1)
    for at, item in enumerate(node.children):
        mark = f"{number + at}. " if node.type == "ordered_list" else "- "
        yield _indented("\n".join(_written(item.children)), mark, " " * len(mark))


def _rows(node: SyntaxTreeNode) -> Iterator[str]:
    for at, row in enumerate(row for part in node.children for row in part.children):
        yield "| " + " | ".join(map(_cell, row.children)) + " |"
        if at == 0:
            yield "|" + " --- |" * len(row.children)


def _indented(text: str, first: str, rest: str) -> str:
    return first + text.replace("\n", "\n" + rest)
