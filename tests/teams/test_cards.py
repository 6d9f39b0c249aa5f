"""What Switchboard says besides answers, as cards and as text."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.teams.card_data import CardSubmission, read_submission
from adapters.teams.conversation_reference import ConversationAddress, ConversationReference
from adapters.teams.outbound.rendering import cards, rich
from bot.domain.replies import Action, Button, Choice, Option, Reply, Section, Table
from tests.contracts.sinks import HOSTILE
from tests.doubles import FakeTurnHandle
from tests.examples import examples
from tests.teams.clockwork import now
from tests.teams.eyes import card_live, live
from tests.teams.fake import FakeTeams
from tests.teams.faults import Fault
from tests.teams.place import TeamsPlace, adapter_for
from tests.teams.rules import check_card, nested

HERE = ConversationReference(
    where=ConversationAddress(service_url="https://smba.trafficmanager.net/emea/", conversation="a:1"),
    personal=True,
    user="29:alice",
    message="1",
    label="",
    tenant="t",
)
PICKER = Reply(
    title="Models",
    text="**grok** answers here.",
    choices=(
        Choice(
            action=Action.PICK,
            label="Pick one for you",
            options=(Option(value="me grok", label="grok", hint="fast"), Option(value="me gpt", label="gpt")),
            selected="me grok",
        ),
    ),
)
STARTERS = Reply(
    text="Hello!",
    buttons=tuple(Button(action=Action.RUN, label=name, value=name) for name in ("a", "b", "c")),
)


@pytest.fixture
async def chat() -> AsyncIterator[TeamsPlace]:
    async with FakeTeams(clock=now) as teams:
        adapter = adapter_for(teams)
        async with adapter.running():
            yield TeamsPlace(teams, adapter, "personal")


@pytest.mark.parametrize(("columns", "wide"), [(4, False), (9, True)])
def test_a_table_of_many_columns_has_the_full_width(columns: int, wide: bool) -> None:
    names = tuple(f"name {number}" for number in range(columns))
    card = cards.card(Reply(title="Scoreboard", text="", table=Table(header=names, rows=(names,))), HERE)

    check_card(card)
    assert (card.get("msteams") == {"width": "Full"}) is wide


def test_a_notification_has_words_without_marks() -> None:
    button = Button(action=Action.UNDO, label="Undo", value="thread")
    switched = Reply(text="**grok** answers here from now on.\n\nIt sees `all` of it.", buttons=(button,))

    assert cards.summary(switched) == "grok answers here from now on. It sees all of it."
    assert cards.summary(Reply(text="x", title="*Models*")) == "\\*Models\\*"


def elements(card: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [dict(element) for element in nested(card["body"]) if element["type"] == kind]


def test_the_picker_is_a_card_whose_button_sends_what_is_picked() -> None:
    card = cards.card(PICKER, HERE)
    (picker,) = elements(card, "Input.ChoiceSet")
    (use,) = elements(card, "Action.Execute")

    check_card(card)
    assert [choice["title"] for choice in picker["choices"]] == ["grok · fast", "gpt"]
    assert picker["value"] == "me grok"
    assert use["fallback"]["data"] == use["data"]
    pressed = read_submission({**use["data"], picker["id"]: "me gpt"})
    assert pressed == CardSubmission(action=Action.PICK, value="me gpt", private=False)


def test_a_cards_buttons_can_all_be_read_back() -> None:
    buttons = tuple(Button(action=action, label=action.value, value=f"{action} x") for action in Action)
    card = cards.card(Reply(text="x", buttons=buttons), HERE)

    check_card(card)
    read = [read_submission(element["data"]) for element in elements(card, "Action.Execute")]
    assert [(one.action, one.value) for one in read if one] == [(one.action, one.value) for one in buttons]


def test_every_card_can_be_read_as_text() -> None:
    card = cards.card(PICKER, HERE)

    assert "grok" in card["fallbackText"]
    assert cards.reply_text(PICKER) == (
        "**Models**\n\n**grok** answers here.\n\nPick one for you:\n- grok fast\n- gpt"
    )


def test_a_plain_reply_is_text_and_starters_are_suggested() -> None:
    plain = cards.reply_forms(Reply(text="Memory erased."), HERE)
    starters = cards.reply_forms(STARTERS, HERE)

    assert plain.versions == (plain.text,)
    assert starters.versions[0]["suggestedActions"] == {
        "to": ["29:alice"],
        "actions": [{"type": "imBack", "title": name, "value": name} for name in ("a", "b", "c")],
    }


def test_a_comparison_is_labelled_as_written_by_models() -> None:
    section = Section(title="grok", text="# Hi\n\n- a\n- b", note="1 s")
    reply = Reply(text="", sections=(section,), generated=True)

    assert cards.reply_forms(reply, HERE).versions[0]["entities"][0]["additionalType"] == [
        "AIGeneratedContent"
    ]


def test_markdown_is_laid_out_in_a_card() -> None:
    text = "# Head\n\n1. one **bold**\n2. two\n   - deep\n\n> said\n\n```py\na = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    shown = rich.card_elements(text)

    lines = [
        "".join(run["text"] for run in one["inlines"]) for one in shown if one["type"] == "RichTextBlock"
    ]
    assert lines == ["Head", "1. one bold", "2. two", "\u2003• deep", "│ said"]
    assert [one["type"] for one in shown][-2:] == ["CodeBlock", "Table"]
    check_card({"type": "AdaptiveCard", "version": "1.5", "body": shown})


def shown_lines(markdown: str) -> list[str]:
    """A card's elements as lines: text as it is, of others what they are."""
    shown = rich.card_elements(markdown)
    check_card({"type": "AdaptiveCard", "version": "1.5", "body": shown})
    return [
        "".join(run["text"] for run in one["inlines"])
        if one["type"] == "RichTextBlock"
        else f"{one['type']} {one.get('codeSnippet', '')}".strip()
        for one in shown
    ]


