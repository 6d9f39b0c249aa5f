"""What an event and its outcome say about models, for the scoreboard. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.claims import Outcome
from bot.domain.events import ButtonPressed, Event
from bot.domain.observations import Observation, Observed
from bot.domain.question_kinds import kind_of
from bot.domain.replies import Action
from bot.domain.stream_parts import Reason
from bot.domain.turns import Turn, index_of

JUDGED = {Action.UP, Action.DOWN, Action.KEEP}
WHOLE = {Reason.STOP, Reason.LENGTH, Reason.STOPPED}
"""How an answer ends that was one. What failed says nothing of how good a model's answers are."""


def with_observations(event: Event, record: Sequence[Turn], outcome: Outcome) -> Outcome:
    """The outcome with what it says about models. `record` is the conversation as it was before."""
    return replace(outcome, observations=observed(event, record, outcome))


def observed(event: Event, record: Sequence[Turn], outcome: Outcome) -> tuple[Observation, ...]:
    """In the order in which it happened. The same event with the same record gives the same."""
    if not event.author.id:
        return ()
    if isinstance(event, ButtonPressed) and event.action in JUDGED | {Action.AGAIN}:
        name, _, pressed = event.value.partition(" ")
        place = index_of(record, name)
        about = None if place is None or name in record[place].replaced else record[place]
        if event.action in JUDGED:
            return _judged(event, about, pressed, outcome) if about else ()
        if about and outcome.counted:
            return (*_asked_again(event, about), *_answered(event, outcome))
    return _answered(event, outcome)


def _judged(event: ButtonPressed, about: Turn, pressed: str, outcome: Outcome) -> tuple[Observation, ...]:
    """A vote, or an answer of a comparison that was kept over others. `pressed` is its model's name, or what stood for that."""
    if event.action is not Action.KEEP:
        if about.candidates or not about.model:
            return ()
        vote = _seen(event, about, Observed.VOTED, about.model)
        return (replace(vote, liked=event.action is Action.UP),)
    kept = next((one.model for one in outcome.replace or () if one.id == about.id), "")
    answers = [one.model for one in about.candidates if one.answer]
    over = tuple(name for name in answers if name != kept)
    if kept not in answers or not over:
        return ()
    # Once the names are told, the buttons have them, too.
    blind = about.blind and pressed != kept
    return (replace(_seen(event, about, Observed.KEPT, kept), over=over, blind=blind),)


def _asked_again(event: ButtonPressed, about: Turn) -> tuple[Observation, ...]:
    """Only of an answer that was one. The button of a question that was changed is in another message than the answer."""
    elsewhere = bool(event.message and about.shown and event.message not in about.shown)
    if elsewhere or about.candidates or not about.answer or about.reason not in WHOLE - {Reason.STOPPED}:
        return ()
    return (_seen(event, about, Observed.ASKED_AGAIN, about.model),)


def _answered(event: Event, outcome: Outcome) -> tuple[Observation, ...]:
    counted = outcome.counted
    if counted is None:
        return ()
    if counted.candidates:
        answers = [one for one in counted.candidates if one.answer and _side_by_side(counted)]
        return tuple(
            replace(
                _seen(event, counted, Observed.ANSWERED, one.model),
                first=one.first,
                seconds=one.seconds,
                cost=one.cost,
            )
            for one in answers
        )
    # What goes on after a person's decision is stored as one turn with its first part, whose cost is a part of it.
    stored = (*outcome.append, *(outcome.replace or ()))
    turn = next((one for one in stored if one.id == counted.id), counted)
    stopped = turn.reason == Reason.STOPPED
    waits = bool(turn.pending or turn.requests or turn.signing_in)
    if waits or turn.reason not in WHOLE or not (turn.answer or turn.files or stopped):
        return ()
    answer = _seen(event, turn, Observed.ANSWERED, turn.model)
    first = 0.0 if turn.before else turn.first
    return (replace(answer, first=first, seconds=turn.seconds, cost=turn.cost, stopped=stopped),)


def _side_by_side(turn: Turn) -> bool:
    """Whether its answer is one of several. One that is made of others says nothing of a model alone."""
    return any((one.model, one.answer) == (turn.model, turn.answer) for one in turn.candidates)


def _seen(event: Event, turn: Turn, what: Observed, model: str) -> Observation:
    kind, at = (
        kind_of(turn.asked.text, turn.asked.files),
        float(int(event.at)),
    )  # to the second: a platform's id is finer
    return Observation(what=what, turn=turn.id, person=event.author.id, model=model, kind=kind, at=at)
