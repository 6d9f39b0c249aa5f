"""The inbox's scripts, driven at random by two workers that lose their leases at any moment.

A model says what must come of each step. To show that it would notice, the same machine is set on scripts with
deliberate faults in them, and must find every one.
"""

import asyncio
import shutil
import uuid
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bot.domain.claims import Claim, Outcome, QueueEntry, Receipt
from bot.domain.errors import Fenced
from bot.domain.events import MessageReceived
from bot.domain.turns import TurnRecord
from bot.storage.open import Storage, StorageOptions, open_storage
from bot.storage.scripts import HERE, Scripts
from tests.contracts.leases import nothing_waits, somebody_in_line
from tests.events import message, thread, turn
from tests.examples import examples

T = TypeVar("T")
CONVERSATIONS = ("a", "b")
WORKERS = (0, 1)


@dataclass
class Told:
    """What the model knows of one conversation."""

    accepted: list[str] = field(default_factory=list)  # events, in order
    done: list[str] = field(default_factory=list)  # of these, committed or buried
    remembered: list[str] = field(default_factory=list)
    holder: Claim | None = None
    ended: Claim | None = None  # the last claim that was ended by its holder
    forgot: list[Claim] = field(default_factory=list)  # claims that erased the conversation


class InboxMachine(RuleBasedStateMachine):
    """Two conversations, two workers. A worker that has just been given a ticket is its only rightful owner."""

    events = Bundle("events")
    claims = Bundle("claims")

    def __init__(self, url: str, scripts: Scripts) -> None:
        super().__init__()
        self._url = url
        self._scripts = scripts
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self.model = {name: Told() for name in CONVERSATIONS}
        self.owners: dict[str, int] = {}  # ready entry -> worker
        self.queue_entries: list[QueueEntry] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    @initialize()
    def open(self) -> None:
        prefix = f"t{uuid.uuid4().hex[:12]}"
        terms = StorageOptions(prefix=prefix, lease=0)  # every lease has run out as soon as somebody looks
        self.workers: list[Storage] = [
            self.run(self._stack.enter_async_context(open_storage(self._url, terms, scripts=self._scripts)))
            for _ in WORKERS
        ]

    @rule(target=events, where=st.sampled_from(CONVERSATIONS))
    def send(self, where: str) -> MessageReceived:
        event = message(where=thread(where))
        assert self.run(self.workers[0].inbox.put(event)) is Receipt.ACCEPTED
        self.model[where].accepted.append(event.id)
        return event

    @rule(event=events)
    def deliver_again(self, event: MessageReceived) -> None:
        assert self.run(self.workers[1].inbox.put(event)) is Receipt.DUPLICATE

    @rule(target=claims, worker=st.sampled_from(WORKERS))
    def work(self, worker: int) -> Any:
        """Takes what is in line or, when nothing is, what the other holds: every lease has run out."""
        leases = self.workers[worker].leases
        queue_entries = self.run(leases.ready(5) if self.run(self._undelivered()) else leases.abandoned(5))
        self.owners |= dict.fromkeys((queue_entry.entry for queue_entry in queue_entries), worker)
        self.queue_entries += queue_entries
        return multiple(
            *(pair for queue_entry in queue_entries for pair in self._claimed(queue_entry, worker))
        )

    @rule(target=claims, worker=st.sampled_from(WORKERS), back=st.integers(1, 3))
    def claim_late(self, worker: int, back: int) -> Any:
        """Somebody comes back to a place in line that may have moved on."""
        return multiple(
            *(
                pair
                for queue_entry in self.queue_entries[-back:][:1]
                for pair in self._claimed(queue_entry, worker)
            )
        )

    @rule(
        held=claims,
        act=st.sampled_from(("commit", "commit", "save", "retry", "release", "bury", "forget", "forget")),
    )
    def act(self, held: tuple[int, Claim], act: str) -> None:
        """The holder may. Who has ended a claim may say so again. Nobody else may do anything."""
        worker, claim = held
        told = self._of(claim)
        if told.holder is not claim and (claim in told.forgot or act == "forget"):
            return  # nothing is left that could tell a late call from a repeated one; neither does anything
        if told.holder is not claim and (told.ended is not claim or act == "save"):
            with pytest.raises(Fenced):
                self.run(self._do(worker, claim, act))
            return
        self.run(self._do(worker, claim, act))
        if told.holder is claim and act != "save":
            told.holder, told.ended = None, claim
            self.owners.pop(claim.queue_entry.entry, None)
            told.done += [claim.event.id] if act in {"commit", "bury", "forget"} else []
            told.remembered += [claim.event.id] if act == "commit" else []
            if act == "forget":
                told.remembered.clear()
                told.forgot.append(claim)

    async def _do(self, worker: int, claim: Claim, act: str) -> None:
        leases = self.workers[worker].leases
        match act:
            case "commit":
                await leases.commit(claim, Outcome(append=(turn(claim.event.id),)))
            case "forget":
                await leases.commit(claim, Outcome(forget=True))
            case "save":
                await leases.save(claim, TurnRecord(id=claim.record.id, ref={"epoch": claim.epoch}))
            case "retry":
                await leases.retry(claim, seconds=0)
            case "release":
                await leases.release(claim)
            case "bury":
                await leases.bury(claim, why="test")

    def teardown(self) -> None:
        """Whatever happened: in the end everything that was accepted is handled, once, in order."""
        try:
            if hasattr(self, "workers"):
                self.run(self._finish())
        finally:
            self.run(self._stack.aclose())
            self._runner.close()

    async def _finish(self) -> None:
        storage = self.workers[0]
        for _ in range(sum(len(told.accepted) for told in self.model.values()) * 3 + 3):
            queue_entries = list(await storage.leases.abandoned(100))
            if await self._undelivered():
                queue_entries += await storage.leases.ready(100)
            for queue_entry in queue_entries:
                if claim := await storage.leases.claim(queue_entry):
                    told = self._of(claim)
                    assert claim.event.id == told.accepted[len(told.done)], "out of order"
                    await storage.leases.commit(claim, Outcome(append=(turn(claim.event.id),)))
                    told.done.append(claim.event.id)
                    told.remembered.append(claim.event.id)
        for where, told in self.model.items():
            assert told.done == told.accepted, "lost or stuck"
            remembered = await storage.memory.recall(thread(where))
            assert [each.asked.text for each in remembered] == told.remembered
        assert await nothing_waits(storage)
        (desk,) = await storage.database.ask(("HKEYS", storage.keys.line(0)[4]))
        assert set(desk) <= {b"life"}, "something stays on the desk"

    def _claimed(self, queue_entry: QueueEntry, worker: int) -> Iterator[tuple[int, Claim]]:
        claim = self.run(self.workers[worker].leases.claim(queue_entry))
        if claim is None:
            assert self.owners.get(queue_entry.entry) != worker
            return
        assert self.owners[queue_entry.entry] == worker
        told = self._of(claim)
        assert claim.event.id == told.accepted[len(told.done)], "out of order"
        assert [each.asked.text for each in claim.history.turns] == told.remembered
        told.holder = claim
        yield worker, claim

    def _of(self, claim: Claim) -> Told:
        return self.model[claim.event.thread.thread]

    async def _undelivered(self) -> bool:
        """Whether a conversation is in line and in nobody's hands."""
        return await somebody_in_line(self.workers[0])


