"""Whole messages: an answer with its ending, a reply with its parts, as Block Kit. Pure.

Every message also carries `text` for notifications and screen readers: plain words, cut short, with &, < and
> escaped. Limits: docs.slack.dev, the page of each block and element.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from adapters.slack.callback_ids import VOTE
from adapters.slack.outbound.rendering.blocks import (
    Block,
    compact,
    line,
    plain_text,
    raw_cell,
    rows_block,
    to_blocks,
)
from adapters.slack.outbound.rendering.markdown import INVISIBLE, tree, words
from bot.delivery.last_resort import rendered
from bot.domain.replies import Action, Button, Choice, Reply, Section, Table
from bot.domain.stream_parts import Closing

FALLBACK = 3_000  # characters; chat.update refuses more than 4,000
LABEL, VALUE, OPTION, OPTIONS, PLACEHOLDER = 75, 2_000, 150, 100, 150
TITLE, FOOTER, ROW, VIEW, SECTION = 150, 2_000, 5, 100, 3_000
WORDS = 11_000  # characters of sections in one message; Slack allows about 13,200 in all
THUMBS = (Action.UP, Action.DOWN)
QUIET = {"unfurl_links": False, "unfurl_media": False, "parse": "none"}
"""What every message carries: nothing in it is fetched for a preview, no bare address becomes a link."""


def growing(text: str, status: str, stop: Button) -> dict[str, Any]:
    """An unfinished answer: its text so far, the status, and the Stop button."""
    blocks = to_blocks(text) or line(f"{status or 'Working on it'} …", italic=True)
    return {"blocks": [*blocks, *_buttons([stop])], "text": fallback(text or status)}


def finished(text: str, closing: Closing | None = None) -> dict[str, Any]:
    """A page of an answer; the last one has the closing."""
    blocks = to_blocks(text)
    if closing is None:
        return {"blocks": blocks or line("…"), "text": fallback(text)}
    blocks += line(closing.notice, italic=bool(text))
    blocks += [] if blocks else line("No answer came.", italic=True)
    blocks += _buttons(closing.buttons)
    blocks += _footer(closing.footer)
    return {"blocks": blocks, "text": fallback(" ".join(part for part in (text, closing.notice) if part))}


def reply(said: Reply) -> dict[str, Any]:
    """A reply, in this order: title, text, table, sections, choices, buttons."""
    blocks = _header(said.title) + to_blocks(said.text)
    if said.table:
        blocks += _table(said.table)
    room = WORDS // max(1, len(said.sections))
    for section in said.sections:
        blocks += _part(section, room)
    for number, choice in enumerate(said.choices):
        blocks += _menu(choice, number)
    blocks += _buttons(said.buttons)
    texts = [said.title, said.text, *(f"{one.title}: {one.text}" for one in said.sections)]
    return {"blocks": blocks or line("…"), "text": fallback("\n".join(filter(None, texts)))}


def simple(content: dict[str, Any]) -> dict[str, Any]:
    """The same text without the blocks that an older Slack might not know."""
    blocks = []
    for block in content["blocks"]:
        match block["type"]:
            case "table":
                rows = "\n".join(" | ".join(_cell_words(cell) for cell in row) for row in block["rows"])
                blocks += line(rows)
            case "context_actions":
                up, down = block["elements"][0]["positive_button"], block["elements"][0]["negative_button"]
                blocks.append({"type": "actions", "elements": [_thumb(up), _thumb(down)]})
            case _:
                blocks.append(block)
    return {**content, "blocks": blocks}


def plainest(content: dict[str, Any]) -> dict[str, Any]:
    """The same text in the oldest kind of block; buttons, menus and the footer stay."""
    blocks: list[Block] = []
    for block in simple(content)["blocks"]:
        if block["type"] in ("actions", "context", "divider"):
            blocks.append(block)
            continue
        text = "".join(_spoken(block)).strip()
        blocks += [
            {"type": "section", "text": plain_text(text[at : at + SECTION])}
            for at in range(0, len(text), SECTION)
        ]
    return {**content, "blocks": blocks}


def _spoken(value: object) -> Iterator[str]:
    """The text inside a block, line by line."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for inner in value.values():
            yield from _spoken(inner)
        if str(value.get("type")).startswith("rich_text_"):
            yield "\n"
    elif isinstance(value, list):
        for inner in value:
            yield from _spoken(inner)


