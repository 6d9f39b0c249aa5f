"""Logging for machines and people: one event per line, ids as fields, never a secret.

Known secrets are replaced everywhere, also in tracebacks and in lines of other libraries. Patterns catch
tokens that are not in the settings.
"""

import json
import logging
import re
import sys
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from traceback import extract_tb
from typing import TextIO
from urllib.parse import quote

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from bot.domain.formatting import cut_between_words, strip_controls

QUIET = {
    "httpx": logging.WARNING,  # logs whole URLs
    "httpcore": logging.WARNING,
    "slack_sdk": logging.WARNING,  # logs message bodies below that
    "slack_bolt": logging.WARNING,
    "botframework": logging.WARNING,
    "aiohttp.access": logging.WARNING,
    "asyncio": logging.WARNING,
    "markdown_it": logging.WARNING,
    "msal": logging.WARNING,
    "azure": logging.WARNING,
}

PATTERNS = re.compile(
    r"""xox[a-z]-[\w-]{6,} | xapp-[\w-]{6,}                    # Slack
      | \b(?:sk|xai|gsk)-[\w-]{12,} | \bAIza[\w-]{20,}          # vendors
      | \beyJ[\w-]{8,}(?:\.[\w-]+){0,4}                         # JSON web tokens, and other JSON in base64
      | (?<=[Bb]earer\ )[\w.~+/=-]{8,} | (?<=[Bb]asic\ )[\w+/=-]{8,}
      | (?<=hooks\.slack\.com/)[^\s"']+                        # an address that lets whoever has it answer
      | (?<=://)[^/\s:@]*:[^/\s@]+(?=@)                         # name:password in an address
      | (?<=[?&]key=)[^&\s"']+ | (?<=[?&]token=)[^&\s"']+
      | (?<=\bswitchboard-[0-9a-f]{8}=)[^\s;"']+          # the page's cookie
      | (?<=[?&]sig=)[^&\s"']+ | (?<=[?&]code=)[^&\s"']+
      | (?<=[?&]ticket=)[^&\s"']+ | (?<=[?&]tempauth=)[^&\s"']+""",
    re.VERBOSE,
)

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


LONGEST = 16_384  # characters of one field: more is no help to anybody, and redacting it takes time


class Redaction:
    """Removes secrets from text: the given values, also encoded, and whatever looks like a token.

    A long text is cut first, never inside a word: half a secret would not be recognised.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        spellings = {
            spelling
            for secret in secrets
            if len(secret) >= 6
            for spelling in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1])
        }
        longest_first = sorted(spellings, key=len, reverse=True)
        self._spellings = longest_first
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        cut = self._cut(text) if len(text) > LONGEST else text
        known = self._known.sub("[secret]", cut) if self._known else cut
        left_out = f" [{len(text) - len(cut):,} characters left out]" if len(cut) < len(text) else ""
        return PATTERNS.sub("[secret]", known) + left_out

    def _cut(self, text: str) -> str:
        """The start of a text. A known secret with blanks in it may still begin at its end: that goes, too."""
        head = cut_between_words(text, LONGEST)
        for secret in self._spellings:
            begun = next((size for size in range(len(secret) - 1, 0, -1) if head.endswith(secret[:size])), 0)
            if any(letter.isspace() for letter in secret[:begun]):
                head = head[: len(head) - begun]
        return head


class LineFormatter(logging.Formatter):
    """One line per record: JSON, or text for a person. Fields of `extra` are added."""

    def __init__(self, *, as_json: bool, redact: Redaction) -> None:
        super().__init__()
        self._json = as_json
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        fields = {name: self._plain(value) for name, value in self._fields(record)}
        if self._json:
            return json.dumps(fields, ensure_ascii=False)
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        head = f"{at} {fields.pop('level'):<7} {fields.pop('message')}"
        rest = (f"{name}={value}" for name, value in fields.items() if name not in {"ts", "logger"})
        return " ".join("  ".join((head, *rest)).splitlines())

    def _plain(self, value: object) -> str | int | float | None:
        """Redacted before it is encoded as JSON, because an escaped secret would no longer match."""
        if value is None or isinstance(value, int | float):
            return value
        return strip_controls(self._redact(str(value)))

    def _fields(self, record: logging.LogRecord) -> Iterator[tuple[str, object]]:
        yield "ts", datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        yield "level", record.levelname.lower()
        yield "logger", record.name
        yield "message", record.getMessage()
        for name, value in vars(record).items():
            if name not in STANDARD and not name.startswith("_"):
                yield name, value
        if record.exc_info and record.exc_info[1]:
            yield "error", describe_exception(record.exc_info[1])


def describe_exception(error: BaseException) -> str:
    """An exception on one line: its text and its frames, innermost first, with causes and group members."""
    where = " < ".join(
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}"
        for frame in reversed(extract_tb(error.__traceback__)[-6:])
    )
    line = f"{type(error).__name__}: {_said(error)}" + (f" at {where}" if where else "")
    if isinstance(error, BaseExceptionGroup):
        line += "".join(f" [{describe_exception(member)}]" for member in error.exceptions)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{line} because of {describe_exception(cause)}" if cause and cause is not error else line


def _said(error: BaseException) -> str:
    """Its text. Pydantic's would quote what people wrote, so only its locations are kept."""
    if isinstance(error, ValidationError):
        places = (
            ".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False, include_url=False)
        )
        return f"{error.error_count()} faults in {error.title}: {', '.join(places)}"
    if isinstance(error, PydanticSerializationError):
        return "a value is not of its type"
    return " ".join(str(error).split())


def configure(*, level: str, style: str, secrets: Collection[str] = (), stream: TextIO | None = None) -> None:
    """Sets up logging: everything goes to `stream` (standard error) through one redacting formatter."""
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    as_json = style == "json" or (style == "auto" and not out.isatty())
    handler.setFormatter(LineFormatter(as_json=as_json, redact=Redaction(secrets)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, quietest in QUIET.items():
        logging.getLogger(name).setLevel(max(quietest, root.level))
    logging.captureWarnings(capture=True)
