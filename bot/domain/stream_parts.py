"""The parts of an answer's stream: those a provider yields and those a sink shows.

A provider yields `Text`, `Thinking`, `Source`, `GeneratedFile`, `ToolCall`, `ToolRequest`, `SignInRequest`, `Searching`,
`SearchFailed`, `Usage` and, exactly once and last, `Finish`. Failures are raised as errors of `bot.domain.errors`. `bot.answers` turns that into what a sink gets: `Text`, `Thinking`,
`Source`, `GeneratedFile`, `Status`, `ShownStep`, `BranchPlace` and, exactly once and last, `Closing`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.approvals import SignInRequest, ToolRequest
from bot.domain.formatting import clean_name, clip, strip_controls
from bot.domain.generated import GeneratedFile
from bot.domain.replies import Button
from bot.domain.shown_steps import ShownStep

LONGEST_DETAIL = 4_000
LONGEST_TITLE = 120
LONGEST_ADDRESS = 2_000
MOST_SOURCES = 30  # of an answer
SIGNS = re.compile(r"[^\w\s.,;?%+'-]|_")


class Reason(StrEnum):
    """Why an answer ended."""

    STOP = "stop"  # the model was done
    TOOLS = "tool_calls"  # the model waits for tool results
    LENGTH = "length"  # the output limit was reached
    FILTERED = "filtered"  # a content filter or the model itself refused
    PAUSED = "paused"  # the vendor asks to be called again with the same turn
    FAILED = "failed"  # the vendor ended the answer with an error of its own
    STOPPED = "stopped"  # the person pressed Stop
    BROKEN = "broken"  # the stream ended before it said it was done


@dataclass(frozen=True, slots=True)
class Text:
    """The next characters of the answer, as Markdown. Never cumulative."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """The next characters of the model's reasoning. Never part of the answer."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where something in the answer comes from. `[number]` in the text points to it, where the vendor says what does; a
    later one of the same number replaces it. The words are somebody else's: untrusted, one line each.
    """

    number: int
    title: str = ""
    address: str = ""  # of the web, "" for a file
    place: str = ""  # in it: "page 3"

    def __post_init__(self) -> None:
        for name, limit in (("title", LONGEST_TITLE), ("place", LONGEST_TITLE)):
            words = strip_controls(getattr(self, name)[: 10 * limit])
            object.__setattr__(self, name, clip(words, limit))
        if len(self.address) > LONGEST_ADDRESS:
            object.__setattr__(self, "address", "")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One complete call; `args` is what the model wrote, a JSON object as text unless it failed at it. `name` may be "". `carry` is what the dialect wants to see again when this call is
    shown to the same model within the same answer (signatures of thoughts); opaque to everybody else.
    """

    id: str
    name: str
    args: str
    carry: str = ""


@dataclass(frozen=True, slots=True)
class Searching:
    """The vendor searches the web. `query` is the model's words, "" where the vendor does not tell: one line, without any sign
    that a platform could take for markup, a mention or a link, since a status is shown as it is.
    """

    query: str = ""

    def __post_init__(self) -> None:
        words = SIGNS.sub(" ", strip_controls(self.query[: 10 * LONGEST_TITLE]))
        object.__setattr__(self, "query", clip(" ".join(words.split()), LONGEST_TITLE))


@dataclass(frozen=True, slots=True)
class SearchFailed:
    """A search of the web that came to nothing, in words for the quiet line ("the web could not be searched")."""

    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens, normalised: `input` holds everything read (cached or not), `output` includes reasoning."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_hour: int = 0  # of `cache_write`: kept for an hour instead of minutes, at a higher price
    output: int = 0
    reasoning: int = 0
    estimated: bool = False
    requests: int = 1  # that are added up: each read the prompt
    searches: int = 0  # of the web, by the vendor; each has a price of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The end of a provider's stream. `model` is the one that really answered, in the vendor's words: it is
    shown under the answer, so it is a name and nothing else whatever the vendor says.
    """

    reason: Reason
    model: str = ""
    detail: str = ""  # what the vendor said about it, for people; never markup
    unusual: str = ""  # with FAILED: the vendor's word for an ending that nobody knows

    def __post_init__(self) -> None:
        object.__setattr__(self, "unusual", clean_name(self.unusual))
        object.__setattr__(self, "model", clean_name(self.model))
        object.__setattr__(self, "detail", strip_controls(self.detail[:LONGEST_DETAIL]))


@dataclass(frozen=True, slots=True)
class Remark:
    """A few words for the quiet line under the answer. Interceptors add them; providers only where a model did not take what
    was asked of it, before the `Finish`.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """One short line on what is happening before text comes ("Grok is thinking")."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchPlace:
    """Where an answer stands in its conversation, for places whose messages Switchboard keeps: they show one branch at a time.
    `turn` and `parent` are ids that stay when an answer goes on; `parent` is the answer that it follows, "-" for none.
    """

    turn: str
    parent: str
    question: str = ""  # id of the message that it answers
    current: bool = True  # the conversation goes on from it


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How a shown answer ends: the quiet last line, what went wrong if anything, what was called, and what can be pressed."""

    reason: Reason
    footer: str
    position: str = ""  # of the answer among others to the same question, for its quiet line
    notice: str = ""  # one sentence for a cut, stopped or failed answer; plain text
    steps: tuple[ShownStep, ...] = ()
    buttons: tuple[Button, ...] = ()

    @property
    def quiet(self) -> str:
        """The whole quiet line."""
        return " · ".join(filter(None, [self.footer, self.position]))


StreamPart = (
    Text
    | Thinking
    | Source
    | GeneratedFile
    | ToolCall
    | ToolRequest
    | SignInRequest
    | Searching
    | SearchFailed
    | Usage
    | Finish
    | Remark
)
ShownPart = Text | Thinking | Source | GeneratedFile | Status | ShownStep | BranchPlace | Closing
