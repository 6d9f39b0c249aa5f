"""OpenAI's Chat Completions, the dialect of most vendors, gateways and local servers, each a little
different. One decoder reads all of them; what each needs in a request is in `Quirks`.

Source: platform.openai.com/docs/api-reference/chat, and what vendors send instead.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from bot.domain.catalog import Model
from bot.domain.errors import BrokeOff, Connection, Unavailable
from bot.domain.prompt import Prompt
from bot.domain.stream_parts import Finish, Reason, StreamPart, Text, Thinking, Usage
from providers.annotations import listed_sources
from providers.chat_content import blocks_of, extras_of, thought_of
from providers.chat_messages import chat_messages, chat_tools
from providers.chat_turns import ChatTurn
from providers.dialect import (
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
from providers.error_mapping import complains, error_from_event
from providers.lenient_json import DONE, NOTHING, as_count, as_list, as_object, as_text
from providers.listings import openai_listed
from providers.think_tags import OnlyThoughts
from providers.tool_calls import ToolCalls, args_text

LEGACY = -1  # the number of a call that has none


class OpenAIChat:
    """`POST {base}/chat/completions`, answered with chunks and `[DONE]`."""

    def request(self, model: Model, prompt: Prompt, quirks: Quirks) -> DialectRequest:
        body: dict[str, Any] = {
            "model": model.model,
            "stream": True,
            "messages": chat_messages(model, prompt, quirks),
            **chat_tools(prompt),
        }
        if quirks.stream_usage:
            body["stream_options"] = {"include_usage": True}
        if limit := answer_limit(model, prompt):
            body[quirks.output_limit] = limit
        if model.temperature is not None:
            body["temperature"] = model.temperature
        if quirks.cache_key and prompt.conversation:
            body["prompt_cache_key"] = prompt.conversation
        if quirks.asker and prompt.asker:
            body["safety_identifier"] = prompt.asker
        if model.reasoning:
            body = merged(body, quirks.reasoning)
        if effort := effort_of(model, prompt):
            body = merged(body, nested(quirks.effort or ("reasoning_effort",), effort))
        return DialectRequest(path="/chat/completions", body=merged(body, quirks.extra))

    def decoder(self, model: Model, quirks: Quirks) -> Decoder:
        return ChatDecoder(model)

    def listing(self, quirks: Quirks) -> DialectRequest:
        return DialectRequest(path="/models", body={})

    def listed(self, body: Any) -> ListingPage:
        return openai_listed(body)


class ChatDecoder:
    """Turns chunks into stream parts. Tool calls and usage come at the end, when they are complete."""

    def __init__(self, model: Model) -> None:
        self.done = False
        self.over = False
        self._turn = ChatTurn(model)
        self._streams = False  # there were deltas
        self._said = False  # there was text, or a thought
        self._thoughts = OnlyThoughts()
        self._calls = ToolCalls()
        self._usage: dict[str, Any] = {}
        self._lists: tuple[Any, Any] = (None, None)  # of sources, as they were told last
        self._finish: object = ""
        self._model = ""
        self._id = ""

    def feed(self, chunk: dict[str, Any]) -> Iterator[StreamPart]:
        if chunk is DONE:
            if not (self.over or self._said or self._calls):
                raise BrokeOff("done before it began")  # LM Studio, when the prompt is too long
            yield from self._end()
            return
        if not self._model or not self._id:  # Azure's first chunk has them empty, others send them once
            self._model = self._model or as_text(chunk.get("model"))
            self._id = self._id or as_text(chunk.get("id"))
        if chunk.get("usage") or "x_groq" in chunk:
            self._usage = _usage_of(chunk) or self._usage
        if chunk.get("error") or chunk.get("object") == "error" or complains(chunk):
            yield from self._counted()
            raise error_from_event(chunk)
        if "citations" in chunk or "search_results" in chunk:
            yield from self._listed(chunk)
        for choice in map(as_object, as_list(chunk.get("choices"))):
            yield from self._choice(choice)

    def end(self) -> Iterator[StreamPart]:
        if not self.over:
            raise Connection("the stream ended early", code="ended_early")
        yield from self._end()

    def _choice(self, choice: dict[str, Any]) -> Iterator[StreamPart]:
        if delta := self._delta(choice):
            yield from self._parts(delta)
        if choice.get("error"):
            yield from self._counted()
            raise error_from_event(choice)
        if choice.get("finish_reason"):
            self._finish = choice["finish_reason"]
            self.over = True

    def _listed(self, chunk: dict[str, Any]) -> Iterator[StreamPart]:
        """The sources, which some servers send with every chunk."""
        lists = (chunk.get("citations"), chunk.get("search_results"))
        if lists != self._lists:
            self._lists = lists
            yield from listed_sources(chunk)

    def _delta(self, choice: dict[str, Any]) -> dict[str, Any]:
        """What a chunk adds: `delta`, or what servers that do not stream, or not in this form, have in its place. Beside
        deltas, a message is the whole answer once more.
        """
        delta = choice.get("delta")
        if delta and isinstance(delta, dict):
            self._streams = True
            return delta
        if self._streams:
            return NOTHING
        return as_object(choice.get("message")) or {"content": choice.get("text")}

    def _parts(self, delta: dict[str, Any]) -> Iterable[StreamPart]:
        thought = thought_of(delta)
        found: list[StreamPart] = [Thinking(thought)] if thought else []
        for said in (delta.get("content"), delta.get("refusal")):
            if said:
                found += (Text(said),) if isinstance(said, str) else blocks_of(said)
        self._turn.grew(delta)
        for fragment in map(as_object, as_list(delta.get("tool_calls"))):
            self._collect(fragment)
        if delta.get("function_call"):  # as it was before there were several
            self._collect({"index": LEGACY, "function": delta["function_call"]})
        if delta.get("annotations") or delta.get("images"):
            found += extras_of(delta)
        if found and self._thoughts.possible:
            self._said = True
            for part in found:
                self._thoughts.note(part)
        return found

    def _collect(self, fragment: dict[str, Any]) -> None:
        index = fragment.get("index")
        function = as_object(fragment.get("function"))
        self._calls.add(
            key=index if isinstance(index, int) else None,
            id=as_text(fragment.get("id")),
            name=as_text(function.get("name")),
            args=args_text(function.get("arguments")),
        )
        self._turn.called(len(self._calls), fragment)

    def _end(self) -> Iterator[StreamPart]:
        if self._finish == "insufficient_system_resource":
            yield from self._counted()
            raise Unavailable("the vendor ran out of resources", code="insufficient_system_resource")
        reason, unusual = self._calls.ending(*ending(self._finish))
        if reason is Reason.STOP:
            yield from self._thoughts.answer()
        if reason is Reason.TOOLS:
            yield from self._calls.complete(self._id, self._turn.carry())
        yield from self._counted()
        self.done = self.over = True
        yield Finish(reason=reason, model=self._model, unusual=unusual)

    def _counted(self) -> Iterator[Usage]:
        if self._usage:
            yield _counts(self._usage)


def _usage_of(chunk: dict[str, Any]) -> dict[str, Any]:
    usage = chunk.get("usage")
    if usage is None and "x_groq" in chunk:
        usage = as_object(chunk["x_groq"]).get("usage")
    return as_object(usage)


def _counts(usage: dict[str, Any]) -> Usage:
    prompt, completion = as_count(usage.get("prompt_tokens")), as_count(usage.get("completion_tokens"))
    read, written = (
        as_object(usage.get("prompt_tokens_details")),
        as_object(usage.get("completion_tokens_details")),
    )
    reasoning = as_count(written.get("reasoning_tokens")) or as_count(usage.get("reasoning_tokens"))
    if reasoning and prompt + completion + reasoning == as_count(usage.get("total_tokens")):
        completion += reasoning  # xAI counts it separately
    return Usage(
        input=prompt,
        cache_read=as_count(read.get("cached_tokens")) or as_count(usage.get("prompt_cache_hit_tokens")),
        cache_write=as_count(read.get("cache_write_tokens")),
        output=completion,
        reasoning=reasoning,
    )
