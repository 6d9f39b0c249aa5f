"""What a person sees of an activity, and what a client would act on although nobody meant it to."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt

from tests.contracts.conversations import Seen
from tests.teams.rooms import Message
from tests.teams.rules import CARD, CONSENT, INFO, QUOTED, nested

PARSER = MarkdownIt("commonmark", {"html": True}).enable("strikethrough")
FOOTER = re.compile(r"\n?\n?\*([^\n]*)\*$")


def live(text: str) -> list[str]:
    """What a client that knows all of Markdown and HTML would act on."""
    return list(_live(text))


@lru_cache(maxsize=256)  # the same message is looked at again and again
def _live(text: str) -> tuple[str, ...]:
    found = []
    for block in PARSER.parse(text):
        for token in [block, *(block.children or [])]:
            if token.type in {"image", "html_inline", "html_block"}:
                found.append(token.content or token.type)
            if token.type == "link_open" and not str(token.attrs["href"]).startswith(("http://", "https://")):
                found.append(str(token.attrs["href"]))
    return (*found, *re.findall(r"(?i)</?at\b", text))


def links(text: str) -> Iterator[tuple[str, str]]:
    """What can be clicked: how it reads and where it leads."""
    for block in PARSER.parse(text):
        tokens = block.children or []
        for at, token in enumerate(tokens):
            if token.type == "link_open":
                end = next(i for i in range(at, len(tokens)) if tokens[i].type == "link_close")
                yield "".join(one.content for one in tokens[at:end]), str(token.attrs["href"])


@lru_cache(maxsize=256)
def words(text: str) -> str:
    """Markdown as it reads."""
    parts = []
    for block in PARSER.parse(text):
        for token in [block, *(block.children or [])]:
            if token.type in {"text", "code_inline", "fence", "code_block", "html_inline", "html_block"}:
                parts.append(token.content)
            elif token.type in {"softbreak", "hardbreak"} or (token.type.endswith("_close") and token.block):
                parts.append("\n")
    return "".join(parts)


def see(message: Message) -> Seen:
    """A message as a person sees it now."""
    activity = message.activity
    text = QUOTED.sub("", str(activity.get("text") or ""), count=1)
    footer = FOOTER.search(text)
    body = text[: footer.start()] if footer else text
    cards = [one["content"] for one in activity.get("attachments") or () if one.get("contentType") == CARD]
    suggested = (activity.get("suggestedActions") or {}).get("actions") or []
    danger = live(text) + [str(one) for one in activity.get("entities") or () if one.get("type") == "mention"]
    for card in cards:
        danger += card_live(card)
    return Seen(
        id=message.id,
        text="\n".join([words(body), *(spoken for card in cards for spoken in card_words(card))]),
        footer=words(footer[1]).strip() if footer else "",
        buttons=tuple(
            [one["title"] for one in suggested] + [title for card in cards for title in card_buttons(card)]
        ),
        options=tuple(
            choice["title"]
            for card in cards
            for element in nested(card["body"])
            for choice in element.get("choices") or ()
        ),
        live=tuple(danger),
        private=bool(message.targeted),
        sources=tuple(sources(activity, body)),
        pictures=tuple(pictures(activity)),
        files=tuple(files(activity)),
    )


def sources(activity: Mapping[str, Any], body: str) -> Iterator[tuple[int, str, str]]:
    """What stands behind the numbers in the text, and what is listed under it."""
    for entity in activity.get("entities") or ():
        for citation in entity.get("citation") or ():
            if f"[{citation['position']}]" in words(body):
                shown = citation["appearance"]
                yield citation["position"], shown["name"], shown.get("url", "")
    found = dict(links(body))
    for line in words(body).partition("Sources\n")[2].split("\n"):
        if heads := re.fullmatch(r"(\d+)\. (.+?)(?:, page \d+)?", line):
            yield int(heads[1]), heads[2], found.get(heads[2], "")


def pictures(activity: Mapping[str, Any]) -> Iterator[bytes]:
    for one in activity.get("attachments") or ():
        if str(one.get("contentType")).startswith("image/"):
            yield base64.b64decode(one["contentUrl"].partition(",")[2])


def files(activity: Mapping[str, Any]) -> Iterator[str]:
    """What can be taken: asked for in a one-to-one chat, saved there, or sent at a press."""
    for one in activity.get("attachments") or ():
        if one.get("contentType") in {CONSENT, INFO}:
            yield one["name"]
        elif one.get("contentType") == CARD:
            titles = card_buttons(one["content"])
            yield from (title.removeprefix("Send me ") for title in titles if title.startswith("Send me "))


def seen_in(messages: Sequence[Message]) -> list[Seen]:
    """Messages in their order. A bubble of buttons alone belongs to the message above it."""
    return list(_with_buttons([see(message) for message in messages]))


def _with_buttons(seen: Sequence[Seen]) -> Iterator[Seen]:
    above: Seen | None = None
    left: list[Seen] = []  # Stop cards of a worker that was killed: nobody knows of them
    for one in seen:
        bare = one.buttons and not (one.text.strip() or one.options)
        if above and above.footer and bare and "Stop" in one.buttons:
            left.append(one)
            continue
        if above and not above.buttons and bare:
            above = replace(above, buttons=one.buttons)
            continue
        if above:
            yield above
        above = one
    if above:
        yield above
    yield from left


def card_words(card: Mapping[str, Any]) -> Iterator[str]:
    for element in nested(card["body"]):
        if element["type"] == "RichTextBlock":
            yield "".join(run["text"] for run in element["inlines"])
        elif element["type"] == "TextBlock":
            yield words(element["text"])
        elif element["type"] == "CodeBlock":
            yield element["codeSnippet"]


def card_buttons(card: Mapping[str, Any]) -> Iterator[str]:
    for element in [*nested(card["body"]), *(card.get("actions") or [])]:
        if str(element["type"]).startswith("Action.") and element["type"] != "Action.OpenUrl":
            yield element["title"]


def card_live(card: Mapping[str, Any]) -> list[str]:
    """Images, links that are none, Markdown that a TextBlock would act on."""
    found = []
    for element in nested(card["body"]):
        if element["type"] in {"Image", "ImageSet", "Media"}:
            found.append(str(element))
        if element["type"] == "Action.OpenUrl" and not element["url"].startswith(("http://", "https://")):
            found.append(element["url"])
        if element["type"] == "TextBlock":
            found += live(element["text"])
    return found
