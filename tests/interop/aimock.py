"""A model server that somebody else wrote (npm: @copilotkit/aimock), as a peer for whole conversations.

It is looked for as `llmock` on the PATH, or where the variable AIMOCK says; tests skip where there is none. To get
it: `npm install --prefix ~/aimock @copilotkit/aimock`, then AIMOCK=~/aimock/node_modules/.bin/llmock.
"""

import asyncio
import json
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

KEY = "aimock-key"
PROGRAM = os.environ.get("AIMOCK") or shutil.which("llmock")
PATIENCE = 20.0  # seconds until it listens
ROOTS = {"openai-chat": "/v1", "openai-responses": "/v1", "anthropic": "", "gemini": ""}
CUT = {
    "truncateAfterChunks": 7,
    "chunkSize": 4,
    "latency": 30,
}  # 7: some dialects begin with four events; no latency, nothing arrives

FIXTURES: Sequence[dict[str, Any]] = (
    {"match": {"userMessage": "hello"}, "response": {"content": "Hi there, how are you?"}, "chunkSize": 4},
    {"match": {"userMessage": "think"}, "response": {"content": "42.", "reasoning": "Let me think."}},
    {"match": {"userMessage": "emoji"}, "response": {"content": "a 🦭 b 🦭"}, "chunkSize": 1},
    {
        "match": {"userMessage": "weather"},
        "response": {"toolCalls": [{"id": "call_abc", "name": "weather", "arguments": {"city": "Sydney"}}]},
    },
    {"match": {"userMessage": "cut"}, "response": {"content": "This gets cut off before its end"}, **CUT},
    {
        "match": {"userMessage": "many"},
        "response": {"error": {"message": "Slow.", "type": "rate_limit_error"}, "status": 429},
    },
    {
        "match": {"userMessage": "busy"},
        "response": {"error": {"message": "Overloaded", "type": "overloaded_error"}, "status": 529},
    },
)

needs_aimock = pytest.mark.skipif(PROGRAM is None, reason="no llmock on the PATH and AIMOCK is not set")


@dataclass(frozen=True, slots=True)
class AIMock:
    """A running one. `base(dialect)` is what an endpoint of that dialect is given."""

    url: str
    client: httpx.AsyncClient

    def base(self, dialect: str) -> str:
        return self.url + ROOTS[dialect]

    async def fail_next(self, status: int, **body: str) -> None:
        """The next request fails once, in its dialect's shape."""
        await self._control("error", {"status": status, "body": body})

    async def requests(self) -> list[dict[str, Any]]:
        """What it was asked, oldest first."""
        response = await self.client.get("/__aimock/journal")
        found: list[dict[str, Any]] = response.raise_for_status().json()
        return found

    async def _control(self, what: str, body: dict[str, Any]) -> None:
        (await self.client.post(f"/__aimock/{what}", json=body)).raise_for_status()


@asynccontextmanager
async def aimock(fixtures: Sequence[dict[str, Any]] = FIXTURES) -> AsyncIterator[AIMock]:
    """A server of one's own on a free port, gone at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fixtures.json"
        path.write_text(json.dumps({"fixtures": list(fixtures)}))
        process = await asyncio.create_subprocess_exec(
            str(PROGRAM),
            *("-p", port, "-h", "127.0.0.1", "-f", str(path), "--strict", "--log-level", "silent"),
            env={"PATH": os.environ["PATH"], "AIMOCK_API_KEYS": KEY},
        )
        try:
            url = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {KEY}"}) as client:
                await asyncio.wait_for(_listening(client), PATIENCE)
                yield AIMock(url, client)
        finally:
            process.terminate()
            await process.wait()


async def _listening(client: httpx.AsyncClient) -> None:
    while True:
        try:
            await client.get("/health")
        except httpx.TransportError:
            await asyncio.sleep(0.05)
        else:
            return
