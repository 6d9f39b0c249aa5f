"""What people and operators are told while no model can be asked: the demo never speaks for a company."""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.ops.product import PATIENCE, command, running
from tests.providers.fake import HELLO, KEY, Answer, FakeVendor, Refuse, Step, fake_vendor

LAB = """
[providers.lab]
dialect = "openai-chat"
base_url = "{url}/v1"
api_key_env = "LAB_KEY"
"""
REFUSED = Answer(
    401, {"content-type": "application/json"}, json.dumps({"error": {"code": "invalid_api_key"}}).encode()
)
CLOSED = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An endpoint of an operator's own, and what a person reads who asks."""

    name: str
    url: str = ""
    listing: Answer | None = None
    key: str = KEY
    told: tuple[str, ...] = ()


TROUBLES = [
    Trouble(
        name="key refused",
        listing=REFUSED,
        told=("lab refused its key.", "Whoever runs Switchboard replaces LAB_KEY."),
    ),
    Trouble(name="down", url=CLOSED, told=("lab could not be reached.", "switchboard check")),
    Trouble(
        name="no models",
        listing=Answer(200, {"content-type": "application/json"}, b'{"data": []}'),
        told=("lab lists no model that can chat.", "loads one there, or names one under [[models]]"),
    ),
    Trouble(
        name="no listing",
        listing=Answer(404, {"content-type": "application/json"}, b'{"error": {"message": "no"}}'),
        told=("lab has no list of its models.", "names them under [[models]]"),
    ),
    Trouble(name="key missing", key="", told=("lab is not set up.", "has to set LAB_KEY")),
]


def written(folder: Path, url: str) -> None:
    (folder / "switchboard.toml").write_text(LAB.format(url=url), encoding="utf-8")


@pytest.mark.parametrize("case", TROUBLES, ids=lambda case: case.name)
async def test_whoever_asks_is_told_what_is_wrong_and_what_to_do(tmp_path: Path, case: Trouble) -> None:
    async with fake_vendor() as vendor:
        vendor.listing = case.listing
        written(tmp_path, case.url or vendor.url)
        key = {"LAB_KEY": case.key} if case.key else {}
        said = await command(tmp_path, "chat", stdin="hello", **key)
        picked = await command(tmp_path, "chat", stdin="/model demo", **key)
        listed = await command(tmp_path, "models", **key)
        checked = await command(tmp_path, "check", **key)

    for shown in (said, picked, listed):
        assert shown.code == 1
        assert all(words in shown.out for words in case.told), shown.out
        assert "demo without a real model" not in shown.out
    assert checked.code == 1
    assert "✗ models" in checked.out
    assert "● demo" not in checked.out


async def test_the_first_question_waits_for_the_first_listing(tmp_path: Path) -> None:
    async with fake_vendor() as vendor:
        written(tmp_path, vendor.url)
        said = await command(tmp_path, "chat", stdin="hello", LAB_KEY=KEY)
        checked = await command(tmp_path, "check", LAB_KEY=KEY)

    assert (said.code, checked.code) == (0, 0)
    assert HELLO in said.out
    assert "○ demo" in checked.out
    assert "models  " not in checked.out.replace("1 models", "")


async def test_a_vendor_that_refuses_the_question_names_the_key_to_replace(tmp_path: Path) -> None:
    async with fake_vendor() as vendor:
        at = {"OPENAI_BASE_URL": f"{vendor.url}/v1", "OPENAI_API_KEY": "sk-wrong"}
        vendor.listing = REFUSED
        said = await command(tmp_path, "chat", stdin="hello", **at)
        checked = await command(tmp_path, "check", **at)

    assert said.code == 1
    assert "gpt refused Switchboard's key." in said.out
    assert "whoever runs Switchboard replaces OPENAI_API_KEY." in said.out
    assert checked.code == 1
    assert "OpenAI refused its key. Whoever runs Switchboard replaces OPENAI_API_KEY." in checked.out


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    name: str
    url: str = ""
    listing: Answer | None = None
    word: str


@pytest.mark.parametrize(
    "case",
    [
        Reached(name="down", url=CLOSED, word="not reached"),
        Reached(name="refused", listing=REFUSED, word="key refused"),
        Reached(name="well", word="up"),
    ],
    ids=lambda case: case.name,
)
async def test_the_list_and_the_picker_say_in_the_same_words_how_a_model_is(
    tmp_path: Path, case: Reached
) -> None:
    model = '[[models]]\nname = "mine"\nprovider = "lab"\nmodel = "m-1"\n'
    async with fake_vendor() as vendor:
        vendor.listing = case.listing
        written = LAB.format(url=case.url or vendor.url) + model
        (tmp_path / "switchboard.toml").write_text(written, encoding="utf-8")
        listed = await command(tmp_path, "models", LAB_KEY=KEY)
        async with running(tmp_path, LAB_KEY=KEY) as product, product.visitor() as client:
            async with asyncio.timeout(PATIENCE):
                while True:
                    async with client.get("/web/chats/one-chat/standing") as answer:
                        (option,) = (await answer.json())["options"]
                    if case.word == "up" or case.word in option["hint"]:
                        break

    assert re.search(rf"  {case.word} +configured", listed.out)
    assert ("not reached" in option["hint"]) == (case.word == "not reached")


