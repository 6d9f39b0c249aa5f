"""What the page's server takes in, what it refuses, and what it shows."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request

from adapters.web.inbound.sign_in import SignIn
from bot.domain.events import ButtonPressed, MessageReceived, StopRequested
from bot.domain.replies import Action
from bot.ports import Adapter
from tests.contracts.adapters import AdapterContract
from tests.doubles import FakeInbox
from tests.ops.product import visitor
from tests.web.served import TOKEN, Desk, desk

CHAT = "chat-0001"


@pytest.fixture
async def page() -> AsyncIterator[Desk]:
    async with desk() as served:
        yield served


@pytest.fixture
async def browser(page: Desk) -> AsyncIterator[aiohttp.ClientSession]:
    async with visitor(page.address) as session:
        yield session


class PagePost:
    """Sends what the page sends."""

    def __init__(self, page: Desk, browser: aiohttp.ClientSession) -> None:
        self._page = page
        self._browser = browser

    @property
    def adapter(self) -> Adapter:
        return self._page.adapter

    @property
    def inbox(self) -> FakeInbox:
        return self._page.inbox

    async def deliver(self, text: str, *, id: str = "1") -> int:
        return await self._post({"id": f"message-{id}", "text": text})

    async def forge(self, text: str) -> int:
        return await self._post({"id": "message-1", "text": text}, Origin="http://evil.example")

    async def deliver_bytes(self, body: bytes) -> int:
        url = f"{self._page.url}/web/chats/{CHAT}/messages"
        async with self._browser.post(
            url, data=io.BytesIO(body), headers={"Content-Type": "application/json"}
        ) as got:
            return got.status

    def notices(self) -> list[str]:
        posts = self._page.timeline.posts.get(CHAT, {}).values()
        return [post.reply.text for post in posts if post.reply]

    async def _post(self, body: object, **headers: str) -> int:
        url = f"{self._page.url}/web/chats/{CHAT}/messages"
        async with self._browser.post(url, json=body, headers=headers) as got:
            return got.status


class TestPage(AdapterContract):
    @pytest.fixture
    def post_office(self, page: Desk, browser: aiohttp.ClientSession) -> PagePost:
        return PagePost(page, browser)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    id: str
    headers: dict[str, str]
    method: str = "GET"
    path: str = "/web/chats"


FOREIGN = [
    Foreign(id="rebound name", headers={"Host": "evil.example"}),
    Foreign(id="rebound name with our port", headers={"Host": "evil.example:3978"}),
    Foreign(id="name that starts like ours", headers={"Host": "127.0.0.1.evil.example"}),
    Foreign(id="no host", headers={"Host": ""}),
    Foreign(id="name behind ours", headers={"Host": "localhost:1@evil.example"}),
    Foreign(id="name behind ours without dots", headers={"Host": "localhost:1@evil"}),
    Foreign(id="port that is none", headers={"Host": "localhost:evil"}),
    Foreign(id="user before ours", headers={"Host": "evil@localhost"}),
    Foreign(id="address of another machine", headers={"Host": "192.168.0.7:3978"}),
    Foreign(id="proxy that names itself", headers={"Via": "1.1 proxy"}),
    Foreign(id="a cloud's tunnel", headers={"CF-Ray": "1"}),
    Foreign(id="a header of its own", headers={"X-Forwarded-Something": "1"}),
    Foreign(id="tunnel", headers={"X-Forwarded-For": "203.0.113.5"}),
    Foreign(id="tunnel that rewrites the host", headers={"X-Forwarded-Host": "a.example"}),
    Foreign(id="proxy", headers={"Forwarded": "for=203.0.113.5"}),
    Foreign(id="another site reads", headers={"Sec-Fetch-Site": "cross-site"}),
    Foreign(id="another local port reads", headers={"Sec-Fetch-Site": "same-site"}),
    Foreign(
        id="another site frames",
        headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "nested"},
        path="/",
    ),
    Foreign(
        id="another site erases",
        headers={"Origin": "http://evil.example"},
        method="DELETE",
        path=f"/web/chats/{CHAT}",
    ),
    Foreign(
        id="another local port erases",
        headers={"Origin": "http://127.0.0.1:1"},
        method="DELETE",
        path=f"/web/chats/{CHAT}",
    ),
    Foreign(
        id="hidden origin erases", headers={"Origin": "null"}, method="DELETE", path=f"/web/chats/{CHAT}"
    ),
]


@pytest.mark.parametrize("case", FOREIGN, ids=lambda case: case.id)
async def test_what_does_not_come_from_this_machine_is_refused(
    page: Desk, browser: aiohttp.ClientSession, case: Foreign
) -> None:
    async with browser.request(case.method, page.url + case.path, headers=case.headers) as got:
        assert got.status == 403
    assert page.memory.forgotten == []


@pytest.mark.parametrize(
    "host", ["localhost:3978", "127.0.0.1:3978", "[::1]:3978", "localhost", "LOCALHOST", "127.0.0.2:1"]
)
async def test_loopback_names_are_ours(page: Desk, browser: aiohttp.ClientSession, host: str) -> None:
    async with browser.get(f"{page.url}/web/chats", headers={"Host": host}) as got:
        assert got.status == 200


WRONG = [
    pytest.param("", {}, id="nothing"),
    pytest.param("?token=", {}, id="empty token"),
    pytest.param("?token=" + "a" * 43, {}, id="wrong token"),
    pytest.param(f"?token={TOKEN[:-1]}", {}, id="most of the token"),
    pytest.param("?token=%ff%ed%a0%80", {}, id="no text"),
    pytest.param(f"?Token={TOKEN}", {}, id="another name"),
    pytest.param("", {"Cookie": "switchboard=x; token=x"}, id="made-up cookie"),
    pytest.param("", {"Cookie": f"token={TOKEN}"}, id="the token as a cookie"),
    pytest.param("", {"Authorization": f"Bearer {TOKEN}"}, id="the token as a header"),
]
PATHS = [
    "/",
    "/web/page.js",
    "/web/icon.svg",
    "/web/none.js",
    "/web/chats",
    f"/web/chats/{CHAT}",
    "/web/events",
]


@pytest.mark.parametrize(("query", "headers"), WRONG)
@pytest.mark.parametrize("path", PATHS)
async def test_without_the_printed_address_nothing_is_served(
    page: Desk, path: str, query: str, headers: dict[str, str]
) -> None:
    async with (
        aiohttp.ClientSession() as nobody,
        nobody.get(page.url + path + query, headers=headers, allow_redirects=False) as got,
    ):
        said = await got.text()

        assert got.status == 401
        assert "opens with the address that `switchboard` printed" in said
        assert TOKEN not in said
        assert "Set-Cookie" not in got.headers
        assert got.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", PATHS[1:])
async def test_the_token_opens_the_page_and_no_other_address(page: Desk, path: str) -> None:
    """Else it would stand in more addresses than the one that is left at once."""
    async with aiohttp.ClientSession() as nobody, nobody.get(f"{page.url}{path}?token={TOKEN}") as got:
        assert got.status == 401


async def test_the_printed_address_is_left_for_the_clean_one_with_a_cookie(page: Desk) -> None:
    async with (
        aiohttp.ClientSession() as person,
        person.get(page.address, allow_redirects=False) as got,
    ):
        cookie = got.headers["Set-Cookie"]

        assert (got.status, got.headers["Location"]) == (303, "/")
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Path=/;" in f"{cookie};"
        assert TOKEN not in f"{got.headers} {await got.text()}"
        assert got.headers["Referrer-Policy"] == "no-referrer"
        assert got.headers["Cache-Control"] == "no-store"


async def test_an_outdated_address_leads_on_who_is_in_already(
    page: Desk, browser: aiohttp.ClientSession
) -> None:
    async with browser.get("/?token=of-last-year") as got:
        assert (got.status, str(got.url)) == (200, f"{page.url}/")


async def test_two_pages_on_one_machine_do_not_sign_each_other_out() -> None:
    """Browsers keep cookies by host and send them to every port."""
    one, other = SignIn("a" * 43), SignIn("b" * 43)
    request = make_mocked_request("GET", "/")
    cookies = [next(iter(sign_in.welcome(request).cookies)) for sign_in in (one, other)]

    assert cookies[0] != cookies[1]


async def test_a_link_from_elsewhere_is_asked_for_again_in_the_pages_own_name(page: Desk) -> None:
    """A browser keeps a strict cookie back while it follows another site's link, even through a redirect."""
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with aiohttp.ClientSession() as nobody:
        async with nobody.get(f"{page.url}/", headers=headers) as got:
            assert (got.status, got.headers["Refresh"]) == (401, "0")
        async with nobody.get(f"{page.url}/", headers=headers | {"Sec-Fetch-Site": "same-origin"}) as again:
            assert (again.status, again.headers.get("Refresh")) == (401, None)


