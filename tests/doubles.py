"""Stand-ins that implement the ports, for tests of one side of a seam at a time."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.agent_ports import AgentStore, FormDesk
from bot.domain.agents import Agent, AgentVersion
from bot.domain.auto_entry import AutoChoice
from bot.domain.claims import Outcome, Receipt
from bot.domain.columns import Column
from bot.domain.errors import StorageUnavailable
from bot.domain.events import Author, Event, ThreadKey
from bot.domain.forms import Form
from bot.domain.observations import Observation
from bot.domain.replies import Option
from bot.domain.schedules import PER_PERSON, PER_PLACE, Schedule
from bot.domain.sign_ins import Caller, ExchangedSignIn, Grant, StoredGrant
from bot.domain.stop import StopSignal
from bot.domain.stream_parts import ShownPart
from bot.domain.turns import Candidate, Progress, Turn
from bot.schedule_ports import ScheduleStore
from bot.score_ports import ScoreStore
from bot.sign_in_ports import SignInStore


@dataclass
class FakeTurnHandle:
    """A turn handle in memory. `saves` keeps every state a sink saved, in order."""

    id: str = "turn-1"
    attempt: int = 1
    started: float = 0.0
    ref: Mapping[str, Any] | None = None
    saves: list[Mapping[str, Any]] = field(default_factory=list)
    stop: StopSignal = field(default_factory=StopSignal)
    finals: list[Turn] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    choices: list[AutoChoice] = field(default_factory=list)
    column: Column | None = None
    candidate: Candidate | None = None
    beside: "list[FakeTurnHandle]" = field(default_factory=list)

    def columns(self, of: int, *, folded: bool = False) -> "list[FakeTurnHandle]":
        """The same ones each time."""
        for number in range(len(self.beside) + 1, of + 1):
            place = Column(number=number, of=of, turn=self.id, folded=folded)
            self.beside.append(
                FakeTurnHandle(
                    id=f"{self.id}-{number}",
                    attempt=self.attempt,
                    started=self.started,
                    stop=self.stop,
                    column=place,
                )
            )
        return self.beside

    async def finish(self, candidate: Candidate) -> None:
        self.candidate = candidate

    async def save(self, ref: Mapping[str, Any]) -> None:
        self.ref = ref
        self.saves.append(ref)

    async def choose(self, choice: AutoChoice) -> None:
        self.choices.append(choice)

    async def advance(self, progress: Progress) -> None:
        self.progress.append(progress)

    async def keep(self, final: Turn) -> None:
        self.finals.append(final)

    def next_attempt(self) -> "FakeTurnHandle":
        """The handle as the worker that takes over sees it."""
        return FakeTurnHandle(
            id=self.id,
            attempt=self.attempt + 1,
            started=self.started,
            ref=self.ref,
            saves=self.saves,
            column=self.column,
            candidate=self.candidate,
            beside=[one.next_attempt() for one in self.beside],
        )


@dataclass
class FakeInbox:
    """Takes every event once. With `down` set it refuses like a Redis that is away."""

    events: list[Event] = field(default_factory=list)
    down: bool = False
    answer: Receipt = Receipt.ACCEPTED

    async def put(self, event: Event) -> Receipt:
        if self.down:
            raise StorageUnavailable("down")
        if any(
            event.id == seen.id and event.thread.workspace == seen.thread.workspace for seen in self.events
        ):
            return Receipt.DUPLICATE
        self.events.append(event)
        return self.answer


@dataclass
class FakeSecrets:
    """A SecretStore in memory, which forgets nothing by itself."""

    kept: dict[str, str] = field(default_factory=dict)

    async def put(self, name: str, value: str, *, seconds: int | None = None) -> None:
        self.kept[name] = value

    async def get(self, name: str) -> str | None:
        return self.kept.get(name)

    async def take(self, name: str) -> str | None:
        return self.kept.pop(name, None)

    async def delete(self, name: str) -> None:
        self.kept.pop(name, None)


@dataclass
class FakeSchedules(ScheduleStore):
    """A ScheduleStore in memory."""

    kept: dict[str, Schedule] = field(default_factory=dict)
    taken: dict[str, tuple[float, str]] = field(default_factory=dict)

    async def take(self, workspace: str, id: str, *, due: float, turn: str) -> bool:
        last, by = self.taken.get(id, (0.0, ""))
        if last >= due:
            return (last, by) == (due, turn)
        self.taken[id] = (due, turn)
        return True

    async def add(self, schedule: Schedule) -> str:
        here = replace(schedule.place.thread, thread="")
        if schedule.id not in self.kept:
            if sum(one.author.id == schedule.author.id for one in self.kept.values()) >= PER_PERSON:
                return "person"
            if sum(replace(one.place.thread, thread="") == here for one in self.kept.values()) >= PER_PLACE:
                return "place"
            self.kept[schedule.id] = schedule
        return ""

    async def find(self, workspace: str, id: str) -> Schedule | None:
        found = self.kept.get(id)
        return found if found and found.workspace == workspace else None

    async def listed(self, thread: ThreadKey, person: str) -> Sequence[Schedule]:
        here = replace(thread, thread="")
        found = [
            one
            for one in self.kept.values()
            if one.author.id == person or replace(one.place.thread, thread="") == here
        ]
        return sorted(found, key=lambda one: (bool(one.paused), one.next))

    async def keep(self, schedule: Schedule, *, expected: float | None = None) -> bool:
        known = self.kept.get(schedule.id)
        if known is None or expected not in {None, known.next}:
            return False
        self.kept[schedule.id] = schedule
        return True

    async def pause(self, schedule: Schedule, why: str, *, now: float) -> bool:
        return await self.keep(replace(schedule, paused=why, next=now + 30 * 86_400))

    async def drop(self, workspace: str, id: str) -> int:
        return int(self.kept.pop(id, None) is not None)

    async def drop_of_person(self, workspace: str, person: str) -> int:
        return self._without([one for one in self.kept.values() if one.author.id == person])

    async def drop_of_conversation(self, thread: ThreadKey) -> int:
        return self._without([one for one in self.kept.values() if one.place.thread == thread])

    async def due(self, now: float, limit: int) -> Sequence[Schedule]:
        found = [one for one in self.kept.values() if one.next + (0 if one.paused else one.wait) <= now]
        return found[:limit]

    def _without(self, doomed: Sequence[Schedule]) -> int:
        for one in doomed:
            del self.kept[one.id]
        return len(doomed)


@dataclass
class FakeScores(ScoreStore):
    """A ScoreStore in memory; `take` does what a commit does."""

    kept: dict[tuple[str, str], Observation] = field(default_factory=dict)
    left: set[tuple[str, str]] = field(default_factory=set)

    def take(self, workspace: str, outcome: Outcome) -> None:
        if outcome.unobserved:
            self._erase(workspace, outcome.unobserved)
        for one in outcome.observations:
            if (workspace, one.person) not in self.left:
                self.kept.pop((workspace, one.id), None)
                self.kept[workspace, one.id] = one

    async def observations(self, workspace: str) -> Sequence[Observation]:
        return [one for (where, _), one in self.kept.items() if where == workspace]

    async def leave(self, workspace: str, person: str) -> int:
        self.left.add((workspace, person))
        return self._erase(workspace, person)

    async def join(self, workspace: str, person: str) -> bool:
        had_left = (workspace, person) in self.left
        self.left.discard((workspace, person))
        return had_left

    async def erase(self, workspace: str, person: str) -> int:
        return self._erase(workspace, person)

    def _erase(self, workspace: str, person: str) -> int:
        doomed = [key for key, one in self.kept.items() if key[0] == workspace and one.person == person]
        for key in doomed:
            del self.kept[key]
        return len(doomed)


async def shown(parts: Iterable[ShownPart]) -> AsyncGenerator[ShownPart, None]:
    """A stream of ready-made pieces."""
    for part in parts:
        yield part


@dataclass
class FakeExchange:
    """A SignInExchange that notes what it is brought, and says what it is told to."""

    says: ExchangedSignIn = field(default_factory=lambda: ExchangedSignIn(signed_in=True))
    asked: list[tuple[str, str, Caller]] = field(default_factory=list)
    down: bool = False

    async def exchange(self, ticket: str, assertion: str, caller: Caller) -> ExchangedSignIn:
        if self.down:
            raise StorageUnavailable("down")
        self.asked.append((ticket, assertion, caller))
        return self.says


async def nothing_found(thread: ThreadKey, author: Author, words: str, prefix: str) -> Sequence[Option]:
    """An OptionSearch where nothing matches."""
    return ()


class NoForms(FormDesk):
    """A FormDesk that has no form, and finds nothing wrong."""

    async def opened(self, event: Event, text: str) -> Form | None:
        return None

    def faults(self, form: str, values: Mapping[str, str]) -> Mapping[str, str]:
        return {}


@dataclass
class FakeAgents(AgentStore):
    """Agents in memory, of one workspace. `stamp` is what the preferences say of them."""

    kept: dict[str, tuple[Agent, tuple[AgentVersion, ...]]] = field(default_factory=dict)
    changes: int = 0

    @property
    def stamp(self) -> str:
        return str(self.changes or "")

    async def agents(self, workspace: str, stamp: str) -> Sequence[Agent]:
        return [agent for agent, _ in self.kept.values() if agent.workspace == workspace] if stamp else []

    async def earlier(self, workspace: str, id: str) -> tuple[AgentVersion, ...]:
        return self.kept[id][1]

    async def put(self, agent: Agent, earlier: Sequence[AgentVersion]) -> str:
        self.kept[agent.id] = agent, tuple(earlier)
        self.changes += 1
        return ""

    async def drop(self, workspace: str, id: str) -> bool:
        self.changes += 1
        return self.kept.pop(id, None) is not None


@dataclass
class FakeSignIns(SignInStore):
    """Sign-ins in memory."""

    kept: dict[tuple[Caller, str], Grant] = field(default_factory=dict)
    under_way: set[tuple[Caller, str]] = field(default_factory=set)

    async def find(self, caller: Caller, server: str) -> StoredGrant | None:
        grant = self.kept.get((caller, server))
        return StoredGrant(grant=grant, mark=_mark(grant)) if grant else None

    async def put(self, caller: Caller, server: str, grant: Grant) -> None:
        self.kept[caller, server] = grant

    async def exchange(self, caller: Caller, server: str, before: StoredGrant, grant: Grant | None) -> bool:
        now = self.kept.get((caller, server))
        if now is None or _mark(now) != before.mark:
            return False
        if grant:
            self.kept[caller, server] = grant
        else:
            del self.kept[caller, server]
        return True

    async def renewing(self, caller: Caller, server: str, *, seconds: int) -> bool:
        mine = (caller, server) not in self.under_way
        self.under_way.add((caller, server))
        return mine

    async def renewed(self, caller: Caller, server: str) -> None:
        self.under_way.discard((caller, server))

    async def drop(self, caller: Caller, server: str) -> Grant | None:
        return self.kept.pop((caller, server), None)

    async def drop_of_person(self, caller: Caller) -> Mapping[str, Grant]:
        theirs = [server for person, server in self.kept if person == caller]
        return {server: self.kept.pop((caller, server)) for server in theirs}


def _mark(grant: Grant) -> bytes:
    return f"{grant.id} {grant.access}".encode()
