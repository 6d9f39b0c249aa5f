"""Signing in without a browser: who vouches for whom, what is exchanged, and that the link stays."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

pytest.importorskip("mcp", reason="mcp is not installed")

from bot.answers.tools.grants import ConsentNeeded, Grants, SignInRefused
from bot.answers.tools.mcp_authorization import McpAuthorization
from bot.domain.replies import Action, SignInOffer
from bot.domain.sign_ins import Caller, ExchangedSignIn
from bot.settings.config_file import ConfigFile
from bot.settings.tool_entries import ToolEntry
from bot.sign_in.desk import SOON, SignInDesk, SignInTicket
from tests.conversation.stage import Heard, answer
from tests.doubles import FakeInbox, FakeSecrets, FakeSignIns
from tests.tools.sign_in_office import ASSERTION, SignInOffice
from tests.tools.signing import (
    APP,
    ENTRY,
    RESOURCE,
    SECRET,
    SSO_ENTRY,
    known,
    lasting_notes,
    link_in,
    person_token,
)
from tests.tools.test_call_approvals import pressed, said
from tests.tools.test_sign_in import HOME, Bench, bench
from tests.tools.test_tool_loop import call, calls, results

ANN = Caller(workspace="test:W", person="U1")
BOB = Caller(workspace="test:W", person="U2")
SCOPES = ["api://notes/all", "offline_access"]


def exchanging(office: SignInOffice, **more: Any) -> McpAuthorization:
    office.clients[APP] = (SECRET, "client_secret_post")
    entry = {**SSO_ENTRY, "issuer": office.url, "scopes": SCOPES, **more}
    return office.authorization(secret=SECRET, **entry)


def sent(office: SignInOffice) -> list[dict[str, Any]]:
    return [told for _, path, told in office.heard if path == "/token"]


async def test_what_is_asked_for_on_behalf_of_somebody() -> None:
    async with SignInOffice().open() as office:
        way = exchanging(office)
        grant = await way.on_behalf(person_token("oid", name="ada"))
        renewed = await way.renewed(grant)
        await way.aclose()

    first, second = sent(office)
    assert first == {
        "grant_type": ASSERTION,
        "client_id": APP,
        "client_secret": SECRET,
        "assertion": person_token("oid", name="ada"),
        "scope": "api://notes/all offline_access",
        "requested_token_use": "on_behalf_of",
    }
    assert (grant.access, grant.refresh, grant.resource) == ("as-ada", "later-as-ada", f"{office.url}/mcp")
    assert (second["grant_type"], second["refresh_token"]) == ("refresh_token", "later-as-ada")
    assert second["client_secret"] == SECRET
    assert renewed.id == grant.id


async def test_check_says_for_what_a_token_has_to_be() -> None:
    async with SignInOffice().open() as office:
        way = exchanging(office)
        said = await way.described()
        await way.aclose()
    assert said.endswith(f"/sign-in/done; who has a token for {RESOURCE} needs no browser")


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ({"error": "interaction_required"}, ConsentNeeded, "notes has to ask you first."),
        ({"error": "invalid_grant", "suberror": "consent_required"}, ConsentNeeded, "has to ask you first"),
        ({"error": "consent_required"}, ConsentNeeded, "has to ask you first"),
        ({"error": "invalid_grant"}, SignInRefused, "did not accept the sign-in (invalid_grant)."),
        ({"error": "invalid_client"}, SignInRefused, "did not accept the sign-in (invalid_client)."),
        ({"error": "<b>*x*</b>"}, SignInRefused, "did not accept the sign-in (400)."),
        ({"error": ["interaction_required"]}, SignInRefused, "did not accept the sign-in (400)."),
    ],
)
async def test_a_refusal_says_whether_the_person_is_wanted(
    body: Mapping[str, Any], kind: type[Exception], words: str
) -> None:
    async with SignInOffice().open() as office:
        office.answers["/token"] = lambda: web.json_response(body, status=400)
        way = exchanging(office)
        with pytest.raises(kind) as refused:
            await way.on_behalf(person_token("oid"))
        await way.aclose()
    assert type(refused.value) is kind
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "token", [person_token("oid", audience="another app"), person_token("oid", seconds=-60.0), "a.b.c"]
)
async def test_what_entra_does_not_believe_signs_nobody_in(token: str) -> None:
    async with SignInOffice().open() as office:
        way = exchanging(office)
        with pytest.raises(SignInRefused):
            await way.on_behalf(token)
        await way.aclose()


async def test_a_server_that_names_another_sign_in_is_sent_no_token_and_no_secret() -> None:
    async with SignInOffice().open() as office, SignInOffice().open() as evil:
        office.resource = {"authorization_servers": [evil.url]}
        way = exchanging(office)
        with pytest.raises(SignInRefused, match="and issuer in"):
            await way.on_behalf(person_token("oid"))
        await way.aclose()
    assert not sent(office)
    assert not evil.heard


@pytest.mark.parametrize("missing", ["oauth", "client_id", "client_secret_env", "scopes", "issuer"])
def test_an_entry_that_lacks_something_says_what_to_write(missing: str) -> None:
    entry = {"url": "https://n.example/mcp", **ENTRY, **SSO_ENTRY, "issuer": "https://login.example/t"}
    assert ToolEntry.model_validate(entry).teams_sso == RESOURCE
    with pytest.raises(ValueError, match=missing):
        ToolEntry.model_validate({key: value for key, value in entry.items() if key != missing})


@pytest.mark.parametrize("resource", ["https://x.example", "api://", "api://a b", "api://a/" + "b" * 100])
def test_what_is_no_application_id_uri_is_refused(resource: str) -> None:
    entry = {"url": "https://n.example/mcp", **ENTRY, **SSO_ENTRY, "issuer": "https://login.example/t"}
    with pytest.raises(ValueError, match="Application ID URI"):
        ToolEntry.model_validate({**entry, "teams_sso": resource})


def test_one_app_has_one_application_id_uri() -> None:
    entry = {"url": "https://n.example/mcp", "oauth": True, **SSO_ENTRY, "issuer": "https://login.example/t"}
    same = {"a": entry, "b": dict(entry), "c": {"url": "https://n.example/mcp", "oauth": True}}
    assert ConfigFile.model_validate({"tools": same}).tools["b"].teams_sso == RESOURCE
    with pytest.raises(ValueError, match="write the same teams_sso everywhere"):
        ConfigFile.model_validate({"tools": {**same, "b": {**entry, "teams_sso": "api://another"}}})


@asynccontextmanager
async def vouching(**more: Any) -> AsyncIterator[Bench]:
    """A conversation whose platform has tokens of its people."""
    home = lasting_notes()
    async with bench(
        entry={**SSO_ENTRY, "issuer": home, **more}, keys={"ENTRA_SECRET": SECRET}, platform="test"
    ) as at:
        yield at


async def by_browser(at: Bench, link: str, person: str = "ada") -> str:
    """Signs in with the link after all."""
    at.browser.person = person
    await known(at.browser, HOME, "client_secret_basic")
    return await at.browser.signs_in(link)


def offer_in(heard: Heard) -> SignInOffer:
    found = heard.replies[-1].sign_in
    assert found
    assert found.resource == RESOURCE
    return found


async def test_the_answer_goes_on_as_the_person_without_a_browser() -> None:
    async with vouching() as at:
        waits = await at.asks("Who am I there?", calls(call("notes__sign_in", "{}")))
        offer = offer_in(await at.at.presses(Action.SIGN_IN, pressed(waits, "Sign in")))
        assert await at.at.desk.exchange(offer.ticket, person_token("oid"), ANN) == ExchangedSignIn(
            signed_in=True
        )

        (event,) = at.at.handed_on
        at.at.one.scripts = [calls(call("notes__whoami", "{}")), answer("You are ada.")]
        heard = await at.at.plays(replace(event, at=2.0))
        assert heard.text == "You are ada."
        assert "You are ada." in results(at.at.one.asked[-1][1])[-1].text
        assert "was used already" in await at.browser.opens(offer.link)
        assert not at.browser.seen[:-1]


async def test_whoever_asked_for_the_link_alone_is_told() -> None:
    async with vouching() as at:
        offer = offer_in(await at.at.says("/tools sign-in notes"))
        done = await at.at.desk.exchange(offer.ticket, person_token("oid"), ANN)
        assert done == ExchangedSignIn(signed_in=True, word="You are signed in to notes.")
        assert at.at.handed_on == []


async def test_several_devices_at_once_and_later_sign_in_once() -> None:
    async with vouching() as at:
        waits = await at.asks("Who am I there?", calls(call("notes__sign_in", "{}")))
        offer = offer_in(await at.at.presses(Action.SIGN_IN, pressed(waits, "Sign in")))
        token = person_token("oid")
        both = await asyncio.gather(*(at.at.desk.exchange(offer.ticket, token, ANN) for _ in range(4)))
        later = await at.at.desk.exchange(offer.ticket, token, ANN)

        assert [one.signed_in for one in (*both, later)] == [True] * 5
        assert len(at.at.handed_on) == 1
        assert len(at.at.sign_ins.kept) == 1


async def test_what_was_exchanged_is_nobody_elses() -> None:
    async with vouching() as at:
        offer = offer_in(await at.at.says("/tools sign-in notes"))
        await at.at.desk.exchange(offer.ticket, person_token("oid"), ANN)
        assert not (await at.at.desk.exchange(offer.ticket, person_token("bo"), BOB)).signed_in


async def test_who_has_to_be_asked_first_uses_the_link() -> None:
    async with vouching() as at:
        waits = await at.asks("Who am I there?", calls(call("notes__sign_in", "{}")))
        offer = offer_in(await at.at.presses(Action.SIGN_IN, pressed(waits, "Sign in")))
        done = await at.at.desk.exchange(offer.ticket, person_token("oid", name="bo"), ANN)
        assert not done.signed_in
        assert at.at.handed_on == []
        assert not at.at.sign_ins.kept

        assert "is signed in to notes" in await by_browser(at, offer.link, "bo")
        assert len(at.at.handed_on) == 1


@pytest.mark.parametrize(
    "caller", [BOB, Caller(workspace="test:X", person="U1"), Caller(workspace="other:W", person="U1")]
)
async def test_a_ticket_is_for_the_person_it_was_given_to(caller: Caller) -> None:
    async with vouching() as at:
        offer = offer_in(await at.at.says("/tools sign-in notes"))
        done = await at.at.desk.exchange(offer.ticket, person_token("oid"), caller)
        assert done == ExchangedSignIn(signed_in=False, word="This sign-in is somebody else's.")
        assert not at.at.sign_ins.kept
        assert (await at.at.desk.exchange(offer.ticket, person_token("oid"), ANN)).signed_in


async def test_a_ticket_that_is_too_old_signs_nobody_in() -> None:
    async with vouching() as at:
        offer = offer_in(await at.at.says("/tools sign-in notes"))
        at.at.secrets.kept.clear()
        done = await at.at.desk.exchange(offer.ticket, person_token("oid"), ANN)
        assert not done.signed_in
        assert "too old" in done.word
        assert not at.at.sign_ins.kept


@pytest.mark.parametrize("ticket", ["", "x", "x" * 3_000, "../state", "\x00"])
async def test_what_is_no_ticket_signs_nobody_in(ticket: str) -> None:
    async with vouching() as at:
        assert not (await at.at.desk.exchange(ticket, person_token("oid"), ANN)).signed_in


async def test_a_link_that_was_used_signs_nobody_in_again() -> None:
    async with vouching() as at:
        offer = offer_in(await at.at.says("/tools sign-in notes"))
        await by_browser(at, offer.link)
        (before,) = at.at.sign_ins.kept.values()
        assert not (await at.at.desk.exchange(offer.ticket, person_token("oid"), ANN)).signed_in
        assert list(at.at.sign_ins.kept.values()) == [before]


@pytest.mark.parametrize("assertion", ["", "x" * 20_000])
async def test_what_can_be_no_token_is_sent_nowhere(assertion: str) -> None:
    async with vouching() as at:
        offer = offer_in(await at.at.says("/tools sign-in notes"))
        assert not (await at.at.desk.exchange(offer.ticket, assertion, ANN)).signed_in


async def test_a_server_without_it_takes_no_token() -> None:
    async with bench() as at:
        heard = await at.at.says("/tools sign-in notes")
        assert heard.replies[-1].sign_in is None
        ticket = link_in(said(heard)).partition("ticket=")[2]
        assert not (await at.at.desk.exchange(ticket, person_token("oid"), ANN)).signed_in
        assert "is signed in to notes" in await at.browser.signs_in(link_in(said(heard)))


async def test_the_token_is_kept_nowhere_and_noted_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with vouching() as at:
        waits = await at.asks("Who am I there?", calls(call("notes__sign_in", "{}")))
        offer = offer_in(await at.at.presses(Action.SIGN_IN, pressed(waits, "Sign in")))
        for token in (person_token("oid", name="bo"), person_token("oid")):
            await at.at.desk.exchange(offer.ticket, token, ANN)
            kept = repr((at.at.secrets.kept, at.at.sign_ins.kept, at.at.handed_on, at.at.history))
            assert token not in kept + caplog.text + repr([vars(one) for one in caplog.records])
        assert offer.ticket not in repr(offer) + caplog.text + repr(at.at.history)


async def test_a_sign_in_that_does_not_answer_lets_nobody_wait() -> None:
    assert SOON < 10.0  # what a chat waits
    async with SignInOffice(hangs=frozenset({"/token"})).open() as office:
        way, secrets = exchanging(office), FakeSecrets()
        desk = SignInDesk(
            home=HOME,
            grants=Grants(store=FakeSignIns(), authorizations={"notes": way}),
            secrets=secrets,
            inbox=FakeInbox(),
            patience=0.5,
        )
        offer = await desk.offer(SignInTicket(caller=ANN, server="notes"))
        done = await desk.exchange(offer.ticket, person_token("oid"), ANN)
        await way.aclose()
        assert len(sent(office)) == 1
        assert done == ExchangedSignIn(signed_in=False, word="The sign-in of notes does not answer now.")
        assert (await desk.ticket(offer.ticket)).caller == ANN  # the link works as before
