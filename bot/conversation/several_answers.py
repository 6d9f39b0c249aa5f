"""The two ways to ask several models one question."""

from dataclasses import dataclass

from bot.conversation.comparison import Comparison
from bot.conversation.council import Council


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralAnswers:
    """Side by side, or with a chair."""

    comparison: Comparison
    council: Council
