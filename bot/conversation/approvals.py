"""What people decide about a tool that an answer wants to run: its asker or an administrator, once, within a day."""

from dataclasses import replace

from bot.answers.question import Question
from bot.context import Context, Response
from bot.conversation.decided_cards import card_of, gone_on, show_decided, show_expired
from bot.conversation.questions import Questions
from bot.document.links import host
from bot.domain.approvals import DAY, NOT_RUN, RUN, Decision, called
from bot.domain.claims import Outcome
from bot.domain.events import ButtonPressed
from bot.domain.formatting import clip, escape_markdown
from bot.domain.replies import Action, Reply
from bot.domain.turns import ChatMessage, Turn, index_of

OTHERS = "Only {who} or an administrator can decide that."
DECIDED = "That is decided already: {what}."
LATE = "That was asked for more than 24 hours ago, and it was not run. Ask again."
INTERRUPTED = "I was interrupted while {what} ran, so I do not know whether it was done. Look before you ask for it again."
NOTHING = "There is nothing to sign in to any more. Ask again."
SIGN_IN = "Sign in to {server} here, then press **Ask again**: [{host}](<{address}>)"


class Approvals:
    """Handles "Run it", "Don't" and "Sign in"."""

    def __init__(self, *, questions: Questions) -> None:
        self._questions = questions

    async def pressed(self, context: Context, event: ButtonPressed, turn: Turn) -> Outcome:
        if refusal := _refusal(context, event, turn):
            if refusal == LATE:
                await show_expired(context, await card_of(context, event, turn))
            return await context.respond(Response(reply=Reply(text=refusal, private=True)))
        if event.action is Action.SIGN_IN:
            return await context.respond(Response(reply=_links(turn)))
        return await self._decided(context, event, turn)

    async def _decided(self, context: Context, event: ButtonPressed, turn: Turn) -> Outcome:
        run = event.action is Action.APPROVE
        what = ", ".join(map(called, turn.requests))
        if run and context.turn_handle.attempt > 1 and context.claim.record.final is None:
            # An earlier attempt may have let it run: what is done twice cannot be undone.
            reply = Reply(text=INTERRUPTED.format(what=escape_markdown(what, 500)))
            return _noted(await context.respond(Response(reply=reply)), context, turn, RUN)
        shown = await card_of(context, event, turn)
        await show_decided(context, shown, event, turn.asked.author)
        said = f"(Run it: {what})" if run else f"(Do not run it: {what})"
        question = Question(
            asked=ChatMessage(author=event.author, text=said),
            place=turn.place,
            time_zone=turn.time_zone,
            inline=turn.model,
            decision=Decision(requests=turn.requests, run=run),
            after="" if context.claim.history.tree.position(turn.id).current else turn.id,
        )
        outcome = await gone_on(context, shown, self._questions.once_more(context, question))
        if outcome.counted is None:  # it was refused, and can be decided later
            return outcome
        return _noted(outcome, context, turn, RUN if run else NOT_RUN)


def _noted(outcome: Outcome, context: Context, turn: Turn, decision: str) -> Outcome:
    """The same with what was decided in the turn that asked for it."""
    record = list(context.record)
    place = index_of(record, turn.id)
    if place is not None:
        record[place] = replace(turn, decision=decision)
    return replace(outcome, append=(), replace=(*record, *outcome.append))


def not_theirs(context: Context, event: ButtonPressed, turn: Turn) -> str:
    """Why somebody may not decide what an answer wants to run; "" for its asker and administrators."""
    asker = turn.asked.author
    if event.author.id == asker.id or context.administers:
        return ""
    return OTHERS.format(who=escape_markdown(clip(asker.name, 60)) or "the person who asked")


def _refusal(context: Context, event: ButtonPressed, turn: Turn) -> str:
    if others := not_theirs(context, event, turn):
        return others
    if event.action is Action.SIGN_IN:
        return "" if any(one.address for one in turn.signing_in) else NOTHING
    if turn.decision or not turn.requests:
        return DECIDED.format(what=f"it was {turn.decision or NOT_RUN}")
    return LATE if event.at - turn.at > DAY else ""


def _links(turn: Turn) -> Reply:
    lines = (
        SIGN_IN.format(
            server=escape_markdown(one.server, 80),
            host=escape_markdown(host(one.address)),
            address=one.address,
        )
        for one in turn.signing_in
        if one.address
    )
    return Reply(text="\n\n".join(lines), private=True, secret=True)
