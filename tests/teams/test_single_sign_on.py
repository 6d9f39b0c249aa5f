"""Signing in without a browser, between Teams and the core: the card, whose token counts, what is answered."""

import json
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bot.domain.replies import Reply, SignInOffer
from bot.domain.sign_ins import Caller, ExchangedSignIn
from tests.doubles import FakeTurnHandle
from tests.teams.eyes import see
from tests.teams.faults import Fault
from tests.teams.people import TENANT
from tests.teams.place import TeamsPlace
from tests.teams.rooms import ALICE, BOB, Room
from tests.teams.served import Bot, bot_in_teams
from tests.teams.single_sign_on import Clients, asks_with_a_button, sign_in_card, sign_in_cards
from tests.tools.signing import RESOURCE, person_token

LINK = "https://bot.example.com/sign-in?ticket=t-1"
OFFER = SignInOffer(link=LINK, ticket="t-1", resource=RESOURCE)
REPLY = Reply(text=f"Sign in: [here](<{LINK}>)", private=True, secret=True, sign_in=OFFER)
ANN = Caller(workspace=f"teams:{TENANT}", person=ALICE.aad)


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with bot_in_teams() as running:
        yield running


def clients(bot: Bot, **more: Any) -> Clients:
    return Clients(teams=bot.teams, **{"resource": RESOURCE, "token": person_token(ALICE.aad), **more})


async def offered(bot: Bot, kind: str = "personal", **more: Any) -> Room:
    """A place in which the reply was said."""
    place = TeamsPlace(bot.teams, bot.adapter, kind, **more)
    await bot.adapter.sink(place.event(targeted=kind == "groupChat"), FakeTurnHandle()).say(REPLY)
    return place.room


async def test_the_link_is_said_and_a_card_lets_clients_do_it_by_themselves(bot: Bot) -> None:
    room = await offered(bot)
    said, card = room.said()
    assert see(said).text.strip() == "Sign in: here"
    assert LINK in said.text
    assert sign_in_card(card) == {
        "text": "Sign in",
        "connectionName": "Sign in",
        "buttons": [{"type": "signin", "title": "Sign in", "value": LINK}],
        "tokenExchangeResource": {"id": "t-1", "uri": RESOURCE},
    }
    (answered,) = await clients(bot).see(room, card)
    assert (answered.status, answered.body) == (200, {})
    ((ticket, _, caller),) = bot.exchange.asked
    assert (ticket, caller) == ("t-1", ANN)
    assert bot.inbox.events == []
    assert bot.teams.connector.violations == []


@pytest.mark.parametrize(("kind", "more"), [("groupChat", {}), ("personal", {"copilot": True})])
async def test_elsewhere_there_is_the_link_alone(bot: Bot, kind: str, more: Mapping[str, Any]) -> None:
    room = await offered(bot, kind, **more)
    assert len(room.said()) == 1
    assert not sign_in_cards(room)
    assert bot.teams.connector.violations == []


async def test_a_server_without_it_has_no_card(bot: Bot) -> None:
    place = TeamsPlace(bot.teams, bot.adapter, "personal")
    await bot.adapter.sink(place.event(), FakeTurnHandle()).say(Reply(text="Sign in.", private=True))
    assert not sign_in_cards(place.room)


