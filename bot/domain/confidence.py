"""Shares with the range in which they may really lie. Pure."""

import math
from dataclasses import dataclass

Z95 = 1.959963984540054  # standard deviations around the middle that hold 95 % of a normal distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A share between 0 and 1, and where it lies with a confidence of 95 %."""

    value: float
    low: float
    high: float


def wilson(successes: int, trials: int) -> Estimate:
    """The Wilson score interval of a share: also right for few trials, and where all or none succeeded.

    It holds every p that the observed share is within `Z95` standard errors of, as p itself would have them. Raises
    ValueError where there are no trials, or more successes than trials.
    """
    if not 0 <= successes <= trials or not trials:
        raise ValueError(f"{successes} of {trials}")
    share, square = successes / trials, Z95 * Z95
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    spread = share * (1 - share) / trials + square / (4 * trials * trials)
    half = Z95 / (1 + square / trials) * math.sqrt(spread)
    low = 0.0 if not successes else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return Estimate(value=share, low=low, high=high)
