"""A tool server at which everybody signs in, on Slack, the page and Teams, in all four dialects: the product as it is run, the
SDK's server with its own sign-in, and browsers.
"""

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.company import DIALECTS, MODELS, Vendors, addresses
from tests.e2e.test_page import CHAT, Page
from tests.e2e.test_tools import ended
from tests.interop.servers import free_port
from tests.ops.product import running
from tests.ops.test_running import posts
from tests.providers.fake import Answer, Step, fake_vendor
from tests.providers.tool_speech import TOOL_SPEECHES, Call
from tests.slack.fake import reading
from tests.slack.office import office as slack_office
from tests.teams import test_product as teams_product
from tests.teams.eyes import see
from tests.teams.rooms import ALICE, Room
from tests.teams.single_sign_on import Clients, asks_with_a_button, sign_in_cards

pytest.importorskip("mcp", reason="mcp is not installed")

from tests.tools.signing import (
    RESOURCE,
    SECRET,
    SSO_ENTRY,
    Browser,
    known,
    lasting_notes,
    link_in,
    person_token,
)

HEADERS = {"content-type": "text/event-stream"}


def models() -> str:
    able = MODELS.replace('-id"\n', '-id"\ntools = true\n')
    return f'{able}\n[tools.notes]\nurl = "{lasting_notes()}/mcp"\noauth = true\nprivate = true\nrun = ["whoami"]\n'


def sso_models() -> str:
    """The same behind Entra ID, where the people of Teams are signed in already."""
    home = lasting_notes()
    more = "".join(f"{name} = {json.dumps(value)}\n" for name, value in {**SSO_ENTRY, "issuer": home}.items())
    return models() + more


def settings(vendors: Vendors) -> dict[str, str]:
    return {**addresses(vendors), "PORT": str(free_port())}


class Clerks(Vendors):
    """Every model asks people to sign in where they have not, and then looks who they are."""

    def steps(self, dialect: str, question: str) -> Sequence[Step]:
        speech = TOOL_SPEECHES[dialect]
        body = self.asked[-1].body
        told, offered = json.dumps(body), json.dumps(body.get("tools"))
        if found := re.search(r"You are (ada|bo)\.", told):
            said = speech.answer(text=f"They call you {found[1]}.", id="a-3")
        elif "notes__whoami" in offered:
            said = speech.answer(Call("notes__whoami", "{}", "call_2"), id="a-2")
        else:
            assert "notes__sign_in" in offered
            said = speech.answer(Call("notes__sign_in", "{}", "call_1"), text="Let me look.", id="a-1")
        return (Answer(200, HEADERS, said),)


@asynccontextmanager
async def window(home: str, person: str) -> AsyncIterator[Browser]:
    """Somebody's browser, before the product."""
    async with aiohttp.ClientSession() as http, http.get(f"{lasting_notes()}/anew"):
        yield Browser(http=http, home=home, really=home, person=person)


async def test_in_slack(tmp_path: Path) -> None:
    vendors = Clerks()
    (tmp_path / "switchboard.toml").write_text(models(), encoding="utf-8")
    async with (
        fake_vendor(vendors),
        slack_office(tmp_path, socket=False, agent=False, limits=False, **settings(vendors)) as at,
        window(at.product.public, "ada") as browser,
    ):
        for name in DIALECTS:
            root = await at.say(f"<@{at.team.bot_user}> {name}: who am I there?")
            (card,) = await at.answered(root.ts)
            assert "Sign in to notes, so that I can go on?" in reading.text(card)
            assert reading.buttons(card) == ["Sign in", "Don't"]

            before = set(at.slack.channels["C1"].messages)
            await at.press(card, "Sign in", user="U2")
            word = await at.next(before)
            assert word.seen_by == "U2"
            assert reading.text(word) == "Only Ada can sign in here: it is their question."

            before = set(at.slack.channels["C1"].messages)
            await at.press(card, "Sign in")
            link = await at.next(before)
            assert link.seen_by == "U1"
            assert "is signed in to notes" in await browser.signs_in(link_in(json.dumps(link.blocks)))
            answers = await at.answered(root.ts, count=2)
            assert reading.text(answers[-1]) == "They call you ada."
            out = await at.told(f"<@{at.team.bot_user}> /tools sign-out notes", thread=root.ts)
            assert "You are signed out of notes" in reading.text(out)


async def test_on_the_page(tmp_path: Path) -> None:
    vendors = Clerks()
    (tmp_path / "switchboard.toml").write_text(models(), encoding="utf-8")
    async with (
        fake_vendor(vendors),
        running(tmp_path, **settings(vendors)) as product,
        product.visitor() as client,
        window(product.public, "bo") as browser,
    ):
        at = Page(client, vendors)
        for name in DIALECTS:
            card = await at.says(f"{name}: who am I there?")
            buttons = {one["label"]: one for one in card["closing"]["buttons"]}
            assert list(buttons) == ["Sign in", "Don't"]
            link = await at.presses(buttons["Sign in"], card)
            before = await posts(client, CHAT)
            assert "is signed in to notes" in await browser.signs_in(link_in(link["reply"]["text"]))
            answer = await at.ends(before)
            assert answer["text"].strip() == "They call you bo."
            assert "signed out of notes" in (await at.says("/tools sign-out notes"))["reply"]["text"]
            await at.says("/reset")


