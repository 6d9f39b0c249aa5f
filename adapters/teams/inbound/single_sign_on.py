"""Signing people in to tool servers with what Teams knows of them, without a browser.

Whoever is shown an OAuth card has a client that sends a token for the card's resource, maybe several. The answer 200 ends it;
after 412 the client shows the card's button. Whom a token names is read here; that it is genuine is for Entra to say, which
exchanges it. Sources: Microsoft Learn, Teams platform, "Add code to enable SSO in your bot app"; Teams SDK, "SSO
troubleshooting" (the codes of failures).
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import jwt

from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.inbound import events
from adapters.teams.inbound.activity import IncomingActivity
from adapters.teams.outbound.rendering.inline import literal
from bot.domain.sign_ins import Caller
from bot.sign_in_ports import SignInExchange

log = logging.getLogger(__name__)

LONGEST = 16_384
"""Characters of a token. Genuine ones have about 2000."""
NOT_YOURS = "Teams sent somebody else's sign-in."


class SingleSignOn:
    """Answers the invokes. `tell` says a word to one person."""

    def __init__(
        self, *, exchange: SignInExchange, tell: Callable[[ConversationReference, str], Awaitable[None]]
    ) -> None:
        self._exchange = exchange
        self._tell = tell

    async def exchanged(self, heard: IncomingActivity) -> tuple[int, Mapping[str, Any]]:
        """Status and body for signin/tokenExchange. Raises StorageUnavailable."""
        ticket, token = _text(heard, "id"), _text(heard, "token")
        if not _is_of_the_sender(token, heard):
            log.warning("a token of somebody else was sent")
            return _failed(heard, NOT_YOURS)
        thread, author = events.whereabouts(heard)
        workspace = f"{thread.platform}:{thread.workspace}"
        caller = Caller(workspace=workspace, person=author.id, name=author.name)
        done = await self._exchange.exchange(ticket, token, caller)
        if not done.signed_in:
            return _failed(heard, done.word)
        if done.word:
            await self._tell(events.reference(heard), literal(done.word))
        return 200, {}

    def failed(self, heard: IncomingActivity) -> None:
        """signin/failure: the client could not get a token. Its message may hold anything."""
        code = _text(heard, "code")
        known = code if code.isascii() and code.isalpha() and len(code) <= 60 else "?"
        log.warning("teams could not sign somebody in", extra={"code": known})


def _is_of_the_sender(token: str, heard: IncomingActivity) -> bool:
    if not 0 < len(token) <= LONGEST or not token.isascii():
        return False
    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return False
    person, tenant = heard.from_.aad_object_id or "", next(iter(heard.tenants), "")
    named = (str(claims.get("oid", "")).lower(), str(claims.get("tid", "")).lower())
    return bool(person and tenant) and named == (person.lower(), tenant)


def _failed(heard: IncomingActivity, why: str) -> tuple[int, Mapping[str, Any]]:
    return 412, {
        "id": _text(heard, "id"),
        "connectionName": _text(heard, "connectionName"),
        "failureDetail": why,
    }


def _text(heard: IncomingActivity, name: str) -> str:
    value = heard.value.get(name) if isinstance(heard.value, dict) else None
    return value if isinstance(value, str) else ""
