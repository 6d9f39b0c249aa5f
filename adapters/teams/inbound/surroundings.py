"""What stands around a message in Teams: what was said before, files as they really are, names, the place.

Bots are told what mentions them, and with the app's consent in a team or chat what else is said there from then on. The rest
costs calls to Microsoft Graph, which the operator switches on. What cannot be read is said.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.graph import Graph
from adapters.teams.inbound.graph_places import GraphPlace, GraphPlaces
from adapters.teams.inbound.history import messages_before, note
from adapters.teams.inbound.names import Directory, Member
from adapters.teams.inbound.shared_files import readable
from bot.domain.errors import PlatformError
from bot.domain.events import Event, File, MessageReceived
from bot.domain.formatting import clip
from bot.domain.surroundings import Surroundings
from bot.domain.turns import ChatMessage

PATIENCE = 10.0  # seconds, for what was said before, and again for files
NAME = 80  # characters
PLACES = {"personal": "a one-to-one chat", "groupChat": "a group chat", "channel": "a channel"}
COPILOT = "Microsoft 365 Copilot, where files and pictures do not reach you and none can be sent"
OFF = "(What was said here before cannot be read: whoever runs Switchboard can allow it with TEAMS_GRAPH=1.)"
NOT_NOW = "(What was said here before cannot be read just now.)"
REFUSED = {
    "channel": "(What was said here before cannot be read: an owner of this team can allow it by adding the app to it anew.)",
    "groupChat": "(What was said here before cannot be read: somebody in this chat can allow it by adding the app anew.)",
}
SLOW = "it could not be looked up in time: try again"
REFUSALS = frozenset({"401", "403", "404", "token"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurroundingsReader:
    """`graph` is None where it is not switched on. `guests`: they may ask like members, so nobody is looked up for it."""

    graph: Graph | None
    places: GraphPlaces
    directory: Directory
    app_id: str
    guests: bool = True

    async def read(self, event: Event, said: ChatMessage, *, after: float | None) -> Surroundings:
        """As `bot.ports.Adapter.surroundings`."""
        before, files = await self._told(event, said, after)
        where = ConversationReference.of(event).where
        people = [one.author for one in (said, *before) if not one.author.app]
        wanted = [one.id for one in people if not one.name or (one.id == said.author.id and not self.guests)]
        members = await self.directory.look_up(where, wanted)
        return Surroundings(
            said=_completed(said, files, members),
            before=tuple(_completed(one, files, members) for one in before),
            known=self.guests or said.author.id in members,
            place=_where(event.reply),
            time_zone=event.reply.get("zone", ""),
        )

    async def _told(
        self, event: Event, said: ChatMessage, after: float | None
    ) -> tuple[Sequence[ChatMessage], Mapping[str, File]]:
        """What was said before, and files as Graph knows them, by id."""
        if self.graph is None:  # of a group chat it is not known whether anything was said before
            return [note(OFF)] if after is not None and event.reply.get("scope") == "channel" else [], {}
        if after is None and not any(file.source.get("needs") for file in said.files):
            return [], {}
        place, before = None, list[ChatMessage]()
        try:
            async with asyncio.timeout(PATIENCE):
                place = await self.places.find(event)
                if place is not None and after is not None and isinstance(event, MessageReceived):
                    before = await messages_before(self.graph, place, event, after=after, app_id=self.app_id)
        except (PlatformError, TimeoutError) as error:
            before = [] if after is None else [_unread(event, error)]
        return before, {} if place is None else await _files(self.graph, place, said, before)


async def _files(
    graph: Graph, place: GraphPlace, said: ChatMessage, before: Sequence[ChatMessage]
) -> Mapping[str, File]:
    try:
        async with asyncio.timeout(PATIENCE):
            return await readable(graph, place, said, before)
    except TimeoutError:
        late = [file for one in (said, *before) for file in one.files if file.source.get("needs")]
        return {file.id: replace(file, trouble=SLOW) for file in late}


def _unread(event: Event, error: PlatformError | TimeoutError) -> ChatMessage:
    """Tells a model that there is more, and what would have to be done for it to be read."""
    code = error.code if isinstance(error, PlatformError) else "timeout"
    log.warning("teams history not read", extra={"event": event.id, "code": code})
    return note(REFUSED.get(event.reply.get("scope", ""), NOT_NOW) if code in REFUSALS else NOT_NOW)


def _completed(said: ChatMessage, files: Mapping[str, File], members: Mapping[str, Member]) -> ChatMessage:
    member = members.get(said.author.id, Member())
    author = replace(said.author, name=said.author.name or member.name, guest=member.guest)
    return replace(said, author=author, files=tuple(files.get(file.id, file) for file in said.files))


def _where(reply: Mapping[str, str]) -> str:
    """The place in plain words, with what a model there has to know."""
    if reply.get("copilot"):
        return COPILOT
    names = (("the channel", "channel_name"), ("the team", "team_name"))
    told = [f"{kind} {clip(reply[key], NAME)}" for kind, key in names if reply.get(key)]
    return " of ".join(told) if told else PLACES.get(reply.get("scope", ""), "")