async def test_in_teams(tmp_path: Path) -> None:
    vendors = Clerks()
    async with (
        fake_vendor(vendors),
        teams_product.office(tmp_path, models(), **settings(vendors)) as at,
    ):
        room = at.teams.personal()
        async with window(at.teams.bot_url, "ada") as browser:
            for name in DIALECTS:
                card = await at.said(room, f"{name}: who am I there?")
                assert "Sign in to notes" in see(card).text.replace("*", "").replace("`", "")
                await at.until(lambda: "Sign in" in teams_product.buttons(room))
                before = len(teams_product.talk(room))
                await at.press(room, room.said()[-1])
                await at.until(partial(more_than, room, before))
                link = link_in(json.dumps(teams_product.talk(room)[-1].activity))
                before = len(ended(room))
                assert "is signed in to notes" in await browser.signs_in(link)
                await at.until(partial(more_ended, room, before))
                assert ended(room)[-1].text.strip() == "They call you ada."
                out = await at.said(room, "/tools sign-out notes")
                assert "signed out of notes" in see(out).text
                await at.said(room, "/reset")


async def test_in_teams_without_a_browser(tmp_path: Path) -> None:
    """Two devices bring the same token at once; the answer goes on once, and the token is nowhere afterwards."""
    vendors = Clerks()
    async with (
        fake_vendor(vendors),
        teams_product.office(tmp_path, sso_models(), ENTRA_SECRET=SECRET, **settings(vendors)) as at,
        window(at.teams.bot_url, "ada"),
    ):
        token = person_token(ALICE.aad)
        clients = Clients(teams=at.teams, resource=RESOURCE, token=token, devices=2)
        for name in DIALECTS:
            room = at.teams.personal(f"a:{name}")
            await at.said(room, f"{name}: who am I there?")
            await at.until(partial(teams_product.buttons, room))
            await at.press(room, room.said()[-1])
            await at.until(partial(more_cards, room, 0))
            answered = await clients.see(room, sign_in_cards(room)[-1])
            assert [(one.status, one.body) for one in answered] == [(200, {}), (200, {})]
            await at.until(partial(more_ended, room, 1))
            assert ended(room)[-1].text.strip() == "They call you ada."
            assert "signed out of notes" in see(await at.said(room, "/tools sign-out notes")).text

        room = at.teams.personal("a:command")
        await at.said(room, "/tools sign-in notes")
        await at.until(partial(more_cards, room, 0))
        answered = await clients.see(room, sign_in_cards(room)[-1])
        assert [one.status for one in answered] == [200, 200]
        await at.until(lambda: "You are signed in to notes." in see(room.said()[-1]).text)
        assert token not in at.product.log + at.product.page
        kept = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
        assert kept
        assert not [one for one in kept if token.encode() in one]


async def test_in_teams_whoever_has_to_be_asked_is_shown_the_button_and_the_link_works(
    tmp_path: Path,
) -> None:
    vendors = Clerks()
    async with (
        fake_vendor(vendors),
        teams_product.office(tmp_path, sso_models(), ENTRA_SECRET=SECRET, **settings(vendors)) as at,
        window(at.teams.bot_url, "bo") as browser,
    ):
        room = at.teams.personal()
        clients = Clients(teams=at.teams, resource=RESOURCE, token=person_token(ALICE.aad, name="bo"))
        await at.said(room, f"{next(iter(DIALECTS))}: who am I there?")
        await at.until(lambda: "Sign in" in teams_product.buttons(room))
        await at.press(room, room.said()[-1])
        await at.until(lambda: sign_in_cards(room))
        (card,) = sign_in_cards(room)
        assert asks_with_a_button(await clients.see(room, card))

        await known(browser, at.teams.bot_url, "client_secret_basic")
        link = link_in(json.dumps(card.activity))
        assert link == link_in(json.dumps(teams_product.talk(room)[-1].activity))
        before = len(ended(room))
        assert "is signed in to notes" in await browser.signs_in(link)
        await at.until(partial(more_ended, room, before))
        assert ended(room)[-1].text.strip() == "They call you bo."


def more_than(room: Room, count: int) -> bool:
    return len(teams_product.talk(room)) > count


def more_ended(room: Room, count: int) -> bool:
    return len(ended(room)) > count


def more_cards(room: Room, count: int) -> bool:
    return len(sign_in_cards(room)) > count
