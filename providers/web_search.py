"""Searches of the web by the vendors themselves: how one is asked for, and what the events tell of it.

Each vendor has it as one more tool, whose row stands in `Quirks.search`; its calls, results and counts are the vendor's own
and never reach whoever runs our tools. Sources come with the text: see providers/annotations.py.
Source: the vendors' pages on web search and grounding.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote_plus

from bot.domain.prompt import Prompt, ResultPart, Search
from bot.domain.stream_parts import Finish, SearchFailed, Searching, StreamPart, Text, Usage
from providers.dialect import Quirks
from providers.lenient_json import as_count, as_list, as_object, as_text, load_json
from providers.source_numbers import CitedSource

FIRST = "Search the web before you answer, and rest the answer on what you find."
UNSEARCHED = "answered without searching the web, which it cannot do here"
FAILED = "a search of the web failed"
USED_UP = "the web was searched as often as one answer may"
MOST = 20  # queries of one answer that are told
LONGEST = 4_000  # characters of a query that grows piece by piece
SUGGESTIONS = "https://www.google.com/search?q="
WORD = re.compile(r"[a-z]+", re.IGNORECASE)
LATE = frozenset({"max_uses_exceeded"})


def searching(spoken: Mapping[str, Quirks], first: str | None) -> Mapping[str, str]:
    """The dialects in which an endpoint searches the web, for any model; "" is the one that is spoken `first`."""
    able = {name: "" for name, quirks in spoken.items() if quirks.search}
    return able | ({"": ""} if (first or next(iter(spoken))) in able else {})


def lacking(prompt: Prompt, quirks: Quirks) -> bool:
    """Whether the vendor is to search, and has no search in this dialect."""
    return bool(prompt.vendor_search) and not quirks.search


def forced(prompt: Prompt, quirks: Quirks) -> Prompt:
    """The prompt with the words that make a model search where somebody asked for it. They precede all of it, so that they
    are the same in every request of one answer.
    """
    able = prompt.tools if prompt.search_tool else quirks.search
    if prompt.search is not Search.MUST or not able:
        return prompt
    return replace(prompt, system=f"{prompt.system}\n\n{FIRST}".strip())


def with_search(body: dict[str, Any], prompt: Prompt, quirks: Quirks) -> dict[str, Any]:
    """`body` with the vendor's search among its tools. Where it is refused beside functions, the functions stay, but for a
    question that asks for a search.
    """
    if not (prompt.vendor_search and quirks.search):
        return body
    others = as_list(body.get("tools"))
    must = prompt.search is Search.MUST
    if others and quirks.search_apart:
        if not must:
            return body
        others = []
        body = {key: value for key, value in body.items() if key != "toolConfig"}
    body = {**body, "tools": [*others, dict(quirks.search)]}
    if must and quirks.search_choice and not _goes_on(prompt):
        body["tool_choice"] = dict(quirks.search_choice)
    return body


def _goes_on(prompt: Prompt) -> bool:
    """Whether the answer has begun: what was forced was done."""
    return any(isinstance(part, ResultPart) for part in prompt.messages[-1].parts)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One search: its place in the stream, which is told once, and the query as far as it is known."""

    place: str
    query: str = ""
    done: bool = False  # there will be no more of the query
    counts: bool = True
    trouble: str = ""


class SearchWatch:
    """Reads the events of one request beside its decoder, told by their JSON and not by the dialect."""

    def __init__(self, dialect: str) -> None:
        self._read: Callable[[dict[str, Any]], Iterator[_Seen]] = {
            "openai-responses": _responses,
            "anthropic": _Blocks().read,
            "gemini": _gemini,
        }.get(dialect, _nothing)
        self._told: dict[str, str] = {}
        self._counted: set[str] = set()
        self._billed: int | None = None  # as the vendor counts
        self._gemini = dialect == "gemini"
        self._old = False

    def feed(self, event: dict[str, Any]) -> Iterator[StreamPart]:
        """What an event tells, before its decoder reads it."""
        self._billed = _billed(event, self._billed)
        self._old = self._old or as_text(event.get("modelVersion")).startswith(("gemini-1", "gemini-2"))
        for seen in self._read(event):
            if seen.trouble:
                yield SearchFailed(seen.trouble)
            if seen.counts:
                self._counted.add(seen.place)
            if self._told.get(seen.place) or len(self._told) >= MOST:
                continue
            if seen.query or (seen.place not in self._told and not seen.done):
                yield Searching(seen.query)
            self._told[seen.place] = seen.query

    def suggestions(self) -> Iterator[StreamPart]:
        """Google's terms: what was searched for is shown with the answer, each as a link to the same search."""
        if self._gemini:
            for query in filter(None, self._told.values()):
                yield CitedSource(title=f"Google: {query}", address=f"{SUGGESTIONS}{quote_plus(query)}")

    def counted(self, usage: Usage) -> Usage:
        searches = len(self._counted) if self._billed is None else self._billed
        if self._old:  # billed by the answer, not by the query
            searches = min(searches, 1)
        return replace(usage, searches=searches)

    def beside(self, parts: Iterable[StreamPart]) -> Iterator[StreamPart]:
        """The decoder's parts, with what is known of searches."""
        for part in parts:
            if isinstance(part, Finish):
                yield from self.suggestions()
            yield self.counted(part) if isinstance(part, Usage) else part


