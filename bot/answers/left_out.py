"""Files that a model may have refused: which, and the same prompt without them.

A vendor refuses the whole request for one picture, and the picture is in every later prompt of the conversation. So the
request is sent once more without it; if that is taken, it was the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.attached import refused_words
from bot.domain.catalog import Model
from bot.domain.errors import (
    ContextTooLong,
    DocumentsRefused,
    FilesRefused,
    ModelError,
    PicturesRefused,
    PicturesUnseen,
    Rejected,
)
from bot.domain.formatting import clip
from bot.domain.prompt import FilePart, ImagePart, Part, Prompt, TextPart, size

NAME = 60  # characters
TOLD = 6  # files that one notice names
ABOUT_BODIES = frozenset(
    {400, 413, 415, 422, None}
)  # statuses of a refusal without a word about files; None: in a stream
NO_PICTURES = "it cannot see pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesLeftOut:
    """Sent before the first text of an answer that was asked for without these files. `tokens` were not sent with them."""

    model: Model
    files: Sequence[ImagePart | FilePart]
    because: str
    tokens: int

    def notice(self) -> str:
        names = list(dict.fromkeys(clip(one.name, NAME) for one in self.files))
        more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
        return (
            f"{self.model.name} would not take {', '.join(names[:TOLD])}{more}: {self.because}. "
            "It was answered without; /model picks another."
        )


def suspects(error: ModelError, prompt: Prompt) -> Sequence[ImagePart | FilePart]:
    """The files of the prompt that may be why it was refused; none when it is about something else."""
    kinds: tuple[type[ImagePart | FilePart], ...] = (ImagePart, FilePart)
    match error:
        case PicturesRefused():
            kinds = (ImagePart,)
        case DocumentsRefused():
            kinds = (FilePart,)
        case FilesRefused():
            pass
        case Rejected() if error.status in ABOUT_BODIES:
            pass
        case ContextTooLong(status=413, limit=None):  # bytes, where no number of tokens is named
            pass
        case _:
            return ()
    parts = [part for message in prompt.messages for part in message.parts]
    return [part for part in parts if isinstance(part, ImagePart | FilePart) and isinstance(part, kinds)]


def reason_of(error: ModelError, files: Sequence[ImagePart | FilePart]) -> str:
    """Why it may have refused them, and what to do, for the person."""
    if isinstance(error, PicturesUnseen):
        return NO_PICTURES
    pdf = "a PDF may be locked, damaged or have too many pages"
    picture = (
        "a picture may be damaged, too large or of a kind it does not know; a smaller PNG or JPEG may do"
    )
    kinds = {type(one) for one in files}
    return "; ".join(words for kind, words in ((ImagePart, picture), (FilePart, pdf)) if kind in kinds)


def shown_files_of(prompt: Prompt) -> Sequence[ImagePart | FilePart]:
    return [part for message in prompt.messages for part in message.parts if isinstance(part, ImagePart)]


def without_files(prompt: Prompt, files: Sequence[ImagePart | FilePart]) -> Prompt:
    """The prompt with words in these files' places: the same words as in every later prompt."""
    gone = {id(one) for one in files} | {one.file for one in files if one.file}

    def shown(part: Part) -> Part:
        if isinstance(part, ImagePart | FilePart) and (part.file in gone or id(part) in gone):
            return TextPart(text=refused_words(part.name, part.media_type))
        return part

    messages = tuple(replace(one, parts=tuple(map(shown, one.parts))) for one in prompt.messages)
    return replace(prompt, messages=messages)


def left_out(
    model: Model, prompt: Prompt, files: Sequence[ImagePart | FilePart], because: str
) -> FilesLeftOut:
    return FilesLeftOut(
        model=model, files=files, because=because, tokens=size(prompt) - size(without_files(prompt, files))
    )
