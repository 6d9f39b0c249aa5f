"""OpenAI's Responses, used without storage at the vendor: each request has the whole history.

Source: platform.openai.com/docs/api-reference/responses and docs.x.ai; agents: Foundry Agent Service.
"""

from collections.abc import Iterator
from typing import Any

from bot.domain.approvals import Decision
from bot.domain.catalog import Model
from bot.domain.errors import Connection
from bot.domain.prompt import Prompt
from bot.domain.stream_parts import Finish, Reason, StreamPart, Text, Thinking
from providers.annotations import MOST, annotation
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
from providers.error_mapping import error_from_event
from providers.lenient_json import as_list, as_object, as_text
from providers.listings import openai_listed
from providers.response_entries import carried_items, response_entries, response_tools
from providers.response_items import item_text, pictures_of, requests_of, sources_of, thoughts_of, usage_of
from providers.spoken_text import SpokenText
from providers.think_tags import OnlyThoughts
from providers.tool_calls import ToolCalls, args_text

TEXT = frozenset({"response.output_text.delta", "response.refusal.delta"})
RAW = "response.reasoning_text.delta"  # the model's own words, not a summary
THINKING = frozenset({"response.reasoning_summary_text.delta", RAW})
WHOLE = {"response.output_text.done": "text", "response.refusal.done": "refusal"}
ANNOTATED = "response.output_text.annotation.added"
MOST_ITEMS = 1_000  # of an answer that are kept to be carried
ENDS = frozenset({"response.completed", "response.incomplete", "response.cancelled"})


class OpenAIResponses:
    """`POST {base}/responses`, answered with typed events."""

    def request(self, model: Model, prompt: Prompt, quirks: Quirks) -> DialectRequest:
        body: dict[str, Any] = {
            "stream": True,
            "input": response_entries(model, prompt, quirks),
        }
        if prompt.decision:
            body |= _decided(prompt.decision)
        if model.agent:  # it has its own model, instructions and tools
            body["agent_reference"] = {"type": "agent_reference", "name": model.agent}
            return DialectRequest(path="/responses", body=merged(body, quirks.extra))
        body["model"] = model.model
        if quirks.stateless:
            body["store"] = False
        if prompt.system:
            body["instructions"] = prompt.system
        body |= response_tools(model, prompt, quirks)
        return DialectRequest(
            path="/responses", body=merged(body | _settings(model, prompt, quirks), quirks.extra)
        )

    def decoder(self, model: Model, quirks: Quirks) -> Decoder:
        return ResponsesDecoder(model)

    def listing(self, quirks: Quirks) -> DialectRequest:
        return DialectRequest(path="/models", body={})

    def listed(self, body: Any) -> ListingPage:
        return openai_listed(body)


def _decided(decision: Decision) -> dict[str, Any]:
    """Goes on with an answer that the vendor has stored, as it stores those of agents."""
    answers = [
        {"type": "mcp_approval_response", "approval_request_id": one.id, "approve": decision.run}
        for one in decision.requests
    ]
    return {"previous_response_id": decision.requests[0].response, "input": answers}


def _is_whole(item: dict[str, Any]) -> bool:
    """Whether an item is complete when it begins: some services never say that it is done."""
    return item.get("type") == "oauth_consent_request"


def _settings(model: Model, prompt: Prompt, quirks: Quirks) -> dict[str, Any]:
    """How to answer, and for whom."""
    said: dict[str, Any] = {}
    if limit := answer_limit(model, prompt):
        said["max_output_tokens"] = limit
    if model.temperature is not None:
        said["temperature"] = model.temperature
    if quirks.cache_key and prompt.conversation:
        said["prompt_cache_key"] = prompt.conversation
    if quirks.asker and prompt.asker:
        said["safety_identifier"] = prompt.asker
    if model.reasoning:
        said = merged(said, quirks.reasoning)
    if effort := effort_of(model, prompt):
        said = merged(said, nested(quirks.effort or ("reasoning", "effort"), effort))
    return said


