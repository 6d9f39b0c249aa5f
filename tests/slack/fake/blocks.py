"""The documented limits of Block Kit, and the payloads they refuse. Sources: the block and element reference pages."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.slack.fake.world import Json, Refused

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
BLOCK_TEXT = 13_200  # of a whole message; reported, not documented
MARKDOWN_TEXT = 12_000
CHARTS = 2  # of a message; an older Slack takes none
TABLES, TABLE_TEXT, DATA_ROWS = 50, 10_000, 201  # of a message; an older Slack takes one table, and 101 rows
BORDERED = ("rich_text_list", "rich_text_preformatted")  # a quote has its border by itself
EMOJI = r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?"
ELEMENTS = {"actions": 25, "context": 10, "context_actions": 5}
ON_VIEWS = {"section", "header", "divider", "actions", "context", "input", "image", "rich_text", "alert"}


def invalid(why: str) -> Refused:
    return Refused("invalid_blocks", response_metadata={"messages": [f"[ERROR] {why}"]})


def need(claim: bool, why: str) -> None:
    if not claim:
        raise invalid(why)


def text_object(value: Any, most: int, *, kinds: tuple[str, ...] = ("plain_text",)) -> None:
    need(
        isinstance(value, dict) and value.get("type") in kinds,
        f"a {'/'.join(kinds)} object is needed: {value}",
    )
    need(
        0 < len(value.get("text", "")) <= most,
        f"text must have 1 to {most} characters: {value['text'][:80]!r}",
    )


def check(blocks: Any, *, surface: str = "message") -> None:
    """Raises Refused like Slack: invalid_blocks, msg_blocks_too_many, msg_blocks_too_long."""
    need(isinstance(blocks, list), "blocks must be an array")
    if len(blocks) > (MESSAGE_BLOCKS if surface == "message" else VIEW_BLOCKS):
        raise Refused("msg_blocks_too_many")
    for block in blocks:
        need(isinstance(block, dict) and block.get("type") in CHECKS, f"unknown block {block}")
        need(surface == "message" or block["type"] in ON_VIEWS, f"{block['type']} is not for views")
        need(len(block.get("block_id", "")) <= 255, "block_id is longer than 255")
        CHECKS[block["type"]](block)
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    need(len(ids) == len(set(ids)), "block_id must be unique")
    need(sum(block["type"] == "data_visualization" for block in blocks) <= CHARTS, f"{CHARTS} charts at most")
    grids = [block for block in blocks if block["type"] in ("table", "data_table")]
    if len(grids) > TABLES:
        raise Refused("invalid_attachments", response_metadata={"messages": ["only_one_table_allowed"]})
    need(sum(map(len, texts(grids))) <= TABLE_TEXT, f"tables hold {TABLE_TEXT} characters in all")
    if surface == "message" and sum(len(text) for text in texts(blocks)) > BLOCK_TEXT:
        raise Refused("msg_blocks_too_long")


def texts(value: Any) -> Iterator[str]:
    """Every visible text inside, in order."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for key, inner in value.items():
            if key not in ("text", "value", "action_id", "block_id") or isinstance(inner, dict):
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def section(block: Json) -> None:
    need("text" in block or "fields" in block, "a section needs text or fields")
    if "text" in block:
        text_object(block["text"], 3000, kinds=("mrkdwn", "plain_text"))
    need(len(block.get("fields", [])) <= 10, "a section has at most 10 fields")
    for one in block.get("fields", []):
        text_object(one, 2000, kinds=("mrkdwn", "plain_text"))
    if "accessory" in block:
        element(block["accessory"])


def elements(block: Json) -> None:
    inside = block.get("elements")
    need(
        isinstance(inside, list) and 0 < len(inside) <= ELEMENTS[block["type"]],
        f"elements of {block['type']}",
    )
    for one in inside or []:
        if block["type"] == "context":
            text_object(one, 2000, kinds=("mrkdwn", "plain_text")) if one.get("type") != "image" else None
        else:
            element(one)
    ids = [one["action_id"] for one in inside or [] if "action_id" in one]
    need(len(ids) == len(set(ids)), "action_id must be unique within a block")


