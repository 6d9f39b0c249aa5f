"""When something that repeats is due next. Pure; the time is handed in.

A calendar rule is five fields of cron in somebody's time zone, of which only every so many days, weeks or months may
count, as cron cannot say "every other Friday". An interval is a number of minutes that pass, whatever the clocks say.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

Unit = Literal["day", "week", "month"]

SHORT_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHORT_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MOST_LOOKED_AT = 5_000  # times of a rule of which only some count


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """`words` say it in English, behind "every". `minutes` is an interval that began at `since` (unix seconds); otherwise
    `cron` counts in each `step`th `unit` from the one that `since` lies in.
    """

    words: str
    cron: str = ""
    step: int = 1
    unit: Unit = "day"
    minutes: int = 0
    since: float = 0.0

    def beginning(self, moment: float, zone: str) -> "Recurrence":
        """The same from now on: the first time that comes is one that counts."""
        if self.minutes:
            return replace(self, since=whole_minute(moment))
        first = replace(self, step=1).after(moment, zone) if self.step > 1 else moment
        return replace(self, since=first or moment)

    def after(self, moment: float, zone: str) -> float | None:
        """The next time after `moment`, both in unix seconds; None where there is none. `zone` is an IANA name."""
        return next(self.times(moment, zone), None)

    def times(self, moment: float, zone: str) -> Iterator[float]:
        """The next times after `moment`, one after the other."""
        return self._intervals(moment) if self.minutes else self._rule(moment, ZoneInfo(zone))

    def _intervals(self, moment: float) -> Iterator[float]:
        seconds = self.minutes * 60
        passed = max(0, int((moment - self.since) // seconds))
        while True:
            passed += 1
            yield self.since + passed * seconds

    def _rule(self, moment: float, zone: ZoneInfo) -> Iterator[float]:
        began = datetime.fromtimestamp(self.since, zone).date()
        try:
            found = CronSim(self.cron, datetime.fromtimestamp(moment, zone))
        except CronSimError:  # the 30th of February
            return
        for _ in range(MOST_LOOKED_AT):
            due = next(found, None)
            if due is None:
                return
            if _units_between(began, due.date(), self.unit) % self.step == 0 and due.timestamp() > moment:
                yield due.timestamp()


def _units_between(first: date, then: date, unit: Unit) -> int:
    match unit:
        case "day":
            return (then - first).days
        case "week":  # from Monday to Sunday
            return (then.toordinal() - 1) // 7 - (first.toordinal() - 1) // 7
        case "month":
            return (then.year - first.year) * 12 + then.month - first.month


def known_zone(name: str) -> str:
    """The same IANA name where it is one, UTC otherwise."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return "UTC"
    return name


def moment_in_words(moment: float, zone: str) -> str:
    """Such as "Mon 9 Mar 2026, 09:00"."""
    at = datetime.fromtimestamp(moment, ZoneInfo(zone))  # strftime would follow the machine's language
    return f"{SHORT_DAYS[at.weekday()]} {at.day} {SHORT_MONTHS[at.month - 1]} {at.year}, {at:%H:%M}"


def whole_minute(moment: float) -> float:
    """The beginning of its minute."""
    return datetime.fromtimestamp(moment, UTC).replace(second=0, microsecond=0).timestamp()
