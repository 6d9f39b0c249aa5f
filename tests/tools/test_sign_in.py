"""Tools that run as the person who asks: signing in by a link, as whom calls run, signing out. The server is the SDK's own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr
from yarl import URL

from bot.answers.tools.grants import Grants
from bot.answers.tools.servers import personal_servers, tool_servers
from bot.answers.tools.toolbox import Toolbox
from bot.domain.events import Author, ButtonPressed
from bot.domain.replies import Action
from bot.domain.sign_ins import Caller
from bot.domain.turns import Step, StepState
from bot.settings.config_file import Policy
from bot.settings.tool_entries import ToolEntry
from bot.sign_in.pages import SignInPages
from tests.conversation.stage import Heard, Stage, answer
from tests.doubles import FakeSecrets, FakeSignIns
from tests.tools.signing import ENTRY, Browser, browser, hidden, lasting_notes, link_in, notes
from tests.tools.test_call_approvals import labels, pressed, said
from tests.tools.test_tool_loop import ABLE, call, calls, footer, results

HOME = "https://bot.example.com"
BOB = Author(id="U2", name="Bob")
ANN_THERE = Caller(workspace="test:W", person="U1")


@dataclass
class Bench:
    """A conversation with one personal server, and Ann's browser."""

    at: Stage
    browser: Browser
    notes: str
    grants: Grants

    async def asks(self, text: str, *said_: Any, **more: Any) -> Heard:
        self.at.one.scripts = list(said_)
        return await self.at.says(text, **more)

    async def signed_in(self, person: str = "ada", **more: Any) -> None:
        heard = await self.at.says("/tools sign-in notes", **more)
        self.browser.person = person
        assert "is signed in to notes" in await self.browser.signs_in(link_in(said(heard)))

    async def told(self) -> dict[str, Any]:
        async with self.browser.http.get(f"{self.notes}/ledger") as answer:
            found: dict[str, Any] = await answer.json()
            return found


@asynccontextmanager
async def bench(environment: dict[str, str] | None = None, **more: Any) -> AsyncIterator[Bench]:
    secrets, store, public = FakeSecrets(), FakeSignIns(), more.pop("home", HOME)
    with notes(**environment) if environment else nullcontext(lasting_notes()) as home:
        entry = ToolEntry.model_validate({"url": f"{home}/mcp", **ENTRY, **more.pop("entry", {})})
        keys = {name: SecretStr(key) for name, key in more.pop("keys", {}).items()}
        grants, personal = personal_servers(
            {"notes": entry}, keys, home=public, secrets=secrets, store=store, moment=25.0
        )
        box = Toolbox(personal=personal, entries={"notes": entry})
        at = Stage(
            models=(ABLE,),
            toolbox=box,
            secrets=secrets,
            sign_ins=store,
            home=public,
            authorizations=grants.authorizations,
            now=1_900_000_000.0,
            **more,
        )
        running = asyncio.create_task(box.run())
        try:
            async with (
                browser(SignInPages(at.desk), public) as window,
                window.http.get(f"{home}/anew"),
            ):
                yield Bench(at, window, home, at.desk.grants)
        finally:
            running.cancel()
            await asyncio.wait([running])


async def test_a_question_that_needs_it_waits_for_the_sign_in_and_goes_on_as_that_person() -> None:
    async with bench() as at:
        waits = await at.asks("Who am I there?", calls(call("notes__sign_in", "{}"), text="Let me look."))
        assert (
            waits.text
            == "Let me look.\n\n**Sign in** to `notes`, so that I can go on? Its tools work only as you."
        )
        assert labels(waits) == ["Sign in", "Don't"]

        asked = await at.at.presses(Action.SIGN_IN, pressed(waits, "Sign in"))
        assert asked.replies[-1].private
        assert asked.replies[-1].secret
        page = await at.browser.signs_in(link_in(said(asked)))
        assert "Ann (U1) of Test W is signed in to notes" in page
        assert "the answer goes on in the chat" in page

        (event,) = at.at.handed_on
        assert isinstance(event, ButtonPressed)
        at.at.one.scripts = [calls(call("notes__whoami", "{}")), answer("You are ada.")]
        heard = await at.at.plays(replace(event, at=2.0))
        assert heard.text == "You are ada."
        assert footer(heard).startswith("grok · used notes.sign_in 0")
        prompt = at.at.one.asked[-1][1]
        assert "You are ada." in results(prompt)[-1].text
        assert "notes.whoami, notes.write" in results(prompt)[0].text
        assert {one.name for one in prompt.tools} == {"notes__whoami", "notes__write"}


