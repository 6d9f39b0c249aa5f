"""The whole product in front of servers of models that somebody else wrote, as an operator sets them up."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.servers import HERE, KEY, SERVERS, ModelServer, free_port
from tests.ops.product import command, running
from tests.ops.test_running import answered, send

ENTRY = '[providers.own]\ndialect = "openai-chat"\nbase_url = "{base}"\napi_key_env = "OWN_KEY"\n'
SECOND = '[[models]]\nname = "other"\nprovider = "own"\nmodel = "other"\n'
UNLISTED = '[[models]]\nname = "nobody"\nprovider = "own"\nmodel = "no-such-model"\n'
RIGHT = {"OWN_KEY": KEY}


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    with request.param(tmp_path_factory.mktemp("server")) as server:
        yield server


def written(folder: Path, base: str) -> None:
    (folder / "switchboard.toml").write_text(ENTRY.format(base=base) + SECOND + UNLISTED, encoding="utf-8")


async def test_its_models_are_listed_answer_piece_by_piece_take_over_with_the_memory_and_are_counted(
    server: ModelServer, tmp_path: Path
) -> None:
    written(tmp_path, server.base)
    listed = await command(tmp_path, "models", **RIGHT)
    checked = await command(tmp_path, "check", **RIGHT)
    async with running(tmp_path, **RIGHT) as product, product.visitor() as client:
        seen: list[str] = []
        for said in ("house: My name is Ada.", "/model other", "Who am I?", "/memory", "/usage"):
            await send(client, "first-chat", said)
            post = await answered(client, "first-chat")
            seen.append(json.dumps(post, ensure_ascii=False))
            if "closing" in post:
                assert post["text"].strip() == server.says[post["closing"]["footer"].split(" ")[0]]

    rows = {line.split()[0].rstrip("*"): line for line in listed.out.splitlines() if "own:" in line}
    assert set(server.says) < set(rows)
    assert server.window in rows["house"]
    assert checked.code == 0
    assert "sees what was said" in seen[1]
    assert "2 questions" in seen[3]
    assert '"footer": "other' in seen[2]
    today = json.loads(seen[4])["reply"]["table"]["rows"][0]
    assert today[1] == "2"
    assert float(today[2].replace("k", "e3")) > 20
    assert 4 <= int(today[3]) <= 60


async def test_what_goes_wrong_is_named_to_the_person_and_to_the_operator(
    server: ModelServer, tmp_path: Path
) -> None:
    written(tmp_path, server.base)
    async with running(tmp_path, **RIGHT) as product, product.visitor() as client:
        for at, (question, told) in enumerate(server.troubles.items()):
            await send(client, f"chat-number-{at}", question)
            post = await answered(client, f"chat-number-{at}")
            assert told in post["closing"]["notice"]
            assert post["closing"]["footer"] == question.partition(":")[0]
    wrong = await command(tmp_path, "check", OWN_KEY="sk-another-key")
    refused = await command(tmp_path, "chat", stdin="house: hello", OWN_KEY="sk-another-key")

    written(tmp_path, f"http://{HERE}:{free_port()}/v1")
    down = await command(tmp_path, "check", **RIGHT)

    assert wrong.code != 0
    assert "refused the key" in wrong.out
    assert "check OWN_KEY" in wrong.out
    assert "refused Switchboard's key" in refused.out + refused.err
    assert "another-key" not in wrong.out + refused.out + refused.err
    assert down.code != 0
    assert "cannot be reached" in down.out
