"""Maps a vendor's errors: any status, headers and body become one class of `bot.domain.errors`.

Pure. The order: a code that names the case, then the wording of the error's message, then a code that means several
cases, then a vendor's number, then the HTTP status, then a code that means no more than an error.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from bot.domain import errors
from bot.domain.errors import ModelError
from bot.domain.formatting import cut_between_words
from providers.error_codes import BROAD, CERTAIN, CODES, NUMBERS, POLICY, STATUSES, WEAK, Kind
from providers.error_wordings import WORDINGS, room_of
from providers.event_stream import EventReader
from providers.lenient_json import as_count, as_json, as_list, as_object, as_text, load_json
from providers.retry_after import retry_after
from providers.scrubbing import scrubbed

SAID = 4_000  # characters of a vendor's message that are looked at: more is a prompt that it echoes
CODE = 80  # and of its code
CARRIED = 64 * 1024  # and of it where it may be another error
REQUEST = 100  # and of its request id, which its support asks for
REQUEST_IDS = ("apim-request-id", "x-request-id", "request-id", "x-amzn-requestid")
AWS_KIND = "x-amzn-errortype"  # the only place where Amazon Bedrock names the kind

MESSAGES = ("message", "Message", "detail", "error_message", "error_msg")

# A parameter that is too long, not a conversation: these words are not looked at.
PARAMETER_TOO_LONG = re.compile(r"invalid '(?!messages|input)", re.IGNORECASE)
# What was sent, as validations show it: its words are a person's, and nobody else's model goes down for them.
ECHO = re.compile(r"\b(?:input|input_value)['\"]?\s*[:=]\s*['\"\[{].*", re.DOTALL)
# An error in an error's message, as gateways pass them on: all of it, or behind the name of an exception.
PASSED_ON = re.compile(
    r"\s{0,9}(?=\{)|[^{]{0,200}?(?:exception|error)\b[^{]{0,40}[-:]\s{0,9}(?=\{)", re.IGNORECASE
)
BUSY = re.compile(r"overloaded|\bbusy\b|high demand|at capacity", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorError:
    """A vendor's error in one form. `codes` are lower-case words, the most exact first."""

    codes: tuple[str, ...] = ()
    message: str = ""
    param: str = ""
    status: int | None = None
    moderated: bool = False
    room: int = 0  # tokens that there would be room for, where a field says so
    details: tuple[Mapping[str, Any], ...] = ()


def error_from_response(
    status: int, headers: Mapping[str, str], body: str, *, now: float = 0.0
) -> ModelError:
    """For an answer that is no stream. `headers` have lower-case names; `now` is unix seconds."""
    complaint = _read(_loaded(body), fallback=body)
    if aws := headers.get(AWS_KIND, "").partition(":")[0]:  # "ThrottlingException:http://..."
        complaint = replace(complaint, codes=(*complaint.codes, *_codes([aws])))
    succeeded = 200 <= status < 300  # and yet no stream: gateways send errors with 200
    return _error(complaint, complaint.status if succeeded else status, headers, now)


def error_from_event(event: Any) -> ModelError:
    """For an error inside a stream that began with 200: the event's object, or the error itself."""
    complaint = _read(event, fallback="")
    return _error(complaint, complaint.status, {}, 0.0)


def complains(event: Mapping[str, Any]) -> bool:
    """Whether an event without an answer is an error that is not called one: DashScope and FastAPI send what is wrong
    alone, others beside an empty list of choices.
    """
    if event.get("choices"):
        return False
    wrong = as_object(event.get("base_resp")).get("status_code")
    return bool(wrong or event.get("detail")) or any(as_text(event.get(name)) for name in MESSAGES)


