"""The numbered sources of an answer: Teams shows them as citations behind the numbers in its text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adapters.teams.outbound.rendering.inline import cited, web_address
from bot.document import links
from bot.document.nodes import (
    Block,
    Document,
    Emphasis,
    FootnoteText,
    Heading,
    Inline,
    Link,
    ListBlock,
    ListItem,
    Paragraph,
    Picture,
    QuoteBlock,
    Strike,
    Strong,
    TableBlock,
    Words,
)
from bot.document.source_list import source_label
from bot.domain.stream_parts import Source

CITED = 10
"""Teams allows 20 citations, Microsoft's own Playground 10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A source of the text; `number` is the one in brackets there."""

    number: int
    name: str
    url: str


def citations(document: Document) -> tuple[Citation, ...]:
    """Each number with the first link it is the label of."""
    found: dict[int, Citation] = {}
    for link in links_of(document.blocks):
        if (number := cited(link)) is not None:
            url = web_address(link.target)
            found.setdefault(number, Citation(number=number, name=links.host(url), url=url))
    return tuple(found[number] for number in sorted(found))


def credited(
    sources: Sequence[Source], linked: Sequence[Citation], text: str
) -> tuple[tuple[Citation, ...], tuple[Source, ...]]:
    """The citations behind the numbers in the text, and the sources that no number leads to: these are listed. `linked` is
    what the text itself has behind its numbers.
    """
    found = {citation.number: citation for citation in linked}
    others = []
    for source in sources:
        number, url = source.number, web_address(source.address)
        if number not in found and len(found) < CITED and f"[{number}]" in text:
            found[number] = Citation(number=number, name=source_label(source), url=url)
        elif number not in found or found[number].url != url:
            others.append(source)
    return tuple(found[number] for number in sorted(found)), tuple(others)


def links_of(nodes: Sequence[Block | ListItem | Inline]) -> Iterator[Link]:
    """All links in these nodes, in their order; a picture is a link too."""
    for node in nodes:
        match node:
            case Link():
                yield node
            case Picture(alt, source):
                yield Link((Words(alt),), source)
            case Strong(inside) | Emphasis(inside) | Strike(inside) | Paragraph(inside) | Heading(_, inside):
                yield from links_of(inside)
            case QuoteBlock(inside) | ListItem(inside) | FootnoteText(_, inside) | ListBlock(inside):
                yield from links_of(inside)
            case TableBlock(header, rows):
                for row in (header, *rows):
                    for cell in row:
                        yield from links_of(cell)
