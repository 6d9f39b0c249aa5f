"""Slack's own task cards in a native stream: one while there is nothing but thinking, one for each tool.

Cards are merged by their id. Titles are plain text. Sources: docs.slack.dev, "chat.appendStream", "Task card block".
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from bot.domain.shown_steps import ShownStep, StepOutcome

Chunk = dict[str, Any]
THINKING: Final = "thinking"
MOST: Final = 20  # cards of tools in one message; all calls are counted under the answer
TITLE: Final = 120
STATES: Final = {StepOutcome.RUNNING: "in_progress", StepOutcome.DONE: "complete"}


class TaskCards:
    """The cards of one message."""

    def __init__(self) -> None:
        self._told: dict[str, Chunk] = {}

    @property
    def characters(self) -> int:
        """Of all cards."""
        return sum(len(chunk["title"]) for chunk in self._told.values())

    @property
    def tools(self) -> bool:
        """Whether Slack took a tool's card."""
        return any(id != THINKING for id in self._told)

    def first(self, status: str, steps: Sequence[ShownStep], *, words: bool) -> list[Chunk]:
        """What a message begins with: a status is shown where there is nothing else."""
        thinking = [_card(THINKING, status, "in_progress")] if status and not words and not steps else []
        return thinking + self.news(steps, words=words)

    def news(self, steps: Sequence[ShownStep], *, words: bool) -> list[Chunk]:
        """What Slack was not told yet."""
        now = list(_cards(steps[:MOST]))
        if THINKING in self._told and (words or steps):
            now.insert(0, _card(THINKING, "Thinking", "complete"))
        return [chunk for chunk in now if self._told.get(chunk["id"]) != chunk]

    def told(self, chunks: Sequence[Chunk]) -> None:
        """Slack took them."""
        self._told |= {chunk["id"]: chunk for chunk in chunks}

    def elsewhere(self, steps: Sequence[ShownStep]) -> None:
        """Those that ended before this message began: an earlier one shows them."""
        self.told(list(_cards([step for step in steps if step.outcome is not StepOutcome.RUNNING])))


def _cards(steps: Sequence[ShownStep]) -> Iterator[Chunk]:
    for step in steps:
        done = step.outcome is not StepOutcome.RUNNING
        title = f"{step.name} ({step.told})" if done else step.name
        yield _card(step.id, title, STATES.get(step.outcome, "error"))


def _card(id: str, title: str, status: str) -> Chunk:
    return {"type": "task_update", "id": id, "title": title[:TITLE], "status": status}
