"""A message's attachments: what was shared, previews of links, and what older apps and webhooks write there.

Sources: docs.slack.dev "Reference: secondary message attachments"; the shape of shares and pasted tables is reported,
not documented, so every field may be missing.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from adapters.slack.inbound.content.blocks import blocks_text
from adapters.slack.inbound.content.words import plain_words
from bot.domain.events import Quotation

NO_PREVIEW = "[no preview available]"
FIELDS = 50

Json = Mapping[str, Any]


def is_share(attachment: Json) -> bool:
    """Whether it is somebody's message, forwarded or shown for a link to it."""
    return bool(attachment.get("is_share") or attachment.get("is_msg_unfurl"))


def is_preview(attachment: Json) -> bool:
    """Whether it is a link's preview."""
    return bool(attachment.get("from_url") or attachment.get("original_url"))


def shared_message(attachment: Json, *, bot: str) -> Quotation:
    """Somebody's message."""
    author = str(
        attachment.get("author_name") or attachment.get("author_subname") or attachment.get("author_id") or ""
    )
    channel = str(attachment.get("channel_name") or "")
    place = f"#{channel.lstrip('#')}" if channel else ""
    text = plain_words(str(attachment.get("text") or ""), bot=bot) or _inner(attachment, bot)
    return Quotation(
        text=text or _fallback(attachment, bot),
        source=" in ".join(part for part in (author, place) if part) or "another message",
        link=str(attachment.get("from_url") or ""),
    )


def page_preview(attachment: Json, *, bot: str) -> Quotation:
    """A page's preview."""
    link = str(attachment.get("from_url") or attachment.get("original_url") or "")
    source = str(attachment.get("service_name") or "") or (
        urlsplit(link).hostname or "" if "://" in link else ""
    )
    return Quotation(text=attachment_text(attachment, bot=bot), source=source or "a page", link=link)


def attachment_text(attachment: Json, *, bot: str) -> str:
    """All that it says, "" for nothing."""

    def said(key: str) -> str:
        return plain_words(str(attachment.get(key) or ""), bot=bot)

    title, link = said("title"), str(attachment.get("title_link") or "")
    fields = attachment.get("fields")
    named = [
        f"{plain_words(str(one.get('title') or ''), bot=bot)}: {plain_words(str(one.get('value') or ''), bot=bot)}"
        for one in (fields if isinstance(fields, list) else [])[:FIELDS]
        if isinstance(one, Mapping)
    ]
    parts = [
        said("pretext"),
        said("author_name"),
        f"{title} ({link})" if title and link else title,
        said("text"),
        *named,
        blocks_text(attachment.get("blocks"), bot=bot),
        said("footer"),
    ]
    return "\n".join(part for part in parts if part) or _fallback(attachment, bot)


def _inner(attachment: Json, bot: str) -> str:
    """The blocks of a shared message, where its text is not given."""
    inner = attachment.get("message_blocks")
    texts = []
    for one in inner if isinstance(inner, list) else []:
        message = one.get("message") if isinstance(one, Mapping) else None
        if isinstance(message, Mapping):
            texts.append(blocks_text(message.get("blocks"), bot=bot))
    return "\n\n".join(text for text in texts if text)


def _fallback(attachment: Json, bot: str) -> str:
    text = plain_words(str(attachment.get("fallback") or ""), bot=bot)
    return "" if text == NO_PREVIEW else text
