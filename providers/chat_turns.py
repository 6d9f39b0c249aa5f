"""What of a turn with calls goes back beside it in Chat Completions: in the field that it came in, unread.

Sources: api-docs.deepseek.com, "Thinking mode"; openrouter.ai/docs, "Preserving reasoning"; ai.google.dev/gemini-api/docs/openai
(`extra_content`); learn.microsoft.com, MAI-Thinking-1 (`reasoning.encrypted_content`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.catalog import Model
from bot.domain.prompt import PromptMessage
from providers.carried import packed, unpacked
from providers.lenient_json import as_list, as_object, as_text

DIALECT = "openai-chat"
THOUGHT = ("reasoning_content", "reasoning")  # texts
GROWING = ("text", "summary", "data")  # of an entry of `reasoning_details`
MOST = 1_000_000  # characters
ENTRIES = 1_000
SIGNED = "extra_content"  # of a call


@dataclass(frozen=True, slots=True)
class CarriedTurn:
    """Fields of the assistant's turn, and of each of its calls."""

    reasoning: Mapping[str, Any] = field(default_factory=dict)
    calls: Sequence[Mapping[str, Any]] = ()


def carried_turn(model: Model, message: PromptMessage) -> CarriedTurn:
    turn = as_object(unpacked(DIALECT, model, message))
    return CarriedTurn(
        as_object(turn.get("reasoning")), [as_object(one) for one in as_list(turn.get("calls"))]
    )


class ChatTurn:
    """Collects it from the deltas."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._texts: dict[str, list[str]] = {}
        self._sealed: dict[str, Any] = {}  # a `reasoning` that is an object
        self._details: list[dict[str, Any]] = []
        self._calls: dict[int, dict[str, Any]] = {}
        self._length = 0

    def grew(self, delta: Mapping[str, Any]) -> None:
        for name in THOUGHT:
            thought = delta.get(name)
            if thought and isinstance(thought, str):
                self._texts.setdefault(name, []).append(thought)
                self._length += len(thought)
            elif thought and isinstance(thought, dict):
                self._sealed = thought
        for detail in map(as_object, as_list(delta.get("reasoning_details"))):
            self._detail(detail)

    def called(self, number: int, fragment: Mapping[str, Any]) -> None:
        """The fragment belongs to the call of this number, from 1."""
        if fragment.get(SIGNED):
            self._calls[number] = {SIGNED: fragment[SIGNED]}

    def carry(self) -> str:
        if self._length > MOST or len(self._details) > ENTRIES:
            return ""
        reasoning: dict[str, Any] = {name: "".join(said) for name, said in self._texts.items()}
        if self._details:  # they hold the same, and more
            reasoning = {"reasoning_details": self._details}
        elif self._sealed:
            reasoning["reasoning"] = self._sealed
        calls = [self._calls.get(number, {}) for number in range(1, max(self._calls, default=0) + 1)]
        return packed(
            DIALECT, self._model, {"reasoning": reasoning, "calls": calls} if reasoning or calls else None
        )

    def _detail(self, detail: dict[str, Any]) -> None:
        """Fragments of one entry come one after the other, with its number."""
        self._length += sum(len(as_text(detail.get(name))) for name in GROWING)
        last = self._details[-1] if self._details else {}
        if not last or _which(last) != _which(detail):
            if len(self._details) <= ENTRIES:
                self._details.append(dict(detail))
            return
        if self._length > MOST:
            return
        for name, value in detail.items():
            if name in GROWING:
                last[name] = as_text(last.get(name)) + as_text(value)
            elif value is not None:
                last[name] = value


def _which(detail: Mapping[str, Any]) -> tuple[Any, Any]:
    return str(detail.get("type")), str(detail.get("index"))
