"""The health of models, as replicas share it."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.prompt import CallPart, FilePart, ImagePart, Prompt, ResultPart, TextPart


class HealthState(StrEnum):
    """A model's state, judged by real traffic."""

    UP = "up"
    SLOW = "slow"  # it answers, with some failures or late
    DOWN = "down"  # cooling down: ask another first


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHealth:
    """A model's health. `since` and `until` are unix seconds; after `until` one question may probe it.

    The rest is of the last ten minutes, from our own traffic: `first_word` is the median of the seconds until the first
    word, None where there was none; `errors` are those that are not about the question.
    """

    state: HealthState = HealthState.UP
    since: float = 0.0
    until: float = 0.0
    why: str = ""  # the error's class name, in lower case: "ratelimit", "auth"
    first_word: float | None = None
    answers: int = 0
    errors: int = 0


def question_digest(prompt: Prompt) -> str:
    """The same for the same words asked last, whoever asks them: a refusal of them proves no more the second time."""
    last = prompt.messages[-1].parts[-1]
    asked = last.data if isinstance(last, ImagePart | FilePart) else _words(last).encode("utf-8", "replace")
    return hashlib.sha256(asked).hexdigest()[:16]


def _words(part: TextPart | CallPart | ResultPart) -> str:
    return part.args if isinstance(part, CallPart) else " ".join(part.text.split()).casefold()
