"""A model server for benchmarks, with answers as people get them.

`short` is one line in 20 pieces. `long` has 1,500 characters with a list, code and a table, in 60 pieces. `gap` is the
pause between two pieces; 0 sends them back to back.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

MODEL = "gpt-6-sol"
END = "That is all of it."
LONG = f"""## Three ways to keep a cache warm

A cache that is filled by *whoever comes first* makes that person wait. There are three ways around it, and **they can be
combined**:

1. **Refresh ahead**: what is read often is fetched again shortly before it expires. See [the guide](https://example.com/a).
2. **Write through**: every write goes to both, so a read never finds an old value.
3. **Warm up**: a job reads the thousand most wanted keys after each deployment.

The first is a few lines:

```python
async def get(key: str) -> bytes:
    found = await cache.get(key)
    if found is None or found.expires - time.time() < AHEAD:
        fresh = asyncio.create_task(load(key))  # nobody waits for it
        return found.value if found else await fresh
    return found.value
```

| way | who waits | what it costs | stale for |
| --- | --- | --- | --- |
| refresh ahead | nobody | a read per key and hour | `AHEAD` |
| write through | the writer | a write more | never |
| warm up | nobody, for a while | a job to look after | until it runs |
| all three | nobody | the sum of them | never |

Two things go wrong in practice. The first is a *stampede*: a hundred requests find the same key missing and all load it.
Keep one load per key and let the others wait for it. The second is a cache that hides a fault: when the source is down for
an hour, nobody notices until everything expires at once. Spread the expiries by a few per cent, and watch how old the oldest
answer is.

{END}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerKind:
    """What the model says to everything."""

    pieces: Sequence[str]
    last: str  # words that only a whole answer shows


def _cut(text: str, pieces: int) -> Sequence[str]:
    return [text[len(text) * at // pieces : len(text) * (at + 1) // pieces] for at in range(pieces)]


ANSWERS = {
    "short": AnswerKind(pieces=[f"word{number} " for number in range(20)], last="word19"),
    "long": AnswerKind(pieces=_cut(LONG, 60), last=END),
}


@asynccontextmanager
async def model_server(kind: AnswerKind, gap: float) -> AsyncIterator[str]:
    """Speaks Chat Completions; the base URL. `gap` is in seconds."""
    events = [event({"content": piece}, None) for piece in kind.pieces]
    ending = event({}, "stop") + b"data: [DONE]\n\n"

    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for event in events:
            await response.write(event)
            if gap:
                await asyncio.sleep(gap)
        await response.write(ending)
        return response

    async def listing(_: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    app.router.add_get("/v1/models", listing)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


def event(delta: dict[str, str], finish: str | None) -> bytes:
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": MODEL,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return f"data: {json.dumps(chunk, separators=(',', ':'))}\n\n".encode()
