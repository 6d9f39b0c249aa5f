"""The inlines of the tree as runs of text in one style, and what links in them may become on Slack.

What `bot.document.links` allows is linked where a person can see its target. Two rules are Slack's own: what could be
fetched for a preview (media) is never linked, and a label is followed by its true host.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, assert_never
from urllib.parse import urlsplit

from bot.document import links
from bot.document.inlines import plain
from bot.document.nodes import (
    CodeSpan,
    Emphasis,
    FootnoteMark,
    Formula,
    Inline,
    LineBreak,
    Link,
    Picture,
    Strike,
    Strong,
    Words,
)

_MEDIA = re.compile(r"(?i)\.(?:png|jpe?g|gif|webp|svg|bmp|avif|heic|mp4|mov|webm|mp3|wav|ogg)$")
_NAME = r":(?:(?=[0-9_+'-]{0,99}[a-z])[a-z0-9_+'-]{1,100}|[+-]1|100):"
_EMOJI = re.compile(rf"(?<![\w:])(?:{_NAME})++(?![\w:])")
"""Codes of emoji, as people type them. `10:30:45` and `std::vector::size` hold none."""
_CODE = re.compile(rf"{_NAME}(?::skin-tone-[2-6]:)?")


class Run(NamedTuple):
    """Some text in one style. `url` is set where it is a link; of an emoji, the text is its name.

    A tuple because a page is thousands of them: a frozen dataclass takes three times as long to make.
    """

    text: str
    style: tuple[str, ...] = ()
    url: str = ""
    emoji: bool = False

    @property
    def code(self) -> bool:
        return "code" in self.style

    def styled(self, style: str) -> "Run":
        return self if style in self.style else Run(self.text, (*self.style, style))

    def saying(self, text: str, url: str = "") -> "Run":
        return Run(text, self.style, url)


PLAIN = Run("")
BOLD = Run("", ("bold",))


def runs(inlines: Sequence[Inline], like: Run = PLAIN) -> list[Run]:
    """The runs of a paragraph, heading or cell, in order. None of them is empty."""
    return [run for inline in inlines for run in _runs(inline, like) if run.text]


def _runs(inline: Inline, like: Run) -> Iterator[Run]:
    match inline:
        case Words(text):
            yield from _words(text, like)
        case Strong(inside):
            yield from runs(inside, like.styled("bold"))
        case Emphasis(inside):
            yield from runs(inside, like.styled("italic"))
        case Strike(inside):
            yield from runs(inside, like.styled("strike"))
        case CodeSpan(text) | Formula(written=text):
            # Slack has no mathematics: the source in code keeps its stars, underscores and backslashes.
            yield like.styled("code").saying(text)
        case LineBreak():
            yield like.saying("\n")
        case FootnoteMark(label):
            yield like.saying(f"[{label}]")
        case Link():
            yield from _link(inline, like)
        case Picture(alt, source):
            # Showing an image would fetch it, and so send its server what the URL holds.
            yield like.saying(alt)
            yield from _aside(source, like, bool(alt))
        case _:
            assert_never(inline)


def _words(text: str, like: Run) -> Iterator[Run]:
    """Text with its bare addresses as links to themselves, or as code where the target is not allowed."""
    at = 0
    if "://" in text or "www." in text.lower():
        for found in links.ADDRESS.finditer(text):
            address = links.trimmed(found[0])
            url = _linkable(address if "://" in address else f"https://{address}")
            yield from _with_emoji(text[at : found.start()], like)
            yield (like if url else like.styled("code")).saying(address, url)
            if links.displayed(url) != url:
                yield like.saying(f" ({links.host(url)})")
            at = found.start() + len(address)
    yield from _with_emoji(text[at:], like)


def _with_emoji(text: str, like: Run) -> Iterator[Run]:
    at = 0
    if ":" in text and not like.code:
        for found in _EMOJI.finditer(text):
            yield like.saying(text[at : found.start()])
            for code in _CODE.finditer(found[0]):
                yield Run(code[0][1:-1], emoji=True)
            at = found.end()
    yield like.saying(text[at:])


def _link(link: Link, like: Run) -> Iterator[Run]:
    """A label and its target. A label that shows another address is not clickable; the true one is."""
    url, label = _linkable(link.target), " ".join(plain(link.inlines).split())
    if not url:
        yield from _refused(link, label, like)
        return
    shown = links.displayed(url)
    if not label or links.is_itself(label, url):
        yield like.saying(label or shown, url)
    elif links.misleads(label, url):
        yield like.styled("code").saying(label)
        yield like.saying(" (")
        yield like.saying(shown, url)
        yield like.saying(")")
    else:
        yield _of_label(link.inlines, like).saying(label, url)
        yield like.saying(f" ({links.host(url)})")


def _of_label(inlines: Sequence[Inline], like: Run) -> Run:
    """The style of a whole label: Slack's links have one."""
    while len(inlines) == 1:
        match inlines[0]:
            case Strong(inlines):
                like = like.styled("bold")
            case Emphasis(inlines):
                like = like.styled("italic")
            case Strike(inlines):
                like = like.styled("strike")
            case CodeSpan() | Formula():
                return like.styled("code")
            case _:
                return like
    return like


def _refused(link: Link, label: str, like: Run) -> Iterator[Run]:
    """A link that is not allowed: its label, and its target as text."""
    if link.bare:
        yield like.styled("code").saying(f"<{label}>")
        return
    yield from runs(link.inlines, like)
    if link.target != label:
        yield from _aside(link.target, like, bool(label))


def _aside(target: str, like: Run, behind: bool) -> Iterator[Run]:
    """An address that is shown as text only, in brackets where it stands behind something."""
    if target:
        yield like.saying(" (" * behind)
        yield like.styled("code").saying(target)
        yield like.saying(")" * behind)


def _linkable(target: str) -> str:
    url = links.linkable(target)
    return "" if url and _MEDIA.search(urlsplit(url).path) else url
