"""Separates inline reasoning from an answer: some open models think between <think> and </think>."""

from collections.abc import Iterator

from bot.domain.stream_parts import Text, Thinking

OPEN, CLOSE = "<think>", "</think>"
BLANK = 1_000  # characters before the tag: whoever sends more blanks does not begin with it


class ThinkTags:
    """Only a tag at the start of an answer counts; the tags may be split over any number of parts."""

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"  # then "thinking", then "answer"

    def parts(self, said: str) -> Iterator[Text | Thinking]:
        if self._state == "answer":
            yield Text(said)
            return
        self._held += said
        if self._state == "start":
            begin = self._held.lstrip()
            if begin.startswith(OPEN):
                self._state, self._held = "thinking", begin[len(OPEN) :]
            elif OPEN.startswith(begin) and len(self._held) < BLANK:
                return
            else:
                yield from self._answer(self._held)
                return
        yield from self._thinking()

    def rest(self) -> Iterator[Text | Thinking]:
        """The text that was held back because it could be the start of a tag."""
        if self._held.strip() or (self._held and self._state == "answer"):
            yield Thinking(self._held) if self._state == "thinking" else Text(self._held)
        self._held = ""

    def _thinking(self) -> Iterator[Text | Thinking]:
        thought, closed, answer = self._held.partition(CLOSE)
        if not closed:
            keep = _overlap(thought)
            thought, self._held = thought[: len(thought) - keep], thought[len(thought) - keep :]
        if thought:
            yield Thinking(thought)
        if closed:
            self._state, self._held = "answer", ""
            if answer.lstrip("\n"):
                yield Text(answer.lstrip("\n"))

    def _answer(self, said: str) -> Iterator[Text]:
        self._state, self._held = "answer", ""
        yield Text(said)


def _overlap(said: str) -> int:
    """How many characters at the end may be the start of the closing tag."""
    return next((size for size in range(len(CLOSE) - 1, 0, -1) if said.endswith(CLOSE[:size])), 0)
