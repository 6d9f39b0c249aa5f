"""Reads vendors' JSON leniently: what is missing or of another type reads as empty."""

import json
import re
from collections.abc import Iterator, Sequence
from math import inf
from typing import Any, Final

from pydantic_core import from_json

from bot.domain.stream_parts import StreamPart, Text, Thinking

NOTHING: Final[dict[str, Any]] = {}
SENTINEL = "[DONE]"  # what many streams end with
DONE: Final[dict[str, Any]] = {"type": SENTINEL}
DECODER = json.JSONDecoder()
VISIBLE = re.compile(r"[^\s,]")
VALUES = 200_000  # in one document: an answer of the longest kind has some thousand, a listing ten thousands
MOST = 1_000_000_000  # tokens: a larger number is an error, and would overflow sums


def load_json(data: str) -> Any:
    """Any JSON. Raises ValueError for what is none, is nested too deep, or has more values than any answer."""
    # Counted first: a small text of nothing but brackets takes long to parse, and much memory.
    if len(data) > VALUES and sum(map(data.count, "[{,")) > VALUES:
        raise ValueError("more values than any answer has")
    try:
        return from_json(data)  # in a third of the time
    except ValueError:  # half a character, deep nesting, no JSON: Python's reader tells them apart
        return _load_slowly(data)


def _load_slowly(data: str) -> Any:
    try:
        return DECODER.decode(data)
    except RecursionError:
        raise ValueError("nested too deep") from None


def load_events(data: str) -> Sequence[dict[str, Any]]:
    """The objects of one event: mostly one, in a list or one after the other where servers write several. `[DONE]`
    is DONE; other values are left out. Raises ValueError as `load_json` does.
    """
    try:
        value = load_json(data)
    except json.JSONDecodeError:
        return [event for value in _several(data) for event in _objects(value)]
    return (value,) if isinstance(value, dict) else _objects(value)


def _several(data: str) -> Iterator[Any]:
    at = 0
    while found := VISIBLE.search(data, at):
        at = found.start()
        if data.startswith(SENTINEL, at):
            at += len(SENTINEL)
            yield DONE
            continue
        try:
            value, at = DECODER.raw_decode(data, at)
        except RecursionError:
            raise ValueError("nested too deep") from None
        yield value


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def as_json(value: Any) -> str:
    """A vendor's value as JSON again, "" where it is nested deeper than can be written."""
    try:
        return json.dumps(value)
    except (RecursionError, ValueError):
        return ""


def as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else NOTHING


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def as_count(value: Any) -> int:
    """A number of tokens; 0 for anything else."""
    return int(min(value, MOST)) if isinstance(value, int | float) and 0 < value < inf else 0


class SurrogateJoiner:
    """Makes a stream's text valid Unicode: joins surrogate halves of two parts, replaces lone ones."""

    def __init__(self) -> None:
        self._half = ""
        self._kind: type[Text | Thinking] = Text

    def parts(self, part: StreamPart) -> Sequence[StreamPart]:
        if not isinstance(part, Text | Thinking):
            return (*self._lone(), part)
        if not self._half and part.text.isascii():
            return (part,)
        before = () if isinstance(part, self._kind) else self._lone()
        self._kind = type(part)
        sound = self._joined(part.text)
        return (*before, self._kind(sound)) if sound else before

    def _lone(self) -> Sequence[StreamPart]:
        half, self._half = self._half, ""
        return (self._kind("\N{REPLACEMENT CHARACTER}"),) if half else ()

    def _joined(self, said: str) -> str:
        said, self._half = self._half + said, ""
        if said and "\ud800" <= said[-1] <= "\udbff":
            said, self._half = said[:-1], said[-1]
        return said.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
