"""The running product from outside: what answers where, how it ends, and what it never says."""

import asyncio
import os
import signal
import uuid
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.ops.product import PATIENCE, command, running


async def status(url: str) -> int:
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return answer.status


async def send(client: aiohttp.ClientSession, chat: str, text: str) -> None:
    body = {"id": uuid.uuid4().hex, "text": text}
    async with client.post(f"/web/chats/{chat}/messages", json=body) as answer:
        assert answer.status == 200, await answer.text()


async def growing(client: aiohttp.ClientSession, chat: str, *, attempt: int = 1) -> dict[str, Any]:
    """The answer that grows there, once it shows the first words of that attempt."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for post in await posts(client, chat):
                if post.get("turn") and post.get("text") and post.get("attempt", 1) == attempt:
                    return post
            await asyncio.sleep(0.02)


async def posts(client: aiohttp.ClientSession, chat: str) -> list[dict[str, Any]]:
    async with client.get(f"/web/chats/{chat}") as page:
        found: list[dict[str, Any]] = (await page.json())["posts"]
        return found


async def answered(client: aiohttp.ClientSession, chat: str) -> dict[str, Any]:
    """The last post of a conversation, once it is complete."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if (found := await posts(client, chat)) and ("closing" in found[-1] or "reply" in found[-1]):
                return found[-1]
            await asyncio.sleep(0.02)


async def test_one_command_serves_a_page_that_answers(tmp_path: Path) -> None:
    async with running(tmp_path) as product, product.visitor() as client:
        async with client.get("/") as page:
            html = await page.text()
        await send(client, "first-chat", "What is a switchboard?")
        answer = await answered(client, "first-chat")

        assert "<html" in html
        assert "What is a switchboard?" in answer["text"]
        assert answer["closing"]["footer"] == "demo"


async def test_what_was_said_is_still_there_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as product, product.visitor() as client:
        await send(client, "first-chat", "remember the plumbus")
        await answered(client, "first-chat")
    async with running(tmp_path) as product, product.visitor() as client:
        answer = await answered(client, "first-chat")

        assert "plumbus" in answer["text"]


async def test_each_door_answers_what_belongs_there(tmp_path: Path) -> None:
    async with running(tmp_path) as product:
        assert await status(f"{product.public}/healthz") == 200
        assert await status(f"{product.public}/metrics") == 404
        assert await status(f"{product.admin}/healthz") == 200
        assert await status(f"{product.admin}/readyz") == 200
        assert await status(f"{product.admin}/metrics") == 200


async def test_readiness_says_why_the_embedded_server_is_down_and_what_to_do(tmp_path: Path) -> None:
    async with running(tmp_path) as product, aiohttp.ClientSession() as client:
        (part,) = (tmp_path / "data" / "appendonlydir").glob("*.incr.aof")
        part.write_bytes(part.read_bytes() + b"*nonsense\r\n" * 3)
        os.kill(int((tmp_path / "data" / "valkey.pid").read_text()), signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            while (answer := await client.get(f"{product.admin}/readyz")).status == 200:  # noqa: ASYNC110 - its supervisor's time
                await asyncio.sleep(0.1)
        said = await answer.json()

    assert not said["ready"]
    assert "Bad file format reading the append only file" in said["reasons"][0]["what"]
    assert "valkey-check-aof" in said["reasons"][0]["remedy"]


async def test_a_public_listener_serves_no_page(tmp_path: Path) -> None:
    async with running(tmp_path, HOST="0.0.0.0") as product:
        public = product.public.replace("0.0.0.0", "127.0.0.1")

        assert "○ Page" in product.page
        assert await status(f"{public}/healthz") == 200
        assert await status(f"{public}/") == 404


async def test_a_taken_port_is_told_with_what_to_type(tmp_path: Path) -> None:
    async with running(tmp_path) as product:
        port = product.public.rsplit(":", 1)[1]
        said = await command(tmp_path / "..", PORT=port, SWITCHBOARD_DATA_DIR=str(tmp_path / "other"))

        assert said.code == 2
        assert f"PORT {port} on 127.0.0.1 is taken" in said.err
        assert "Traceback" not in said.err


async def test_sigterm_lets_a_running_answer_finish(tmp_path: Path) -> None:
    async with running(tmp_path) as product, product.visitor() as client:
        await send(client, "first-chat", "hello")
        product.signal(signal.SIGTERM)

        assert await product.ended() == 0
    async with running(tmp_path) as product, product.visitor() as client:
        assert (await answered(client, "first-chat"))["closing"]["reason"] == "stop"


async def test_an_answer_that_is_too_long_for_the_drain_goes_on_in_the_next_process(tmp_path: Path) -> None:
    drain = {"SWITCHBOARD_DRAIN_SECONDS": "0.1"}
    async with running(tmp_path, **drain) as product, product.visitor() as client:
        await send(client, "first-chat", "slow please")
        before = await growing(client, "first-chat")
        product.signal(signal.SIGTERM)

        assert await product.ended() == 0
    async with running(tmp_path) as product, product.visitor() as client:
        after = await growing(client, "first-chat", attempt=2)

        assert after["id"] == before["id"]
        assert len(await posts(client, "first-chat")) == 2


async def test_a_second_sigterm_does_not_wait(tmp_path: Path) -> None:
    async with running(tmp_path, SWITCHBOARD_DRAIN_SECONDS="600") as product:
        async with product.visitor() as client:
            await send(client, "first-chat", "slow please")
            await growing(client, "first-chat")
        product.signal(signal.SIGTERM)
        await product.logs("draining")
        product.signal(signal.SIGTERM)

        assert await product.ended() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["told to end", "terminal closed"])
async def test_the_embedded_server_goes_with_the_last_process(tmp_path: Path, number: signal.Signals) -> None:
    async with running(tmp_path) as product:
        assert (tmp_path / "data" / "valkey.sock").exists()
        product.signal(number)
        await product.ended()

    with pytest.raises(OSError):  # noqa: PT011 - which one depends on whether the socket's file is left
        await asyncio.open_unix_connection(str(tmp_path / "data" / "valkey.sock"))


async def test_no_secret_and_no_word_of_a_person_gets_out(tmp_path: Path) -> None:
    closed = "http://127.0.0.1:9"
    secrets = {
        "OPENAI_API_KEY": "sk-canary-openai-000001",
        "GEMINI_API_KEY": "AIzaCanaryGemini0000000000000000000000002",
        "SWITCHBOARD_ENCRYPTION_KEY": "canary-encryption-key-that-is-long-enough",
    }
    if find_spec("adapters.teams"):
        secrets["TEAMS_PLAYGROUND"] = "1"
    places = {"OPENAI_BASE_URL": closed, "GEMINI_BASE_URL": closed, "SWITCHBOARD_LOG_LEVEL": "debug"}
    async with running(tmp_path, **secrets, **places) as product:
        async with product.visitor() as client:
            await send(client, "first-chat", "my private canary words")
            await answered(client, "first-chat")
            await send(client, "first-chat", "/model gpt")
            await send(client, "first-chat", "gemini: more private canary words")
            async with client.post("/api/messages", data=b"{broken canary") as refused:
                shown = await refused.text()
        product.signal(signal.SIGTERM)
        await product.ended()
        stored = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())

        assert "canary" not in (product.page + product.log + shown).lower()
        assert b"private canary words" not in stored
        assert b"sk-canary" not in stored
