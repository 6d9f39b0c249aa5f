"""What was made of a turn once need not be made again while that turn is in memory."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import ref

from bot.domain.turns import Turn

Made = TypeVar("Made")


class TurnMemo(Generic[Made]):
    """Goes by the object: a turn that was changed is another one. Nothing outlives its turn."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[ref[Turn], dict[Hashable, Made]]] = {}

    def of(self, turn: Turn, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` returned for this turn and key, now or before."""
        number = id(turn)
        if (known := self._made.get(number)) is None:
            known = self._made[number] = (ref(turn, lambda _: self._made.pop(number, None)), {})
        made = known[1]
        if key not in made:
            made[key] = make()
        return made[key]
