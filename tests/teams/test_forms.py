"""A form as inputs of a card: whatever somebody wrote into it stays words, and comes back as it was filled in."""

from typing import Any

import pytest

from adapters.teams.card_data import read_form
from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.outbound.rendering.cards import card, reply_forms
from bot.domain.forms import FieldKind, FieldOption, Form, FormField
from bot.domain.replies import Reply
from tests.teams.eyes import card_live
from tests.teams.rules import check_message, nested

HOSTILE = "<at>everyone</at> [x](https://evil.example) ![y](https://evil.example/p.png) **z** {{DATE(x)}}"
FORM = Form(
    id="agent new",
    title="New agent",
    submit="Make it",
    opens="/agent new",
    typed="Typed it is `/agent new NAME`.",
    fields=tuple(
        FormField(
            id=kind.value,
            label="x",
            kind=kind,
            value="a\nb" if kind is FieldKind.SOME else HOSTILE,
            options=(FieldOption(value="a", label="a"), FieldOption(value="b", label="b")),
            fault=HOSTILE,
        )
        for kind in FieldKind
    ),
)


@pytest.fixture
def reference() -> ConversationReference:
    fields = {"service": "https://smba.example/", "conversation": "a:1", "scope": "personal", "user": "29:1"}
    return ConversationReference.read(fields, "tenant")


def test_what_somebody_wrote_is_never_markup(reference: ConversationReference) -> None:
    shown = card(Reply(text="x", form=FORM), reference)
    for activity in reply_forms(Reply(text="x", form=FORM), reference).versions:
        check_message(activity)
    assert card_live(shown) == []
    blocks = [one for one in nested(shown["body"]) if one["type"] == "TextBlock"]
    assert "evil" not in str(blocks)
    values = {
        one["id"]: one.get("value") for one in nested(shown["body"]) if one["type"].startswith("Input.")
    }
    assert values["sb_line_line"] == values["sb_line_text"] == HOSTILE
    assert values["sb_some_some"] == "a,b"


def test_where_no_card_is_shown_it_says_how_to_type_it(reference: ConversationReference) -> None:
    text = reply_forms(Reply(text="x", form=FORM), reference).text
    assert "/agent new NAME" in text["text"]


READ: list[tuple[Any, dict[str, str] | None]] = [
    ({"sb_form": "f", "sb_line_a": "1, 2", "sb_some_b": "x,y"}, {"a": "1, 2", "b": "x\ny"}),
    ({"sb_form": "f", "sb_line_a": 5, "other": "x"}, {}),
    ({"sb_form": "f", "sb_line_a": "x" * 20_000}, {"a": "x" * 10_000}),
    ({"sb_form": 5}, None),
    ({"sb_line_a": "x"}, None),
    ("sb_form", None),
    (None, None),
]


@pytest.mark.parametrize(("data", "values"), READ)
def test_what_comes_back_is_read_with_care(data: Any, values: dict[str, str] | None) -> None:
    found = read_form(data)
    assert (dict(found.values) if found else None) == values