async def test_everybody_acts_as_themselves_and_learns_nothing_of_the_others() -> None:
    async with bench() as at:
        await at.signed_in("ada")
        await at.signed_in("bo", author=BOB)
        mine = await at.asks("Me?", calls(call("notes__whoami", "{}")), answer("So."))
        theirs = await at.asks("Me?", calls(call("notes__whoami", "{}")), answer("So."), author=BOB)
        eve = await at.asks("Me?", answer("So."), author=Author(id="U3", name="Eve"))

        assert [mine.text, theirs.text, eve.text] == ["So.", "So.", "So."]
        asked = [one[1] for one in at.at.one.asked]
        assert "You are ada." in results(asked[1])[-1].text
        assert "You are bo." in results(asked[3])[-1].text
        assert [one.name for one in asked[4].tools] == ["notes__sign_in"]


async def test_what_asks_first_says_as_whom_it_runs_and_runs_as_the_asker_whoever_presses() -> None:
    async with bench(policy=Policy(admins=("U2",))) as at:
        await at.signed_in("ada")
        await at.signed_in("bo", author=BOB)
        waits = await at.asks("Note it.", calls(call("notes__write", json.dumps({"text": "milk"}))))
        assert waits.text.startswith("**Run** `write` on `notes` as `Ann`?")
        at.at.one.scripts = [answer("Noted.")]
        heard = await at.at.presses(Action.APPROVE, pressed(waits, "Run it"), author=BOB)

        assert heard.text == "Noted."
        assert (await at.told())["ran"] == [["ada", "milk"]]


async def test_nobody_has_a_question_answered_anew_as_whoever_asked_it() -> None:
    async with bench(policy=Policy(admins=("U2",))) as at:
        await at.signed_in("ada")
        await at.signed_in("bo", author=BOB)
        await at.asks("Who am I?", calls(call("notes__whoami", "{}")), answer("So."))
        for action, value in ((Action.AGAIN, ""), (Action.ASK, " grok")):
            at.at.one.scripts = [answer("I cannot say.")]
            await at.at.presses(action, f"{at.at.history[-1].id}{value}", author=BOB)
            assert at.at.one.asked[-1][1].tools == ()
        at.at.one.scripts = [calls(call("notes__whoami", "{}")), answer("So.")]
        await at.at.presses(Action.AGAIN, at.at.history[-1].id)
        assert "You are ada." in results(at.at.one.asked[-1][1])[-1].text


async def test_what_came_back_for_one_is_not_told_when_another_asks() -> None:
    async with bench() as at:
        await at.signed_in("ada")
        await at.asks("Me?", calls(call("notes__whoami", "{}")), answer("So."))
        await at.asks("And?", answer("So."))
        assert "You are ada." in repr(at.at.one.asked[-1][1].messages)
        await at.asks("What came back?", answer("So."), author=BOB)
        told = repr(at.at.one.asked[-1][1].messages)
        assert "You are ada." not in told
        assert "[called notes.whoami as the person who asked" in told


async def test_only_the_asker_can_sign_in_for_their_question() -> None:
    async with bench(policy=Policy(admins=("U2",))) as at:
        waits = await at.asks("Who am I?", calls(call("notes__sign_in", "{}")))
        heard = await at.at.presses(Action.SIGN_IN, pressed(waits, "Sign in"), author=BOB)

        assert said(heard) == "Only Ann can sign in here: it is their question."
        assert heard.replies[-1].private
        assert not [one for one in at.at.secrets.kept if one.startswith("sign-in")]


