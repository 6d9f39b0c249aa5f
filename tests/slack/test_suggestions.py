"""A menu in Slack that finds one of hundreds of models as somebody types."""

import json
import time
from pathlib import Path

import pytest

from adapters.slack.outbound.rendering.layout import offered_options, option_objects
from bot.domain.replies import Option
from tests.catalogue.hundreds import crowded, ids
from tests.slack.fake import events, reading
from tests.slack.fake.blocks import menu_groups, menu_options
from tests.slack.fake.world import Json, Message
from tests.slack.office import Office, office


def finder(message: Message) -> Json:
    (found,) = [one for one in reading.controls(message) if one["type"] == "external_select"]
    return found


async def offered(at: Office, on: Message, text: str, *, action: str = "") -> list[Json]:
    """What Slack would show under the menu."""
    element = finder(on)
    payload = events.typed(at.team, "U1", on=on, element=element, text=text)
    payload |= {"action_id": action} if action else {}
    if at.socket:
        answer = await at.fake.sockets.deliver("interactive", payload)
        assert answer is not None
        told: Json = answer["payload"]
    else:
        delivered = await at.http.interaction(payload)
        assert delivered.status == 200
        told = json.loads(delivered.body)
    shown = menu_groups(told)
    assert all(group["label"]["text"] in {"auto", "router"} for group in told.get("option_groups", ()))
    assert len(shown) <= 100
    return shown


@pytest.mark.parametrize("door", ["http", "socket"])
async def test_a_model_among_hundreds_is_found_and_picked(tmp_path: Path, door: str) -> None:
    async with (
        crowded(tmp_path),
        office(tmp_path, socket=door == "socket") as at,
    ):
        picker = await at.told(f"<@{at.team.bot_user}> model")
        began = time.perf_counter()
        shown = await offered(at, picker, "nemotron 49b")
        seconds = time.perf_counter() - began
        labels = [one["text"]["text"] for one in shown]
        assert len(ids()) > 900
        assert "nvidia/llama-3.3-nemotron-super-49b-v1.5" in labels
        assert shown[0]["description"]["text"].startswith("128k context")
        assert seconds < 3
        assert await offered(at, picker, "no such thing at all") == []
        assert await offered(at, picker, "llama", action="pick.0") == []
        assert len(await offered(at, picker, "a")) == 50
        payload = events.pressed(
            at.slack, at.team, "U1", on=picker, element=finder(picker), chosen=shown[0]["value"]
        )
        before = set(at.slack.channels["C1"].messages)
        await at.deliver("interactive", payload)
        told = await at.next(before)
        assert (told.seen_by, reading.text(told).startswith(f"{labels[0]} answers for you")) == ("U1", True)


async def test_search_as_text_and_as_slash_commands(tmp_path: Path) -> None:
    async with crowded(tmp_path), office(tmp_path) as at:
        said = await at.told(f"<@{at.team.bot_user}> model search maverick")
        typed = await at.command("/model", "search maverick")
        own = await at.command("/switchboard", "model search maverick")

        for message in (said, typed, own):
            assert "meta-llama/llama-4-maverick" in " ".join(reading.options(message))


async def test_a_forged_request_for_options_is_refused(tmp_path: Path) -> None:
    async with crowded(tmp_path), office(tmp_path) as at:
        picker = await at.told(f"<@{at.team.bot_user}> model")
        payload = events.typed(at.team, "U1", on=picker, element=finder(picker), text="llama")
        at_door = at.http
        at_door.secret = "not the secret"

        refused = await at_door.interaction(payload)

        assert refused.status == 401
        assert "llama" not in refused.body


async def test_people_of_other_organisations_are_shown_nothing(tmp_path: Path) -> None:
    async with crowded(tmp_path), office(tmp_path) as at:
        picker = await at.told(f"<@{at.team.bot_user}> model")
        payload = events.typed(at.team, "U9", on=picker, element=finder(picker), text="llama")
        payload["user"]["team_id"] = "T9"

        answer = await at.http.interaction(payload)

        assert json.loads(answer.body) == {"options": []}


def test_an_option_that_slack_would_not_take_is_left_out() -> None:
    long = Option(value="thread " + "x" * 150, label="long")
    fine = Option(value="thread m", label="m" * 200, hint="h" * 200)

    menu_options(option_objects([long, fine]))
    assert [one["value"] for one in option_objects([long, fine])] == ["thread m"]


def test_options_of_vendors_stand_under_their_headings() -> None:
    vendors = tuple(
        Option(value=f"thread m-{n}", label=f"m-{n}", hint="$$", group=f"Vendor {n % 3} " + "x" * 90)
        for n in (0, 3, 1, 2)
    )
    groups = offered_options(vendors)["option_groups"]

    menu_groups({"option_groups": groups})
    assert [len(group["options"]) for group in groups] == [2, 1, 1]
    assert groups[0]["label"]["text"].startswith("Vendor 0 x")
