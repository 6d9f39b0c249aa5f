"""Tokens of Microsoft Entra ID: one at a time is asked for, and nobody stands in line for one that is known."""

import asyncio

from providers.entra import Identity
from tests.catalogue.fakes import FakeCredential

SCOPE = FakeCredential.scope


async def test_a_token_is_asked_for_once_while_it_lives() -> None:
    credential = FakeCredential()
    identity = Identity(make=lambda: credential)
    tokens = await asyncio.gather(*(identity.token(SCOPE) for _ in range(3)))

    assert {*tokens, await identity.token(SCOPE)} == {"entra-token"}
    asked = len(credential.asked)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(identity.token(SCOPE)) for _ in range(300)]
        await asyncio.sleep(0)
        assert all(task.done() for task in tasks)  # in one round of the loop
    assert len(credential.asked) == asked


async def test_a_token_that_soon_ends_is_asked_for_again() -> None:
    credential = FakeCredential(life=200)
    identity = Identity(make=lambda: credential)
    await identity.token(SCOPE)
    credential.token = "another"

    assert await identity.token(SCOPE) == "another"


async def test_a_token_that_was_refused_is_not_given_out_again() -> None:
    credential = FakeCredential()
    identity = Identity(make=lambda: credential)
    await identity.token(SCOPE)
    credential.token = "another"
    await identity.renew()

    assert await identity.token(SCOPE) == "another"


async def test_tokens_of_two_scopes_are_kept_apart() -> None:
    identity = Identity(make=FakeCredential)

    assert await identity.token(SCOPE) != await identity.token("https://other.example/.default")
    assert await identity.token(SCOPE) == "entra-token"
