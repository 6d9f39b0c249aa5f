"""A tool server of somebody else's making (the official SDK's), with one tool that must not run twice: `ledger_server.py PORT FILE`."""

import asyncio
import os
import sys

from mcp.server import MCPServer

server = MCPServer("ledger")


@server.tool()
async def write(entry: str) -> str:
    """Writes an entry into the ledger."""
    fd = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, f"{entry}\n".encode())
    os.close(fd)
    await asyncio.sleep(0.2)  # so that some die while they wait for the answer
    return f"entry {entry} is written"


if __name__ == "__main__":
    server.run(transport="streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
