"""Words that came as HTML, made fit for Python's parser."""

import re

from bot.files.entities import escape_bare_ampersands

LARGEST = 100_000  # characters of one message's HTML: more than Teams lets anybody send
NO_TAG = re.compile(r"<(?!/?[A-Za-z](?:[^\"'<>]++|\"[^\"]*+\"|'[^']*+')*+>)")
WORD = re.compile(r"\w+")


def strict_html(html: str) -> str:
    """The HTML without comments, and with every "&" and "<" escaped that begins no entity and no whole tag: the parser
    takes long over many tags that never end.
    """
    return escape_bare_ampersands(NO_TAG.sub("&lt;", _without_comments(html[:LARGEST])))


def says_all(longer: str, text: str) -> bool:
    """Whether every word of the text is among those of the longer one."""
    return set(WORD.findall(text.casefold())) <= set(WORD.findall(longer.casefold()))


def _without_comments(html: str) -> str:
    kept, at = [], 0
    while (start := html.find("<!--", at)) >= 0 and (end := html.find("-->", start)) >= 0:
        kept.append(html[at:start])
        at = end + 3
    return "".join([*kept, html[at:]])
