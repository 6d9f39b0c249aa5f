"""When a schedule is due: what is understood of what people type, and which times it comes to."""

from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from bot.conversation.when.reading import NotUnderstood, Wish, parse_wish
from bot.domain.recurrence import Recurrence, known_zone, moment_in_words
from tests.conversation.stage import Stage

BERLIN = "Europe/Berlin"
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=ZoneInfo(BERLIN)).timestamp()  # a Wednesday

UNDERSTOOD = {
    "weekday 9:00 what is new?": ("weekday at 9:00", ["Thu 5 Mar 2026, 09:00", "Fri 6 Mar 2026, 09:00", "Mon 9 Mar 2026, 09:00"]),
    "2 hours what is new?": ("2 hours", ["Wed 4 Mar 2026, 14:00", "Wed 4 Mar 2026, 16:00", "Wed 4 Mar 2026, 18:00"]),
    "90 minutes what is new?": ("90 minutes", ["Wed 4 Mar 2026, 13:30", "Wed 4 Mar 2026, 15:00"]),
    "hour what is new?": ("hour", ["Wed 4 Mar 2026, 13:00"]),
    "monday 9:00 what is new?": ("Monday at 9:00", ["Mon 9 Mar 2026, 09:00", "Mon 16 Mar 2026, 09:00"]),
    "day at 17:30: what is new?": ("day at 17:30", ["Wed 4 Mar 2026, 17:30", "Thu 5 Mar 2026, 17:30"]),
    "Day @ 5pm, what is new?": ("day at 17:00", ["Wed 4 Mar 2026, 17:00"]),
    "day at 9:00 and 17:00 what is new?": ("day at 9:00 and 17:00", ["Wed 4 Mar 2026, 17:00", "Thu 5 Mar 2026, 09:00"]),
    "month on the 1st at 8am what is new?": ("month on the 1st at 8:00", ["Wed 1 Apr 2026, 08:00", "Fri 1 May 2026, 08:00"]),
    "month on the 1st and 15th what is new?": ("month on the 1st and 15th at 9:00", ["Sun 15 Mar 2026, 09:00", "Wed 1 Apr 2026, 09:00"]),
    "month on the 31st 8:00 what is new?": ("month on the 31st at 8:00", ["Tue 31 Mar 2026, 08:00", "Sun 31 May 2026, 08:00"]),
    "last day of the month 8:00 what is new?": (
        "last day of the month at 8:00",
        ["Tue 31 Mar 2026, 08:00", "Thu 30 Apr 2026, 08:00"],
    ),
    "other friday 15:00 what is new?": ("other Friday at 15:00", ["Fri 6 Mar 2026, 15:00", "Fri 20 Mar 2026, 15:00", "Fri 3 Apr 2026, 15:00"]),
    "second friday what is new?": ("other Friday at 9:00", ["Fri 6 Mar 2026, 09:00", "Fri 20 Mar 2026, 09:00"]),
    "second friday of the month what is new?": ("second Friday of the month at 9:00", ["Fri 13 Mar 2026, 09:00", "Fri 10 Apr 2026, 09:00"]),
    "last friday of the month what is new?": ("last Friday of the month at 9:00", ["Fri 27 Mar 2026, 09:00", "Fri 24 Apr 2026, 09:00"]),
    "3 weeks on friday at 10 what is new?": ("3 weeks on Friday at 10:00", ["Fri 6 Mar 2026, 10:00", "Fri 27 Mar 2026, 10:00"]),
    "2 weeks on wednesday at 9 what is new?": ("other Wednesday at 9:00", ["Wed 11 Mar 2026, 09:00", "Wed 25 Mar 2026, 09:00"]),
    "3 days at noon what is new?": ("3 days at 12:00", ["Thu 5 Mar 2026, 12:00", "Sun 8 Mar 2026, 12:00"]),
    "2 months on the 15th what is new?": ("other month on the 15th at 9:00", ["Sun 15 Mar 2026, 09:00", "Fri 15 May 2026, 09:00"]),
    "mon, wed and fri at 9 what is new?": ("Monday, Wednesday and Friday at 9:00", ["Fri 6 Mar 2026, 09:00", "Mon 9 Mar 2026, 09:00"]),
    "sat-mon 8:30 what is new?": ("Saturday, Sunday and Monday at 8:30", ["Sat 7 Mar 2026, 08:30", "Sun 8 Mar 2026, 08:30", "Mon 9 Mar 2026, 08:30"]),
    "morning what is new?": ("day at 9:00", ["Thu 5 Mar 2026, 09:00"]),
    "monday at 9 in the evening what is new?": ("Monday at 21:00", ["Mon 9 Mar 2026, 21:00"]),
    "9:00 what is new?": ("day at 9:00", ["Thu 5 Mar 2026, 09:00"]),
    "weekend what is new?": ("Saturday and Sunday at 9:00", ["Sat 7 Mar 2026, 09:00"]),
    "Monday, 8:00, what is new?": ("Monday at 8:00", ["Mon 9 Mar 2026, 08:00"]),
    "monday through wednesday 8:00 what is new?": ("Monday, Tuesday and Wednesday at 8:00", ["Mon 9 Mar 2026, 08:00"]),
    "evening at 8:00 what is new?": ("day at 20:00", ["Wed 4 Mar 2026, 20:00"]),
    "morning at 7:30 what is new?": ("day at 7:30", ["Thu 5 Mar 2026, 07:30"]),
    "day 8 a.m. what is new?": ("day at 8:00", ["Thu 5 Mar 2026, 08:00"]),
    "day 5:30 p.m. what is new?": ("day at 17:30", ["Wed 4 Mar 2026, 17:30"]),
    "day 17h what is new?": ("day at 17:00", ["Wed 4 Mar 2026, 17:00"]),
    "day 8:00 Uhr what is new?": ("day at 8:00", ["Thu 5 Mar 2026, 08:00"]),
    "daily at 8:00 what is new?": ("day at 8:00", ["Thu 5 Mar 2026, 08:00"]),
    "weekly on friday 8:00 what is new?": ("Friday at 8:00", ["Fri 6 Mar 2026, 08:00"]),
    "half hour what is new?": ("30 minutes", ["Wed 4 Mar 2026, 12:30"]),
    "first of the month what is new?": ("month on the 1st at 9:00", ["Wed 1 Apr 2026, 09:00"]),
    "midnight what is new?": ("day at 0:00", ["Thu 5 Mar 2026, 00:00"]),
}  # fmt: skip

