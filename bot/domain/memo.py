"""What was made of an object once need not be made again while that object is in memory."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import ref

Owner = TypeVar("Owner")
Made = TypeVar("Made")


class Memo(Generic[Owner, Made]):
    """Of values that cannot be changed: one with other fields is another object. Nothing outlives its owner."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[ref[Owner], dict[Hashable, Made]]] = {}

    def known(self, owner: Owner, key: Hashable = None) -> Made | None:
        """What was made of it before; None for nothing."""
        entry = self._made.get(id(owner))
        return None if entry is None else entry[1].get(key)

    def of(self, owner: Owner, make: Callable[[], Made], key: Hashable = None) -> Made:
        """What `make` returned for this owner and key, now or before."""
        number = id(owner)
        if (entry := self._made.get(number)) is None:
            entry = self._made[number] = (ref(owner, lambda _: self._made.pop(number, None)), {})
        if key not in entry[1]:
            entry[1][key] = make()
        return entry[1][key]
