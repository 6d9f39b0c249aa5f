"""What `switchboard check` reports about one thing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.readiness import Trouble


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


def results_of(about: str, troubles: Iterable[Trouble], where: str = "") -> Sequence[CheckResult]:
    """One result for each trouble."""
    return [
        CheckResult(
            about=about,
            status=CheckStatus.BAD if trouble.stops else CheckStatus.DOUBT,
            text=f"{where}: {trouble}" if where else str(trouble),
        )
        for trouble in troubles
    ]


MARKS = {CheckStatus.GOOD: "●", CheckStatus.OFF: "○", CheckStatus.DOUBT: "?", CheckStatus.BAD: "✗"}


def check_report(found: Sequence[CheckResult]) -> str:
    """A line for each result, and what it comes to."""
    width = max(len(result.about) for result in found) + 2
    lines = [f"  {MARKS[result.status]} {result.about:<{width}}{result.text}" for result in found]
    bad, doubtful = (
        sum(each.status is status for each in found) for status in (CheckStatus.BAD, CheckStatus.DOUBT)
    )
    well = "All is well." if not doubtful else "It will start, but look at what has a question mark."
    return "\n".join([*lines, "", f"  {bad} to mend." if bad else f"  {well}"])
