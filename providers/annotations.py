"""What each vendor calls a source, as CitedSource."""

from collections.abc import Iterator
from typing import Any

from providers.lenient_json import as_list, as_object, as_text
from providers.source_numbers import MARK, CitedSource

MOST = 200  # annotations of one answer that are looked at
MARK_ROOM = 210  # characters beside an annotation's place in which its mark may stand


def annotation(said: Any, text: str = "") -> CitedSource:
    """OpenAI's, in both of its forms, and what others made of them. `text`: what it is an annotation of."""
    outer = as_object(said)
    kind = as_text(outer.get("type"))
    inner = as_object(outer.get(kind)) or outer
    title = as_text(inner.get("title")) or as_text(inner.get("filename")) or as_text(inner.get("file_name"))
    counted = title.isascii() and title.isdecimal() and len(title) < 3  # xAI names its sources so
    return CitedSource(
        title="" if counted else title,
        address=as_text(inner.get("url")),
        number=int(title) if counted else 0,
        mark=_mark_of(outer, text),
    )


def _mark_of(said: dict[str, Any], text: str) -> str:
    """The mark that an annotation explains: as it says, or what stands where it says."""
    own = as_text(said.get("text"))
    if own or "†" not in text:
        return own
    start, end = said.get("start_index", said.get("index")), said.get("end_index")
    if not isinstance(start, int) or start < 0:
        return ""
    if isinstance(end, int) and MARK.fullmatch(text, start, end):
        return text[start:end]
    if found := MARK.match(text, start):
        return found[0]
    before = [found[0] for found in MARK.finditer(text, max(0, start - MARK_ROOM), start)]
    return before[-1] if before and text.endswith(before[-1], 0, start) else ""


def listed_sources(chunk: dict[str, Any]) -> Iterator[CitedSource]:
    """Perplexity's: the numbers in its text are places in these lists."""
    titles = {
        as_text(result.get("url")): as_text(result.get("title"))
        for result in map(as_object, as_list(chunk.get("search_results"))[:MOST])
    }
    listed = as_list(chunk.get("citations")) or as_list(chunk.get("search_results"))
    for number, cited in enumerate(listed[:MOST], 1):
        address = as_text(cited) or as_text(as_object(cited).get("url"))
        title = titles.get(address) or as_text(as_object(cited).get("title"))
        yield CitedSource(number=number, title=title, address=address)


def citation(said: Any) -> CitedSource:
    """Anthropic's, which belong to the block of text they come with."""
    cited = as_object(said)
    source = as_text(cited.get("url")) or as_text(cited.get("source"))
    title = as_text(cited.get("title")) or as_text(cited.get("document_title"))
    web = source[:4].lower() == "http"
    return CitedSource(
        title=title or ("" if web else source), address=source if web else "", place=_pages(cited), here=True
    )


def _pages(cited: dict[str, Any]) -> str:
    first, after = cited.get("start_page_number"), cited.get("end_page_number")
    if not isinstance(first, int):
        return ""
    several = isinstance(after, int) and after - 1 > first  # the end is the page after
    return f"pages {first} to {after - 1}" if several and isinstance(after, int) else f"page {first}"


def grounding(metadata: Any) -> Iterator[CitedSource]:
    """Gemini's, in the order in which the answer rests on them. They come when the text has been said."""
    data = as_object(metadata)
    chunks = as_list(data.get("groundingChunks"))[:MOST]
    order = [
        index
        for support in map(as_object, as_list(data.get("groundingSupports"))[: 10 * MOST])
        for index in as_list(support.get("groundingChunkIndices"))[:MOST]
        if isinstance(index, int) and 0 <= index < len(chunks)
    ]
    for index in dict.fromkeys([*order, *range(len(chunks))]):
        chunk = as_object(chunks[index])
        for kind in ("web", "retrievedContext", "maps"):
            if found := as_object(chunk.get(kind)):
                yield CitedSource(title=as_text(found.get("title")), address=as_text(found.get("uri")))
