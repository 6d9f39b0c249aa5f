"""The dialog that asks for a question about a message. Pure.

What people wrote is put into text nodes only (adapters.teams.outbound.rendering.runs), line by line and without reading
any markup. Source: Microsoft Learn, Teams platform, "Create and send dialogs", "Create adaptive cards in dialogs".
"""

from typing import Any, Final

from adapters.teams.outbound.rendering.messages import attachment
from adapters.teams.outbound.rendering.rich import plain_elements, rich_text
from adapters.teams.outbound.rendering.runs import Element, text_run
from bot.domain.formatting import cut_between_words

Body = dict[str, Any]

TITLE: Final = "Ask Switchboard"
QUESTION: Final = "question"
DIALOG: Final = "sb_dialog"
"""What the button sends: the input, and which dialog it is."""
LONGEST: Final = 3_000
"""Characters of a question."""
EXCERPT, LINES = 400, 6
"""Characters and lines of the message that are shown."""


def question_dialog(
    *, id: str, sender: str, message: str, hint: str, question: str = "", trouble: str = ""
) -> Body:
    """An excerpt of the message, the question as typed so far, and above both what has to be done first."""
    entry: Element = {
        "type": "Input.Text",
        "id": QUESTION,
        "label": "Your question",
        "placeholder": "Leave this empty to have the message explained",
        "isMultiline": True,
        "maxLength": LONGEST,
    }
    if question:
        entry["value"] = question
    notice = [rich_text(text_run(trouble, color="Attention", weight="Bolder"))] if trouble else []
    heading = f"{sender} wrote:" if sender else "The message:"
    body = [
        *notice,
        rich_text(text_run(heading, weight="Bolder")),
        {"type": "Container", "style": "emphasis", "items": _excerpt(message)},
        entry,
        rich_text(text_run(hint, isSubtle=True)),
    ]
    return _dialog(body, [{"type": "Action.Submit", "title": "Ask", "data": {DIALOG: id}}])


def notice_dialog(text: str) -> Body:
    """Words and nothing to fill in."""
    return _dialog([rich_text(text_run(text))], [])


def _excerpt(message: str) -> list[Element]:
    text = message.strip()
    head = cut_between_words(text, EXCERPT).rstrip()
    shown = plain_elements(head)[:LINES]
    if len(head) < len(text) or len(plain_elements(head)) > LINES:
        shown.append(rich_text(text_run("…")))
    return shown or [rich_text(text_run("(nothing that can be shown here)", italic=True))]


def _dialog(body: list[Element], actions: list[Element]) -> Body:
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "body": body,
        "actions": actions,
    }
    value = {"title": TITLE, "height": "medium", "width": "medium", "card": attachment(card)}
    return {"task": {"type": "continue", "value": value}}
