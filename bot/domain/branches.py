"""The tree that the stored turns of a conversation are: what each follows, the path to the newest, and what stands beside it.
Pure.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bot.domain.events import Author
from bot.domain.stream_parts import BranchPlace
from bot.domain.turns import BRANCHED, OVERHEARD, RESET, ROOT, ChatMessage, Turn

NOWHERE = -1
NOBODY = Author(id="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where an answer stands: the first, second ... of those that follow the same answer, and whether the conversation goes on
    from it.
    """

    number: int = 1
    of: int = 1
    current: bool = True


ALONE = Position()


class Tree:
    """The turns that are known, in the order in which they were stored. The last one is the head. Turns are named by their ids,
    or by those of earlier answers in their place.
    """

    def __init__(self, record: tuple[Turn, ...] = ()) -> None:
        self.record = record

    @cached_property
    def branched(self) -> bool:
        """Whether it is more than one line."""
        return any(turn.parent for turn in self.record)

    @cached_property
    def path(self) -> tuple[Turn, ...]:
        """From the first that is known to the head, without the marks that only say where it goes on."""
        return self._way(len(self.record) - 1) if self.branched else self.record

    @cached_property
    def newest(self) -> Turn | None:
        """The latest question on the path; None where the conversation was begun anew after it."""
        for turn in reversed(self.path):
            if turn.is_question or turn.reason == RESET:
                return turn if turn.is_question else None
        return None

    def find(self, name: str) -> int | None:
        """A turn's place in the record."""
        return self._places.get(name)

    def path_to(self, name: str = "") -> tuple[Turn, ...]:
        """The path to that turn, () when it is not known; "": to the head."""
        return self._way(self._places.get(name, NOWHERE)) if name else self.path

    def rooted(self, name: str = "") -> bool:
        """Whether that path begins with a turn that follows nothing, so that older ones are none of it."""
        place = self._places.get(name, NOWHERE) if name else len(self.record) - 1
        while self.branched and place != NOWHERE:
            if self.record[place].parent == ROOT:
                return True
            place = self._before(place)
        return False

    def placed(self, name: str) -> bool:
        """Whether the answer that this turn follows is among the known ones, and so all that stand beside it."""
        place = self._places.get(name, NOWHERE)
        while place != NOWHERE and (place := self._before(place)) != NOWHERE:
            if self.record[place].is_question:
                return True
        return False

    def meets(self, name: str) -> bool:
        """Whether the turn in which the path to this one leaves the path to the head is among the known ones."""
        head = {turn.id for turn in self.path}
        return any(turn.id in head for turn in self.path_to(name))

    def position(self, name: str) -> Position:
        """Where a question's answer stands."""
        return self._positions.get(name, ALONE) if self.branched else ALONE

    def place(self, turn: Turn) -> BranchPlace:
        """The same for places that show one branch at a time."""
        before = self._before(self._places[turn.id])
        while before != NOWHERE and not self.record[before].is_question:
            before = self._before(before)
        return BranchPlace(
            turn=_lasting(turn),
            parent=ROOT if before == NOWHERE else _lasting(self.record[before]),
            question=turn.asked.message,
            current=self.position(turn.id).current,
        )

    def moved(self, before: "Tree") -> Iterator[Turn]:
        """The answers that stand elsewhere than they did before, newest first."""
        if not (self.branched or before.branched):
            return
        for turn in reversed(self.record):
            known = turn.is_question and turn.id in before._places
            if known and self.position(turn.id) != before.position(turn.id):
                yield turn

    def instead(self, turn: Turn, old: str) -> tuple[Turn, ...]:
        """What is stored for another answer in the place of `old`. When that is the newest, the conversation goes on from the
        other one.
        """
        turn = replace(turn, parent=self._parent(self._places[old]))
        if self._is_newest(old):
            return turn, *self._carried(turn.id)
        return turn, self._back(turn)

    def after(self, turn: Turn, old: str) -> tuple[Turn, ...]:
        """What is stored for what follows `old`. The conversation goes on from where it does."""
        if self._is_newest(old):
            return (turn,)
        return replace(turn, parent=old), self._back(turn)

    def going_on(self, id: str, author: Author, old: str) -> tuple[Turn, ...]:
        """What is stored where somebody lets the conversation go on from `old`."""
        return _mark(id, author, old), *self._carried(id)

    def without(self, gone: Callable[[Turn], bool]) -> tuple[Turn, ...]:
        """The record without some of its turns. What followed them follows what they did."""
        kept: list[Turn] = []
        last = NOWHERE  # the place of the last that was kept
        for place, turn in enumerate(self.record):
            if gone(turn):
                continue
            first, before = place, self._before(place)
            while before != NOWHERE and gone(self.record[before]):
                first, before = before, self._before(before)
            same = first == place if turn.parent else before == last
            follows = self.record[first].parent or ROOT if before == NOWHERE else self.record[before].id
            kept.append(turn if same else replace(turn, parent=follows))
            last = place
        head = len(self.record) - 1
        while head != NOWHERE and gone(self.record[head]):
            head = self._before(head)
        if head != last:
            id = f"{self.record[-1].id}.0"
            kept.append(_mark(id, NOBODY, ROOT if head == NOWHERE else self.record[head].id))
        return tuple(kept)

    def grown(self, more: Sequence[Turn]) -> "Tree":
        """With turns that are stored now."""
        tree = Tree((*self.record, *more))
        tree.branched = self.branched or any(turn.parent for turn in more)
        return tree

    def _is_newest(self, name: str) -> bool:
        return self.newest is self.record[self._places[name]]

    def _parent(self, place: int) -> str:
        """The id of what a turn follows, also where that is gone; ROOT for nothing."""
        before = self._before(place)
        return self._meant(before) if before != NOWHERE else self.record[place].parent or ROOT

    def _meant(self, place: int) -> str:
        """The id of the turn that stands there, or that the mark there points to."""
        turn = self.record[place]
        return self._parent(place) if turn.reason == BRANCHED else turn.id

    def _back(self, turn: Turn) -> Turn:
        """The mark behind a turn that the conversation does not go on from."""
        return _mark(f"{turn.id}.0", turn.asked.author, self._meant(len(self.record) - 1))

    def _carried(self, id: str) -> Iterator[Turn]:
        """What was said since the newest answer comes along, wherever the conversation goes on."""
        since: list[Turn] = []
        for turn in reversed(self.path):
            if turn.is_question or turn.reason == RESET:
                break
            since[:0] = [turn] if turn.reason == OVERHEARD else []
        return (replace(turn, id=f"{id}.{number}", parent="") for number, turn in enumerate(since, 1))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, turn in enumerate(self.record) for name in (*turn.replaced, turn.id)}

    def _before(self, place: int) -> int:
        """The place of the turn that this one follows."""
        if not (parent := self.record[place].parent):
            return place - 1
        before = self._places.get(parent, NOWHERE)
        return before if before < place else NOWHERE

    def _way(self, place: int) -> tuple[Turn, ...]:
        way = []
        while place != NOWHERE:
            way.append(self.record[place])
            place = self._before(place)
        return tuple(turn for turn in reversed(way) if turn.reason != BRANCHED)

    @cached_property
    def _positions(self) -> dict[str, Position]:
        on_path = {turn.id for turn in self.path}
        follows: list[int] = []  # of each turn: the place of the question before it
        beside: dict[int, list[str]] = {}
        for place, turn in enumerate(self.record):
            before = self._before(place)
            question = before == NOWHERE or self.record[before].is_question
            follows.append(before if question else follows[before])
            if turn.is_question:
                beside.setdefault(follows[place], []).append(turn.id)
        return {
            id: Position(number=number, of=len(ids), current=id in on_path)
            for ids in beside.values()
            for number, id in enumerate(ids, 1)
        }


def _lasting(turn: Turn) -> str:
    """The id that it had first, before it went on."""
    return (*turn.replaced, turn.id)[0]


def _mark(id: str, author: Author, parent: str) -> Turn:
    return Turn(id=id, asked=ChatMessage(author=author, text=""), reason=BRANCHED, parent=parent)
