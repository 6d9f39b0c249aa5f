"""Rich text, the block in which Slack shows text unchanged: nothing in it can become a mention, a broadcast or an image.

Sources: docs.slack.dev, "Rich text block", "Emoji element".
"""

from collections.abc import Iterable, Iterator
from typing import Any

from adapters.slack.outbound.rendering.runs import Run

Block = dict[str, Any]
"""A block, or a part of one, as Slack wants it. Never changed once it is made: it may be kept for the next draw."""

SECTION, QUOTE = "rich_text_section", "rich_text_quote"


def element(run: Run) -> Block:
    if run.emoji:
        return {"type": "emoji", "name": run.text}
    made: Block = {"type": "text", "text": run.text}
    if run.url:
        made = {"type": "link", "url": run.url, "text": run.text}
    return made | {"style": dict.fromkeys(run.style, True)} if run.style else made


def section(runs: Iterable[Run]) -> Block:
    """A line or paragraph, or the row of a list."""
    return {"type": SECTION, "elements": [element(run) for run in runs]}


def preformatted(text: str, language: str = "") -> Block:
    made: Block = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return made | {"language": language} if language else made


def bordered(part: Block) -> Block:
    """The part as it stands in a quote. Slack's quotes hold text only; beside them, lists and code have the same border."""
    return part | ({"type": QUOTE} if part["type"] in (SECTION, QUOTE) else {"border": 1})


def followed(part: Block, gap: str) -> Block:
    """The part with line feeds at its end."""
    return part | {"elements": [*part["elements"], {"type": "text", "text": gap}]}


def one_quote(parts: Iterable[Block]) -> Iterator[Block]:
    """Paragraphs of one quote as one element, with an empty line between them."""
    last: Block | None = None
    for part in parts:
        if last and last["type"] == part["type"] == QUOTE:
            last = followed(last, "\n\n")
            last["elements"].extend(part["elements"])
            continue
        if last:
            yield last
        last = part
    if last:
        yield last


def plain_text(text: str, *, emoji: bool = False) -> Block:
    return {"type": "plain_text", "text": text, "emoji": emoji}


def code_of(name: str) -> str:
    """An emoji as people type it."""
    return f":{name}:"
