"""What an answer called, folded into one block under it. Source: docs.slack.dev, "Plan block", "Task card block"."""

from collections.abc import Sequence
from typing import Final

from adapters.slack.outbound.rendering.rich import Block, section
from adapters.slack.outbound.rendering.runs import Run
from bot.domain.formatting import number_of
from bot.domain.shown_steps import ShownStep, StepOutcome

MOST: Final = 20  # cards


def steps_block(steps: Sequence[ShownStep]) -> list[Block]:
    """None for none."""
    if not steps:
        return []
    more = f", the first {MOST} of them here" if len(steps) > MOST else ""
    title = f"Used tools: {number_of(len(steps), 'call')}{more}"
    return [{"type": "plan", "title": title, "tasks": [_task(step) for step in steps[:MOST]]}]


def _task(step: ShownStep) -> Block:
    """An id of its own, since a message that is updated is to have new ones."""
    return {
        "type": "task_card",
        "task_id": f"done-{step.id}",
        "title": step.name,
        "status": "complete" if step.outcome is StepOutcome.DONE else "error",
        "output": {"type": "rich_text", "elements": [section([Run(step.told)])]},
    }
