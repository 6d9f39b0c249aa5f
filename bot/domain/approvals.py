"""What an answer waits for before it can go on: that somebody lets a tool run, or signs in somewhere. Pure.

An approval is data in the turn that asked for it, so it survives every restart and holds no worker. Whoever presses the
button continues it; nobody has to end it.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bot.domain.formatting import clip

LONGEST: Final = (
    100_000  # characters of all arguments: what cannot be read whole by who decides cannot be approved
)
FOLD, HEAD = 1_000, 300  # characters from which on one argument is folded, and how many of it are shown then
CARD: Final = 6_000  # characters of all arguments of one call on a card: what platforms show in one message without a cut
LINES: Final = 100  # of arguments, from which on no card shows all of them
DAY: Final = 86_400.0  # seconds in which it can be decided
MOST: Final = 5  # requests that are decided together
UNSEEN: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""What would be in the arguments, and not be seen: controls, and what Unicode calls default ignorable (tags and selectors, in
which whole sentences can be hidden), besides blanks that count as letters, and halves of characters.
"""
NAME: Final = 80
DIGITS: Final = 16  # characters from which on a fraction may have more digits than a float can tell

RUN, NOT_RUN = "run", "not run"  # decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRequest:
    """A tool that is run only when a person lets it. `args` is what it would be given, JSON as text. `id` and `response`
    are the vendor's: which request it is, and of which answer. `acting`: the person as whom it runs; "" for a company's key.
    """

    id: str
    server: str
    tool: str
    args: str
    response: str = ""
    acting: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRequest:
    """Somebody has to sign in to `server` first, at `address`: https only, "" where the vendor gave no such address."""

    server: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided about the requests of one answer: the vendor goes on from there."""

    requests: tuple[ToolRequest, ...]
    run: bool


def showable_requests(requests: Sequence[ToolRequest]) -> bool:
    """Whether all of it can be shown, and so be decided."""
    return len(requests) <= MOST and sum(len(pretty(one.args)) for one in requests) <= LONGEST


def showable_arguments(args: str) -> bool:
    """Whether the arguments of one call can be shown, and so be decided."""
    return len(pretty(args)) <= LONGEST


def foldable(args: str) -> bool:
    """Whether a card shows less than all of it."""
    shown = pretty(args)
    return folded(args) != shown or shown.count("\n") >= LINES


def pretty(args: str) -> str:
    """All arguments, one a line; what could not be seen is spelled out."""
    try:
        shown = json.dumps(_read(args), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        shown = args
    return _spelled(shown)


def _read(args: str) -> object:
    """Raises ValueError or RecursionError for what is no JSON, or says more than its values do: then it is shown as it is."""
    return json.loads(args, object_pairs_hook=_each_once, parse_float=_exact)


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("the same name twice: nobody knows which one counts")
    return found


def _exact(word: str) -> float:
    if len(word) < DIGITS and word.replace(".", "").lstrip("-").isdecimal():
        return float(word)
    try:
        if Decimal(word) == Decimal(repr(number := float(word))):
            return number
    except ArithmeticError:
        pass
    raise ValueError("a number that would be shown as another")


def _spelled(shown: str) -> str:
    return UNSEEN.sub(lambda sign: _as_json(sign[0]), shown)


def _as_json(sign: str) -> str:
    """As JSON spells it where it writes nothing but ASCII."""
    return "\\u" + sign.encode("utf-16-be", "surrogatepass").hex("-", 2).replace("-", "\\u")


def folded(args: str) -> str:
    """All arguments; of a long one its beginning, and in a line of its own, as no JSON has one, its length and hash. Of many
    together the first ones, and the same of all.
    """
    shown = _each_folded(args)
    if len(shown) <= CARD:
        return shown
    end = shown.rfind("\n", FOLD, CARD)
    return f"{shown[: end if end > 0 else CARD]} …\n    (folded: all together {_told(args)})"


def _each_folded(args: str) -> str:
    try:
        read = _read(args)
    except (ValueError, RecursionError):  # no JSON
        return pretty(args) if len(args) <= FOLD else _spelled(_short(args))
    if not isinstance(read, dict):
        return _spelled(_short(read))
    lines, size = [], 0
    for name, value in read.items():
        lines.append(f"  {json.dumps(name, ensure_ascii=False)}: {_short(value)}")
        size += len(lines[-1])
        if size > CARD:  # the rest is folded anyway
            break
    return _spelled("{\n" + ",\n".join(lines) + "\n}") if read else "{}"


def _short(value: object) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n  ")
    if len(text) <= FOLD:
        return text
    of = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    head = json.dumps(of[:HEAD], ensure_ascii=False) if isinstance(value, str) else text[:HEAD]
    return f"{head} …\n    (folded: {_told(of)})"


def _told(text: str) -> str:
    return f"{len(text):,} characters, sha256 {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def all_arguments(requests: Sequence[ToolRequest]) -> str:
    """All arguments with nothing folded, as Markdown."""
    return "\n\n".join(
        f"All arguments of {_code(one.tool)} on {_code(one.server)}:\n\n{_block(pretty(one.args))}"
        for one in requests
    )


def asked_for(requests: Sequence[ToolRequest], signing_in: Sequence[SignInRequest]) -> str:
    """What stands under the answer, above the buttons, as Markdown. Long arguments are folded."""
    return "\n\n".join([*map(_run, requests), *map(_sign_in, signing_in)])


def called(request: ToolRequest) -> str:
    """The tool and its server, in one line of plain text."""
    return f"{clip(request.tool, NAME)} on {clip(request.server, NAME)}"


def _run(request: ToolRequest) -> str:
    acting = f" as {_code(request.acting)}" if request.acting else ""
    return (
        f"**Run** {_code(request.tool)} on {_code(request.server)}{acting}?\n\n{_block(folded(request.args))}"
    )


def _block(args: str) -> str:
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", args)), default=0))
    return f"{fence}json\n{args}\n{fence}"


def sign_in_wish(server: str) -> str:
    """Where an answer cannot go on before somebody signs in to one of our tool servers."""
    return f"**Sign in** to {_code(server)}, so that I can go on? Its tools work only as you."


def _sign_in(request: SignInRequest) -> str:
    if not request.address:
        return f"**Sign in** to {_code(request.server)} first. Its link is no web address: ask whoever runs it for one."
    return f"**Sign in** to {_code(request.server)} first, then ask again."


def _code(name: str) -> str:
    """A name in which nothing is markup, whether it is rendered or not."""
    shown = clip(UNSEEN.sub("?", name).replace("`", "'"), NAME)
    return f"`{shown or '?'}`"
