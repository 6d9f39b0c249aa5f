"""With a key set, a stolen disk holds nobody's words."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.domain.claims import Outcome
from bot.domain.errors import SettingsError
from bot.domain.events import Author
from bot.domain.turns import TurnRecord
from bot.storage.embedded import embedded_server
from bot.storage.encryption import RecordCipher, UnreadableRecord
from bot.storage.open import Storage, StorageOptions, open_storage
from tests.contracts.leases import claim_next
from tests.events import message, thread, turn

KEY, OTHER = "k" * 44, "o" * 44
CANARY = "canary-4711"


async def talk(storage: Storage) -> None:
    """Everything that is written down somewhere, with the canary in every text."""
    author = Author(id="U1", name=f"Name {CANARY}")
    await storage.inbox.put(message(f"question {CANARY}", author=author))
    claim = await claim_next(storage)
    said = turn(f"question {CANARY}", f"answer {CANARY}")
    record = TurnRecord(id=claim.record.id, ref={"text": CANARY}, final=said)
    await storage.leases.save(claim, record)
    await storage.leases.commit(claim, Outcome(append=(said,), counted=said))
    await storage.inbox.put(message(f"poison {CANARY}"))
    await storage.leases.bury(await claim_next(storage), why="failed")
    await storage.secrets.put("install", f"token {CANARY}")


@pytest.mark.parametrize("key", ["", KEY], ids=["plain", "sealed"])
async def test_words_and_tokens_are_on_the_disk_only_without_a_key(key: str) -> None:
    with TemporaryDirectory(prefix="sb-") as directory:
        async with (
            embedded_server(Path(directory) / "data") as url,
            open_storage(url, StorageOptions(encryption_keys=key)) as storage,
        ):
            await talk(storage)
        written = b"".join(path.read_bytes() for path in Path(directory).rglob("*") if path.is_file())

    assert (CANARY.encode() in written) is not bool(key)


async def test_another_key_is_told_before_anything_is_taken_in(redis_url: str, prefix: str) -> None:
    """It would take in events that no other process can read, and put aside what they have taken in."""
    for keys in ("", "", KEY, f"{OTHER},{KEY}", OTHER):
        async with open_storage(redis_url, StorageOptions(prefix=prefix, encryption_keys=keys)) as storage:
            await storage.secrets.prove()
    for keys in ("", KEY):
        async with open_storage(redis_url, StorageOptions(prefix=prefix, encryption_keys=keys)) as storage:
            with pytest.raises(SettingsError, match="SWITCHBOARD_ENCRYPTION_KEY is not the key"):
                await storage.secrets.prove()


async def test_a_key_can_be_set_later_and_replaced(redis_url: str, prefix: str) -> None:
    for keys in ("", KEY, f"{OTHER},{KEY}"):
        async with open_storage(redis_url, StorageOptions(prefix=prefix, encryption_keys=keys)) as storage:
            await storage.inbox.put(message())
            await storage.leases.commit(await claim_next(storage), Outcome(append=(turn(keys),)))
    async with open_storage(
        redis_url, StorageOptions(prefix=prefix, encryption_keys=f"{OTHER},{KEY}")
    ) as storage:
        remembered = await storage.memory.recall(thread())
    async with open_storage(redis_url, StorageOptions(prefix=prefix, encryption_keys=OTHER)) as storage:
        without_the_old_key = await storage.memory.recall(thread())

    assert [each.asked.text for each in remembered] == ["", KEY, f"{OTHER},{KEY}"]
    assert [each.asked.text for each in without_the_old_key] == ["", f"{OTHER},{KEY}"]


async def test_an_event_that_cannot_be_opened_is_put_aside_and_the_next_one_handled(
    redis_url: str, prefix: str
) -> None:
    async with open_storage(redis_url, StorageOptions(prefix=prefix, encryption_keys=KEY)) as storage:
        await storage.inbox.put(message("sealed with the old key"))
    async with open_storage(redis_url, StorageOptions(prefix=prefix, encryption_keys=OTHER)) as storage:
        await storage.inbox.put(message("sealed with the new key"))
        (queue_entry,) = await storage.leases.ready(5)
        assert await storage.leases.claim(queue_entry) is None
        claim = await claim_next(storage)

    assert getattr(claim.event, "text", "") == "sealed with the new key"


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A way to try to open a record that must fail."""

    name: str
    key: str = KEY
    about: str = "conversation a"
    cut: int = 0
    add: bytes = b""


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong(name="in another place", about="conversation b"),
        Wrong(name="with another key", key=OTHER),
        Wrong(name="without a key", key=""),
        Wrong(name="changed", cut=1, add=b"x"),
        Wrong(name="cut short", cut=30),
        Wrong(name="empty", cut=1000),
    ],
    ids=lambda wrong: wrong.name,
)
def test_a_record_opens_only_unchanged_in_its_own_place(wrong: Wrong) -> None:
    stored = RecordCipher(KEY).encrypt(b"text", about="conversation a")
    assert RecordCipher(KEY).decrypt(stored, about="conversation a") == b"text"

    with pytest.raises(UnreadableRecord):
        RecordCipher(wrong.key).decrypt(
            stored[: max(0, len(stored) - wrong.cut)] + wrong.add, about=wrong.about
        )


def test_a_key_that_is_too_short_is_refused_with_a_remedy() -> None:
    with pytest.raises(SettingsError, match="openssl rand"):
        RecordCipher("secret")
