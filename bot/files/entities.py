"""Entities in words that came as HTML. Only those that end in ";" are any: `?id=1&region=eu` holds none, though HTML also
knows `&reg` without one.
"""

import re
from html import unescape
from html.entities import html5

ENTITY = re.compile(r"&(#\d{1,7};|#[xX][\da-fA-F]{1,6};|[A-Za-z][\da-zA-Z]{1,31};)?")


def decode_entities(text: str) -> str:
    return ENTITY.sub(lambda found: unescape(found[0]) if _known(found) else found[0], text)


def escape_bare_ampersands(html: str) -> str:
    """The HTML with every "&" escaped that begins no entity. Python's parser takes some of them for entities, also in
    attributes.
    """
    return ENTITY.sub(lambda found: found[0] if _known(found) else f"&amp;{found[1] or ''}", html)


def _known(found: re.Match[str]) -> bool:
    name = found[1]
    return bool(name) and (name[0] == "#" or name in html5)
