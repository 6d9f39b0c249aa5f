"""An agent made in chat, from its form to its answers: in Slack, in Teams and on the page, against the product as it is run."""

import json
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.company import Company, company
from tests.e2e.test_page import CHAT, by, page
from tests.ops.test_running import posts
from tests.providers.fake import HELLO
from tests.slack.fake import events, reading
from tests.slack.fake.world import Json, Message
from tests.teams.rooms import BOB, Room
from tests.teams.rooms import Message as TeamsMessage
from tests.teams.test_product import Office, card, clerk, shown, talk

JOB = "You are CANARY. Answer as a lawyer."
ADMINS = '\n[policy]\nadmins = ["U2"]\n'
STATES: Mapping[str, Callable[[str], Json]] = {
    "plain_text_input": lambda text: {"type": "plain_text_input", "value": text or None},
    "static_select": lambda value: {"type": "static_select", "selected_option": {"value": value}},
    "multi_static_select": lambda value: {
        "type": "multi_static_select",
        "selected_options": [{"value": one} for one in value.split("\n") if one],
    },
}


async def types(co: Company, command: str, text: str, *, channel: str = "C1") -> None:
    place = co.at.slack.channels[channel]
    await co.at.deliver(
        "slash_commands",
        dict(events.command(co.at.slack, co.at.team, place, "U1", command=command, text=text)),
    )


def modal(co: Company) -> Json:
    """The form that was opened last."""
    return list(co.at.slack.views.values())[-1]


async def submits(co: Company, view: Json, *, user: str = "U1", **typed: str) -> Any:
    """What Slack is answered. What is not typed stays as the form had it."""
    values: dict[str, tuple[str, Json]] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        first = element.get("initial_option", {}).get("value") or element.get("initial_value", "")
        first = first or "\n".join(one["value"] for one in element.get("initial_options", ()))
        value = typed.get(block["block_id"], first)
        values[block["block_id"]] = (element["action_id"], STATES[element["type"]](value))
    payload = events.submitted(co.at.slack, co.at.team, user, view, values)
    delivered = await co.at.http.interaction(payload)
    assert delivered.status == 200
    return json.loads(delivered.body) if delivered.body else {}


async def said_after(co: Company, before: set[str], channel: str = "C1") -> Message:
    return await co.at.next(before, channel)


async def test_in_slack_a_form_opens_at_once_and_makes_an_agent(tmp_path: Path) -> None:
    async with company(tmp_path, ADMINS) as co:
        await types(co, "/agent", "new")
        view = modal(co)
        labels = [block["label"]["text"] for block in view["blocks"]]
        wrong = await submits(co, view, name="gpt", instructions=JOB)
        before = set(co.at.slack.channels["C1"].messages)
        right = await submits(co, view, name="counsel", instructions=JOB, audience="channel", model="grok")
        made = await said_after(co, before)
        answer = await co.ask(f"{co.bot} counsel: may I?", user="U2")

        assert labels == ["Name", "Model", "What it is for", "Instructions", "Starters", "Who sees it"]
        assert wrong == {
            "response_action": "errors",
            "errors": {"name": "“gpt” is a model's name: call it something else."},
        }
        assert right == {}
        assert "counsel is made" in reading.text(made)
        assert made.seen_by == "U1"
        assert reading.text(answer) == HELLO
        assert reading.footer(answer).startswith("counsel")
        assert "CANARY" in co.vendors.saw()
        assert "CANARY" not in " ".join(reading.text(one) for one in co.at.ours())


async def test_in_slack_the_form_of_a_thread_is_behind_a_button_and_a_change_keeps_what_was_typed(
    tmp_path: Path,
) -> None:
    async with company(tmp_path, ADMINS) as co:
        thread = (await co.ask(f"{co.bot} hello")).thread_ts
        await co.at.command("/agent", f"new counsel grok: {JOB}")
        told = await co.at.told(f"{co.bot} agent new", thread=thread)
        await co.at.press(told, "New agent")
        before = set(co.at.slack.channels["C1"].messages)
        # Only a worker knows that the name is used by an agent that she sees.
        assert await submits(co, modal(co), name="Counsel", instructions="A long and careful text") == {}
        refused = await said_after(co, before)
        await co.at.press(refused, "New agent")
        again = modal(co)
        kept = {
            block["block_id"]: block["element"].get("initial_value", "")
            for block in again["blocks"]
            if block["type"] == "input"
        }

        assert "An agent that you can see has this name" in reading.text(refused)
        assert (kept["name"], kept["instructions"]) == ("Counsel", "A long and careful text")
        assert "has this name" in again["blocks"][0]["text"]["text"]


