"""What a SignInStore promises. `storage` is the implementation under test, `rival` another process on the same data."""

from dataclasses import replace

from bot.domain.sign_ins import Caller, Grant, OAuthClient, StoredGrant
from bot.storage.open import Storage
from tests.storage.residue import everything, residue

ANN = Caller(workspace="test:T", person="U:1", name="Ann")
BOB = replace(ANN, person="U", name="Bob")
GRANT = Grant(
    id="g1",
    resource="https://notes.example/mcp",
    access="canary-access",
    refresh="canary-refresh",
    expires=1_000.5,
    client=OAuthClient(id="canary-client", secret="canary-secret", method="client_secret_post"),
    token_url="https://notes.example/token",
)


async def found(storage: Storage, caller: Caller, server: str) -> StoredGrant:
    held = await storage.sign_ins.find(caller, server)
    assert held
    return held


class SignInsContract:
    async def test_what_a_person_allowed_is_theirs_alone(self, storage: Storage, rival: Storage) -> None:
        await storage.sign_ins.put(ANN, "notes", GRANT)
        assert (await found(rival, ANN, "notes")).grant == GRANT
        assert await storage.sign_ins.find(replace(ANN, name="renamed"), "notes")
        for other in (BOB, replace(ANN, workspace="test:T2"), replace(ANN, person="1")):
            assert await storage.sign_ins.find(other, "notes") is None
        assert await storage.sign_ins.find(ANN, "jira") is None

    async def test_of_two_who_put_something_in_its_place_one_does(
        self, storage: Storage, rival: Storage
    ) -> None:
        await storage.sign_ins.put(ANN, "notes", GRANT)
        mine, theirs = await found(storage, ANN, "notes"), await found(rival, ANN, "notes")
        new = replace(GRANT, access="new")
        assert await storage.sign_ins.exchange(ANN, "notes", mine, new)
        assert not await rival.sign_ins.exchange(ANN, "notes", theirs, replace(GRANT, access="late"))
        assert (await found(rival, ANN, "notes")).grant == new

    async def test_what_was_dropped_is_not_brought_back(self, storage: Storage, rival: Storage) -> None:
        await storage.sign_ins.put(ANN, "notes", GRANT)
        before = await found(storage, ANN, "notes")
        assert await rival.sign_ins.drop(ANN, "notes") == GRANT
        assert await rival.sign_ins.drop(ANN, "notes") is None
        assert not await storage.sign_ins.exchange(ANN, "notes", before, GRANT)
        assert await storage.sign_ins.find(ANN, "notes") is None

    async def test_only_what_was_meant_is_erased(self, storage: Storage, rival: Storage) -> None:
        await storage.sign_ins.put(ANN, "notes", GRANT)
        before = await found(storage, ANN, "notes")
        await rival.sign_ins.put(ANN, "notes", new := replace(GRANT, access="new"))
        assert not await storage.sign_ins.exchange(ANN, "notes", before, None)
        assert (now := await found(storage, ANN, "notes")).grant == new
        assert await storage.sign_ins.exchange(ANN, "notes", now, None)
        assert await rival.sign_ins.find(ANN, "notes") is None

    async def test_one_at_a_time_renews(self, storage: Storage, rival: Storage) -> None:
        assert await storage.sign_ins.renewing(ANN, "notes", seconds=30)
        assert not await rival.sign_ins.renewing(ANN, "notes", seconds=30)
        assert await rival.sign_ins.renewing(BOB, "notes", seconds=30)
        assert await rival.sign_ins.renewing(ANN, "jira", seconds=30)
        await storage.sign_ins.renewed(ANN, "notes")
        assert await rival.sign_ins.renewing(ANN, "notes", seconds=30)

    async def test_a_person_is_forgotten_with_all_of_theirs(self, storage: Storage) -> None:
        for caller in (ANN, BOB, replace(ANN, workspace="test:T2")):
            await storage.sign_ins.put(caller, "notes", GRANT)
        await storage.sign_ins.put(ANN, "jira", GRANT)
        assert set(await storage.sign_ins.drop_of_person(ANN)) == {"notes", "jira"}
        assert await storage.sign_ins.drop_of_person(ANN) == {}
        assert await storage.sign_ins.find(BOB, "notes")
        assert await storage.sign_ins.find(replace(ANN, workspace="test:T2"), "notes")

    async def test_a_workspace_that_leaves_takes_them_along(self, storage: Storage) -> None:
        for caller in (ANN, BOB, replace(ANN, workspace="test:T2")):
            await storage.sign_ins.put(caller, "notes", GRANT)
        await storage.memory.purge("test:T")
        assert await storage.sign_ins.find(ANN, "notes") is None
        assert await storage.sign_ins.find(BOB, "notes") is None
        assert await storage.sign_ins.find(replace(ANN, workspace="test:T2"), "notes")


class SignInTracesContract:
    """Looks at every key, which a cluster does not show at once."""

    async def test_everything_about_it_ends_some_day(self, storage: Storage) -> None:
        await storage.sign_ins.put(ANN, "notes", GRANT)
        await storage.sign_ins.renewing(ANN, "notes", seconds=30)
        keys = [key for key in await everything(storage.database, storage.keys.prefix) if ":o:" in key]
        assert len(keys) == 3
        for key in keys:
            (seconds,) = await storage.database.ask(("TTL", key))
            assert 0 < seconds <= 90 * 86_400

    async def test_with_a_key_no_token_can_be_read(self, storage: Storage) -> None:
        await storage.sign_ins.put(ANN, "notes", GRANT)
        seen = await residue(storage.database, "canary", prefix=storage.keys.prefix)
        assert bool(seen) is not storage.cipher.seals