def test_a_page_without_a_long_token_is_not_built() -> None:
    with pytest.raises(ValueError, match="long token"):
        SignIn("short")


async def test_a_form_of_another_site_cannot_send(page: Desk, browser: aiohttp.ClientSession) -> None:
    body = json.dumps({"id": "message-1", "text": "hi"})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        url = f"{page.url}/web/chats/{CHAT}/messages"
        async with browser.post(url, data=body, headers={"Content-Type": kind}) as got:
            assert got.status == 415
    assert page.inbox.events == []


@pytest.mark.parametrize("path", ["/", "/web/page.js", "/web/chats", "/web/none.js"])
async def test_every_answer_carries_the_policies(
    page: Desk, browser: aiohttp.ClientSession, path: str
) -> None:
    async with browser.get(page.url + path) as got:
        policy = got.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert got.headers["X-Frame-Options"] == "DENY"
        assert got.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_link_from_elsewhere_opens_the_page(page: Desk, browser: aiohttp.ClientSession) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with browser.get(f"{page.url}/", headers=headers) as got:
        assert got.status == 200


async def test_a_question_is_shown_and_titles_its_conversation(
    page: Desk, browser: aiohttp.ClientSession
) -> None:
    await PagePost(page, browser).deliver("Why is the sky blue?")
    async with browser.get(f"{page.url}/web/chats") as got:
        (chat,) = await got.json()
    async with browser.get(f"{page.url}/web/chats/{CHAT}") as got:
        read = await got.json()

    assert chat["title"] == "Why is the sky blue?"
    assert [post["text"] for post in read["posts"]] == ["Why is the sky blue?"]
    (event,) = page.inbox.events
    assert isinstance(event, MessageReceived)
    assert event.threaded


