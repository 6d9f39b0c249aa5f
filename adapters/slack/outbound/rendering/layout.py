"""Whole messages: an answer with its ending, a reply with its parts, as Block Kit. Pure.

Every message also carries `text` for notifications and screen readers: plain words, cut short, with &, < and
> escaped. Limits: docs.slack.dev, the page of each block and element.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from adapters.slack.callback_ids import FIND, VOTE
from adapters.slack.outbound.rendering import tables
from adapters.slack.outbound.rendering.blocks import arranged, compact, line, pieces, to_blocks
from adapters.slack.outbound.rendering.charts import CHART, chart_blocks
from adapters.slack.outbound.rendering.rich import Block, plain_text
from adapters.slack.outbound.rendering.spoken import spoken
from adapters.slack.outbound.rendering.steps import steps_block
from bot.document.source import clean
from bot.document.source_list import numbered
from bot.domain.replies import Action, Button, Choice, Option, Reply, Section, Table
from bot.domain.stream_parts import Closing, Reason, Source

FALLBACK = 3_000  # characters; chat.update refuses more than 4,000
LABEL, VALUE, OPTION, OPTIONS, PLACEHOLDER = 75, 2_000, 150, 100, 150
TITLE, FOOTER, ROW, VIEW, SECTION = 150, 2_000, 5, 100, 3_000
WORDS = 11_000  # characters of sections in one message; Slack allows about 13,200 in all
ENDING = frozenset(["plan", "actions", "context_actions", "context"])
UNGROUPED = "Others"
THUMBS = (Action.UP, Action.DOWN)
QUIET = {"unfurl_links": False, "unfurl_media": False, "parse": "none"}
"""What every message carries: nothing in it is fetched for a preview, no bare address becomes a link."""


Shown = Callable[[str], list[Block]]
"""Makes blocks of a text: a `GrowingPage` where it grows."""


def growing(text: str, status: str, stop: Button | None, shown: Shown = to_blocks) -> dict[str, Any]:
    """An unfinished answer: its text so far, the status, and the Stop button."""
    blocks = shown(text)
    blocks = blocks + line(f"{status or 'Working on it'} …", italic=True) if status or not blocks else blocks
    return {"blocks": [*blocks, *(_buttons([stop]) if stop else [])], "text": _fallback(blocks)}


def finished(
    text: str,
    closing: Closing | None = None,
    shown: Shown = to_blocks,
    sources: Sequence[Source] = (),
    *,
    carded: bool = False,
) -> dict[str, Any]:
    """A page of an answer; the last one has its sources and the closing. `carded`: Slack showed its tools as task cards, so it
    knows the block in which they are folded.
    """
    blocks = shown(text) + arranged([pieces(one) for one in numbered(sources)])
    if closing is None:
        return {"blocks": blocks or line("…"), "text": _fallback(blocks)}
    blocks += line(closing.notice, italic=bool(text))
    blocks += [] if blocks or closing.reason is Reason.STOP else line("No answer came.", italic=True)
    blocks += steps_block(closing.steps) if carded else []
    ending = [*_buttons(closing.buttons), *_footer(closing.quiet)]
    return {"blocks": [*blocks, *ending], "text": _fallback(blocks)}


def noted(content: dict[str, Any], note: str) -> dict[str, Any]:
    """The same with a line of Switchboard's above its controls and its footer."""
    blocks = content["blocks"]
    end = len(blocks)
    while end and blocks[end - 1]["type"] in ENDING:
        end -= 1
    return {**content, "blocks": [*blocks[:end], *line(note, italic=True), *blocks[end:]]}


def reply(said: Reply) -> dict[str, Any]:
    """A reply, in this order: title, text, table, sections, choices, buttons. A form is a button that opens it."""
    blocks = _header(said.title) + to_blocks(said.text)
    if said.chart:
        blocks += chart_blocks(said.chart)
    if said.table:
        blocks += _table(said.table)
    room = WORDS // max(1, len(said.sections))
    for section in said.sections:
        blocks += _part(section, room)
    text = _fallback(blocks)
    for number, choice in enumerate(said.choices):
        blocks += _menu(choice, number)
    opener = [Button(action=Action.FORM, label=said.form.title, value=said.form.opens)] if said.form else []
    blocks += _buttons([*opener, *said.buttons])
    return {"blocks": blocks or line("…"), "text": text}


def length(said: Reply) -> int:
    """Characters of a reply that are rendered."""
    return len(said.text) + sum(len(section.text) for section in said.sections)


def chartless(content: dict[str, Any]) -> dict[str, Any]:
    """The same without charts, which an older Slack does not know: what they show stands in a table, too."""
    return {**content, "blocks": [one for one in content["blocks"] if one["type"] != CHART]}


