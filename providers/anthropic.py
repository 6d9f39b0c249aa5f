"""Anthropic's Messages. Requests are valid in both API versions; reasoning of earlier answers is never sent back.

Source: docs.anthropic.com/en/api/messages and .../messages-streaming.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from bot.domain.catalog import Model
from bot.domain.errors import Connection, ServerError
from bot.domain.listings import Listing
from bot.domain.prompt import Prompt
from bot.domain.stream_parts import Finish, Reason, StreamPart, Text, Thinking, Usage
from providers.annotations import MOST, citation
from providers.cache_marks import HOUR, MINUTES, cacheable_text, with_cache_marks
from providers.claude_messages import carried_blocks, claude_messages, claude_tools
from providers.dialect import (
    MOST_ROWS,
    Decoder,
    DialectRequest,
    ListingPage,
    Quirks,
    answer_limit,
    effort_of,
    merged,
    nested,
)
from providers.endings import ending
from providers.error_mapping import error_from_event
from providers.lenient_json import as_count, as_list, as_object, as_text
from providers.pauses import PausedTurn
from providers.source_numbers import CitedSource
from providers.tool_calls import ToolCalls, args_text

LISTING = "/v1/models?limit=1000"


class Anthropic:
    """`POST {base}/v1/messages`, answered with content blocks and `message_stop`."""

    def request(self, model: Model, prompt: Prompt, quirks: Quirks) -> DialectRequest:
        messages, may_think = claude_messages(model, prompt)
        goes_on = bool(prompt.conversation)  # only then somebody will read what is written into a cache
        mark = HOUR if prompt.unhurried and quirks.cache_hour else MINUTES
        body: dict[str, Any] = {
            "model": model.model,
            "max_tokens": answer_limit(model, prompt) or model.max_output,
            "stream": True,
            "messages": with_cache_marks(messages, mark) if goes_on else messages,
        }
        if prompt.system:
            body["system"] = cacheable_text(prompt.system, mark) if goes_on else prompt.system
        body |= claude_tools(prompt)
        if model.temperature is not None:
            body["temperature"] = model.temperature
        if effort := effort_of(model, prompt):
            body = merged(body, nested(quirks.effort or ("output_config", "effort"), effort))
        if quirks.asker and prompt.asker:
            body["metadata"] = {"user_id": prompt.asker}
        if model.reasoning and may_think:
            body = merged(body, quirks.reasoning)
        path = quirks.model_path.format(model=quote(body["model"].rsplit("/", 1)[-1], safe="@"))
        if path:
            del body["model"]
        return DialectRequest(
            path=path or "/v1/messages", body=merged(body, quirks.extra), headers=_version(quirks)
        )

    def decoder(self, model: Model, quirks: Quirks) -> Decoder:
        return MessagesDecoder(model)

    def listing(self, quirks: Quirks) -> DialectRequest:
        return DialectRequest(path=LISTING, body={}, headers=_version(quirks))

    def listed(self, body: Any) -> ListingPage:
        last = as_text(as_object(body).get("last_id")) if as_object(body).get("has_more") is True else ""
        rows = map(as_object, as_list(as_object(body).get("data"))[:MOST_ROWS])
        return ListingPage(
            listings=[_listing(entry) for entry in rows if _offered(entry)],
            after=f"{LISTING}&after_id={quote(last, safe='', errors='replace')}" if last else "",
        )


def _version(quirks: Quirks) -> dict[str, str]:
    return {"anthropic-version": quirks.version}


def _offered(entry: dict[str, Any]) -> bool:
    return bool(as_text(entry.get("id"))) and entry.get("lifecycle") != "retired"


def _listing(entry: dict[str, Any]) -> Listing:
    can = as_object(entry.get("capabilities"))
    return Listing(
        id=as_text(entry.get("id")),
        context=as_count(entry.get("max_input_tokens")) or None,
        max_output=as_count(entry.get("max_tokens")) or None,
        vision=_able(can.get("image_input")),
        documents=_able(can.get("pdf_input")),
        tools=True,
        reasoning=_thinks(can.get("thinking")),
        publisher="anthropic",
    )


def _thinks(capability: Any) -> bool | None:
    """Only adaptive thinking is requested; older models refuse it, so they get no thinking at all."""
    kinds = as_object(as_object(capability).get("types"))
    return _able(kinds["adaptive"]) if "adaptive" in kinds else _able(capability)


def _able(capability: Any) -> bool | None:
    """A capability is a plain value, or an object with `supported`."""
    able = capability.get("supported") if isinstance(capability, dict) else capability
    return able if isinstance(able, bool) else None


class MessagesDecoder:
    """Turns blocks into stream parts. Unknown blocks (server tools, redacted thinking) are ignored."""

    def __init__(self, model: Model) -> None:
        self.done = False
        self.over = False
        self._asked = model
        self._before: list[dict[str, Any]] = []  # blocks of the turn from before it was paused
        self._visible = False
        self._id = ""
        self._model = ""
        self._restart()

    def _restart(self) -> None:
        self._calls = ToolCalls()
        self._usage: dict[str, Any] = {}
        self._stop: dict[str, Any] = {}
        self._cited: list[CitedSource] = []  # what the block in hand rests on
        self._turn = PausedTurn()

    def feed(self, event: dict[str, Any]) -> Iterator[StreamPart]:
        match event.get("type"):
            case "content_block_delta":
                yield from self._delta(as_count(event.get("index")), as_object(event.get("delta")))
            case "content_block_start":
                yield from self._started(as_count(event.get("index")), as_object(event.get("content_block")))
            case "content_block_stop":
                yield from self._cite()
            case "message_start":
                self._opened(as_object(event.get("message")))
            case "message_delta":
                self._count(as_object(event.get("usage")))
                self._stop |= {
                    key: value for key, value in as_object(event.get("delta")).items() if value is not None
                }
                self.over = bool(self._stop.get("stop_reason"))
            case "message_stop":
                yield from self._end()
            case "message":
                yield from self._answered(event)
            case "error":
                yield from self._counted()
                raise error_from_event(event)
            case None if event.get("error"):
                raise error_from_event(event)

    def resumed(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """The vendor goes on where the assistant's turn is the last message."""
        messages = list(body["messages"])
        if messages[-1]["role"] == "assistant":  # it was paused before
            messages.pop()
        turn = {"role": "assistant", "content": self._blocks()}
        return {**body, "messages": [*messages, turn]} if self._turn.blocks() else None

    def follow(self, earlier: Decoder) -> None:
        if isinstance(earlier, MessagesDecoder):
            self._before = earlier._blocks()

    def _blocks(self) -> list[dict[str, Any]]:
        return [*self._before, *self._turn.blocks()]

    def end(self) -> Iterator[StreamPart]:
        if not self.over:
            raise Connection("the stream ended early", code="ended_early")
        yield from self._end()

    def _answered(self, message: dict[str, Any]) -> Iterator[StreamPart]:
        """The answer whole, from a server that does not stream."""
        self._opened(message)
        for index, block in enumerate(as_list(message.get("content"))):
            yield from self._started(index, as_object(block))
        self._stop = message
        yield from self._end()

    def _opened(self, message: dict[str, Any]) -> None:
        """A second message with another id replaces the first; with the same id it is only repeated."""
        opened = as_text(message.get("id"))
        if self._id and opened != self._id:
            if self._visible:
                raise ServerError("the vendor started over after text was shown", code="started_over")
            self._restart()
        self._id = opened
        self._model = as_text(message.get("model")) or self._model
        self._count(as_object(message.get("usage")))

    def _started(self, index: int, block: dict[str, Any]) -> Iterator[StreamPart]:
        self._turn.started(index, block)
        match block.get("type"):
            case "text":
                yield from self._cite()
                yield from self._text(as_text(block.get("text")))
                self._cited += map(citation, as_list(block.get("citations"))[:MOST])
            case "thinking":
                yield from _thinking(as_text(block.get("thinking")))
            case "tool_use":
                self._calls.add(
                    key=index,
                    id=as_text(block.get("id")),
                    name=as_text(block.get("name")),
                    args=args_text(block.get("input")),
                )
            case "fallback":  # another model continues the answer
                self._model = as_text(as_object(block.get("to")).get("model")) or self._model

    def _delta(self, index: int, delta: dict[str, Any]) -> Iterator[StreamPart]:
        self._turn.grew(index, delta)
        match delta.get("type"):
            case "text_delta":
                yield from self._text(as_text(delta.get("text")))
            case "thinking_delta":
                yield from _thinking(as_text(delta.get("thinking")))
            case "citations_delta" if len(self._cited) < MOST:
                self._cited.append(citation(delta.get("citation")))
            case "input_json_delta" if self._calls.has(index):
                self._calls.add(key=index, args=as_text(delta.get("partial_json")))

    def _text(self, said: str) -> Iterator[StreamPart]:
        if said:
            self._visible = True
            yield Text(said)

    def _cite(self) -> Iterator[StreamPart]:
        """At the end of a block: its citations come before its text."""
        cited, self._cited = self._cited, []
        yield from cited

    def _count(self, usage: dict[str, Any]) -> None:
        """Later counts replace earlier ones, key by key."""
        self._usage |= {key: value for key, value in usage.items() if value is not None}

    def _end(self) -> Iterator[StreamPart]:
        yield from self._cite()
        reason, unusual = self._calls.ending(*ending(self._stop.get("stop_reason")))
        if reason is Reason.TOOLS:
            yield from self._calls.complete(self._id, carried_blocks(self._asked, self._blocks()))
        yield from self._counted()
        self.done = self.over = True
        detail = as_text(as_object(self._stop.get("stop_details")).get("explanation"))
        yield Finish(reason=reason, model=self._model, detail=detail, unusual=unusual)

    def _counted(self) -> Iterator[Usage]:
        if not self._usage:
            return
        read = as_count(self._usage.get("cache_read_input_tokens"))
        written = as_count(self._usage.get("cache_creation_input_tokens"))
        created = as_object(self._usage.get("cache_creation"))
        yield Usage(
            input=as_count(self._usage.get("input_tokens")) + read + written,
            cache_read=read,
            cache_write=written,
            cache_hour=as_count(created.get("ephemeral_1h_input_tokens")),
            output=as_count(self._usage.get("output_tokens")),
            reasoning=as_count(as_object(self._usage.get("output_tokens_details")).get("thinking_tokens")),
        )


def _thinking(thought: str) -> Iterator[StreamPart]:
    if thought:
        yield Thinking(thought)
