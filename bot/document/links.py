"""What a link may become. A model's text is untrusted: its targets are judged here, the same for every platform."""

import re
import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from bot.document import bounds

ADDRESS: Final = re.compile(
    r"(?i)\b(?:https?|ftp)://[^\s<>\"'`|\\\u3000-\u303f\uff01-\uff20]+|\bwww\.[^\s<>\"'`|\\\u3000-\u303f\uff01-\uff20]+"
)
"""A bare address inside text. `trimmed` takes off the sentence's punctuation."""
UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\u061c\ufe00-\ufe0f]")
"""What may stand in text and not in a label: it could make one host look like another."""

JUDGED: Final = 256  # links that are remembered: a growing answer shows the same ones at every draw

_MAIL = re.compile(r"(?i)mailto:[\w.+-]{1,64}@[\w.-]{1,255}")
_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@\s]{0,64}@)?([\w-]+(?:\.[\w-]+)*\.([^\W\d_]{2,}))(?:[/:?#]\S*)?",
    re.IGNORECASE,
)
_ENDINGS: Final = (
    "c cc cfg conf cpp cs css csv doc docx env exe gif go gz h hpp html ini ipynb jar java jpeg jpg js json jsonl jsx "
    "kt lock log lua md mdx mjs pdf php pl png ppt pptx proto ps1 py pyi rb rs rst scala sh sql svg swift tar tex tf "
    "toml ts tsx txt vue wasm webp xls xlsx xml yaml yml zip"
)
_FILES: Final = frozenset(_ENDINGS.split())
"""Endings that are also top-level domains, or will be: as the end of a word they name a file."""


@lru_cache(maxsize=JUDGED)
def linkable(target: str) -> str:
    """The URL as it may be linked, "" when it may not: web and mail only, without credentials."""
    try:
        parts = urlsplit(target)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return ""
    if len(target) > bounds.TARGET or not target.isprintable() or " " in target or "\\" in target:
        return ""
    if parts.scheme.lower() == "mailto":
        return target if _MAIL.fullmatch(target) else ""
    if parts.scheme.lower() not in {"http", "https"} or parts.username is not None:
        return ""
    named = bool(host) and all(sign.isalnum() or sign in ".-" for sign in host)
    return target if named or (host and ":" in host and "[" in parts.netloc) else ""


def trimmed(found: str) -> str:
    """A bare address without the punctuation that belongs to the sentence around it."""
    end = len(found)
    surplus = found.count(")") - found.count("(")
    while end:
        sign = found[end - 1]
        if sign == ")" and surplus > 0:
            surplus -= 1
        elif sign not in ".,;:!?*_~'\"]}>" and not (ord(sign) > 127 and unicodedata.category(sign)[0] == "P"):
            break
        end -= 1
    return found[:end]


def host(url: str) -> str:
    """The host in ASCII, so that look-alike letters are visible; the address of a `mailto:`."""
    parts = urlsplit(url)
    name = parts.hostname or parts.path
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return ascii(name).strip("'")


def displayed(url: str) -> str:
    """The URL with its host in ASCII."""
    name = urlsplit(url).hostname or ""
    return url if name.isascii() else url.replace(name, host(url), 1)


def is_itself(label: str, url: str) -> bool:
    """Whether a label is exactly its URL, with or without the scheme."""
    bare = url.removeprefix("mailto:").rstrip("/")
    return label.isascii() and label.rstrip("/") in {
        url.rstrip("/"), bare, re.sub(r"(?i)^https?://", "", bare),
    }  # fmt: skip


@lru_cache(maxsize=JUDGED)
def misleads(label: str, url: str) -> bool:
    """Whether a label shows another address than its URL's. One that merely has a dot in it (`README.md`) does not."""
    seen = unicodedata.normalize("NFKC", UNSEEN.sub("", label))[:500]
    if is_itself(seen.strip(), url):
        return False
    true = _bare(host(url))
    for word in seen.split()[:40]:
        shown = word.strip("\"'`()<>[]{}.,;:!?*_~")
        found = _HOST.fullmatch(shown)
        if found is None:
            if "://" in shown or shown.lower().startswith("www."):
                return True
            continue
        plain_word = "://" not in shown and "/" not in shown and "@" not in shown
        if plain_word and found[2].lower() in _FILES:
            continue
        claimed = _bare(found[1])
        if claimed != true and not true.endswith(f".{claimed}"):
            return True
    return False


def _bare(name: str) -> str:
    return name.lower().removeprefix("www.")