def test_what_an_item_holds_stays_in_its_order_and_numbers_go_on() -> None:
    text = (
        "1. first:\n   ```sh\n   ls\n   ```\n   then:\n   ```sh\n   cd\n   ```\n2. second\n\n   > said\n   > - so\n\n"
        "   | a |\n   |---|\n   | 1 |\n\n```\nx\n```\n\n3. third\n   1) deep\n4. [x] done\n5. ```\n   y\n   ```"
    )

    assert shown_lines(text) == [
        "1. first:", "CodeBlock ls", "\u2003then:", "CodeBlock cd", "2. second", "\u2003│ said", "\u2003│ • so", "Table",
        "CodeBlock x", "3. third", "\u20031. deep", "4. ☑ done", "5.", "CodeBlock y",
    ]  # fmt: skip


def test_single_line_breaks_and_formulas_are_kept_in_a_card() -> None:
    text = "roses\nred\n\n> a\n> b\n\nso \\(a_1\\)\n\n$$\nx\n$$\n\nIt is[^1].\n\n[^1]: So."

    assert shown_lines(text) == [
        "roses", "red", "│ a", "│ b", "so \\(a_1\\)", "CodeBlock $$\nx\n$$", "It is[1].", "[1] So.",
    ]  # fmt: skip


def test_code_in_a_card_is_a_code_element_and_monospaced_lines_for_clients_without_it() -> None:
    (code,) = rich.card_elements("```py\nif a:\n    print('one two')\n```")
    (unknown,) = rich.card_elements("```brainfuck\n+\n```")
    lines = [one["inlines"][0] for one in code["fallback"]["items"]]

    assert (code["codeSnippet"], code["language"]) == ("if a:\n    print('one two')", "Python")
    assert unknown["language"] == "PlainText"
    assert [one["text"] for one in lines] == ["if a:", "\xa0\xa0\xa0\xa0print('one two')"]
    assert {one["fontType"] for one in lines} == {"Monospace"}


def test_a_tables_columns_are_aligned_and_its_cells_keep_links() -> None:
    (table,) = rich.card_elements(
        "| a | b | c |\n|:-:|--:|---|\n| **x** | 1 | [docs](https://d.example) `z` |\n"
    )
    check_card({"type": "AdaptiveCard", "version": "1.5", "body": [table]})
    cells = [cell["items"][0]["inlines"] for cell in table["rows"][1]["cells"]]

    assert [one.get("horizontalCellContentAlignment") for one in table["columns"]] == [
        "Center",
        "Right",
        None,
    ]
    assert cells[0][0]["weight"] == "Bolder"
    assert cells[2][0]["selectAction"] == {"type": "Action.OpenUrl", "url": "https://d.example"}
    assert cells[2][2]["fontType"] == "Monospace"


