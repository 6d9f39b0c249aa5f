"""What a Responses answer and its items hold."""

from collections.abc import Iterator
from typing import Any

from bot.document.links import linkable
from bot.domain.approvals import SignInRequest, ToolRequest
from bot.domain.stream_parts import StreamPart, Usage
from providers.annotations import MOST, annotation
from providers.lenient_json import as_count, as_list, as_object, as_text
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


def requests_of(item: dict[str, Any], response: str) -> Iterator[StreamPart]:
    """What an agent's item asks of a person: to let a tool run, or to sign in. Source: learn.microsoft.com/azure/foundry,
    "Connect to MCP servers" and "MCP server authentication".
    """
    server = as_text(item.get("server_label")) or "a server"
    match item.get("type"):
        case "mcp_approval_request":
            yield ToolRequest(
                id=as_text(item.get("id")),
                server=server,
                tool=as_text(item.get("name")),
                args=as_text(item.get("arguments")) or "{}",
                response=response,
            )
        case "oauth_consent_request":
            link = linkable(as_text(item.get("consent_link")))
            yield SignInRequest(server=server, address=link if link[:8].lower() == "https://" else "")


def pictures_of(item: dict[str, Any]) -> Iterator[StreamPart]:
    if item.get("type") == "image_generation_call" and as_text(item.get("result")):
        yield picture_of(as_text(item["result"]))


def usage_of(response: dict[str, Any]) -> Iterator[Usage]:
    usage = as_object(response.get("usage"))
    if not usage:
        return
    read, written = (
        as_object(usage.get("input_tokens_details")),
        as_object(usage.get("output_tokens_details")),
    )
    yield Usage(
        input=as_count(usage.get("input_tokens")),
        cache_read=as_count(read.get("cached_tokens")),
        cache_write=as_count(read.get("cache_write_tokens")),
        output=as_count(usage.get("output_tokens")),
        reasoning=as_count(written.get("reasoning_tokens")),
    )
