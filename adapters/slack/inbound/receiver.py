"""Verifies that a request comes from Slack and is readable, before anything else sees it.

Bolt's own check answers 500 to a non-numeric timestamp or a body that is not JSON, and misreads a slash
command whose text holds the word "payload". So the signature is verified here, over the raw bytes, and Bolt
receives a parsed body. Source: docs.slack.dev "Verifying requests from Slack".
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

LARGEST = 1 << 20  # bytes
DEEPEST = 60  # levels of nesting; Slack's own blocks need about ten
OLDEST = 300  # seconds between Slack's clock and this machine's, either way
MOST_FIELDS = 200

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RequestRefused(Exception):
    """A refused request. The text is for the operator's log and says nothing about the secret."""

    status: int
    why: str


class Receiver:
    """Turns a raw request into Slack's payload, or raises `RequestRefused` with 400, 401 or 413."""

    def __init__(self, *, signing_secret: str, now: Callable[[], float]) -> None:
        if not signing_secret:
            raise ValueError("An empty signing secret would let anybody in.")
        self._secret = signing_secret.encode()
        self._now = now

    def open(self, body: bytes, headers: Mapping[str, str], content_type: str) -> Json:
        """The payload: an event's JSON, a command's fields, or what an interaction's `payload` holds."""
        if len(body) > LARGEST:
            raise RequestRefused(413, "body too large")
        self._verify(body, headers)
        return _payload(body, content_type)

    def _verify(self, body: bytes, headers: Mapping[str, str]) -> None:
        stamp = headers.get("X-Slack-Request-Timestamp", "")
        signature = headers.get("X-Slack-Signature", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise RequestRefused(401, "no timestamp")
        if abs(self._now() - int(stamp)) > OLDEST:
            raise RequestRefused(401, "stale timestamp")
        expected = hmac.new(self._secret, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256)
        # Compared as bytes: compare_digest refuses strings that are not ASCII.
        if not hmac.compare_digest(
            f"v0={expected.hexdigest()}".encode(), signature.encode("utf-8", "replace")
        ):
            raise RequestRefused(401, "bad signature")


def _payload(body: bytes, content_type: str) -> Json:
    """The payload of a body. Raises `RequestRefused` with 400 for all but a JSON object or a form."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise RequestRefused(400, "not UTF-8") from None
    if content_type == "application/json" or text.lstrip()[:1] == "{":
        return _loaded(text)
    try:
        fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise RequestRefused(400, "too many fields") from None
    if "payload" in fields and "command" not in fields:
        return _loaded(fields["payload"])
    if not fields.keys() & {"command", "ssl_check"}:
        raise RequestRefused(400, "neither event, command nor interaction")
    return dict(fields)


def _loaded(text: str) -> Json:
    """A JSON object that is not nested too deeply."""
    # The count is an upper limit, and quick; only few have that many brackets.
    if text.count("{") + text.count("[") > DEEPEST and depth(text) > DEEPEST:
        raise RequestRefused(400, "nested too deeply")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise RequestRefused(400, "not JSON") from None
    if not isinstance(value, dict):
        raise RequestRefused(400, "not an object")
    return value


def depth(text: str) -> int:
    """How deeply brackets nest, without parsing; brackets in strings count too, up to where they close."""
    deepest = level = 0
    quoted = escaped = False
    for letter in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped = letter == "\\"
            quoted = letter != '"'
        elif letter == '"':
            quoted = True
        elif letter in "[{":
            level += 1
            deepest = max(deepest, level)
        elif letter in "]}":
            level -= 1
    return deepest