class ResponsesDecoder:
    """Turns events into stream parts by the `type` in their JSON: not every vendor sends `event:` lines.

    The text comes in deltas, once more when its part and its item are done, and once more at the end; some servers send
    only one of these, or leave the end out of the deltas. So what is new is taken from wherever it comes.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._items: list[dict[str, Any]] = []  # that are done
        self._args: dict[object, str] = {}  # of calls whose item may come without
        self._response = ""  # its id
        self.done = False
        self.over = False
        self._calls = ToolCalls()
        self._text = SpokenText()
        self._thought: object = None  # the part that the last thought came from
        self._thoughts = OnlyThoughts()
        self._told: set[str] = set()  # items that were told
        self._annotated = 0

    def feed(self, event: dict[str, Any]) -> Iterator[StreamPart]:
        kind = as_text(event.get("type"))
        self._note(kind, event)
        if kind in TEXT:
            delta = as_text(event.get("delta"))
            yield from self._say(
                self._text.grow(event.get("output_index"), event.get("content_index"), delta)
            )
        elif kind in THINKING:
            thought = Thinking(as_text(event.get("delta")))
            part = (event.get("output_index"), event.get("summary_index"))
            yield from self._think(thought, part, raw=kind == RAW)
        elif kind in WHOLE:
            whole = as_text(event.get(WHOLE[kind]))
            yield from self._say(
                self._text.part(event.get("output_index"), event.get("content_index"), whole)
            )
        elif kind == "response.output_item.done":
            item = as_object(event.get("item"))
            self._collect(event.get("output_index"), item)
            yield from self._say(self._text.item(event.get("output_index"), item_text(item)))
            yield from self._others(item)
        elif kind == "response.output_item.added" and _is_whole(as_object(event.get("item"))):
            yield from self._others(as_object(event.get("item")))
        elif kind == ANNOTATED and self._annotated < MOST:
            self._annotated += 1
            told = self._text.of(event.get("output_index"), event.get("content_index"))
            yield annotation(event.get("annotation"), told)
        elif kind in ENDS and not as_object(event.get("response")).get("error"):
            yield from self._end(kind, as_object(event.get("response")))
        elif kind in {"error", "response.failed", *ENDS} or (not kind and event.get("error")):
            yield from usage_of(as_object(event.get("response")))
            raise error_from_event(event)
        elif event.get("object") == "response":  # the answer whole, from a server that does not stream
            yield from self.feed(
                {"type": f"response.{event.get('status') or 'completed'}", "response": event}
            )

    def end(self) -> Iterator[StreamPart]:
        raise Connection("the stream ended early", code="ended_early")

    def _note(self, kind: str, event: dict[str, Any]) -> None:
        self._response = self._response or as_text(as_object(event.get("response")).get("id"))
        if kind == "response.function_call_arguments.done":
            self._args[event.get("output_index")] = args_text(event.get("arguments"))

    def _say(self, said: str) -> Iterator[StreamPart]:
        if said:
            text = Text(said)
            self._thoughts.note(text)
            yield text

    def _think(self, thought: Thinking, part: object, *, raw: bool) -> Iterator[StreamPart]:
        if not thought.text:
            return
        if part != self._thought and self._thought is not None:
            thought = Thinking("\n\n" + thought.text)
        self._thought = part
        if raw:
            self._thoughts.note(thought)
        yield thought

    def _collect(self, index: object, item: dict[str, Any]) -> None:
        """An item comes whole; of one that is told twice the first counts."""
        key = index if isinstance(index, int) else None
        if len(self._items) < MOST_ITEMS and (key is None or not self._calls.has(key)):
            self._items.append(item)
        if item.get("type") != "function_call" or (key is not None and self._calls.has(key)):
            return
        self._calls.add(
            key=key,
            id=as_text(item.get("call_id")) or as_text(item.get("id")) or f"call {item.get('name')}",
            name=as_text(item.get("name")),
            args=args_text(item.get("arguments")) or self._args.get(index, ""),
        )

    def _others(self, item: dict[str, Any]) -> Iterator[StreamPart]:
        """What an item holds beside words. It comes when the item is done, and once more at the end."""
        yield from sources_of(item)
        found = [*pictures_of(item), *(requests_of(item, self._response) if self._model.agent else ())]
        name = as_text(item.get("id")) or as_text(item.get("consent_link"))
        if found and name not in self._told:
            self._told.add(name)
            for part in found:
                self._thoughts.note(part)
                yield part

    def _end(self, kind: str, response: dict[str, Any]) -> Iterator[StreamPart]:
        items = [as_object(item) for item in as_list(response.get("output"))]
        if not self._calls:
            self._items.clear()
            for at, item in enumerate(items):
                self._collect(at, item)
        if self._thought is None:
            for at, item in enumerate(items):
                for raw, said in thoughts_of(item):
                    yield from self._think(Thinking(said), (at, said), raw=raw)
        for said in self._text.all(item_text(item) for item in items):
            yield from self._say(said)
        for item in items:
            yield from self._others(item)
        reason, unusual = self._ending(kind, response)
        if reason is Reason.STOP:
            yield from self._thoughts.answer()
        if reason is Reason.TOOLS:
            yield from self._calls.complete(
                as_text(response.get("id")), carried_items(self._model, self._items)
            )
        yield from usage_of(response)
        self.done = self.over = True
        yield Finish(reason=reason, model=as_text(response.get("model")), unusual=unusual)

    def _ending(self, kind: str, response: dict[str, Any]) -> tuple[Reason, str]:
        if kind == "response.incomplete" or response.get("status") == "incomplete":
            why = as_object(response.get("incomplete_details")).get("reason")
            return self._calls.ending(*ending(why or "incomplete"))
        if kind == "response.cancelled":
            return Reason.STOPPED, ""
        return self._calls.ending(Reason.STOP)
