"""A form as a modal: whatever somebody wrote into it stays words."""

from dataclasses import replace

from adapters.slack.inbound.form_modal import form_modal
from bot.domain.events import Author, MessageReceived, ThreadKey
from bot.domain.forms import FieldKind, FieldOption, Form, FormField
from tests.slack.fake import views
from tests.slack.fake.world import Json

HOSTILE = "<!channel> <@U2> *x* <https://evil.example|click> :tada: `x`\n# y"
OPTIONS = (FieldOption(value="a", label=HOSTILE, hint=HOSTILE), FieldOption(value="b", label="b"))
FORM = Form(
    id="agent new",
    title="New agent",
    submit="Make it",
    opens="/agent new",
    fields=tuple(
        FormField(
            id=kind.value,
            label="x",
            kind=kind,
            value=HOSTILE * 60,
            hint=HOSTILE,
            options=OPTIONS,
            fault=HOSTILE,
        )
        for kind in FieldKind
    ),
)
EVENT = MessageReceived(
    id="e",
    thread=ThreadKey(platform="slack", workspace="T1", channel="C1", thread="/U1"),
    author=Author(id="U1"),
    at=1.0,
    text="/agent new",
    reply={"response_url": "https://hooks.slack.example/x", "surface": "command"},
)


def every_text(value: object) -> list[Json]:
    """All text objects inside."""
    if isinstance(value, list):
        return [found for one in value for found in every_text(one)]
    if not isinstance(value, dict):
        return []
    inside = [found for one in value.values() for found in every_text(one)]
    return [*inside, value] if isinstance(value.get("text"), str) else inside


def test_every_text_of_a_form_is_plain_and_slack_takes_it() -> None:
    view = form_modal(FORM, EVENT)
    views.check(view, "modal")
    texts = every_text(view)
    assert len(texts) > 10
    assert {one["type"] for one in texts} == {"plain_text"}
    assert {one.get("emoji", True) for one in texts} == {False}


def test_what_was_picked_stays_picked() -> None:
    fields = [replace(one, value="b\na" if one.kind is FieldKind.SOME else "b") for one in FORM.fields]
    view = form_modal(replace(FORM, fields=tuple(fields)), EVENT)
    elements = {one["block_id"]: one["element"] for one in view["blocks"] if one["type"] == "input"}
    assert elements["one"]["initial_option"]["value"] == "b"
    assert [one["value"] for one in elements["some"]["initial_options"]] == ["a", "b"]
    assert elements["line"]["initial_value"] == elements["text"]["initial_value"] == "b"
