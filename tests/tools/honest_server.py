"""An MCP server written with the SDK's own: `python honest_server.py` over its standard input and output, or `… PORT` over HTTP."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context, Image
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import AudioContent, BlobResourceContents, EmbeddedResource, ResourceLink, ToolAnnotations

server = MCPServer("honest")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@server.tool()
def people() -> dict[str, Any]:
    return {"people": ["Ada", "Bo"], "count": 2}


@server.tool()
def names() -> list[str]:
    return ["Ada", "Bo"]


@server.tool()
def fail() -> str:
    raise ToolError("no such ticket")


@server.tool(structured_output=False)
def shapes() -> list[Any]:
    return [
        "with a \x1b[31mred\u202e word",
        Image(data=PIXEL, format="png"),
        AudioContent(data="UklGRg==", mime_type="audio/wav"),
        EmbeddedResource(
            resource=BlobResourceContents(
                uri="file:///tmp/report.pdf", blob="JVBERg==", mime_type="application/pdf"
            )
        ),
        ResourceLink(name="the plan", uri="http://169.254.169.254/secret"),
    ]


@server.tool()
def environment() -> dict[str, str]:
    return dict(os.environ)


@server.tool()
def huge(signs: int) -> str:
    return "word " * (signs // 5)


@server.tool()
async def meet(context: Context[Any, Any], folder: str, count: int) -> str:
    """Comes back when so many calls are there at once."""
    here = Path(folder)
    (here / str(context.request_id)).touch()
    while len(list(here.iterdir())) < count:  # noqa: ASYNC110 - they may be calls of several processes
        await asyncio.sleep(0.02)
    return "all there"


@server.tool()
async def linger(path: str) -> str:
    """Says in a file that it began, and whether it was cancelled."""
    Path(path).write_text("began")
    try:
        await asyncio.sleep(600)
    except BaseException:
        Path(path).write_text("cancelled")
        raise
    return "done"


@server.tool()
async def tell(context: Context[Any, Any], count: int) -> str:
    for number in range(count):
        await context.report_progress(number, count, f"step {number}\n\u202eof many")
    return "told"


@server.tool()
def told_key(context: Context[Any, Any]) -> dict[str, Any]:
    return {"key": (context.request_context.meta or {}).get("switchboard/call")}


@server.tool()
async def grow(context: Context[Any, Any]) -> str:
    server.add_tool(lambda: "new", name="grown", description="was not there before")
    await context.notify_tools_changed()
    return "grown"


@server.tool()
def die() -> str:
    os._exit(3)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run(transport="streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run()
