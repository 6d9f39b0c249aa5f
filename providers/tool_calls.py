"""Tool calls: collected from fragments, with ids and arguments that every vendor accepts."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from string import ascii_letters, digits
from typing import Any

from bot.domain.errors import ServerError
from bot.domain.stream_parts import ToolCall
from providers.lenient_json import load_json

ALPHABET = digits + ascii_letters
LONGEST = 1_000_000  # characters of all calls of an answer
CANONICAL = re.compile(r"[A-Za-z0-9]{9}")


def canonical_id(original: str) -> str:
    """Nine letters or digits, always the same for the same id; an id of that form is not changed."""
    if CANONICAL.fullmatch(original):
        return original
    number = int.from_bytes(hashlib.sha256(original.encode("utf-8", "replace")).digest())
    letters = []
    for _ in range(9):
        number, at = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[at])
    return "".join(letters)


def canonical_args(said: str) -> str:
    """A JSON object as text. Anything else a model wrote is put under "arguments"."""
    if not said.strip():
        return "{}"
    try:
        is_object = isinstance(load_json(said), dict)
    except ValueError:
        is_object = False
    return said if is_object else json.dumps({"arguments": said})


@dataclass(slots=True)
class CollectedCall:
    """One call as far as it has come."""

    id: str = ""
    name: str = ""
    args: list[str] = field(default_factory=list)


class ToolCalls:
    """The calls of one answer. A fragment belongs to the call with its key, or its id, or to the last."""

    def __init__(self) -> None:
        self._order: list[CollectedCall] = []
        self._keys: dict[Any, CollectedCall] = {}
        self._length = 0

    def __len__(self) -> int:
        return len(self._order)

    def has(self, key: object) -> bool:
        return key in self._keys

    def add(self, *, key: int | str | None, id: str = "", name: str = "", args: str = "") -> None:
        """`key` is the vendor's index, if it has one; "" is for what a fragment leaves out."""
        self._length += len(id) + len(name) + len(args) + 1
        if self._length > LONGEST:
            raise ServerError("the tool calls are larger than any should be", code="too_large")
        call = self._keys.get(key if key is not None else id) if key is not None or id else self._last()
        if call is None:
            call = CollectedCall()
            self._order.append(call)
        for known in (key, id or None):
            if known is not None:
                self._keys[known] = call
        call.id = call.id or id
        call.name += name
        call.args.append(args)

    def _last(self) -> "CollectedCall | None":
        return self._order[-1] if self._order else None

    def complete(self, answer: str) -> Iterator[ToolCall]:
        """The calls in order. `answer` identifies the response, for vendors whose calls have no ids."""
        for number, call in enumerate(self._order):
            original = call.id or f"{answer}:{number}:{call.name}"
            yield ToolCall(canonical_id(original), call.name, canonical_args("".join(call.args)))