def element(one: Any) -> None:
    kind = one.get("type") if isinstance(one, dict) else None
    need(len(one.get("action_id", "")) <= 255, "action_id is longer than 255")
    match kind:
        case "button":
            text_object(one.get("text"), 75)
            need(len(one.get("value", "")) <= 2000 and len(one.get("url", "")) <= 3000, "button value or url")
            need(one.get("style", "primary") in ("primary", "danger"), "button style")
        case "static_select":
            need(("options" in one) != ("option_groups" in one), "a select has options or groups of them")
            options = menu_groups(one)
            need(len(options) > 0, "a select has options")
            menu_options([one[key] for key in ("initial_option",) if key in one])
            need(
                "initial_option" not in one or one["initial_option"] in options,
                "initial_option is not an option",
            )
            if "placeholder" in one:
                text_object(one["placeholder"], 150)
        case "feedback_buttons":
            for button in (one["positive_button"], one["negative_button"]):
                text_object(button["text"], 75)
                need(len(button.get("value", "")) <= 2000, "feedback value")
        case "icon_button":
            need(one.get("icon") == "trash", "icon")
            text_object(one.get("text"), 75)
        case "external_select":
            need(one.get("action_id", "") != "", "a menu that finds is told by its action_id")
            need(0 <= one.get("min_query_length", 3), "min_query_length")
            text_object(one.get("placeholder"), 150)
        case "multi_static_select":
            several(one)
        case "plain_text_input" | "overflow":
            text_input(one)
        case _:
            raise invalid(f"unknown element {kind}")


def menu_groups(menu: Json) -> list[Json]:
    """All options of a select, or of an answer to what is typed into one, after what Slack asks of their groups."""
    if "option_groups" not in menu:
        menu_options(menu["options"])
        return list(menu["options"])
    need(0 < len(menu["option_groups"]) <= 100, "a select has at most 100 groups")
    for group in menu["option_groups"]:
        text_object(group.get("label"), 75)
        need(len(group["options"]) > 0, "a group has options")
        menu_options(group["options"])
    return [option for group in menu["option_groups"] for option in group["options"]]


def several(one: Json) -> None:
    options, initial = one.get("options", []), one.get("initial_options", [])
    need(bool(options), "a select has options")
    menu_options(options)
    need(one.get("initial_options") != [], "initial_options must not be empty")
    need(all(each in options for each in initial), "initial_options are not options")


def text_input(one: Json) -> None:
    most = one.get("max_length", 3000)
    need(0 < most <= 3000, "max_length is at most 3000")
    need(len(one.get("initial_value", "")) <= most, "initial_value is longer than max_length")


def menu_options(options: list[Json]) -> None:
    """Of a select, also those that come as somebody types."""
    need(len(options) <= 101, "a select has at most 100 options")
    for option in options:
        text_object(option.get("text"), 75)
        need(0 < len(option.get("value", "")) <= 150, "an option's value has 1 to 150 characters")
        if "description" in option:
            text_object(option["description"], 75)


def rich_text(block: Json) -> None:
    need(isinstance(block.get("elements"), list), "rich_text needs elements")
    for part in block["elements"]:
        kind = part.get("type")
        need(
            kind in ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"),
            f"unknown rich text part {kind}",
        )
        inside = part.get("elements")
        need(isinstance(inside, list), f"{kind} needs elements")
        if kind == "rich_text_list":
            need(part.get("style") in ("bullet", "ordered") and 0 <= part.get("indent", 0) <= 8, "list style")
            for item in inside:
                need(item.get("type") == "rich_text_section", "a list holds sections")
                inline(item["elements"])
        else:
            inline(inside)
        if kind == "rich_text_preformatted":
            need(
                all(one["type"] in ("text", "link") for one in inside),
                "preformatted text holds text and links",
            )


def inline(parts: list[Json]) -> None:
    for part in parts:
        match part.get("type"):
            case "text":
                need(
                    isinstance(part.get("text"), str) and part["text"] != "", "a text element cannot be empty"
                )
                known = {"bold", "italic", "strike", "code", "underline"}
                need(set(part.get("style", {})) <= known, f"unknown style {part.get('style')}")
            case "link":
                need(0 < len(part.get("url", "")) <= 3000, "link url")
            case "emoji":
                need(re.fullmatch(EMOJI, part.get("name", "")) is not None, f"emoji name {part.get('name')}")
                need(set(part) <= {"type", "name", "unicode", "style"}, "an emoji has a name")
            case "user" | "usergroup" | "channel" | "broadcast" | "date" | "color":
                pass
            case kind:
                raise invalid(f"unknown rich text element {kind}")


def table(block: Json) -> None:
    rows = block.get("rows")
    need(isinstance(rows, list) and 0 < len(rows) <= 100, "a table has 1 to 100 rows")
    grid(rows or [], first=("raw_text", "raw_number", "rich_text"))
    settings = block.get("column_settings", [])
    need(len(settings) <= 20, "column_settings")
    for one in filter(None, settings):
        need(set(one) <= {"align", "is_wrapped"}, f"column_settings {one}")
        need(one.get("align", "left") in ("left", "center", "right"), f"align {one}")


