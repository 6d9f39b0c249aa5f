"""What a message says, in plain words: for notifications, screen readers, and a Slack that knows none of its blocks."""

from collections.abc import Iterable, Iterator

from adapters.slack.outbound.rendering.rich import Block, code_of
from adapters.slack.outbound.rendering.tables import spoken_rows


def spoken(blocks: Iterable[Block]) -> str:
    """The words of all blocks, line by line; nothing of buttons and menus."""
    return "\n".join(line for block in blocks for line in _lines(block)).strip()


def _lines(block: Block) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield block["text"]["text"]
        case "rich_text":
            for part in block["elements"]:
                yield from _rows(part) if part["type"] == "rich_text_list" else [_words(part)]
        case "table" | "data_table":
            yield from spoken_rows(block)


def _rows(part: Block) -> Iterator[str]:
    indent = "  " * part.get("indent", 0)
    for number, row in enumerate(part["elements"], part.get("offset", 0) + 1):
        mark = f"{number}." if part["style"] == "ordered" else "•"
        yield f"{indent}{mark} {_words(row)}"


def _words(part: Block) -> str:
    return "".join(
        code_of(one["name"]) if one["type"] == "emoji" else one["text"] for one in part["elements"]
    )
