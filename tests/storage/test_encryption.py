"""With a key set, a stolen disk holds nobody's words."""

import base64
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.claims import Outcome
from bot.domain.errors import SettingsError
from bot.domain.events import Author
from bot.domain.turns import TurnRecord
from bot.storage.embedded import embedded_server
from bot.storage.encryption import RecordCipher, RecordPlace, UnreadableRecord
from bot.storage.key_strength import weakness
from bot.storage.open import Storage, StorageOptions, open_storage
from tests.contracts.leases import claim_next
from tests.events import message, thread, turn
from tests.examples import examples

KEY, OTHER = "Zt3vQk8r0WmX5yLd7cHn2bFs9gJpA4eU", "hV6uR1oTq9KzB3xMw8YfC5aNs2iLj7Ed"
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


async def proven(url: str, prefix: str, keys: str) -> None:
    async with open_storage(url, StorageOptions(prefix=prefix, encryption_keys=keys)) as storage:
        await storage.secrets.prove()


async def test_another_key_is_told_before_anything_is_taken_in(redis_url: str, prefix: str) -> None:
    """It would take in events that no other process can read, and put aside what they have taken in."""
    for keys in (KEY, KEY, f"{OTHER},{KEY}", OTHER):
        await proven(redis_url, prefix, keys)
    with pytest.raises(SettingsError, match="SWITCHBOARD_ENCRYPTION_KEY is not the key"):
        await proven(redis_url, prefix, KEY)
    with pytest.raises(SettingsError, match="KEY is not set, but what is stored was sealed with one"):
        await proven(redis_url, prefix, "")


async def test_a_key_set_on_what_was_stored_without_one_is_told_with_a_way_out(
    redis_url: str, prefix: str
) -> None:
    for keys in ("", ""):
        await proven(redis_url, prefix, keys)
    with pytest.raises(SettingsError, match="start with an empty storage: another SWITCHBOARD_DATA_DIR"):
        await proven(redis_url, prefix, KEY)


async def test_a_key_can_be_replaced(redis_url: str, prefix: str) -> None:
    for keys in (KEY, f"{OTHER},{KEY}", OTHER):
        async with open_storage(redis_url, StorageOptions(prefix=prefix, encryption_keys=keys)) as storage:
            await storage.inbox.put(message())
            await storage.leases.commit(await claim_next(storage), Outcome(append=(turn(keys),)))
    both = StorageOptions(prefix=prefix, encryption_keys=f"{OTHER},{KEY}")
    async with open_storage(redis_url, both) as storage:
        remembered = await storage.memory.recall(thread())
    async with open_storage(redis_url, StorageOptions(prefix=prefix, encryption_keys=OTHER)) as storage:
        without_the_old_key = await storage.memory.recall(thread())

    assert [each.asked.text for each in remembered] == [KEY, f"{OTHER},{KEY}", OTHER]
    assert [each.asked.text for each in without_the_old_key] == [f"{OTHER},{KEY}", OTHER]


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


HERE = RecordPlace(kind="turn", of="conversation a", at="1")


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A way to try to open a record that must fail."""

    name: str
    key: str = KEY
    about: RecordPlace = HERE
    cut: int = 0
    add: bytes = b""


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong(name="in another conversation", about=replace(HERE, of="conversation b")),
        Wrong(name="in another place", about=replace(HERE, at="2")),
        Wrong(name="as another kind", about=replace(HERE, kind="event")),
        Wrong(name="with words moved over", about=replace(HERE, of="conversation", at="a1")),
        Wrong(name="with another key", key=OTHER),
        Wrong(name="without a key", key=""),
        Wrong(name="changed", cut=1, add=b"x"),
        Wrong(name="cut short", cut=30),
        Wrong(name="empty", cut=1000),
    ],
    ids=lambda wrong: wrong.name,
)
def test_a_record_opens_only_unchanged_in_its_own_place(wrong: Wrong) -> None:
    stored = RecordCipher(KEY).encrypt(b"text", about=HERE)
    assert RecordCipher(KEY).decrypt(stored, about=HERE) == b"text"

    with pytest.raises(UnreadableRecord):
        RecordCipher(wrong.key).decrypt(
            stored[: max(0, len(stored) - wrong.cut)] + wrong.add, about=wrong.about
        )


def test_what_was_not_sealed_is_not_believed_once_there_is_a_key() -> None:
    stored = RecordCipher("").encrypt(b"text", about=HERE)
    assert RecordCipher("").decrypt(stored, about=HERE) == b"text"

    with pytest.raises(UnreadableRecord, match="not encrypted"):
        RecordCipher(KEY).decrypt(stored, about=HERE)


@pytest.mark.parametrize(
    "weak",
    [
        "secret",
        "a" * 32,
        "k" * 44,
        "ab" * 16,
        "0123456789abcdef" * 2,
        "0123456789abcdef0123456789abcdef0123",
        "secret-Secret-secret-Secret-secret-Sec",
        "a" * 31 + "b",
        "0000000000000000000000000000000000000000000000000001",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "change-me-to-something-secret-and-long",
        "your-encryption-key-goes-here-please!",
        "openssl rand -base64 32 # make me one",
        "my_super_secret_p@ssw0rd_for_the_bot_",
    ],
)
@pytest.mark.parametrize("beside", ["", f"{KEY},", f"{KEY} , {OTHER},"], ids=["alone", "second", "third"])
def test_what_is_no_key_is_refused_with_a_remedy(weak: str, beside: str) -> None:
    with pytest.raises(SettingsError, match="openssl rand -base64 32") as told:
        RecordCipher(beside + weak)

    assert weak not in str(told.value).replace("openssl rand -base64 32", "")


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=examples(200), deadline=None)
def test_a_key_made_at_random_is_taken(seed: bytes) -> None:
    """Of whatever a generator gave, as the usual commands write it."""
    made = hashlib.sha256(seed).digest()  # hypothesis likes to give zeros, which are no key
    for key in (
        made.hex(),
        made.hex()[:32],
        base64.b64encode(made).decode(),
        base64.urlsafe_b64encode(made).decode(),
    ):
        assert weakness(key) == ""
