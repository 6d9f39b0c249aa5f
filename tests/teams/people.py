"""What people's clients send to the bot, in the shapes Teams sends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.teams.rooms import ALICE, BOT, Person

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
NAME = "Switchboard"
MENTION = f"<at>{NAME}</at>"


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What all activities of one fake share."""

    service_url: str
    tenant: str = TENANT

    def activity(
        self, kind: str, conversation: str, of: str, sender: Person = ALICE, **fields: Any
    ) -> dict[str, Any]:
        """Any activity in a conversation of the kind `of` (personal, groupChat, channel)."""
        place, _, _ = conversation.partition(";messageid=")
        whole: dict[str, Any] = {
            "type": kind,
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "localTimezone": "Europe/Berlin",
            "channelId": "msteams",
            "serviceUrl": self.service_url,
            "from": {"id": sender.id, "name": sender.name, "aadObjectId": sender.aad},
            "recipient": {"id": BOT, "name": NAME},
            "conversation": {"conversationType": of, "tenantId": self.tenant, "id": conversation},
            "channelData": {"tenant": {"id": self.tenant}},
        }
        if of != "personal":
            whole["conversation"]["isGroup"] = True
        if of == "channel":
            whole["channelData"] |= {"team": {"id": "19:team@thread.tacv2"}, "channel": {"id": place}}
        return whole | fields

    def message(
        self,
        conversation: str,
        of: str,
        text: str | None,
        *,
        sender: Person = ALICE,
        mention: bool | None = None,
        targeted: bool = False,
        copilot: bool = False,
        **fields: Any,
    ) -> dict[str, Any]:
        """Something a person wrote; outside one-to-one chats it mentions the bot unless told otherwise."""
        if copilot:
            return self._in_copilot(conversation, of, text, sender) | fields
        mentioned = of != "personal" and not targeted if mention is None else mention
        entities: list[Mapping[str, Any]] = [
            {"type": "clientInfo", "locale": "en-US", "country": "US", "platform": "Web"}
        ]
        if mentioned:
            text = f"{MENTION} {text}"
            entities.append({"type": "mention", "mentioned": {"id": BOT, "name": NAME}, "text": MENTION})
        whole = self.activity(
            "message",
            conversation,
            of,
            sender,
            text=text,
            textFormat="plain",
            locale="en-US",
            entities=entities,
            attachments=[{"contentType": "text/html", "content": f"<p>{text}</p>"}],
        )
        if targeted:
            whole["recipient"]["isTargeted"] = True
        return whole | fields

    def _in_copilot(self, conversation: str, of: str, text: str | None, sender: Person) -> dict[str, Any]:
        """The same out of Microsoft 365 Copilot: without the person's name, and a mention that is in no text."""
        entities: list[Mapping[str, Any]] = [{"type": "ProductInfo", "id": "COPILOT"}]
        if of != "personal":
            entities.append({"type": "mention", "mentioned": {"id": BOT, "name": f"{NAME} (agent)"}})
        whole = self.activity(
            "message",
            conversation,
            of,
            sender,
            text=text,
            textFormat="plain",
            locale="en-US",
            entities=entities,
        )
        whole["from"]["name"] = ""
        whole["channelData"]["productContext"] = "COPILOT"
        return whole

    def edit(self, message: Mapping[str, Any], text: str, event: str = "editMessage") -> dict[str, Any]:
        changed = {"type": "messageUpdate", "text": text, "timestamp": now()}
        return {**message, **changed, "channelData": {**message["channelData"], "eventType": event}}

    def delete(self, message: Mapping[str, Any]) -> dict[str, Any]:
        kept = {
            key: value for key, value in message.items() if key not in {"text", "entities", "attachments"}
        }
        data = {**message["channelData"], "eventType": "softDeleteMessage"}
        return {**kept, "type": "messageDelete", "timestamp": now(), "channelData": data}

    def invoke(self, conversation: str, of: str, name: str, value: Any, **fields: Any) -> dict[str, Any]:
        return self.activity("invoke", conversation, of, name=name, value=value, **fields)

    def pressed(
        self, conversation: str, of: str, action: Mapping[str, Any], card: str, **fields: Any
    ) -> dict[str, Any]:
        """A card's Action.Execute; inputs arrive merged into `data`."""
        value = {"action": dict(action), "trigger": "manual"}
        return self.invoke(conversation, of, "adaptiveCard/action", value, replyToId=card, **fields)

    def feedback(
        self, conversation: str, of: str, reaction: str, comment: str, message: str
    ) -> dict[str, Any]:
        value = {
            "actionName": "feedback",
            "actionValue": {"reaction": reaction, "feedback": f'{{"feedbackText":"{comment}"}}'},
        }
        return self.invoke(conversation, of, "message/submitAction", value, replyToId=message)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
