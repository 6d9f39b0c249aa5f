"""What everything that shows a turn in a thread shares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapters.slack.callback_ids import ORIGIN
from adapters.slack.conversation_reference import ConversationReference
from adapters.slack.outbound.closed_places import ClosedPlaces
from adapters.slack.outbound.native_stream import AgentSession
from adapters.slack.outbound.reconciliation import Reconciliation
from adapters.slack.web_api import WebApi
from bot.delivery.stopping import stop_value
from bot.domain.replies import Action, Button
from bot.ports import TurnHandle

CONTROLS: Final = frozenset(["actions", "context_actions"])


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
    origin: str = ""  # channel and thread of the question, where it is shown elsewhere, or in no thread
    detour: bool = True  # whether who asked gets it in a direct message where the place is closed

    def marked(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same message, with controls that count in the conversation of the question."""
        if not self.origin:
            return content
        blocks = [
            {**block, "block_id": f"{ORIGIN}:{self.origin}:{number}"} if block["type"] in CONTROLS else block
            for number, block in enumerate(content["blocks"])
        ]
        return {**content, "blocks": blocks}

    @property
    def stop(self) -> Button:
        return Button(action=Action.STOP, label="Stop", value=stop_value(self.turn_handle), danger=True)
