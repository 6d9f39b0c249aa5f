"""What an operator can read off /metrics after things have happened."""

import asyncio
import signal
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.answers.measuring import Measuring
from bot.domain.claims import Receipt
from bot.domain.errors import Overloaded, StorageUnavailable
from bot.domain.events import Author, MessageReceived, ThreadKey
from bot.serving.connections import ConnectionLimits
from bot.serving.listeners import listen
from bot.serving.measured import MeasuredInbox, platform_calls
from bot.serving.metrics import Metrics
from tests.conversation.stage import Stage
from tests.doubles import FakeInbox
from tests.ops.product import running
from tests.ops.test_running import answered, send

EVENT = MessageReceived(
    id="e1",
    thread=ThreadKey(platform="test", workspace="W", channel="C"),
    author=Author(id="U"),
    at=1.0,
    text="hi",
)


async def test_what_the_inbox_takes_and_refuses_is_counted() -> None:
    metrics, inner = Metrics(), FakeInbox()
    inbox = MeasuredInbox(inner, meter=metrics)
    taken, again = await inbox.put(EVENT), await inbox.put(EVENT)
    inner.down = True
    with pytest.raises(StorageUnavailable):
        await inbox.put(EVENT)

    assert (taken, again) == (Receipt.ACCEPTED, Receipt.DUPLICATE)
    assert "inbox_ack_seconds_count 2" in metrics.text()
    assert 'inbox_rejected_total{reason="duplicate"} 1' in metrics.text()
    assert 'inbox_rejected_total{reason="storage"} 1' in metrics.text()


async def test_errors_of_models_are_counted_by_class_and_provider() -> None:
    metrics = Metrics()
    stage = Stage(interceptors=(Measuring(meter=metrics),))
    stage.one.scripts = [(Overloaded(),), (Overloaded(),)]
    heard = await stage.says("hello")

    assert heard.text == "answer 1"
    assert 'provider_errors_total{class="overloaded",provider="one"} 2' in metrics.text()


async def test_calls_to_platforms_are_counted_by_name_and_result() -> None:
    async def busy(_request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "7"})

    app, metrics = web.Application(), Metrics()
    app.add_routes([web.post("/api/chat.postMessage", busy)])
    watch = platform_calls(metrics, lambda _method, url: url.name)
    async with (
        listen(app, host="127.0.0.1", port=0, variable="PORT", limits=ConnectionLimits()) as port,
        aiohttp.ClientSession(trace_configs=[watch]) as client,
    ):
        await client.post(f"http://127.0.0.1:{port}/api/chat.postMessage")
    async with aiohttp.ClientSession(trace_configs=[watch]) as client:
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.post(f"http://127.0.0.1:{port}/api/chat.postMessage")

    assert 'platform_call_total{api="chat.postMessage",code="429"} 1' in metrics.text()
    assert 'platform_call_total{api="chat.postMessage",code="lost"} 1' in metrics.text()
    assert 'platform_ratelimited_seconds{api="chat.postMessage"} 7' in metrics.text()


async def test_an_answered_question_shows_in_the_products_numbers(tmp_path: Path) -> None:
    async with running(tmp_path) as product:
        async with product.visitor() as client:
            await send(client, "first-chat", "hello")
            await answered(client, "first-chat")
        async with aiohttp.ClientSession(product.admin) as client, asyncio.timeout(20):
            text = ""
            while "turn_seconds_count" not in text:  # the turn is put down a moment after it was seen to end
                async with client.get("/metrics") as page:
                    text = await page.text()
        product.signal(signal.SIGTERM)
        await product.ended()

    assert "inbox_ack_seconds_count 1" in text
    assert "mailbox_depth_count 1" in text
    assert 'tokens_total{model="demo",direction="output"}' in text
