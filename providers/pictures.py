"""Pictures in answers, which come as base64: never fetched, judged by their bytes and not by what is said of them."""

import base64
import binascii
import re
from typing import Any

from bot.domain.attached import IMAGES, kind_by_bytes
from bot.domain.generated import PICTURE_BYTES, GeneratedFile
from providers.lenient_json import as_object, as_text
from providers.source_numbers import CitedSource

DATA_URL = re.compile(r"data:[\w.+/-]{0,100}(?:;[\w.+=-]{1,100})*;base64,", re.IGNORECASE)
NAME = "picture"
TOO_LARGE = f"is larger than {PICTURE_BYTES // (1024 * 1024)} MB"
UNREADABLE = "is no PNG, JPEG, GIF or WebP"
ELSEWHERE = "is only linked to, and what a model links to is never fetched"


def picture_of(data: str, name: str = NAME) -> GeneratedFile:
    """From base64."""
    if len(data) * 3 // 4 > PICTURE_BYTES + 3:
        return GeneratedFile(name=name, trouble=TOO_LARGE)
    try:
        found = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    kind = kind_by_bytes(found)
    if kind not in IMAGES:
        return GeneratedFile(name=name, trouble=UNREADABLE)
    return GeneratedFile(name=f"{name}.{kind.removeprefix('image/')}", media_type=kind, data=found)


def linked_picture(block: Any) -> list[GeneratedFile | CitedSource]:
    """From a block with an `image_url`: a data URL as a picture, any other as a link that people may follow."""
    value = as_object(block).get("image_url")
    url = as_text(value) or as_text(as_object(value).get("url"))
    if found := DATA_URL.match(url, 0, 500):
        return [picture_of(url[found.end() :])]
    if not url:
        return []
    return [GeneratedFile(name=NAME, trouble=ELSEWHERE), CitedSource(title="The picture", address=url)]