REFUSED = {
    "": "Say when, then the question",
    "what is new?": "I do not understand when",
    "10 minutes what is new?": "At least 15 minutes",
    "0 hours what is new?": "too small or too large",
    "99999 days what is new?": "too small or too large",
    "day 9:00 CET what is new?": "Abbreviations of time zones",
    "day 9:00 EST: what is new?": "Abbreviations of time zones",
    "day 9:00 UTC+2 what is new?": "I do not know that time zone",
    "day 9:00 Europe/Atlantis what is new?": "I do not know that time zone",
    "day 9:5 what is new?": "Is that number a time of day?",
    "monday 9: what is new?": "Is that number a time of day?",
    "monday at nine what is new?": "Write the time in figures",
    "30th of february what is new?": "I cannot ask once a year",
    "day 9:00 to 17:00 what is new?": "not between them",
    "tomorrow 9:00 what is new?": "not once",
    "in 3 hours what is new?": "not once",
    "monday 9:00": "what shall I ask?",
    "monday 9:00 :": "what shall I ask?",
    "day at 25:00 what is new?": "from 0:00 to 23:59",
    "day at 13pm what is new?": "from 1 to 12",
    "day at 9:00 and 17:30 what is new?": "at the same minute",
    "2 hours at 9:00 what is new?": "no time of day",
    "third friday what is new?": "Of the month, or of all?",
    "2 weeks on monday and friday what is new?": "a schedule for each",
    "month on the 32nd what is new?": "from the 1st to the 31st",
    "second day of the month what is new?": "Of a month I know",
    "monday 9:00 until june what is new?": "begin or end by itself",
}


@pytest.mark.parametrize("typed", UNDERSTOOD)
def test_what_is_understood(typed: str) -> None:
    wish = parse_wish(typed)
    assert isinstance(wish, Wish)
    times = wish.recurrence.beginning(NOON, BERLIN).times(NOON, BERLIN)
    words, expected = UNDERSTOOD[typed]

    assert wish.question == "what is new?"
    assert wish.recurrence.words == words
    assert [moment_in_words(one, BERLIN) for one in islice(times, len(expected))] == expected


@pytest.mark.parametrize("typed", REFUSED)
def test_what_is_refused_with_what_can_be_said(typed: str) -> None:
    wish = parse_wish(typed)

    assert isinstance(wish, NotUnderstood)
    assert REFUSED[typed] in wish.why


@pytest.mark.parametrize(
    ("typed", "zone"),
    [("day 9:00 UTC hi", "UTC"), ("day 9:00 america/new_york hi", "America/New_York"), ("day 9:00 in Asia/Tokyo time: hi", "Asia/Tokyo")],
)  # fmt: skip
def test_a_time_zone_may_stand_behind_the_time(typed: str, zone: str) -> None:
    wish = parse_wish(typed)

    assert isinstance(wish, Wish)
    assert (wish.zone, wish.question) == (zone, "hi")


def test_what_only_looks_like_a_zone_belongs_to_the_question() -> None:
    wish = parse_wish("day 9:00 slack/teams news")

    assert isinstance(wish, Wish)
    assert (wish.zone, wish.question) == ("", "slack/teams news")


@pytest.mark.parametrize(
    "question",
    ["and what else?", "to whom it concerns", "/ask grok hi", "- a list", "10 ideas", "on call?", "in short"],
)
@pytest.mark.parametrize("when", ["day at 9:00", "monday", "month on the 1st", "2 hours", "other friday 9am"])
def test_a_question_keeps_its_first_word(when: str, question: str) -> None:
    wish = parse_wish(f"{when} {question}")

    assert isinstance(wish, Wish)
    assert wish.question == question.removeprefix("- ")


