"""A card that asked for a decision, once there is one: it says what was decided, and has no buttons any more."""

import logging
from collections.abc import Awaitable
from dataclasses import replace

from bot.answers.closing import call_card, closing
from bot.answers.moving import last_part
from bot.answers.precedence import NoModelAvailable
from bot.context import Context
from bot.domain.claims import Outcome
from bot.domain.errors import PlatformError
from bot.domain.events import Author, ButtonPressed
from bot.domain.formatting import clip, strip_controls
from bot.domain.replies import Action
from bot.domain.shown_answers import ShownAnswer
from bot.domain.turns import Step, StepState, Turn

log = logging.getLogger(__name__)

SAID = {
    Action.APPROVE: "{who}: Run it.",
    Action.DECLINE: "{who}: Don't.",
    Action.ALWAYS: "{who}: Always for this tool in this thread.",
    Action.SIGN_IN: "{who}: signed in.",
}
EXPIRED = "Nobody decided within 24 hours, so it was not run."
DECIDED_BEFORE = frozenset({StepState.ALLOWED, StepState.REFUSED})


async def card_of(
    context: Context, event: ButtonPressed, turn: Turn, step: Step | None = None
) -> ShownAnswer:
    """What was pressed, as it is shown: the end of an answer or, where an earlier call of the round was decided already, a card
    of its own. `step`: a call of ours.
    """
    first = step is None or not any(
        one.round == step.round and one.state in DECIDED_BEFORE for one in turn.steps
    )
    if step is not None and not first:
        own = replace(closing(turn), footer="", steps=(), notice="")
        return ShownAnswer(
            question=turn.asked.message,
            messages=(event.message,),
            pressed=event.message,
            text=call_card(turn, step),
            closing=own,
            at=event.at,
        )
    await context.claim.history.place(turn.id)
    return last_part(turn, context.claim.history.tree, event.message)


async def show_decided(context: Context, shown: ShownAnswer, event: ButtonPressed, asker: Author) -> None:
    author, nameless = (asker, "You") if asker.id == event.author.id else (event.author, "An administrator")
    who = clip(strip_controls(author.name), 60) or nameless
    await _rewrite(context, shown, SAID[event.action].format(who=who))


async def show_expired(context: Context, shown: ShownAnswer) -> None:
    await _rewrite(context, shown, EXPIRED)


async def gone_on(context: Context, shown: ShownAnswer, rest: Awaitable[Outcome]) -> Outcome:
    """What came of a decision. Where nobody was asked, it came to nothing and is still to be made: the card is as before."""
    try:
        outcome = await rest
    except NoModelAvailable:
        await _try(context, shown)
        raise
    if outcome.counted is None:
        await _try(context, shown)
    return outcome


async def _rewrite(context: Context, shown: ShownAnswer, words: str) -> None:
    notice = f"{shown.closing.notice} {words}".strip()
    await _try(context, replace(shown, closing=replace(shown.closing, notice=notice, buttons=())))


async def _try(context: Context, shown: ShownAnswer) -> None:
    """What was decided counts, whether it can be shown there or not: a second press is told."""
    try:
        await context.sink.rewrite(shown)
    except PlatformError as error:
        log.info("a card keeps its buttons", extra={"turn": context.turn_handle.id, "code": error.code})
