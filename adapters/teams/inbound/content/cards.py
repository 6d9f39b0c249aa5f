"""The words of a card: Adaptive Cards, and the older kinds. Controls say nothing.

Sources: adaptivecards.io "Schema Explorer"; Microsoft Learn, Teams platform, "Types of cards".
"""

from collections.abc import Iterator, Mapping
from itertools import islice

DEPTH = 24  # lists and elements inside each other
MOST = 300  # lines of one card
LINE = 4_000  # characters
NAMES = ("title", "name")  # of a fact, whose "value" says the rest
SAID = (
    "title", "subtitle", "summary", "activityTitle", "activitySubtitle", "text", "activityText", "altText", "alt",
)  # fmt: skip
INSIDE = (
    "image", "body", "items", "inlines", "columns", "rows", "cells", "pages", "facts", "images", "sections", "card",
    "content",
)  # fmt: skip
CONTROLS = ("Action.", "Input.")


def card_text(card: object) -> str:
    """What it says, a line each; "" for nothing. Nothing in it is trusted to be there."""
    lines = list(islice(_lines(card, DEPTH), MOST))
    fallback = card.get("fallbackText") or card.get("speak") if isinstance(card, Mapping) else ""
    return "\n".join(lines) or (fallback[:LINE] if isinstance(fallback, str) else "")


def _lines(part: object, depth: int) -> Iterator[str]:
    if isinstance(part, str) and part.strip():
        yield part.strip()[:LINE]
    elif isinstance(part, list) and depth:
        for one in part:
            yield from _lines(one, depth - 1)
    elif isinstance(part, Mapping) and depth and not str(part.get("type", "")).startswith(CONTROLS):
        yield from _element(part, depth)


def _element(part: Mapping[str, object], depth: int) -> Iterator[str]:
    if part.get("type") == "RichTextBlock":
        yield from _lines(_run(part.get("inlines")), depth)
    elif isinstance(part.get("value"), str):
        name = next((str(part[key]) for key in NAMES if part.get(key)), "")
        yield f"{name}: {part['value']}"[:LINE]
    else:
        for key in (*SAID, *INSIDE):
            if isinstance(part.get(key), str) == (key in SAID):
                yield from _lines(part.get(key), depth - 1)


def _run(inlines: object) -> str:
    """The pieces of one paragraph."""
    parts = inlines if isinstance(inlines, list) else []
    texts = [one.get("text") if isinstance(one, Mapping) else one for one in parts[:MOST]]
    return "".join(text for text in texts if isinstance(text, str))[:LINE]
