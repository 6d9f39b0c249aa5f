"""Files as Teams offers them: in a one-to-one chat after consent, elsewhere by a button that brings them there.

Source: Microsoft Learn, Teams platform, "Send and receive files through the bot", file consent card and file info card.
"""

from collections.abc import Mapping
from typing import Any

from adapters.teams.card_data import KEY
from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.outbound.rendering import messages
from adapters.teams.outbound.rendering.cards import actions_card
from adapters.teams.outbound.rendering.messages import Activity
from adapters.teams.outbound.rendering.rich import rich_text
from adapters.teams.outbound.rendering.runs import text_run
from bot.domain.generated import GeneratedFile, file_name, size_words
from bot.domain.replies import Action, Button

CONSENT = "application/vnd.microsoft.teams.card.file.consent"
INFO = "application/vnd.microsoft.teams.card.file.info"
TITLE = 60  # characters of a name on a button


def consent_message(file: GeneratedFile, before: str = "") -> Activity:
    """Asks whether the file may go to the person's OneDrive. `before`: why it is asked again."""
    told = f"{before} {size_words(len(file.data))}, kept for you for {hours(file)}.".strip()
    context = {KEY: file.key}
    content = {
        "description": told,
        "sizeInBytes": len(file.data),
        "acceptContext": context,
        "declineContext": context,
    }
    return _alone({"contentType": CONSENT, "name": file.name, "content": content}, file.name)


def info_message(upload: Mapping[str, str]) -> Activity:
    """The file, where it is now."""
    name = file_name(upload.get("name", ""))
    content = {"uniqueId": upload.get("uniqueId", ""), "fileType": upload.get("fileType", "")}
    return _alone(
        {"contentType": INFO, "contentUrl": upload["contentUrl"], "name": name, "content": content}, name
    )


def offer_message(file: GeneratedFile, reference: ConversationReference) -> Activity:
    """A button for everybody who reads it: Teams takes files of bots in one-to-one chats only."""
    name = file.name if len(file.name) <= TITLE else f"{file.name[: TITLE - 1]}…"
    card = actions_card([Button(action=Action.TAKE, label=f"Send me {name}", value=file.key)], reference)
    told = f"{file.name} ({size_words(len(file.data))}) came with this answer, and waits for {hours(file)}."
    return messages.card_message({**card, "body": [rich_text(text_run(told)), *card["body"]]}, file.name)


def hours(file: GeneratedFile) -> str:
    number = max(1, file.lasts // 3_600)
    return "an hour" if number == 1 else f"{number} hours"


def _alone(attachment: Mapping[str, Any], summary: str) -> Activity:
    return {"type": "message", "summary": summary, "attachments": [dict(attachment)]}
