"""The way of a person from the chat to a sign-in and back, as stored steps: whichever replica the browser comes to goes on.

A link is for one person and one server, and works once. What the browser is given on its way out has to come back with it, so
nobody can send somebody else to the end of a sign-in that they have begun themselves. Where the chat platform vouches for the
person, no browser is needed.
"""

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from secrets import token_urlsafe

from pydantic import TypeAdapter

from bot.answers.tools.grants import ConsentNeeded, Departure, Grants, SignInRefused
from bot.domain.events import ButtonPressed
from bot.domain.replies import SignInOffer
from bot.domain.sign_ins import Caller, ExchangedSignIn, Grant
from bot.ports import Inbox, SecretStore

LIFE = 600  # seconds for each of the two ways
LONGEST = 2_048  # characters of anything that a browser brings
ASSERTION = 16_384  # characters of a platform's word for somebody
SOON = 8.0  # seconds for an exchange: a person's chat waits for it
OLD = "This link was used already, or is too old. Ask for a new one in the chat: /tools sign-in {server}"
NOT_HERE = "This sign-in was not begun in this browser, or too long ago. Ask for a new link in the chat."
NOTHING = "Nothing was allowed, so nothing has changed. You can try again from the chat."
DONE = "You are signed in to {server}."
NO_WORD = "{server} takes nobody's word for who somebody is."
SLOW = "The sign-in of {server} does not answer now."
NOT_YOURS = "This sign-in is somebody else's."

log = logging.getLogger(__name__)


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
    """Gives links, sends browsers away and takes them in again. `home` is our own public address, `patience` the seconds for an
    exchange.
    """

    def __init__(
        self,
        *,
        home: str,
        grants: Grants,
        secrets: SecretStore,
        inbox: Inbox,
        patience: float = SOON,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.home = home
        self.grants = grants
        self._secrets = secrets
        self._inbox = inbox
        self._patience = patience
        self._clock = clock

    def knows(self, server: str) -> bool:
        """Whether people sign in to this server."""
        return server in self.grants.authorizations

    async def offer(self, ticket: SignInTicket) -> SignInOffer:
        """For this person alone. Raises StorageUnavailable."""
        code = token_urlsafe(32)
        await self._secrets.put(_name("ticket", code), TICKET.dump_json(ticket).decode(), seconds=LIFE)
        return SignInOffer(
            link=f"{self.home}/sign-in?ticket={code}",
            ticket=code,
            resource=self.grants.authorizations[ticket.server].exchanges,
        )

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
        try:
            departure = await self.grants.authorizations[ticket.server].begin(state)
        except SignInRefused as error:  # the link is used up: so nobody makes us ask again and again
            raise SignInRefused(f"{error} Once that is right, ask for a new link in the chat.") from None
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
        await self._keep(ticket, grant, once=state)
        return ticket

    async def exchange(self, ticket: str, assertion: str, caller: Caller) -> ExchangedSignIn:
        """Implements bot.sign_in_ports.SignInExchange. What fails leaves the link as it is."""
        if not 0 < len(ticket) <= LONGEST:
            return ExchangedSignIn(signed_in=False, word=OLD.format(server="NAME"))
        if done := await self._secrets.get(_name("exchanged", ticket)):  # by another device of this person
            return ExchangedSignIn(signed_in=TICKET.validate_json(done).caller == caller)
        try:
            found = self._ticket(await self._secrets.get(_name("ticket", ticket)))
            grant = await self._exchanged(found, assertion, caller)
        except SignInRefused as error:
            told = logging.INFO if isinstance(error, ConsentNeeded) else logging.WARNING
            log.log(told, "nobody was signed in without a browser", extra={"why": str(error)})
            return ExchangedSignIn(signed_in=False, word=str(error))
        await self._secrets.put(_name("exchanged", ticket), TICKET.dump_json(found).decode(), seconds=LIFE)
        if not await self._secrets.take(_name("ticket", ticket)):  # another device was first, or the browser
            return ExchangedSignIn(signed_in=True)
        await self._keep(found, grant, once=ticket)
        return ExchangedSignIn(signed_in=True, word="" if found.then else DONE.format(server=found.server))

    async def _exchanged(self, ticket: SignInTicket, assertion: str, caller: Caller) -> Grant:
        """Raises ConsentNeeded, SignInRefused."""
        way = self.grants.authorizations[ticket.server]
        if ticket.caller != caller:
            raise SignInRefused(NOT_YOURS)
        if not way.exchanges or not 0 < len(assertion) <= ASSERTION:
            raise SignInRefused(NO_WORD.format(server=ticket.server))
        try:
            async with asyncio.timeout(self._patience):
                return await way.on_behalf(assertion)
        except TimeoutError:
            raise SignInRefused(SLOW.format(server=ticket.server)) from None

    async def _keep(self, ticket: SignInTicket, grant: Grant, *, once: str) -> None:
        """What was allowed; and what waits for it goes on, once however often it is told."""
        await self.grants.keep(ticket.caller, ticket.server, grant)
        if ticket.then:
            await self._inbox.put(
                replace(ticket.then, id=f"signed-in:{_digest(once)[:32]}", at=self._clock())
            )

    def _ticket(self, stored: str | None) -> SignInTicket:
        found = TICKET.validate_json(stored) if stored else None
        if found is None or not self.knows(found.server):
            raise SignInRefused(OLD.format(server=found.server if found else "NAME"))
        return found


def _name(kind: str, code: str) -> str:
    return f"sign-in-{kind}:{_digest(code)}"


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode(errors="replace")).hexdigest()
