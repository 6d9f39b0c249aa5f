"""Keep: the conversation goes on from one of several answers. What was hidden is told then."""

import logging
from collections.abc import Callable
from dataclasses import replace

from bot.answers.comparison_words import board, columns_of
from bot.answers.moving import show_moved
from bot.context import Context, Response
from bot.domain.branches import Tree
from bot.domain.claims import Outcome
from bot.domain.errors import PlatformError
from bot.domain.formatting import escape_markdown
from bot.domain.replies import Reply
from bot.domain.turns import Candidate, Turn, index_of, since_reset

log = logging.getLogger(__name__)

GONE = "That answer is not in memory any more, so nothing can be done with it. Ask again."
ON = "The conversation goes on from there."
EARLIER = "It is from before somebody started over, so models do not see it."
ANSWERS = " {name} answers in this thread from now on."
STAYS = " {name} cannot be asked here any more, so who answers in this thread stays as it is."


def candidate_of(turn: Turn, name: str) -> Candidate | None:
    """The answer that a button names: by its model, or by the letter it is hidden behind."""
    labelled = [one for one in turn.candidates if turn.blind and one.label == name]
    if turn.hidden:
        return labelled[0] if labelled else None
    return next((one for one in turn.candidates if one.model == name), labelled[0] if labelled else None)


async def keep(context: Context, turn_id: str, name: str, *, pickable: Callable[[str], bool]) -> Outcome:
    """Makes the conversation go on from one answer, also where it had gone on from another one. `pickable`: whether a model of
    that name can be asked here.
    """
    history = context.claim.history
    await history.place(turn_id)
    await history.search(lambda _: history.tree.meets(turn_id))  # all that stands elsewhere then is known
    record = list(context.record)
    place = index_of(record, turn_id)
    one = None if place is None else candidate_of(record[place], name)
    if place is None or one is None or not one.answer:
        return await context.respond(Response(reply=Reply(text=GONE, private=context.private)))
    before = record[place]
    kept = record[place] = _kept(before, one)
    tree = Tree(tuple(record))
    marks: tuple[Turn, ...] = ()
    if not tree.position(kept.id).current:
        marks = tree.going_on(context.turn_handle.id, context.event.author, kept.id)
    able = pickable(one.model)
    chosen = one.model if context.threaded and able else None
    outcome = Outcome(replace=tuple(record), append=marks, thread_model=chosen, join=True)
    text = _told(
        one,
        hidden=before.hidden,
        seen=bool(marks) or _seen(tree, kept),
        next_one="" if not context.threaded else ANSWERS if able else STAYS,
    )
    reply = Reply(text=text, private=context.private)
    if before.hidden:
        await _unhide(context, kept, tree.grown(marks))
        above = "" if context.private else next(iter(kept.shown), "")
        reply = board(kept, private=context.private, said=text, replaces=above)
    outcome = await context.respond(Response(reply=reply, outcome=outcome))
    if marks:
        await show_moved(context, tree.grown(marks))
    return outcome


def _kept(turn: Turn, one: Candidate) -> Turn:
    """The answer in the place of the one that stood there: what a chair said stays beside it."""
    said = Candidate(model=turn.model, answer=turn.answer, served_by=turn.served_by, sources=turn.sources)
    chair = (turn.chair or said) if turn.council else None
    return replace(turn, answer=one.answer, model=one.model, sources=one.sources, kept=one.model, chair=chair)


def _seen(tree: Tree, turn: Turn) -> bool:
    return any(one.id == turn.id for one in since_reset(tree.path))


def _told(one: Candidate, *, hidden: bool, seen: bool, next_one: str) -> str:
    name = f"**{escape_markdown(one.model)}**"
    who = f"{one.label} is {name}. " if hidden else ""
    return f"{who}Kept {name}'s answer. {ON if seen else EARLIER}{next_one.format(name=name)}"


async def _unhide(context: Context, turn: Turn, tree: Tree) -> None:
    """Shows every column with its name. One that cannot be changed keeps its letter; the board tells both."""
    for shown in columns_of(turn, tree.place(turn)):
        try:
            await context.sink.rewrite(shown)
        except PlatformError as error:
            log.info("a column keeps its letter", extra={"turn": turn.id, "code": error.code})
