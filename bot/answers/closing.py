"""How an answer ends: the same each time the turn is shown."""

from collections.abc import Sequence
from dataclasses import replace

from bot.answers.tools.wording import ended_steps
from bot.document.unfinished import code_end
from bot.domain.approvals import ToolRequest, asked_for, foldable, sign_in_wish
from bot.domain.branches import ALONE, Position
from bot.domain.replies import Action, Button
from bot.domain.stream_parts import Closing, Reason
from bot.domain.turns import Step, Turn

ELSEWHERE = "the conversation goes on from another answer"


def closing(turn: Turn, position: Position = ALONE) -> Closing:
    """A turn's closing, the same each time the turn is shown where it stands now."""
    go_on = Button(action=Action.GO_ON, label="Go on from this one", value=turn.id, primary=True)
    number = f"{position.number}/{position.of}" if position.of > 1 else ""
    return Closing(
        reason=Reason(turn.reason),
        footer=turn.footer,
        position=" · ".join(filter(None, [number, "" if position.current else ELSEWHERE])),
        notice=turn.notice,
        steps=ended_steps(turn.steps),
        buttons=_buttons(turn) if position.current else (go_on, *_buttons(turn)),
    )


def under(turn: Turn) -> str:
    """What is shown after the answer's text and is none of it: what it waits for. Code that the model left open is closed,
    so that it cannot take that in.
    """
    words = call_card(turn, turn.pending[0]) if turn.pending else asked_for(turn.requests, turn.signing_in)
    if not words or not turn.answer:
        return words
    fence = code_end(turn.answer.split("\n"))[0]
    return f"\n{fence}\n\n{words}" if fence else f"\n\n{words}"


def call_card(turn: Turn, step: Step) -> str:
    """One call that waits, as Markdown: they are decided one by one."""
    if step.signs_in:
        return sign_in_wish(step.name.partition(".")[0])
    return asked_for((call_request(turn, step),), ())


def call_request(turn: Turn, step: Step) -> ToolRequest:
    """A call as it is shown to who decides."""
    server, _, tool = step.name.partition(".")
    who = (turn.asked.author.name or turn.asked.author.id) if step.personal else ""
    return ToolRequest(id=step.id, server=server, tool=tool, args=step.args, acting=who)


def approval_buttons(turn: Turn) -> tuple[Button, ...]:
    """Under the first call that waits."""
    value = f"{turn.id} {turn.pending[0].id}"
    decline = Button(action=Action.DECLINE, label="Don't", value=value)
    if turn.pending[0].signs_in:
        return Button(action=Action.SIGN_IN, label="Sign in", value=value, primary=True), decline
    return (
        Button(action=Action.APPROVE, label="Run it", value=value, primary=True),
        decline,
        Button(action=Action.ALWAYS, label="Always for this tool in this thread", value=value),
        *_show_all((call_request(turn, turn.pending[0]),), value),
    )


def _show_all(requests: Sequence[ToolRequest], value: str) -> tuple[Button, ...]:
    """Where something is folded."""
    if not any(foldable(one.args) for one in requests):
        return ()
    return (Button(action=Action.WHOLE, label="Show all", value=value),)


def _as_csv(turn: Turn) -> tuple[Button, ...]:
    label = "Table as CSV" if turn.tables == 1 else "Tables as CSV"
    return (Button(action=Action.FILE, label=label, value=f"{turn.id} csv"),) if turn.tables else ()


def _buttons(turn: Turn) -> tuple[Button, ...]:
    other = Button(action=Action.OTHER, label="Ask another model", value=turn.id)
    again = Button(action=Action.AGAIN, label="Regenerate", value=turn.id)
    more = Button(action=Action.CONTINUE, label="Continue", value=turn.id, primary=True)
    up = Button(action=Action.UP, label="👍", value=turn.id)
    down = Button(action=Action.DOWN, label="👎", value=turn.id)
    if turn.signing_in:
        sign_in = Button(action=Action.SIGN_IN, label="Sign in", value=turn.id, primary=True)
        return (sign_in, replace(again, label="Ask again"))
    if turn.pending:
        return approval_buttons(turn)
    if turn.requests:
        return (
            Button(action=Action.APPROVE, label="Run it", value=turn.id, primary=True),
            Button(action=Action.DECLINE, label="Don't", value=turn.id),
            *_show_all(turn.requests, turn.id),
        )
    match Reason(turn.reason):
        case Reason.BROKEN | Reason.LENGTH | Reason.PAUSED if turn.answer:
            return more, other, again
        case Reason.STOPPED if turn.answer:
            return more, other, again
        case Reason.FILTERED:
            return ()
        case Reason.STOP if turn.answer.strip() or turn.files:
            return (other, again, *_as_csv(turn), up, down)
        case _:
            return replace(again, label="Try again", primary=True), other
