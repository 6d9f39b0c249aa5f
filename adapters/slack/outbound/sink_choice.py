"""Chooses the sink that answers an event."""

from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.slack.conversation_reference import ConversationReference, Surface
from adapters.slack.install.installations import Installation
from adapters.slack.outbound.closed_places import ClosedPlaces
from adapters.slack.outbound.native_stream import AgentSession, NativeStreams
from adapters.slack.outbound.reconciliation import Reconciliation
from adapters.slack.outbound.sink import ThreadSink
from adapters.slack.outbound.sink_context import SinkContext
from adapters.slack.outbound.surfaces import CommandSink, GreetingSink, HomeSink
from adapters.slack.web_api import WebApi
from bot.domain.events import Event, HomeOpened
from bot.ports import ReplySink, TurnHandle

TITLE = 80  # characters of the question that become the session's title


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One workspace in this process: its installation, its API with rate limits, its native sessions, and where it is
    closed.
    """

    installation: Installation
    web_api: WebApi
    native_streams: NativeStreams
    closed_places: ClosedPlaces = field(default_factory=ClosedPlaces)


def sink_for(
    event: Event,
    reference: ConversationReference,
    *,
    workspace: Workspace,
    turn_handle: TurnHandle,
    trusted: Callable[[str], bool],
) -> ReplySink:
    web_api = workspace.web_api
    match reference.surface:
        case Surface.COMMAND:
            return CommandSink(web_api=web_api, reference=reference, turn_handle=turn_handle, trusted=trusted)
        case Surface.HOME:
            return HomeSink(web_api=web_api, reference=reference, opened=isinstance(event, HomeOpened))
        case Surface.GREETING:
            return GreetingSink(web_api=web_api, reference=reference)
    title, due = _title(getattr(event, "text", ""), reference), getattr(event, "due", None)
    session = AgentSession(
        web_api=web_api,
        native_streams=workspace.native_streams,
        reference=reference,
        title=title,
        resumed=turn_handle.attempt > 1 or turn_handle.ref is not None,
        shared=turn_handle.column is not None,
    )
    reconciliation = Reconciliation(
        web_api=web_api, installation=workspace.installation, reference=reference, turn_handle=turn_handle
    )
    return ThreadSink(
        sink_context=SinkContext(
            web_api=web_api,
            session=session,
            reconciliation=reconciliation,
            reference=reference,
            turn_handle=turn_handle,
            closed_places=workspace.closed_places,
            trusted=trusted,
            origin="" if reference.thread or due is None else f"{reference.channel}:",
            detour=due is None,
        )
    )


def _title(text: str, reference: ConversationReference) -> str:
    """The question's beginning, without the ids that stand for people and channels until it is handled."""
    for id in reference.ids.split():
        text = text.replace(f"@{id}", "").replace(f"#{id}", "")
    return " ".join(text.split())[:TITLE]
