"""Google's generateContent. The key is sent in a header: in the URL it would end up in logs.

Source: ai.google.dev/api/generate-content and .../docs/thought-signatures.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from bot.domain.catalog import Model
from bot.domain.errors import Connection, ServerError
from bot.domain.listings import Listing
from bot.domain.prompt import Prompt
from bot.domain.stream_parts import Finish, Reason, StreamPart, Text, Thinking, Usage
from providers.annotations import grounding
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
from providers.gemini_contents import GeminiTurn, gemini_contents, gemini_tools, whole_call
from providers.lenient_json import as_count, as_list, as_object, as_text
from providers.pictures import picture_of
from providers.tool_calls import ToolCalls, args_text

BAD_CALLS = frozenset(  # endings for which the model is to blame: it may do better when it is asked again
    ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"]
)
EFFORT = ("generationConfig", "thinkingConfig", "thinkingLevel")
ASKED = "/v1beta/models/{model}:streamGenerateContent?alt=sse"
LISTING = "/v1beta/models?pageSize=1000"


class Gemini:
    """`POST {base}/v1beta/models/{model}:streamGenerateContent?alt=sse`, answered with growing candidates."""

    def request(self, model: Model, prompt: Prompt, quirks: Quirks) -> DialectRequest:
        name = model.model.rsplit("/", 1)[-1] if quirks.model_path else model.model.removeprefix("models/")
        ids = not (quirks.nameless_calls and re.match(quirks.nameless_calls, name))
        body: dict[str, Any] = {"contents": gemini_contents(model, prompt, ids=ids)}
        if prompt.system:
            body["systemInstruction"] = {"parts": [{"text": prompt.system}]}
        body |= gemini_tools(prompt)
        if limit := answer_limit(model, prompt):
            body = merged(body, nested(("generationConfig", "maxOutputTokens"), limit))
        if model.temperature is not None:
            body = merged(body, nested(("generationConfig", "temperature"), model.temperature))
        if model.reasoning:
            body = merged(body, quirks.reasoning)
        if effort := effort_of(model, prompt):
            body = merged(body, nested(quirks.effort or EFFORT, effort.upper()))
        path = (quirks.model_path or ASKED).format(model=quote(name, safe=""))
        return DialectRequest(path=path, body=merged(body, quirks.extra))

    def decoder(self, model: Model, quirks: Quirks) -> Decoder:
        return ContentDecoder(model)

    def listing(self, quirks: Quirks) -> DialectRequest:
        return DialectRequest(path=LISTING, body={})

    def listed(self, body: Any) -> ListingPage:
        after = as_text(as_object(body).get("nextPageToken"))
        entries = map(as_object, as_list(as_object(body).get("models"))[:MOST_ROWS])
        return ListingPage(
            listings=[
                _listing(entry)
                for entry in entries
                if as_text(entry.get("name"))
                and "generateContent" in as_list(entry.get("supportedGenerationMethods"))
            ],
            after=f"{LISTING}&pageToken={quote(after, safe='', errors='replace')}" if after else "",
        )


def _listing(entry: dict[str, Any]) -> Listing:
    thinks = entry.get("thinking")
    return Listing(
        id=as_text(entry.get("name")).removeprefix("models/"),
        context=as_count(entry.get("inputTokenLimit")) or None,
        max_output=as_count(entry.get("outputTokenLimit")) or None,
        reasoning=thinks if isinstance(thinks, bool) else None,
        publisher="google",
    )


class ContentDecoder:
    """Turns candidates into stream parts. No sentinel: `over` at the finish reason, `done` with the body."""

    def __init__(self, model: Model) -> None:
        self.done = False
        self.over = False
        self._turn = GeminiTurn(model)
        self._said = False  # something that people saw
        self._calls = ToolCalls()
        self._usage: dict[str, Any] = {}
        self._reason, self._unusual = Reason.STOP, ""
        self._detail = ""
        self._model = ""
        self._id = ""

    def feed(self, chunk: dict[str, Any]) -> Iterator[StreamPart]:
        self._model = as_text(chunk.get("modelVersion")) or self._model
        self._id = as_text(chunk.get("responseId")) or self._id
        self._usage = as_object(chunk.get("usageMetadata")) or self._usage
        if chunk.get("error"):
            yield from self._counted()
            raise error_from_event(chunk)
        blocked = as_text(as_object(chunk.get("promptFeedback")).get("blockReason"))
        if blocked:
            self._finish("SAFETY", as_text(as_object(chunk["promptFeedback"]).get("blockReasonMessage")))
        for candidate in map(as_object, as_list(chunk.get("candidates"))):
            for part in as_list(as_object(candidate.get("content")).get("parts")):
                yield from self._part(as_object(part))
            if candidate.get("groundingMetadata"):
                yield from grounding(candidate["groundingMetadata"])
            if finish := candidate.get("finishReason"):
                self._finish(finish, as_text(candidate.get("finishMessage")))

    def end(self) -> Iterator[StreamPart]:
        if not self.over:
            raise Connection("the stream ended early", code="ended_early")
        reason, unusual = self._calls.ending(self._reason, self._unusual)
        if unusual in BAD_CALLS and not self._said:
            yield from self._counted()
            raise ServerError("the model made a call that cannot be read", code=unusual.lower())
        if reason is Reason.TOOLS:
            yield from self._calls.complete(self._id, self._turn.carry())
        yield from self._counted()
        self.done = True
        yield Finish(reason=reason, model=self._model, detail=self._detail, unusual=unusual)

    def _finish(self, word: object, detail: str) -> None:
        self._reason, self._unusual = ending(word)
        self._detail, self.over = detail, True

    def _part(self, part: dict[str, Any]) -> Iterator[StreamPart]:
        self._turn.add(part)
        said = as_text(part.get("text"))
        if said:
            self._said = self._said or part.get("thought") is not True
            yield Thinking(said) if part.get("thought") is True else Text(said)
        data = as_object(part.get("inlineData"))
        if as_text(data.get("mimeType")).startswith("image/") and part.get("thought") is not True:
            self._said = True
            yield picture_of(as_text(data.get("data")))
        if call := whole_call(part):
            self._calls.add(
                key=len(self._calls),
                id=as_text(call.get("id")),
                name=as_text(call.get("name")),
                args=args_text(call.get("args")),
            )

    def _counted(self) -> Iterator[Usage]:
        if not self._usage:
            return
        thought = as_count(self._usage.get("thoughtsTokenCount"))
        yield Usage(
            input=as_count(self._usage.get("promptTokenCount"))
            + as_count(self._usage.get("toolUsePromptTokenCount")),
            cache_read=as_count(self._usage.get("cachedContentTokenCount")),
            output=as_count(self._usage.get("candidatesTokenCount")) + thought,
            reasoning=thought,
        )
