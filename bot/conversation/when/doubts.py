"""What begins a question and may be a part of the time that was not read: then it is asked back instead of guessed. Whoever means
the question puts a colon before it. Pure.
"""

import re
from typing import Final

from bot.conversation.when.vocabulary import ENDLESS

MONTHS: Final = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
WORDED: Final = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|quarter"
COLON: Final = "If that is the question, put a colon before it."

ALWAYS: Final = (
    (re.compile(r"(?:until|till|except|starting|beginning|between|unless)\b", re.IGNORECASE), ENDLESS),
    (
        re.compile(rf"of\s{{1,3}}(?:{MONTHS})\b", re.IGNORECASE),
        "I cannot ask once a year. Name a day of each month: `/every 1st 9:00 question`.",
    ),
    (
        re.compile(rf"at\s{{1,3}}(?:{WORDED})\b", re.IGNORECASE),
        "Write the time in figures, such as 9:00 or 21:30.",
    ),
    (
        re.compile(
            r"(?:in\s{1,3})?(?:utc|gmt)\s?[+\u2212-]\s?\d|(?:in\s{1,3})?(?:africa|america|asia|atlantic|australia|europe|pacific)/\w",
            re.IGNORECASE,
        ),
        "I do not know that time zone. Name one such as `Europe/Berlin` or `America/New_York`.",
    ),
    (
        re.compile(r"(?:(?:in\s)?(?:GMT|CES?T|WES?T|EES?T|MSK|BST|IST|JST|[ECMP][SD]?T|AE[SD]T)\b)"),
        f"Abbreviations of time zones mean several. Name one such as `Europe/Berlin` or `America/New_York`. {COLON}",
    ),
)
TIMELESS: Final = (
    (
        re.compile(r"\d{1,2}(?:[:.]\d(?!\d)|\s?[,:]|\s{1,3}noon\b)"),
        f"Is that number a time of day? Write it such as 9:00 or 5pm. {COLON}",
    ),
)


def doubt_of(rest: str, *, timed: bool) -> str:
    """Why the rest is no question, "" when it is one. `timed`: a time or an interval was read."""
    patterns = ALWAYS if timed else (*ALWAYS, *TIMELESS)
    return next((why for pattern, why in patterns if pattern.match(rest)), "")
