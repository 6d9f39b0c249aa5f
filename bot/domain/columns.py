"""One of several answers that are shown side by side. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Its place: `number` counts from 1. `turn` is the id that Stop names: it ends all of them. `folded`: it stands behind
    another answer, and is looked at by whoever wants to.
    """

    number: int
    of: int
    turn: str
    folded: bool = False
