"""A server whose memory is full takes nothing new, and lets what was taken be answered: only that frees memory."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.domain.claims import Claim, Outcome
from bot.domain.errors import StorageUnavailable
from bot.ports import TurnHandle
from bot.storage.embedded import embedded_server
from bot.storage.open import StorageOptions, open_storage
from tests.events import message, thread, turn
from tests.worker.test_worker import LEASE, Script, until, until_quiet, working


async def test_what_was_taken_is_answered_when_the_servers_memory_is_full() -> None:
    full, running = asyncio.Event(), asyncio.Event()

    async def long(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        running.set()
        await full.wait()
        await asyncio.sleep(LEASE * 2)  # kept alive by beats
        await turn_handle.save({"ts": "1"})
        await turn_handle.keep(turn("long"))
        return Outcome(append=(turn("long"),))

    script = Script(parts={"long": long})
    terms = StorageOptions(lease=LEASE, per_person=1)
    with TemporaryDirectory(prefix="sb-") as folder:
        async with embedded_server(Path(folder)) as url, open_storage(url, terms) as storage:
            async with working(url, terms, script):
                await storage.inbox.put(message("long"))
                await running.wait()
                for number in range(3):  # these wait: one at a time of one person
                    await storage.inbox.put(message(f"{number}", where=thread(f"t{number}")))
                await storage.database.ask(("CONFIG", "SET", "maxmemory", 1))
                with pytest.raises(StorageUnavailable, match="memory"):
                    await storage.inbox.put(message("refused", where=thread("r")))
                full.set()
                await until(lambda: script.done == ["long", "0", "1", "2"])
                await until_quiet(storage)
            said = [each.asked.text for each in await storage.memory.recall(thread())]

    assert script.begun == script.done
    assert said == ["long"]
