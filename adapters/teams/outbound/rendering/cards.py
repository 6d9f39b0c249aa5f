"""Replies besides answers, as an Adaptive Card where there are buttons, choices or a layout.

Every card has a version as text, for clients and situations without cards. Text of people and models is put
into text nodes only (adapters.teams.outbound.rendering.runs). Source: Microsoft Learn, Teams platform, "Cards
reference", Adaptive Cards up to 1.5, "Format cards" (full width), "Universal Actions" (Action.Execute with
Action.Submit as its fallback).
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from adapters.teams.card_data import ACTION, DATASET, INPUT, PRIVATE
from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.outbound.rendering import messages, rich, sizes
from adapters.teams.outbound.rendering.blocks import BlockWriter
from adapters.teams.outbound.rendering.charts import chart_elements
from adapters.teams.outbound.rendering.forms import form_elements
from adapters.teams.outbound.rendering.inline import LineWriter, line_of, literal
from adapters.teams.outbound.rendering.markdown import to_markdown
from adapters.teams.outbound.rendering.messages import Activity
from adapters.teams.outbound.rendering.runs import Element, Style
from adapters.teams.outbound.rendering.tables import table_block
from bot.delivery.last_resort import rendered
from bot.document.nodes import Strong
from bot.domain.replies import Action, Button, Choice, Option, Reply, Section

AT_ONCE = 6
"""Actions that Teams shows in a row."""
FEW = 7
"""Options up to this number are all shown, instead of in a drop-down list."""
NARROW = 4
"""Columns of a table that a card of the usual width holds."""
BUDGET = 16_000
"""UTF-16 units of text in all sections together; laid out it takes several times that, hence the steps below."""
LARGEST = 40_000
"""UTF-16 units of a card as JSON."""
CONFIRM = {Action.PICK: "Use this model", Action.ASK: "Ask this model", Action.RUN: "Use this"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyForms:
    """One reply in every form it can be sent in, best first. `text` is the simplest."""

    versions: tuple[Activity, ...]
    text: Activity

    @property
    def digest(self) -> str:
        """By which a later attempt knows that it has said this."""
        return hashlib.sha256(json.dumps(self.versions[0], sort_keys=True).encode()).hexdigest()[:16]


def reply_forms(reply: Reply, reference: ConversationReference) -> ReplyForms:
    """Text where that is enough; a card for choices, buttons or comparisons."""
    text = messages.text_message(sizes.parts(reply_text(reply))[0])
    if reply.generated:
        text["entities"] = [messages.ai_label(reference)]
    laid_out = reply.table or reply.sections or reply.choices or reply.form
    written = all(button.action is Action.RUN for button in reply.buttons)
    if not laid_out and (not reply.buttons or (written and reference.personal)):
        suggestions = messages.suggested(reply.buttons, reference)
        if not suggestions:
            return ReplyForms(versions=(text,), text=text)
        best = {**text, "text": spoken(reply), "textFormat": "plain", "suggestedActions": suggestions}
        return ReplyForms(versions=(best, text), text=text)
    shown = messages.card_message(card(reply, reference), summary(reply))
    if reply.generated:
        shown["entities"] = [messages.ai_label(reference)]
    return ReplyForms(versions=(shown, text), text=text)


def card(reply: Reply, reference: ConversationReference) -> Element:
    """The reply as a card; long sections are shortened until it is small enough to send."""
    for share in (1, 2, 4, 8):
        shown = _laid_out(reply, reference, BUDGET // share)
        if sizes.units(json.dumps(shown, ensure_ascii=False)) <= LARGEST:
            break
    return shown


def _laid_out(reply: Reply, reference: ConversationReference, budget: int) -> Element:
    body: list[Element] = []
    if reply.title:
        body.append(rich.line_element(reply.title, Style(bold=True), size="Large"))
    body += rich.card_elements(reply.text)
    if reply.chart:
        body += chart_elements(reply.chart)
    if reply.table:
        body.append(rich.table_element(table_block(reply.table)))
    room = budget // max(len(reply.sections), 1)
    body += [_section(section, room, reference) for section in reply.sections]
    for number, choice in enumerate(reply.choices):
        body += _choice(choice, f"choice{number}", reference)
    body += form_elements(reply.form, reference) if reply.form else []
    body += _action_sets(reply.buttons, reference)
    shown = _card(body, reply_text(replace(reply, sections=()))[:1000])
    return (
        {**shown, "msteams": {"width": "Full"}} if reply.table and len(reply.table.header) > NARROW else shown
    )


def actions_card(buttons: Sequence[Button], reference: ConversationReference) -> Element:
    """A card of buttons only, to go with a text message."""
    return _card(list(_action_sets(buttons, reference)), ", ".join(button.label for button in buttons))


def summary(reply: Reply) -> str:
    """One line for the notification."""
    return literal(reply.title or " ".join(_lines(reply)))[:120]


def reply_text(reply: Reply) -> str:
    """The whole reply in Teams' Markdown; choices become lists, buttons are left out."""
    parts = [_bold(reply.title), to_markdown(reply.text)]
    if reply.table:
        parts.append(BlockWriter().block(table_block(reply.table)))
    for section in reply.sections:
        parts += [_bold(section.title), to_markdown(section.text), _one_line(section.note)]
    for choice in reply.choices:
        lines = [f"{literal(choice.label)}:"]
        for group, some in groupby(choice.options, key=lambda one: one.group):
            lines += [f"- {literal(group)}"] if group else []
            dent = "  - " if group else "- "
            lines += [f"{dent}{literal(one.label)} {literal(one.hint)}".rstrip() for one in some]
        parts.append("\n".join(lines))
    parts += [to_markdown(reply.form.typed)] if reply.form else []
    return "\n\n".join(part for part in parts if part) or "—"