async def test_what_the_inbox_did_not_take_is_not_shown_as_sent(
    page: Desk, browser: aiohttp.ClientSession
) -> None:
    page.inbox.down = True

    assert await PagePost(page, browser).deliver("hello") == 503
    assert page.timeline.posts == {}


async def test_a_press_and_a_stop_become_events(page: Desk, browser: aiohttp.ClientSession) -> None:
    press = {"id": "press-0001", "action": "again", "value": "turn-1", "message": "turn-turn-1"}
    async with browser.post(f"{page.url}/web/chats/{CHAT}/buttons", json=press) as got:
        assert got.status == 200
    page.inbox.running = True
    async with browser.post(
        f"{page.url}/web/chats/{CHAT}/stop", json={"id": "stop-0001", "turn": "t"}
    ) as got:
        assert (await got.json())["receipt"] == "stopping"

    pressed, stopped = page.inbox.events
    assert isinstance(pressed, ButtonPressed)
    assert pressed.threaded
    assert (pressed.action, pressed.value, pressed.message) == (Action.AGAIN, "turn-1", "turn-turn-1")
    assert isinstance(stopped, StopRequested)
    assert stopped.turn == "t"


async def test_deleting_a_conversation_erases_its_memory(page: Desk, browser: aiohttp.ClientSession) -> None:
    await PagePost(page, browser).deliver("hello")
    async with browser.delete(f"{page.url}/web/chats/{CHAT}") as got:
        assert got.status == 200
    async with browser.get(f"{page.url}/web/chats") as got:
        assert await got.json() == []

    assert [thread.thread for thread in page.memory.forgotten] == [CHAT]
    assert await PagePost(page, browser).deliver("again", id="2") == 410


async def test_a_conversation_can_be_renamed(page: Desk, browser: aiohttp.ClientSession) -> None:
    await PagePost(page, browser).deliver("hello")
    async with browser.patch(f"{page.url}/web/chats/{CHAT}", json={"title": " The sea "}) as got:
        assert got.status == 200
    async with browser.patch(f"{page.url}/web/chats/unknown-chat", json={"title": "x"}) as got:
        assert got.status == 404

    assert (await page.timeline.chats())[0].title == "The sea"


async def test_the_stream_of_changes_can_be_resumed(page: Desk, browser: aiohttp.ClientSession) -> None:
    await PagePost(page, browser).deliver("one", id="1")
    await PagePost(page, browser).deliver("two", id="2")

    async def next_change(after: str) -> tuple[str, dict[str, object]]:
        async with browser.get(f"{page.url}/web/events", headers={"Last-Event-ID": after}) as got:
            frame = await got.content.readuntil(b"\n\n")
        mark, data = frame.decode().split("\n")[:2]
        return mark.removeprefix("id: "), json.loads(data.removeprefix("data: "))

    async with asyncio.timeout(10):
        mark, first = await next_change("0")
        _, second = await next_change(mark)
    assert [first["kind"], second["kind"]] == ["post", "post"]
    assert str(second["post"]).count("two") == 1


async def test_without_storage_the_stream_says_so(page: Desk, browser: aiohttp.ClientSession) -> None:
    page.timeline.down = True
    async with browser.get(f"{page.url}/web/events") as got:
        assert got.status == 503


async def test_a_stream_that_loses_its_storage_ends_and_the_next_one_says_why(
    page: Desk, browser: aiohttp.ClientSession
) -> None:
    page.timeline.silence = 0.01
    async with browser.get(f"{page.url}/web/events") as got, asyncio.timeout(10):
        await got.content.readuntil(b"\n\n")
        page.timeline.down = True
        rest = await got.content.read()
    async with browser.get(f"{page.url}/web/events") as again:
        assert again.status == 503
    assert b"HTTP/" not in rest


async def test_the_picker_is_told_who_answers_and_why(page: Desk, browser: aiohttp.ClientSession) -> None:
    page.picked.selected = "thread grok"
    async with browser.get(f"{page.url}/web/chats/{CHAT}/standing") as got:
        standing = await got.json()

    assert (standing["selected"], standing["why"]) == ("thread grok", page.picked.why)
    assert standing["options"][1]["hint"]