def test_a_column_of_a_table_is_as_wide_as_what_stands_in_it_needs_within_bounds() -> None:
    (table,) = rich.card_elements(
        f"| | where | said |\n|---|---|---|\n| → | this organisation | {'long ' * 20}|\n"
    )

    assert [column["width"] for column in table["columns"]] == [10, 17, 24]


def test_a_label_that_lies_is_unmasked_in_a_card() -> None:
    (line,) = rich.card_elements(
        "[bank.example](https://evil.example/x) [Node.js docs](https://nodejs.org/d)"
    )
    links = [(run["text"], run["selectAction"]["url"]) for run in line["inlines"] if "selectAction" in run]

    assert links == [
        ("https://evil.example/x", "https://evil.example/x"),
        ("Node.js docs", "https://nodejs.org/d"),
    ]


def test_a_number_with_a_full_stop_is_an_answer_and_no_empty_list() -> None:
    (only,) = rich.card_elements("42.")

    assert [run["text"] for run in only["inlines"]] == ["42."]


HOSTILE_PARTS = st.lists(
    st.sampled_from(
        [*HOSTILE.split(" "), "${x}", "{{DATE(1)}}", '"},{"type":"Image","url":"https://evil.example/x"}', "](", "![", "\n", "\n\n", "|", "|---|", "- ", "1. ", "`", "```", "<!--", "[x]: javascript:1", "[x]"]
    ),
    max_size=25,
).map(" ".join)  # fmt: skip


@given(HOSTILE_PARTS)
@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nobodys_words_become_more_than_text_in_a_card(text: str) -> None:
    reply = Reply(
        title=text,
        text=text,
        table=Table(header=(text,), rows=((text,),)),
        sections=(
            Section(title=text, text=text, note=text, buttons=(Button(action=Action.KEEP, label=text),)),
        ),
        choices=(
            Choice(action=Action.PICK, label=text, options=(Option(value="x", label=text, hint=text),)),
        ),
    )
    card = json.loads(json.dumps(cards.card(reply, HERE)))

    check_card(card)
    assert card_live(card) == []
    assert live(cards.reply_text(reply)) == []
    for node, value in strings(card):
        if any(word in value for word in ("evil.example", "Everyone", "${")):
            assert node in {"text", "title", "label", "fallbackText", "url", "codeSnippet"}


def strings(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a card with the name of the node it is in."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from strings(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item, name)
    elif isinstance(value, str):
        yield name, value


def test_four_long_answers_fit_into_one_card() -> None:
    answer = "The tide comes **twice** a day.\n\n" * 2000
    reply = Reply(text="", sections=tuple(Section(title=name, text=answer) for name in "abcd"))
    card = cards.card(reply, HERE)

    assert len(json.dumps(card, ensure_ascii=False).encode("utf-16-le")) < 90_000


async def test_a_card_that_is_refused_is_said_as_text(chat: TeamsPlace) -> None:
    chat.teams.connector.faults.plan(
        Fault(status=400, code="BadSyntax", match=lambda _, activity: "attachments" in activity)
    )
    await chat.sink(FakeTurnHandle()).say(PICKER)

    (seen,) = await chat.seen()
    assert "Pick one for you" in seen.text
    assert seen.options == ()


async def test_a_pressed_picker_is_refreshed_in_place(chat: TeamsPlace) -> None:
    card = await chat.sink(FakeTurnHandle()).say(PICKER)
    await chat.sink(FakeTurnHandle(id="turn-2")).say(
        Reply(text="**gpt** answers from now on.", replaces=card)
    )

    (message,) = chat.room.said()
    assert (message.id, message.text, len(message.versions)) == (card, "**gpt** answers from now on.", 2)
    assert chat.teams.connector.violations == []


async def test_a_reply_said_twice_in_a_turn_takes_its_own_place(chat: TeamsPlace) -> None:
    sink = chat.sink(FakeTurnHandle())
    await sink.say(Reply(text="Asking three models."))
    await sink.say(Reply(text="", sections=(Section(title="grok", text="Hi"),)))

    assert len(chat.room.said()) == 1


async def test_a_message_that_cannot_be_replaced_is_said_anew(chat: TeamsPlace) -> None:
    await chat.sink(FakeTurnHandle()).say(Reply(text="Here.", replaces="42"))

    assert [seen.text.strip() for seen in await chat.seen()] == ["Here."]
