"""People's sign-ins over several processes: renewed once, never brought back, never told to another."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import anyio

from bot.answers.tools.grants import Departure, Grants, SignInEnded, SignInRefused
from bot.domain.sign_ins import Caller, Grant, OAuthClient
from tests.doubles import FakeSignIns

ANN = Caller(workspace="slack:T1", person="U1", name="Ann")
HERE = "https://notes.example/mcp"
FIRST = Grant(
    id="g1",
    resource=HERE,
    access="a1",
    refresh="r1",
    expires=1_000.0,
    client=OAuthClient(id="c"),
    token_url="https://notes.example/token",
)


@dataclass
class Office:
    """Implements Authorization. A token to renew by works once."""

    name: str = "notes"
    resource: str = HERE
    exchanges: str = ""
    good: str = "r1"
    renewals: int = 0
    revoked: list[str] = field(default_factory=list)
    refuses: Exception | None = None
    gate: asyncio.Event | None = None
    answers: asyncio.Event | None = None  # what it has done is known only then

    async def begin(self, state: str) -> Departure:
        raise NotImplementedError

    async def finish(self, departure: Departure, *, code: str, issuer: str | None) -> Grant:
        raise NotImplementedError

    async def on_behalf(self, assertion: str) -> Grant:
        raise NotImplementedError

    async def renewed(self, grant: Grant) -> Grant:
        if self.gate:
            await self.gate.wait()
        if self.refuses:
            raise self.refuses
        if grant.refresh != self.good:
            raise SignInEnded(self.name)
        self.renewals += 1
        number = self.renewals + 1
        self.good = f"r{number}"
        if self.answers:
            await self.answers.wait()
        return replace(grant, access=f"a{number}", refresh=self.good, expires=grant.expires + 3_600.0)

    async def revoke(self, grant: Grant) -> bool:
        self.revoked.append(grant.access)
        return True

    def document(self) -> Mapping[str, object]:
        return {}

    async def described(self) -> str:
        return ""

    async def aclose(self) -> None:
        pass


def replicas(office: Office, store: FakeSignIns, *, at: float, count: int = 2) -> list[Grants]:
    return [Grants(store=store, authorizations={"notes": office}, clock=lambda: at) for _ in range(count)]


async def kept(grant: Grant = FIRST) -> FakeSignIns:
    store = FakeSignIns()
    await store.put(ANN, "notes", grant)
    return store


async def test_a_token_that_is_good_is_used_as_it_is() -> None:
    office, store = Office(), await kept()
    (one,) = replicas(office, store, at=900.0, count=1)
    assert await one.token(ANN, "notes") == "a1"
    assert office.renewals == 0


async def test_many_who_need_it_at_once_renew_it_once() -> None:
    office, store = Office(gate=asyncio.Event()), await kept()
    both = replicas(office, store, at=940.0)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        asking = [group.create_task(both[number % 2].token(ANN, "notes")) for number in range(12)]
        await asyncio.sleep(0)
        assert office.gate
        office.gate.set()
    assert {task.result() for task in asking} == {"a2"}
    assert office.renewals == 1


async def test_one_that_the_server_refused_is_renewed_though_it_seemed_good() -> None:
    office, store = Office(), await kept()
    (one,) = replicas(office, store, at=100.0, count=1)
    assert await one.token(ANN, "notes", refused="a1") == "a2"
    assert await one.token(ANN, "notes", refused="a1") == "a2"  # whoever was refused a moment later
    assert office.renewals == 1


async def test_what_was_signed_out_while_it_was_renewed_stays_out_and_is_given_back() -> None:
    office, store = Office(gate=asyncio.Event()), await kept()
    one, other = replicas(office, store, at=990.0)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        asking = group.create_task(one.token(ANN, "notes"))
        await asyncio.sleep(0)
        await other.sign_out(ANN, "notes")
        assert office.gate
        office.gate.set()
    assert asking.result() == ""
    assert not store.kept
    assert office.revoked == ["a1", "a2"]


async def test_who_has_signed_in_anew_meanwhile_keeps_that() -> None:
    office, store = Office(gate=asyncio.Event()), await kept()
    one, other = replicas(office, store, at=990.0)
    new = replace(FIRST, id="g2", access="new", expires=9_999.0)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        asking = group.create_task(one.token(ANN, "notes"))
        await asyncio.sleep(0)
        await other.keep(ANN, "notes", new)
        assert office.gate
        office.gate.set()
    assert asking.result() == "new"
    assert list(store.kept.values()) == [new]
    assert office.revoked == []


async def test_who_has_signed_in_anew_while_the_old_one_ended_keeps_that() -> None:
    office, store = Office(gate=asyncio.Event(), good="another"), await kept()
    one, other = replicas(office, store, at=990.0)
    new = replace(FIRST, id="g2", access="new", expires=9_999.0)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        asking = group.create_task(one.token(ANN, "notes"))
        await asyncio.sleep(0)
        await other.keep(ANN, "notes", new)
        assert office.gate
        office.gate.set()
    assert asking.result() == "new"
    assert list(store.kept.values()) == [new]


async def test_a_connection_that_is_closed_meanwhile_loses_no_renewal() -> None:
    office, store = Office(answers=asyncio.Event()), await kept()
    one, other = replicas(office, store, at=990.0)
    async with asyncio.timeout(10), anyio.create_task_group() as group:
        group.start_soon(one.token, ANN, "notes")
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
        assert office.answers
        office.answers.set()
    assert await other.token(ANN, "notes") == "a2"
    assert office.renewals == 1
    assert not store.under_way


async def test_what_has_ended_there_is_erased_here() -> None:
    office, store = Office(good="another"), await kept()
    (one,) = replicas(office, store, at=990.0, count=1)
    assert await one.token(ANN, "notes") == ""
    assert not store.kept


async def test_a_sign_in_that_is_away_for_a_moment_ends_nothing() -> None:
    office, store = Office(refuses=SignInRefused("it is away")), await kept()
    (one,) = replicas(office, store, at=990.0, count=1)
    assert await one.token(ANN, "notes") == "a1"
    office.refuses = None
    assert await one.token(ANN, "notes") == "a2"


async def test_a_token_that_ends_and_cannot_be_renewed_asks_to_sign_in() -> None:
    office, store = Office(), await kept(replace(FIRST, refresh=""))
    (one,) = replicas(office, store, at=1_000.0, count=1)
    assert await one.token(ANN, "notes") == ""
    assert not store.kept


async def test_an_entry_that_leads_elsewhere_now_has_no_part_in_it() -> None:
    office, store = Office(resource="https://evil.example/mcp"), await kept()
    (one,) = replicas(office, store, at=100.0, count=1)
    assert await one.held(ANN, "notes") is None
    assert await one.token(ANN, "notes") == ""


async def test_forgetting_a_person_takes_all_of_theirs_and_nobody_elses() -> None:
    office, store = Office(), await kept()
    bob = replace(ANN, person="U2")
    elsewhere = replace(ANN, workspace="slack:T2")
    await store.put(ANN, "gone", replace(FIRST, access="old"))
    await store.put(bob, "notes", replace(FIRST, access="b"))
    await store.put(elsewhere, "notes", replace(FIRST, access="e"))
    (one,) = replicas(office, store, at=100.0, count=1)

    assert await one.forget(ANN) == 2
    assert office.revoked == ["a1"]  # nobody knows how to give back what is not set up any more
    assert sorted(grant.access for grant in store.kept.values()) == ["b", "e"]
