"""What people's clients send to the bot, in the shapes Teams sends it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from tests.teams.issuer import HOME
from tests.teams.rooms import ALICE, BOT, Person

TENANT = HOME
TEAM, GROUP = "19:team@thread.tacv2", "0f0f0f0f-0000-4000-8000-000000000001"
"""One team, as Teams names it and as Microsoft Graph does."""
NAME = "Switchboard"
MENTION = f"<at>{NAME}</at>"
MENTIONED = f'<span itemtype="http://schema.skype.com/Mention" itemscope itemid="0">{NAME}</span>&nbsp;'
"""The same mention in the formatted text."""
QUOTED = re.compile(r"<quoted [^<>]*/>")
AT = re.compile(r"&lt;(/?at(?: [^&]*)?)&gt;")


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
            whole["channelData"] |= {"team": {"id": TEAM}, "channel": {"id": place}}
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
        html: str | None = None,
        attached: Sequence[Mapping[str, Any]] = (),
        **fields: Any,
    ) -> dict[str, Any]:
        """Something a person wrote; outside one-to-one chats it mentions the bot unless told otherwise. `html` is what
        stands in the formatted text where that says more than `text`; `attached` comes besides it.
        """
        if copilot:
            return self._in_copilot(conversation, of, text, sender) | fields
        mentioned = of != "personal" and not targeted if mention is None else mention
        entities: list[Mapping[str, Any]] = [
            {"type": "clientInfo", "locale": "en-US", "country": "US", "platform": "Web"}
        ]
        html = formatted(text or "") if html is None else html
        if mentioned:
            text = f"{MENTION} {text}"
            html = html.replace("<p>", f"<p>{MENTIONED}", 1) if html.startswith("<p>") else MENTIONED + html
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
            attachments=[*attached, {"contentType": "text/html", "content": html}],
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
        said = [{"contentType": "text/html", "content": formatted(text)}]
        changed = {"type": "messageUpdate", "text": text, "attachments": said, "timestamp": now()}
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


def formatted(text: str) -> str:
    """The html of plain words, a paragraph for each line."""
    shown = QUOTED.sub("", text)
    lines = (AT.sub(r"<\1>", escape(line, quote=False)) for line in shown.splitlines())
    return "".join(f"<p>{line}</p>" for line in lines)


def replied(message: str, account: str, name: str, preview: str) -> str:
    """The html of a quoted reply, before the words that answer it."""
    return (
        f'<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="{message}">'
        f'<strong itemprop="mri" itemid="{account}">{name}</strong>'
        f'<span itemprop="time" itemid="{message}"></span><p itemprop="preview">{preview}</p></blockquote>'
    )


def pasted(picture: str) -> str:
    """The html of a picture pasted among the words."""
    address = f"https://eu-api.asm.skype.com/v1/objects/{picture}/views/imgo"
    return f'<img src="{address}" itemtype="http://schema.skype.com/AMSImage" alt="image" width="300">'


def forwarded(message: str, html: str, name: str | None) -> dict[str, Any]:
    """The attachment of a forwarded message; its content is JSON as text."""
    sender = {"application": None, "device": None, "user": {"id": "G", "displayName": name}}
    content = {
        "originalMessageId": message,
        "originalMessageContent": html,
        "originalConversationId": "19:elsewhere@thread.v2",
        "originalSentDateTime": "2026-11-20T10:00:00Z",
        "originalMessageSender": sender,
    }
    return {
        "id": message,
        "contentType": "forwardedMessageReference",
        "contentUrl": None,
        "name": None,
        "content": json.dumps(content),
    }


def referenced(message: str, preview: str, name: str | None) -> dict[str, Any]:
    """The attachment of a quoted message as chats have it in Microsoft Graph."""
    content = {
        "messageId": message,
        "messagePreview": preview,
        "messageSender": {"user": {"id": "G", "displayName": name}},
    }
    return {"id": message, "contentType": "messageReference", "content": json.dumps(content)}


def adaptive_card(*body: Mapping[str, Any]) -> dict[str, Any]:
    content = {"type": "AdaptiveCard", "version": "1.5", "body": list(body)}
    return {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}


def shared_file(name: str) -> dict[str, Any]:
    """A file in a channel or a group chat, of which only the address is told."""
    address = f"https://contoso.sharepoint.com/sites/team/{name}"
    return {"id": "1150D938", "contentType": "reference", "contentUrl": address, "name": name}
