"""What a ScoreStore promises. `storage` is the implementation under test, `rival` another process on the same data."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bot.domain.claims import Outcome
from bot.domain.errors import Fenced
from bot.domain.events import Author, ThreadKey
from bot.domain.observations import Observation, Observed
from bot.domain.question_kinds import QuestionKind
from bot.domain.turns import TurnRecord
from bot.storage.open import Storage
from tests.contracts.leases import abandoned, claim_next
from tests.events import ANN, BOB, message, thread, turn
from tests.storage.residue import residue

HERE = "test:T"


def seen(turn: str = "t1", person: str = ANN.id, **more: Any) -> Observation:
    """A vote, with the parts that a test cares about."""
    about = Observation(
        what=Observed.VOTED, turn=turn, person=person, model="grok", kind=QuestionKind.CODE, at=1.0
    )
    return replace(about, **more)


async def commits(
    storage: Storage, *observations: Observation, where: ThreadKey | None = None, unobserved: str = ""
) -> None:
    await storage.inbox.put(message(where=where))
    outcome = Outcome(observations=observations, unobserved=unobserved)
    await storage.leases.commit(await claim_next(storage), outcome)


class ScoresContract:
    async def test_what_is_committed_is_found_wherever_it_was_said_oldest_first(
        self, storage: Storage, rival: Storage
    ) -> None:
        said = [seen(f"t{number}", cost=0.25, over=("a", "b")) for number in range(5)]
        for number, one in enumerate(said):
            await commits(storage, one, where=thread(str(number)))

        assert list(await rival.scores.observations(HERE)) == said

    async def test_a_changed_vote_takes_the_place_of_the_earlier(self, storage: Storage) -> None:
        await commits(storage, seen(liked=True), seen(person=BOB.id, liked=True))
        await commits(storage, seen(liked=False))

        assert list(await storage.scores.observations(HERE)) == [
            seen(person=BOB.id, liked=True),
            seen(liked=False),
        ]

    async def test_no_workspace_sees_anything_of_another(self, storage: Storage) -> None:
        await commits(storage, seen("canary"), where=thread(workspace="Wcanary"))
        await commits(storage, seen("here"))

        assert list(await storage.scores.observations(HERE)) == [seen("here")]
        assert list(await storage.scores.observations("test:Wcanary")) == [seen("canary")]
        assert list(await storage.scores.observations("other:T")) == []

    async def test_of_who_has_left_nothing_is_kept_not_even_what_was_in_hand(
        self, storage: Storage, rival: Storage
    ) -> None:
        for number in range(4):
            mine = seen(f"t{number}"), seen(f"t{number}", person=BOB.id)
            await commits(storage, *mine, where=thread(str(number)))
        await storage.inbox.put(message())
        in_hand = await claim_next(storage)

        assert await rival.scores.leave(HERE, ANN.id) == 4
        assert await rival.scores.leave(HERE, ANN.id) == 0
        both = (seen("late"), seen("late", person=BOB.id))
        await storage.leases.commit(in_hand, Outcome(observations=both))
        found = await storage.scores.observations(HERE)
        assert {one.person for one in found} == {BOB.id}
        assert len(found) == 5

    async def test_who_leaves_one_workspace_counts_in_the_others(self, storage: Storage) -> None:
        await storage.scores.leave(HERE, ANN.id)
        await commits(storage, seen(), where=thread(workspace="other"))

        assert len(await storage.scores.observations("test:other")) == 1

    async def test_who_joins_again_counts_from_then_on(self, storage: Storage) -> None:
        assert not await storage.scores.join(HERE, ANN.id)
        await commits(storage, seen("before"))
        await storage.scores.leave(HERE, ANN.id)
        assert await storage.scores.join(HERE, ANN.id)
        await commits(storage, seen("after"))

        assert list(await storage.scores.observations(HERE)) == [seen("after")]

    async def test_a_persons_are_erased_and_nobody_elses(self, storage: Storage) -> None:
        like_ann = Author(id=f"x:{ANN.id}")
        for number in range(4):
            said = [seen(f"t{number}", person=one.id) for one in (ANN, BOB, like_ann)]
            await commits(storage, *said, where=thread(str(number)))

        assert await storage.scores.erase(HERE, ANN.id) == 4
        assert {one.person for one in await storage.scores.observations(HERE)} == {BOB.id, like_ann.id}
        await commits(storage, seen("new"))  # they have not left
        assert {one.person for one in await storage.scores.observations(HERE)} == {
            ANN.id,
            BOB.id,
            like_ann.id,
        }

    async def test_a_commit_erases_what_its_shard_keeps_of_a_person(self, storage: Storage) -> None:
        await commits(storage, seen("t1"), seen("t1", person=BOB.id))
        await commits(storage, unobserved=ANN.id)

        assert {one.person for one in await storage.scores.observations(HERE)} == {BOB.id}

    async def test_a_worker_that_dies_before_its_commit_leaves_one_observation(
        self, storage: Storage, rival: Storage
    ) -> None:
        await storage.inbox.put(message())
        dying = await claim_next(storage)
        said = turn()
        await storage.leases.save(dying, TurnRecord(id=dying.record.id, final=said))
        again = await rival.leases.claim(await abandoned(rival.leases))
        assert again
        outcome = Outcome(append=(said,), observations=(seen(again.record.id),))
        await rival.leases.commit(again, outcome)
        with suppress(Fenced):
            await storage.leases.commit(dying, outcome)

        assert list(await storage.scores.observations(HERE)) == [seen(again.record.id)]

    async def test_a_commit_that_is_repeated_counts_once(self, storage: Storage) -> None:
        await storage.inbox.put(message())
        claim = await claim_next(storage)
        outcome = Outcome(observations=(seen(),))
        await storage.leases.commit(claim, outcome)
        await storage.scores.erase(HERE, ANN.id)  # what it had added
        await storage.leases.commit(claim, outcome)  # its answer was lost

        assert list(await storage.scores.observations(HERE)) == []

    async def test_a_history_stands_beside_what_is_observed(self, storage: Storage) -> None:
        for number in range(3):
            await storage.inbox.put(message())
            claim = await claim_next(storage)
            said = turn(f"q{number}")
            await storage.leases.commit(
                claim, Outcome(append=(said,), observations=(seen(f"a{number}"), seen(f"b{number}")))
            )

        recalled = await storage.memory.recall(thread())
        assert [one.asked.text for one in recalled] == ["q0", "q1", "q2"]
        assert len(await storage.scores.observations(HERE)) == 6

    async def test_a_workspace_that_leaves_takes_them_along(self, storage: Storage) -> None:
        await commits(storage, seen("gone", person="Ucanary"))
        await storage.scores.leave(HERE, "Uleft")
        await storage.memory.purge(HERE)

        assert await storage.scores.observations(HERE) == []
        assert await residue(storage.database, "Ucanary", "Uleft", prefix=storage.keys.prefix) == {}

    async def test_what_is_read_while_others_write_is_whole(self, storage: Storage, rival: Storage) -> None:
        async def writes(worker: Storage, name: str) -> None:
            for number in range(10):
                where = thread(f"{name}{number}")
                await commits(worker, seen(f"{name}{number}"), where=where)

        async with asyncio.TaskGroup() as group:
            group.create_task(writes(storage, "a"))
            sizes = [len(await rival.scores.observations(HERE)) for _ in range(10)]

        assert sizes == sorted(sizes)
        assert len(await rival.scores.observations(HERE)) == 10
