"""What `switchboard check` reports about one thing."""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """How one thing stands."""

    GOOD = "ok"
    OFF = "off"  # not set up, and nothing is wrong with that
    DOUBT = "doubt"  # it may work
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of the report: what it is about, how it stands, and what to type when it does not stand well."""

    about: str
    status: CheckStatus
    text: str
