"""Handles a verified activity with botbuilder, and makes the HTTP answer.

Botbuilder-core dispatches (ActivityHandler) and runs the turn (CloudAdapterBase, so that its middleware
works). Its authentication, token and HTTP client are not used: they block the event loop.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from botbuilder.core import ActivityHandler, CloudAdapterBase, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ChannelAccount, ConversationAccount
from botframework.connector.auth import (
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
)

from adapters.teams.card_data import DATASET, is_unchosen
from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.inbound import events
from adapters.teams.inbound.activity import IncomingActivity
from adapters.teams.inbound.deliveries import Deliveries
from adapters.teams.inbound.message_action import MessageAction
from adapters.teams.inbound.single_sign_on import SingleSignOn
from adapters.teams.inbound.turned_away import TurnedAway
from adapters.teams.outbound.rendering.cards import option_title
from bot.delivery.pacing import Clock
from bot.domain.claims import Receipt
from bot.domain.events import ButtonPressed, Event, MessageReceived
from bot.domain.replies import Action, Option
from bot.ports import OptionSearch

log = logging.getLogger(__name__)

INCOMING = "switchboard.incoming"
FULL = "I still have messages of yours to answer here. Please send this one again in a minute."
CHOOSE = "Choose a model first."
EXTERNAL = "I only answer people of the organisation that runs me. Ask somebody there to ask for you."
ANSWERS: Mapping[Receipt, str] = {
    Receipt.ACCEPTED: "Got it.",
    Receipt.DUPLICATE: "Got it.",
    Receipt.IGNORED: "There is nothing to do.",
    Receipt.STOPPING: "Stopping.",
    Receipt.IDLE: "It had already ended.",
    Receipt.REFUSED: "Only the person who asked can stop this answer.",
    Receipt.FULL: FULL,
    Receipt.FULL_QUIET: FULL,
}
BRINGING = "It comes in a chat of our own."
TAKEN_IN = frozenset({Receipt.ACCEPTED, Receipt.DUPLICATE})
UNKNOWN_BUTTON: Mapping[str, Any] = {
    "statusCode": 400,
    "type": "application/vnd.microsoft.error",
    "value": {"code": "BadRequest", "message": "This button is not known here."},
}
Answer = tuple[int, Any]


class EventHandler(ActivityHandler):  # type: ignore[misc]  # botbuilder has no types
    """Puts the event of an activity into the inbox. Raises StorageUnavailable; then nothing was acknowledged.

    `tell` says a word to one person. `external`: people of other organisations may ask. `graph`: what was said in
    between can be read.
    """

    def __init__(
        self,
        *,
        put: Callable[[Event], Awaitable[Receipt]],
        tell: Callable[[ConversationReference, str], Awaitable[None]],
        clock: Clock,
        action: MessageAction,
        sign_on: SingleSignOn,
        search: OptionSearch,
        external: bool = False,
        graph: bool = False,
    ) -> None:
        self._put = put
        self._tell = tell
        self._action = action
        self._sign_on = sign_on
        self._search = search
        self._external = external
        self._graph = graph
        self._deliveries = Deliveries()
        self._turned_away = TurnedAway(clock=clock)

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        heard = incoming(turn_context)
        event = events.message(heard)
        if isinstance(event, MessageReceived):
            gaps = self._deliveries.may_lack(heard, event) and self._graph
            event = replace(event, gaps=gaps)
        if event is None and is_unchosen(heard.value):
            await self._tell(events.reference(heard), CHOOSE)
        elif event is not None and self._is_foreign(event):
            asks = not isinstance(event, MessageReceived) or event.addressed
            if asks and self._turned_away.is_due(event):
                await self._tell(ConversationReference.of(event), EXTERNAL)
        elif event is not None and await self._hear(event) is Receipt.REFUSED:
            await self._tell(ConversationReference.of(event), ANSWERS[Receipt.REFUSED])

    async def on_message_update_activity(self, turn_context: TurnContext) -> None:
        await self._hear(events.edit(incoming(turn_context)))

    async def on_message_delete_activity(self, turn_context: TurnContext) -> None:
        await self._hear(events.deletion(incoming(turn_context)))

    async def on_message_reaction_activity(self, turn_context: TurnContext) -> None:
        await self._hear(events.reaction(incoming(turn_context)))

    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        await self._hear(events.greeting(incoming(turn_context)))

    async def on_installation_update(self, turn_context: TurnContext) -> None:
        await self._hear(events.greeting(incoming(turn_context)))

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        """Answers an invoke in its own response, with a body as its kind needs it, else {}."""
        status, body = await self._invoked(incoming(turn_context))
        return InvokeResponse(status=status, body=body)

    async def _invoked(self, heard: IncomingActivity) -> Answer:  # noqa: C901 - a line or two for each kind
        value = heard.value if isinstance(heard.value, dict) else {}
        match heard.name:
            case "adaptiveCard/action":
                action = value.get("action")
                data = action.get("data") if isinstance(action, dict) else None
                return 200, await self._pressed(heard, data)
            case "application/search":
                return 200, await self._suggested(heard, value)
            case "message/submitAction":
                await self._hear(events.feedback(heard))
            case "message/fetchTask":
                await self._hear(events.feedback(heard))
                return 200, {"task": {"type": "message", "value": "Thank you."}}
            case "suggestedActions/submit":
                await self._hear(events.press(heard, value))
            case "fileConsent/invoke":
                await self._hear(events.consent(heard))
            case "composeExtension/fetchTask":
                return 200, self._action.opened(heard)
            case "composeExtension/submitAction":
                return 200, await self._action.submitted(heard)
            case "signin/tokenExchange":
                return await self._sign_on.exchanged(heard)
            case "signin/failure":
                self._sign_on.failed(heard)
        return 200, {}

    async def _suggested(self, heard: IncomingActivity, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a list shows for what is typed into it. Nothing for people who may not ask."""
        kind, _, prefix = str(value.get("dataset") or "").partition(" ")
        thread, asker = events.whereabouts(heard)
        found: Sequence[Option] = ()
        if kind == DATASET and prefix and (self._external or not asker.external):
            found = await self._search(thread, asker, str(value.get("queryText") or ""), prefix)
        results = [{"title": option_title(one), "value": one.value} for one in found]
        return {"type": "application/vnd.microsoft.search.searchResponse", "value": {"results": results}}

    async def _pressed(self, heard: IncomingActivity, data: Any) -> Mapping[str, Any]:
        """The body that answers an Action.Execute. The HTTP status is 200 in any case."""
        event = events.press(heard, data)
        if event is None:
            return card_words(CHOOSE) if is_unchosen(data) else UNKNOWN_BUTTON
        if self._is_foreign(event):
            return card_words(EXTERNAL)
        receipt = await self._hear(event) or Receipt.IGNORED
        brings = isinstance(event, ButtonPressed) and event.action is Action.TAKE and receipt in TAKEN_IN
        return card_words(BRINGING if brings else ANSWERS[receipt])

    def _is_foreign(self, event: Event) -> bool:
        """Whether it is by somebody of another organisation who may not ask."""
        return event.author.external and not self._external

    async def _hear(self, event: Event | None) -> Receipt | None:
        if event is None or self._is_foreign(event):
            return None
        receipt = await self._put(event)
        log.info("heard", extra={"event": event.id, "kind": event.kind, "receipt": str(receipt)})
        if receipt is Receipt.FULL:
            await self._tell(ConversationReference.of(event), FULL)
        return receipt


