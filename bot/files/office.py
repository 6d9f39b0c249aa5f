"""Word and PowerPoint files as text. Only their XML is read: macros, pictures and links to elsewhere stay untouched."""

from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from bot.domain.file_text import FileText
from bot.files.archive import Archive
from bot.files.limits import in_lines, in_pieces, table

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # says the same once more
SIGNS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{A}br": "\n"}
DOCUMENT = "word/document.xml"
PRESENTATION = "ppt/presentation.xml"


def read_docx(archive: Archive) -> FileText:
    return in_lines(_document(archive))


def read_pptx(archive: Archive) -> FileText:
    shown = archive.relations(PRESENTATION)
    slides = [shown[one.get(f"{R}id", "")][1] for one in archive.xml(PRESENTATION).iter(f"{P}sldId")]
    return in_pieces(
        "slides",
        (f"## Slide {number}\n{_slide(archive, name)}\n" for number, name in enumerate(slides, 1)),
        len(slides),
    )


def _document(archive: Archive) -> Iterator[str]:
    styles = archive.optional("word/styles.xml")
    names: dict[str, str] = {}
    for style in () if styles is None else styles.iter(f"{W}style"):
        name = style.find(f"{W}name")
        names[style.get(f"{W}styleId", "")] = "" if name is None else name.get(f"{W}val", "").lower()
    links = {id: target for id, (kind, target) in archive.relations(DOCUMENT).items() if kind == "hyperlink"}
    for body in archive.xml(DOCUMENT).iter(f"{W}body"):
        yield from _blocks(body, names, links)
    for part, title in (("footnotes", "Footnotes"), ("comments", "Comments")):
        notes = archive.optional(f"word/{part}.xml")
        lines = [] if notes is None else [line for line in _blocks(notes, names, links) if line.strip()]
        if lines:
            yield f"## {title}"
            yield from lines


def _blocks(parent: Element, styles: Mapping[str, str], links: Mapping[str, str]) -> Iterator[str]:
    for child in parent:
        if child.tag == f"{W}p":
            yield _paragraph(child, styles, links)
        elif child.tag == f"{W}tbl":
            rows = ([_text(cell, links) for cell in row.iter(f"{W}tc")] for row in child.iter(f"{W}tr"))
            yield from table(rows)
        elif child.tag != FALLBACK:
            yield from _blocks(child, styles, links)


def _paragraph(paragraph: Element, styles: Mapping[str, str], links: Mapping[str, str]) -> str:
    text = _text(paragraph, links)
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    name = "" if style is None else styles.get(style.get(f"{W}val", ""), "")
    if name == "title" and text:
        return f"# {text}"
    if name.startswith("heading ") and name[8:].isdigit() and text:
        return f"{'#' * min(int(name[8:]), 6)} {text}"
    listed = name.startswith("list") or paragraph.find(f"{W}pPr/{W}numPr") is not None
    return f"- {text}" if listed and text else text


def _text(parent: Element, links: Mapping[str, str]) -> str:
    """What stands in it, in order; paragraphs inside it as lines."""
    return "".join(_signs(parent, links)).strip("\n")


def _signs(parent: Element, links: Mapping[str, str]) -> Iterator[str]:
    for child in parent:
        if child.tag in (f"{W}t", f"{A}t"):
            yield child.text or ""
        elif child.tag in SIGNS:
            yield SIGNS[child.tag]
        elif child.tag not in (FALLBACK, f"{W}tabs"):
            yield from _signs(child, links)
            if child.tag in (f"{W}p", f"{A}p"):
                yield "\n"
            elif address := links.get(child.get(f"{R}id", "")) if child.tag == f"{W}hyperlink" else None:
                yield f" ({address})"


def _slide(archive: Archive, name: str) -> str:
    lines = list(_shapes(archive.xml(name)))
    for kind, target in archive.relations(name).values():
        if kind == "notesSlide" and (notes := archive.optional(target)) is not None:
            lines += [f"Notes: {text}" for text in _shapes(notes) if not text.isdigit()]
    return "\n".join(lines)


def _shapes(parent: Element) -> Iterator[str]:
    for child in parent:
        if child.tag == f"{A}tbl":
            rows = ([_text(cell, {}) for cell in row.iter(f"{A}tc")] for row in child.iter(f"{A}tr"))
            yield from table(rows)
        elif child.tag == f"{P}txBody":
            if text := _text(child, {}):
                yield text
        elif child.tag != FALLBACK:
            yield from _shapes(child)
