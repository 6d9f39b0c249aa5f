"""Own servers and gateways: the windows they tell of, and that nothing depends on it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.catalog import Price
from bot.domain.listings import Listing
from tests.catalogue.connected import plugged, provider
from tests.ops.product import command

AiohttpServer = Callable[[web.Application], Any]


@dataclass
class Server:
    """Answers what it has at its paths, with 404 for all else, and notes what it was asked."""

    pages: Mapping[str, Any]
    asked: list[str] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        key = request.path
        if request.method == "POST":
            key = f"{request.path} {(await request.json())['model']}"
        self.asked.append(key)
        page = self.pages.get(key)
        if page is None:
            return web.json_response({"error": {"message": "no"}}, status=404)
        if isinstance(page, float):
            await asyncio.sleep(page)
        return web.json_response(page)


def listed(owner: str, *rows: str, **more: Any) -> dict[str, Any]:
    return {"data": [{"id": row, "object": "model", "owned_by": owner, **more} for row in rows]}


async def read(server: TestServer, dialect: str = "openai-chat") -> dict[str, Listing]:
    toml = f'[providers.lab]\ndialect = "{dialect}"\nbase_url = "{server.make_url("/v1")}"\n'
    async with plugged({}, toml) as connections:
        return {row.id: row for row in await provider(connections, "lab").models()}


async def test_llama_cpp_tells_its_window_in_the_listing(aiohttp_server: AiohttpServer) -> None:
    fake = Server({"/v1/models": listed("llamacpp", "m", meta={"n_ctx": 16_384, "n_ctx_train": 131_072})})

    rows = await read(await aiohttp_server(fake.app()))

    assert rows["m"].context == 16_384
    assert fake.asked == ["/v1/models"]


async def test_llama_cpp_tells_its_window_beside_the_listing(aiohttp_server: AiohttpServer) -> None:
    props = {"default_generation_settings": {"n_ctx": 12_288}, "modalities": {"vision": True}}
    fake = Server({"/v1/models": listed("llamacpp", "m", meta={"n_ctx_train": 131_072}), "/props": props})

    rows = await read(await aiohttp_server(fake.app()))

    assert (rows["m"].context, rows["m"].vision) == (12_288, True)


async def test_lm_studio_tells_what_is_loaded(aiohttp_server: AiohttpServer) -> None:
    more = [
        {
            "id": "on",
            "type": "vlm",
            "state": "loaded",
            "loaded_context_length": 4_096,
            "max_context_length": 32_768,
        },
        {"id": "off", "type": "llm", "state": "not-loaded", "max_context_length": 32_768},
        {"id": "e", "type": "embeddings", "state": "not-loaded", "max_context_length": 512},
    ]
    fake = Server(
        {"/v1/models": listed("organization_owner", "on", "off", "e"), "/api/v0/models": {"data": more}}
    )

    rows = await read(await aiohttp_server(fake.app()))

    assert (rows["on"].context, rows["on"].vision) == (4_096, True)
    assert (rows["off"].context, rows["off"].vision) == (32_768, False)
    assert rows["e"].chat is False


async def test_vllm_tells_its_window_and_is_asked_nothing_more(aiohttp_server: AiohttpServer) -> None:
    fake = Server({"/v1/models": listed("vllm", "m", max_model_len=40_960)})

    rows = await read(await aiohttp_server(fake.app()))

    assert rows["m"].context == 40_960
    assert fake.asked == ["/v1/models"]


async def test_litellm_tells_windows_abilities_and_prices(aiohttp_server: AiohttpServer) -> None:
    def deployed(name: str, **info: Any) -> dict[str, Any]:
        return {"model_name": name, "model_info": info}

    gpt = {
        "mode": "chat",
        "max_output_tokens": 16_384,
        "supports_vision": True,
        "supports_function_calling": True,
        "input_cost_per_token": 2.5e-06,
        "output_cost_per_token": 1e-05,
    }
    more = [
        deployed("gpt", max_input_tokens=128_000, **gpt),
        deployed("gpt", max_input_tokens=64_000, **gpt),
        deployed("own", max_tokens=8_000),
        deployed("vectors", mode="embedding"),
    ]
    fake = Server(
        {"/v1/models": listed("openai", "gpt", "own", "vectors", "unknown"), "/model/info": {"data": more}}
    )

    rows = await read(await aiohttp_server(fake.app()), "openai-responses")

    assert (rows["gpt"].context, rows["gpt"].max_output) == (64_000, 16_384)
    assert (rows["gpt"].vision, rows["gpt"].tools) == (True, True)
    assert rows["gpt"].price == Price(input=2.5, output=10.0)
    assert (rows["own"].context, rows["own"].chat, rows["vectors"].chat) == (8_000, None, False)
    assert rows["unknown"].context is None


async def test_ollama_tells_what_is_loaded_and_what_each_can(aiohttp_server: AiohttpServer) -> None:
    fake = Server(
        {
            "/v1/models": listed(
                "library", "qwen3:8b", "llava:7b", "tuned:latest", "nomic-embed-text:latest"
            ),
            "/api/ps": {"models": [{"name": "qwen3:8b", "context_length": 16_384}]},
            "/api/show qwen3:8b": {
                "model_info": {"qwen3.context_length": 40_960},
                "capabilities": ["completion", "tools", "thinking"],
            },
            "/api/show llava:7b": {"capabilities": ["completion", "vision"]},
            "/api/show tuned:latest": {"parameters": "stop    x\nnum_ctx    32768\n"},
            "/api/show nomic-embed-text:latest": {"capabilities": ["embedding"]},
        }
    )
    server = await aiohttp_server(fake.app())
    async with plugged({"OLLAMA_BASE_URL": str(server.make_url("/"))}) as connections:
        ollama = provider(connections, "ollama")
        first = {row.id: row for row in await ollama.models()}
        again = {row.id: row for row in await ollama.models()}

    qwen, llava = first["qwen3:8b"], first["llava:7b"]
    assert (qwen.context, qwen.tools, qwen.reasoning, qwen.vision) == (16_384, True, True, False)
    assert (llava.context, llava.vision, llava.tools) == (None, True, False)
    assert (first["tuned:latest"].context, first["nomic-embed-text:latest"].chat) == (32_768, False)
    assert again == first
    assert sum(path.startswith("/api/show") for path in fake.asked) == 4


@pytest.mark.parametrize("owner", ["llamacpp", "organization_owner", "openai", "somebody"])
async def test_a_server_that_has_no_more_to_tell_is_listed_all_the_same_and_not_asked_again(
    aiohttp_server: AiohttpServer, owner: str
) -> None:
    fake = Server({"/v1/models": listed(owner, "m")})
    server = await aiohttp_server(fake.app())
    toml = f'[providers.lab]\ndialect = "openai-chat"\nbase_url = "{server.make_url("/v1")}"\n'
    async with plugged({}, toml) as connections:
        for _ in range(2):
            assert [row.id for row in await provider(connections, "lab").models()] == ["m"]

    assert len(fake.asked) == (2 if owner == "somebody" else 3)


async def test_garbage_and_silence_beside_the_listing_change_nothing(aiohttp_server: AiohttpServer) -> None:
    for page in ([1, {"data": "x"}], {"default_generation_settings": {"n_ctx": "many"}}, 30.0):
        fake = Server({"/v1/models": listed("llamacpp", "m"), "/props": page})
        rows = await asyncio.wait_for(read(await aiohttp_server(fake.app())), 6)

        assert rows["m"].context is None


async def test_the_server_at_openrouter_that_answers_binds_the_window(aiohttp_server: AiohttpServer) -> None:
    fake = Server(
        {"/v1/models": listed("", "m", context_length=1_000_000, top_provider={"context_length": 200_000})}
    )

    assert (await read(await aiohttp_server(fake.app())))["m"].context == 200_000


async def test_an_operator_sees_the_window_that_his_server_has(
    aiohttp_server: AiohttpServer, tmp_path: Path
) -> None:
    fake = Server(
        {
            "/v1/models": listed("llamacpp", "m"),
            "/props": {"default_generation_settings": {"n_ctx": 12_000}},
        }
    )
    server = await aiohttp_server(fake.app())
    (tmp_path / "switchboard.toml").write_text(
        f'[providers.lab]\ndialect = "openai-chat"\nbase_url = "{server.make_url("/v1")}"\n'
    )

    said = await command(tmp_path, "models")

    assert "  12k  " in said.out