def drive(url: str, scripts: Scripts, *, tries: int, phases: tuple[Phase, ...] = tuple(Phase)) -> None:
    class Machine(InboxMachine):
        def __init__(self) -> None:
            super().__init__(url, scripts)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=tries,
            stateful_step_count=30,
            derandomize=True,
            database=None,
            deadline=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )


def test_nothing_is_lost_doubled_or_out_of_order_whatever_workers_do(redis_url: str) -> None:
    drive(redis_url, Scripts(), tries=examples(20))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One deliberate mistake: in `script`, `right` becomes `wrong`."""

    name: str
    script: str
    right: str
    wrong: str
    tries: int = 100


FAULTS = (
    Fault(name="no fence check", script="shared", right="return 'lost'", wrong="return 'held'"),
    Fault(name="no dedupe", script="put", right="seen == 'taken'", wrong="false"),
    Fault(
        name="no re-schedule",
        script="commit",
        right="schedule(state, mail, turn, c.conversation, c.ttl)",
        wrong="",
    ),
    Fault(
        name="a forget takes along what waits",
        script="commit",
        right="  if redis.call('EXISTS', mail) == 0 then",
        wrong="  if true then",
        tries=400,
    ),
    Fault(
        name="the epoch stays on take-over",
        script="claim",
        right="    epoch = count()\n  end",
        wrong="    epoch = epoch or count()\n  end",
    ),
    Fault(
        name="anybody may claim",
        script="claim",
        right="if redis.call('HGET', DESK, 'w:' .. conversation) ~= worker .. ' ' .. entry then return false end",
        wrong="",
    ),
    Fault(
        name="what was handled stays in the mailbox",
        script="commit",
        right="if redis.call('XDEL', mail, c.mail) == 1 then",
        wrong="if true then",
    ),
    Fault(
        name="a retried conversation loses its place",
        script="retry",
        right="redis.call('ZADD', delay, now() + tonumber(seconds), conversation)",
        wrong="",
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_the_machine_finds_a_deliberate_fault(redis_url: str, tmp_path: Path, fault: Fault) -> None:
    faulty = tmp_path / "lua"
    shutil.copytree(HERE, faulty)
    script = faulty / f"{fault.script}.lua"
    text = script.read_text()
    assert text.count(fault.right) == 1, "the fault does not fit the script any more"
    script.write_text(text.replace(fault.right, fault.wrong))
    with pytest.raises((AssertionError, pytest.fail.Exception, IndexError, KeyError, TypeError)):
        drive(redis_url, Scripts(faulty), tries=fault.tries, phases=(Phase.generate,))
