"""What is taken back when a model refuses it: parameters that were sent unasked, or for a setting that not every model
knows. A person should not hear of them, and an operator should not have to look them up.

A refusal names what it does not take, in `param` or in its words. `PARAMETERS` says for each what to do instead: leave it
out, call it otherwise, send the nearest value. What an operator wrote into `extra` is not in the body that is looked at
here, so a refusal of that is shown. Sources: the 400s and 422s of the vendors' API references and of public issues.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.errors import ModelError, ModelNotFound, Rejected, ServerError
from bot.domain.prompt import Prompt
from providers.asked_otherwise import Concession, WithoutTools, prompt_changes

Path = tuple[str, ...]

LEVELS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
LEVEL = re.compile(rf"(?<![\w-])({'|'.join(LEVELS)})(?![\w-])")
NUMBER = re.compile(r"(?<![\w.-])(\d{1,9})(?![\w.-])( \(exclusive\))?")
BUDGETS = {"LOW": 1_024, "MEDIUM": 8_192, "HIGH": 24_576}  # tokens; Google's own translation of the levels
LEAST = 64  # tokens: a smaller number beside a limit is something else
MOST = re.compile(
    r"(?:\[\s*\d+\s*,\s*|less than or equal to |at most |limit of |up to |<= ?)['\"`]?(\d{2,9})",
    re.IGNORECASE,
)
OTHER_DIALECT = re.compile(
    r"operationnotsupported|^convert_request_failed: not implemented|v1/(chat/completions|responses)|\bresponses api\b|\bchat ?completions? (api|operation)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One question as it is sent: `body` is ours, `written` what the operator wrote and is laid over it."""

    prompt: Prompt
    body: dict[str, Any]
    written: Mapping[str, Any]
    path: str
    headers: Mapping[str, str]
    unsearched: bool = False  # the web was to be searched, and is not


@dataclass(frozen=True, slots=True)
class Dropped(Concession):
    path: Path

    def body(self, body: dict[str, Any]) -> dict[str, Any]:
        return _changed(body, self.path, lambda _: {})


@dataclass(frozen=True, slots=True)
class Renamed(Concession):
    """The same under another name; `values` are those that are spelt otherwise there."""

    path: Path
    name: str
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def body(self, body: dict[str, Any]) -> dict[str, Any]:
        return _changed(body, self.path, lambda value: {self.name: self.values.get(value, value)})


@dataclass(frozen=True, slots=True)
class Exchanged(Concession):
    """Another value in place of one that was refused."""

    path: Path
    refused: object
    value: object

    def body(self, body: dict[str, Any]) -> dict[str, Any]:
        name = self.path[-1]
        return _changed(body, self.path, lambda value: {name: self.value if value == self.refused else value})