async def test_where_teams_takes_no_such_card_the_link_stays(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    place = TeamsPlace(bot.teams, bot.adapter, "personal")
    bot.teams.connector.faults.numbered[2] = Fault(status=400, code="BadArgument")
    await bot.adapter.sink(place.event(), FakeTurnHandle()).say(REPLY)
    (said,) = place.room.said()
    assert LINK in said.text
    assert "no sign-in without a browser" in caplog.text


async def test_what_has_to_be_said_is_said_in_the_chat(bot: Bot) -> None:
    bot.exchange.says = ExchangedSignIn(signed_in=True, word="You are signed in to *my_own_notes*.")
    room = await offered(bot)
    await clients(bot).see(room, room.said()[-1])
    assert see(room.said()[-1]).text.strip() == "You are signed in to *my_own_notes*."


async def test_who_has_to_be_asked_is_shown_the_button(bot: Bot) -> None:
    bot.exchange.says = ExchangedSignIn(signed_in=False, word="notes has to ask you first.")
    room = await offered(bot)
    answered = await clients(bot).see(room, room.said()[-1])
    assert asks_with_a_button(answered)
    assert answered[0].body == {
        "id": "t-1",
        "connectionName": "Sign in",
        "failureDetail": "notes has to ask you first.",
    }


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(person_token(BOB.aad), id="another person's"),
        pytest.param(person_token(ALICE.aad, tenant="99999999-other"), id="of another tenant"),
        pytest.param(person_token(""), id="nobody's"),
        pytest.param("", id="none"),
        pytest.param("a.b.c", id="no token"),
        pytest.param("e30." + "W" * 20_000 + ".x", id="huge"),
        pytest.param("\u00e9.\u00e9.\u00e9", id="not even text"),
    ],
)
async def test_only_the_senders_own_token_is_taken(
    bot: Bot, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    room = await offered(bot)
    assert asks_with_a_button(await clients(bot, token=token).see(room, room.said()[-1]))
    assert bot.exchange.asked == []
    assert not token or str(token) not in json.dumps([vars(one) for one in caplog.records], default=str)


async def test_whoever_has_no_id_in_entra_has_no_token_taken(bot: Bot) -> None:
    room = bot.teams.personal()
    value = {"id": "t-1", "connectionName": "Sign in", "token": person_token("")}
    activity = bot.teams.people.invoke(room.id, room.kind, "signin/tokenExchange", value, id="f:1")
    del activity["from"]["aadObjectId"]
    assert (await bot.teams.send(activity)).status == 412
    assert bot.exchange.asked == []


@pytest.mark.parametrize("value", [None, [], "x", {}, {"id": 1, "token": None}])
async def test_what_is_no_exchange_is_refused(bot: Bot, value: Any) -> None:
    room = bot.teams.personal()
    activity = bot.teams.people.invoke(room.id, room.kind, "signin/tokenExchange", value, id="f:1")
    assert (await bot.teams.send(activity)).status == 412
    assert bot.exchange.asked == []


async def test_without_storage_nothing_was_exchanged(bot: Bot) -> None:
    bot.exchange.down = True
    room = bot.teams.personal()
    value = {"id": "t-1", "connectionName": "Sign in", "token": person_token(ALICE.aad)}
    activity = bot.teams.people.invoke(room.id, room.kind, "signin/tokenExchange", value, id="f:1")
    assert (await bot.teams.send(activity)).status == 503


async def test_a_client_that_gets_no_token_says_why_and_only_the_code_is_noted(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    room = await offered(bot)
    (answered,) = await clients(bot, resource="api://another.example.com/app").see(room, room.said()[-1])
    assert (answered.status, answered.body) == (200, {})
    (line,) = [one for one in caplog.records if one.message == "teams could not sign somebody in"]
    assert vars(line)["code"] == "resourcematchfailed"
    assert "Resource match failed" not in caplog.text


@pytest.mark.parametrize("code", ["<b>x</b>", "a\nb", 7, "x" * 61, ""])
async def test_a_code_that_is_none_is_not_noted(
    bot: Bot, code: Any, caplog: pytest.LogCaptureFixture
) -> None:
    room = bot.teams.personal()
    answered = await clients(bot).invoke(room, "signin/failure", {"code": code, "message": "secret"})
    assert answered.status == 200
    (line,) = [one for one in caplog.records if one.message == "teams could not sign somebody in"]
    assert vars(line)["code"] == "?"


async def test_a_popup_that_was_closed_needs_nothing(bot: Bot) -> None:
    answered = await clients(bot).invoke(bot.teams.personal(), "signin/verifyState", {"state": ""})
    assert (answered.status, answered.body) == (200, {})
