"""Tool calls: collected from fragments, with ids and arguments that every vendor accepts."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from string import ascii_letters, digits
from typing import Any

from bot.domain.errors import ServerError
from bot.domain.stream_parts import Reason, ToolCall
from providers.lenient_json import as_json, load_json

ALPHABET = digits + ascii_letters
LONGEST = 1_000_000  # characters of all calls of an answer
MOST = 128  # calls of an answer
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


def is_object(said: str) -> bool:
    """Whether these arguments can be read."""
    try:
        return isinstance(load_json(said), dict)
    except ValueError:
        return False


def canonical_args(said: str) -> str:
    """A JSON object as text. Anything else a model wrote is put under "arguments"."""
    if not said.strip():
        return "{}"
    return said if is_object(said) else json.dumps({"arguments": said})


def args_text(value: Any) -> str:
    """Arguments as text, from servers that send text, an object or nothing."""
    if isinstance(value, str):
        return value
    return "" if value is None or value == {} else as_json(value)


@dataclass(slots=True)
class CollectedCall:
    """One call as far as it has come."""

    id: str = ""
    name: str = ""
    args: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        """The arguments as the model wrote them, an object in JSON unless it failed at it."""
        return "".join(self.args).strip() or "{}"

    def is_another(self, id: str, name: str, args: str) -> bool:
        """Whether a fragment with the same key begins another call: servers number all of an answer's calls 0, or give
        all the same id.
        """
        if not name or not self.name:
            return False
        if id and self.id and id != self.id:
            return True
        return bool(self.args) and bool(args) and is_object(self.said)


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
        call = self._keys.get(key if key is not None else id) if key is not None or id else self._last()
        if call is None or call.is_another(id, name, args):
            call = CollectedCall()
            self._order.append(call)
        if self._length > LONGEST or len(self._order) > MOST:
            raise ServerError("the tool calls are larger than any should be", code="too_large")
        for known in (key, id or None):
            if known is not None:
                self._keys[known] = call
        call.id = call.id or id
        if name != call.name:  # some say it with every fragment
            call.name += name
        if args:
            call.args.append(args)

    def _last(self) -> "CollectedCall | None":
        return self._order[-1] if self._order else None

    def ending(self, reason: Reason, unusual: str = "") -> tuple[Reason, str]:
        """Why an answer with these calls ended: for them, whatever word the vendor has for it, unless they were cut off or
        are not to be made.
        """
        if not self:
            return (Reason.STOP if reason is Reason.TOOLS else reason), unusual
        whole = all(is_object(call.said) for call in self._order)
        if reason in {Reason.STOP, Reason.TOOLS} or (whole and (reason is Reason.LENGTH or unusual)):
            return Reason.TOOLS, ""
        return reason, unusual

    def complete(self, answer: str, carry: str = "") -> Iterator[ToolCall]:
        """The calls in order, each with an id of its own. `answer` identifies the response, for vendors whose calls have no
        ids; `carry` goes with the first.
        """
        taken: set[str] = set()
        for number, call in enumerate(self._order):
            id = canonical_id(call.id or f"{answer}:{number}:{call.name}:{call.said}")
            if id in taken:
                id = canonical_id(f"{answer}:{number}:{call.id}")
            taken.add(id)
            yield ToolCall(id, call.name, call.said, "" if number else carry)
