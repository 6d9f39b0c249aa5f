"""What people decide about the calls that an answer waits for: one by one, and then it goes on, with whoever answers now.

Which calls those are, and with what arguments, is in the stored turn: a press names them and brings nothing of its own.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.answers.closing import approval_buttons, call_card
from bot.answers.question import Question
from bot.answers.tools.work_so_far import said_before
from bot.context import Context, Response
from bot.conversation.approvals import LATE, not_theirs
from bot.conversation.decided_cards import card_of, gone_on, show_decided, show_expired
from bot.conversation.questions import Questions
from bot.conversation.signing_in import SignIns, others_sign_in
from bot.domain.approvals import DAY
from bot.domain.claims import Outcome
from bot.domain.events import ButtonPressed
from bot.domain.preferences import Standing, ToolPreferences
from bot.domain.prompt import Search
from bot.domain.replies import Action, Reply
from bot.domain.turns import Step, StepState, Turn, index_of

DECIDED = "That is decided already: it {what}."
GONE = "That is not in memory any more, so nothing was run. Ask again."
WHAT = {
    StepState.ALLOWED: "was allowed",
    StepState.STARTED: "was run",
    StepState.DONE: "was run",
    StepState.FAILED: "was run and failed, or could not be run",
    StepState.UNKNOWN: "may have run; look before you ask for it again",
    StepState.REFUSED: "was not run",
}


class CallApprovals:
    """Handles "Run it", "Don't", "Always" and "Sign in" under a call of one of our tools."""

    def __init__(self, *, questions: Questions, sign_ins: SignIns) -> None:
        self._questions = questions
        self._sign_ins = sign_ins

    async def pressed(self, context: Context, event: ButtonPressed, turn: Turn, call: str) -> Outcome:
        step = next((one for one in turn.steps if one.id == call), None)
        others = others_sign_in(event, turn) if event.action is Action.SIGN_IN else ""
        if refusal := others or refused(context, event, turn, step):
            if refusal == LATE:
                await show_expired(context, await card_of(context, event, turn, step))
            return await context.respond(Response(reply=Reply(text=refusal, private=True)))
        assert step is not None  # noqa: S101 - it was refused otherwise
        if event.action is Action.SIGN_IN:
            reply = await self._sign_ins.pressed(context, event, step)
            if reply is not None:
                return await context.respond(Response(reply=reply))
        shown = await card_of(context, event, turn, step)
        await show_decided(context, shown, _as_said(event, step), turn.asked.author)
        chosen = context.claim.preferences.tools
        if event.action is Action.ALWAYS:
            standing = Standing(step.name, step.fingerprint, turn.asked.author.id)
            chosen = replace(chosen, always=chosen.always | {standing})
        turn = replace(turn, steps=_decided(turn.steps, step, event.action))
        if turn.pending:
            return await self._next(context, turn, chosen)
        question = going_on(turn, turn.inline)
        # What was pressed now counts for the rest of this answer, too.
        preferences = replace(context.claim.preferences, tools=chosen)
        rest = self._questions.once_more(
            replace(context, claim=replace(context.claim, preferences=preferences)), question
        )
        outcome = await gone_on(context, shown, rest)
        if outcome.counted is None:  # it was refused, and can be decided later
            return outcome
        return replace(outcome, thread_tools=_new(context, chosen))

    async def _next(self, context: Context, turn: Turn, chosen: ToolPreferences) -> Outcome:
        """Asks for the next one."""
        reply = Reply(text=call_card(turn, turn.pending[0]), buttons=approval_buttons(turn))
        outcome = await context.respond(Response(reply=reply))
        record = list(context.record)
        place = index_of(record, turn.id)
        if place is not None:
            record[place] = turn
        return replace(outcome, replace=tuple(record), thread_tools=_new(context, chosen))


def going_on(turn: Turn, model: str) -> Question:
    """The rest of an answer whose calls are done or decided, by this model; "" for whoever answers now."""
    return Question(
        asked=turn.asked,
        heard=turn.heard,
        place=turn.place,
        time_zone=turn.time_zone,
        inline=model,
        continues=turn.id,
        steps=turn.steps,
        made=turn.files,
        search=Search.MUST if turn.searched else Search.NO,
        said=said_before(turn),
    )


def refused(context: Context, event: ButtonPressed, turn: Turn, step: Step | None) -> str:
    """Why a press changes nothing; "" when it counts."""
    if others := not_theirs(context, event, turn):
        return others
    if step is None:
        return GONE
    if step.state is not StepState.ASKED:
        return DECIDED.format(what=WHAT[step.state])
    return LATE if event.at - turn.at > DAY else ""


def _as_said(event: ButtonPressed, step: Step) -> ButtonPressed:
    """What lets an answer go on after a sign-in is no press of "Run it"."""
    if step.signs_in and event.action is Action.APPROVE:
        return replace(event, action=Action.SIGN_IN)
    return event


def _decided(steps: Sequence[Step], step: Step, action: Action) -> tuple[Step, ...]:
    """The calls after a press; "Always" decides those of the same tool, too, and nobody signs in twice."""
    state = StepState.REFUSED if action is Action.DECLINE else StepState.ALLOWED
    tool = (step.name, step.fingerprint)
    alike = action is Action.ALWAYS or step.signs_in

    def meant(one: Step) -> bool:
        return one.id == step.id or (alike and (one.name, one.fingerprint) == tool)

    return tuple(
        replace(one, state=state) if one.state is StepState.ASKED and meant(one) else one for one in steps
    )


def _new(context: Context, chosen: ToolPreferences) -> ToolPreferences | None:
    return None if chosen == context.claim.preferences.tools else chosen
