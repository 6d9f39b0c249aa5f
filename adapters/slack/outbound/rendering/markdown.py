"""Model text as a syntax tree, and what links in it may become.

Everything for Slack is built from this tree, never from the text. HTML is not recognised, images are never
shown, and a URL only becomes a link where a person can see its target.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from bot.delivery.last_resort import without_wide_tables

ADDRESS = re.compile(r"(?i)\b(?:https?|ftp)://[^\s<>\"'`|\\]+|\bwww\.[^\s<>\"'`|\\]+")
LOOKS_LIKE_ADDRESS = re.compile(r"(?i)://|\bwww\.|[\w-]\.[a-z]{2,}\b")
MEDIA = re.compile(r"(?i)\.(?:png|jpe?g|gif|webp|svg|bmp|avif|heic|mp4|mov|webm|mp3|wav|ogg)$")
INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that reorder or hide text, and control characters. Joiners stay: emoji and several scripts need them."""

DEEPEST = 60  # of emphasis and links within each other: every walk of the tree calls itself for each

_PARSER = (
    MarkdownIt("commonmark", {"html": False})
    .enable(["table", "strikethrough"])
    .disable(["html_block", "html_inline", "reference"])  # a reference hides a link's target
)
_PARSER.validateLink = lambda url: True  # type: ignore[method-assign]  # judged by `link_for`, so that no text is lost


def tree(source: str) -> SyntaxTreeNode:
    """Raises RecursionError for a text that is nested deeper than anybody writes."""
    tokens = _PARSER.parse(without_wide_tables(INVISIBLE.sub("", source)))
    if max(map(_depth, tokens), default=0) > DEEPEST:
        raise RecursionError("nested too deep")
    return SyntaxTreeNode(tokens)


def plain_tree(source: str) -> SyntaxTreeNode:
    """The text as one paragraph without any markup."""
    words = Token("text", "", 0, content=INVISIBLE.sub("", source).strip())
    inside = Token("inline", "", 0, children=[words], level=1)
    return SyntaxTreeNode([Token("paragraph_open", "p", 1), inside, Token("paragraph_close", "p", -1)])


def _depth(token: Token) -> int:
    """How deep emphasis and links lie within each other in one paragraph."""
    return max(accumulate(child.nesting for child in token.children or ()), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Some text in one style. `url` is set where it is a link."""

    text: str
    url: str = ""
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False


PLAIN = Run(text="")


def inline(node: SyntaxTreeNode, like: Run = PLAIN) -> Iterator[Run]:
    """The runs of a paragraph, heading or cell, in order."""
    for child in node.children:
        match child.type:
            case "text" | "text_special":
                yield from _addresses(child.content, like)
            case "code_inline":
                yield replace(like, text=child.content, code=True)
            case "softbreak" | "hardbreak":
                yield replace(like, text="\n")
            case "strong" | "em" | "s":
                yield from _styled(child, like)
            case "link":
                yield from _link(child, like)
            case "image":
                yield from _picture(child, like)
            case _:
                yield from inline(child, like)


def _styled(node: SyntaxTreeNode, like: Run) -> Iterator[Run]:
    match node.type:
        case "strong":
            return inline(node, replace(like, bold=True))
        case "em":
            return inline(node, replace(like, italic=True))
    return inline(node, replace(like, strike=True))


def words(node: SyntaxTreeNode) -> str:
    """The plain text inside, without marks."""
    return "".join(part.text for part in inline(node))


def _addresses(text: str, like: Run = PLAIN) -> Iterator[Run]:
    """Text with its bare URLs as links to themselves, or as code where the target is not allowed."""
    at = 0
    for found in ADDRESS.finditer(text):
        address = _trimmed(found.group())
        url = _safe(address if "://" in address else f"https://{address}")
        if text[at : found.start()]:
            yield replace(like, text=text[at : found.start()])
        yield replace(like, text=address, url=url, code=like.code or not url)
        at = found.start() + len(address)
    if text[at:]:
        yield replace(like, text=text[at:])


def _trimmed(address: str) -> str:
    """Without the punctuation that belongs to the sentence around it."""
    while address and (
        address[-1] in ".,;:!?*_~'\"" or (address[-1] == ")" and address.count("(") < address.count(")"))
    ):
        address = address[:-1]
    return address


def _link(node: SyntaxTreeNode, like: Run = PLAIN) -> Iterator[Run]:
    """A label and its target. A label that looks like another URL is not clickable; the true URL is."""
    target = str(node.attrs.get("href") or "")
    url, label = _safe(target), words(node).strip()
    if not url:
        yield from _refused(node, target, label, like)
        return
    shown = _display(url)
    if not label or _same(label, target):
        yield replace(like, text=label or shown, url=url)
    elif LOOKS_LIKE_ADDRESS.search(label):
        yield replace(like, text=label, code=True)
        yield replace(like, text=" (")
        yield replace(like, text=shown, url=url)
        yield replace(like, text=")")
    else:
        yield replace(like, text=label, url=url)
        yield replace(like, text=f" ({_host(url)})")


def _refused(node: SyntaxTreeNode, target: str, label: str, like: Run) -> Iterator[Run]:
    """A link that is not allowed: its label, and its target as text."""
    if node.markup == "autolink":
        yield replace(like, text=f"<{label}>", code=True)
        return
    yield from inline(node, like)
    if target and target != label:
        yield from _aside(target, like)


def _aside(target: str, like: Run) -> Iterator[Run]:
    """A URL that is shown as text only."""
    yield replace(like, text=" (")
    yield replace(like, text=target, code=True)
    yield replace(like, text=")")


def _picture(node: SyntaxTreeNode, like: Run = PLAIN) -> Iterator[Run]:
    """An image becomes text: showing it would fetch it, and so send its server what the URL holds."""
    source = str(node.attrs.get("src") or "")
    yield replace(like, text=node.content or words(node))
    if source:
        yield from _aside(source, like)


def _safe(url: str) -> str:
    """The URL as it may be linked, "" when it may not: web and mail only, no media, no credentials."""
    try:
        parts = urlsplit(url)
        name = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme.lower() == "mailto":
        return url if re.fullmatch(r"(?i)mailto:[\w.+-]+@[\w.-]+", url) else ""
    if parts.scheme.lower() not in ("http", "https") or not name or parts.username or "\\" in url:
        return ""
    named = all(letter.isalnum() or letter in ".-" for letter in name)
    return url if named and not MEDIA.search(parts.path) and len(url) <= 2000 and url.isprintable() else ""


def _host(url: str) -> str:
    """The host in ASCII, so that look-alike letters are visible."""
    name = urlsplit(url).hostname or urlsplit(url).path
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return ascii(name).strip("'")


def _display(url: str) -> str:
    """The URL with its host in ASCII."""
    name = urlsplit(url).hostname or ""
    return url if name.isascii() else url.replace(name, _host(url), 1)


def _same(label: str, target: str) -> bool:
    """Whether a label is exactly its target."""
    bare = target.removeprefix("mailto:").rstrip("/")
    return (
        label.rstrip("/") in (target.rstrip("/"), bare, re.sub(r"(?i)^https?://", "", bare))
        and label.isascii()
    )