async def test_whoever_does_not_want_to_is_answered_without() -> None:
    async with bench() as at:
        waits = await at.asks("Who am I?", calls(call("notes__sign_in", "{}")))
        at.at.one.scripts = [answer("Then I cannot say.")]
        heard = await at.at.presses(Action.DECLINE, pressed(waits, "Don't"))

        assert heard.text == "Then I cannot say."
        assert footer(heard) == "grok · used notes.sign_in (not run)"


async def test_what_is_asked_twice_at_once_is_done_once() -> None:
    async with bench() as at:
        twice = [call("notes__sign_in", "{}"), call("notes__sign_in", "{}")]
        waits = await at.asks("Who am I?", calls(*twice))
        await at.signed_in("ada")
        at.at.one.scripts = [answer("You are ada.")]
        heard = await at.at.presses(Action.SIGN_IN, pressed(waits, "Sign in"))
        assert heard.text == "You are ada."
        assert {one.state for one in at.at.history[-1].steps} == {StepState.DONE}


async def test_a_press_to_run_it_signs_nobody_in() -> None:
    async with bench() as at:
        waits = await at.asks("Who am I?", calls(call("notes__sign_in", "{}")))
        at.at.one.scripts = [answer("You are not.")]
        await at.at.presses(Action.APPROVE, pressed(waits, "Sign in"))

        assert "They are not signed in to notes." in results(at.at.one.asked[-1][1])[0].text


async def test_whoever_has_signed_in_meanwhile_goes_on_at_once() -> None:
    async with bench() as at:
        waits = await at.asks("Who am I?", calls(call("notes__sign_in", "{}")))
        await at.signed_in("ada")
        at.at.one.scripts = [calls(call("notes__whoami", "{}")), answer("You are ada.")]
        heard = await at.at.presses(Action.SIGN_IN, pressed(waits, "Sign in"))

        assert heard.text == "You are ada."


async def test_a_link_works_once_and_looking_at_it_uses_nothing_up() -> None:
    async with bench() as at:
        link = link_in(said(await at.at.says("/tools sign-in notes")))
        for _ in range(3):
            page = await at.browser.opens(link)
            assert "Ann (U1) of Test W" in page
            assert "If that chat account is not yours, close this page" in page
        assert "is signed in" in await at.browser.signs_in(link)
        assert "was used already" in await at.browser.signs_in(link)


async def test_what_was_begun_in_another_browser_is_not_taken() -> None:
    async with bench() as at:
        link = link_in(said(await at.at.says("/tools sign-in notes")))
        back = await at.browser.leaves(link)
        at.browser.cookies.clear()
        assert "was not begun in this browser" in await at.browser.opens(back)
        assert not at.at.sign_ins.kept


async def test_the_way_back_works_once() -> None:
    async with bench() as at:
        back = await at.browser.leaves(link_in(said(await at.at.says("/tools sign-in notes"))))
        kept = dict(at.browser.cookies)
        assert "is signed in" in await at.browser.opens(back)
        at.browser.cookies = kept
        assert "was not begun in this browser" in await at.browser.opens(back)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("state=", "state=x"),
        ("code=", "code=x"),
        ("iss=http%3A%2F%2F127.0.0.1", "iss=http%3A%2F%2Fevil.example"),
        ("code=", "error=access_denied&code="),
        ("?", "?unlike"),
    ],
)
async def test_what_is_not_as_it_should_be_signs_nobody_in(before: str, after: str) -> None:
    async with bench() as at:
        back = await at.browser.leaves(link_in(said(await at.at.says("/tools sign-in notes"))))
        assert "is signed in" not in await at.browser.opens(back.replace(before, after))
        assert not at.at.sign_ins.kept


@pytest.mark.parametrize("seen", [None, "", "x", "\ud800", "0" * 64])
async def test_no_other_site_sends_a_browser_on_its_way(seen: str | None) -> None:
    async with bench() as at:
        link = link_in(said(await at.at.says("/tools sign-in notes")))
        ticket = link.partition("ticket=")[2]
        form = (
            {"ticket": ticket} if seen is None else {"ticket": ticket, "seen": quote(seen, errors="replace")}
        )
        assert await at.browser.posts(f"{HOME}/sign-in", form) == ""
        await at.browser.opens(link)  # as another site can have it opened, and not read it
        assert await at.browser.posts(f"{HOME}/sign-in", form) == ""
        assert "did not come from the page of the link" in at.browser.seen[-1]
        assert "is signed in" in await at.browser.signs_in(link)


