"""Reads a thread's, or a channel's, earlier messages from Slack.

Slack answers a thread from its beginning, however long it is. Of a long one the root and the newest are read, through a
window in time that is narrowed until it holds about as many as are wanted. Source: docs.slack.dev "conversations.replies",
"conversations.history".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.slack.inbound.content.message import MessageContent, author_of, is_ours, read_message
from adapters.slack.inbound.events import SPOKEN
from adapters.slack.install.installations import Installation
from adapters.slack.web_api import WebApi
from bot.domain.events import Author
from bot.domain.turns import ChatMessage

MOST, PAGE = 60, 200
WINDOWS = 5  # tries to find one
PAGES = 3  # read of a window that holds too many
NOT_NOW = "(What was said here before cannot be read just now.)"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessage:
    """A message of the history, the ids that stand in it for people, channels and groups, and the bot id of its app."""

    said: ChatMessage
    ids: tuple[str, ...] = ()
    bot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer. `rest`: there are more behind it."""

    messages: tuple[Json, ...]
    rest: bool
    cursor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPages:
    """A thread as Slack answers it before `ts`, page by page."""

    web_api: WebApi
    channel: str
    thread: str
    ts: str

    async def read(self, oldest: float, cursor: str = "") -> Page | None:
        """One page from a moment (unix seconds) on; None when Slack allows no more calls now. Raises PlatformError."""
        answer = await self.web_api.may(
            "conversations.replies",
            channel=self.channel,
            ts=self.thread,
            latest=self.ts,
            oldest=f"{oldest:.6f}" if oldest > 0 else None,
            cursor=cursor or None,
            limit=PAGE,
        )
        if answer is None:
            return None
        next_cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        found = tuple(one for one in answer.get("messages", ()) if isinstance(one, Mapping) and one.get("ts"))
        return Page(messages=found, rest=bool(next_cursor), cursor=next_cursor)


async def thread_before(
    web_api: WebApi, installation: Installation, *, channel: str, thread: str, ts: str, after: float
) -> Sequence[ReadMessage]:
    """The thread's messages before `ts`, without the bot's own: the first and the last ones, oldest first. What lies at or
    before `after` (unix seconds) is never among them. Raises PlatformError.
    """
    pages = ThreadPages(web_api=web_api, channel=channel, thread=thread, ts=ts)
    first = newest = await pages.read(after)
    if first is None or newest is None:
        return [unread()]
    root = next((one for one in first.messages if one["ts"] == thread), None)
    counted = int((root or {}).get("reply_count") or 0) - 1 if first.rest else 0  # one is the question itself
    if first.rest:
        low, high = max(after, float(thread)), float(ts)
        newest = await _newest(pages, first, low=low, high=high, total=max(counted, PAGE))
    replies = [one for one in newest.messages if one["ts"] != thread and after < float(one["ts"]) < float(ts)]
    kept = replies[-MOST:]
    left_out = max(counted, len(replies)) - len(kept)
    opening = [root] if root and after < float(thread) < float(ts) else []
    return [
        *_said(opening, installation),
        *([_gap(left_out)] if left_out > 0 else []),
        *_said(kept, installation),
    ]


async def channel_before(
    web_api: WebApi, installation: Installation, *, channel: str
) -> Sequence[ReadMessage]:
    """The last messages of a channel, oldest first. Raises PlatformError: PlatformGone where the bot may not read it."""
    answer = await web_api.must("conversations.history", channel=channel, limit=MOST)
    found = [one for one in answer.get("messages", ()) if isinstance(one, Mapping) and one.get("ts")]
    return _said(list(reversed(found)), installation)


async def one_message(web_api: WebApi, *, channel: str, ts: str) -> Json | None:
    """The message with this ts as Slack has it now; None where there is none. Raises PlatformError."""
    answer = await web_api.may(
        "conversations.replies", channel=channel, ts=ts, oldest=ts, latest=ts, limit=1, inclusive=True
    )
    found = (answer or {}).get("messages") or ()
    return next((one for one in found if isinstance(one, Mapping) and one.get("ts") == ts), None)


async def _newest(pages: ThreadPages, first: Page, *, low: float, high: float, total: int) -> Page:
    """A page with the thread's newest messages, found by looking at ever better spans of time before `high`."""
    share, best = min(1.0, 2.0 * MOST / total), first
    for _ in range(WINDOWS):
        oldest = high - (high - low) * share
        found = await pages.read(oldest)
        if found is None:
            return best
        if found.rest:
            best, share = found, share / 8
            continue
        best = found
        if len(found.messages) > MOST or share >= 1.0:
            return found
        share = min(1.0, share * 2)
    for _ in range(PAGES):
        if not best.rest:
            break
        further = await pages.read(oldest, best.cursor)
        if further is None:
            break
        best = replace(further, messages=(*best.messages, *further.messages))
    return best


def unread() -> ReadMessage:
    """Tells a model that there is more, which cannot be read."""
    return ReadMessage(said=ChatMessage(author=Author(id=""), text=NOT_NOW))


def _gap(number: int) -> ReadMessage:
    text = "(1 message is left out here)" if number == 1 else f"({number:,} messages are left out here)"
    return ReadMessage(said=ChatMessage(author=Author(id=""), text=text))


def _said(messages: Sequence[Json], installation: Installation) -> list[ReadMessage]:
    found = []
    for message in messages:
        if is_ours(message, installation) or message.get("subtype", "") not in SPOKEN:
            continue
        content = read_message(message, installation)
        if content.text or content.quotes or content.files:
            bot = str(message.get("bot_id") or "")
            found.append(ReadMessage(said=_as_said(message, content), ids=content.ids, bot=bot))
    return found


def _as_said(message: Json, content: MessageContent) -> ChatMessage:
    return ChatMessage(
        author=author_of(message),
        text=content.text,
        message=str(message["ts"]),
        at=float(message["ts"]),
        files=content.files,
        quotes=content.quotes,
    )
