"""What a link may become. A model's text is untrusted: its targets are judged here, the same for every platform."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from bot.document import bounds

ADDRESS: Final = re.compile(
    r"(?i)(?<![a-z0-9])(?:https?|ftp)://[^\s<>\"'`|\\\u3000-\u303f\uff01-\uff20]+|(?<![a-z0-9])www\.[^\s<>\"'`|\\\u3000-\u303f\uff01-\uff20]+"
)
"""A bare address inside text. `trimmed` takes off the sentence's punctuation."""
UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\u061c\ufe00-\ufe0f]")
"""What may stand in text and not in a label: it could make one host look like another."""

JUDGED: Final = 256  # links that are remembered: a growing answer shows the same ones at every draw

_MAIL = re.compile(r"(?i)mailto:[\w.+-]{1,64}@[\w.-]{1,255}")
_IN_BRACKETS = re.compile(r"\[[0-9A-Fa-f:.]+\](?::\d*)?")
_NAME = re.compile(r"(?<![\w-])[\w-]++(?:\.[\w-]++)++")
"""What may be a host: words with dots between them."""
_TOP = re.compile(r"([^\W\d_]{2,}+)(?![^\W_])|xn--", re.IGNORECASE)
_NUMBERS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_NAMELESS = re.compile(r"://(?![^\s/]*\.)|\bwww\.(?!\w)", re.IGNORECASE)
_LONGEST_LABEL: Final = 2_000
_NARROW: Final = dict.fromkeys(map(ord, "\u2006\u2009\u200a\u202f\u205f"))
_DOT = re.compile(
    "(?<=[A-Za-z0-9])[\u00b7\u0660\u06d4\u06f0\u0701\u0702\u2022\u2027\u3002\ua4f8](?=[A-Za-z0-9])"
)
"""What looks like a dot, or is one in a host."""
_UNSEEN: Final = {"Mn", "Me", "Mc", "Cf"}
_DEVIATES = re.compile("[\u00df\u03c2]")
"""Letters that Python's IDNA still replaces, and browsers no longer do."""
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
    named = bool(host) and "[" not in parts.netloc and all(sign.isalnum() or sign in ".-" for sign in host)
    return target if named or _IN_BRACKETS.fullmatch(parts.netloc) else ""


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
        return name if name.isascii() else ".".join(map(_in_ascii, name.split(".")))
    except UnicodeError:
        return ascii(name).strip("'")


def _in_ascii(label: str) -> str:
    if _DEVIATES.search(label):
        return "xn--" + unicodedata.normalize("NFKC", label).encode("punycode").decode()
    return label.encode("idna").decode()


def displayed(url: str) -> str:
    """The URL with its host in ASCII."""
    name = urlsplit(url).hostname or ""
    return url if name.isascii() else re.sub(re.escape(name), host(url), url, count=1, flags=re.IGNORECASE)


def is_itself(label: str, url: str) -> bool:
    """Whether a label is exactly its URL, with or without the scheme."""
    bare = url.removeprefix("mailto:").rstrip("/")
    return label.isascii() and label.rstrip("/") in {
        url.rstrip("/"), bare, re.sub(r"(?i)^https?://", "", bare),
    }  # fmt: skip


@lru_cache(maxsize=JUDGED)
def misleads(label: str, url: str) -> bool:
    """Whether a label shows another address than its URL's. One that merely has a dot in it (`README.md`) does not. One
    that is too long to be looked over does.
    """
    words = " ".join(label[: 10 * _LONGEST_LABEL].translate(_NARROW).split())
    if len(label) > 10 * _LONGEST_LABEL or len(words) > _LONGEST_LABEL:
        return True
    seen = words if words.isascii() else _looks(words)
    if is_itself(seen, url):
        return False
    true = _bare(host(url))
    others = (name != true and not true.endswith(f".{name}") for name in map(_bare, _hosts(seen)))
    return _NAMELESS.search(seen) is not None or any(others)


def _looks(label: str) -> str:
    """The label as it looks: without what has no width or only changes another letter."""
    signs = unicodedata.normalize("NFKC", label)
    return _DOT.sub(".", "".join(sign for sign in signs if unicodedata.category(sign) not in _UNSEEN))


def _hosts(seen: str) -> Iterator[str]:
    for found in _NAME.finditer(seen):
        start, end = found.span()
        name, after = found[0], seen[end : end + 1]
        surely = name[:4].lower() == "www." or seen.endswith(("//", "@"), max(0, start - 2), start)
        top = _TOP.match(name.rpartition(".")[2])
        file = top and (top[1] or "").lower() in _FILES and after not in {"/", "@"}
        if surely or (top and not file) or _NUMBERS.fullmatch(name):
            yield name


def _bare(name: str) -> str:
    return name.lower().removeprefix("www.")
