"""One endpoint: a base URL, credentials, and the dialects spoken there."""

import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from bot.domain.catalog import Model
from bot.domain.errors import Auth, BrokeOff, Connection, ModelError, Rejected, SettingsError, Timeout
from bot.domain.listings import Listing
from bot.domain.prompt import Prompt
from bot.domain.stream_parts import Finish, Remark, SearchFailed, StreamPart
from providers.anthropic import Anthropic
from providers.asked_otherwise import Concession, WithoutSearch, WithoutTools
from providers.credentials import Authentication, authenticated_get, authenticated_post
from providers.dialect import Decoder, Dialect, DialectRequest, Quirks, merged
from providers.gemini import Gemini
from providers.joined_parts import together
from providers.lenient_json import SurrogateJoiner
from providers.openai_chat import OpenAIChat
from providers.openai_responses import OpenAIResponses
from providers.own_servers import OwnServer
from providers.pauses import one_turn
from providers.scrubbing import withhold
from providers.source_numbers import SourceNumbers
from providers.think_tags import ThinkTags
from providers.transport import Transport
from providers.unsupported import ModelCall, answers_elsewhere, concession
from providers.web_search import UNSEARCHED, SearchWatch, forced, lacking, said_early, with_search

DIALECTS: Mapping[str, Dialect] = {
    "openai-chat": OpenAIChat(),
    "openai-responses": OpenAIResponses(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
}
PAGES = 20  # of a listing at most
MOST_MODELS = 5_000
LONGEST_ID = 200  # characters of a model's name
TOOLLESS = "answered without tools: this model takes none"
MOST_CHANGES = 8  # of one model's requests: more is something else


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """What the operator adds to every request of an endpoint; `extra` only to questions."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def values(self) -> Sequence[str]:
        return (*self.headers.values(), *self.query.values())

    def address(self, url: str) -> str:
        return f"{url}{'&' if '?' in url else '?'}{urlencode(self.query)}" if self.query else url


class Endpoint:
    """A Provider over HTTP. The first of `dialects` is spoken unless the model names another, or answers only in another.

    What a model refuses of what nobody wrote for it is taken back, asked again at once, and remembered in this process.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        base_url: str,
        auth: Authentication,
        dialects: Mapping[str, Quirks],
        additions: Additions | None = None,
        own_server: OwnServer | None = None,
    ) -> None:
        unknown = [name for name in dialects if name not in DIALECTS]
        if unknown or not dialects:
            raise SettingsError(
                f"dialect = {', '.join(unknown) or 'nothing'!r} is not known; write {', '.join(DIALECTS)}"
            )
        self._transport = transport
        self._base = base_url.rstrip("/")
        self._auth = auth
        self._dialects = dialects
        self._default = next(iter(dialects))
        self._additions = additions or Additions()
        self._own_server = own_server
        self._elsewhere: dict[str, str] = {}  # the dialect of a model that does not answer in the first one
        self._changes: dict[tuple[str, str], tuple[Concession, ...]] = {}  # by dialect and model
        self._unopened: dict[str, bool] = {}  # models that think in the text without an opening tag

    async def stream(self, model: Model, prompt: Prompt) -> AsyncGenerator[StreamPart, None]:
        """One answer. Read it to its end: only then can the connection be used again."""
        refusal: ModelError | None = None
        for dialect in self._ways(model):
            begun = False
            try:
                async with aclosing(self._spoken_to(replace(model, dialect=dialect), prompt)) as parts:
                    async for part in parts:
                        if refusal and not begun:
                            self._elsewhere[model.model] = dialect
                        begun = True
                        yield part
            except ModelError as error:
                if isinstance(error, Auth):
                    error.key = self._auth.variable
                if begun or not answers_elsewhere(error):
                    raise
                refusal = refusal or error
            else:
                return
        if refusal:
            raise refusal

    def _ways(self, model: Model) -> Sequence[str]:
        """The dialects in which a model may answer here, the likeliest first: the one that it is said to speak, or all of
        the endpoint's.
        """
        known = model.dialect or self._elsewhere.get(model.model, "")
        return (known,) if known else tuple(self._dialects)

    async def _spoken_to(self, model: Model, prompt: Prompt) -> AsyncGenerator[StreamPart, None]:
        """One answer in the model's dialect."""
        place = model.dialect, model.model
        changes, refusal = self._changes.get(place, ()), None
        while True:
            request = self._request(model, prompt, changes)
            begun = False
            try:
                async with aclosing(self._turn(model, request)) as parts:
                    async for part in parts:
                        if (
                            refusal and not begun
                        ):  # what helped is remembered, beside what others learned meanwhile
                            known = self._changes.get(place, ())
                            self._changes[place] = (*known, *(one for one in changes if one not in known))
                        begun = True
                        if isinstance(part, Finish) and prompt.tools and WithoutTools() in changes:
                            yield Remark(TOOLLESS)
                        yield part
            except Rejected as error:
                refusal = refusal or error
                change = None if begun else concession(error, request, changes)
                if change is None or len(changes) >= MOST_CHANGES:
                    raise refusal from None
                changes = (*changes, change)
            else:
                return

    def _request(self, model: Model, prompt: Prompt, changes: Sequence[Concession]) -> ModelCall:
        dialect, quirks = self._spoken(model.dialect)
        unsearched = lacking(prompt, quirks) or (bool(prompt.vendor_search) and WithoutSearch() in changes)
        prompt = prompt if unsearched else forced(prompt, quirks)
        for change in changes:
            prompt = change.prompt(prompt)
        call = dialect.request(model, prompt, quirks)
        body = with_search(call.body, prompt, quirks)
        for change in changes:
            body = change.body(body)
        return ModelCall(
            prompt=prompt,
            body=body,
            written=merged(dict(self._additions.extra), model.extra),
            path=quirks.prefix + call.path,
            headers={**call.headers, **quirks.headers, **self._additions.headers},
            unsearched=unsearched,
        )

    async def _turn(self, model: Model, call: ModelCall) -> AsyncGenerator[StreamPart, None]:
        """What comes of one call, whose answer a vendor may pause."""
        dialect, quirks = self._spoken(model.dialect)
        first = DialectRequest(path=call.path, body=merged(call.body, call.written), headers=call.headers)
        until = time.monotonic() + model.deadlines.total
        searching = bool(call.prompt.vendor_search)

        def ask(body: dict[str, Any], decoder: Decoder) -> AsyncGenerator[StreamPart, None]:
            left = model.deadlines.total if body is first.body else max(until - time.monotonic(), 0.0)
            hurried = replace(model, deadlines=replace(model.deadlines, total=left))
            watch = SearchWatch(model.dialect) if searching else None
            return self._answer(replace(first, body=body), decoder, hurried, quirks, watch)

        sources = SourceNumbers()
        unsearched: list[StreamPart] = [SearchFailed(UNSEARCHED)] if call.unsearched else []
        try:
            async with aclosing(one_turn(first.body, lambda: dialect.decoder(model, quirks), ask)) as parts:
                async for part in parts:
                    for told in said_early(sources.parts(part), unsearched):
                        yield told
        except ModelError:
            for told in sources.rest():
                yield told
            raise

    async def _answer(
        self,
        call: DialectRequest,
        decoder: Decoder,
        model: Model,
        quirks: Quirks,
        watch: SearchWatch | None,
    ) -> AsyncGenerator[StreamPart, None]:
        """What comes of one request."""
        tags = self._think_tags(model, quirks)
        opening = authenticated_post(
            self._transport,
            self._additions.address(self._base + call.path),
            auth=self._auth,
            headers=call.headers,
            body=call.body,
            deadlines=model.deadlines,
        )
        refined = _refiner(tags)
        try:
            try:
                async with opening as answer, aclosing(answer.batches()) as batches:
                    async for events in batches:
                        for part in refined(together(_decoded(decoder, events, watch))):
                            answer.begun()
                            yield part
                        if decoder.done:
                            await answer.drain(batches)
                            return
                    if not (decoder.over or answer.has_begun):
                        raise BrokeOff("the stream ended before it began")
            except (Connection, Timeout):
                if not decoder.over:
                    raise
            for part in refined(together(watch.beside(decoder.end()) if watch else decoder.end())):
                yield part
        except ModelError as error:
            withhold(error, self._additions.values)
            raise
        finally:
            if tags and tags.learned is not None:
                self._unopened[model.model] = tags.learned

    async def models(self) -> Sequence[Listing]:
        """All models of the endpoint's listing, over all pages; () where it has none. Raises a ModelError."""
        dialect, quirks = self._spoken("")
        if not quirks.listing:
            return ()
        call = dialect.listing(quirks)
        headers = {**call.headers, **quirks.headers, **self._additions.headers}
        found: list[Listing] = []
        path = call.path
        for _ in range(PAGES):
            url = self._additions.address(self._base + quirks.prefix + path)
            try:
                body = await authenticated_get(self._transport, url, auth=self._auth, headers=headers)
            except ModelError as error:
                withhold(error, self._additions.values)
                raise
            page = dialect.listed(body)
            found.extend(row for row in page.listings if len(row.id) <= LONGEST_ID and row.id.isprintable())
            path = page.after
            if not path or len(found) >= MOST_MODELS:
                break
        return await self._own_server.completed(found, headers) if self._own_server else found

    def _think_tags(self, model: Model, quirks: Quirks) -> ThinkTags | None:
        """Knows how the model's last answer began, and before the first one, what the operator said of it."""
        if quirks.think_tags is False:
            return None
        said = bool(quirks.think_tags) and model.reasoning
        return ThinkTags(unopened=self._unopened.get(model.model, said))

    def _spoken(self, name: str) -> tuple[Dialect, Quirks]:
        name = name or self._default
        if name not in DIALECTS:
            raise Rejected(f"dialect {name!r} is not known")
        return DIALECTS[name], self._dialects.get(name, Quirks())


def _decoded(
    decoder: Decoder, events: Iterator[dict[str, Any]], watch: SearchWatch | None
) -> Iterator[StreamPart]:
    for event in events:
        if watch:
            yield from watch.feed(event)
            yield from watch.beside(decoder.feed(event))
        else:
            yield from decoder.feed(event)
        if decoder.done:
            return


def _refiner(tags: ThinkTags | None) -> Callable[[Iterable[StreamPart]], Iterator[StreamPart]]:
    """For one answer: valid Unicode, and thoughts apart from text."""
    whole = SurrogateJoiner()

    def refined(parts: Iterable[StreamPart]) -> Iterator[StreamPart]:
        for part in parts:
            for sound in whole.parts(part):
                yield from tags.parts(sound) if tags else (sound,)

    return refined
