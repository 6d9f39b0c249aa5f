"""What a model gets to see, in the neutral form that every dialect translates from.

Pure: one conversation may use models of all vendors, so each request gets a new prompt made for its model,
and stored turns never change.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from bot.domain.approvals import Decision
from bot.domain.attached import DOCUMENT_TOKENS, IMAGE_TOKENS
from bot.domain.memo import Memo
from bot.domain.quoted import BYTES_PER_TOKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePart:
    """An image as bytes; `media_type` is image/png, image/jpeg, image/gif or image/webp. `file` is the file's id."""

    name: str
    media_type: str
    data: bytes
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A document as bytes, for models that read it themselves (application/pdf). `file` is the file's id."""

    name: str
    media_type: str
    data: bytes
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPart:
    """A tool call of the assistant. `id` is canonical: nine letters or digits. `args` is JSON text, an object. `carry` is what
    the dialect gave with the call, handed back only to the model that made it, within the same answer.
    """

    id: str
    name: str
    args: str
    carry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPart:
    """What a tool answered to the call with this id. `pictures` are shown only to models that see."""

    id: str
    name: str
    text: str
    failed: bool = False
    pictures: tuple[ImagePart, ...] = ()


Part = TextPart | ImagePart | FilePart | CallPart | ResultPart


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class PromptMessage:
    """One entry of a prompt. `role` is "user" or "assistant"; results travel in a user message, first."""

    role: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Tool:
    """A tool the model may call. `parameters` is a plain JSON Schema object."""

    name: str
    description: str
    parameters: dict[str, object]


class Search(StrEnum):
    """Whether the web is searched for an answer."""

    NO = ""
    MAY = "may"  # as the model likes
    MUST = "must"  # somebody asked for it


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Prompt:
    """A whole request, valid for every dialect: roles alternate, the first and the last message are the
    user's, no part is empty, every call has its result in the next message.
    """

    system: str
    messages: tuple[PromptMessage, ...]
    tools: tuple[Tool, ...] = ()
    callable: bool = True  # False: no tool may be called any more, though there are calls in the history
    max_output: int | None = None  # tokens; None: the model's own default
    asker: str = ""  # hash of the person, for vendors that want one; never an id
    effort: str = ""  # low, medium or high, as people chose; "" leaves it to the model
    search: Search = Search.NO  # by the vendor itself, unless a tool is named for it
    search_tool: str = ""  # the full name of the tool that is to be offered for it (`brave.web_search`)
    decision: Decision | None = None  # what the last answer waited for: it goes on from there
    shown_from: str = ""  # id of the oldest turn that it shows
    conversation: str = ""  # the conversation's digest: a key for vendors' prompt caches
    unhurried: bool = (
        False  # its questions are minutes apart, so that a cache of five minutes is gone by the next one
    )

    @property
    def vendor_search(self) -> Search:
        """What the vendor's own search is asked for."""
        return Search.NO if self.search_tool else self.search


# --- how large it is ---------------------------------------------------------------------------------------

PER_MESSAGE = 4
WEIGHTS: Memo[PromptMessage, int] = Memo()
SIZES: Memo[Prompt, int] = Memo()  # of a prompt's text, without its tools
OFFERS: Memo[Tool, int] = Memo()
PER_TOOL = 12  # what a vendor writes around a definition
ANSWER_PART = 4  # a prompt leaves this part of the window free for the answer, or less where that is shorter


def tokens(text: str) -> int:
    """An estimate without a tokenizer: vendors' own differ by a third, so no table would be exact either."""
    return math.ceil(share(text))


def share(text: str) -> float:
    """The same of a piece of a text, not rounded: pieces add up."""
    return (len(text) if text.isascii() else len(text.encode("utf-8", "replace"))) / BYTES_PER_TOKEN


def weigh(message: PromptMessage) -> int:
    """The estimated tokens of one message."""
    known = WEIGHTS.known(message)
    if known is None:
        known = WEIGHTS.of(message, lambda: PER_MESSAGE + sum(weigh_part(part) for part in message.parts))
    return known


def size(prompt: Prompt) -> int:
    """The estimated tokens of a whole prompt."""
    said = SIZES.of(
        prompt, lambda: tokens(prompt.system) + sum(weigh(message) for message in prompt.messages)
    )
    return said + weigh_tools(prompt.tools)


def weigh_tools(tools: Sequence[Tool]) -> int:
    """The estimated tokens of what tells a model of its tools: it reads all of it with every request."""
    return sum(OFFERS.of(tool, partial(_weigh_tool, tool)) for tool in tools)


def _weigh_tool(tool: Tool) -> int:
    schema = json.dumps(tool.parameters, ensure_ascii=False, separators=(",", ":"), default=str)
    return PER_TOOL + tokens(f"{tool.name}{tool.description}{schema}")


def weigh_part(part: Part) -> int:
    """The estimated tokens of one part."""
    match part:
        case TextPart(text=text):
            return tokens(text)
        case ResultPart(text=text, pictures=pictures):
            return tokens(text) + IMAGE_TOKENS * len(pictures)
        case CallPart(name=name, args=args, carry=carry):
            return tokens(name + args + carry)
        case ImagePart():
            return IMAGE_TOKENS
        case FilePart():
            return DOCUMENT_TOKENS
