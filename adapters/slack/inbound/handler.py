"""Handles every payload: translates it and puts the event into the inbox.

Only what cannot wait for a worker is done here: a modal must be opened within three seconds of the click, and
who writes into a full conversation is told at once, because no worker will see that event.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from adapters.slack.conversation_reference import ConversationReference, Surface, reply_fields, thread_key
from adapters.slack.inbound import modals
from adapters.slack.inbound.dedupe import MentionDedupe
from adapters.slack.inbound.direct import in_one_conversation
from adapters.slack.inbound.events import translate
from adapters.slack.inbound.external_users import ExternalUsers
from adapters.slack.inbound.form_modal import form_modal
from adapters.slack.install.installations import Installation
from adapters.slack.outbound.rendering import layout
from adapters.slack.outbound.sink_choice import Workspace
from bot.agent_ports import FormDesk
from bot.delivery.pacing import Clock
from bot.domain.claims import Receipt
from bot.domain.errors import PlatformError
from bot.domain.events import (
    Author,
    ButtonPressed,
    Event,
    FormFilled,
    HomeOpened,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    StopRequested,
    WorkspaceLeft,
)
from bot.domain.replies import Action, Reply
from bot.ports import Inbox

FULL = "Too many messages are waiting here. I go on with them in order; please write again in a little while."
NOT_YOURS = "Only the person who asked can stop this answer."
MUTES = frozenset(["mute", "no_bell"])
THUMBS = {"+1": Action.UP, "thumbsup": Action.UP, "-1": Action.DOWN, "thumbsdown": Action.DOWN}

log = logging.getLogger(__name__)

Json = Mapping[str, Any]


class EventHandler:
    """Handles all workspaces' events. `external`: other organisations' people in shared channels may ask. `one_direct`:
    direct messages outside of threads are one conversation.
    """

    def __init__(
        self,
        *,
        inbox: Inbox,
        forms: FormDesk,
        clock: Clock,
        external: bool,
        one_direct: bool,
        workspace: Callable[[Installation], Workspace],
        left: Callable[[Installation], Awaitable[None]],
    ) -> None:
        self._inbox = inbox
        self._forms = forms
        self._clock = clock
        self._external = external
        self._one_direct = one_direct
        self._workspace = workspace
        self._left = left
        self._dedupe = MentionDedupe()
        self._external_users = ExternalUsers(clock=clock)

    async def hear(self, body: Json, installation: Installation) -> dict[str, Any]:
        """What Slack is answered besides 200. Raises StorageUnavailable; then nothing was stored, and Slack must not be
        answered 200.
        """
        if body.get("type") == "message_action":
            await self._open(body, installation, modals.about_message(body, installation))
            return {}
        event = await self._reaction(body, installation) or translate(
            body, installation, now=self._clock.now()
        )
        if event is not None and not await self._may_ask(event.author, installation):
            event = _as_context(event)
        if event is None:
            return {}
        if isinstance(event, FormFilled) and (faults := self._forms.faults(event.form, event.values)):
            return {"response_action": "errors", "errors": dict(faults)}
        if await self._opened(body, event, installation):
            return {}
        if self._one_direct:
            event = in_one_conversation(event)
        kind = (body.get("event") or {}).get("type")
        if kind == "app_mention" and isinstance(event, MessageReceived):
            heard = self._dedupe.expected if event.files else await self._dedupe.wait(event.id)
            event = replace(event, gaps=not heard)
        receipt = await self._inbox.put(event)
        if kind == "message" and isinstance(event, MessageReceived) and event.addressed and not event.direct:
            self._dedupe.came(event.id)
        await self._after(body, installation, event, receipt)
        return {}

    async def _opened(self, body: Json, event: Event, installation: Installation) -> bool:
        """Whether it was answered with a form, which is only possible within three seconds."""
        match event:
            case MessageReceived(text=text) if "command" in body:
                form = await self._forms.opened(event, text)
            case ButtonPressed(action=Action.FORM, value=text):
                form = await self._forms.opened(event, text)
            case _:
                return False
        return form is not None and await self._open(body, installation, form_modal(form, event))

    async def _may_ask(self, author: Author, installation: Installation) -> bool:
        """External people only by policy. Raises PlatformBusy if it is not known now: Slack sends again."""
        if not author.external or author.app or self._external:  # apps are the policy's business
            return True
        return not await self._external_users.include(
            author, installation, self._workspace(installation).web_api
        )

    async def _after(self, body: Json, installation: Installation, event: Event, receipt: Receipt) -> None:
        if receipt is Receipt.FULL:
            await self._tell(FULL, event, installation)
        if receipt is Receipt.REFUSED and (body.get("event") or {}).get("type") != "app_mention":
            await self._tell(NOT_YOURS, event, installation)  # once: a mention is a message too
        match event:
            case WorkspaceLeft():
                await self._left(installation)
            case ButtonPressed(action=Action.PICK | Action.RUN) if event.reply.get("surface") == Surface.HOME:
                await self._inbox.put(_home_again(event))
            case ButtonPressed(action=Action.DOWN) as down if "container" in body:
                await self._open(body, installation, modals.why_bad(down))
            case StopRequested(turn="") if receipt is Receipt.IDLE:
                await self._idle(event, installation)

    async def _reaction(self, body: Json, installation: Installation) -> Event | None:
        """A thumb, or a crossed-out loudspeaker, under the bot's answer. Slack does not name the thread, so the message is
        looked up; nor whose
        people somebody is of, so in a shared channel everybody looks external.
        """
        event = body.get("event") or {}
        if event.get("type") != "reaction_added" or event.get("item_user") != installation.user:
            return None
        reaction = str(event.get("reaction")).partition("::")[0]
        action = Action.RUN if reaction in MUTES else THUMBS.get(reaction)
        channel, ts = event["item"].get("channel"), event["item"].get("ts")
        if action is None or not channel or not ts:
            return None
        try:
            web_api = self._workspace(installation).web_api
            answer = await web_api.may("conversations.replies", channel=channel, ts=ts, limit=1)
        except PlatformError:
            return None
        found: Json = next(iter((answer or {}).get("messages", ())), {})
        root = str(found.get("thread_ts") or ts)
        return ButtonPressed(
            id=f"reaction:{event['user']}:{ts}:{event['reaction']}:{event.get('event_ts')}",
            thread=thread_key(installation, channel, root),
            author=Author(id=event["user"], external=bool(body.get("is_ext_shared_channel"))),
            at=float(event.get("event_ts") or 0),
            reply=reply_fields(installation, channel=channel, thread=root, user=event["user"]),
            action=action,
            value="/mute" if action is Action.RUN else ts,
            message=ts,
            threaded=True,
        )

    async def _open(self, body: Json, installation: Installation, view: Json) -> bool:
        return await self._quietly(installation, "views.open", trigger_id=body.get("trigger_id"), view=view)

    async def _tell(self, text: str, event: Event, installation: Installation) -> None:
        reference = ConversationReference.of(event)
        await self._quietly(
            installation,
            "chat.postEphemeral",
            channel=reference.channel,
            user=reference.user,
            thread_ts=reference.thread or None,
            **layout.reply(Reply(text=text)),
        )

    async def _idle(self, event: StopRequested, installation: Installation) -> None:
        """Slack's own Stop does not end a session: when nothing is running, it has to be ended here."""
        reference = ConversationReference.of(event)
        await self._quietly(
            installation,
            "agents.sessions.setStatus",
            channel_id=reference.channel,
            thread_ts=reference.thread,
            status="active",
        )

    async def _quietly(self, installation: Installation, method: str, **args: Any) -> bool:
        """A call whose failure must not make Slack deliver the event again. Whether it was done."""
        try:
            return await self._workspace(installation).web_api.may(method, **args) is not None
        except PlatformError as error:
            log.warning("a small thing was not done", extra={"method": method, "code": error.code})
            return False


def _home_again(event: ButtonPressed) -> HomeOpened:
    """A press on somebody's App Home may change what it shows: it is drawn anew after it."""
    return HomeOpened(
        id=f"{event.id}:home", thread=event.thread, author=event.author, at=event.at, reply=event.reply
    )


def _as_context(event: Event) -> Event | None:
    """What people say who may not ask: never a question, but said in the thread all the same."""
    match event:
        case MessageReceived(direct=False, private=False):
            return replace(event, addressed=False, others=True)
        case MessageEdited() | MessageDeleted():
            return event
        case _:
            return None
