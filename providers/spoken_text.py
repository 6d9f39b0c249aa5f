"""Tells what is new in an answer's text from what was said before: servers say parts of it twice, or only once late."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any


class SpokenText:
    """What was said of an answer, by the index of the item and of the part in it; both may be missing.

    Each method returns what is new, "" when nothing is. Another item of the same answer begins with a blank line.
    """

    def __init__(self) -> None:
        self._items: dict[object, dict[object, list[str]]] = {}
        self._lengths: Counter[object] = Counter()  # characters, by item and by item and part
        self._last: object = None

    def grow(self, item: Any, part: Any, said: str) -> str:
        """More of a part."""
        return self._grow(_index(item), _index(part), said)

    def part(self, item: Any, part: Any, whole: str) -> str:
        """A part is done: its whole text."""
        key = self._known(item)
        parts = self._items.get(key, {})
        last = next(reversed(parts), None)
        which = last if _index(part) is None or None in parts else part
        if len(whole) <= self._lengths[key, which]:  # looked at first: what was said may be long
            return ""
        return self._grow(key, which, _rest(whole, parts.get(which, [])))

    def item(self, item: Any, whole: str) -> str:
        """An item is done: the whole text of its parts."""
        key = self._known(item)
        if len(whole) <= self._lengths[key]:
            return ""
        return self._grow(key, None, _rest(whole, list(_pieces(self._items.get(key, {})))))

    def all(self, wholes: Iterable[str]) -> Iterator[str]:
        """The answer is done: the whole text of each item."""
        said = "".join(piece for parts in self._items.values() for piece in _pieces(parts))
        at = 0
        for number, whole in enumerate(wholes):
            if said.startswith(whole, at):
                at += len(whole)
                continue
            if not whole.startswith(said[at:]):
                return  # it says it in other words: what was shown stays
            yield self._grow(
                self._last if at < len(said) else f"item {number}", None, whole[len(said) - at :]
            )
            at = len(said)

    def of(self, item: Any, part: Any) -> str:
        """What was said of a part."""
        return "".join(self._items.get(self._known(item), {}).get(_index(part), ()))

    def _grow(self, item: object, part: object, said: str) -> str:
        if not said:
            return ""
        gap = "\n\n" if self._items and item != self._last else ""
        self._items.setdefault(item, {}).setdefault(part, []).append(said)
        self._lengths.update({item: len(said), (item, part): len(said)})
        self._last = item
        return gap + said

    def _known(self, item: Any) -> object:
        """The item that is meant, where only some events have the index."""
        if _index(item) is None:
            return self._last
        return None if None in self._items else item


def _index(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _pieces(parts: dict[object, list[str]]) -> Iterator[str]:
    return (piece for part in parts.values() for piece in part)


def _rest(whole: str, said: Sequence[str]) -> str:
    """What a whole text has more than what was said of it, "" when it is another text."""
    before = "".join(said)
    return whole[len(before) :] if whole.startswith(before) else ""