async def test_of_two_links_in_one_browser_each_comes_to_its_end() -> None:
    async with bench() as at:
        links = [link_in(said(await at.at.says("/tools sign-in notes"))) for _ in range(2)]
        backs = [await at.browser.leaves(link) for link in links]
        for back in backs:
            assert "is signed in to notes" in await at.browser.opens(back)


async def test_an_address_of_ours_below_another_works() -> None:
    async with bench(home=f"{HOME}/bot") as at:
        await at.signed_in("ada")
        assert 'action="?"' in at.browser.seen[0]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded; charset=what", b"ticket=a"),
        ("application/x-www-form-urlencoded; charset=utf-16", b"t"),
        ("application/x-www-form-urlencoded", b"ticket=%ED%A0%80&seen=%ff\xff"),
        ("application/x-www-form-urlencoded", b"a=b&" * 10_000),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n"),
        ("", b""),
    ],
)
async def test_what_no_page_of_ours_sends_is_refused_in_words(
    kind: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with bench() as at:
        cookie = "__Host-switchboard-sign-in=\udcff\udcfe"
        headers = {"Content-Type": kind, "Cookie": cookie}
        address = f"{at.browser.really}/sign-in"
        async with at.browser.http.post(address, data=body, headers=headers) as answer:
            assert (answer.status, "Open the link in the chat again" in await answer.text()) == (400, True)
        for path in ("?ticket=%ED%A0%80%ff", "/done?state=%ED%A0%80%ff&code=%ff"):
            async with at.browser.http.get(URL(address + path, encoded=True), headers=headers) as answer:
                assert answer.status == 400
        assert not [one for one in caplog.records if one.exc_info]


async def test_pages_are_shown_in_no_frame_and_tell_nobody_where_they_were() -> None:
    async with bench() as at:
        await at.signed_in()
        for told in at.browser.headers:
            assert told["Referrer-Policy"] == "no-referrer"
            assert told["Cache-Control"] == "no-store"
            assert "frame-ancestors 'none'" in told["Content-Security-Policy"]
        (cookie,) = {one["Set-Cookie"] for one in at.browser.headers if "Set-Cookie" in one}
        for part in ("__Host-", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
            assert part in cookie


async def test_signing_out_ends_it_here_and_there() -> None:
    async with bench() as at:
        await at.signed_in("ada")
        heard = await at.at.says("/tools sign-out notes")
        assert said(heard) == "You are signed out of notes. It was told to take back what you allowed, too."
        assert (await at.told())["revoked"] == ["ada"]
        await at.asks("Me?", answer("So."))
        assert [one.name for one in at.at.one.asked[-1][1].tools] == ["notes__sign_in"]
        assert said(await at.at.says("/tools sign-out notes")) == "You were not signed in to notes."


async def test_forget_me_erases_it_and_says_so() -> None:
    async with bench() as at:
        await at.signed_in("ada")
        heard = await at.at.says("/forget me")
        assert "1 sign-in to tools" in said(heard)
        assert not at.at.sign_ins.kept
        assert (await at.told())["revoked"] == ["ada"]


async def test_the_list_says_what_works_as_whom() -> None:
    async with bench() as at:
        before = await at.at.says("/tools")
        assert "**notes**: works as you, once you sign in there" in said(before)
        assert "Sign in to notes" in labels(before)
        await at.signed_in("ada")
        after = await at.at.says("/tools")
        assert "▸ whoami, write (works as you)" in said(after)
        assert "Sign out of notes" in labels(after)


async def test_a_token_that_is_about_to_end_is_renewed_before_calls_which_come_at_once() -> None:
    async with bench({"TOKEN_SECONDS": "30"}) as at:
        await at.signed_in("ada")
        await at.asks("Me?", calls(*(call("notes__whoami", "{}") for _ in range(5))), answer("So."))

        given = results(at.at.one.asked[-1][1])
        assert ["You are ada." in one.text for one in given] == [True] * 5
        assert (await at.told())["renewals"] > 0


async def test_what_the_server_has_taken_back_asks_to_sign_in_again() -> None:
    async with bench() as at:
        await at.signed_in("ada")
        await at.asks("Me?", calls(call("notes__whoami", "{}")), answer("So."))
        async with at.browser.http.get(f"{at.notes}/end?as=ada"):
            pass
        await at.asks("Me?", calls(call("notes__whoami", "{}")), calls(call("notes__sign_in", "{}")))
        first, last = at.at.history[-1].steps
        assert first.result == (
            "notes refuses the key: sign in again with /tools sign-in notes. The call was not run."
        )
        assert last.state is StepState.ASKED
        assert not at.at.sign_ins.kept
        assert [one.name for one in at.at.one.asked[-1][1].tools] == ["notes__sign_in"]


async def test_a_call_in_nobodys_name_is_not_sent() -> None:
    async with bench() as at:
        await at.signed_in("ada")
        await at.asks("Me?", calls(call("notes__whoami", "{}")), answer("So."))
        ((key, grant),) = at.at.sign_ins.kept.items()
        at.at.sign_ins.kept[key] = replace(grant, expires=1.0, refresh="")
        await at.asks("Me?", calls(call("notes__whoami", "{}")), answer("So."))
        (step,) = at.at.history[-1].steps
        assert step.state is StepState.FAILED
        assert step.result == (
            "notes refuses the key: sign in again with /tools sign-in notes. The call was not run."
        )


async def test_a_server_that_cannot_be_used_says_so_to_whoever_wants_to_sign_in() -> None:
    entry = ToolEntry.model_validate(
        {"url": "https://notes.example/mcp", "oauth": True, "client_id": "a", "client_secret_env": "SECRET"}
    )
    servers = tool_servers({"notes": entry}, {})
    at = Stage(models=(ABLE,), toolbox=Toolbox(servers=servers, entries={"notes": entry}))
    for command in ("sign-in", "sign-out"):
        heard = await at.says(f"/tools {command} notes")
        assert said(heard) == "notes needs SECRET, which is not set\\."
    waits = Step(id="s1", name="notes.sign_in", args="{}", signs_in=True, state=StepState.ALLOWED)
    done, _ = await at.toolbox.call(waits, ANN_THERE, key="k", progress=lambda _: None)
    assert (done.state, done.result) == (StepState.FAILED, "notes needs SECRET, which is not set.")


async def test_switchboard_registers_once_for_everybody() -> None:
    async with bench() as at:
        await at.signed_in("ada")
        await at.signed_in("bo", author=BOB)
        assert (await at.told())["clients"] == 1


async def test_no_token_and_no_ticket_is_in_what_is_kept_of_the_conversation() -> None:
    async with bench() as at:
        waits = await at.asks("Who am I?", calls(call("notes__sign_in", "{}")))
        asked = await at.at.presses(Action.SIGN_IN, pressed(waits, "Sign in"))
        await at.browser.signs_in(link_in(said(asked)))
        at.at.one.scripts = [calls(call("notes__whoami", "{}")), answer("You are ada.")]
        await at.at.plays(replace(at.at.handed_on[0], at=2.0))

        (grant,) = at.at.sign_ins.kept.values()
        kept = repr(at.at.history) + repr(at.at.outcomes) + repr(at.at.one.asked) + repr(grant)
        assert grant.access not in kept
        assert grant.refresh not in kept
        assert "ticket=" not in repr(at.at.history)


async def test_a_link_that_led_nowhere_says_what_to_do_next() -> None:
    async with bench(entry={"issuer": "https://login.example.com"}) as at:
        page = await at.browser.opens(link_in(said(await at.at.says("/tools sign-in notes"))))
        await at.browser.posts(f"{HOME}/sign-in", hidden(page))
        assert (
            "issuer in [tools.notes] is another. Once that is right, ask for a new link"
            in at.browser.seen[-1]
        )
