"""How long anything that others send holds the event loop: `python -m tests.benchmarks.stalls`.

Each case is served by a vendor in a process of its own, or rendered as Slack and Teams do it; meanwhile a task that
sleeps ten milliseconds records how late it wakes. Printed is the worst of each case; more than 250 ms is a failure.
"""

import asyncio
import gzip
import json
import logging
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing
from multiprocessing.connection import Connection

from adapters.slack.outbound.rendering.layout import finished, growing
from adapters.slack.outbound.rendering.paging import pages
from adapters.slack.outbound.rendering.preview import preview
from adapters.teams.outbound.rendering import rich, sizes
from adapters.teams.outbound.rendering.markdown import ShownMarkdown
from bot.answers.attempt import LONGEST, Attempt
from bot.domain.prompt import Prompt, PromptMessage, TextPart
from bot.domain.replies import Action, Button
from bot.domain.stop import StopSignal
from bot.serving.logging import Redaction
from providers.transport import Transport
from tests.conversation.test_attempt import relayed
from tests.providers.fake import Answer, FakeVendor, Step, fake_vendor
from tests.providers.speech import SPEECHES
from tests.providers.test_transport import endpoint
from tests.providers.vendor import model_of
from tests.stalls import MOST, stalls

JSON, EVENTS = {"content-type": "application/json"}, {"content-type": "text/event-stream"}
DIGITS = "9" * 20_000
STOP = Button(action=Action.STOP, label="Stop", value="t1", danger=True)


def limited(**error: object) -> bytes:
    return json.dumps({"error": {"code": 429, **error}}).encode()


def plays() -> dict[str, list[Step]]:
    """What the vendor answers, by the question."""
    word = SPEECHES["openai-chat"].word
    bomb = gzip.compress(b"data: " + b" " * 400_000_000, compresslevel=6)
    whole = {
        "6 a header of 20,000 digits": Answer(429, {"x-ratelimit-reset-tokens": DIGITS}),
        "6 a header of 8,000 digits": Answer(429, {**JSON, "x-ratelimit-reset-tokens": DIGITS[:8000]}, b"{}"),
        "6 retryDelay of 20,000 digits": Answer(429, JSON, limited(details=[{"retryDelay": DIGITS}])),
        "6 a message of 60 kB": Answer(429, JSON, limited(message="try again in " * 4_500)),
        "6 nested brackets": Answer(200, EVENTS, b"data: " + b"[" * 1_000_000 + b"\n\n"),
        "6 a million values": Answer(200, EVENTS, b"data: [" + b"[]," * 2_000_000 + b"[]]\n\n"),
        "7 400 MB packed into 400 kB": Answer(200, {**EVENTS, "content-encoding": "gzip"}, bomb),
        "7 an error packed alike": Answer(500, {**JSON, "content-encoding": "gzip"}, bomb),
        "7 60 MB of line ends": Answer(200, EVENTS, b"\n" * 60_000_000),
        "7 60 MB of empty events": Answer(200, EVENTS, b"data: {}\n\n" * 6_000_000),
        "7 an error without end": Answer(500, JSON, b"x" * 60_000_000),
        "8 one piece of 7 MB": Answer(200, EVENTS, word("x" * 10) + word("y" * 7_000_000)),
        "8 60 MB of thoughts": Answer(
            200, EVENTS, SPEECHES["openai-chat"].thought("why " * 50_000) * 300 + word("so")
        ),
        "8 an answer of 400,000 characters": Answer(200, EVENTS, word("on and on ") * (LONGEST // 10)),
    }
    return {name: [answer] for name, answer in whole.items()}


def serve(line: Connection) -> None:
    """The vendor, until the process is ended."""

    async def stay() -> None:
        vendor = FakeVendor()
        vendor.plays.update(plays())
        async with fake_vendor(vendor):
            line.send((vendor.url, list(vendor.plays)))
            await asyncio.Event().wait()

    asyncio.run(stay())


async def answered(transport: Transport, url: str, question: str) -> None:
    """One answer as far as it is shown."""
    prompt = Prompt(system="", messages=(PromptMessage(role="user", parts=(TextPart(text=question),)),))
    model = model_of("openai-chat")
    attempt = Attempt(model=model, began=0.0)
    parts = relayed(endpoint(transport, url).stream(model, prompt))
    async with aclosing(attempt.watch(parts, StopSignal())) as shown:
        async for _ in shown:
            pass


def table(columns: int, rows: int) -> str:
    return "|" + "a|" * columns + "\n|" + "-|" * columns + "\n" + "|b\n" * rows


TEXTS = {
    "a table of 35 kB": table(5_000, 5_000),
    "a table of 8 kB": table(1_000, 1_300),
    "400 nested marks": "**a " * 400 + "b**" * 400,
    "9,000 brackets": "[" * 9_000,
    "images in images": "![" * 3_000 + "](a)" * 750,
    "many short items": "- a\n" * 2_200,
    "code spans": "`a` " * 2_200,
}


def slack(text: str) -> Iterator[object]:
    """What is drawn between two calls of the platform, one after the other."""
    for page in pages(text, [])[:4]:
        yield preview(page)
        yield growing(page, "", STOP)
        yield finished(page)


def teams(text: str) -> Iterator[object]:
    for extended in (False, True):
        flow = ShownMarkdown(extended=extended)
        for at in range(700, len(text) + 700, 700):
            yield flow.steady(text[:at])
        yield sizes.parts(flow.finished(text))


def card(text: str) -> Iterator[object]:
    yield rich.card_elements(text[:9_000])


RENDERERS: dict[str, Callable[[str], Iterator[object]]] = {"Slack": slack, "Teams": teams, "a card": card}
LOGGED = ("eyJ-", "sk-", "9", "://a:", " ")


async def measure() -> dict[str, float]:
    found: dict[str, float] = {}
    here, there = multiprocessing.get_context("spawn").Pipe()
    vendor = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    vendor.start()
    try:
        url, questions = await asyncio.to_thread(here.recv)
        async with Transport() as transport:
            for question in questions:
                async with stalls() as seen:
                    await answered(transport, url, question)
                found[question] = seen.worst
    finally:
        vendor.kill()
    redact = Redaction(["a-secret-that-is-known"])
    for piece in LOGGED:
        async with stalls() as seen:
            redact(piece * 250_000)
        found[f"6 a log line of {piece!r}"] = seen.worst
    for name, text in TEXTS.items():
        for place, render in RENDERERS.items():
            async with stalls() as seen:
                for _ in render(text):
                    await asyncio.sleep(0.02)  # between two draws the platform is called
            found[f"9 {name}, {place}"] = seen.worst
    return found


def main() -> int:
    logging.disable(logging.WARNING)
    found = asyncio.run(measure())
    for name, seconds in found.items():
        sys.stdout.write(f"{name:<40} {seconds * 1000:6.0f} ms{'  too long' if seconds > MOST else ''}\n")
    worst = max(found.values())
    sys.stdout.write(f"the worst of {len(found)}: {worst * 1000:.0f} ms\n")
    return int(worst > MOST)


if __name__ == "__main__":
    sys.exit(main())
