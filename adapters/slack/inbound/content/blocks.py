"""Slack's blocks as Markdown for a model. Nothing in them is trusted to be there, or to be what it should be.

Sources: docs.slack.dev "Block Kit reference" and the page of each block; `table` and `data_table` since 2026.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from adapters.slack.inbound.content.words import plain_words

DEPTH = 6  # blocks inside blocks
MOST = 200  # rows of a table, items of a list, blocks of a message

Json = Mapping[str, Any]


def blocks_text(blocks: object, *, bot: str = "", depth: int = DEPTH) -> str:
    """What the blocks say, a paragraph each; "" for nothing."""
    parts = [_block(block, bot, depth) for block in _objects(blocks)] if depth else []
    return "\n\n".join(part for part in parts if part)


def besides_typed(blocks: object, *, bot: str = "") -> str:
    """What the blocks say that does not stand in the message's text too, as rich text does: tables and their like."""
    return blocks_text([one for one in _objects(blocks) if one.get("type") != "rich_text"], bot=bot)


def _block(block: Json, bot: str, depth: int) -> str:
    shown = BLOCKS.get(str(block.get("type")))
    return shown(block, bot, depth).strip() if shown else ""


def _objects(value: object) -> list[Json]:
    found = value if isinstance(value, list) else []
    return [one for one in found[:MOST] if isinstance(one, Mapping)]


def _words(value: object, bot: str) -> str:
    """A text object: mrkdwn or plain."""
    if not isinstance(value, Mapping):
        return ""
    text = str(value.get("text") or "")
    return text if value.get("type") == "plain_text" else plain_words(text, bot=bot)


def _rich(block: Json, bot: str, depth: int) -> str:
    return "\n".join(_section(part, bot) for part in _objects(block.get("elements")))


def _section(part: Json, bot: str) -> str:
    match part.get("type"):
        case "rich_text_list":
            return _list(part, bot)
        case "rich_text_preformatted":
            return f"```\n{_inline(part, bot)}\n```"
        case "rich_text_quote":
            return "\n".join(f"> {line}" for line in _inline(part, bot).splitlines())
        case _:
            return _inline(part, bot)


def _list(part: Json, bot: str) -> str:
    level, start = part.get("indent"), part.get("offset")
    indent = "  " * (level if isinstance(level, int) and 0 <= level < DEPTH else 0)
    first = 1 + (start if isinstance(start, int) else 0)
    ordered = part.get("style") == "ordered"
    items = [_inline(item, bot) for item in _objects(part.get("elements"))]
    return "\n".join(
        f"{indent}{f'{number}.' if ordered else '-'} {item}" for number, item in enumerate(items, start=first)
    )


def _inline(part: Json, bot: str) -> str:
    return "".join(_element(element, bot) for element in _objects(part.get("elements")))


def _element(element: Json, bot: str) -> str:
    def said(key: str) -> str:
        return str(element.get(key) or "")

    match element.get("type"):
        case "user":
            return "" if said("user_id") == bot else f"@{said('user_id')}"
        case "channel":
            return f"#{said('channel_id')}"
        case "usergroup":
            return f"@{said('usergroup_id')}"
        case "broadcast":
            return f"@{said('range')}"
        case "emoji":
            return f":{said('name')}:"
        case "date":
            return said("fallback")
        case "link":
            label, url = said("text"), said("url")
            return f"{label} ({url})" if label and label != url else url
        case _:
            return said("text")


def _table(block: Json, bot: str, depth: int) -> str:
    """A Markdown table. Its first row is the header, as in Slack's own."""
    given = block.get("rows")
    rows = (
        [_row(row, bot) for row in given[:MOST] if isinstance(row, list)] if isinstance(given, list) else []
    )
    if not rows:
        return ""
    width = max(map(len, rows))
    lines = ["| " + " | ".join((row + [""] * width)[:width]) + " |" for row in rows]
    lines.insert(1, "|" + " --- |" * width)
    caption = str(block.get("caption") or "")
    return "\n".join([caption, *lines] if caption else lines)


def _row(cells: Sequence[object], bot: str) -> list[str]:
    return [_cell(cell, bot) for cell in cells[:MOST]]


def _cell(cell: object, bot: str) -> str:
    if not isinstance(cell, Mapping):
        return ""
    text = (
        _rich(cell, bot, 1)
        if cell.get("type") == "rich_text"
        else str(cell.get("text") or cell.get("value") or "")
    )
    return " ".join(text.split()).replace("|", "\\|")


def _plain_section(block: Json, bot: str, depth: int) -> str:
    fields = [_words(field, bot) for field in _objects(block.get("fields"))]
    return "\n".join(part for part in (_words(block.get("text"), bot), *fields) if part)


def _context(block: Json, bot: str, depth: int) -> str:
    parts = [_words(one, bot) or str(one.get("alt_text") or "") for one in _objects(block.get("elements"))]
    return " ".join(part for part in parts if part)


def _image(block: Json, bot: str, depth: int) -> str:
    title = _words(block.get("title"), bot) or str(block.get("alt_text") or "")
    return f"[image: {title}]" if title else ""


def _chart(block: Json, bot: str, depth: int) -> str:
    """A chart's figures, as its title and the values behind it."""
    chart = block.get("chart") if isinstance(block.get("chart"), Mapping) else {}
    series = _objects(chart.get("series")) or [{"data": chart.get("segments")}] if chart else []
    lines = [str(block.get("title") or "")]
    for one in series:
        points = ", ".join(
            f"{point.get('label')}: {point.get('value')}" for point in _objects(one.get("data"))
        )
        lines.append(f"{one.get('name') or ''} {points}".strip())
    return "\n".join(line for line in lines if line)


def _card(block: Json, bot: str, depth: int) -> str:
    texts = (_words(block.get(key), bot) for key in ("title", "subtitle", "body", "text", "description"))
    return "\n".join([*(text for text in texts if text), *_inside(block, bot, depth)])


def _inside(block: Json, bot: str, depth: int) -> Iterable[str]:
    for key in ("blocks", "child_blocks", "elements", "cards", "tasks"):
        if (text := blocks_text(block.get(key), bot=bot, depth=depth - 1)) != "":
            yield text


def _task(block: Json, bot: str, depth: int) -> str:
    return " ".join(part for part in (str(block.get("title") or ""), str(block.get("status") or "")) if part)


BLOCKS: Mapping[str, Callable[[Json, str, int], str]] = {
    "rich_text": _rich,
    "section": _plain_section,
    "header": lambda block, bot, _: f"**{_words(block.get('text'), bot)}**",
    "context": _context,
    "markdown": lambda block, _bot, _depth: str(block.get("text") or ""),
    "table": _table,
    "data_table": _table,
    "data_visualization": _chart,
    "image": _image,
    "video": _image,
    "alert": _plain_section,
    "card": _card,
    "carousel": _card,
    "container": _card,
    "plan": _card,
    "task_card": _task,
}
"""What each block says. Controls (actions, inputs, dividers) say nothing."""
