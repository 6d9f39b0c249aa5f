"""The numbered sources under an answer. Their titles are somebody else's words: as text, never as markup."""

from collections.abc import Sequence
from urllib.parse import quote

from bot.document import links
from bot.document.nodes import Inline, LineBreak, Link, Paragraph, Strong, Words
from bot.domain.formatting import clip, escape_markdown
from bot.domain.stream_parts import Source

TITLE = 80  # characters
HEADING = "Sources"
SAFE = ":/?#@!$&'*+,;=%~-._"
"""What stays as it is in an address."""


def source_label(source: Source) -> str:
    """What a source is called: by its title, or by its host."""
    return clip(source.title, TITLE) or links.host(source.address)


def named(source: Source) -> tuple[Inline, ...]:
    """A source's name, a link where it has an address."""
    words = Words(source_label(source))
    place = (Words(f", {source.place}"),) if source.place else ()
    return (Link((words,), source.address) if source.address else words, *place)


def numbered(sources: Sequence[Source]) -> tuple[Paragraph, ...]:
    """A heading and a line for each; () for none."""
    lines: list[Inline] = [Strong((Words(HEADING),))]
    for source in sources:
        lines += [LineBreak(), Words(f"{source.number}. "), *named(source)]
    return (Paragraph(tuple(lines)),) if sources else ()


def source_list(sources: Sequence[Source]) -> str:
    """The same in Markdown, for texts that are put together; "" for none."""
    lines = [f"**{HEADING}**", *(f"{source.number}\\. {_written(source)}" for source in sources)]
    return "  \n".join(lines) if sources else ""


def _written(source: Source) -> str:
    words = escape_markdown(source_label(source))
    place = f", {escape_markdown(source.place)}" if source.place else ""
    return f"[{words}](<{quote(source.address, safe=SAFE)}>){place}" if source.address else f"{words}{place}"
