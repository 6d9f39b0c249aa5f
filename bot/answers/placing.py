"""Where an answer is put among the stored turns: nothing is overwritten by it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.answers.question import Question
from bot.answers.tools.work_so_far import continued
from bot.context import Context
from bot.domain.branches import Tree
from bot.domain.claims import Outcome
from bot.domain.stream_parts import BranchPlace
from bot.domain.turns import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """The place of one question's answer in what is stored."""

    before: Tree
    question: Question

    def outcome(self, turn: Turn) -> Outcome:
        """What to commit of the finished turn. The rest of one that waited for a person ends that one, wherever it is."""
        question = self.question
        if question.continues and (place := self.before.find(question.continues)) is not None:
            record = list(self.before.record)
            record[place] = _whole(record[place], turn)
            return Outcome(replace=tuple(record))
        for place_of, name in (
            (self.before.instead, question.instead_of),
            (self.before.after, question.after),
        ):
            if name and self.before.find(name) is not None:
                return Outcome(append=place_of(turn, name))
        return Outcome(append=(turn,))  # at the end, also where what it belongs to was erased meanwhile

    def place(self, id: str) -> BranchPlace:
        """Where the answer that begins to grow in that turn will stand."""
        turn = Turn(id=id, asked=self.question.asked)
        outcome = self.outcome(turn)
        grown = next((one for one in outcome.replace or outcome.append if one.id == id), turn)
        return self.tree(turn).place(grown)

    def tree(self, turn: Turn) -> Tree:
        """What is stored then."""
        outcome = self.outcome(turn)
        before = self.before if outcome.replace is None else Tree(outcome.replace)
        return before.grown(outcome.append)


def _whole(old: Turn, rest: Turn) -> Turn:
    """One turn of an answer that waited for a person, and its rest."""
    return replace(
        continued(old, rest),
        parent=old.parent,
        replaced=(*old.replaced, old.id),
        refused=(*old.refused, *rest.refused),
    )


def _asked(path: Sequence[Turn]) -> bool:
    return any(turn.is_question for turn in path)


async def placing_of(context: Context, question: Question) -> Placing:
    """Reads what stands beside its answer. Raises StorageUnavailable."""
    history = context.claim.history
    if name := question.instead_of or question.continues or question.after:
        await history.place(name)
    if not _asked(await history.reach(_asked)):
        await history.everything()  # it stands beside whatever followed nothing
    return Placing(before=history.tree, question=question)
