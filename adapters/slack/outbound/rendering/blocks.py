"""Answers and replies as Block Kit.

Text from models and people is only put into fields that Slack shows unchanged: rich text elements, raw table
cells, plain_text objects. Nothing here writes mrkdwn, so no text can become a mention, a broadcast or an
image. Limits: docs.slack.dev, the page of each block.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from adapters.slack.outbound.rendering import tables
from adapters.slack.outbound.rendering.rich import (
    SECTION,
    Block,
    bordered,
    code_of,
    followed,
    one_quote,
    plain_text,
    preformatted,
    section,
)
from adapters.slack.outbound.rendering.runs import BOLD, Run, runs
from bot.delivery.last_resort import rendered
from bot.document import nodes
from bot.document.reading import parse
from bot.document.source import clean

Pieces = list[Block]
"""What one block of the tree becomes: parts of rich text, and blocks that stand by themselves."""

MOST_BLOCKS = 44  # of 50: the rest is for the notice, the buttons and the footer
MOST_TEXT = 11_000  # characters of about 13,000, likewise
HEADER, LEVELS, LANGUAGE = 150, 8, 20
RULE = Run("———")
SHAPES = ((True, False), (False, False), (False, True))
"""What `arranged` may do, from the best to the shortest: native, tight."""


def to_blocks(source: str) -> list[Block]:
    """A Markdown text as blocks; [] for an empty one."""
    return rendered(source, _shown, plain_blocks)


def compact(source: str, most: int) -> list[Block]:
    """The same without headers, rules and native tables: one block of so many characters, for a part of a message."""
    return rendered(source, lambda text: fitting(_all(text), most, SHAPES[1:]), plain_blocks)


def plain_blocks(source: str) -> list[Block]:
    """The text without any markup."""
    return line(clean(source).strip())


def line(text: str, *, italic: bool = False) -> list[Block]:
    """One line of plain text, upright or italic."""
    run = Run(text, ("italic",) if italic else ())
    return [{"type": "rich_text", "elements": [section([run])]}] if text else []


def fitting(made: Sequence[Pieces], most: int, shapes: Sequence[tuple[bool, bool]] = SHAPES) -> list[Block]:
    """All pieces in the best shape that fits into so many characters, and into one message."""
    for native, tight in shapes:
        blocks = arranged(made, native=native, tight=tight)
        if len(blocks) <= MOST_BLOCKS and _characters(blocks) <= most:
            return blocks
    raise ValueError("longer than one message")


def arranged(made: Sequence[Pieces], *, native: bool = True, tight: bool = False) -> list[Block]:
    """Neighbouring parts of rich text as one block. Not `native`: nothing but rich text. `tight`: in few characters."""
    blocks: list[Block] = []
    left = tables.CHARACTERS
    for group in made:
        for place, piece in enumerate(group):
            shown = [piece]
            if piece["type"] == "table":
                size = tables.table_size(piece)
                table = tables.shaped(piece) if native and size <= left else None
                left -= size if table else 0
                shown = [table] if table else tables.spelled(piece, tight=tight)
            elif not native:
                shown = [_flat(piece)]
            for part in shown:
                _add(blocks, part, "\n" if place or part is not shown[0] else "\n\n")
    return blocks


def pieces(block: nodes.Block) -> Pieces:
    """A block at the top of the tree."""
    match block:
        case nodes.Heading(level, inlines) if level <= 2 and (header := _header(runs(inlines))):
            return [header]
        case nodes.Rule():
            return [{"type": "divider"}]
    return _inner(block)


def _shown(source: str) -> list[Block]:
    return fitting(_all(source), max(MOST_TEXT, len(source)))


def _all(source: str) -> list[Pieces]:
    return list(map(pieces, parse(source).blocks))


def _add(blocks: list[Block], part: Block, gap: str) -> None:
    """Adds a part of rich text to the last block, or another block."""
    if not part["type"].startswith("rich_text_"):
        blocks.append(part)
        return
    if not blocks or blocks[-1]["type"] != "rich_text":
        blocks.append({"type": "rich_text", "elements": []})
    before = blocks[-1]["elements"]
    if before and before[-1]["type"] == SECTION and (gap == "\n\n" or part["type"] == SECTION):
        before[-1] = followed(before[-1], gap)
    before.append(part)


def _flat(piece: Block) -> Block:
    """Headers and dividers as rich text, for texts with more of them than a message takes."""
    match piece["type"]:
        case "header":
            return section([Run(piece["text"]["text"], ("bold",))])
        case "divider":
            return section([RULE])
    return piece


def _header(words: Sequence[Run]) -> Block | None:
    """A header shows plain words only; None for a heading with more in it, and for a long one."""
    text = "".join(code_of(run.text) if run.emoji else run.text for run in words).strip()
    if not 0 < len(text) <= HEADER or "\n" in text:
        return None
    if any(run.url or run.style not in ((), ("bold",), ("italic",)) for run in words):
        return None
    return {"type": "header", "text": plain_text(text, emoji=any(run.emoji for run in words))}


def _inner(block: nodes.Block, indent: int = 0) -> Pieces:
    """A block anywhere in the tree."""
    match block:
        case nodes.Paragraph((nodes.Formula(written, display=True),)):
            return [preformatted(written)]
        case nodes.Paragraph(inlines):
            return _section(runs(inlines))
        case nodes.Heading(inlines=inlines):
            return _section(runs(inlines, BOLD))
        case nodes.CodeBlock(text, language):
            named = language if language.isalnum() and len(language) < LANGUAGE else ""
            return [preformatted(text, named)] if text else []
        case nodes.ListBlock():
            return list(_list(block, indent))
        case nodes.QuoteBlock(blocks):
            return _quote(blocks)
        case nodes.TableBlock():
            return [tables.table_of(block)]
        case nodes.FootnoteText():
            return _footnote(block)
        case nodes.Rule():
            return [section([RULE])]


def _section(words: Sequence[Run]) -> Pieces:
    return [section(words)] if words else []


def _quote(blocks: Sequence[nodes.Block]) -> Pieces:
    parts = (part for block in blocks for part in _inner(block))
    whole = (one for part in parts for one in (tables.spelled(part) if part["type"] == "table" else [part]))
    return list(one_quote(map(bordered, whole)))


def _footnote(note: nodes.FootnoteText) -> Pieces:
    mark = Run(f"[{note.label}] ")
    match note.blocks:
        case (nodes.Paragraph(inlines), *others):
            first = section([mark, *runs(inlines)])
        case others:
            first = section([mark])
    return [first, *(part for block in others for part in _inner(block))]


def _list(block: nodes.ListBlock, indent: int) -> Iterator[Block]:
    """A list. What an item holds besides its first text stands between two parts of the list, in its order.

    Text after code is a paragraph of its own at the margin: Slack has neither indented text nor a row without a mark,
    and as a row of its own it would look like another item.
    """
    counted = bool(block.start)  # Slack counts from 1
    last = (block.start or 0) + len(block.items) - 1
    rows: list[Block] = []
    for number, item in enumerate(block.items, block.start or 0):
        texts = list(takewhile(_is_text, item.blocks))
        rows.append(section(_row(f"{number}. " if block.start == 0 else "", item, texts)))
        rest = [part for child in item.blocks[len(texts) :] for part in _inner(child, indent + 1)]
        if rest or number == last:
            yield _part(rows, indent, number - len(rows) if counted else None)
            yield from rest
            rows = []


def _part(rows: list[Block], indent: int, offset: int | None) -> Block:
    """`offset`: how many numbers come before; None for a list without."""
    style = "bullet" if offset is None else "ordered"
    made: Block = {"type": "rich_text_list", "style": style, "indent": min(indent, LEVELS), "elements": rows}
    return made | {"offset": offset} if offset else made


def _row(mark: str, item: nodes.ListItem, texts: Sequence[nodes.Block]) -> list[Run]:
    """Paragraphs that follow each other stand in one row."""
    task = {None: "", False: "☐ ", True: "☑ "}[item.checked]
    words = [Run(mark + task)] if mark or task else []
    for place, text in enumerate(texts):
        words += [Run("\n")] * bool(place)
        if isinstance(text, nodes.Paragraph | nodes.Heading):
            words += runs(text.inlines, BOLD if isinstance(text, nodes.Heading) else Run(""))
    return words or [Run(" ")]


def _is_text(block: nodes.Block) -> bool:
    return isinstance(block, nodes.Paragraph | nodes.Heading)


def _characters(blocks: Sequence[Block]) -> int:
    """Of all visible text inside."""
    count, waiting = 0, list(blocks)
    while waiting:
        one = waiting.pop()
        text = one.get("text", "")
        if isinstance(text, str):
            count += len(text)
        else:
            waiting.append(text)
        waiting += one.get("elements", ())
        for row in one.get("rows", ()):
            waiting += row
    return count
