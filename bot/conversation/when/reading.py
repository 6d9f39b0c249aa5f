"""What is typed behind /every: when, and the question. Pure.

Only what is surely meant counts. What is left when the words for a time end is the question.
"""

from dataclasses import dataclass

from bot.conversation.when.doubts import doubt_of
from bot.conversation.when.phrase import Phrase, listed_words, recurrence_of
from bot.conversation.when.times import read_part, read_time, read_times
from bot.conversation.when.vocabulary import (
    AMOUNT,
    AND,
    AT_HOUR,
    BETWEEN,
    DATE,
    DAYS,
    EXAMPLES,
    FRACTION,
    GROUP,
    HOW,
    LEAST,
    NUMBERS,
    OF_MONTH,
    OFTEN,
    ON,
    ONCE,
    ONE_DAY,
    RANKED_DAY,
    RANKS,
    SPAN,
    TIME,
    UNIT,
    ZONE,
    UnclearTime,
)
from bot.domain.recurrence import Recurrence, known_zone

NUMBER = "A number alone is no time: write it such as 17:00."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """When to ask what. `zone` is "" where none was named; `remarks` are what somebody should know of it."""

    recurrence: Recurrence
    question: str
    zone: str = ""
    remarks: tuple[str, ...] = ()
    apart: bool = False  # a colon stands between a named time and the question: nobody writes that by chance


@dataclass(frozen=True, slots=True, kw_only=True)
class NotUnderstood:
    """`why` is for the person, in Markdown that holds none of their words."""

    why: str


def parse_wish(typed: str) -> Wish | NotUnderstood:
    """`typed` is what stands behind /every."""
    phrase = Phrase(rest=typed.strip())
    try:
        return _read(phrase)
    except UnclearTime as unclear:
        return NotUnderstood(why=str(unclear))


def _read(phrase: Phrase) -> Wish:
    if not phrase.rest:
        raise UnclearTime(HOW)
    if ONCE.match(phrase.rest):
        raise UnclearTime(f"I can only ask again and again, not once. {HOW}")
    _begin(phrase)
    _go_on(phrase)
    if why := doubt_of(phrase.rest, timed=bool(phrase.times or phrase.minutes)):
        raise UnclearTime(why)
    apart = phrase.rest.startswith(":") and bool(phrase.times or phrase.minutes)
    if not (question := BETWEEN.sub("", phrase.rest, count=1)):
        raise UnclearTime(f"The time is clear, but what shall I ask? Put the question behind it: {EXAMPLES}.")
    remarks = []
    if not (phrase.times or phrase.minutes):
        remarks.append("You named no time of day, so it is 9:00.")
        remarks += [NUMBER] if question[:1].isdecimal() else []
    if phrase.dates and max(phrase.dates) > 28:
        remarks.append(
            "Months that have no such day are left out; `on the last day` means each month's last."
        )
    recurrence = recurrence_of(phrase)
    return Wish(
        recurrence=recurrence, question=question, zone=phrase.zone, remarks=tuple(remarks), apart=apart
    )


def _begin(phrase: Phrase) -> None:
    """Reads which days, or how often."""
    if _ranked(phrase) or _dates(phrase):
        phrase.unit = "month"
    elif part := phrase.take(FRACTION):
        phrase.minutes = {"half": 30, "quarter": 15}[part[1].lower()]
    elif often := phrase.take(OFTEN):
        _count(phrase, {"dai": "day"}.get(often[1].lower(), often[1].lower()))
    else:
        _amount(phrase)


def _amount(phrase: Phrase) -> None:
    """Every so many, of what."""
    amount = phrase.take(AMOUNT)
    if amount:
        phrase.step = NUMBERS.get(amount[1].lower()) or int(amount[1])
    if unit := phrase.take(UNIT):
        _count(phrase, unit[1].lower())
    elif _week(phrase):
        if phrase.step > 1 and len(phrase.days) != 1:
            raise UnclearTime(
                f"Of every so many weeks I can take one day: write `/every 2 weeks on monday 9:00 question`. {HOW}"
            )
    elif not amount and (read_time(phrase) or read_part(phrase)):
        phrase.unit = "day"
    else:
        raise UnclearTime(f"I do not understand when. {HOW}")
    if phrase.step < 1 or phrase.step > 366:
        raise UnclearTime(f"That number is too small or too large. {HOW}")


def _count(phrase: Phrase, unit: str) -> None:
    match unit[0], unit:
        case "h", _:
            phrase.minutes = 60 * phrase.step
        case "m", "min" | "minute":
            phrase.minutes = phrase.step
        case "d", _:
            phrase.unit = "day"
        case "w", _:
            phrase.unit = "week"
        case _:
            phrase.unit = "month"
    if phrase.minutes:
        phrase.step = 1
        if not LEAST <= phrase.minutes <= 366 * 24 * 60:
            raise UnclearTime(
                f"At least {LEAST} minutes have to lie between two questions, and at most a year."
            )


