"""What the items of a Responses answer hold."""

from collections.abc import Iterator
from typing import Any

from bot.domain.stream_parts import StreamPart
from providers.annotations import MOST, annotation
from providers.lenient_json import as_list, as_object, as_text
from providers.pictures import picture_of


def item_text(item: dict[str, Any]) -> str:
    if item.get("type") != "message":
        return ""
    content = item.get("content")
    if isinstance(content, str):
        return content
    blocks = map(as_object, as_list(content))
    return "".join(as_text(block.get("text")) or as_text(block.get("refusal")) for block in blocks)


def thoughts_of(item: dict[str, Any]) -> Iterator[tuple[bool, str]]:
    """A reasoning item's thoughts, and whether they are the model's own words."""
    if item.get("type") == "reasoning":
        for raw, key in ((True, "content"), (False, "summary")):
            for block in map(as_object, as_list(item.get(key))):
                yield raw, as_text(block.get("text"))


def sources_of(item: dict[str, Any]) -> Iterator[StreamPart]:
    """What a message's annotations name."""
    if item.get("type") == "message":
        for block in map(as_object, as_list(item.get("content"))):
            for said in as_list(block.get("annotations"))[:MOST]:
                yield annotation(said, as_text(block.get("text")))


def pictures_of(item: dict[str, Any]) -> Iterator[StreamPart]:
    if item.get("type") == "image_generation_call" and as_text(item.get("result")):
        yield picture_of(as_text(item["result"]))
