"""An answer as Teams' Markdown: while it grows, and whole."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from adapters.teams.outbound.rendering.blocks import BlockWriter, between
from adapters.teams.outbound.rendering.inline import literal
from adapters.teams.outbound.rendering.sources import Citation, citations
from bot.delivery.last_resort import rendered
from bot.document.growing import GrowingDocument, Kept
from bot.document.nodes import Block, Document
from bot.document.reading import parse


def to_markdown(text: str) -> str:
    """A whole text; plain where it cannot be rendered."""
    return rendered(text, _to_markdown, plainly)


def plainly(text: str) -> str:
    """A text in which nothing is markup, line by line."""
    lines = (literal(line) for line in text.split("\n"))
    return "\n".join(f"\\{line}" if line[:1] in "#>+-=" and line else line for line in lines).strip()


class ShownMarkdown:
    """An answer that grows; takes the whole text so far, each time longer than before.

    It never fails: from the first error on the text is shown plain.
    """

    def __init__(self, *, extended: bool) -> None:
        self.sources: tuple[Citation, ...] = ()
        self._writer = BlockWriter(extended, early=True)
        self._document = GrowingDocument()
        self._kept = Kept(self._writer.block)
        self._shown = ""
        self._plain = False

    def grown(self, text: str) -> str:
        """The text so far, for a message that is edited."""
        return self._made(text, lambda text: self._whole(self._document.grown(text)))

    def steady(self, text: str) -> str:
        """The text as far as it will stay, for a stream: every later one begins with this one.

        What comes later may change what was shown: the target of a link that is defined below, say. Then no more is
        shown; `finished` has it.
        """
        shown = self._made(text, self._steady)
        if shown.startswith(self._shown):
            self._shown = shown
        return self._shown

    def finished(self, text: str) -> str:
        """The whole text, and its sources."""
        return self._made(text, self._finished)

    def _finished(self, text: str) -> str:
        document = self._document.finished(text)
        self.sources = citations(document)
        if "[^" in text:
            return _joined(document.blocks, map(replace(self._writer, early=False).block, document.blocks))
        return self._whole(document)

    def _whole(self, document: Document) -> str:
        return _joined(document.blocks, self._kept.of(document))

    def _steady(self, text: str) -> str:
        blocks = self._document.steady(text).blocks
        last = [self._writer.block(block, grows=True) for block in blocks[-1:]]
        return _joined(blocks, [*self._kept.of(Document(blocks[:-1])), *last])

    def _made(self, text: str, make: Callable[[str], str]) -> str:
        return plainly(text) if self._plain else rendered(text, make, self._give_up)

    def _give_up(self, text: str) -> str:
        self._plain = True
        return plainly(text)


def _to_markdown(text: str) -> str:
    blocks = parse(text).blocks
    return _joined(blocks, map(BlockWriter().block, blocks))


def _joined(blocks: Iterable[Block], made: Iterable[str]) -> str:
    lines: list[str] = []
    before: Block | None = None
    for block, text in zip(blocks, made, strict=True):
        if text:
            lines += [*(between(before, block) if before else ()), text]
            before = block
    return "\n".join(lines).rstrip()
