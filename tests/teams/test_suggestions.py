"""A list in a card that finds one of hundreds of models as somebody types, in Teams, with the product as it is run."""

import time
from pathlib import Path
from typing import Any

from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.outbound.rendering import cards
from bot.domain.replies import Action, Choice, Option, Reply
from tests.catalogue.hundreds import crowded
from tests.teams.rooms import ALICE, Message, Room
from tests.teams.rules import check_card
from tests.teams.test_product import Office, card, office, shown

PLENTY = tuple(
    Option(value=f"me m-{n}", label=f"m-{n}", hint="openrouter · 128k context · $$") for n in range(90)
)


def listed(message: Message) -> dict[str, Any]:
    """The models: what else can be chosen stands below."""
    return next(one for one in card(message) if one["type"] == "Input.ChoiceSet")


async def typed(at: Office, room: Room, message: Message, text: str, **fields: Any) -> Any:
    """The titles and values that Teams would show under the list."""
    asked = {
        "queryText": text,
        "queryOptions": {"skip": 0, "top": 15},
        "dataset": listed(message)["choices.data"]["dataset"],
    }
    invoke = at.teams.people.invoke(room.id, room.kind, "application/search", asked, **fields)
    answer = await at.teams.deliver(invoke | {"id": at.teams.rooms.new_id()})
    assert answer.status == 200
    assert answer.body["type"] == "application/vnd.microsoft.search.searchResponse"
    return answer.body["value"]["results"]


async def test_a_model_among_hundreds_is_found_and_picked(tmp_path: Path) -> None:
    async with crowded(tmp_path), office(tmp_path, (tmp_path / "switchboard.toml").read_text()) as at:
        room = at.teams.personal()
        picker = await at.said(room, "/model")
        began = time.perf_counter()
        found = await typed(at, room, picker, "nemotron 49b")
        seconds = time.perf_counter() - began
        values = [one["value"] for one in found]

        assert listed(picker)["style"] == "filtered"
        assert listed(picker)["choices.data"]["type"] == "Data.Query"
        assert "me nvidia/llama-3.3-nemotron-super-49b-v1.5" in values
        assert found[0]["title"].startswith("router: ")
        assert " · 128k context" in found[0]["title"]
        assert seconds < 3
        assert await typed(at, room, picker, "no such thing at all") == []
        stranger = {"id": ALICE.id, "name": "Eve", "aadObjectId": ALICE.aad, "tenantId": "99999999-other"}
        assert await typed(at, room, picker, "llama", **{"from": stranger}) == []
        await at.press(room, picker, choice0=values[0])
        await at.until(lambda: f"{values[0][3:]} answers" in str(shown(room.messages[picker.id])))


async def test_search_as_text(tmp_path: Path) -> None:
    async with crowded(tmp_path), office(tmp_path, (tmp_path / "switchboard.toml").read_text()) as at:
        found = await at.said(at.teams.personal(), "model search maverick")

        assert "meta-llama/llama-4-maverick" in " ".join(shown(found).options)


def reference(*, copilot: bool = False) -> ConversationReference:
    return ConversationReference.read(
        {
            "service": "https://smba.trafficmanager.net/emea/",
            "conversation": "a:1",
            "scope": "personal",
            "user": "29:1",
        }
        | ({"copilot": "1"} if copilot else {}),
        "tenant",
    )


def test_a_long_list_can_be_typed_into_and_fits_a_card() -> None:
    pick = Choice(action=Action.PICK, label="Pick one", options=PLENTY, search="me")
    made = cards.card(Reply(text="x", choices=(pick,)), reference())
    (found,) = [one for one in made["body"] if one["type"] == "Input.ChoiceSet"]

    check_card(made)
    assert (found["style"], found["choices.data"]["dataset"]) == ("filtered", "models me")
    assert len(found["choices"]) == 90


def test_where_a_card_knows_no_typing_the_list_is_an_ordinary_one() -> None:
    pick = Choice(action=Action.PICK, label="Pick one", options=PLENTY, search="me")
    made = cards.card(Reply(text="x", choices=(pick,)), reference(copilot=True))
    (found,) = [one for one in made["body"] if one["type"] == "Input.ChoiceSet"]

    assert (found["style"], found.get("choices.data")) == ("compact", None)
