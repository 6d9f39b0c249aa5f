"""What was read of a phrase, and the recurrence that it comes to. Pure."""

import re
from dataclasses import dataclass, field

from bot.conversation.when.vocabulary import (
    DAYS,
    LONGEST_PHRASE,
    RANKED,
    USUAL,
    UnclearTime,
)
from bot.domain.recurrence import Recurrence, Unit


@dataclass(slots=True)
class Phrase:
    """The rest of what was typed, and what is known of the time so far."""

    rest: str
    step: int = 1
    unit: Unit | None = None
    minutes: int = 0
    days: list[int] = field(default_factory=list)  # of the week, 0 is Sunday
    rank: tuple[int, str] | None = None  # which of its kind in the month, and of which kind
    dates: list[int] = field(default_factory=list)
    times: list[tuple[int, int]] = field(default_factory=list)
    part: str = ""  # of the day
    assumed: bool = False  # its time was not named
    zone: str = ""
    words: str = ""  # the days, as they are called

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The pattern at the beginning of the rest, which then begins behind it."""
        found = pattern.match(self.rest, 0, LONGEST_PHRASE)
        if found:
            self.rest = self.rest[found.end() :].lstrip()
        return found


def recurrence_of(phrase: Phrase) -> Recurrence:
    """Not anchored yet. Raises UnclearTime."""
    if phrase.minutes:
        return Recurrence(words=_interval(phrase.minutes), minutes=phrase.minutes)
    times = sorted(set(phrase.times or [USUAL]))
    if len({minute for _, minute in times}) > 1:
        raise UnclearTime("Several times of one schedule have to be at the same minute. Make one for each.")
    day, weekday, words = _which(phrase)
    hours = ",".join(str(hour) for hour, _ in times)
    said = listed_words([f"{hour}:{minute:02}" for hour, minute in times])
    return Recurrence(
        words=f"{words} at {said}",
        cron=f"{times[0][1]} {hours} {day} * {weekday}",
        step=phrase.step,
        unit=phrase.unit or "day",
    )


def _interval(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if rest:
        return f"{minutes} minutes"
    return "hour" if hours == 1 else f"{hours} hours"


def _which(phrase: Phrase) -> tuple[str, str, str]:
    """The days: cron's two fields, and in words."""
    match phrase.unit:
        case "week":
            days = phrase.days or [1]
            words = phrase.words or "Monday"
            if phrase.step > 2:
                words = f"{phrase.step} weeks on {words}"
            return "*", ",".join(map(str, days)), f"other {words}" if phrase.step == 2 else words
        case "month":
            day, weekday, words = _in_month(phrase)
            if phrase.step == 1 and phrase.rank:
                return day, weekday, f"{words} of the month"
            return day, weekday, f"{times_of(phrase.step, 'month')} on the {words}"
        case _:
            return "*", "*", times_of(phrase.step, "day")


def _in_month(phrase: Phrase) -> tuple[str, str, str]:
    if phrase.rank is None:
        dates = sorted(set(phrase.dates)) or [1]
        return ",".join(map(str, dates)), "*", listed_words([ordinal(date) for date in dates])
    rank, kind = phrase.rank
    if kind in DAYS:
        weekday = DAYS.index(kind)
        return "*", f"{weekday}#{rank}" if rank else f"{weekday}L", f"{RANKED[rank]} {kind.capitalize()}"
    return "1" if rank else ("L" if kind == "day" else "LW"), "*", f"{RANKED[rank]} {kind}"


def times_of(number: int, noun: str) -> str:
    """Behind "every": "day", "other day", "3 days"."""
    return {1: noun, 2: f"other {noun}"}.get(number, f"{number} {noun}s")


def ordinal(number: int) -> str:
    """Such as 1st, 2nd, 13th."""
    ending = "th" if number in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def listed_words(words: list[str]) -> str:
    """Such as "Monday, Tuesday and Friday"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
