"""The health of models, as replicas share it."""

from dataclasses import dataclass
from enum import StrEnum


class HealthState(StrEnum):
    """A model's state, judged by real traffic."""

    UP = "up"
    SLOW = "slow"  # it answers, with some failures or late
    DOWN = "down"  # cooling down: ask another first


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHealth:
    """A model's health. `since` and `until` are unix seconds; after `until` one question may probe it."""

    state: HealthState = HealthState.UP
    since: float = 0.0
    until: float = 0.0
    why: str = ""  # the error's class name, in lower case: "ratelimit", "auth"
