"""A form as inputs in a card. What people wrote is in values of inputs, and in text nodes. Pure.

Source: Microsoft Learn, Adaptive Cards, "Input.Text", "Input.ChoiceSet".
"""

from typing import Any

from adapters.teams.card_data import FORM, LINE, PRIVATE, SOME
from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.outbound.rendering.rich import rich_text
from adapters.teams.outbound.rendering.runs import Element, text_run
from bot.domain.forms import FieldKind, Form, FormField

FEW = 7  # options up to this number are all shown


def form_elements(form: Form, reference: ConversationReference) -> list[Element]:
    """The fields, what is wrong with each, and the button that sends them."""
    items: list[Element] = []
    for field in form.fields:
        items += [rich_text(text_run(field.fault, color="Attention"))] if field.fault else []
        items.append(_input(field))
    data: dict[str, Any] = {FORM: form.id} | ({PRIVATE: True} if reference.private else {})
    send: Element = {
        "type": "Action.Execute",
        "title": form.submit,
        "verb": "form",
        "data": data,
        "style": "positive",
        "fallback": {"type": "Action.Submit", "title": form.submit, "data": data},
    }
    return [*items, {"type": "ActionSet", "actions": [send]}]


def _input(field: FormField) -> Element:
    shared: Element = {"label": field.label, "isRequired": field.required}
    if field.required:
        shared["errorMessage"] = "This is needed."
    if field.kind in {FieldKind.ONE, FieldKind.SOME}:
        some = field.kind is FieldKind.SOME
        known = {one.value for one in field.options}
        picked = [one for one in field.value.split("\n") if one in known]
        return {
            "type": "Input.ChoiceSet",
            "id": f"{SOME if some else LINE}{field.id}",
            "isMultiSelect": some,
            "style": "expanded" if some or len(field.options) <= FEW else "filtered",
            "choices": [
                {"title": f"{one.label} · {one.hint}" if one.hint else one.label, "value": one.value}
                for one in field.options
            ],
            **({"value": ",".join(picked)} if picked else {}),
            **shared,
        }
    text: Element = {
        "type": "Input.Text",
        "id": f"{LINE}{field.id}",
        "isMultiline": field.kind is FieldKind.TEXT,
        "maxLength": field.longest,
        **shared,
    }
    text |= {"placeholder": field.hint} if field.hint else {}
    return text | ({"value": field.value} if field.value else {})