def _error(complaint: VendorError, status: int | None, headers: Mapping[str, str], now: float) -> ModelError:
    kind, certain = _verdict(complaint, status)
    if kind is errors.Auth and not certain and status != 401:
        kind = errors.Forbidden
    code = complaint.codes[0] if complaint.codes else ""
    wait = None
    if status is None or status == 429 or status >= 500:
        wait = retry_after(headers, details=complaint.details, message=complaint.message, now=now)
    request = next((f" [request {headers[name]}]" for name in REQUEST_IDS if headers.get(name)), "")
    error = kind(
        scrubbed(complaint.message) + request[:REQUEST],
        status=status,
        code=scrubbed(code)[:CODE],
        param=scrubbed(complaint.param),
        retry_after=wait,
    )
    error.doubtful = issubclass(kind, errors.Auth | errors.ModelNotFound) and not certain
    if issubclass(kind, errors.ContextTooLong):
        error.limit = complaint.room or room_of(complaint.message)
    said = headers.get("x-should-retry", "").lower()
    if said in {"true", "false"}:
        error.retry = said == "true"
    return error


def _verdict(complaint: VendorError, status: int | None) -> tuple[Kind, bool]:
    """The class, and whether what decided it can mean nothing else."""
    if status == 413:
        return errors.ContextTooLong, True
    if money := _money(complaint):
        return money, True
    if named := next((code for code in complaint.codes if _named(code)), ""):
        return _sharper(_named(named) or errors.Rejected, complaint), named in CERTAIN
    if worded := _worded(complaint, status):
        return worded, True
    if broad := next((BROAD[code] for code in complaint.codes if code in BROAD), None):
        return broad, False
    number = next((code for code in complaint.codes if code in NUMBERS), "")
    if number and not WEAK.keys() & set(complaint.codes):
        return NUMBERS[number], number in CERTAIN
    return _by_status(complaint, status), status == 410


def _named(code: str) -> Kind | None:
    return errors.Filtered if POLICY.fullmatch(code) else CODES.get(code)


def _money(complaint: VendorError) -> Kind | None:
    """Quota limits that are reported under the names of rate limits."""
    daily = any("perday" in as_text(as_object(v).get("quotaId")).lower() for v in _violations(complaint))
    billing = "failed_precondition" in complaint.codes and "billing" in complaint.message.lower()
    return errors.Quota if daily or billing else None


def _violations(complaint: VendorError) -> list[Any]:
    return [violation for detail in complaint.details for violation in as_list(detail.get("violations"))]


def _sharper(named: Kind, complaint: VendorError) -> Kind:
    if named is errors.Unavailable and BUSY.search(complaint.message):
        return errors.Overloaded
    return named


def _worded(complaint: VendorError, status: int | None) -> Kind | None:
    if status == 403 and complaint.moderated:
        return errors.Filtered
    said = ECHO.sub("", complaint.message)
    if PARAMETER_TOO_LONG.match(said):
        return None
    return next(
        (wording.kind for wording in WORDINGS if status in wording.statuses and wording.words.search(said)),
        None,
    )


def _by_status(complaint: VendorError, status: int | None) -> Kind:
    if status is not None and status in STATUSES:
        return STATUSES[status]
    weak = next((WEAK[code] for code in complaint.codes if code in WEAK), None)
    if weak:
        return weak
    if status is None:
        invalid = any(code.startswith("invalid") for code in complaint.codes)
        return errors.Rejected if invalid else errors.ServerError
    if status < 400:
        # A redirect or an empty success: the base URL is wrong.
        return errors.ModelNotFound if status >= 300 else errors.ServerError
    return errors.ServerError if status >= 500 else errors.Rejected


def _loaded(body: str) -> Any:
    """JSON, also in a stream's framing: some write their errors so under any status."""
    reader = EventReader()
    try:
        return load_json(body)
    except ValueError:
        pass
    try:
        return next(chain(reader.feed(body.encode("utf-8", "replace")), reader.end()), None)
    except errors.ServerError:
        return None


