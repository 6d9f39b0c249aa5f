"""Keep: the conversation goes on from one of several answers. What was hidden is told then."""

import logging
from dataclasses import replace

from bot.context import Context, Response
from bot.conversation.comparison_words import board, column_closing, column_text
from bot.domain.claims import Outcome
from bot.domain.columns import Column
from bot.domain.errors import PlatformError
from bot.domain.formatting import escape_markdown
from bot.domain.replies import Reply
from bot.domain.shown_answers import ShownAnswer
from bot.domain.turns import Candidate, Turn, index_of

log = logging.getLogger(__name__)


def candidate_of(turn: Turn, name: str) -> Candidate | None:
    """The answer that a button names: by its model, or by the letter it is hidden behind."""
    labelled = [one for one in turn.candidates if turn.blind and one.label == name]
    if turn.hidden:
        return labelled[0] if labelled else None
    return next((one for one in turn.candidates if one.model == name), labelled[0] if labelled else None)


async def keep(context: Context, turn_id: str, name: str) -> Response | None:
    """Makes the conversation go on from one answer; None when that is not found."""
    record = list(context.record)
    place = index_of(record, turn_id)
    one = None if place is None else candidate_of(record[place], name)
    if place is None or one is None or not one.answer:
        return None
    before = record[place]
    kept = record[place] = replace(
        before, answer=one.answer, model=one.model, sources=one.sources, kept=one.model
    )
    outcome = Outcome(replace=tuple(record), thread_model=one.model if context.threaded else None, join=True)
    text = _told(one, threaded=context.threaded, told_now=before.hidden)
    if not before.hidden:
        return Response(reply=Reply(text=text, private=context.private), outcome=outcome)
    await _unhide(context, kept)
    above = "" if context.private else next(iter(kept.shown), "")
    return Response(reply=board(kept, private=context.private, said=text, replaces=above), outcome=outcome)


def _told(one: Candidate, *, threaded: bool, told_now: bool) -> str:
    name = f"**{escape_markdown(one.model)}**"
    who = f"{one.label} is {name}. " if told_now else ""
    text = f"{who}Kept {name}'s answer. The conversation goes on from there"
    return text + (f", and {name} answers in this thread from now on." if threaded else ".")


async def _unhide(context: Context, turn: Turn) -> None:
    """Shows every column with its name. One that cannot be changed keeps its letter; the board tells both."""
    for number, one in enumerate(turn.candidates, start=1):
        column = Column(number=number, of=len(turn.candidates), turn=turn.id)
        shown = _named(turn, one, column)
        if not shown.messages:
            continue
        try:
            await context.sink.rewrite(shown)
        except PlatformError as error:
            log.info("a column keeps its letter", extra={"turn": turn.id, "code": error.code})


def _named(turn: Turn, one: Candidate, column: Column) -> ShownAnswer:
    return ShownAnswer(
        messages=one.shown,
        pressed="",
        question=turn.asked.message,
        text=column_text(one, f"{one.label}: {one.model}"),
        closing=column_closing(one, turn=turn.id, hidden=False),
        sources=one.sources,
        at=turn.at,
        column=column,
    )
