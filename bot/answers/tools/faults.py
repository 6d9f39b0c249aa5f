"""What can go wrong on the way to a tool server, as codes that fit an error of the protocol, and as words for people.

The codes are our own and never leave this process. A server that answers with one of them says it of itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


class Fault(IntEnum):
    """The code of an error."""

    UNREACHABLE = -39001
    NAME_UNKNOWN = -39002
    ADDRESS_REFUSED = -39003
    NOT_ENCRYPTED = -39004
    CERTIFICATE = -39005
    KEY_REFUSED = -39006
    FORBIDDEN = -39007
    BUSY = -39008
    NOT_THERE = -39009
    REDIRECTED = -39010
    COMPRESSED = -39011
    NOT_WRITTEN = -39012
    LOST = -39021
    BROKEN = -39022
    TOO_LARGE = -39023


@dataclass(frozen=True, slots=True)
class FaultWords:
    """`text` follows the server's name; `{host}`, `{entry}` and `{key}` are filled in. `may_have_run`: the call was sent."""

    text: str
    may_have_run: bool = False


WORDS: Mapping[int, FaultWords] = {
    Fault.UNREACHABLE: FaultWords("cannot be reached at {host}: is it running, and is url in {entry} right?"),
    Fault.NAME_UNKNOWN: FaultWords("cannot be reached: nothing is called {host}. Check url in {entry}."),
    Fault.ADDRESS_REFUSED: FaultWords(
        "is at an address that is not public ({host}). If that is meant, write private = true in {entry}; "
        "link-local addresses are never allowed."
    ),
    Fault.NOT_ENCRYPTED: FaultWords(
        "would be spoken to without encryption: use https in {entry}, or private = true for a network of your own."
    ),
    Fault.CERTIFICATE: FaultWords("has a certificate for {host} that cannot be trusted: renew it there."),
    Fault.KEY_REFUSED: FaultWords("refuses the key: {key}"),
    Fault.FORBIDDEN: FaultWords("does not allow this: more rights are needed there."),
    Fault.BUSY: FaultWords("is too busy: try again later."),
    Fault.NOT_THERE: FaultWords("does not answer at this address: check the path of url in {entry}."),
    Fault.REDIRECTED: FaultWords("has moved elsewhere: write its new address as url in {entry}."),
    Fault.COMPRESSED: FaultWords(
        "compresses its answers though it was asked not to: switch that off there.", may_have_run=True
    ),
    Fault.NOT_WRITTEN: FaultWords("does not take anything any more: it is being started again."),
    Fault.LOST: FaultWords("broke off before it answered.", may_have_run=True),
    Fault.BROKEN: FaultWords("failed inside.", may_have_run=True),
    Fault.TOO_LARGE: FaultWords("gave an answer that is too large to be read.", may_have_run=True),
}


def by_status(status: int) -> Fault:
    """What an HTTP status of 300 and above means."""
    if status < 400:
        return Fault.REDIRECTED
    named = {401: Fault.KEY_REFUSED, 403: Fault.FORBIDDEN, 429: Fault.BUSY, 503: Fault.BUSY}
    if status in named:
        return named[status]
    return Fault.BROKEN if status >= 500 or status == 408 else Fault.NOT_THERE


def fault_words(code: int, *, name: str, host: str = "", key: str = "") -> str:
    """One line for people; "" for a code that is not ours. `key`: what to do when the key is refused."""
    words = WORDS.get(code)
    if words is None:
        return ""
    return f"{name} {words.text.format(host=host, entry=f'[tools.{name}]', key=key)}"
