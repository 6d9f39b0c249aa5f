"""What a person sees in Teams of a message's Markdown, read as a client does that knows all of CommonMark."""

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from adapters.teams.outbound.rendering.markdown import ShownMarkdown
from tests.document.seen import Line, Piece, lines, tidy, without_levels
from tests.teams import eyes

PARSER = MarkdownIt("commonmark", {"html": True}).enable("strikethrough")
UNSEEN = "\u200b"  # stands beside marks, so that Teams reads them
STYLES = {"strong": "b", "em": "i", "s": "s"}


def rendered(text: str) -> str:
    return ShownMarkdown(extended=False).finished(text)


def shown(text: str) -> list[Line]:
    return list(_blocks(SyntaxTreeNode(PARSER.parse(rendered(text))), ""))


def expected(seen: str) -> list[Line]:
    """A heading is a line in bold. Tables are text: of them only the words are compared."""
    return [without_levels(line) for line in lines(seen)]


def _blocks(node: SyntaxTreeNode, quote: str, level: int = 0) -> Iterator[Line]:
    for child in node.children:
        match child.type:
            case "paragraph" | "heading":
                yield from _lines(child.children[0], quote, quote)
            case "fence" | "code_block":
                for line in child.content.removesuffix("\n").split("\n"):
                    yield (Piece(f"{quote}│ {line}".rstrip()),)
            case "hr":
                yield (Piece(f"{quote}———"),)
            case "blockquote":
                yield from _blocks(child, f"{quote}> ", 0)
            case "bullet_list" | "ordered_list":
                yield from _items(child, quote, level)
            case _:
                yield (Piece(f"{quote}{child.content}"),)


def _items(node: SyntaxTreeNode, quote: str, level: int) -> Iterator[Line]:
    number = int(node.attrs.get("start", 1) or 1)
    for place, item in enumerate(node.children, number):
        mark = f"{place}. " if node.type == "ordered_list" else "• "
        begin = f"{quote}{'  ' * level}{mark}"
        if item.children and item.children[0].type in {"paragraph", "heading"}:
            yield from _lines(item.children[0].children[0], begin, quote)
            yield from _blocks_of(item.children[1:], quote, level + 1)
        else:
            yield (Piece(begin.rstrip()),)
            yield from _blocks_of(item.children, quote, level + 1)


def _blocks_of(nodes: list[SyntaxTreeNode], quote: str, level: int) -> Iterator[Line]:
    for node in nodes:
        root = SyntaxTreeNode()
        root.children = [node]
        yield from _blocks(root, quote, level)


def _lines(node: SyntaxTreeNode, first: str, then: str) -> Iterator[Line]:
    rows: list[list[Piece]] = [[Piece(first)]]
    for piece in _pieces(node, Piece("")):
        if piece.text == "\n":
            rows.append([Piece(then)])
        else:
            rows[-1].append(piece)
    yield from map(tidy, rows)


def _pieces(node: SyntaxTreeNode, like: Piece) -> Iterator[Piece]:
    for child in node.children:
        match child.type:
            case "softbreak" | "hardbreak":
                yield Piece("\n")
            case "code_inline":
                yield like._replace(text=child.content, style=like.style | {"c"})
            case "link":
                yield from _pieces(child, like._replace(url=str(child.attrs["href"])))
            case "strong" | "em" | "s":
                yield from _pieces(child, like._replace(style=like.style | {STYLES[child.type]}))
            case _:
                yield like._replace(text=child.content.replace(UNSEEN, ""))


def live(text: str) -> list[str]:
    """What Teams would act on."""
    return eyes.live(rendered(text))
