"""A message's text without Teams' markup: mentions, quotes, entities, files."""

import html
import mimetypes
import re
from collections.abc import Mapping
from typing import Any

from adapters.teams.inbound.activity import Attachment, IncomingActivity
from bot.domain.events import File

ELEMENT = re.compile(r"<at(?:\s[^<>]*)?>([^<>]*)</at>", re.IGNORECASE)
QUOTED = re.compile(r"<quoted\s[^<>]*/>", re.IGNORECASE)
MENTIONS = 20  # of the bot that are removed from one message; each costs a pass over its text
DOWNLOAD = "application/vnd.microsoft.teams.file.download.info"


def mentioned(incoming: IncomingActivity) -> bool:
    """Whether the bot is mentioned. Names are not unique, so only ids count."""
    return any(_account(mention) == incoming.recipient.id for mention in incoming.of_kind("mention"))


def others_mentioned(incoming: IncomingActivity) -> bool:
    """Whether somebody else is mentioned, and the bot is not."""
    accounts = [_account(mention) for mention in incoming.of_kind("mention")]
    return bool(accounts) and incoming.recipient.id not in accounts


def message_words(incoming: IncomingActivity) -> str:
    """The text without the mentions of the bot; other people's names stay, quotes become Markdown quotes."""
    text = incoming.text or ""
    ours = [mention for mention in incoming.of_kind("mention") if _account(mention) == incoming.recipient.id]
    for mention in ours[:MENTIONS]:
        text = _without(text, mention)
    text = ELEMENT.sub(r"\1", text)
    text = QUOTED.sub("", text)
    text = html.unescape(text).replace("\xa0", " ").strip()
    quotes = [_quote(entity.get("quotedReply")) for entity in incoming.of_kind("quotedReply")]
    return "\n\n".join(part for part in (*quotes, text) if part)


def files(incoming: IncomingActivity) -> tuple[File, ...]:
    """The attachments. The text/html one is the message's own formatted text, so it is no file."""
    found = (_file(one, number, incoming) for number, one in enumerate(incoming.attachments or ()))
    return tuple(file for file in found if file)


def _account(mention: Mapping[str, Any]) -> object:
    who = mention.get("mentioned")
    return who.get("id") if isinstance(who, dict) else None


def _without(text: str, mention: Mapping[str, Any]) -> str:
    exact = mention.get("text")
    if isinstance(exact, str) and exact and exact in text:
        return text.replace(exact, "", 1)
    name = mention["mentioned"].get("name")
    for element in ELEMENT.finditer(text):
        if element[1] == name:
            return text[: element.start()] + text[element.end() :]
    return text


def _quote(quoted: Any) -> str:
    """An earlier message as a quote with its author, so that the model can tell it from the question."""
    if not isinstance(quoted, dict) or not isinstance(quoted.get("preview"), str):
        return ""
    name = quoted.get("senderName")
    lines = html.unescape(quoted["preview"]).strip().splitlines()
    said = [f"{name} wrote:", *lines] if isinstance(name, str) and name else lines
    return "\n".join(f"> {line}" for line in said)


def _file(attachment: Attachment, number: int, incoming: IncomingActivity) -> File | None:
    """The file's id is its position in the message: ids from clients need not be unique."""
    kind, content = attachment.content_type or "", attachment.content
    id = f"{incoming.id}/{number}"
    if kind == DOWNLOAD and isinstance(content, dict) and isinstance(content.get("downloadUrl"), str):
        name = attachment.name or f"file {number + 1}"
        return File(
            id=id,
            name=name,
            media_type=mimetypes.guess_type(name)[0] or "",
            source={"url": content["downloadUrl"]},
        )
    if kind.startswith("image/") and attachment.content_url:
        name = attachment.name or f"image {number + 1}"
        return File(
            id=id,
            name=name,
            media_type="" if kind == "image/*" else kind,
            source={"url": attachment.content_url, "service": incoming.service_url},
        )
    return None
