"""What people read about tools that were used."""

from collections.abc import Sequence

from bot.domain.formatting import clean_name
from bot.domain.turns import Step, StepState

MOST = 4  # that are named
HOW = {
    StepState.FAILED: "failed",
    StepState.UNKNOWN: "may have run",
    StepState.STARTED: "may have run",
    StepState.REFUSED: "not run",
}


def used_tools(steps: Sequence[Step]) -> str:
    """For the quiet line: `used time.convert_time 0.3 s, jira.create_issue (may have run)`; "" for none."""
    ran = [step for step in steps if step.state not in {StepState.ASKED, StepState.ALLOWED}]
    if not ran:
        return ""
    # What matters most is named first: what failed, and what may have run.
    named = sorted(ran, key=lambda step: step.state is StepState.DONE) if len(ran) > MOST else ran
    more = f" and {len(ran) - MOST} more" if len(ran) > MOST else ""
    return f"used {', '.join(map(_used, named[:MOST]))}{more}"


def _used(step: Step) -> str:
    name = clean_name(step.name)
    return f"{name} ({HOW[step.state]})" if step.state in HOW else f"{name} {step.seconds:.1f} s"


def running(steps: Sequence[Step]) -> str:
    """For the status line while they run."""
    names = list(dict.fromkeys(clean_name(step.name) for step in steps))
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"Running {', '.join(names[:MOST])}{more}"
