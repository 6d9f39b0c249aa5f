"""Delivery: the ways to show a growing answer. This is what they share.

`grow` shows the answer so far and returns the delivery to go on with. `finish` shows the whole answer and
returns the ids of its messages.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol, TypeVar

from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.outbound.column_pace import ColumnPace
from adapters.teams.outbound.connector import Connector, TeamsApiError
from adapters.teams.outbound.refusals import Refusals
from adapters.teams.outbound.rendering import messages, sizes
from adapters.teams.outbound.rendering.inline import literal
from adapters.teams.outbound.rendering.messages import Activity
from adapters.teams.outbound.rendering.sources import Citation
from bot.delivery.pacing import Clock
from bot.delivery.stopping import stop_value
from bot.domain.replies import Action, Button
from bot.domain.stream_parts import Closing
from bot.ports import TurnHandle

WAITING = "One moment…"
ROOM = 600
"""UTF-16 units kept free in every part for the footer and a quotation."""

Sent = TypeVar("Sent")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryContext:
    """What a delivery needs: the connector, the conversation, the turn. `edits` are the conversations that refused one."""

    connector: Connector
    reference: ConversationReference
    turn_handle: TurnHandle
    clock: Clock
    edits: Refusals
    columns: ColumnPace
    extended: bool = False
    consent: bool = True  # in this cloud people can take files from bots

    @property
    def may_edit(self) -> bool:
        """Whether what was posted here can be changed, as far as is known."""
        return not self.reference.copilot and self.edits.possible(self.reference.place, self.clock.now())

    def edit_refused(self) -> None:
        self.edits.refuse(self.reference.place, self.clock.now())

    def message(self, text: str, sources: Sequence[Citation] = ()) -> Activity:
        """An answer's message. It has the label and the thumbs from its first form on: an edit does not bring them."""
        activity = messages.text_message(text, extended=self.extended)
        activity["entities"] = [messages.ai_label(self.reference, sources)]
        activity["channelData"] = messages.THUMBS
        return activity

    def stoppable(self, activity: Activity) -> Activity:
        """A new message of an answer to come, with a Stop button, addressed, and tied to the question."""
        activity = {**activity, "suggestedActions": messages.suggested((self.stop,), self.reference)}
        return messages.addressed(messages.quoting(activity, self.reference.quoted), self.reference)

    @property
    def beside(self) -> int:
        """The messages that grow at once and share the conversation's calls."""
        return self.turn_handle.column.of if self.turn_handle.column else 1

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Around each call for a message that grows beside others."""
        if not self.turn_handle.column:
            return nullcontext()
        return self.columns.turn(self.reference.place, self.clock)

    @property
    def stop(self) -> Button:
        return Button(action=Action.STOP, label="Stop", value=stop_value(self.turn_handle))


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalAnswer:
    """A whole answer. `said` is its text with the notice, `written`: a model wrote some of it."""

    said: str
    footer: str = ""
    sources: tuple[Citation, ...] = ()
    buttons: tuple[Button, ...] = ()
    written: bool = True

    @classmethod
    def of(
        cls, body: str, closing: Closing, sources: Sequence[Citation], under: Sequence[str] = ()
    ) -> "FinalAnswer":
        """Without the buttons for thumbs, because Teams has its own. `under`: what stands between text and notice."""
        thumbs = {Action.UP, Action.DOWN}
        return cls(
            said="\n\n".join(part for part in (body, *under, literal(closing.notice)) if part),
            footer=f"*{literal(closing.quiet[:400])}*" if closing.quiet else "",
            sources=tuple(sources),
            buttons=tuple(button for button in closing.buttons if button.action not in thumbs),
            written=bool(body.strip()),
        )

    def texts(self, shown: str = "") -> tuple[str, ...]:
        """In parts that fit into one message each, the footer at the end; only what comes after the text `shown`."""
        rest = sizes.divided(self.said, len(shown))[1] if shown else self.said
        texts = sizes.parts(rest, sizes.LONGEST - ROOM)
        if self.footer:
            texts[-1] = f"{texts[-1]}\n\n{self.footer}" if texts[-1] else self.footer
        return tuple(text or "—" for text in texts)

    def activity(self, text: str, delivery_context: DeliveryContext, *, last: bool) -> Activity:
        """The message with one of the parts. What only says that something failed is no model's."""
        cited = [source for source in self.sources if f"[{source.number}]" in text]
        activity = delivery_context.message(text, cited)
        if not self.written:
            del activity["entities"]
        if not (last and self.written):
            del activity["channelData"]
        return activity


class Delivery(Protocol):
    """Implemented by StreamingDelivery, EditingDelivery, PostingDelivery and SilentDelivery."""

    @property
    def pause(self) -> float:
        """Seconds to wait after `grow`."""
        ...

    @property
    def again(self) -> bool:
        """Whether `grow` is wanted once more after the pause, also if nothing new comes."""
        ...

    @property
    def appends(self) -> bool:
        """Whether every text given to `grow` has to begin with the one before."""
        ...

    async def grow(self, text: str, status: str) -> "Delivery": ...

    async def finish(self, final: FinalAnswer) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class SilentDelivery:
    """Sends nothing more: the person has stopped the stream, and its text stays as it is."""

    ids: tuple[str, ...]
    pause: float = 1.0
    again: bool = False
    appends: bool = False

    async def grow(self, text: str, status: str) -> Delivery:
        return self

    async def finish(self, final: FinalAnswer) -> tuple[str, ...]:
        return self.ids


async def conclude(delivery_context: DeliveryContext, stream: str, activity: Activity) -> None:
    """Ends a stream with this message."""
    info = messages.stream_info("final", stream=stream)
    where, connector = delivery_context.reference.where, delivery_context.connector
    whole = {**activity, "entities": [info, *activity.get("entities", ())]}
    await in_a_known_form(lambda made: connector.post(where, made), whole)


async def in_a_known_form(send: Callable[[Activity], Awaitable[Sent]], activity: Activity) -> Sent:
    """Sends it; where it is not understood, again without what an answer can do without."""
    form, *plainer = _forms(activity)
    while True:
        try:
            return await send(form)
        except TeamsApiError as error:
            if error.status != 400 or not plainer:
                raise
        form = plainer.pop(0)


def _forms(activity: Activity) -> Iterator[Activity]:
    """The activity, then with less and less of what not every place knows, or what a deleted question makes wrong."""
    yield activity
    if activity.get("textFormat") == "extendedmarkdown":
        yield (activity := {**activity, "textFormat": "markdown"})
    if "suggestedActions" in activity:
        yield (activity := {name: part for name, part in activity.items() if name != "suggestedActions"})
    if (bare := messages.unquoted(activity)) != activity:
        yield bare