def said_early(parts: Iterable[StreamPart], unsearched: list[StreamPart]) -> Iterator[StreamPart]:
    """The parts, with what is to be said of a missing search before the first words: a try that fails says nothing."""
    for part in parts:
        if unsearched and isinstance(part, Text | Finish):
            yield unsearched.pop()
        yield part


def _nothing(_event: dict[str, Any]) -> Iterator[_Seen]:
    yield from ()


def _billed(event: Mapping[str, Any], before: int | None) -> int | None:
    """The vendor's own count, where it has one: Anthropic's and OpenRouter's, and xAI's."""
    for holder in (event, as_object(event.get("message")), as_object(event.get("response"))):
        usage = as_object(holder.get("usage"))
        for name, count in (
            ("server_tool_use", "web_search_requests"),
            ("server_tool_use_details", "web_search_requests"),
            ("server_side_tool_usage_details", "web_search_calls"),
        ):
            if count in as_object(usage.get(name)):
                return as_count(as_object(usage.get(name)).get(count))
    return before


def _responses(event: dict[str, Any]) -> Iterator[_Seen]:
    """Items of the type `web_search_call`; opened pages are no searches and cost nothing."""
    kind = as_text(event.get("type"))
    if kind.startswith("response.web_search_call."):
        yield _Seen(as_text(event.get("item_id")), counts=False)
        return
    items = [event.get("item")] if kind.startswith("response.output_item.") else []
    ended = as_object(event.get("response")) or (event if event.get("object") == "response" else {})
    for item in map(as_object, [*items, *as_list(ended.get("output"))]):
        if item.get("type") != "web_search_call":
            continue
        action = as_object(item.get("action"))
        if action.get("type") in {"open_page", "find_in_page"}:
            continue
        queries = [as_text(query) for query in as_list(action.get("queries"))]
        done = kind != "response.output_item.added"
        yield _Seen(
            as_text(item.get("id")),
            query=as_text(action.get("query")) or ", ".join(filter(None, queries)),
            done=done,
            counts=done,
            trouble=FAILED if item.get("status") == "failed" and kind == "response.output_item.done" else "",
        )


class _Blocks:
    """Anthropic's: the query grows as the arguments of the vendor's own call, and the result may be an error."""

    def __init__(self) -> None:
        self._growing: dict[int, str] = {}
        self._ids: dict[int, str] = {}

    def read(self, event: dict[str, Any]) -> Iterator[_Seen]:
        index = as_count(event.get("index"))
        match event.get("type"):
            case "content_block_start":
                yield from self._started(index, as_object(event.get("content_block")))
            case "content_block_delta" if index in self._growing:
                said = as_text(as_object(event.get("delta")).get("partial_json"))
                self._growing[index] = (self._growing[index] + said)[:LONGEST]
            case "content_block_stop" if index in self._growing:
                yield _Seen(self._ids[index], query=_query(self._growing.pop(index)), done=True)
            case "message":
                for place, block in enumerate(as_list(event.get("content"))):
                    yield from self._started(place, as_object(block))

    def _started(self, index: int, block: dict[str, Any]) -> Iterator[_Seen]:
        match block.get("type"):
            case "server_tool_use" if block.get("name") == "web_search":
                name = as_text(block.get("id")) or str(index)
                if query := as_text(as_object(block.get("input")).get("query")):
                    yield _Seen(name, query=query, done=True)
                else:
                    self._growing[index], self._ids[index] = "", name
            case "web_search_tool_result":
                error = as_text(as_object(block.get("content")).get("error_code"))
                if error:
                    told = USED_UP if error in LATE else f"{FAILED} ({' '.join(WORD.findall(error))[:40]})"
                    yield _Seen("", trouble=told, counts=False, done=True)


def _query(arguments: str) -> str:
    try:
        return as_text(as_object(load_json(arguments)).get("query"))
    except ValueError:
        return ""


def _gemini(event: dict[str, Any]) -> Iterator[_Seen]:
    for candidate in map(as_object, as_list(event.get("candidates"))):
        for query in as_list(as_object(candidate.get("groundingMetadata")).get("webSearchQueries")):
            if as_text(query).strip():
                yield _Seen(as_text(query), query=as_text(query), done=True)