async def test_in_slack_an_administrator_decides_and_others_cannot(tmp_path: Path) -> None:
    async with company(tmp_path, ADMINS) as co:
        await types(co, "/agent", "new")
        before = set(co.at.slack.channels["C1"].messages)
        await submits(co, modal(co), name="counsel", instructions=JOB, audience="workspace")
        await said_after(co, before)
        before = set(co.at.slack.channels["C1"].messages)
        await co.at.say(f"{co.bot} /agents", user="U2")
        listed = await said_after(co, before)
        before = set(co.at.slack.channels["C1"].messages)
        await co.at.press(listed, "Approve", user="U2")
        approved = await said_after(co, before)
        answer = await co.ask(f"{co.bot} counsel: may I?", user="U2")

        assert "CANARY" in reading.text(listed)
        assert listed.seen_by == "U2"
        assert "Seen by everybody in this workspace" in reading.text(approved)
        assert reading.footer(answer).startswith("counsel")


async def test_in_teams_the_form_stands_in_a_card_which_shows_what_is_wrong(tmp_path: Path) -> None:
    async with clerk(tmp_path) as (at, vendor):
        chat = at.teams.personal()
        form = await at.said(chat, "/agent new")
        inputs = [one["id"] for one in card(form) if one["type"].startswith("Input.")]
        await sends(at, chat, form, sb_line_name="clerk", sb_line_instructions=JOB, sb_line_model="clerk")
        await at.until(lambda: "is a model's name" in str(talk(chat)[-1].activity))
        wrong, then = talk(chat)[-1], str(talk(chat)[-1].activity)
        await sends(
            at, chat, wrong, sb_line_name="counsel", sb_line_instructions=JOB, sb_line_model="clerk", sb_line_audience="me"
        )  # fmt: skip
        await at.until(lambda: "is made" in str(talk(chat)[-1].activity))
        answer = await at.said(chat, "counsel: may I?")

        assert inputs == [
            "sb_line_name", "sb_line_model", "sb_line_description", "sb_line_instructions", "sb_line_starters",
            "sb_line_audience",
        ]  # fmt: skip
        assert wrong.id == form.id
        assert "CANARY" in then
        assert shown(answer).footer.startswith("counsel")
        assert "CANARY" in str(vendor.asked[-1].body)


async def test_in_teams_an_agent_is_kept_from_who_reads_along(tmp_path: Path) -> None:
    async with clerk(tmp_path) as (at, _):
        await at.said(at.teams.personal(), f"/agent new counsel clerk: {JOB}")
        group = at.teams.group()
        told = await at.said(group, "/agent counsel")
        stranger = await at.said(group, "/agent counsel", sender=BOB)
        assert "CANARY" not in str(told.activity) or told.targeted
        assert "is not an agent I know" in str(stranger.activity)


async def sends(at: Office, room: Room, form: TeamsMessage, **typed: str) -> None:
    send = next(one for one in card(form) if one["type"] == "Action.Execute" and one.get("verb") == "form")
    pressed = at.teams.people.pressed(
        str(form.activity.get("conversation", room.id)),
        room.kind,
        {"type": "Action.Execute", "data": {**send["data"], **typed}},
        form.id,
        id=at.teams.rooms.new_id(),
    )
    assert (await at.teams.deliver(pressed)).status == 200


async def test_on_the_page_the_form_is_filled_in_place_and_its_result_takes_its_place(tmp_path: Path) -> None:
    async with page(tmp_path) as at:
        asked = await at.says("/agent new")
        fields = {one["id"]: one for one in asked["reply"]["form"]["fields"]}
        values = {"name": "gpt", "model": "grok", "instructions": JOB, "audience": "me"}
        url = f"/web/chats/{CHAT}/forms"
        body = {"id": uuid.uuid4().hex, "form": "agent new", "values": values, "message": asked["id"]}
        async with at.http.post(url, json=body) as refused:
            faults = (await refused.json())["faults"]
        before = await posts(at.http, CHAT)
        body |= {"id": uuid.uuid4().hex, "values": values | {"name": "counsel"}}
        async with at.http.post(url, json=body) as taken:
            assert (await taken.json())["receipt"] == "accepted"
        made = await at.ends(before)
        answer = await at.says("counsel: may I?")
        async with at.http.get(f"/web/chats/{CHAT}/standing") as told:
            standing = await told.json()

        assert fields["model"]["value"] == "gpt"
        assert faults == {"name": "“gpt” is a model's name: call it something else."}
        assert made["id"] == asked["id"]
        assert "form" not in made["reply"]
        assert "is made" in made["reply"]["text"]
        assert by(answer) == "counsel"
        assert "CANARY" in at.vendors.saw()
        assert "counsel" in [one["label"] for one in standing["options"]]


@pytest.mark.parametrize("typed", ["/agent new", "agent new"])
async def test_in_a_direct_message_of_slack_it_can_be_typed_too(tmp_path: Path, typed: str) -> None:
    async with company(tmp_path) as co:
        told = await co.at.told(typed, channel="D1")
        assert "New agent" in reading.buttons(told)
