"""What everything that shows a turn in a thread shares."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.slack.conversation_reference import ConversationReference
from adapters.slack.outbound.closed_places import ClosedPlaces
from adapters.slack.outbound.native_stream import AgentSession
from adapters.slack.outbound.reconciliation import Reconciliation
from adapters.slack.web_api import WebApi
from bot.domain.replies import Action, Button
from bot.ports import TurnHandle


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkContext:
    """What a sink needs to show a turn. `trusted` response_urls are Slack's. `note` is the first line of what is shown in
    a direct message instead of the place of the question, "" in that place.
    """

    web_api: WebApi
    session: AgentSession
    reconciliation: Reconciliation
    reference: ConversationReference
    turn_handle: TurnHandle
    closed_places: ClosedPlaces
    trusted: Callable[[str], bool]
    note: str = ""

    @property
    def stop(self) -> Button | None:
        """None where a press would be taken for one in another conversation."""
        if self.note:
            return None
        return Button(action=Action.STOP, label="Stop", value=self.turn_handle.id, danger=True)
