"""What people change or delete after they said it, and what is deleted of the bot's own: memory follows, on every branch. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.branches import Tree
from bot.domain.claims import Outcome
from bot.domain.events import Quotation
from bot.domain.replies import Action, Button, Reply
from bot.domain.turns import OVERHEARD, ChatMessage, Turn

EDITED = "You changed your question. The answer is to what it said before."


def answered(turns: Sequence[Turn], message: str) -> Turn | None:
    """The latest turn in which this message was answered; None when it was not asked, or only overheard."""
    return next(
        (turn for turn in reversed(turns) if message and turn.is_question and turn.asked.message == message),
        None,
    )


def edited(record: Sequence[Turn], message: str, text: str, quotes: tuple[Quotation, ...]) -> Outcome:
    """Models see what the message says now."""

    def now(said: ChatMessage) -> ChatMessage:
        return replace(said, text=text, quotes=quotes) if said.message == message else said

    def changed(turn: Turn) -> Turn:
        asked, heard = now(turn.asked), tuple(now(one) for one in turn.heard)
        reworded = turn.reworded or (turn.is_question and asked != turn.asked)
        return replace(turn, asked=asked, heard=heard, reworded=reworded)

    new = tuple(map(changed, record))
    return Outcome(replace=new) if new != tuple(record) else Outcome()


def deleted(record: tuple[Turn, ...], message: str) -> Outcome:
    """A question goes with its answer, an answer of the bot's leaves its question, and what was only heard goes."""

    def rest(turn: Turn) -> Turn:
        turn = replace(turn, heard=tuple(one for one in turn.heard if one.message != message))
        if any(message in one.shown for one in turn.candidates):
            return _without_candidate(turn, message)
        if message in turn.shown:
            turn = replace(turn, steps=(), candidates=(), chair=None, shown=(), files=(), requests=())
            return replace(turn, answer="", sources=())
        return turn

    kept = Tree(record).without(lambda turn: turn.asked.message == message)
    new = tuple(map(rest, kept))
    return Outcome(replace=new) if new != record else Outcome()


def _without_candidate(turn: Turn, message: str) -> Turn:
    """One of several answers goes; where it was the one that counts, the chair's or the next takes its place."""
    left = tuple(one for one in turn.candidates if message not in one.shown)
    turn = replace(turn, candidates=left, shown=tuple(id for id in turn.shown if id != message))
    stays = any(one.model == turn.kept for one in left) if turn.chair else turn.council
    if stays or any(one.model == turn.model for one in left):
        return turn
    next_one = turn.chair or next((one for one in left if one.answer), None)
    if next_one is None:
        return replace(turn, answer="", sources=())
    turn = replace(turn, answer=next_one.answer, model=next_one.model, sources=next_one.sources)
    return replace(turn, kept="", chair=None)


def without_person(record: tuple[Turn, ...], person: str) -> Outcome:
    """All that this person asked, with the answers, and what they were heard saying, leaves. When nothing of others is
    left, the whole conversation goes.
    """
    new = tuple(
        replace(turn, heard=tuple(one for one in turn.heard if one.author.id != person))
        for turn in Tree(record).without(lambda turn: turn.asked.author.id == person)
    )
    if any(turn.is_question or turn.reason == OVERHEARD for turn in new):
        return Outcome(replace=new)
    return Outcome(replace=(), thread_model="", thread_effort="", forget=True, unread=True)


def answer_again(turn: Turn) -> Reply:
    """Offers a new answer to a question that was changed."""
    again = Button(action=Action.AGAIN, label="Answer again", value=turn.id, primary=True)
    return Reply(text=EDITED, buttons=(again,), private=True)


def gone_answers(record: Sequence[Turn], replace: Sequence[Turn] | None) -> set[str]:
    """The ids of the answers that leave the memory."""
    return set() if replace is None else _answers(record) - _answers(replace)


def _answers(turns: Sequence[Turn]) -> set[str]:
    return {id for turn in turns if turn.answer or turn.files for id in (turn.id, *turn.replaced)}
