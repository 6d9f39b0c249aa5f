"""The names of people, apps, channels and groups of one workspace, as Slack tells them.

Looked up when a message is handled, several at once, and kept for an hour: names change rarely, and every question needs
some. What Slack does not tell (no scope, a stranger) keeps its id. Sources: docs.slack.dev "users.info", "bots.info",
"conversations.info", "usergroups.list"; the last answers all groups at once and is asked rarely.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from adapters.slack.web_api import WebApi
from bot.domain.errors import PlatformBusy, PlatformError

KEPT, SECONDS, UNKNOWN_SECONDS = 5_000, 3_600.0, 300.0
LOOKUPS = 10  # for one question
PATIENCE = 3.0  # seconds, for all of them
NAME = 80  # characters

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedThing:
    """A person, an app, a channel or a group. `name` is "" where Slack does not tell it."""

    name: str = ""
    guest: bool = False
    time_zone: str = ""
    left: bool = False  # a person whose account is switched off
    kind: str = ""  # of a channel: channel, private, direct, group


class Directory:
    """Looks up by id: U and W people, B apps, C, G and D channels, S groups."""

    def __init__(self, web_api: WebApi, *, team: str) -> None:
        """`team`: the workspace, which a token of a whole organisation has to name."""
        self._web_api = web_api
        self._team = team
        self._known: OrderedDict[str, tuple[float, NamedThing]] = OrderedDict()

    async def look_up(self, ids: Iterable[str], *, most: int = LOOKUPS) -> Mapping[str, NamedThing]:
        """What is known of them; at most so many are asked for now."""
        found: dict[str, NamedThing] = {}
        missing: list[str] = []
        for id in dict.fromkeys(id for id in ids if id):
            thing = self._kept(id)
            if thing is None:
                missing.append(id)
            else:
                found[id] = thing
        with suppress(TimeoutError):  # names are not worth a long wait
            async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
                if groups := [id for id in missing if id[0] == "S"]:
                    await self._groups(groups)
                for id in missing[:most]:
                    group.create_task(self._ask(id))
        told = {id: self._kept(id) for id in missing}
        return found | {id: thing for id, thing in told.items() if thing is not None}

    async def one(self, id: str) -> NamedThing:
        return (await self.look_up([id])).get(id, NamedThing())

    def _kept(self, id: str) -> NamedThing | None:
        entry = self._known.get(id)
        if entry is None or entry[0] < self._web_api.clock.now():
            return None
        self._known.move_to_end(id)
        return entry[1]

    def _keep(self, id: str, thing: NamedThing) -> None:
        seconds = SECONDS if thing.name else UNKNOWN_SECONDS
        self._known[id] = (self._web_api.clock.now() + seconds, thing)
        self._known.move_to_end(id)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)

    async def _ask(self, id: str) -> None:
        lookup = LOOKUP_OF.get(id[0])
        if lookup is None or self._kept(id) is not None:  # a group, by now
            return
        args: dict[str, Any] = {lookup.argument: id}
        try:
            answer = await self._web_api.may(lookup.method, **args)
        except PlatformBusy:
            return
        except PlatformError:
            answer = {}  # Slack does not tell, and will not in a moment either
        if answer is not None:  # else Slack allows no more calls just now
            self._keep(id, lookup.read(answer.get(lookup.argument) or {}))

    async def _groups(self, wanted: Sequence[str]) -> None:
        try:
            answer = await self._web_api.may("usergroups.list", team_id=self._team)
        except PlatformBusy:
            return
        except PlatformError:
            answer = {}
        if answer is None:
            return
        for id in wanted:
            self._keep(id, NamedThing())  # unless it is among them
        for one in answer.get("usergroups") or ():
            name = str(one.get("handle") or one.get("name") or "")
            self._keep(str(one.get("id")), NamedThing(name=name[:NAME]))


def name_ids(text: str, ids: Iterable[str], known: Mapping[str, NamedThing]) -> str:
    """Names in place of the ids that stand in a text as "@U2" and "#C1". A name that is not known leaves the id."""
    wanted = {id: known[id].name for id in ids if id in known and known[id].name}
    if not wanted:
        return text
    pattern = re.compile(rf"([@#])({'|'.join(map(re.escape, wanted))})(?!\w)")
    return pattern.sub(lambda found: found[1] + wanted[found[2]], text)


def _person(person: Json) -> NamedThing:
    profile = person.get("profile") or {}
    name = (
        profile.get("display_name")
        or person.get("real_name")
        or profile.get("real_name")
        or person.get("name")
    )
    return NamedThing(
        name=str(name or "")[:NAME],
        guest=bool(person.get("is_restricted") or person.get("is_ultra_restricted")),
        time_zone=str(person.get("tz") or ""),
        left=bool(person.get("deleted")),
    )


def _app(app: Json) -> NamedThing:
    return NamedThing(name=str(app.get("name") or "")[:NAME])


def _channel(channel: Json) -> NamedThing:
    kinds = (("is_im", "direct"), ("is_mpim", "group"), ("is_private", "private"))
    return NamedThing(
        name=str(channel.get("name") or "")[:NAME],
        kind=next((kind for key, kind in kinds if channel.get(key)), "channel" if channel else ""),
    )


@dataclass(frozen=True, slots=True)
class Lookup:
    """How Slack is asked about one id. It answers under the name of the argument."""

    method: str
    argument: str
    read: Callable[[Json], NamedThing]


LOOKUP_OF: Mapping[str, Lookup] = {
    "U": Lookup("users.info", "user", _person),
    "W": Lookup("users.info", "user", _person),
    "B": Lookup("bots.info", "bot", _app),
    "C": Lookup("conversations.info", "channel", _channel),
    "G": Lookup("conversations.info", "channel", _channel),
    "D": Lookup("conversations.info", "channel", _channel),
}
"""By the letter an id begins with. Groups come all at once."""
