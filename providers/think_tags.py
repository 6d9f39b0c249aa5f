"""Tells what a model thought from what it says, where its server does not: `<think>` in the text, or only the closing
tag of it, or all of an answer where thoughts belong.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from bot.domain.approvals import SignInRequest, ToolRequest
from bot.domain.generated import GeneratedFile
from bot.domain.stream_parts import Finish, Reason, StreamPart, Text, Thinking

TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<reasoning>": "</reasoning>",
    "<thought>": "</thought>",  # Gemini behind its OpenAI endpoint
    "[THINK]": "[/THINK]",
    "◁think▷": "◁/think▷",  # Kimi
}
CLOSE = "</think>"  # the one that comes without an opening tag, where the server's template has written that
BEGINNINGS = (*TAGS, CLOSE)
RULE = "\n\n---\n\n"
BLANK = 1_000  # characters before the tag: whoever sends more blanks does not begin with it
LONGEST = 400_000  # characters that are remembered of an answer
MOST_TAGS = 20  # in an answer that are looked at: what has more of them is no thinking


class ThinkTags:
    """Separates one answer's parts. Only a tag at the start counts, in whatever pieces it comes; others are text.

    That only the closing tag will come is known when it comes, and until then what was thought has been shown: no
    ordinary answer is held back for it. So of a model's first such answer people see the thoughts, a rule, and the
    answer. `learned` is then true, and to be given as `unopened` to the model's next answers, which begin with
    thinking until the tag comes. When one ends without the tag, and not for its length, it was no thinking: it is
    said at its end, and `learned` is false. It is None where an answer teaches nothing.
    """

    def __init__(self, *, unopened: bool = False) -> None:
        self.learned: bool | None = None
        self._unopened = unopened
        self._read: Callable[[bool], Iterable[StreamPart]] = self._start  # how what comes next is read
        self._held = ""  # what was not read yet, because it may be a tag's beginning
        self._calm = False  # text is passed on as it comes
        self._more = False  # there is more to read in it, in another way
        self._close = CLOSE
        self._fresh = True  # nothing was thought yet
        self._apart = False  # the server sends thoughts apart: none are in the text
        self._seen: list[str] | None = []  # the text so far; None: nothing is looked for in it any more
        self._length = 0
        self._tags = 0

    def parts(self, part: StreamPart) -> Sequence[StreamPart]:
        if isinstance(part, Text):
            if self._calm and (self._seen is None or "<" not in part.text):  # nearly always
                self._note(part.text)
                return (part,)
            self._held += part.text
            return list(self._parts(ended=False))
        if isinstance(part, Thinking):
            self._apart = True
            return (part,)
        rest = list(self._parts(ended=True)) if self._held else []
        if isinstance(part, Finish) and part.reason is Reason.STOP:
            rest += self._mended()
        return (*rest, part)

    def _parts(self, *, ended: bool) -> Iterator[StreamPart]:
        self._more = True
        while self._more:
            self._more = False
            yield from self._read(ended)
        self._calm = self._read == self._answer and not self._held

    def _mended(self) -> Iterator[StreamPart]:
        """What was no thinking after all."""
        if self._read == self._without_opening:
            self.learned = False
            if said := "".join(self._seen or ()):
                yield Text(said)

    def _start(self, ended: bool) -> Sequence[StreamPart]:
        begin = self._held.lstrip()
        tag = next((tag for tag in BEGINNINGS if begin.startswith(tag)), None)
        if tag and self._tags < MOST_TAGS:
            self._tags += 1
            self._fresh, self._more, self._held = False, True, begin[len(tag) :]
            if tag in TAGS:
                self._close, self._read = TAGS[tag], self._thinking
        elif tag or ended or len(self._held) >= BLANK or not any(tag.startswith(begin) for tag in BEGINNINGS):
            self._held = self._held if self._fresh else self._held.lstrip("\r\n")
            expected = self._fresh and self._unopened and not self._apart
            self._read, self._more = self._without_opening if expected else self._answer, True
        return ()

    def _thinking(self, ended: bool) -> Iterator[StreamPart]:
        thought, closed, self._held = self._held.partition(self._close)
        if closed:
            self._closed()
        else:
            thought, self._held = _certain(thought, "" if ended else self._close)
        if thought:
            yield Thinking(thought)

    def _without_opening(self, ended: bool) -> Iterator[StreamPart]:
        """Thinking, kept in case that it is none."""
        thought, closed, self._held = self._held.partition(CLOSE)
        if not closed:
            thought, self._held = _certain(thought, "" if ended else CLOSE)
        elif self._tags < MOST_TAGS and _quoted("".join(self._seen or ()) + thought):
            self._tags += 1
            self._more = True
            thought += closed
        else:
            self._closed()
        self._note(thought)
        if thought:
            yield Thinking(thought)

    def _answer(self, ended: bool) -> Iterator[StreamPart]:
        """Text, in which a closing tag without an opening one may come."""
        said, closed, after = self._held.partition(CLOSE)
        if self._seen is None:
            said, self._held = self._held, ""
        elif not closed:
            said, self._held = _certain(said, "" if ended else CLOSE)
        elif not after and not ended:  # what follows decides
            self._held = closed
        elif self._tags < MOST_TAGS and _closes("".join(self._seen or ()) + said, after):
            self.learned, self._held = True, after
            self._closed()
            said += RULE if after else ""
        else:
            self._tags += 1
            self._more, said, self._held = True, said + closed, after
        self._note(said)
        if said:
            yield Text(said)

    def _closed(self) -> None:
        """After a closing tag comes the answer, or another thought."""
        self._read, self._more, self._fresh, self._seen = self._start, True, False, None

    def _note(self, said: str) -> None:
        if self._seen is None or not said:
            return
        self._length += len(said)
        if self._length > LONGEST or self._tags >= MOST_TAGS:
            self._seen = None
        else:
            self._seen.append(said)


class OnlyThoughts:
    """The answer of servers that put all of it where thoughts belong, and nothing where the answer belongs."""

    def __init__(self) -> None:
        self._thoughts: list[str] | None = []
        self._length = 0

    @property
    def possible(self) -> bool:
        """Whether no text has come yet."""
        return self._thoughts is not None

    def note(self, part: StreamPart) -> None:
        if self._thoughts is None:
            return
        if isinstance(part, Thinking):
            self._thoughts.append(part.text)
            self._length += len(part.text)
        said = isinstance(part, GeneratedFile | ToolRequest | SignInRequest) or (
            isinstance(part, Text) and not part.text.isspace()
        )
        if self._length > LONGEST or said:
            self._thoughts = None

    def answer(self) -> Iterator[Text]:
        """When the model was done, and called nothing."""
        said = "".join(self._thoughts or ())
        if said.strip():
            yield Text(said)


def _certain(said: str, tag: str) -> tuple[str, str]:
    """What is no part of the tag, and the end that may be its beginning."""
    keep = next((size for size in range(len(tag) - 1, 0, -1) if said.endswith(tag[:size])), 0)
    return said[: len(said) - keep], said[len(said) - keep :]


def _closes(before: str, after: str) -> bool:
    """Whether a closing tag ends thoughts: it is alone at a line's start or end, and not in code or after an opening one."""
    alone = not before or before.endswith("\n") or not after or after.startswith(("\n", "\r"))
    opened = any(tag in before for tag in TAGS)
    return alone and not opened and before.count("```") % 2 == 0 and not _quoted(before)


def _quoted(before: str) -> bool:
    """Whether the line is within `code` at its end."""
    return before[before.rfind("\n") + 1 :].count("`") % 2 == 1
