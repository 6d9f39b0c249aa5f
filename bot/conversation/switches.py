"""Who switched last in each place, for as long as it can be taken back."""

import json
from dataclasses import asdict, dataclass

from bot.context import Context
from bot.conversation.scopes import FIELDS, stored_as
from bot.ports import SecretStore

LASTS = 86_400  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One switch: the turn that made it, the person, the catalogue's name now and before ("": none was chosen)."""

    turn: str
    by: str
    who: str
    name: str
    before: str


class Switches:
    """Notes them. Stored for a day, sealed like everything that names a person."""

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
        author = context.event.author
        switch = Switch(
            turn=context.turn_handle.id,
            by=author.id,
            who=author.name,
            name=name,
            before=chosen_at(context, scope),
        )
        await self._secrets.put(_name(context, scope), json.dumps(asdict(switch)), seconds=LASTS)
        return switch


def chosen_at(context: Context, scope: str) -> str:
    """The name chosen at this scope; "" for none."""
    return str(getattr(context.claim.preferences, FIELDS[scope]))


def _name(context: Context, scope: str) -> str:
    place = context.thread.digest if scope == "thread" else stored_as(context, scope)
    return f"switch:{context.workspace}:{place}"
