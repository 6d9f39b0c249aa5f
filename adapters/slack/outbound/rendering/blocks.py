"""Answers and replies as Block Kit.

Text from models and people is only put into fields that Slack shows unchanged: rich text elements, raw table
cells, plain_text objects. Nothing here writes mrkdwn, so no text can become a mention, a broadcast or an
image. Limits: docs.slack.dev, the page of each block.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from markdown_it.tree import SyntaxTreeNode

from adapters.slack.outbound.rendering.markdown import Run, inline, plain_tree, tree, words
from bot.delivery.last_resort import rendered

Block = dict[str, Any]

MOST_BLOCKS = 44  # of 50: the rest is for the notice, the buttons and the footer
HEADER, ROWS, COLUMNS, CELL, LEVELS = 150, 100, 20, 2000, 8


def to_blocks(source: str) -> list[Block]:
    """A Markdown text as blocks; [] for an empty one."""
    return rendered(source, lambda text: _full(tree(text)), lambda text: _full(plain_tree(text)))


def _full(root: SyntaxTreeNode) -> list[Block]:
    blocks = list(_joined(_top(root.children, table_left=True)))
    if len(blocks) > MOST_BLOCKS:
        blocks = list(_joined(_flat(block) for block in blocks))
    return blocks


def compact(source: str) -> list[Block]:
    """The same without headers, rules and native tables: one block, for a part of a larger message."""
    return rendered(source, lambda text: _small(tree(text)), lambda text: _small(plain_tree(text)))


def _small(root: SyntaxTreeNode) -> list[Block]:
    return list(_joined(_flat(block) for block in _top(root.children, table_left=False)))


def line(text: str, *, italic: bool = False) -> list[Block]:
    """One line of plain text, upright or italic."""
    return [{"type": "rich_text", "elements": [_section([Run(text=text, italic=italic)])]}] if text else []


def _top(nodes: Sequence[SyntaxTreeNode], *, table_left: bool) -> Iterator[Block]:
    """Blocks for top-level nodes. Slack allows one table in a message; further ones become aligned text."""
    for node in nodes:
        match node.type:
            case "heading" if node.tag in ("h1", "h2") and 0 < len(words(node).strip()) <= HEADER:
                yield {"type": "header", "text": plain_text(words(node).strip())}
            case "hr":
                yield {"type": "divider"}
            case "table":
                block = _table(node) if table_left else None
                table_left = table_left and block is None
                yield block or {"type": "rich_text", "elements": [_preformatted(_as_text(node))]}
            case _:
                if parts := list(_rich(node)):
                    yield {"type": "rich_text", "elements": parts}


def _joined(blocks: Iterable[Block]) -> Iterator[Block]:
    """Neighbouring rich text as one block, with an empty line between paragraphs."""
    last: Block | None = None
    for block in blocks:
        if last is None or block["type"] != "rich_text" or last["type"] != "rich_text":
            if last is not None:
                yield last
            last = block
            continue
        before = last["elements"][-1]
        if before["type"] == "rich_text_section":
            before["elements"].append({"type": "text", "text": "\n\n"})
        last["elements"].extend(block["elements"])
    if last is not None:
        yield last


def _flat(block: Block) -> Block:
    """Headers and dividers as rich text, for texts with more of them than a message takes."""
    match block["type"]:
        case "header":
            return {
                "type": "rich_text",
                "elements": [_section([Run(text=block["text"]["text"], bold=True)])],
            }
        case "divider":
            return {"type": "rich_text", "elements": [_section([Run(text="———")])]}
    return block


def _rich(node: SyntaxTreeNode, *, indent: int = 0) -> Iterator[Block]:
    """Rich text elements for one node of the tree."""
    match node.type:
        case "paragraph" | "heading" | "inline":
            if part := _section(
                inline(node, Run(text="", bold=True)) if node.type == "heading" else inline(node)
            ):
                yield part
        case "fence" | "code_block":
            yield from _code(node)
        case "bullet_list" | "ordered_list":
            yield from _items(node, indent) if any(item.children for item in node.children) else _marks(node)
        case "blockquote":
            if quoted := _elements(_inside(node)):
                yield {"type": "rich_text_quote", "elements": quoted}
        case "table":
            yield _preformatted(_as_text(node))
        case "hr":
            yield _section([Run(text="———")])
        case _:
            for child in node.children:
                yield from _rich(child, indent=indent)


def _code(node: SyntaxTreeNode) -> Iterator[Block]:
    text = node.content.rstrip("\n")
    if text:
        language = node.info.split(maxsplit=1)[0] if node.info.strip() else ""
        yield _preformatted(text) | (
            {"language": language} if language.isalnum() and len(language) < 20 else {}
        )


def _items(node: SyntaxTreeNode, indent: int) -> Iterator[Block]:
    """A list. An item's content besides text (code, an inner list) is put between two parts of the list."""
    ordered = node.type == "ordered_list"
    number = int(node.attrs.get("start") or 1) - 1 if ordered else 0
    waiting: list[Block] = []

    def part(rows: list[Block], offset: int) -> Block:
        block: Block = {
            "type": "rich_text_list",
            "style": "ordered" if ordered else "bullet",
            "indent": min(indent, LEVELS),
            "elements": rows,
        }
        return block | ({"offset": offset} if ordered and offset > 0 else {})

    for item in node.children:
        heads = [child for child in item.children if child.type in ("paragraph", "heading")]
        head = _section(run for at, one in enumerate(heads) for run in _gap(inline(one), first=at == 0))
        waiting.append(head or _section([Run(text=" ")]))
        number += 1
        rest = [child for child in item.children if child not in heads]
        if rest:
            yield part(waiting, number - len(waiting))
            waiting = []
            for child in rest:
                yield from _rich(child, indent=indent + 1)
    if waiting:
        yield part(waiting, number - len(waiting))


