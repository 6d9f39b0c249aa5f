"""A message as a person sees it, and what in it a Slack client would act on."""

import html
import itertools
import re
from collections.abc import Iterator
from typing import Any

from tests.slack.fake.blocks import menu_groups
from tests.slack.fake.world import Json, Message

CONTROL = re.compile(r"<(?!\u2060)([@#!][^>]*|[^>|]+\|[^>]*|[a-z]+:[^>]*)>")
MARKDOWN_LINK = re.compile(r"!?\[[^\]]*\](\(|\[)[^)\]]+")
REFERENCE = re.compile(r"(?m)^\s*\[[^\]]+\]:\s*\S+")
ADDRESS = re.compile(r"(?i)\b(?:https?|ftp)://[^\s`]+|\bmailto:\S+|\bwww\.\S+")
FENCED = re.compile(r"(?ms)^[ \t>\-\d.]*(`{3,}|~{3,}).*?(?:^[ \t>]*\1[`~]*[ \t]*$|\Z)")
CODE = re.compile(r"(?s)(`+)(?!`).*?(?<!`)\1(?!`)")


def text(message: Message) -> str:
    """The words in the message's body, without its footer."""
    found = [message.text] if not message.blocks and message.text else []
    if message.markdown:
        found.append(from_markdown(message.markdown))
    if message.stream:
        found += [from_markdown(message.stream.text)] if message.stream.text else []
        found += [task["title"] for task in message.stream.tasks.values()]
        found += [body(block) for block in message.stream.blocks]
    found += [body(block) for block in message.blocks]
    return html.unescape("\n".join(part for part in found if part)).replace("\u02cb", "`")


def body(block: Json) -> str:
    match block["type"]:
        case "rich_text":
            return "\n".join(rich(part) for part in block["elements"])
        case "header" | "section" | "alert":
            parts = [block["text"]["text"]] if "text" in block else []
            return "\n".join(parts + [field["text"] for field in block.get("fields", [])])
        case "table" | "data_table":
            return "\n".join(" ".join(cell_text(cell) for cell in row) for row in block["rows"])
        case "markdown":
            return from_markdown(block["text"])
        case "task_card":
            return str(block["title"])
    return ""


def cell_text(cell: Json) -> str:
    return str(cell["text"]) if cell["type"] == "raw_text" else body(cell)


def rich(part: Json) -> str:
    if part["type"] == "rich_text_list":
        return "\n".join(rich(item) for item in part["elements"])
    return "".join(
        f":{one['name']}:" if one["type"] == "emoji" else one.get("text") or one.get("url", "")
        for one in part["elements"]
    )


def from_markdown(source: str) -> str:
    """Good enough for comparing words: the common marks go, backslashes before punctuation go."""
    plain = re.sub(r"(?m)^(#{1,6}|>|[-*+]|\d+\.)\s+", "", source)
    plain = re.sub(r"(?m)^```.*$", "", plain)
    plain = re.sub(r"(?<!\\)(\*\*|__|~~|`)", "", plain)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", plain)


def sources(message: Message) -> list[tuple[int, str, str]]:
    """The numbered list under an answer: number, words, and where a click leads."""
    found: list[tuple[int, str, str]] = []
    for block in message.blocks:
        parts = block["elements"] if block["type"] == "rich_text" else []
        runs = [one for part in parts if part["type"] == "rich_text_section" for one in part["elements"]]
        for one, name in itertools.pairwise(runs):
            if number := re.fullmatch(r"(\d+)\. ", one.get("text", "")):
                found.append((int(number[1]), name.get("text", ""), name.get("url", "")))
    return found


def footer(message: Message) -> str:
    """The quiet last line: the last context block."""
    quiet = [block for block in message.blocks if block["type"] == "context"]
    return html.unescape(quiet[-1]["elements"][0]["text"]) if quiet else ""


def controls(message: Message) -> list[Json]:
    """Every button and select, with its block."""
    blocks = message.blocks + (message.stream.blocks if message.stream else [])
    found = []
    for block in blocks:
        inside = block.get("elements", []) if block["type"] in ("actions", "context_actions") else []
        for one in [*inside, *([block["accessory"]] if "accessory" in block else [])]:
            if one["type"] == "feedback_buttons":
                found += [one[key] | {"type": "button", "action_id": one["action_id"]} for key in FEEDBACK]
            else:
                found.append(one)
    return found


FEEDBACK = ("positive_button", "negative_button")


def buttons(message: Message) -> list[str]:
    return [one["text"]["text"] for one in controls(message) if one["type"] in ("button", "icon_button")]


def options(message: Message) -> list[str]:
    return [
        option["text"]["text"]
        for one in controls(message)
        if one["type"] == "static_select"
        for option in menu_groups(one)
    ]


def live(message: Message) -> list[str]:
    """What a client would act on. A link is only counted where it is fetched for a preview."""
    found = live_mrkdwn(message.text, links=message.unfurls and not message.verbatim)
    for source in (message.markdown, message.stream.text if message.stream else ""):
        found += live_markdown(source)
    for block in message.blocks + (message.stream.blocks if message.stream else []):
        found += list(live_block(block, unfurls=message.unfurls))
    return found


def live_block(block: Json, *, unfurls: bool) -> Iterator[str]:
    match block.get("type"):
        case "image":
            yield f"image {block.get('image_url')}"
        case "markdown":
            yield from live_markdown(block["text"])
        case "mrkdwn":
            yield from live_mrkdwn(block["text"], links=unfurls and not block.get("verbatim"))
        case "user" | "usergroup" | "channel" | "broadcast":
            yield str(block)
        case "link" if unfurls or not re.match(r"(?i)https?://|mailto:", block["url"]):
            yield str(block["url"])
    for inner in inside(block):
        yield from live_block(inner, unfurls=unfurls)


def inside(value: Any) -> Iterator[Json]:
    """The nearest objects within, through any depth of lists."""
    for one in value.values() if isinstance(value, dict) else value:
        if isinstance(one, dict):
            yield one
        elif isinstance(one, list):
            yield from inside(one)


def live_mrkdwn(source: str, *, links: bool) -> list[str]:
    found = [match.group(0) for match in CONTROL.finditer(source)]
    return found + [match.group(0) for match in ADDRESS.finditer(source) if links]


def live_markdown(source: str) -> list[str]:
    """Control sequences anywhere, code included; links, images and addresses outside of code."""
    outside = CODE.sub(" ", FENCED.sub(" ", source))
    found = [match.group(0) for match in CONTROL.finditer(source)]
    for pattern in (MARKDOWN_LINK, REFERENCE, ADDRESS):
        found += [
            match.group(0) for match in pattern.finditer(outside) if not escaped(outside, match.start())
        ]
    return found


def escaped(source: str, at: int) -> bool:
    return at > 0 and source[at - 1] == "\\"
