"""Answers that stand elsewhere than before, since another one was given or the conversation goes on from another one: their
messages say so.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from bot.answers.closing import closing, under
from bot.context import Context
from bot.domain.branches import Tree
from bot.domain.errors import PlatformBusy, PlatformError
from bot.domain.shown_answers import ShownAnswer
from bot.domain.turns import Before, Turn

log = logging.getLogger(__name__)

MOST = 8  # answers that are written anew at once, the newest, where a platform counts our calls


def last_part(turn: Turn, tree: Tree, pressed: str = "") -> ShownAnswer:
    """What the messages since the last decision show: the end of an answer, with its quiet line."""
    before = turn.before or Before()
    text = turn.answer[before.characters :]
    messages = turn.shown[before.messages :]
    return ShownAnswer(
        messages=messages,
        pressed=pressed,
        question=turn.asked.message,
        text=text + under(replace(turn, answer=text)),
        closing=closing(turn, tree.position(turn.id)),
        sources=turn.sources[before.sources :],
        files=turn.files[before.files :],
        at=turn.at,
        place=tree.place(turn),
    )


async def show_moved(context: Context, tree: Tree) -> None:
    """Writes the quiet lines and buttons of those anew, as far as the platform lets the bot; what is stored counts."""
    moved = (
        turn
        for turn in tree.moved(context.claim.history.tree)
        if turn.shown and (turn.council or not turn.candidates)
    )
    await _rewritten(context, tree, moved if context.capabilities.keeps_messages else islice(moved, MOST))


async def _rewritten(context: Context, tree: Tree, turns: Iterable[Turn]) -> None:
    for turn in turns:
        try:
            await context.sink.rewrite(last_part(turn, tree))
        except PlatformError as error:
            log.info("an answer keeps its line", extra={"turn": turn.id, "code": error.code})
            if isinstance(error, PlatformBusy):
                return
