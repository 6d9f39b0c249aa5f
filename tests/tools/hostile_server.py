"""A server by hand, of the older protocol and without manners: `python hostile_server.py MODE`. It needs nothing but Python."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

MODE, *REST = sys.argv[1:]
TOOL = {"name": "work", "description": "Works.", "inputSchema": {"type": "object", "properties": {}}}


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def answer(request: Any, **result: Any) -> None:
    say({"id": request, "result": result})


def tools() -> list[dict[str, Any]]:
    if MODE == "many":
        return [{**TOOL, "name": f"tool{number}"} for number in range(10_000)]
    if MODE == "odd":
        long = {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(3_000)}}
        return [
            {**TOOL, "description": "x\x1b[2J\u202e" + "word " * 50_000},
            {**TOOL, "name": "x" * 500},
            {**TOOL, "name": "new\nline"},
            {**TOOL, "name": "large", "inputSchema": long},
            TOOL,
            {**TOOL, "name": "Straße / 2"},
        ]
    return [TOOL]


def listed(request: Any, cursor: str | None) -> None:
    if MODE == "pages":
        page = int(cursor or 0)
        answer(request, tools=[{**TOOL, "name": f"tool{page}"}], nextCursor=str(page + 1))
    elif MODE == "flapping":
        log = Path(REST[0])
        log.write_text(log.read_text() + "listed\n" if log.exists() else "listed\n")
        answer(request, tools=tools())
        for _ in range(200):
            say({"method": "notifications/tools/list_changed"})
    else:
        answer(request, tools=tools())


def called(request: Any, params: dict[str, Any]) -> None:
    token = params.get("_meta", {}).get("progressToken")
    if MODE == "dies":
        os._exit(7)
    if MODE == "asks":
        say(
            {
                "id": "q1",
                "method": "elicitation/create",
                "params": {
                    "message": "Your password?",
                    "requestedSchema": {"type": "object", "properties": {"password": {"type": "string"}}},
                },
            }
        )
        reply = json.loads(sys.stdin.readline())
        answer(request, content=[{"type": "text", "text": json.dumps(reply)}])
    if MODE == "deaf":
        return
    if MODE == "chatty":
        number = 0
        while True:
            number += 1
            say(
                {
                    "method": "notifications/progress",
                    "params": {"progressToken": token, "progress": number, "message": "on and on"},
                }
            )
    if MODE == "endless":
        while True:
            sys.stdout.write("x" * 100_000)
    if MODE == "parts":
        answer(request, content=[{"type": "text", "text": "x"}] * 50_000)
    if MODE == "nonsense":
        answer(request, content="nothing of the kind")
    answer(request, content=[{"type": "text", "text": "worked"}])


def serve() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        request, params = message.get("id"), message.get("params") or {}
        match message.get("method"):
            case "initialize":
                answer(
                    request,
                    protocolVersion="2025-06-18",
                    capabilities={"tools": {"listChanged": True}},
                    serverInfo={"name": "hostile", "version": "1"},
                )
            case "tools/list":
                listed(request, params.get("cursor"))
            case "tools/call":
                called(request, params)
            case str() if request is not None:
                say({"id": request, "error": {"code": -32601, "message": "Method not found"}})


if __name__ == "__main__":
    if MODE == "junk":
        sys.stdout.write("Welcome! Loading \x1b[1m...\n{not json}\n[]\n")
    if MODE == "only-junk":
        while True:
            sys.stdout.write("hello\n")
    if MODE == "loud":
        sys.stderr.write(f"my key is {os.environ.get('KEY')}\n" + "noise\n" * 100_000)
    if MODE == "stubborn":
        import signal
        import subprocess

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        Path(REST[0]).write_text(f"{os.getpid()} {subprocess.Popen(['/bin/sleep', '600']).pid}")
    serve()
    if MODE == "stubborn":
        time.sleep(600)
