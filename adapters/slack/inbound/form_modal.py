"""A form as a modal, and what was filled into it. Pure.

Its private_metadata, which people cannot see, holds the form's id and where to answer. What people wrote stands in plain-text
elements and initial values only, which Slack shows as they are. Source: docs.slack.dev "Modals", "Input block".
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.slack.callback_ids import FORM
from adapters.slack.conversation_reference import Surface, thread_key
from adapters.slack.install.installations import Installation
from adapters.slack.outbound.rendering.layout import LABEL, OPTION, OPTIONS, one_line
from adapters.slack.outbound.rendering.rich import plain_text
from bot.domain.events import Author, ButtonPressed, Event, FormFilled
from bot.domain.forms import FieldKind, FieldOption, Form, FormField

TITLE, TROUBLE, INITIAL = 24, 3_000, 3_000

Json = Mapping[str, Any]


def form_modal(form: Form, event: Event) -> dict[str, Any]:
    """The form, opened by this event."""
    about = {
        "form": form.id,
        "channel": event.thread.channel,
        "thread": event.thread.thread,
        "message": event.message if isinstance(event, ButtonPressed) else "",
        "reply": dict(event.reply),
    }
    faults = [f"{one.label}: {one.fault}" for one in form.fields if one.fault]
    trouble = [{"type": "section", "text": plain_text("\n".join(faults)[:TROUBLE])}] if faults else []
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": json.dumps(about),
        "title": plain_text(form.title[:TITLE]),
        "submit": plain_text(form.submit[:TITLE]),
        "close": plain_text("Cancel"),
        "blocks": [*trouble, *(_input(one) for one in form.fields)],
    }


def filled(payload: Json, author: Author, installation: Installation, *, id: str, now: float) -> FormFilled:
    """A submitted form."""
    view = payload["view"]
    about = json.loads(view["private_metadata"])
    reply = {str(key): str(value) for key, value in about["reply"].items()}
    channel = str(about["channel"])
    blocks = ((view.get("state") or {}).get("values") or {}).items()
    values = {str(field): _value(element) for field, elements in blocks for element in elements.values()}
    return FormFilled(
        id=id,
        thread=thread_key(installation, channel, str(about["thread"])),
        author=author,
        at=now,
        reply=reply,
        form=str(about["form"]),
        values=values,
        message=str(about["message"]),
        direct=channel.startswith("D"),
        threaded="surface" not in reply,
        private=reply.get("surface") in {Surface.COMMAND.value, Surface.HOME.value},
    )


def _input(field: FormField) -> dict[str, Any]:
    hint = {"hint": plain_text(field.hint)} if field.hint else {}
    return {
        "type": "input",
        "block_id": field.id,
        "label": plain_text(field.label),
        "optional": not field.required,
        "element": {"action_id": field.id, **_element(field)},
        **hint,
    }


def _element(field: FormField) -> dict[str, Any]:
    if field.kind in {FieldKind.ONE, FieldKind.SOME}:
        options = _options(field.options)
        chosen = [one for one in options if one["value"] in field.value.split("\n")]
        if field.kind is FieldKind.ONE:
            initial = {"initial_option": chosen[0]} if chosen else {}
            return {"type": "static_select", "options": options, **initial}
        several = {"initial_options": chosen} if chosen else {}
        return {"type": "multi_static_select", "options": options, **several}
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "multiline": field.kind is FieldKind.TEXT,
        "max_length": min(field.longest, INITIAL),
    }
    value = field.value[: element["max_length"]]
    return element | ({"initial_value": value} if value else {})


def _options(options: Sequence[FieldOption]) -> list[dict[str, Any]]:
    fitting = [one for one in options if len(one.value) <= OPTION]
    return [
        {
            "text": plain_text(one_line(one.label, LABEL)),
            "value": one.value,
            **({"description": plain_text(one_line(one.hint, LABEL))} if one.hint else {}),
        }
        for one in fitting[:OPTIONS]
    ]


def _value(element: Json) -> str:
    several = element.get("selected_options")
    if isinstance(several, list):
        return "\n".join(str(one.get("value") or "") for one in several)
    return str((element.get("selected_option") or {}).get("value") or element.get("value") or "")