async def test_every_question_without_a_models_answer_ends_a_pipe_with_1(tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text('[[budgets]]\nscope = "person"\nusd = 0.0\n')
    async with fake_vendor() as vendor:
        at = {"OPENAI_BASE_URL": f"{vendor.url}/v1", "OPENAI_API_KEY": KEY}
        codes = [
            (await command(tmp_path, "chat", stdin=typed, **at)).code
            for typed in ("hello", "/ask nobody hello", "/compare gpt nobody: hello", "/help", "/model")
        ]

    assert codes == [1, 1, 1, 0, 0]


async def test_the_file_cannot_make_the_demo_speak_beside_a_vendor(tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text('default = "demo"\n')
    refused = await command(tmp_path, "chat", stdin="hello", OPENAI_API_KEY=KEY)
    alone = await command(tmp_path, "chat", stdin="hello")

    assert (refused.code, alone.code) == (2, 0)
    assert 'default = "demo": it answers only while nothing else is set up' in refused.err


async def test_a_demo_that_the_operator_set_up_can_be_picked_beside_a_vendor(tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text('[providers.toy]\ndialect = "demo"\n')
    async with fake_vendor() as vendor:
        at = {"OPENAI_BASE_URL": f"{vendor.url}/v1", "OPENAI_API_KEY": KEY}
        said = await command(tmp_path, "chat", stdin="/ask toy:demo hello", **at)

    assert said.code == 0, said.out
    assert "a demo without a real model" in said.out


async def readyz(admin: str) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as client, client.get(f"{admin}/readyz") as answer:
        return answer.status, await answer.json()


async def becomes(admin: str, wanted: int) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        while True:
            status, body = await readyz(admin)
            if status == wanted:
                return body
            await asyncio.sleep(0.05)


async def test_it_is_not_ready_while_no_model_can_be_asked(tmp_path: Path) -> None:
    async with fake_vendor() as vendor:
        vendor.listing = REFUSED
        written(tmp_path, vendor.url)
        async with running(tmp_path, LAB_KEY=KEY) as product:
            await product.logs("listing failed")
            status, body = await readyz(product.admin)

    assert status == 503
    assert body["reasons"] == [
        {"what": "lab refused its key", "remedy": "Whoever runs Switchboard replaces LAB_KEY"}
    ]


@pytest.mark.parametrize("public", [True, False], ids=["listing is public", "listing is not"])
async def test_a_key_that_is_refused_ends_the_readiness_wherever_it_is_refused(
    tmp_path: Path, public: bool
) -> None:
    async with fake_vendor() as vendor:
        vendor.listing = None if public else REFUSED
        vendor.plays = _refusing()
        at = {"OPENAI_BASE_URL": f"{vendor.url}/v1", "OPENAI_API_KEY": "sk-wrong"}
        (tmp_path / "switchboard.toml").write_text("")
        async with running(tmp_path, **at) as product, product.visitor() as client:
            if public:
                await becomes(product.admin, 200)
                body = {"id": "a" * 24, "text": "hello"}
                async with client.post("/web/chats/one-chat/messages", json=body) as taken:
                    assert taken.status == 200
            said = await becomes(product.admin, 503)

    assert "OPENAI_API_KEY" in said["reasons"][0]["remedy"]


def _refusing() -> dict[str, Sequence[Step]]:
    class Everything(dict[str, Sequence[Step]]):
        def get(self, *_: object) -> Any:
            return (Refuse(401, "invalid_api_key"),)

    return Everything()


async def test_the_page_says_why_nobody_answers(tmp_path: Path) -> None:
    written(tmp_path, CLOSED)
    async with running(tmp_path, LAB_KEY=KEY) as product, product.visitor() as client:
        await product.logs("listing failed")
        async with client.get("/web/chats/one-chat/standing") as answer:
            standing = await answer.json()

    assert standing["options"] == []
    assert "lab could not be reached" in standing["why"]
    assert "the endpoints are being asked" in product.page


async def test_a_slow_listing_is_waited_for_and_an_endless_one_is_not(tmp_path: Path) -> None:
    vendor, release = FakeVendor(), asyncio.Event()
    usual = vendor.models

    async def slow(request: Any) -> Any:
        await release.wait()
        return await usual(request)

    vendor.models = slow  # type: ignore[method-assign]
    async with fake_vendor(vendor):
        written(tmp_path, vendor.url)
        asyncio.get_running_loop().call_later(1.5, release.set)
        said = await command(tmp_path, "chat", stdin="hello", LAB_KEY=KEY)
        release.clear()
        endless = await command(tmp_path, "chat", stdin="hello", LAB_KEY=KEY)
        release.set()

    assert HELLO in said.out
    assert endless.code == 1
    assert "lab has not told its models yet. Ask again in a minute." in endless.out
