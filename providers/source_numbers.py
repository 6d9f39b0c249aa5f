"""Numbers the sources of one answer, and puts the numbers where the vendor's own marks stand in its text.

Vendors point to a source in four ways: numbers that they count themselves (Perplexity), marks such as `【4:0†plan.pdf】`
whose meaning comes later (OpenAI's and Foundry's agents), blocks of text that come with their sources (Anthropic), or
only a list (Gemini, OpenRouter). What leaves here is the same for all: `[1]` in the text, and a Source of that number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.document.links import linkable
from bot.domain.stream_parts import MOST_SOURCES, Finish, Source, StreamPart, Text

MARK = re.compile(r"【[^【】\n]{0,200}†[^【】\n]{0,200}】")
LONGEST_MARK = 410
NAMELESS = re.compile(r"|source|L\d+(?:-L?\d+)?")
"""What stands behind the dagger of a mark that does not name its source."""
UNKNOWN = "A source that the model did not name"


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedSource(Source):
    """A source as a dialect finds it. `number` is the vendor's own, 0 for none. `mark` is what stands for it in the text,
    "" for nothing; `here`: it belongs to the text just before it.
    """

    number: int = 0
    mark: str = ""
    here: bool = False


class SourceNumbers:
    """Reads one answer's parts in their order; of a turn that its vendor paused, all of its requests'."""

    def __init__(self) -> None:
        self._sources: dict[int, Source] = {}
        self._numbers: dict[tuple[str, str], int] = {}  # by what tells a source from others, and by mark
        self._held = ""  # what may be the beginning of a mark
        self._last = ""  # the last character that was said
        self._here: set[int] = set()  # the numbers said since the last text

    def parts(self, part: StreamPart) -> Iterator[StreamPart]:
        match part:
            case Text(text):
                yield from self._read(text)
            case CitedSource():
                yield from self._cited(part)
            case Finish():
                yield from self.rest()
                yield part
            case _:
                yield part

    def rest(self) -> Iterator[StreamPart]:
        """The answer is over: what was held back, and names for what got none."""
        held, self._held = self._held, ""
        yield from self._said(held)
        for number, source in self._sources.items():
            if not (source.title or source.address):
                yield from self._known(replace(source, number=number, title=UNKNOWN))

    def _read(self, text: str) -> Iterator[StreamPart]:
        if not self._held and "【" not in text:
            yield from self._said(text)
            return
        text, self._held = self._held + text, ""
        at = 0
        for found in MARK.finditer(text):
            yield from self._said(text[at : found.start()])
            yield from self._marked(found[0])
            at = found.end()
        open_ = text.rfind("【", at)
        if open_ >= 0 and len(text) - open_ < LONGEST_MARK and not re.search(r"[】\n]", text[open_:]):
            self._held = text[open_:]
            text = text[:open_]
        yield from self._said(text[at:])

    def _said(self, text: str) -> Iterator[StreamPart]:
        if not text:
            return
        if self._here and text[0] in "([:":  # after a number they would begin a link
            text = f" {text}"
        self._here.clear()
        self._last = text[-1]
        yield Text(text)

    def _marked(self, mark: str) -> Iterator[StreamPart]:
        name = mark.rpartition("†")[2].strip("】 ")
        title = "" if NAMELESS.fullmatch(name) else name
        number = self._numbers.get(("mark", mark)) or (self._numbers.get(("", title)) if title else None)
        if number is None:
            number = self._next()
            if number is None:
                return
            yield from self._known(Source(number=number, title=title))
        self._numbers["mark", mark] = number
        yield from self._point(number)

    def _cited(self, cited: CitedSource) -> Iterator[StreamPart]:
        number = self._number_of(cited)
        if number is None:
            return
        source = Source(number=number, title=cited.title, address=_web(cited.address), place=cited.place)
        if source.title or source.address:
            yield from self._known(source)
        if cited.here and number in self._sources:
            yield from self._point(number)

    def _number_of(self, cited: CitedSource) -> int | None:
        if cited.mark and (marked := self._numbers.get(("mark", cited.mark))):
            return marked
        if 0 < cited.number <= MOST_SOURCES and self._is_free(cited.number, _web(cited.address)):
            return cited.number
        if not (cited.title or _web(cited.address)):
            return None
        return self._numbers.get(_identity(cited)) or self._named(cited.title) or self._next()

    def _named(self, title: str) -> int | None:
        """The source of that title, where nothing but its title is known."""
        number = self._numbers.get(("", title)) if title else None
        return number if number and not self._sources[number].address else None

    def _is_free(self, number: int, address: str) -> bool:
        taken = self._sources.get(number)
        return taken is None or taken.address == address

    def _next(self) -> int | None:
        number = max(self._sources, default=0) + 1
        return number if number <= MOST_SOURCES else None

    def _known(self, source: Source) -> Iterator[StreamPart]:
        """Tells what is new of a source: its address may come before its title, or after it."""
        old = self._sources.get(source.number)
        if old is not None:
            source = replace(
                source,
                title=source.title or old.title,
                address=source.address or old.address,
                place=source.place or old.place,
            )
        self._sources[source.number] = source
        if source != old and (source.title or source.address):
            self._numbers.setdefault(_identity(source), source.number)
            yield source

    def _point(self, number: int) -> Iterator[StreamPart]:
        """The number in the text, once for the same words."""
        if number in self._here:
            return
        gap = "" if self._here or not self._last or self._last.isspace() else " "
        self._here.add(number)
        yield Text(f"{gap}[{number}]")


def _web(address: str) -> str:
    """The address as it may be shown, "" for any that is not of the web."""
    return linkable(address.strip().replace(" ", "%20")) if address[:4].lower() == "http" else ""


def _identity(source: Source) -> tuple[str, str]:
    return (_web(source.address), source.place) if source.address else ("", source.title + source.place)
