"""Tables: as Slack's own where its limits allow it, as `data_table` where they are long, else as text.

Limits: docs.slack.dev, "Table block" and "Data table block". Slack's versions differ: an older one takes one table in a
message and knows no data table. What it refuses is written as text (`layout.simple`).
"""

from collections.abc import Iterator, Sequence

from adapters.slack.outbound.rendering.rich import Block, code_of, element, preformatted, section
from adapters.slack.outbound.rendering.runs import Run, runs
from bot.document.nodes import Align, TableBlock
from bot.document.tables import aligned

ROWS, DATA_ROWS, COLUMNS = 100, 201, 20  # with the header
CHARACTERS = 10_000  # of all tables of a message
WIDEST = 72  # columns of text that a thread shows beside each other
PAGE_ROWS = 20  # of a data table, before it is paged


def table_of(table: TableBlock) -> Block:
    """A table of any size, in the shape of Slack's."""
    return table_block(
        [[_cell(runs(cell)) for cell in row] for row in (table.header, *table.rows)], table.aligns
    )


def table_block(rows: list[list[Block]], aligns: Sequence[Align] = ()) -> Block:
    """`aligns` may be shorter than the rows."""
    columns = max(map(len, rows))
    named = [*aligns, *[Align.NONE] * (columns - len(aligns))]
    settings = [{"is_wrapped": True} | ({"align": str(one)} if one else {}) for one in named]
    return {"type": "table", "rows": rows, "column_settings": settings}


def raw_cell(text: str) -> Block:
    return {"type": "raw_text", "text": text.strip() or " "}


def table_size(table: Block) -> int:
    """Characters in its cells, addresses included: it is not said that they do not count."""
    return sum(len(_words(cell)) + _addresses(cell) for row in table["rows"] for cell in row)


def shaped(table: Block) -> Block | None:
    """The table as a block that Slack takes; None when it is too large for each."""
    rows = table["rows"]
    if len(rows) > DATA_ROWS or max(map(len, rows)) > COLUMNS:
        return None
    if len(rows) <= ROWS:
        return table
    header = [raw_cell(_words(cell)) for cell in rows[0]]
    caption = " | ".join(cell["text"] for cell in header)
    return {"type": "data_table", "caption": caption, "page_size": PAGE_ROWS, "rows": [header, *rows[1:]]}


def spelled(table: Block, *, tight: bool = False) -> list[Block]:
    """A `table` or `data_table` as rich text: in aligned columns where they are narrow and nothing in them can be
    clicked, else one entry per row. `tight` adds nothing but strokes, for texts that become too long otherwise.
    """
    rows = table["rows"]
    texts = [[" ".join(_words(cell).split()) for cell in row] for row in rows]
    if tight:
        return [section([Run("\n".join("|".join(row).rstrip("|") for row in texts) or " ")])]
    if all(len(row) == len(rows[0]) for row in rows) and not any(
        _lively(cell) for row in rows for cell in row
    ):
        settings = table.get("column_settings", [])
        aligns = [Align(one.get("align", "")) for one in settings] or [Align.NONE] * len(rows[0])
        if lines := aligned(texts, aligns, widest=WIDEST):
            return [preformatted("\n".join(lines))]
    return list(_entries(rows, texts)) if len(rows) > 1 else [section([Run(" | ".join(texts[0]) or " ")])]


def spoken_rows(table: Block) -> Iterator[str]:
    """The words of a table, row by row."""
    for row in table["rows"]:
        yield " | ".join(" ".join(_words(cell).split()) for cell in row)


def _entries(rows: list[list[Block]], texts: list[list[str]]) -> Iterator[Block]:
    """Each row as its first cell, and a list of what the others say under which heading."""
    names = texts[0]
    for number, row in enumerate(rows[1:], 1):
        yield {"type": "rich_text_section", "elements": _named(names[0], row[0], bold=True)}
        filled = [at for at in range(1, len(row)) if texts[number][at] or number == 1]
        if filled:
            lines = [{"type": "rich_text_section", "elements": _named(names[at], row[at])} for at in filled]
            yield {"type": "rich_text_list", "style": "bullet", "indent": 0, "elements": lines}


def _named(name: str, cell: Block, *, bold: bool = False) -> list[Block]:
    inside = _elements(cell)
    if bold:
        inside = [one | {"style": one.get("style", {}) | {"bold": True}} for one in inside]
    return [element(Run(f"{name}: ")), *inside] if name else inside


def _cell(cell: list[Run]) -> Block:
    text = "".join(run.text for run in cell)
    if "\n" not in text and all(run == Run(run.text) for run in cell):
        return raw_cell(text)
    return {"type": "rich_text", "elements": [section(cell)]}


def _elements(cell: Block) -> list[Block]:
    if cell["type"] == "rich_text":
        return [one for part in cell["elements"] for one in part["elements"]]
    return [{"type": "text", "text": cell["text"]}]


def _words(cell: Block) -> str:
    words = (code_of(one["name"]) if one["type"] == "emoji" else one["text"] for one in _elements(cell))
    return "".join(words)


def _addresses(cell: Block) -> int:
    return sum(len(one.get("url", "")) for one in _elements(cell))


def _lively(cell: Block) -> bool:
    return any(one["type"] != "text" for one in _elements(cell))
