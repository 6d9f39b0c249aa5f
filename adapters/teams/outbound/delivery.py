"""Delivery: the ways to show a growing answer. This is what they share.

`grow` shows the answer so far and returns the delivery to go on with. `finish` shows the whole answer and
returns the ids of its messages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.outbound.connector import Connector
from adapters.teams.outbound.rendering import messages, sizes
from adapters.teams.outbound.rendering.cards import actions_card
from adapters.teams.outbound.rendering.inline import literal
from adapters.teams.outbound.rendering.messages import Activity
from adapters.teams.outbound.rendering.sources import Citation
from bot.delivery.pacing import Clock
from bot.domain.replies import Action, Button
from bot.domain.stream_parts import Closing
from bot.ports import TurnHandle

WAITING = "One moment…"
ROOM = 600
"""UTF-16 units kept free in every part for the footer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryContext:
    """What a delivery needs: the connector, the conversation, the turn."""

    connector: Connector
    reference: ConversationReference
    turn_handle: TurnHandle
    clock: Clock
    extended: bool = False

    def message(self, text: str) -> Activity:
        return messages.text_message(text, extended=self.extended)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalAnswer:
    """A whole answer, in parts that fit into one message each."""

    texts: tuple[str, ...]
    sources: tuple[Citation, ...] = ()
    buttons: tuple[Button, ...] = ()

    @classmethod
    def of(cls, body: str, closing: Closing, sources: Sequence[Citation]) -> "FinalAnswer":
        """The answer, its notice if any, and the footer. Without thumbs, because Teams has its own."""
        said = "\n\n".join(part for part in (body, literal(closing.notice)) if part)
        texts = sizes.parts(said, sizes.LONGEST - ROOM)
        if closing.footer:
            line = f"*{literal(closing.footer[:400])}*"
            texts[-1] = f"{texts[-1]}\n\n{line}" if texts[-1] else line
        thumbs = {Action.UP, Action.DOWN}
        return cls(
            texts=tuple(text or "—" for text in texts),
            sources=tuple(sources),
            buttons=tuple(button for button in closing.buttons if button.action not in thumbs),
        )

    def activity(self, number: int, delivery_context: DeliveryContext, *, card: bool = False) -> Activity:
        """The message with one part; the last one also has the buttons.

        With `card` the buttons are on a card. Only a stream's last message can have one beside text, and not
        beside extendedmarkdown.
        """
        text = self.texts[number]
        activity = delivery_context.message(text)
        cited = [source for source in self.sources if f"[{source.number}]" in text]
        activity["entities"] = [messages.ai_label(delivery_context.reference, cited)]
        if number + 1 < len(self.texts):
            return activity
        activity["channelData"] = messages.THUMBS
        if self.buttons and card and not delivery_context.extended:
            activity["attachments"] = [
                messages.attachment(actions_card(self.buttons, delivery_context.reference))
            ]
        elif suggestions := messages.suggested(self.buttons, delivery_context.reference):
            activity["suggestedActions"] = suggestions
        return activity


class Delivery(Protocol):
    """Implemented by StreamingDelivery, EditingDelivery and SilentDelivery."""

    @property
    def pause(self) -> float:
        """Seconds to wait after `grow`."""
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
    appends: bool = False

    async def grow(self, text: str, status: str) -> Delivery:
        return self

    async def finish(self, final: FinalAnswer) -> tuple[str, ...]:
        return self.ids