def for_view(blocks: list[Block]) -> list[Block]:
    """The same for a view, which allows neither tables nor feedback buttons."""
    return list(simple({"blocks": blocks})["blocks"])[:VIEW]


def _thumb(half: Block) -> Block:
    return {"type": "button", "action_id": half["value"].partition(" ")[0] + ".0", **half} | {
        "value": half["value"].partition(" ")[2]
    }


def _cell_words(cell: Block) -> str:
    if cell["type"] == "raw_text":
        return str(cell["text"])
    return "".join(one.get("text", "") for part in cell["elements"] for one in part["elements"])


def fallback(text: str) -> str:
    """Plain words of a Markdown text, safe where Slack would read markup."""
    plain = rendered(text[:FALLBACK], _words, str)
    cut = plain if len(text) <= FALLBACK else f"{plain} …"
    return (
        cut[:FALLBACK].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")[:3_900].strip() or "…"
    )


def _words(text: str) -> str:
    return "\n".join(
        words(node).strip() or node.content.strip() for node in tree(text).walk() if _leaf(node.type)
    )


def _leaf(kind: str) -> bool:
    return kind in ("inline", "fence", "code_block")


def _header(text: str) -> list[Block]:
    clean = one_line(text, TITLE)
    return [{"type": "header", "text": plain_text(clean)}] if clean else []


def _footer(text: str) -> list[Block]:
    clean = one_line(text, FOOTER)
    return [{"type": "context", "elements": [plain_text(clean)]}] if clean else []


def _table(rows: Table) -> list[Block]:
    cells = [[raw_cell(INVISIBLE.sub("", cell)) for cell in row] for row in (rows.header, *rows.rows)]
    return [rows_block(cells[:100])]


def _part(section: Section, room: int) -> list[Block]:
    text = section.text if len(section.text) <= room else section.text[: room - 20].rstrip() + " …"
    return [*_header(section.title), *compact(text), *_footer(section.note), *_buttons(section.buttons)]


def _menu(choice: Choice, number: int) -> list[Block]:
    options: list[Block] = [
        {
            "text": plain_text(one_line(one.label, LABEL)),
            "value": one.value[:OPTION],
            **({"description": plain_text(one_line(one.hint, LABEL))} if one.hint else {}),
        }
        for one in choice.options[:OPTIONS]
    ]
    if not options:
        return []
    select: Block = {
        "type": "static_select",
        "action_id": f"{choice.action.value}.{number}",
        "placeholder": plain_text(one_line(choice.label, PLACEHOLDER)),
        "options": options,
    }
    chosen = [option for option in options if option["value"] == choice.selected]
    return [{"type": "actions", "elements": [select | ({"initial_option": chosen[0]} if chosen else {})]}]


def _buttons(shown: Sequence[Button]) -> list[Block]:
    """Rows of buttons; a pair of thumbs as Slack's own feedback buttons."""
    thumbs = [button for button in shown if button.action in THUMBS]
    rest = [button for button in shown if button.action not in THUMBS or len(thumbs) != len(THUMBS)]
    blocks: list[Block] = [
        {"type": "actions", "elements": [_press(one, at) for at, one in row]} for row in _rows(rest, ROW)
    ]
    if len(thumbs) == len(THUMBS):
        up, down = sorted(thumbs, key=lambda one: one.action is Action.DOWN)
        pair: Block = {"type": "feedback_buttons", "action_id": f"{VOTE}.0"}
        pair |= {"positive_button": _half(up, "Good answer"), "negative_button": _half(down, "Bad answer")}
        blocks.append({"type": "context_actions", "elements": [pair]})
    return blocks


def _half(button: Button, label: str) -> Block:
    value = f"{button.action.value} {button.value}"[:VALUE]
    return {"text": plain_text(one_line(button.label, LABEL)), "value": value, "accessibility_label": label}


def _press(button: Button, number: int) -> Block:
    made: Block = {
        "type": "button",
        "action_id": f"{button.action.value}.{number}",
        "text": plain_text(one_line(button.label, LABEL)),
        "value": button.value[:VALUE],
    }
    style = "danger" if button.danger else "primary" if button.primary else ""
    return made | ({"style": style} if style else {})


def _rows(shown: Iterable[Button], size: int) -> Iterator[list[tuple[int, Button]]]:
    numbered = list(enumerate(shown))
    for start in range(0, len(numbered), size):
        yield numbered[start : start + size]


def one_line(text: str, limit: int) -> str:
    clean = " ".join(INVISIBLE.sub("", text).split())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
