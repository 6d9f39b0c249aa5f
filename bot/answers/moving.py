"""Answers that stand elsewhere than before, since another one was given or the conversation goes on from another one: their
messages say so.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from bot.answers.closing import closing, under
from bot.answers.comparison_words import columns_of
from bot.context import Context
from bot.domain.branches import Tree
from bot.domain.errors import PlatformBusy, PlatformError
from bot.domain.shown_answers import ShownAnswer
from bot.domain.turns import Before, Turn

log = logging.getLogger(__name__)

MOST = 8  # answers that are written anew at once, the newest, where a platform counts our calls


def last_part(turn: Turn, tree: Tree, pressed: str = "") -> ShownAnswer:
    """What the messages since the last decision show: the end of an answer, with its quiet line. Of a council the chair's, also
    where another is kept.
    """
    before, said = turn.before or Before(), turn.chair or turn
    text = said.answer[before.characters :]
    messages = turn.shown[before.messages :]
    return ShownAnswer(
        messages=messages,
        pressed=pressed,
        question=turn.asked.message,
        text=text + under(replace(turn, answer=text)),
        closing=closing(turn, tree.position(turn.id)),
        sources=said.sources[before.sources :],
        files=turn.files[before.files :],
        at=turn.at,
        place=tree.place(turn),
    )


async def show_moved(context: Context, tree: Tree) -> None:
    """Writes the quiet lines and buttons of those anew, as far as the platform lets the bot; what is stored counts. Columns have
    no such line: only where one branch is shown at a time they say where they stand.
    """
    moved = (turn for turn in tree.moved(context.claim.history.tree) if turn.shown)
    if context.capabilities.keeps_messages:
        await _rewritten(context, (part for turn in moved for part in _parts(turn, tree)))
        return
    alone = (last_part(turn, tree) for turn in moved if turn.council or not turn.candidates)
    await _rewritten(context, islice(alone, MOST))


def _parts(turn: Turn, tree: Tree) -> Iterable[ShownAnswer]:
    compared = turn.candidates and not turn.council
    return columns_of(turn, tree.place(turn)) if compared else (last_part(turn, tree),)


async def _rewritten(context: Context, parts: Iterable[ShownAnswer]) -> None:
    for part in parts:
        try:
            await context.sink.rewrite(part)
        except PlatformError as error:
            log.info("an answer keeps its line", extra={"shown": part.messages[-1], "code": error.code})
            if isinstance(error, PlatformBusy):
                return
