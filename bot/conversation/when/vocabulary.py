"""The English words for times that repeat. Each pattern takes a bounded piece, so none can be slow."""

import re

LEAST = 15  # minutes between two times
LONGEST_PHRASE = 300  # characters that may say when
USUAL = (9, 0)  # the hour and minute where none is said

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "other": 2,
    "second": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
}
RANKS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "last": 0}
RANKED = ("last", "first", "second", "third", "fourth")
TIMES = {
    "morning": (9, 0),
    "noon": (12, 0),
    "midday": (12, 0),
    "afternoon": (14, 0),
    "evening": (18, 0),
    "midnight": (0, 0),
}

DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?)?\b"
RANK = r"(?:first|second|third|fourth|last|1st|2nd|3rd|4th)"
AMOUNT = re.compile(r"(\d{1,5}|an?|one|two|three|four|five|six|other|second)\s{1,3}", re.IGNORECASE)
UNIT = re.compile(r"(min(?:ute)?|h(?:ou)?r|day|week|month)s?\b", re.IGNORECASE)
OFTEN = re.compile(r"(hour|dai|week|month)ly\b", re.IGNORECASE)
FRACTION = re.compile(r"(half|quarter)\s{1,3}(?:of\s{1,3})?(?:an?\s{1,3})?hour\b", re.IGNORECASE)
GROUP = re.compile(r"(weekday|workday|working day|business day|weekend)s?\b", re.IGNORECASE)
ONE_DAY = re.compile(rf"({DAY})", re.IGNORECASE)
AND = re.compile(r"\s{0,3}(,\s{0,3}and\s|,|/|&|\+|and\s|to\s|thr(?:ough|u)\s|-|\u2013)\s{0,3}", re.IGNORECASE)
SPAN = frozenset({"to", "through", "thru", "-", "\u2013"})
RANKED_DAY = re.compile(rf"(?:the\s{{1,3}})?({RANK})\s{{1,3}}({DAY}|day\b|weekday\b)", re.IGNORECASE)
OF_MONTH = re.compile(r"(?:of|in)\s{1,3}(?:the|each|every|a)\s{1,3}month\b", re.IGNORECASE)
DATE = re.compile(r"(?:the\s{1,3})?(?:(\d{1,2})(?:st|nd|rd|th)\b|first(?=\s{1,3}of\s))", re.IGNORECASE)
ON = re.compile(r"on\s{1,3}", re.IGNORECASE)
TIME = re.compile(
    r"(?:,\s{0,3})?(?:at\s{1,3}|@\s{0,3})?(?:(\d{1,2})[:.h](\d{2})(?!\d)(?:\s?(?:([ap]\.?m\b)\.?|uhr\b))?"
    r"|(\d{1,2})(?:\s?(?:([ap]\.?m\b)\.?|o'?clock\b|uhr\b)|h\b))",
    re.IGNORECASE,
)
AT_HOUR = re.compile(r"(?:,\s{0,3})?at\s{1,3}(\d{1,2})(?![\d:.])\b", re.IGNORECASE)
PART = re.compile(
    r"(?:at\s{1,3}|in\s{1,3}the\s{1,3})?(morning|noon|midday|afternoon|evening|midnight)s?\b", re.IGNORECASE
)
ZONE = re.compile(
    r"(?:in\s{1,3})?(utc(?!\s?[+\u2212-]\s?\d)|[a-z]{2,20}(?:/[a-z_+0-9-]{2,30}){1,2})\b(?:\s{1,3}time\b)?",
    re.IGNORECASE,
)
ONCE = re.compile(r"(?:tomorrow|today|tonight|once|next|in\s{1,3}\d|on\s{1,3}\d)", re.IGNORECASE)
BETWEEN = re.compile(r"^[\s,;:.\u2013\u2014-]{1,10}")
"""What may stand between the time and the question."""

EXAMPLES = "`/every weekday 9:00 question`, `/every 2 hours question`, `/every other friday 15:00 question`, `/every last friday of the month question`"
HOW = f"Say when, then the question: {EXAMPLES}."
ENDLESS = "I cannot leave times out or let a schedule begin or end by itself: delete it with `/schedules` when it is done."


class UnclearTime(ValueError):
    """Ends the reading of a phrase. Its text is for the person: Markdown that holds none of their words."""
