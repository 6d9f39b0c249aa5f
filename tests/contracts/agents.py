"""What an AgentStore promises. `storage` is the implementation under test, `rival` another process on the same data."""

from dataclasses import replace

from bot.domain.agents import PER_PERSON, Agent, AgentVersion, Audience
from bot.storage.open import Storage
from tests.events import ANN, BOB, thread
from tests.storage.residue import everything, residue

FIRST = AgentVersion(
    name="counsel",
    model="claude",
    instructions="canary-instructions",
    prompts=("Review this: ",),
    by="Ann",
    person=ANN.id,
    at=5.0,
    turn="t1",
)
AGENT = Agent(id="0123456789ab", workspace="test:T", owner=ANN.id, now=FIRST, revision=1)
SECOND = replace(AGENT, now=replace(FIRST, instructions="canary-second", turn="t2"), revision=2, undoable=1)


async def there(storage: Storage, workspace: str = "test:T") -> list[Agent]:
    """As a worker reads them: by the stamp that came with the preferences."""
    where = replace(thread(), workspace=workspace.partition(":")[2])
    preferences = await storage.preferences.in_force(where, ANN.id)
    return list(await storage.agents.agents(workspace, preferences.agents))


class AgentsContract:
    async def test_what_one_process_stores_another_reads_next(self, storage: Storage, rival: Storage) -> None:
        assert await there(rival) == []
        assert await storage.agents.put(AGENT, ()) == ""
        assert await there(rival) == [AGENT]
        assert await storage.agents.put(SECOND, (FIRST,)) == ""
        assert await there(rival) == await there(storage) == [SECOND]
        assert await rival.agents.earlier("test:T", AGENT.id) == (FIRST,)
        assert await rival.agents.drop("test:T", AGENT.id)
        assert await there(storage) == []
        assert not await storage.agents.drop("test:T", AGENT.id)

    async def test_they_are_one_workspaces_alone(self, storage: Storage) -> None:
        other = replace(AGENT, workspace="test:T2")
        assert await storage.agents.put(AGENT, ()) == await storage.agents.put(other, ()) == ""
        assert await there(storage, "test:T2") == [other]
        assert await storage.agents.drop("test:T2", AGENT.id)
        assert await there(storage) == [AGENT]
        assert await storage.agents.earlier("test:T2", AGENT.id) == ()

    async def test_of_two_who_change_it_one_does_and_a_repeated_call_is_one(
        self, storage: Storage, rival: Storage
    ) -> None:
        await storage.agents.put(AGENT, ())
        assert await storage.agents.put(AGENT, ()) == ""
        assert await storage.agents.put(SECOND, (FIRST,)) == ""
        assert await storage.agents.put(SECOND, (FIRST,)) == ""
        late = replace(SECOND, now=replace(SECOND.now, instructions="late", turn="t3"))
        assert await rival.agents.put(late, (FIRST,)) == "changed"
        assert await there(rival) == [SECOND]

    async def test_what_was_erased_meanwhile_does_not_come_back(
        self, storage: Storage, rival: Storage
    ) -> None:
        await storage.agents.put(AGENT, ())
        await rival.agents.drop("test:T", AGENT.id)
        assert await storage.agents.put(SECOND, (FIRST,)) == "changed"
        assert await there(storage) == []

    async def test_a_name_is_used_once_by_those_who_see_it(self, storage: Storage) -> None:
        await storage.agents.put(AGENT, ())
        again = replace(AGENT, id="0123456789ac", now=replace(FIRST, name="Counsel", turn="t4"))
        assert await storage.agents.put(again, ()) == "taken"
        assert await storage.agents.put(replace(again, owner=BOB.id), ()) == ""
        public = replace(
            again, id="0123456789ad", now=replace(again.now, audience=Audience.CHANNEL, channel="C")
        )
        assert await storage.agents.put(public, ()) == ""
        assert await storage.agents.put(replace(public, id="0123456789ae", owner=BOB.id), ()) == "taken"

    async def test_a_person_has_only_so_many(self, storage: Storage) -> None:
        for number in range(PER_PERSON):
            one = replace(AGENT, id=f"{number:012x}", now=replace(FIRST, name=f"a{number}"))
            assert await storage.agents.put(one, ()) == ""
        more = replace(AGENT, id=f"{99:012x}", now=replace(FIRST, name="more"))
        assert await storage.agents.put(more, ()) == "person"
        assert await storage.agents.put(replace(more, owner=BOB.id), ()) == ""


class AgentTracesContract:
    """On one server, where all that is held can be looked through."""

    async def test_nothing_of_them_is_left_of_a_workspace_that_went(
        self, storage: Storage, rival: Storage
    ) -> None:
        await storage.agents.put(AGENT, ())
        await storage.agents.put(SECOND, (FIRST,))
        await storage.agents.put(replace(AGENT, workspace="test:T2"), ())
        assert await there(rival) == [SECOND]
        await storage.memory.purge("test:T")
        left = await residue(storage.database, "canary-second", AGENT.id, prefix=storage.keys.prefix)
        assert await there(rival) == []
        assert "test:T2" not in str(left)
        assert len(left) <= 2  # the other workspace's agent and versions
        await storage.agents.put(replace(AGENT, now=replace(FIRST, model="gpt", turn="t9")), ())
        assert [one.now.model for one in await there(rival)] == ["gpt"]

    async def test_with_a_key_nothing_of_them_can_be_read(self, storage: Storage) -> None:
        await storage.agents.put(AGENT, ())
        await storage.agents.put(SECOND, (FIRST,))
        held = str(await everything(storage.database, prefix=storage.keys.prefix))
        seen = [word for word in ("canary-instructions", "canary-second", "counsel") if word in held]
        assert bool(seen) is not storage.cipher.seals
