"""What the model that answers now gets to see: the neutral form every dialect translates from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePart:
    """An image as bytes; `media_type` is image/png, image/jpeg, image/gif or image/webp."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A document as bytes, for models that read it themselves (application/pdf)."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPart:
    """A tool call the assistant made. `id` is canonical: nine letters or digits. `args` is a JSON object as text."""

    id: str
    name: str
    args: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPart:
    """What a tool answered to the call with this id."""

    id: str
    name: str
    text: str
    failed: bool = False


Part = TextPart | ImagePart | FilePart | CallPart | ResultPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One entry of a prompt. `role` is "user" or "assistant"; results travel in a user message, first."""

    role: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool the model may call. `parameters` is a plain JSON Schema object."""

    name: str
    description: str
    parameters: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A whole request, legal for every dialect: roles alternate, the first and the last message are the user's,
    no part is empty, every call has its result in the next message.
    """

    system: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    max_output: int | None = None  # tokens; None: the model's own default
    asker: str = ""  # hash of the person, for vendors that want one; never an id
    conversation: str = ""  # the conversation's digest: a key for vendors' prompt caches
