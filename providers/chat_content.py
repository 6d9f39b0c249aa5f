"""What stands in a chunk of Chat Completions beside plain text: thoughts, blocks, sources, pictures."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bot.domain.generated import MOST_FILES
from bot.domain.stream_parts import StreamPart, Text, Thinking
from providers.annotations import MOST, annotation
from providers.lenient_json import as_list, as_object, as_text
from providers.pictures import linked_picture


def extras_of(delta: dict[str, Any]) -> Iterator[StreamPart]:
    """Sources and pictures, as OpenAI and OpenRouter send them beside the text."""
    for said in as_list(delta.get("annotations"))[:MOST]:
        yield annotation(said)
    for image in as_list(delta.get("images"))[:MOST_FILES]:
        yield from linked_picture(image)


def thought_of(delta: dict[str, Any]) -> str:
    """Reasoning comes in five fields; vendors that fill two of them put the same text in both."""
    thought = delta.get("reasoning_content") or delta.get("reasoning") or delta.get("reasoning_text")
    if not thought and not delta.get("reasoning_details"):
        return ""
    if isinstance(thought, str):
        return thought
    if thought:
        return as_text(as_object(thought).get("content")) or as_text(as_object(thought).get("summary"))
    details = [as_object(detail) for detail in as_list(delta.get("reasoning_details"))]
    return "".join(as_text(detail.get("text")) or as_text(detail.get("summary")) for detail in details)


def blocks_of(content: Any) -> Iterator[StreamPart]:
    """Mistral sends content as a list of blocks, thinking and references among them; others pictures."""
    for block in map(as_object, as_list(content)):
        said = as_text(block.get("text"))
        if said:
            yield Text(said)
        thought = block.get("thinking")
        said = (
            thought
            if isinstance(thought, str)
            else "".join(as_text(as_object(t).get("text")) for t in as_list(thought))
        )
        if said:
            yield Thinking(said)
        if block.get("url") or block.get("title"):
            yield replace(annotation(block), here=True)
        yield from linked_picture(block)
