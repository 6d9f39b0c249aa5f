"""The events of a streamed answer, from bytes in whatever pieces they come.

Server-sent events, and what servers send instead: JSON without `data:`, whole documents, a field called `error`, a
byte order mark, a last event without its blank line. What is neither an event nor JSON is passed over, and its
beginning kept: where no answer comes, it says why.

Source: html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.domain.errors import ServerError
from providers.lenient_json import load_events

STRAY = 4_096  # bytes of what was no event that are kept once there was one
MARK = b"\xef\xbb\xbf"  # the byte order mark
JSON = (b"{", b"[")
DOCUMENT = re.compile(rb"^[ \t]*[{\[]", re.MULTILINE)  # a line where JSON may begin


class EventReader:
    """Reads one body. Its time is linear in the bytes; whoever feeds it limits their number."""

    def __init__(self) -> None:
        self._line = bytearray()  # as far as it has come
        self._returned = False  # the last byte was a carriage return: a line feed belongs to it
        self._first = True  # no line was read yet
        self._begun = False  # an event was given
        self._data: list[bytes] = []
        self._error: list[bytes] = []
        self._failed = False  # the event is called `error`
        self._open = False  # a document over several lines has begun
        self._stray = bytearray()

    @property
    def stray(self) -> str:
        """The beginning of what was no event, "" where there was nothing else."""
        return self._stray[:STRAY].decode("utf-8", "replace").strip()

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        """The next bytes. Raises ServerError for an event of broken JSON."""
        if self._returned and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._returned = chunk.endswith(b"\r")
        if b"\n" not in chunk and b"\r" not in chunk:
            self._line += chunk
            return
        lines = (bytes(self._line) + chunk).splitlines()  # of bytes: at \n, \r and \r\n only
        self._line = bytearray(b"" if chunk.endswith((b"\n", b"\r")) else lines.pop())
        if self._first:
            self._first = False
            lines[0] = lines[0].removeprefix(MARK)
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
            elif not line:
                if self._data or self._error:
                    yield from self._whole()
                self._failed = False
            elif not line.startswith(b":"):
                yield from self._other(line)

    def end(self) -> Iterator[dict[str, Any]]:
        """The body has ended: its last event may lack the blank line, a document the end of its line."""
        if self._line:
            yield from self.feed(b"\n")
        try:
            last = list(self._whole())
        except ServerError:  # it was cut in the middle, as the answer was
            last = []
        yield from last
        if not self._begun:
            yield from self._document()

    def _other(self, line: bytes) -> Iterator[dict[str, Any]]:
        """A line that is no data."""
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._failed = value == b"error"
        elif name == b"error":
            self._error.append(value)
        elif name not in {b"data", b"id", b"retry"}:
            self._keep(line)
            if not self._open and line.lstrip().startswith(JSON):
                events = _read(line)
                self._open = not events
                yield from self._given(events)

    def _whole(self) -> Iterator[dict[str, Any]]:
        """The event that a blank line ends."""
        error, data = b"\n".join(self._error), b"\n".join(self._data)
        self._error, self._data = [], []
        if error.strip():
            yield from self._given([_complaint(error)])
        if not data.strip():
            return
        if self._failed:
            yield from self._given([_complaint(data)])
            return
        text = data.decode("utf-8", "replace")
        try:
            events = load_events(text)
        except ValueError:
            if data.lstrip().startswith(JSON):
                raise ServerError(
                    f"an event of {len(text)} characters is not JSON", code="malformed_stream"
                ) from None
            self._keep(data)
            return
        yield from self._given(events)

    def _document(self) -> Iterator[dict[str, Any]]:
        """A body of nothing but JSON over several lines, after whatever else."""
        if start := DOCUMENT.search(self._stray):
            yield from self._given(_read(bytes(self._stray[start.start() :])))

    def _given(self, events: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        self._begun = self._begun or bool(events)
        return events

    def _keep(self, line: bytes) -> None:
        """All of it while it may be a document: there is no event that ends it."""
        if not self._begun or len(self._stray) < STRAY:
            self._stray += line + b"\n"


def _read(data: bytes) -> Sequence[dict[str, Any]]:
    """The events of a text that may be JSON, () for any other."""
    try:
        return load_events(data.decode("utf-8", "replace"))
    except ValueError:
        return ()


def _complaint(data: bytes) -> dict[str, Any]:
    """What a server says in a field or an event that is called `error`, in the form of all others."""
    said: Any = next(iter(_read(data)), None)
    if isinstance(said, dict) and said.get("error"):
        return said
    return {"error": said or data.decode("utf-8", "replace")}