def spoken(reply: Reply) -> str:
    """A reply's words without marks: a message with suggested actions shows marks as they are typed."""
    return "\n\n".join(part for part in (reply.title, "\n".join(_lines(reply))) if part) or "—"


def _lines(reply: Reply) -> Iterator[str]:
    return (rich.words(element) for element in rich.card_elements(reply.text))


def _bold(title: str) -> str:
    return rendered(title, lambda text: LineWriter().line((Strong(line_of(text)),)), literal)


def _one_line(markdown: str) -> str:
    return rendered(markdown, lambda text: LineWriter().line(line_of(text)), literal)


def _card(body: list[Element], fallback: str) -> Element:
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "fallbackText": fallback or "—",
        "body": body,
    }


def _section(section: Section, room: int, reference: ConversationReference) -> Element:
    text = section.text
    if sizes.units(text) > room:
        text = f"{sizes.parts(text, room)[0]}\n\n… (shortened)"
    items = [rich.line_element(section.title, Style(bold=True)), *rich.card_elements(text)]
    if section.note:
        items.append(rich.line_element(section.note, isSubtle=True, size="Small"))
    items += _action_sets(section.buttons, reference)
    return {"type": "Container", "separator": True, "spacing": "Medium", "items": items}


def _choice(choice: Choice, name: str, reference: ConversationReference) -> Iterator[Element]:
    """A list, and the button that sends the picked option."""
    options = [{"title": option_title(one), "value": one.value} for one in choice.options]
    picker: Element = {
        "type": "Input.ChoiceSet",
        "id": name,
        "label": choice.label,
        "style": "expanded" if len(options) <= FEW else "compact",
        "choices": options,
    }
    if len(options) > FEW and not reference.copilot:  # Copilot's cards know no typing
        picker["style"] = "filtered"
        if choice.search:
            picker["choices.data"] = {"type": "Data.Query", "dataset": f"{DATASET} {choice.search}"}
    if any(one.value == choice.selected for one in choice.options):
        picker["value"] = choice.selected
    yield picker
    data: dict[str, Any] = {ACTION: str(choice.action), INPUT: name}
    if reference.private:
        data[PRIVATE] = True
    title = CONFIRM.get(choice.action, choice.label)
    yield {"type": "ActionSet", "actions": [_execute(title, choice.action, data, primary=True)]}


def option_title(option: Option) -> str:
    """A list has no headings: what belongs together stands together, and each begins with the name of its group."""
    named = f"{option.group}: {option.label}" if option.group else option.label
    return f"{named} · {option.hint}" if option.hint else named


def _action_sets(buttons: Sequence[Button], reference: ConversationReference) -> Iterator[Element]:
    for start in range(0, len(buttons), AT_ONCE):
        actions = [
            _execute(
                button.label,
                button.action,
                messages.button_payload(button.action, button.value, reference),
                primary=button.primary,
                danger=button.danger,
            )
            for button in buttons[start : start + AT_ONCE]
        ]
        yield {"type": "ActionSet", "actions": actions}


def _execute(
    title: str, action: Action, data: dict[str, Any], *, primary: bool = False, danger: bool = False
) -> Element:
    """A button answered in place. Clients without Action.Execute send the same data as a message."""
    pressed: Element = {"type": "Action.Execute", "title": title, "verb": str(action), "data": data}
    if INPUT not in data:
        pressed["associatedInputs"] = "none"
    if primary or danger:
        pressed["style"] = "destructive" if danger else "positive"
    return {**pressed, "fallback": {"type": "Action.Submit", "title": title, "data": data}}
