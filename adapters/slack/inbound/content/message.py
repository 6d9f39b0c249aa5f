"""What a Slack message says: one function for events, histories, shortcuts and edits alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.slack.inbound.content import attachments as attached
from adapters.slack.inbound.content.blocks import besides_typed, blocks_text
from adapters.slack.inbound.content.files import files_of
from adapters.slack.inbound.content.words import mentioned, plain_words
from adapters.slack.install.installations import Installation
from bot.domain.events import Author, File, Quotation
from bot.domain.formatting import whole

LONGEST = 40_000  # characters of a message, Slack's own limit
QUOTED, QUOTE = 20, 20_000  # quotations of a message, characters of one
SOMEBODY = ("U", "W", "S")  # what ids of people, apps and groups begin with
IDS = 30  # of people, channels and groups in one message

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageContent:
    """What a message says. `text` is its author's, `quotes` are of others, `ids` those that stand in both for people,
    channels and groups. `addressed`: it mentions the bot; `others`: it mentions somebody else.
    """

    text: str
    quotes: tuple[Quotation, ...] = ()
    files: tuple[File, ...] = ()
    ids: tuple[str, ...] = ()
    addressed: bool = False
    others: bool = False


def read_message(message: Json, installation: Installation) -> MessageContent:
    """Every part of a message is optional, and one of the wrong type counts as none."""
    bot, by_app = installation.user, is_by_app(message)
    given = message.get("attachments")
    parts = [one for one in (given if isinstance(given, list) else []) if isinstance(one, Mapping)]
    raw = str(message.get("text") or "")
    own, ids = (
        [_typed(message, raw, bot, by_app=by_app)],
        [*mentioned(raw), *_in_blocks(message.get("blocks"))],
    )
    quotes: list[Quotation] = []
    files = list(files_of(message, installation))
    for part in parts:
        if attached.is_share(part):
            quotes.append(attached.shared_message(part, bot=bot))
            files += files_of(part, installation)
        elif attached.is_preview(part):
            quotes.append(attached.page_preview(part, bot=bot))
        else:
            own.append(attached.attachment_text(part, bot=bot))
    return MessageContent(
        text=whole("\n\n".join(part for part in own if part)[:LONGEST]),
        quotes=tuple(_cut(quote) for quote in quotes[:QUOTED] if quote.text or quote.link),
        files=tuple(
            {file.id: replace(file, name=whole(file.name), text=whole(file.text)) for file in files}.values()
        ),
        ids=tuple(dict.fromkeys(id for id in (*ids, *_shown_ids(parts)) if id != bot))[:IDS],
        addressed=bool(bot) and bot in ids,
        others=any(id[:1] in SOMEBODY for id in ids if id != bot),
    )


def is_by_app(message: Json) -> bool:
    return bool(message.get("bot_id")) or message.get("subtype") == "bot_message"


def is_ours(message: Json, installation: Installation) -> bool:
    """Whether the bot itself wrote it."""
    user, bot = message.get("user"), message.get("bot_id")
    return bool((user and user == installation.user) or (bot and bot == installation.bot))


def author_of(message: Json) -> Author:
    """Who wrote it, as far as the message itself says."""
    if not is_by_app(message):
        return Author(id=str(message.get("user") or ""))
    given = message.get("bot_profile")
    profile = given if isinstance(given, Mapping) else {}
    id = message.get("app_id") or profile.get("app_id") or message.get("bot_id") or message.get("user") or ""
    name = message.get("username") or profile.get("name") or ""
    return Author(id=str(id), name=whole(str(name)), app=True)


def _typed(message: Json, raw: str, bot: str, *, by_app: bool) -> str:
    """What stands in text and blocks, once. People's text says all but tables; an app's is often only a summary."""
    text, blocks = plain_words(raw, bot=bot), message.get("blocks")
    if not text:
        return blocks_text(blocks, bot=bot)
    if not by_app:
        more = besides_typed(blocks, bot=bot)
    else:
        more = blocks_text(blocks, bot=bot)
        if _same(text) in _same(more):
            return more
    return f"{text}\n\n{more}" if more and _same(more) not in _same(text) else text


def _same(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum()).casefold()


def _shown_ids(parts: Sequence[Json]) -> list[str]:
    """The ids in attachments. A mention there is somebody else's, in words that are only shown."""
    found: list[str] = []
    for part in parts[:QUOTED]:
        for key in ("text", "pretext", "title", "fallback"):
            found += mentioned(str(part.get(key) or ""))
        found += _in_blocks(part.get("blocks")) + _in_blocks(part.get("message_blocks"))
    return found


def _in_blocks(blocks: object, depth: int = 10) -> list[str]:
    """The ids in rich text and in text objects, through any nesting."""
    found: list[str] = []
    if depth and isinstance(blocks, list):
        for one in blocks[:200]:
            found += _in_blocks(one, depth - 1)
    elif depth and isinstance(blocks, Mapping):
        for key, value in blocks.items():
            if key in ("user_id", "channel_id", "usergroup_id") and isinstance(value, str):
                found.append(value)
            elif key == "text" and isinstance(value, str) and "<" in value:
                found += mentioned(value)
            else:
                found += _in_blocks(value, depth - 1)
    return found


def _cut(quote: Quotation) -> Quotation:
    text = quote.text if len(quote.text) <= QUOTE else f"{quote.text[:QUOTE]} (cut here)"
    return Quotation(text=whole(text), source=whole(quote.source), link=whole(quote.link))
