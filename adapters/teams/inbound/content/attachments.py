"""A message's attachments: forwarded and quoted messages, cards, code, files, and what nobody knows.

Sources: Microsoft Graph, "chatMessageAttachment resource type"; Microsoft Learn, Teams platform, "Types of cards". The shapes
of forwards and references are reported, not documented, so every field may be missing.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.teams.inbound.activity import Attachment
from adapters.teams.inbound.content import files, markdown
from adapters.teams.inbound.content.cards import card_text
from adapters.teams.inbound.content.html_words import QuotedReply
from adapters.teams.inbound.content.mentions import MentionElements
from adapters.teams.inbound.content.page import read_page
from bot.domain.events import File, Quotation

MESSAGES = {"forwardedMessageReference": "a forwarded message", "messageReference": "an earlier message"}
REFERENCES = {"meetingReference": "a meeting", "tabReference": "a tab"}
CODE = "application/vnd.microsoft.card.codesnippet"
LOOP = "application/vnd.microsoft.card.fluidEmbedCard"
HTML = "text/html"

Json = Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class AttachedThings:
    """What attachments say: `texts` are the author's own, the rest is shown."""

    texts: list[str] = field(default_factory=list)
    replies: list[QuotedReply] = field(default_factory=list)
    quotes: list[Quotation] = field(default_factory=list)
    files: list[File] = field(default_factory=list)


def html_of(attachments: Iterable[Attachment]) -> str:
    """The message's own formatted text, which comes as an attachment."""
    found = (one.content for one in attachments if one.content_type == HTML)
    return "\n".join(one for one in found if isinstance(one, str))


def read_attachments(attachments: Sequence[Attachment], origin: files.FileOrigin) -> AttachedThings:
    """A file's id is its position in the message: ids from clients need not be unique."""
    things = AttachedThings()
    for number, attachment in enumerate(attachments):
        if attachment.content_type != HTML:
            _read(things, attachment, number, origin)
    return things


def graph_attachments(message: Json) -> list[Attachment]:
    """The attachments of a message of Microsoft Graph."""
    given = message.get("attachments")
    return [
        _attachment(one) for one in (given if isinstance(given, list) else []) if isinstance(one, Mapping)
    ]


def _read(things: AttachedThings, attachment: Attachment, number: int, origin: files.FileOrigin) -> None:
    kind, id = attachment.content_type or "", f"{origin.message}/{number}"
    content = _object(attachment.content)
    if kind in MESSAGES:
        _read_message(things, content, kind, number, origin)
    elif kind == files.DOWNLOAD and isinstance(content.get("downloadUrl"), str):
        things.files.append(files.downloadable(attachment, content["downloadUrl"], id))
    elif kind.startswith("image/"):
        things.files.append(files.image(attachment, number, origin))
    elif kind == "reference":
        things.files.append(files.shared(attachment, id, origin))
    elif kind == LOOP:
        things.files.append(files.unreadable(attachment.name or "a Loop component", id, files.LOOP))
    elif kind == CODE and (snippet := _snippet(content)):
        things.texts.append(snippet)
    elif (quote := _shown(attachment, content)) is not None:
        things.quotes.append(quote)
    else:
        things.files.append(files.unreadable(attachment.name or f"an attachment ({kind or 'unnamed'})", id))


def _read_message(
    things: AttachedThings, content: Json, kind: str, number: int, origin: files.FileOrigin
) -> None:
    """Somebody's message. Some clients put the fields of one kind under the name of the other."""
    said = read_page(_first(content, "originalMessageContent", "messagePreview"), MentionElements((), ""))
    found = files.pasted(said.pictures, (), origin, f"{number}/")
    account, name = _sender(content)
    source = name or MESSAGES[kind]
    reply = QuotedReply(
        text=said.text, id=_first(content, "originalMessageId", "messageId"), author=account, source=source
    )
    if kind == "messageReference" and "originalMessageContent" not in content:
        things.replies.append(reply)
    elif said.text:
        things.quotes.append(Quotation(text=said.text, source=source))
    if not (said.text or found or said.quoted):
        things.files.append(files.unreadable(MESSAGES[kind], f"{origin.message}/{number}"))
    things.quotes += [Quotation(text=one.text, source=one.source) for one in said.quoted]
    things.files += found


def _sender(content: Json) -> tuple[str, str]:
    """The account, with a bot's as its mentions and replies name it, and the name; "" for what is not told."""
    given = content.get("originalMessageSender") or content.get("messageSender")
    for kind, who in given.items() if isinstance(given, Mapping) else ():
        if isinstance(who, Mapping):
            id, name = who.get("id"), who.get("displayName")
            account = f"28:{id}" if kind == "application" else str(id or "")
            return account, name if isinstance(name, str) else ""
    return "", ""


def _snippet(content: Json) -> str:
    lines, language = _first(content, "lines", "code", "text"), _first(content, "language")
    if not lines:
        return ""
    name = _first(content, "name")
    return "\n".join(
        [*([name] if name else []), *markdown.code_block(lines.splitlines(), language.replace(" ", "-"))]
    )


def _shown(attachment: Attachment, content: Json) -> Quotation | None:
    """A card, a meeting or a tab; None for what says nothing."""
    kind, address = attachment.content_type or "", attachment.content_url or ""
    if kind in REFERENCES:
        text = attachment.name or _first(content, "subject", "title", "name")
        return Quotation(text=text, source=REFERENCES[kind], link=address) if text or address else None
    text = card_text(content) if ".card" in kind else ""
    return Quotation(text=text, source="a card", link=address) if text else None


def _object(content: object) -> Json:
    """The content, which may be JSON as text."""
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except (ValueError, RecursionError):
            return {}
    return content if isinstance(content, Mapping) else {}


def _first(content: Json, *keys: str) -> str:
    return next((content[key] for key in keys if isinstance(content.get(key), str) and content[key]), "")


def _attachment(one: Json) -> Attachment:
    def said(key: str) -> str | None:
        value = one.get(key)
        return value if isinstance(value, str) else None

    return Attachment.model_construct(
        content_type=said("contentType"),
        content_url=said("contentUrl"),
        name=said("name"),
        content=one.get("content"),
    )
