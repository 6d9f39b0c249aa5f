"""Which sink an event is answered through."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.slack.conversation_reference import Place, Surface
from adapters.slack.install.installations import Installation
from adapters.slack.outbound.message import Desk
from adapters.slack.outbound.native_stream import Native, Session
from adapters.slack.outbound.reconciliation import Trace
from adapters.slack.outbound.sink import ThreadSink
from adapters.slack.outbound.surfaces import CommandSink, GreetingSink, HomeSink
from adapters.slack.web_api import Calls
from bot.domain.events import Event, HomeOpened
from bot.ports import Journal, ReplySink

TITLE = 80  # characters of a question that name its session


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One workspace in this process: who we are there, its API with its limits, its native sessions."""

    ours: Installation
    calls: Calls
    native: Native


def sink_for(
    event: Event, place: Place, *, workspace: Workspace, journal: Journal, trusted: Callable[[str], bool]
) -> ReplySink:
    calls = workspace.calls
    match place.surface:
        case Surface.COMMAND:
            return CommandSink(calls=calls, place=place, journal=journal, trusted=trusted)
        case Surface.HOME:
            return HomeSink(calls=calls, place=place, opened=isinstance(event, HomeOpened))
        case Surface.GREETING:
            return GreetingSink(calls=calls, place=place)
    title = " ".join(getattr(event, "text", "").split())[:TITLE]
    session = Session(
        calls=calls, native=workspace.native, place=place, title=title, resumed=journal.attempt > 1
    )
    trace = Trace(calls=calls, us=workspace.ours, place=place, journal=journal)
    return ThreadSink(desk=Desk(calls=calls, session=session, trace=trace, place=place, journal=journal))
