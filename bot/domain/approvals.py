"""What an answer waits for before it can go on: that somebody lets a tool run, or signs in somewhere. Pure.

An approval is data in the turn that asked for it, so it survives every restart and holds no worker. Whoever presses the
button continues it; nobody has to end it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.formatting import clip

SHOWN: Final = (
    8_000  # characters of the arguments of one call: they are shown whole, or the call cannot be allowed
)
DAY: Final = 86_400.0  # seconds in which it can be decided
LONGEST: Final = 3_000  # characters of all arguments: what cannot be shown whole cannot be approved
MOST: Final = 5  # requests that are decided together
UNSEEN: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
"""What would be in the arguments, and not be seen."""
NAME: Final = 80

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
    return len(pretty(args)) <= SHOWN


def pretty(args: str) -> str:
    """All arguments, one a line; what could not be seen is spelled out."""
    try:
        shown = json.dumps(json.loads(args), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        shown = args
    return UNSEEN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", shown)


def asked_for(requests: Sequence[ToolRequest], signing_in: Sequence[SignInRequest]) -> str:
    """What stands under the answer, above the buttons, as Markdown."""
    return "\n\n".join([*map(_run, requests), *map(_sign_in, signing_in)])


def called(request: ToolRequest) -> str:
    """The tool and its server, in one line of plain text."""
    return f"{clip(request.tool, NAME)} on {clip(request.server, NAME)}"


def _run(request: ToolRequest) -> str:
    args = pretty(request.args)
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", args)), default=0))
    acting = f" as {_code(request.acting)}" if request.acting else ""
    return (
        f"**Run** {_code(request.tool)} on {_code(request.server)}{acting}?\n\n{fence}json\n{args}\n{fence}"
    )


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
