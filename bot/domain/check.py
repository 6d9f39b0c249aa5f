"""What `switchboard check` reports about one thing."""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """The status of one checked thing."""

    GOOD = "ok"
    OFF = "off"  # not set up, and nothing is wrong with that
    DOUBT = "doubt"  # it may work
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of the report: what was checked, its status, and what to type when something is wrong."""

    about: str
    status: CheckStatus
    text: str
