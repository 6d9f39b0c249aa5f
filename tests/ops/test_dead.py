"""`switchboard dead`, as it is typed."""

import asyncio
from pathlib import Path

import aiohttp

from bot.storage.embedded import embedded_server
from bot.storage.open import StorageOptions, open_storage
from tests.contracts.dead_letters import buried
from tests.contracts.leases import claim_next
from tests.events import message
from tests.ops.product import PATIENCE, command, running

KEY = "Zt3vQk8r0WmX5yLd7cHn2bFs9gJpA4eU"


async def test_what_was_given_up_is_listed_put_again_and_dropped(tmp_path: Path) -> None:
    async with (
        embedded_server(tmp_path / "data") as url,
        open_storage(url, StorageOptions(encryption_keys=KEY)) as storage,
    ):
        await storage.secrets.prove()
        one = await buried(storage, message("the merger closes on Friday"))
        two = await buried(storage)
        listed = await command(tmp_path, "dead", "list", SWITCHBOARD_ENCRYPTION_KEY=KEY)
        unknown = await command(tmp_path, "dead", "retry", "0123", SWITCHBOARD_ENCRYPTION_KEY=KEY)
        again = await command(tmp_path, "dead", "retry", one.id, SWITCHBOARD_ENCRYPTION_KEY=KEY)
        claim = await claim_next(storage)
        dropped = await command(tmp_path, "dead", "drop", "all", SWITCHBOARD_ENCRYPTION_KEY=KEY)
        empty = await command(tmp_path, "dead", "list", SWITCHBOARD_ENCRYPTION_KEY=KEY)

    assert (listed.code, listed.err) == (0, "")
    assert listed.out.index(two.id) < listed.out.index(one.id)
    assert "merger" not in listed.out
    assert (unknown.code, unknown.out) == (
        1,
        "0123: there is no such dead letter. `switchboard dead list` shows them.\n",
    )
    assert (again.code, again.out) == (0, f"{one.id}: put again. A running Switchboard answers it.\n")
    assert getattr(claim.event, "text", "") == "the merger closes on Friday"
    assert (dropped.code, dropped.out) == (0, f"{two.id}: dropped.\n")
    assert (empty.code, empty.out) == (0, "There are no dead letters: nothing was given up.\n")


async def test_redis_away_is_told_in_words(tmp_path: Path) -> None:
    said = await command(tmp_path, "dead", "list", REDIS_URL="redis://:hunter2@127.0.0.1:9/0")

    assert said.code == 1
    assert "Redis does not answer" in said.out
    assert "Start it, or write another REDIS_URL." in said.out
    assert "hunter2" not in said.out + said.err
    assert "Traceback" not in said.out + said.err


async def test_a_missing_action_or_id_is_met_with_how_to_type_it(tmp_path: Path) -> None:
    for typed in (("dead",), ("dead", "retry"), ("dead", "bury", "x")):
        said = await command(tmp_path, *typed)

        assert said.code == 2
        assert "usage: switchboard dead" in said.err


async def test_the_operator_sees_how_many_are_kept(tmp_path: Path) -> None:
    async with (
        embedded_server(tmp_path / "data") as url,
        open_storage(url) as storage,
    ):
        await buried(storage)
        await buried(storage)
    async with running(tmp_path) as product, aiohttp.ClientSession() as http:
        shown = ""
        async with asyncio.timeout(PATIENCE):
            while "\ndead_letters_kept 2\n" not in shown:
                async with http.get(f"{product.admin}/metrics") as answer:
                    shown = await answer.text()