def data_table(block: Json) -> None:
    """Source: docs.slack.dev, "Data table block"."""
    known = {"type", "block_id", "caption", "rows", "page_size", "row_header_column_index"}
    need(set(block) <= known, f"unknown property in {set(block)}")
    need(isinstance(block.get("caption"), str) and block["caption"] != "", "a data table needs a caption")
    need(1 <= block.get("page_size", 5) <= 100, "page_size is 1 to 100")
    rows = block.get("rows")
    need(isinstance(rows, list) and 2 <= len(rows) <= DATA_ROWS, f"a data table has 2 to {DATA_ROWS} rows")
    grid(rows or [], first=("raw_text", "raw_number"))
    need(len({len(row) for row in rows or []}) == 1, "all rows of a data table have the same length")


def grid(rows: list[list[Json]], *, first: tuple[str, ...]) -> None:
    """The cells of a table; `first`: which kinds its first row may hold."""
    for number, row in enumerate(rows):
        need(0 < len(row) <= 20, "a row has 1 to 20 cells")
        for cell in row:
            kinds = ("raw_text", "raw_number", "rich_text") if number else first
            need(cell.get("type") in kinds, f"{cell.get('type')} is no cell of row {number}")
            need(cell["type"] != "raw_text" or cell.get("text", "") != "", "a cell cannot be empty")
            if cell["type"] == "rich_text":
                rich_text(cell)


def data_visualization(block: Json) -> None:
    """Source: docs.slack.dev, "Data visualization block". Only bars are drawn here."""
    need(set(block) <= {"type", "block_id", "title", "chart"}, f"unknown property in {set(block)}")
    need(0 < len(block.get("title", "")) <= 50, "a chart's title has 1 to 50 characters")
    chart = block.get("chart", {})
    need(set(chart) == {"type", "series", "axis_config"} and chart["type"] == "bar", "a bar chart")
    axis = chart["axis_config"]
    need(set(axis) <= {"categories", "x_label", "y_label"}, f"axis_config {set(axis)}")
    names = axis.get("categories", [])
    need(0 < len(names) <= 20 and len(set(names)) == len(names), "1 to 20 different categories")
    need(all(0 < len(name) <= 20 for name in names), "a category has 1 to 20 characters")
    series = chart["series"]
    need(0 < len(series) <= 6 and len({one["name"] for one in series}) == len(series), "1 to 6 named series")
    for one in series:
        need(0 < len(one["name"]) <= 20, "a series' name has 1 to 20 characters")
        need([point["label"] for point in one["data"]] == names, "labels are the categories")
        numbers = [point["value"] for point in one["data"]]
        need(all(type(number) in (int, float) for number in numbers), "values are numbers")


def markdown(block: Json) -> None:
    need(0 < len(block.get("text", "")) <= MARKDOWN_TEXT, "markdown text")


def task_card(block: Json) -> None:
    need(bool(block.get("task_id")) and bool(block.get("title")), "a task card needs task_id and title")


def plan(block: Json) -> None:
    need(bool(block.get("title")) and isinstance(block["title"], str), "a plan's title is plain text")
    need(0 < len(block.get("tasks", [])), "a plan has tasks")
    for task in block["tasks"]:
        need(task.get("type") == "task_card", "a plan holds task cards")
        task_card(task)
        need(task.get("status") in ("pending", "in_progress", "complete", "error"), "a task's status")
        for key in ("details", "output"):
            rich_text(task[key]) if key in task else None


def field(block: Json) -> None:
    text_object(block.get("label"), 2000)
    need(len(block.get("block_id", "")) <= 255, "block_id is longer than 255")
    element(block.get("element"))
    if "hint" in block:
        text_object(block["hint"], 2000)


CHECKS: dict[str, Callable[[Json], None]] = {
    "section": section,
    "header": lambda block: text_object(block.get("text"), 150),
    "divider": lambda block: None,
    "actions": elements,
    "context": elements,
    "context_actions": elements,
    "rich_text": rich_text,
    "table": table,
    "data_table": data_table,
    "data_visualization": data_visualization,
    "markdown": markdown,
    "task_card": task_card,
    "plan": plan,
    "input": field,
    "alert": lambda block: text_object(block.get("text"), 3000, kinds=("mrkdwn", "plain_text")),
}
