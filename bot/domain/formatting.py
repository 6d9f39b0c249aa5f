"""Text used in several replies, and the safe way to put untrusted text into Markdown or a terminal."""

import re
import unicodedata

MARKUP = re.compile(r"([\\`*_{}<>#+\-.!|~@:&$])")
BRACKETS = str.maketrans({"[": "&#91;", "]": "&#93;"})  # with a backslash they would begin a formula
OWN_MARKS = re.compile(r"\\([!-/:-@\[-`{-~])|&#(91|93);|\*\*|`")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NAME_SIGNS = frozenset("._-:/@+() …")
SLASHES = re.compile(r"/{2,}")
STRAY = re.compile(r"(?<![A-Za-z0-9])@|@(?![A-Za-z0-9])")
BLANKS = re.compile(r"\s+")


def clip(text: str, limit: int = 120) -> str:
    """One line of a text, for places that show text as it is (table cells, labels)."""
    line = BLANKS.sub(" ", text).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def whole(text: str) -> str:
    """The text without half characters, as platforms' previews have them that were cut in the middle of an emoji."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def cut_between_words(text: str, limit: int) -> str:
    """The start of a text, without the word in which it is cut: half a secret would not be known as one."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    last = head.split()[-1:] if not text[limit].isspace() and not head[-1:].isspace() else []
    return head[: len(head) - len("".join(last))]


def escape_markdown(text: str, limit: int = 120) -> str:
    """One line of untrusted text, safe inside the bot's Markdown: no character keeps a special meaning."""
    return MARKUP.sub(r"\\\1", clip(text, limit)).translate(BRACKETS)


def without_markup(markdown: str) -> str:
    """The bot's own Markdown as plain text: without bold, code and what `escape_markdown` put in."""
    return OWN_MARKS.sub(lambda mark: mark[1] or (chr(int(mark[2])) if mark[2] else ""), markdown)


def clean_name(text: str, limit: int = 60) -> str:
    """What somebody else calls a model, as a name: letters, digits and the signs that names of models have. What
    could be read as markup, a link or a mention, reorders a line or is not to be seen, is left out.
    """
    kept = "".join(sign for sign in text[: 8 * limit] if sign in NAME_SIGNS or _plain_letter(sign))
    return clip(STRAY.sub("", SLASHES.sub("/", kept)), limit)


def _plain_letter(sign: str) -> bool:
    return sign.isspace() or (sign.isalnum() and unicodedata.bidirectional(sign) not in {"R", "AL", "AN"})


def strip_controls(text: str) -> str:
    """Text that cannot drive a terminal or reorder its lines; line feeds and tabs stay."""
    return CONTROLS.sub("", text)


def join_names(names: list[str], last: str = "or") -> str:
    """`a`, `b` or `c`."""
    shown = [f"`{name}`" for name in names]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def money(usd: float) -> str:
    """A price people can read: cents where there are some, more digits below."""
    return f"${usd:.2f}" if usd >= 0.1 else f"${usd:.4f}"


def number_of(number: int, noun: str) -> str:
    """Such as "1 question" or "1,200 questions"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def compact_number(number: int) -> str:
    """1,234 as 1.2k; for token counts."""
    if number < 1_000:
        return str(number)
    if number < 1_000_000:
        return f"{number / 1_000:.3g}k"
    return f"{number / 1_000_000:.3g}M"
