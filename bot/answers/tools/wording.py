"""What people read about tools that were used."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.formatting import clean_name
from bot.domain.shown_steps import ShownStep, StepOutcome
from bot.domain.turns import Step, StepState

MOST = 4  # that are named
OUTCOMES = {
    StepState.STARTED: StepOutcome.RUNNING,
    StepState.DONE: StepOutcome.DONE,
    StepState.FAILED: StepOutcome.FAILED,
    StepState.UNKNOWN: StepOutcome.UNKNOWN,
    StepState.REFUSED: StepOutcome.REFUSED,
}


def shown_step(step: Step) -> ShownStep:
    """A step that has begun, or never will."""
    return ShownStep(id=step.id, name=step.name, outcome=OUTCOMES[step.state], seconds=step.seconds)


def ended_steps(steps: Sequence[Step]) -> tuple[ShownStep, ...]:
    """Those of an answer that has ended: nothing of it runs any more."""
    shown = (shown_step(step) for step in steps if step.state in OUTCOMES)
    return tuple(
        replace(one, outcome=StepOutcome.UNKNOWN) if one.outcome is StepOutcome.RUNNING else one
        for one in shown
    )


def used_tools(steps: Sequence[Step]) -> str:
    """For the quiet line: `used time.convert_time 0.3 s, jira.create_issue (may have run)`; "" for none."""
    ran = ended_steps(steps)
    if not ran:
        return ""
    # What matters most is named first: what failed, and what may have run.
    named = sorted(ran, key=lambda step: step.outcome is StepOutcome.DONE) if len(ran) > MOST else ran
    more = f" and {len(ran) - MOST} more" if len(ran) > MOST else ""
    return f"used {', '.join(map(_used, named[:MOST]))}{more}"


def _used(step: ShownStep) -> str:
    told = step.told if step.outcome is StepOutcome.DONE else f"({step.outcome})"
    return f"{step.name} {told}"


def running(steps: Sequence[Step]) -> str:
    """For the status line while they run."""
    names = list(dict.fromkeys(clean_name(step.name) for step in steps))
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"Running {', '.join(names[:MOST])}{more}"
