"""Words that came as HTML. Only entities that end in ";" are decoded: `?id=1&region=eu` holds none, though HTML also
knows `&reg` without one.
"""

import re
from html import unescape
from html.entities import html5

LARGEST = 100_000  # characters of one message's HTML: more than Teams lets anybody send
ENTITY = re.compile(r"&(#\d{1,7};|#[xX][\da-fA-F]{1,6};|[A-Za-z][\da-zA-Z]{1,31};)?")
NO_TAG = re.compile(r"<(?!/?[A-Za-z](?:[^\"'<>]++|\"[^\"]*+\"|'[^']*+')*+>)")
WORD = re.compile(r"\w+")


def decode_entities(text: str) -> str:
    return ENTITY.sub(lambda found: unescape(found[0]) if _known(found) else found[0], text)


def strict_html(html: str) -> str:
    """The HTML without comments, and with every "&" and "<" escaped that begins no entity and no whole tag. Python's
    parser takes some of them for entities, also in attributes, and takes long over many tags that never end.
    """
    html = _without_comments(html[:LARGEST])
    html = NO_TAG.sub("&lt;", html)
    return ENTITY.sub(lambda found: found[0] if _known(found) else f"&amp;{found[1] or ''}", html)


def says_all(longer: str, text: str) -> bool:
    """Whether every word of the text is among those of the longer one."""
    return set(WORD.findall(text.casefold())) <= set(WORD.findall(longer.casefold()))


def _known(found: re.Match[str]) -> bool:
    name = found[1]
    return bool(name) and (name[0] == "#" or name in html5)


def _without_comments(html: str) -> str:
    kept, at = [], 0
    while (start := html.find("<!--", at)) >= 0 and (end := html.find("-->", start)) >= 0:
        kept.append(html[at:start])
        at = end + 3
    return "".join([*kept, html[at:]])
