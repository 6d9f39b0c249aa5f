"""What people used, and their recent conversations."""

from dataclasses import dataclass

from bot.domain.events import ThreadKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """One person's usage in a period. `cost` is an estimate in USD."""

    turns: int = 0
    input: int = 0
    output: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentConversation:
    """A conversation somebody took part in lately; `title` is the start of its latest question."""

    thread: ThreadKey
    title: str
    at: float
