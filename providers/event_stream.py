"""The events of a streamed answer, from bytes in whatever pieces they come.

Server-sent events, and what servers send instead: JSON without `data:`, whole documents, a field called `error`, a
byte order mark, a last event without its blank line. What is neither an event nor JSON is passed over, and its
beginning kept: where no answer comes, it says why.

Source: html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.domain.errors import ServerError
from providers.lenient_json import load_events

STRAY = 4_096  # bytes of what was no event that are kept
MARK = b"\xef\xbb\xbf"  # the byte order mark
FIELDS = (b"data", b"event", b"id", b"retry", b"error")
JSON = (b"{", b"[")
BLANKS = b", \t"
BETWEEN = b"[]\r\n" + BLANKS  # what stands between the objects of a list
TRIES = 8  # to read a document before its end: each takes as long as it is


class EventReader:
    """Reads one body. Its time is linear in the bytes; whoever feeds it limits their number."""

    def __init__(self) -> None:
        self._line = bytearray()  # as far as it has come
        self._returned = False  # the last byte was a carriage return: a line feed belongs to it
        self._first = True  # no line was read yet
        self._data: list[bytes] = []
        self._error: list[bytes] = []
        self._failed = False  # the event is called `error`
        self._document = bytearray()  # JSON without `data:`, as far as it has come
        self._tries = TRIES
        self._stray = bytearray()

    @property
    def stray(self) -> str:
        """The beginning of what was no event, "" where there was nothing else."""
        return self._stray.decode("utf-8", "replace").strip()

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
        if not any(field.startswith(self._line) for field in FIELDS):  # nothing, or cut in a field's name
            yield from self.feed(b"\n")
        try:
            last = self._whole()
        except ServerError:  # it was cut in the middle, as the answer was
            last = ()
        yield from last
        yield from _loaded(self._document.strip(BETWEEN))

    def _other(self, line: bytes) -> Iterator[dict[str, Any]]:
        """A line that is no data."""
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._failed = value == b"error"
        elif name == b"error":
            self._error += [value] if value.strip() else []
        elif name not in FIELDS:
            self._keep(line)
            yield from self._documented(line)

    def _documented(self, line: bytes) -> Sequence[dict[str, Any]]:
        """A line that may be JSON, or part of it. An object is an event as soon as it is complete: at the end of its first
        line, or where a line begins with the closing bracket, as in the lists that Google sends.
        """
        first = not self._document
        if first and not line.lstrip().startswith(JSON):
            return ()
        self._document += line + b"\n"
        closed = line.rstrip(BLANKS).endswith((b"}", b"]"))
        if not closed or not self._tries or not (first or line.startswith((b"}", b"]"))):
            return ()
        events = _loaded(line if first else self._document.strip(BETWEEN))
        if events:
            self._document.clear()
        self._tries = TRIES if events else self._tries - 1
        return events

    def _whole(self) -> Sequence[dict[str, Any]]:
        """The event that a blank line ends."""
        data = b"\n".join(self._data)
        self._data.clear()
        if self._error:
            complaint = _complaint(b"\n".join(self._error))
            self._error.clear()
            return (complaint, *self._read(data))
        return self._read(data)

    def _read(self, data: bytes) -> Sequence[dict[str, Any]]:
        if not data or data.isspace():
            return ()
        if self._failed:
            return (_complaint(data),)
        text = data.decode("utf-8", "replace")
        try:
            events = load_events(text)
        except ValueError:
            if data.lstrip().startswith(JSON):
                raise ServerError(
                    f"an event of {len(text)} characters is not JSON", code="malformed_stream"
                ) from None
            self._keep(data)
            return ()
        self._document.clear()
        return events

    def _keep(self, line: bytes) -> None:
        self._stray += (line + b"\n")[: STRAY - len(self._stray)]


def _loaded(data: bytes | bytearray) -> Sequence[dict[str, Any]]:
    """The events of a text that may be JSON, () for any other."""
    try:
        return load_events(data.decode("utf-8", "replace"))
    except ValueError:
        return ()


def _complaint(data: bytes) -> dict[str, Any]:
    """What a server says in a field or an event that is called `error`, in the form of all others."""
    said: Any = next(iter(_loaded(data)), None)
    if isinstance(said, dict) and said.get("error"):
        return said
    return {"error": said or data.decode("utf-8", "replace")}