def _marks(node: SyntaxTreeNode) -> Iterator[Block]:
    """A list without text was meant as text: "42." is an answer."""
    yield _section([Run(text="\n".join(f"{item.info}{item.markup}" for item in node.children))])


def _gap(runs: Iterable[Run], *, first: bool) -> Iterator[Run]:
    if not first:
        yield Run(text="\n")
    yield from runs


def _inside(node: SyntaxTreeNode) -> Iterator[Run]:
    """The text of nested blocks as lines, for elements that allow only text (quotes)."""
    for at, child in enumerate(node.children):
        if at:
            yield Run(text="\n")
        match child.type:
            case "paragraph" | "heading":
                yield from inline(child)
            case "fence" | "code_block":
                yield Run(text=child.content.rstrip("\n"), code=True)
            case "list_item":
                yield Run(text="• ")
                yield from _inside(child)
            case "table":
                yield Run(text=_as_text(child))
            case _:
                yield from _inside(child)


def _section(runs: Iterable[Run]) -> Block:
    """A line or paragraph; {} when there is nothing in it."""
    found = _elements(runs)
    return {"type": "rich_text_section", "elements": found} if found else {}


def _elements(runs: Iterable[Run]) -> list[Block]:
    return [_element(run) for run in runs if run.text]


def _element(run: Run) -> Block:
    style = {name: True for name in ("bold", "italic", "strike", "code") if getattr(run, name)}
    made: Block = {"type": "text", "text": run.text}
    if run.url:
        made = {"type": "link", "url": run.url, "text": run.text}
    return made | ({"style": style} if style else {})


def _preformatted(text: str) -> Block:
    return {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text or " "}]}


def plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def _cells(node: SyntaxTreeNode) -> list[list[SyntaxTreeNode]]:
    return [list(row.children) for part in node.children for row in part.children]


def _table(node: SyntaxTreeNode) -> Block | None:
    """A native table; None when it is larger than Slack allows."""
    rows = _cells(node)
    if len(rows) > ROWS or any(len(row) > COLUMNS for row in rows):
        return None
    return rows_block([[_table_cell(cell) for cell in row] for row in rows])


def rows_block(rows: list[list[Block]]) -> Block:
    columns = max(len(row) for row in rows)
    return {"type": "table", "rows": rows, "column_settings": [{"is_wrapped": True} for _ in range(columns)]}


def _table_cell(node: SyntaxTreeNode) -> Block:
    runs = [run for run in inline(node) if run.text]
    if all(run == Run(text=run.text) for run in runs):
        return raw_cell("".join(run.text for run in runs))
    return {"type": "rich_text", "elements": [_section(runs)]}


def raw_cell(text: str) -> Block:
    return {"type": "raw_text", "text": text[:CELL].strip() or " "}


def _as_text(node: SyntaxTreeNode) -> str:
    """A table in aligned columns, unless that makes it too large."""
    rows = [[words(cell).replace("\n", " ") for cell in row] for row in _cells(node)]
    widths = [max(len(row[at]) for row in rows if at < len(row)) for at in range(max(map(len, rows)))]
    if sum(widths) > 120:
        widths = [0] * len(widths)
    return "\n".join(
        " | ".join(cell.ljust(widths[at]) for at, cell in enumerate(row)).rstrip() for row in rows
    )
