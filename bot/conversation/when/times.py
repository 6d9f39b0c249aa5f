"""The times of day in a phrase. Pure."""

from bot.conversation.when.phrase import Phrase
from bot.conversation.when.vocabulary import AND, AT_HOUR, PART, SPAN, TIME, TIMES, UnclearTime


def read_times(phrase: Phrase) -> None:
    """One or several; a word that could join two may also begin the question."""
    while read_time(phrase):
        rest = phrase.rest
        link = phrase.take(AND)
        if not link or not (TIME.match(phrase.rest) or AT_HOUR.match(phrase.rest)):
            phrase.rest = rest
            return
        if link[1].strip().lower() in SPAN:
            raise UnclearTime(
                "I ask at times of day, not between them: `/every day 9:00 and 17:00 question`."
            )


def read_time(phrase: Phrase) -> bool:
    if found := phrase.take(TIME):
        hour, minute = int(found[1] or found[4]), int(found[2] or 0)
        half = (found[3] or found[5] or "").lower().replace(".", "")
    elif found := phrase.take(AT_HOUR):
        hour, minute, half = int(found[1]), 0, ""
    else:
        return False
    if half in {"am", "pm"}:
        if not 1 <= hour <= 12:
            raise UnclearTime("With am or pm an hour is from 1 to 12.")
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        raise UnclearTime("A time of day is from 0:00 to 23:59.")
    if phrase.assumed:
        phrase.times, phrase.assumed = [], False
    later = phrase.part in {"afternoon", "evening"} and hour < 12 and not half
    phrase.times.append((hour + 12 if later else hour, minute))
    return True


def read_part(phrase: Phrase) -> bool:
    if phrase.part or not (found := phrase.take(PART)):
        return False
    phrase.part = found[1].lower()
    if not phrase.times:
        phrase.times.append(TIMES[phrase.part])
        phrase.assumed = True
    elif phrase.part in {"afternoon", "evening"}:
        phrase.times = [(hour + 12 if hour < 12 else hour, minute) for hour, minute in phrase.times]
    return True
