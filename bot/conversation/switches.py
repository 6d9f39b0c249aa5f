"""What was switched last in each place, for as long as it can be taken back."""

import hashlib
import json
from dataclasses import asdict, dataclass

from bot.context import Context
from bot.conversation.scopes import FIELDS, stored_as
from bot.domain.preferences import switch_note
from bot.ports import SecretStore

LASTS = 86_400  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One switch: the turn that made it, what stands for the person, the catalogue's name now and before ("": none chosen)."""

    turn: str
    by: str
    name: str
    before: str

    def made_by(self, person: str) -> bool:
        return self.by == _mark(self.turn, person)


class Switches:
    """Notes them for a day. Nobody is named in a note: it outlasts what somebody wants forgotten."""

    def __init__(self, secrets: SecretStore) -> None:
        self._secrets = secrets

    async def last(self, context: Context, scope: str) -> Switch | None:
        stored = await self._secrets.get(_name(context, scope))
        try:
            return Switch(**json.loads(stored)) if stored else None
        except (ValueError, TypeError):
            return None

    async def note(self, context: Context, scope: str, name: str) -> Switch:
        """Notes this event's switch. It is the same one again where an earlier attempt at the event has made it already."""
        known = await self.last(context, scope)
        if known is not None and known.turn == context.turn_handle.id:
            return known
        turn = context.turn_handle.id
        by, before = _mark(turn, context.event.author.id), chosen_at(context, scope)
        switch = Switch(turn=turn, by=by, name=name, before=before)
        await self._secrets.put(_name(context, scope), json.dumps(asdict(switch)), seconds=LASTS)
        return switch


def chosen_at(context: Context, scope: str) -> str:
    """The name chosen at this scope; "" for none."""
    return str(getattr(context.claim.preferences, FIELDS[scope]))


def _name(context: Context, scope: str) -> str:
    if scope == "thread":
        return switch_note(context.thread.digest)
    return switch_note(f"{context.workspace}:{stored_as(context, scope)}")


def _mark(turn: str, person: str) -> str:
    return hashlib.sha256(f"{turn}:{person}".encode()).hexdigest()[:32]
