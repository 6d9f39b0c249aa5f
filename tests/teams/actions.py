"""A person uses a message action: what their client sends, what it shows of the answers, and how long it waits."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.teams.eyes import card_words
from tests.teams.fake import ALICE, Delivered, FakeTeams
from tests.teams.rooms import Person, Room
from tests.teams.rules import check_action_answer, check_dialog, nested

COMMAND = "askAboutMessage"
CLIENT = 5.0
"""Seconds after which the client says that the app cannot be reached."""
LINK = "https://teams.microsoft.com/l/message/19%3Aabc%40thread.v2/1795446404319?context=%7B%7D"


@dataclass(frozen=True, kw_only=True)
class Dialog:
    """A dialog that is open, over the message it is about."""

    room: Room
    about: Mapping[str, Any]
    card: Mapping[str, Any]

    @property
    def words(self) -> str:
        return "\n".join(card_words(self.card))

    @property
    def inputs(self) -> dict[str, Any]:
        return {one["id"]: one for one in nested(self.card["body"]) if one["type"].startswith("Input.")}

    @property
    def buttons(self) -> list[str]:
        return [action["title"] for action in self.card.get("actions") or ()]


def graph_message(text: str, *, name: str | None = "Bob", **fields: Any) -> dict[str, Any]:
    """A message as a message action carries it: the shape of Microsoft Graph's chatMessage."""
    return {
        "id": "1795446404319",
        "replyToId": None,
        "createdDateTime": "2026-11-23T10:00:00Z",
        "lastModifiedDateTime": None,
        "deleted": False,
        "subject": None,
        "summary": None,
        "importance": "normal",
        "locale": "en-us",
        "linkToMessage": LINK,
        "from": {
            "user": {"id": "GUID", "displayName": name, "userIdentityType": "aadUser"},
            "device": None,
            "conversation": None,
            "application": None,
        },
        "body": {"contentType": "html", "content": f"<p>{html.escape(text)}</p>"},
        "attachmentLayout": "list",
        "attachments": [],
        "mentions": [],
        "reactions": [],
    } | fields


def used(
    teams: FakeTeams,
    room: Room,
    about: Mapping[str, Any],
    name: str,
    *,
    sender: Person = ALICE,
    command: str = COMMAND,
    data: Mapping[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """One invoke of the action, as the client sends it."""
    value: dict[str, Any] = {
        "commandId": command,
        "commandContext": "message",
        "context": {"theme": "default"},
        "messagePayload": dict(about),
    }
    if data is not None:
        value["data"] = dict(data)
    given = {"id": f"f:{teams.rooms.new_id()}"} | fields
    return teams.people.invoke(room.id, room.kind, f"composeExtension/{name}", value, sender=sender, **given)


async def answered(teams: FakeTeams, activity: Mapping[str, Any]) -> Delivered:
    """What the client gets in the time it waits."""
    before, teams.patience = teams.patience, CLIENT
    try:
        delivered = await teams.send(activity)
    finally:
        teams.patience = before
    assert delivered.status == 200, "the client says that the app cannot be reached"
    return delivered


async def open_dialog(
    teams: FakeTeams, room: Room, about: Mapping[str, Any], *, sender: Person = ALICE, **fields: Any
) -> Dialog:
    """The person picks the action in a message's menu."""
    delivered = await answered(teams, used(teams, room, about, "fetchTask", sender=sender, **fields))
    return Dialog(room=room, about=about, card=check_dialog(delivered.body))


def submission(dialog: Dialog, teams: FakeTeams, *, sender: Person = ALICE, **typed: Any) -> dict[str, Any]:
    """The person fills in the dialog and presses its button: inputs arrive merged into the button's data."""
    (action,) = dialog.card["actions"]
    inputs = {name: one.get("value", "") for name, one in dialog.inputs.items()}
    for name, value in typed.items():
        assert len(value) <= inputs_limit(dialog, name)
    data = {**action.get("data", {}), **inputs, **typed}
    return used(teams, dialog.room, dialog.about, "submitAction", sender=sender, data=data)


def inputs_limit(dialog: Dialog, name: str) -> int:
    return int(dialog.inputs[name].get("maxLength", 1 << 30))


async def press(teams: FakeTeams, dialog: Dialog, *, sender: Person = ALICE, **typed: Any) -> Dialog | str:
    """What comes after the button: another dialog, or the words with which it closes."""
    return await shown_after(teams, dialog, submission(dialog, teams, sender=sender, **typed))


async def shown_after(teams: FakeTeams, dialog: Dialog, activity: Mapping[str, Any]) -> Dialog | str:
    """The same for an invoke that was made before: a client or Teams may send it again."""
    delivered = await answered(teams, activity)
    found = check_action_answer(delivered.body)
    return found if isinstance(found, str) else Dialog(room=dialog.room, about=dialog.about, card=found)
