"""The interface inside providers: what a wire format is, and what a vendor may need different in it.

A dialect is code, one module each. A vendor is data: a base URL, a way to authenticate and a `Quirks` for
each dialect it speaks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.domain.catalog import Model
from bot.domain.listings import Listing
from bot.domain.prompt import Prompt
from bot.domain.stream_parts import StreamPart

MOST_ROWS = 2_000  # of one page of a listing; the vendors' pages have a thousand


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """One vendor's deviations in one dialect. The defaults are what most endpoints of the dialect accept.

    `extra` and `reasoning` are merged deeply into the request's body, the latter only for reasoning models.
    """

    prefix: str = ""  # path between the base URL and the dialect's own, e.g. "/anthropic"
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    reasoning: Mapping[str, Any] = field(default_factory=dict)
    output_limit: str = "max_tokens"  # openai-chat: the output limit's name
    stream_usage: bool = True  # openai-chat: ask for usage by stream_options
    bridge: str = ""  # openai-chat: an assistant's text between a tool's result and the next question
    calls_extra: Mapping[str, Any] = field(default_factory=dict)  # openai-chat: in assistant turns with calls
    think_tags: bool | None = (
        None  # True: reasoning models think in the text, maybe without an opening tag; False: none
    )
    effort: tuple[str, ...] = ()  # where the effort stands in the body; () is the dialect's own place
    stateless: bool = True  # openai-responses: send store:false
    result_pictures: bool = False  # openai-responses: a tool's result may hold pictures
    cache_marks: str = ""  # openai-chat: marks for prompt caches go to models whose id has this (a pattern)
    cache_hour: bool = False  # anthropic: marks may ask for an hour
    cache_key: bool = False  # openai-*: send the conversation's digest as prompt_cache_key
    search: Mapping[str, Any] = field(
        default_factory=dict
    )  # the vendor's own search of the web, as one of `tools`
    search_choice: Mapping[str, Any] = field(default_factory=dict)  # ... as the `tool_choice` that forces it
    search_apart: bool = False  # gemini: it is refused beside functions
    asker: bool = False  # send the person's hash (safety_identifier, metadata.user_id)
    version: str = "2023-06-01"  # anthropic: the anthropic-version header
    model_path: str = ""  # anthropic, gemini: the path of a question, with {model} in it and not in the body
    nameless_calls: str = ""  # gemini: calls have no ids for models whose id begins like this (a pattern)
    listing: bool = True  # the models can be listed


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectRequest:
    """One request of a dialect: path below the base URL, JSON body, the dialect's own headers."""

    path: str
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPage:
    """One page of a listing. `after` is the path of the next one, "" for the last."""

    listings: Sequence[Listing]
    after: str = ""


class Decoder(Protocol):
    """Turns one stream's events into stream parts. Made per answer; Finish is always the last part."""

    done: bool  # Finish was returned: nothing of use follows
    over: bool  # the answer is complete, even if the connection breaks now

    def feed(self, event: dict[str, Any]) -> Iterable[StreamPart]:
        """One event. Raises the ModelError that the vendor reports."""
        ...

    def end(self) -> Iterable[StreamPart]:
        """The body has ended. Raises Connection if the answer was not complete."""
        ...


class Dialect(Protocol):
    """One wire format. Implemented by openai_chat, openai_responses, anthropic and gemini; holds no state."""

    def request(self, model: Model, prompt: Prompt, quirks: Quirks) -> DialectRequest: ...

    def decoder(self, model: Model, quirks: Quirks) -> Decoder: ...

    def listing(self, quirks: Quirks) -> DialectRequest:
        """The GET that lists the models (its body is empty)."""
        ...

    def listed(self, body: Any) -> ListingPage: ...


def effort_of(model: Model, prompt: Prompt) -> str:
    """How long the model may think: what people chose, where it thinks at all, else its own setting."""
    return (prompt.effort if model.reasoning else "") or model.effort


def answer_limit(model: Model, prompt: Prompt) -> int | None:
    """Tokens of the answer; None leaves it to the vendor."""
    return prompt.max_output or model.limit


def nested(path: Sequence[str], value: Any) -> dict[str, Any]:
    """`{"a": {"b": value}}` for the path a, b."""
    for name in reversed(path):
        value = {name: value}
    return dict(value)


def merged(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """`body` deeply merged with `extra`, which wins. Neither is changed."""
    result = dict(body)
    for key, value in extra.items():
        below = result.get(key)
        result[key] = (
            merged(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
        )
    return result
