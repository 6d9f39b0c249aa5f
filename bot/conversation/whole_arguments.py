"""All arguments of what an answer wants to run, where its card shows long ones folded: read first, then pressed."""

from collections.abc import AsyncGenerator

from bot.answers.closing import call_request
from bot.context import Context, Response
from bot.conversation.approvals import not_theirs
from bot.domain.approvals import all_arguments
from bot.domain.claims import Outcome
from bot.domain.events import ButtonPressed
from bot.domain.replies import Reply
from bot.domain.stream_parts import Closing, Reason, ShownPart, Text
from bot.domain.turns import Turn

GONE = "That is not in memory any more. Ask again."
NOTE = "The buttons are above, where this was asked for."


async def show_whole(context: Context, event: ButtonPressed, turn: Turn, call: str) -> Outcome:
    """In as many messages as it takes, like an answer; for who may decide. `call`: of ours, "" for an agent's requests."""
    requests = [call_request(turn, step) for step in turn.steps if step.id == call] if call else turn.requests
    if refusal := not_theirs(context, event, turn) or ("" if requests else GONE):
        return await context.respond(Response(reply=Reply(text=refusal, private=True)))

    async def parts() -> AsyncGenerator[ShownPart, None]:
        yield Text(all_arguments(requests))
        yield Closing(reason=Reason.STOP, footer=NOTE)

    await context.sink.show(parts())
    return Outcome()
