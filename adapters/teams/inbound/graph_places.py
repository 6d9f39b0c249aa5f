"""Where a conversation is in Microsoft Graph.

Sources: Microsoft Learn, Graph, "Get chatMessage in a channel or chat", "List channel message replies"; Teams platform, "Get
Teams specific context for your bot" (a team's details).
"""

from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import quote

from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.outbound.connector import Connector
from bot.domain.errors import PlatformError
from bot.domain.events import Event

KEPT = 1_000
"""Teams whose ids in Graph are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphPlace:
    """A thread of a channel (`root` is its first message), or a group chat. `messages` is the path of its messages."""

    tenant: str
    messages: str
    root: str = ""

    @property
    def opening(self) -> str:
        return f"{self.messages}/{quote(self.root, safe='')}"

    def message(self, id: str) -> str:
        """The path of one message."""
        if not self.root or id == self.root:
            return f"{self.messages}/{quote(id, safe='')}"
        return f"{self.opening}/replies/{quote(id, safe='')}"


class GraphPlaces:
    """Finds them. Teams names teams otherwise than Graph does, so a team is looked up once."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._groups: OrderedDict[str, str] = OrderedDict()

    async def find(self, event: Event) -> GraphPlace | None:
        """None for one-to-one chats, which the bot is told of whole. Raises PlatformError."""
        reference = ConversationReference.of(event)
        conversation, _, root = reference.where.conversation.partition(";messageid=")
        match event.reply.get("scope"):
            case "groupChat":
                chat = f"/chats/{quote(conversation, safe='')}"
                return GraphPlace(tenant=reference.tenant, messages=f"{chat}/messages")
            case "channel" if root:
                group = event.reply.get("group") or await self._group(reference, event.reply.get("team", ""))
                channel = f"/teams/{quote(group, safe='')}/channels/{quote(conversation, safe='')}"
                return GraphPlace(tenant=reference.tenant, messages=f"{channel}/messages", root=root)
        return None

    async def _group(self, reference: ConversationReference, team: str) -> str:
        if not team:
            raise PlatformError("the activity names no team", code="team")
        if team not in self._groups:
            found = (await self._connector.team(reference.where, team)).get("aadGroupId")
            if not isinstance(found, str) or not found:
                raise PlatformError("the team has no id in Microsoft Graph", code="team")
            self._groups[team] = found
            while len(self._groups) > KEPT:
                self._groups.popitem(last=False)
        return self._groups[team]