@pytest.mark.parametrize(
    "question", ["GMT or UTC?", "9: a good number?", "Europe/Berlin, what is that?", "at nine, what?"]
)
def test_behind_a_colon_everything_is_the_question(question: str) -> None:
    wish = parse_wish(f"monday: {question}")

    assert isinstance(wish, Wish)
    assert (wish.question, wish.zone) == (question, "")


def test_a_number_that_may_have_been_meant_as_a_time_is_the_question_s_and_that_is_said() -> None:
    wish = parse_wish("monday 10 ideas")

    assert isinstance(wish, Wish)
    assert wish.remarks[-1] == "A number alone is no time: write it such as 17:00."


def test_only_a_colon_behind_a_time_makes_a_command_without_its_slash() -> None:
    parse = Stage().meaning

    assert parse("every monday 9:00: what is due?") == ("every", "monday 9:00: what is due?")
    assert parse("every day at 9:00 my train is late, why?") is None
    assert parse("every day: a list") is None


def local(*moment: int) -> float:
    return datetime(*moment, tzinfo=ZoneInfo(BERLIN)).timestamp()  # type: ignore[arg-type, misc]


def due(typed: str, after: float, count: int) -> list[str]:
    wish = parse_wish(f"{typed} hi")
    assert isinstance(wish, Wish)
    times = wish.recurrence.beginning(after, BERLIN).times(after, BERLIN)
    return [moment_in_words(one, BERLIN) for one in islice(times, count)]


def test_a_time_that_summer_leaves_out_comes_right_after() -> None:
    """On 29 March 2026 there is no 2:30 in Berlin."""
    assert due("day at 2:30", local(2026, 3, 28, 12), 2) == [
        "Sun 29 Mar 2026, 03:00",
        "Mon 30 Mar 2026, 02:30",
    ]


def test_a_time_that_there_is_twice_comes_once() -> None:
    """On 25 October 2026 there are two 2:30 in Berlin."""
    assert due("day at 2:30", local(2026, 10, 24, 12), 2) == [
        "Sun 25 Oct 2026, 02:30",
        "Mon 26 Oct 2026, 02:30",
    ]


def test_asked_from_within_the_hour_that_comes_twice_it_is_not_due_again() -> None:
    wish = parse_wish("day at 2:30 hi")
    assert isinstance(wish, Wish)
    first = wish.recurrence.after(local(2026, 10, 24, 12), BERLIN)
    assert first is not None

    assert moment_in_words(wish.recurrence.after(first, BERLIN) or 0, BERLIN) == "Mon 26 Oct 2026, 02:30"
    assert (
        moment_in_words(wish.recurrence.after(first + 1800, BERLIN) or 0, BERLIN) == "Mon 26 Oct 2026, 02:30"
    )
    assert (
        moment_in_words(wish.recurrence.after(first + 3600, BERLIN) or 0, BERLIN) == "Mon 26 Oct 2026, 02:30"
    )


def test_nine_o_clock_stays_nine_o_clock_in_summer_and_an_interval_counts_what_passes() -> None:
    assert due("day at 9:00", local(2026, 3, 28, 12), 2) == [
        "Sun 29 Mar 2026, 09:00",
        "Mon 30 Mar 2026, 09:00",
    ]
    assert due("2 hours", local(2026, 3, 29, 0), 2) == ["Sun 29 Mar 2026, 03:00", "Sun 29 Mar 2026, 05:00"]


def test_every_other_friday_keeps_its_step_however_late_it_is_asked() -> None:
    rule = Recurrence(words="", cron="0 15 * * 5", step=2, unit="week").beginning(NOON, BERLIN)
    later = local(2027, 1, 1, 16)

    assert moment_in_words(rule.after(later, BERLIN) or 0, BERLIN) == "Fri 8 Jan 2027, 15:00"


def test_a_year_s_end_is_no_new_beginning_for_every_other_week() -> None:
    rule = Recurrence(words="", cron="0 9 * * 1", step=2, unit="week").beginning(
        local(2026, 12, 14, 8), BERLIN
    )

    times = [moment_in_words(one, BERLIN) for one in islice(rule.times(local(2026, 12, 14, 8), BERLIN), 3)]
    assert times == ["Mon 14 Dec 2026, 09:00", "Mon 28 Dec 2026, 09:00", "Mon 11 Jan 2027, 09:00"]


def test_a_day_that_never_comes_is_never_due() -> None:
    assert Recurrence(words="", cron="0 9 30 2 *").after(NOON, BERLIN) is None


@pytest.mark.parametrize("name", ["", "Mars/Crater", "../etc/passwd", "/etc/passwd", "\0"])
def test_an_unknown_zone_is_utc(name: str) -> None:
    assert known_zone(name) == "UTC"
