"""The way of a person from the chat to a sign-in and back, as stored steps: whichever replica the browser comes to goes on.

A link is for one person and one server, and works once. What the browser is given on its way out has to come back with it, so
nobody can send somebody else to the end of a sign-in that they have begun themselves.
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from secrets import token_urlsafe

from pydantic import TypeAdapter

from bot.answers.tools.grants import Departure, Grants, SignInRefused
from bot.domain.events import ButtonPressed
from bot.domain.sign_ins import Caller
from bot.ports import Inbox, SecretStore

LIFE = 600  # seconds for each of the two ways
LONGEST = 2_048  # characters of anything that a browser brings
OLD = "This link was used already, or is too old. Ask for a new one in the chat: /tools sign-in {server}"
NOT_HERE = "This sign-in was not begun in this browser, or too long ago. Ask for a new link in the chat."
NOTHING = "Nothing was allowed, so nothing has changed. You can try again from the chat."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInTicket:
    """Who is to sign in where; `then` is what goes on afterwards."""

    caller: Caller
    server: str
    then: ButtonPressed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _UnderWay:
    ticket: SignInTicket
    cookie: str  # its digest
    departure: Departure


TICKET: TypeAdapter[SignInTicket] = TypeAdapter(SignInTicket)
UNDER_WAY: TypeAdapter[_UnderWay] = TypeAdapter(_UnderWay)


class SignInDesk:
    """Gives links, sends browsers away and takes them in again. `home` is our own public address."""

    def __init__(
        self,
        *,
        home: str,
        grants: Grants,
        secrets: SecretStore,
        inbox: Inbox,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.home = home
        self.grants = grants
        self._secrets = secrets
        self._inbox = inbox
        self._clock = clock

    def knows(self, server: str) -> bool:
        """Whether people sign in to this server."""
        return server in self.grants.authorizations

    async def link(self, ticket: SignInTicket) -> str:
        """For this person alone. Raises StorageUnavailable."""
        code = token_urlsafe(32)
        await self._secrets.put(_name("ticket", code), TICKET.dump_json(ticket).decode(), seconds=LIFE)
        return f"{self.home}/sign-in?ticket={code}"

    async def ticket(self, code: str) -> SignInTicket:
        """Who would sign in with it; it stays good. Raises SignInRefused."""
        return self._ticket(
            await self._secrets.get(_name("ticket", code)) if 0 < len(code) <= LONGEST else None
        )

    async def leave(self, code: str, *, cookie: str) -> str:
        """Takes the ticket. Where the browser goes; it has to bring back the cookie. Raises SignInRefused."""
        ticket = self._ticket(
            await self._secrets.take(_name("ticket", code)) if 0 < len(code) <= LONGEST else None
        )
        state = token_urlsafe(32)
        departure = await self.grants.authorizations[ticket.server].begin(state)
        away = _UnderWay(ticket=ticket, cookie=_digest(cookie), departure=departure)
        await self._secrets.put(_name("state", state), UNDER_WAY.dump_json(away).decode(), seconds=LIFE)
        return departure.address

    async def arrive(self, *, state: str, cookie: str, code: str, issuer: str | None) -> SignInTicket:
        """The browser is back. Keeps what was allowed, and lets the answer go on that waits for it. Raises SignInRefused."""
        if not 0 < len(state) <= LONGEST or not cookie:
            raise SignInRefused(NOT_HERE)
        kept = await self._secrets.take(_name("state", state))
        away = UNDER_WAY.validate_json(kept) if kept else None
        if away is None or not hmac.compare_digest(away.cookie, _digest(cookie)):
            raise SignInRefused(NOT_HERE)
        ticket = away.ticket
        if not 0 < len(code) <= LONGEST:
            raise SignInRefused(NOTHING)
        if not self.knows(ticket.server):
            raise SignInRefused(OLD.format(server=ticket.server))
        grant = await self.grants.authorizations[ticket.server].finish(
            away.departure, code=code, issuer=issuer
        )
        await self.grants.keep(ticket.caller, ticket.server, grant)
        if ticket.then:
            await self._inbox.put(
                replace(ticket.then, id=f"signed-in:{_digest(state)[:32]}", at=self._clock())
            )
        return ticket

    def _ticket(self, stored: str | None) -> SignInTicket:
        found = TICKET.validate_json(stored) if stored else None
        if found is None or not self.knows(found.server):
            raise SignInRefused(OLD.format(server=found.server if found else "NAME"))
        return found


def _name(kind: str, code: str) -> str:
    return f"sign-in-{kind}:{_digest(code)}"


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode(errors="replace")).hexdigest()