def one_table(content: dict[str, Any]) -> dict[str, Any]:
    """The same with one table at most, as an older Slack wants it: the others as text. The footer names what was called."""
    left, blocks = 1, []
    for block in chartless(content)["blocks"]:
        if block["type"] == "plan":
            continue
        if block["type"] == "data_table" or (block["type"] == "table" and not left):
            blocks.append(_spelled(block))
            continue
        left -= block["type"] == "table"
        blocks.append(block)
    return {**content, "blocks": blocks}


def simple(content: dict[str, Any]) -> dict[str, Any]:
    """The same text without the blocks that an older Slack might not know."""
    blocks = []
    for block in chartless(content)["blocks"]:
        match block["type"]:
            case "plan":
                pass
            case "table" | "data_table":
                blocks.append(_spelled(block))
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
        else:
            blocks += [{"type": "section", "text": plain_text(part)} for part in _parts(spoken([block]))]
    return {**content, "blocks": blocks}


def _parts(text: str) -> Iterator[str]:
    """A text in pieces for sections, cut at the end of a line where there is one."""
    while text:
        end = SECTION if len(text) <= SECTION else text.rfind("\n", SECTION // 2, SECTION) + 1 or SECTION
        yield text[:end]
        text = text[end:]


def _spelled(table: Block) -> Block:
    return {"type": "rich_text", "elements": tables.spelled(table)}


def for_view(blocks: list[Block]) -> list[Block]:
    """The same for a view, which allows neither tables nor feedback buttons."""
    return list(simple({"blocks": blocks})["blocks"])[:VIEW]


def _thumb(half: Block) -> Block:
    return {"type": "button", "action_id": half["value"].partition(" ")[0] + ".0", **half} | {
        "value": half["value"].partition(" ")[2]
    }


def fallback(text: str) -> str:
    """Plain words of a Markdown text, safe where Slack would read markup."""
    return _fallback(to_blocks(text[:FALLBACK]))


def _fallback(blocks: Sequence[Block]) -> str:
    plain = spoken(blocks)
    cut = plain if len(plain) <= FALLBACK else f"{plain[:FALLBACK]} …"
    return cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")[:3_900].strip() or "…"


def _header(text: str) -> list[Block]:
    clean = one_line(text, TITLE)
    return [{"type": "header", "text": plain_text(clean)}] if clean else []


def _footer(text: str) -> list[Block]:
    clean = one_line(text, FOOTER)
    return [{"type": "context", "elements": [plain_text(clean)]}] if clean else []


def _table(rows: Table) -> list[Block]:
    cells = [[tables.raw_cell(clean(cell)) for cell in row] for row in (rows.header, *rows.rows)]
    table = tables.table_block(cells)
    fits = tables.table_size(table) <= tables.CHARACTERS
    return [(tables.shaped(table) if fits else None) or _spelled(table)]


def _part(section: Section, room: int) -> list[Block]:
    text = section.text if len(section.text) <= room else section.text[: room - 20].rstrip() + " …"
    return [*_header(section.title), *compact(text, room), *_footer(section.note), *_buttons(section.buttons)]


def _menu(choice: Choice, number: int) -> list[Block]:
    offered = offered_options(choice.options)
    options = option_objects(choice.options)
    if not options:
        return []
    select: Block = {
        "type": "static_select",
        "action_id": f"{choice.action.value}.{number}",
        "placeholder": plain_text(one_line(choice.label, PLACEHOLDER)),
        **offered,
    }
    chosen = [option for option in options if option["value"] == choice.selected]
    shown = [select | ({"initial_option": chosen[0]} if chosen else {})]
    return [{"type": "actions", "elements": [*shown, *_finder(choice)]}]


def offered_options(options: Sequence[Option]) -> dict[str, list[Block]]:
    """The options of a menu, under headings where they have groups."""
    fitting = [one for one in options if len(one.value) <= OPTION][:OPTIONS]
    if not any(one.group for one in fitting):
        return {"options": option_objects(fitting)}
    names = list(dict.fromkeys(one.group for one in fitting))
    groups = [
        {
            "label": plain_text(one_line(name, LABEL) or UNGROUPED),
            "options": option_objects([one for one in fitting if one.group == name]),
        }
        for name in names
    ]
    return {"option_groups": groups}


def option_objects(options: Sequence[Option]) -> list[Block]:
    """As many as a menu takes. One whose value is too long cannot be told from another, and is left out."""
    fitting = [one for one in options if len(one.value) <= OPTION]
    return [
        {
            "text": plain_text(one_line(one.label, LABEL)),
            "value": one.value,
            **({"description": plain_text(one_line(one.hint, LABEL))} if one.hint else {}),
        }
        for one in fitting[:OPTIONS]
    ]


def _finder(choice: Choice) -> list[Block]:
    """A menu beside the short one, whose options come as somebody types."""
    if not choice.search:
        return []
    finder: Block = {
        "type": "external_select",
        "action_id": f"{choice.action.value}{FIND}{choice.search}",
        "placeholder": plain_text("Find another"),
        "min_query_length": 2,
    }
    return [finder]


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
    words = " ".join(clean(text).split())
    return words if len(words) <= limit else words[: limit - 1] + "…"