def _read(value: Any, *, fallback: str) -> VendorError:
    """Reads an error in any form: an object, a list with one, `error` as an object or a string, HTML."""
    if isinstance(value, list):
        value = next((entry for entry in value if isinstance(entry, dict)), None)
    if not isinstance(value, dict):
        return VendorError(message=cut_between_words(fallback, SAID))
    inner = value.get("error")
    outer = as_object(value.get("response"))
    if not inner and isinstance(outer.get("error"), dict):
        inner = outer["error"]
    error = inner if isinstance(inner, dict) else value
    details = tuple(detail for detail in as_list(error.get("details")) if isinstance(detail, dict))
    metadata = as_object(error.get("metadata"))
    upstream = _read(_passed_on(error, metadata), fallback="")
    return VendorError(
        codes=(*upstream.codes, *_codes(_words(error, details))),
        message=cut_between_words(_message(error, inner, upstream, metadata) or fallback, SAID),
        param=as_text(error.get("param")) or upstream.param,
        status=_status(error) or upstream.status,
        room=as_count(error.get("n_ctx")) or upstream.room,
        moderated=bool(metadata.get("reasons") or value.get("contentFilter")),
        details=details,
    )


def _passed_on(error: Mapping[str, Any], metadata: Mapping[str, Any]) -> Any:
    """The error of another vendor in this one."""
    if raw := as_text(metadata.get("raw")):
        return _loaded(raw)
    said = as_text(error.get("message"))[:CARRIED]
    found = PASSED_ON.match(said)
    inner = as_object(_loaded(said[found.end() :].strip())) if found else {}
    return inner if isinstance(inner.get("error"), dict) else None


def _codes(words: Sequence[str]) -> tuple[str, ...]:
    """In one spelling; a vendor's own numbers last, and no HTTP status among them."""
    spelt = [word.lower().replace("-", "_").replace(" ", "_") for word in words if word]
    numbers = [word for word in spelt if word.isdecimal() and len(word) == 4]
    return (*(word for word in spelt if not word.isdecimal()), *numbers)


def _words(error: Mapping[str, Any], details: Sequence[Mapping[str, Any]]) -> list[str]:
    inner, code = as_object(error.get("innererror")), error.get("code")
    return [
        as_text(inner.get("code")),
        as_text(as_object(error.get("details")).get("error_code")),
        str(code) if isinstance(code, int) else as_text(code),
        *(as_text(detail.get("reason")) for detail in details),
        as_text(error.get("type")),
        as_text(error.get("status")),
    ]


def _message(error: Mapping[str, Any], inner: Any, upstream: VendorError, metadata: Mapping[str, Any]) -> str:
    """Validation messages are objects or lists; gateways put the upstream's error into `metadata.raw`, as text."""
    message = next((error[name] for name in MESSAGES if error.get(name)), "")
    message = message or as_text(inner) or as_text(as_object(error.get("base_resp")).get("status_msg"))
    said = message if isinstance(message, str) else _validation(message)
    raw = (metadata.get("raw") and upstream.message) or metadata.get("raw")
    return f"{said} {raw}" if isinstance(raw, str) else said


def _validation(message: Any) -> str:
    """What is wrong, and where. What was sent stands beside it, and is the prompt."""
    entries = as_list(message) or as_list(as_object(message).get("detail")) or [message]
    return "; ".join(
        f"{'.'.join(map(str, as_list(entry.get('loc'))))}: {as_text(entry.get('msg')) or as_text(entry.get('type'))}"
        if entry.get("loc")
        else as_json(entry)
        for entry in map(as_object, entries)
    )


def _status(error: Mapping[str, Any]) -> int | None:
    for value in (
        error.get("status_code"),
        error.get("code"),
        error.get("status"),
        error.get("raw_status_code"),
    ):
        number = int(value) if isinstance(value, str) and len(value) == 3 and value.isdecimal() else value
        if isinstance(number, int) and 400 <= number <= 599:
            return number
    return None
