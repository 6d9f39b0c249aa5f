"""Reads what was said in a thread or a group chat before a question, by Microsoft Graph.

Graph does not promise an order for replies, so they are sorted here; of a thread that is longer than is read, the first
message and the newest are kept. Sources: Microsoft Learn, Graph, "List channel message replies", "List messages in a chat".
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.teams.graph import Graph
from adapters.teams.inbound.content.message import graph_author, read_graph_message
from adapters.teams.inbound.graph_places import GraphPlace
from bot.domain.events import Author, MessageReceived
from bot.domain.turns import ChatMessage

MOST = 50
PAGES = 4  # read of a thread whose newest messages come last

Json = Mapping[str, Any]


async def messages_before(
    graph: Graph, place: GraphPlace, event: MessageReceived, *, after: float, app_id: str
) -> list[ChatMessage]:
    """Oldest first, without the bot's own, and without the question. What was said at or before `after` (unix seconds) is
    never among them. Raises PlatformError.
    """
    until = event.at or float("inf")
    opening = [await graph.get(place.tenant, place.opening)] if place.root else []
    path = f"{place.opening}/replies?$top={MOST}" if place.root else _chat(place)
    newest, more = await _newest(graph, place, path)
    said = [one for one in newest if after < _at(one) < until and one.get("id") != event.message]
    more = more and bool(newest) and _at(newest[0]) > after
    first = [one for one in opening if after < _at(one) < until and one.get("id") != event.message]
    gap = [
        note(
            "(Messages between these are left out here.)"
            if first
            else "(Earlier messages are left out here.)"
        )
    ]
    return [
        *await _read(first, app_id),
        *(gap if more else []),
        *await _read(said, app_id),
    ]


def note(text: str) -> ChatMessage:
    """Tells a model what is not shown."""
    return ChatMessage(author=Author(id=""), text=text)


def _chat(place: GraphPlace) -> str:
    return f"{place.messages}?$top={MOST}&$orderby=createdDateTime%20desc"


async def _newest(graph: Graph, place: GraphPlace, path: str) -> tuple[Sequence[Json], bool]:
    """The newest messages, oldest first, and whether there are more before them."""
    answer = await graph.get(place.tenant, path)
    found = _messages(answer)
    descending = len(found) > 1 and _at(found[0]) > _at(found[-1])
    link = answer.get("@odata.nextLink")
    pages = 1
    while isinstance(link, str) and not descending and pages < PAGES:
        answer = await graph.follow(place.tenant, link)
        found = [*found, *_messages(answer)]
        link = answer.get("@odata.nextLink")
        pages += 1
    in_order = sorted(found, key=_at)
    return in_order[-MOST:], isinstance(link, str) or len(in_order) > MOST


def _messages(answer: Json) -> list[Json]:
    given = answer.get("value")
    return [one for one in (given if isinstance(given, list) else []) if isinstance(one, Mapping)]


async def _read(messages: Sequence[Json], app_id: str) -> list[ChatMessage]:
    """In a thread of its own: fifty messages full of marks take seconds."""
    return await asyncio.to_thread(_spoken, messages, app_id)


def _spoken(messages: Sequence[Json], app_id: str) -> list[ChatMessage]:
    """What people and other apps said: no system line, nothing deleted, nothing of the bot itself."""
    found = []
    for message in messages:
        author = graph_author(message)
        if message.get("messageType", "message") != "message" or message.get("deletedDateTime"):
            continue
        if author.app and author.id == app_id:
            continue
        content = read_graph_message(message, bot=app_id)
        if content.text or content.quotes or content.files:
            found.append(
                ChatMessage(
                    author=author,
                    text=content.text,
                    message=str(message.get("id") or ""),
                    at=_at(message),
                    files=content.files,
                    quotes=content.quotes,
                )
            )
    return found


def _at(message: Json) -> float:
    """When it was written, in unix seconds; 0.0 when it does not say."""
    try:
        return datetime.fromisoformat(str(message.get("createdDateTime"))).timestamp()
    except ValueError:
        return 0.0