def _go_on(phrase: Phrase) -> None:
    """Reads what may follow in any order: on which day, at what time, in which zone."""
    while phrase.rest:
        before = phrase.rest
        if not phrase.minutes:
            if phrase.unit in {"week", "month"} and not (phrase.days or phrase.dates or phrase.rank):
                _on(phrase)
            _of_month(phrase)
            read_times(phrase)
            read_part(phrase)
        elif TIME.match(phrase.rest) or AT_HOUR.match(phrase.rest):
            raise UnclearTime(
                "An interval has no time of day: write `/every day at 9:00 question`, or leave the time out."
            )
        _zone(phrase)
        if phrase.rest == before:
            return


def _on(phrase: Phrase) -> None:
    rest = phrase.rest
    phrase.take(ON)
    found = _week(phrase) if phrase.unit == "week" else (_ranked(phrase) or _dates(phrase))
    if not found:
        phrase.rest = rest
    elif phrase.unit == "week" and len(phrase.days) > 1 and phrase.step > 1:
        raise UnclearTime("Of every so many weeks I can take one day. Make a schedule for each.")


def _of_month(phrase: Phrase) -> None:
    """An ordinal that was read as a number: "every second friday of the month"."""
    rest = phrase.rest
    if not phrase.take(OF_MONTH):
        return
    if phrase.unit == "week" and len(phrase.days) == 1 and phrase.step == 2:
        phrase.rank, phrase.days, phrase.step, phrase.unit = (2, DAYS[phrase.days[0]]), [], 1, "month"
    elif phrase.unit != "month":
        phrase.rest = rest


def _week(phrase: Phrase) -> bool:
    """Days of the week."""
    if group := phrase.take(GROUP):
        weekend = group[1].lower() == "weekend"
        phrase.days, phrase.words = (
            ([6, 0], "Saturday and Sunday") if weekend else ([1, 2, 3, 4, 5], "weekday")
        )
        phrase.unit = "week"
        return True
    found: list[int] = []
    between = ""
    while day := phrase.take(ONE_DAY):
        number = _day(day[1])
        if between in SPAN and found:
            found += [(found[-1] + more) % 7 for more in range(1, (number - found[-1]) % 7)]
        found.append(number)
        rest = phrase.rest
        link = phrase.take(AND)
        if not link or not ONE_DAY.match(phrase.rest):
            phrase.rest = rest
            break
        between = link[1].strip().lower()
    if found:
        phrase.days, phrase.unit = list(dict.fromkeys(found)), "week"
        phrase.words = listed_words([DAYS[day].capitalize() for day in phrase.days])
    return bool(found)


def _ranked(phrase: Phrase) -> bool:
    """The first Monday, the last day. "Second" may also mean every other one, unless a month is named."""
    rest = phrase.rest
    if not (found := phrase.take(RANKED_DAY)):
        return False
    rank, kind = RANKS[found[1].lower()], found[2].lower()
    kind = kind if kind in {"day", "weekday"} else DAYS[_day(kind)]
    if phrase.unit is None and rank > 1 and not OF_MONTH.match(phrase.rest):
        phrase.rest = rest
        if rank > 2 and kind not in {"day", "weekday"}:
            raise UnclearTime(
                "Of the month, or of all? Write `/every third friday of the month question` or `/every 3 weeks on friday question`."
            )
        return False
    if kind in {"day", "weekday"} and (rank > 1 or (rank, kind) == (1, "weekday")):
        raise UnclearTime(
            "Of a month I know the first and the last day, the last weekday, days such as the 15th, and days of the week such as the second friday."
        )
    phrase.rank = (rank, kind)
    return True


def _dates(phrase: Phrase) -> bool:
    while found := phrase.take(DATE):
        if not 1 <= int(found[1] or 1) <= 31:
            raise UnclearTime("A month has days from the 1st to the 31st.")
        phrase.dates.append(int(found[1] or 1))
        rest = phrase.rest
        if not phrase.take(AND) or not DATE.match(phrase.rest):
            phrase.rest = rest
            break
    return bool(phrase.dates)


def _zone(phrase: Phrase) -> None:
    rest = phrase.rest
    if phrase.zone or not (found := phrase.take(ZONE)):
        return
    name = "UTC" if found[1].lower() == "utc" else "/".join(part.title() for part in found[1].split("/"))
    phrase.zone = next((zone for zone in (found[1], name) if known_zone(zone) == zone), "")
    if not phrase.zone:
        phrase.rest = rest


def _day(typed: str) -> int:
    return next(number for number, day in enumerate(DAYS) if day.startswith(typed[:3].lower()))