def incoming(turn_context: TurnContext) -> IncomingActivity:
    heard: IncomingActivity = turn_context.turn_state[INCOMING]
    return heard


def card_words(text: str) -> Mapping[str, Any]:
    """A sentence as the answer to an Action.Execute."""
    return {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": text}


def as_botbuilder(heard: IncomingActivity) -> Activity:
    """The activity for botbuilder, made of the checked fields: its own reader fails on unusual ones."""
    return Activity(
        type=heard.type,
        id=heard.id,
        name=heard.name,
        text=heard.text,
        value=heard.value,
        channel_id=heard.channel_id,
        service_url=heard.service_url,
        reply_to_id=heard.reply_to_id,
        from_property=ChannelAccount(id=heard.from_.id, name=heard.from_.name),
        recipient=ChannelAccount(id=heard.recipient.id, name=heard.recipient.name),
        conversation=ConversationAccount(
            id=heard.conversation.id, conversation_type=heard.conversation.conversation_type
        ),
    )


class AlreadyAuthenticated(BotFrameworkAuthentication):  # type: ignore[misc]  # botbuilder has no types
    """Tells botbuilder that the token validator has already authenticated. Authenticates nobody itself."""

    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        raise PermissionError("requests are authenticated by adapters.teams.inbound.token_validator")

    async def authenticate_streaming_request(
        self, auth_header: str, channel_id_header: str
    ) -> AuthenticateRequestResult:
        raise PermissionError("there is no streaming endpoint")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return NoConnector()

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:
        return None


class NoConnector(ConnectorFactory):  # type: ignore[misc]  # botbuilder has no types
    """Refuses to connect: answers go through adapters.teams.outbound.connector, which does not block."""

    async def create(self, service_url: str, audience: str) -> object:
        return self


class BotbuilderAdapter(CloudAdapterBase):  # type: ignore[misc]  # botbuilder has no types
    """Runs one activity through botbuilder's middleware and the EventHandler."""

    def __init__(self, handler: EventHandler) -> None:
        super().__init__(AlreadyAuthenticated())
        self._handler = handler

    async def take(self, heard: IncomingActivity) -> Answer:
        """Returns the answer's status and body (None: no body)."""

        async def logic(turn_context: TurnContext) -> None:
            turn_context.turn_state[INCOMING] = heard
            await self._handler.on_turn(turn_context)

        believed = AuthenticateRequestResult()
        believed.claims_identity = ClaimsIdentity({}, True)
        believed.connector_factory = NoConnector()
        response = await self.process_activity(believed, as_botbuilder(heard), logic)
        return (200, None) if response is None else (int(response.status), response.body)