@dataclass(frozen=True, slots=True)
class Capped(Concession):
    """A number that may not be higher."""

    path: Path
    most: int

    def body(self, body: dict[str, Any]) -> dict[str, Any]:
        return _changed(body, self.path, lambda value: {self.path[-1]: min(value, self.most)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A row: where it stands in a body, how a refusal names it, and what to do instead (None: nothing helps)."""

    path: Path
    named: str  # a regular expression
    instead: Callable[[Path, Any, str], Concession | None] = lambda path, _value, _said: Dropped(path)


def _nearest(path: Path, value: str, said: str) -> Concession | None:
    """The nearest of the levels that the refusal lists, the lower of two; without a list there is no such parameter."""
    now = value.lower()
    offered = [level for level in LEVEL.findall(said) if level != now]
    if now not in LEVELS or not offered:
        return Dropped(path)
    at = LEVELS.index(now)
    nearest = min(offered, key=lambda level: (abs(LEVELS.index(level) - at), LEVELS.index(level)))
    return Exchanged(path, value, nearest.upper() if value.isupper() else nearest)


def _whole(path: Path, _value: object, _said: str) -> Concession | None:
    return Exchanged(path, True, False)


def _budget(path: Path, _value: str, _said: str) -> Concession | None:
    return Renamed(path, "thinkingBudget", BUDGETS)


def _capped(path: Path, value: int, said: str) -> Concession | None:
    """The maximum that the refusal names: the largest number in it that is smaller than what was sent, where it shows that
    too, or else calls the number a maximum.
    """
    numbers = [int(digits) - bool(exclusive) for digits, exclusive in NUMBER.findall(said)]
    if value not in numbers:
        numbers = [int(digits) for digits in MOST.findall(said)]
    smaller = [number for number in numbers if LEAST <= number < value]
    return Capped(path, max(smaller)) if smaller else None


def _called(other: str) -> Callable[[Path, Any, str], Concession | None]:
    return lambda path, value, said: _capped(path, value, said) or Renamed(path, other)


def _capped_or_dropped(path: Path, value: int, said: str) -> Concession | None:
    return _capped(path, value, said) or Dropped(path)


EFFORT = r"\beffort\b|reasoning_?effort|does not support thinking"
THINKING = ("generationConfig", "thinkingConfig")

PARAMETERS: Sequence[Parameter] = (
    Parameter(path=("temperature",), named=r"\btemperature\b"),
    Parameter(path=("generationConfig", "temperature"), named=r"\btemperature\b"),
    Parameter(path=("reasoning", "summary"), named=r"reasoning[._ ]summar"),
    Parameter(path=("reasoning", "effort"), named=EFFORT, instead=_nearest),
    Parameter(path=("reasoning_effort",), named=EFFORT, instead=_nearest),
    Parameter(path=("output_config", "effort"), named=rf"{EFFORT}|output_config", instead=_nearest),
    Parameter(path=(*THINKING, "thinkingLevel"), named=r"thinking[_ ]?level", instead=_budget),
    Parameter(path=THINKING, named=r"thinking"),
    Parameter(path=("thinking",), named=r"\bthinking\b"),
    Parameter(path=("reasoning",), named=r"\breasoning\b"),
    Parameter(
        path=("max_tokens",),
        named=r"\bmax_tokens\b|\bmaximum tokens\b",
        instead=_called("max_completion_tokens"),
    ),
    Parameter(path=("max_completion_tokens",), named=r"max_completion_tokens", instead=_called("max_tokens")),
    Parameter(path=("max_output_tokens",), named=r"max_output_tokens", instead=_capped_or_dropped),
    Parameter(
        path=("generationConfig", "maxOutputTokens"),
        named=r"max_?output_?tokens",
        instead=_capped_or_dropped,
    ),
    Parameter(path=("stream",), named=r"^stream$|\bto stream this model\b", instead=_whole),
    Parameter(path=("include",), named=r"^include$|'include'|\bencrypted[_ ]content\b"),
    Parameter(path=("tool_choice",), named=r"\btool_choice\b"),
    Parameter(path=("toolConfig",), named=r"\btool_?config\b|function_?calling_?config"),
    Parameter(path=("store",), named=r"^store$|'store'"),
    Parameter(path=("stream_options",), named=r"\bstream_options\b"),
    Parameter(path=("safety_identifier",), named=r"\bsafety_identifier\b"),
    Parameter(path=("metadata",), named=r"\bmetadata\b|\buser_id\b"),
)
"""In the order in which they are looked for: the narrower name first."""


def concession(error: Rejected, call: ModelCall, known: Sequence[Concession]) -> Concession | None:
    """What to do otherwise after this refusal; None when it is about something else, or when the same was done already.
    The vendor's `param` counts before its words, which name other parameters too.
    """
    if error.status not in {
        400,
        404,
        422,
        500,
        501,
        None,
    }:  # 500: a template's own error; None: inside a stream
        return None
    for said in (error.param, str(error)):
        changes = [
            *prompt_changes(said, call.prompt),
            *(_other(row, said, call, error) for row in PARAMETERS),
        ]
        changes.sort(
            key=lambda one: one == WithoutTools()
        )  # the last resort: it takes the most from the answer
        if change := next((one for one in changes if one and one not in known), None):
            return change
    return None


def answers_elsewhere(error: ModelError) -> bool:
    """Whether a model may answer in another dialect of its endpoint: it is not found in this one, or the refusal says so.
    Azure is certain about a deployment that there is not.
    """
    if error.status in {405, 501}:  # what a server says that knows no such path
        return True
    if isinstance(error, ModelNotFound):
        return error.code != "deploymentnotfound"
    return isinstance(error, Rejected | ServerError) and bool(OTHER_DIALECT.search(f"{error.code}: {error}"))


def _other(row: Parameter, said: str, call: ModelCall, error: Rejected) -> Concession | None:
    value = _value(call.body, row.path)
    if value is None or _value(call.written, row.path) is not None:
        return None
    return row.instead(row.path, value, str(error)) if re.search(row.named, said, re.IGNORECASE) else None


def _value(body: Mapping[str, Any], path: Path) -> Any:
    for name in path:
        body = body.get(name) if isinstance(body, Mapping) else None  # type: ignore[assignment]
    return body


def _changed(body: dict[str, Any], path: Path, change: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """`body` with what stands at the path replaced by what `change` makes of it. An object left empty goes too."""
    name, *rest = path
    if name not in body:
        return body
    if rest:
        inner = _changed(body[name], tuple(rest), change)
        entries = {name: inner} if inner else {}
    else:
        entries = change(body[name])
    return {**{key: value for key, value in body.items() if key != name}, **entries}
