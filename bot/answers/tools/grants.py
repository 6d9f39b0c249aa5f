"""People's sign-ins to tool servers: kept, renewed, given back."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import anyio

from bot.domain.errors import SwitchboardError
from bot.domain.sign_ins import Caller, Grant, OAuthClient, StoredGrant
from bot.sign_in_ports import SignInStore

DONE, CLIENT = "/sign-in/done", "/sign-in/client.json"  # on our public listener
EARLY = 60.0  # seconds before a token ends when it is renewed
TURN = 30  # seconds for one renewal; then another process may try
LOOKS, LOOK = 40, 0.25  # ... and what waits for it looks so often, so many seconds apart

log = logging.getLogger(__name__)


class SignInRefused(SwitchboardError):
    """Nobody can sign in, or it cannot be renewed now. Its text says why and what to do, in one line for people."""


class ConsentNeeded(SignInRefused):
    """The person has to be asked first, with their browser."""


class SignInEnded(SwitchboardError):
    """What was allowed is not any more: the person has to sign in again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Somebody on the way to a sign-in: where the browser is sent, and what has to be known when it comes back."""

    address: str
    verifier: str = field(repr=False)
    resource: str
    scope: str
    client: OAuthClient
    issuer: str
    says_issuer: bool
    token_url: str
    revocation_url: str


class Authorization(Protocol):
    """How people sign in to one server. Implemented by bot.answers.tools.mcp_authorization."""

    name: str
    resource: str
    exchanges: str  # for what a platform's tokens are to be that are exchanged here, "" where none are

    async def begin(self, state: str) -> Departure:
        """Raises SignInRefused."""

    async def finish(self, departure: Departure, *, code: str, issuer: str | None) -> Grant:
        """What came of it; `issuer` is who says that the code is from them. Raises SignInRefused."""

    async def on_behalf(self, assertion: str) -> Grant:
        """In exchange for a token that the person has for `exchanges`. Raises ConsentNeeded, SignInRefused."""

    async def renewed(self, grant: Grant) -> Grant:
        """The same with new tokens. Raises SignInEnded, SignInRefused."""

    async def revoke(self, grant: Grant) -> bool:
        """Whether the server took it back."""

    def document(self) -> Mapping[str, object]:
        """What a sign-in may read about Switchboard at CLIENT."""

    async def described(self) -> str:
        """One line for the operator. Raises SignInRefused."""

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """What came of signing out: whether there was anything, and whether the server took it back."""

    was: bool
    revoked: bool = False


class Grants:
    """All sign-ins. `authorizations` by the server's name."""

    def __init__(
        self,
        *,
        store: SignInStore,
        authorizations: Mapping[str, Authorization],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.authorizations = authorizations
        self._store = store
        self._clock = clock

    async def held(self, caller: Caller, server: str) -> Grant | None:
        """What this person allowed. An entry that leads elsewhere now has no part in it."""
        found = await self._found(caller, server)
        return found.grant if found else None

    async def keep(self, caller: Caller, server: str, grant: Grant) -> None:
        """The one before it is not given back: to some servers that would mean this one, too."""
        await self._store.put(caller, server, grant)

    async def token(self, caller: Caller, server: str, refused: str = "") -> str:
        """A token that is good now, "" when this person has to sign in. `refused`: the one that the server did not take."""
        for _ in range(LOOKS):
            if (found := await self._found(caller, server)) is None:
                return ""
            grant = found.grant
            ends = grant.expires and grant.expires - EARLY <= self._clock()
            if grant.access != refused and not ends:
                return grant.access
            if not grant.refresh:
                return await self._ended(caller, server, found)
            if await self._store.renewing(caller, server, seconds=TURN):
                return await self._renewed(caller, server, found)
            await asyncio.sleep(LOOK)  # somebody else does it
        return ""

    async def _renewed(self, caller: Caller, server: str, before: StoredGrant) -> str:
        """To its end: a token to renew by that was used, and what came of it not kept, would end the sign-in."""
        token = ""
        with anyio.CancelScope(shield=True):
            try:
                token = await self._exchanged(caller, server, before)
            finally:
                await self._store.renewed(caller, server)
        return token

    async def _exchanged(self, caller: Caller, server: str, before: StoredGrant) -> str:
        try:
            grant = await self.authorizations[server].renewed(before.grant)
            if not await self._store.exchange(caller, server, before, grant):
                if (now := await self._found(caller, server)) is None:  # signed out meanwhile
                    await self._given_back(server, grant)
                return now.grant.access if now else ""
        except SignInEnded:
            return await self._ended(caller, server, before)
        except SignInRefused as error:
            log.warning("a sign-in is not renewed now", extra={"server": server, "why": str(error)})
            return before.grant.access
        return grant.access

    async def _ended(self, caller: Caller, server: str, before: StoredGrant) -> str:
        """Erases that one: where the person has signed in again meanwhile, it is gone already."""
        log.info("a sign-in has ended", extra={"server": server})
        if await self._store.exchange(caller, server, before, None):
            return ""
        now = await self._found(caller, server)
        return now.grant.access if now else ""

    async def sign_out(self, caller: Caller, server: str) -> SignedOut:
        """Erases it here first: then nothing of ours acts as this person any more."""
        grant = await self._store.drop(caller, server)
        return SignedOut(was=grant is not None, revoked=bool(grant and await self._given_back(server, grant)))

    async def forget(self, caller: Caller) -> int:
        """Erases all of a person's sign-ins, also to servers that are not set up any more; says how many there were."""
        found = await self._store.drop_of_person(caller)
        async with asyncio.TaskGroup() as group:
            for server, grant in found.items():
                group.create_task(self._given_back(server, grant))
        return len(found)

    async def _found(self, caller: Caller, server: str) -> StoredGrant | None:
        found = await self._store.find(caller, server)
        return found if found and found.grant.resource == self.authorizations[server].resource else None

    async def _given_back(self, server: str, grant: Grant) -> bool:
        authorization = self.authorizations.get(server)
        return bool(authorization and await authorization.revoke(grant))
