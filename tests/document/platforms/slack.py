"""What a person sees in Slack: blocks as lines of words."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from adapters.slack.outbound.rendering.blocks import to_blocks
from bot.document import links
from tests.document.seen import Line, Piece, lines, tidy, without_levels
from tests.slack.fake import blocks as limits
from tests.slack.fake import reading

STYLES = {"bold": "b", "italic": "i", "strike": "s", "code": "c"}
ALIGNED = {"center": ":-:", "right": "--:"}


def rendered(text: str) -> list[Any]:
    return to_blocks(text)


def shown(text: str) -> list[Line]:
    blocks = rendered(text)
    limits.check(blocks)
    return [line for block in blocks for line in _block(block)]


def expected(seen: str) -> list[Line]:
    """No levels of headings and quotes, labels of one style, the host behind each label, images as their address."""
    flat = re.sub(r"(?m)^(?:> )+", "> ", seen)
    return [tidy(_linked(without_levels(line))) for line in lines(flat)]


def _linked(line: Line) -> Iterator[Piece]:
    for place, piece in enumerate(line):
        if not piece.url:
            yield piece
            continue
        if links.linkable(piece.url) and piece.url.endswith((".png", ".svg", ".gif")):
            yield from (Piece(piece.text, piece.style), Piece(f" ({piece.url})"))
            continue
        label = [one for one in line if one.url == piece.url]
        yield piece._replace(style=frozenset.intersection(*(one.style for one in label)))
        if place + 1 == len(line) or line[place + 1].url != piece.url:
            yield Piece(f" ({links.host(piece.url)})", piece.style - {"c", "i", "s"})


def _block(block: Any) -> Iterator[Line]:
    match block["type"]:
        case "header":
            yield (Piece(block["text"]["text"], frozenset("b")),)
        case "divider":
            yield (Piece("———"),)
        case "table" | "data_table":
            rows = [[_cell(cell) for cell in row] for row in block["rows"]]
            settings = block.get("column_settings", [{}] * len(rows[0]))
            marks = "|".join(ALIGNED.get(one.get("align", ""), "---") for one in settings)
            yield from (_row(rows[0]), (Piece(f"|{marks}|"),), *map(_row, rows[1:]))
        case "rich_text":
            for part in block["elements"]:
                yield from _part(part)


def _row(cells: Sequence[Sequence[Piece]]) -> Line:
    pieces = [Piece("| ")]
    for place, cell in enumerate(cells):
        pieces += [Piece(" | ")] * bool(place) + list(cell)
    return tidy([*pieces, Piece(" |")])


def _cell(cell: Any) -> list[Piece]:
    if cell["type"] == "raw_text":
        return [Piece(cell["text"].strip())]
    found = [_piece(one) for part in cell["elements"] for one in part["elements"]]
    return [one._replace(text=one.text.replace("\n", " / ")) for one in found]


def _part(part: Any) -> Iterator[Line]:
    quote = "> " if part["type"] == "rich_text_quote" or part.get("border") else ""
    if part["type"] == "rich_text_list":
        level, number = "  " * part.get("indent", 0), part.get("offset", 0)
        for item in part["elements"]:
            number += 1
            mark = f"{number}. " if part["style"] == "ordered" else "• "
            yield from _lines(item, f"{quote}{level}{mark}", quote)
    elif part["type"] == "rich_text_preformatted":
        text = "".join(one["text"] for one in part["elements"])
        yield from ((Piece(f"{quote}│ {line}".rstrip()),) for line in text.split("\n"))
    else:
        yield from _lines(part, quote, quote)


def _lines(part: Any, first: str, then: str) -> Iterator[Line]:
    rows: list[list[Piece]] = [[Piece(first)]]
    for one in part["elements"]:
        piece = _piece(one)
        head, *others = piece.text.split("\n")
        rows[-1].append(piece._replace(text=head))
        rows += [[Piece(then), piece._replace(text=other)] for other in others]
    for row in rows:
        if "".join(piece.text for piece in row).strip(" >"):
            yield tidy(row)


def _piece(one: Any) -> Piece:
    if one["type"] == "emoji":
        return Piece(f":{one['name']}:")
    style = frozenset(STYLES[name] for name, on in one.get("style", {}).items() if on)
    return Piece(one.get("text") or one.get("url", ""), style, one.get("url", ""))


def live(text: str) -> list[str]:
    """What Slack would act on."""
    return [one for block in rendered(text) for one in reading.live_block(block, unfurls=False)]
