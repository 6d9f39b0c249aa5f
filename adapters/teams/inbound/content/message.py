"""What a Teams message says: one function for what is delivered, one for what Microsoft Graph and message actions show."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.teams.inbound.activity import Attachment, IncomingActivity
from adapters.teams.inbound.content.attachments import (
    AttachedThings,
    graph_attachments,
    html_of,
    read_attachments,
)
from adapters.teams.inbound.content.files import FileOrigin, pasted
from adapters.teams.inbound.content.html_words import HtmlWords, QuotedReply
from adapters.teams.inbound.content.mentions import (
    MentionElements,
    graph_mentions,
    mentions_of,
    without_mentions,
)
from adapters.teams.inbound.content.page import read_page
from adapters.teams.inbound.content.words import says_all
from bot.domain.events import Author, File, Quotation
from bot.domain.formatting import whole
from bot.files.entities import decode_entities

QUOTED_TAG = re.compile(r"<quoted\s[^<>]*/>", re.IGNORECASE)
QUOTES, QUOTE = 20, 20_000  # quotations of a message, characters of one
EARLIER = "an earlier message"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityContent:
    """What a message says. `text` is its author's, `quotes` are of others. `addressed`: it mentions the bot, or quotes a
    message of the bot's in reply; `others`: it mentions somebody else, and not the bot.
    """

    text: str
    quotes: tuple[Quotation, ...] = ()
    files: tuple[File, ...] = ()
    addressed: bool = False
    others: bool = False


def read_activity(incoming: IncomingActivity) -> ActivityContent:
    """Every part of a message is optional, and one of the wrong type counts as none."""
    bot, mentions, attachments = incoming.recipient.id, mentions_of(incoming), incoming.attachments or ()
    text, others = without_mentions(QUOTED_TAG.sub("", incoming.text or ""), mentions, bot)
    text = decode_entities(text).replace("\xa0", " ").strip()
    html = html_of(attachments)
    page = HtmlWords() if _says_the_same(html, text) else read_page(html, MentionElements(mentions, bot))
    origin = FileOrigin(message=incoming.id or "", service=incoming.service_url, graph=_graph_place(incoming))
    replies = [_reply(entity.get("quotedReply")) for entity in incoming.of_kind("quotedReply")]
    things = read_attachments(attachments, origin)
    things.replies = [*page.quoted, *replies, *things.replies]
    content = _content(_said(text, page), things, page, attachments, origin)
    mentioned = any(one.account == bot for one in mentions)
    return replace(
        content,
        addressed=bool(bot) and (mentioned or any(one.author == bot for one in things.replies)),
        others=not mentioned and (others or page.others or bool(mentions)),
    )


def read_graph_message(message: Json, *, bot: str = "") -> ActivityContent:
    """A chatMessage of Microsoft Graph, as the `messagePayload` of message actions is too. `bot` is the app's id."""
    given = message.get("body")
    body = given if isinstance(given, Mapping) else {}
    said = body.get("content") if isinstance(body.get("content"), str) else ""
    mentions, attachments = graph_mentions(message), graph_attachments(message)
    is_text = body.get("contentType") == "text"
    page = HtmlWords(text=said or "") if is_text else read_page(said or "", MentionElements(mentions, bot))
    origin = FileOrigin(message=_string(message, "id"), graph=_place_in_graph(message))
    things = read_attachments(attachments, origin)
    things.replies = [*page.quoted, *things.replies]
    subject = _string(message, "subject").strip()
    text = "\n\n".join(part for part in (f"# {subject}" if subject else "", page.text.strip()) if part)
    return _content(text, things, page, attachments, origin)


def graph_author(message: Json) -> Author:
    """Who wrote it: a person by their id in Entra, as activities name them too, or an app."""
    given = message.get("from")
    sender = given if isinstance(given, Mapping) else {}
    for kind in ("user", "application"):
        who = sender.get(kind)
        if isinstance(who, Mapping):
            name = whole(_string(who, "displayName"))
            return Author(id=_string(who, "id"), name=name, app=kind == "application")
    return Author(id="")


def _says_the_same(html: str, text: str) -> bool:
    """Whether the HTML is nothing but the text: most messages are one plain paragraph."""
    return not html or ("<" not in text and "&" not in text and html == f"<p>{text}</p>")


def _said(text: str, page: HtmlWords) -> str:
    """The text as it is, unless the HTML holds all of it and says more: links, code, lists, lines, tables."""
    if not page.text or not says_all(page.shown, text):
        return text
    more = (
        page.structured
        or len(_lines(page.words)) > len(_lines(text))
        or "".join(page.words.split()) != "".join(text.split())
    )
    return page.text if more else text


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _content(
    text: str, things: AttachedThings, page: HtmlWords, attachments: Sequence[Attachment], origin: FileOrigin
) -> ActivityContent:
    replies = [
        Quotation(text=one.text, source=one.source or EARLIER)
        for one in _each_once(things.replies)
        if one.text
    ]
    return ActivityContent(
        text=whole("\n\n".join(part for part in (text, *things.texts) if part)),
        quotes=tuple(_cut(quote) for quote in (*replies, *things.quotes)[:QUOTES]),
        files=(*things.files, *pasted(page.pictures, attachments, origin)),
    )


def _reply(quoted: object) -> QuotedReply:
    """Teams' own entity for an earlier message."""
    given = quoted if isinstance(quoted, Mapping) else {}
    return QuotedReply(
        text=decode_entities(_string(given, "preview")).strip(),
        id=_string(given, "messageId"),
        author=_string(given, "senderId"),
        source=_string(given, "senderName"),
    )


def _each_once(replies: Iterable[QuotedReply]) -> Iterable[QuotedReply]:
    """One reply may come as HTML, as an entity and as an attachment. What says most of it stands for all."""
    found: dict[str, QuotedReply] = {}
    for one in replies:
        known = found.get(one.id or one.text)
        if known is None:
            found[one.id or one.text] = one
        else:
            text = max(known.text, one.text, key=len)
            found[one.id or one.text] = replace(known, text=text, source=known.source or one.source)
    return found.values()


def _cut(quote: Quotation) -> Quotation:
    text = quote.text if len(quote.text) <= QUOTE else f"{quote.text[:QUOTE]} (cut here)"
    return Quotation(text=whole(text), source=whole(quote.source), link=whole(quote.link))


def _graph_place(incoming: IncomingActivity) -> Mapping[str, str]:
    """What Microsoft Graph needs to find this message; the team is named as Teams names it."""
    team = incoming.channel_data.team if incoming.channel_data else None
    return {
        "message": incoming.id or "",
        "conversation": incoming.conversation.id,
        "team": (team.id if team else None) or "",
        "tenant": next(iter(incoming.tenants), ""),
    }


def _place_in_graph(message: Json) -> Mapping[str, str]:
    given = message.get("channelIdentity")
    channel = given if isinstance(given, Mapping) else {}
    return {
        "message": _string(message, "id"),
        "conversation": _string(channel, "channelId") or _string(message, "chatId"),
        "team": _string(channel, "teamId"),
    }


def _string(found: Json, key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""
