"""Who is let in: nobody but Teams, for tenants we serve; and what is refused never makes an error."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from adapters.teams import setup
from adapters.teams.inbound.token_validator import LEEWAY
from bot.app import read_settings
from bot.domain.errors import PlatformGone, SettingsError
from bot.domain.events import MessageReceived
from bot.domain.replies import Reply
from bot.settings.platform_settings import TeamsSettings
from tests.doubles import FakeExchange, FakeInbox, FakeTurnHandle, nothing_found
from tests.ops.plain_proxy import plain_proxy
from tests.teams.fake import TENANT
from tests.teams.forgeries import FORGERIES, seconds_from_now
from tests.teams.issuer import Trouble
from tests.teams.place import adapter_for
from tests.teams.served import Bot, bot_in_teams

Activity = dict[str, Any]


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with bot_in_teams() as running:
        yield running


def message(bot: Bot, **fields: Any) -> Activity:
    room = bot.teams.personal()
    return bot.teams.people.message(room.id, "personal", "hello", id="1") | fields


async def test_what_teams_signed_is_taken(bot: Bot) -> None:
    answer = await bot.teams.send(message(bot))

    (event,) = bot.inbox.events
    assert (answer.status, answer.body) == (200, "")
    assert isinstance(event, MessageReceived)


async def test_a_token_may_be_a_little_late(bot: Bot) -> None:
    token = bot.teams.issuer.mint(bot.teams.people.service_url, exp=seconds_from_now(-200))
    assert (await bot.teams.send(message(bot), token=token)).status == 200


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_token_is_refused(bot: Bot, name: str) -> None:
    forged = FORGERIES[name](bot.teams)
    answer = await bot.teams.send(message(bot), token=forged)

    assert answer.status == 401
    assert bot.inbox.events == []
    assert bot.teams.canary.seen == []


async def test_a_token_that_comes_again_is_taken_again(bot: Bot) -> None:
    token = bot.teams.issuer.mint(bot.teams.people.service_url)
    answers = [await bot.teams.send(message(bot, id=str(number)), token=token) for number in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 200]


async def test_a_token_that_was_taken_says_nothing_for_another_activity(bot: Bot) -> None:
    token = bot.teams.issuer.mint(bot.teams.people.service_url)
    taken = await bot.teams.send(message(bot), token=token)
    refused = [
        (await bot.teams.send(REFUSED[name][1](bot, message(bot, id=name)), token=token)).status
        for name in ("another channel", "another serviceUrl", "a foreign tenant")
    ]

    assert (taken.status, refused) == (200, [401, 401, 403])
    assert len(bot.inbox.events) == 1


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_token_that_differs_in_one_sign_from_one_that_was_taken_is_refused(
    bot: Bot, place: int
) -> None:
    token = bot.teams.issuer.mint(bot.teams.people.service_url)
    await bot.teams.send(message(bot), token=token)
    parts = token.split(".")
    middle = len(parts[place]) // 2
    sign = "A" if parts[place][middle] != "A" else "B"
    parts[place] = f"{parts[place][:middle]}{sign}{parts[place][middle + 1 :]}"

    assert (await bot.teams.send(message(bot, id="2"), token=".".join(parts))).status == 401


async def test_a_token_that_was_taken_is_refused_once_it_has_run_out(bot: Bot) -> None:
    ends = seconds_from_now(2 - LEEWAY)
    token = bot.teams.issuer.mint(bot.teams.people.service_url, exp=ends)
    before = await bot.teams.send(message(bot), token=token)
    await asyncio.sleep(ends + LEEWAY - time.time())  # what runs out is known to the second
    after = await bot.teams.send(message(bot, id="2"), token=token)

    assert (before.status, after.status) == (200, 401)


@pytest.mark.parametrize("again", [False, True], ids=["withdrawn", "replaced"])
async def test_a_token_that_was_taken_is_refused_once_its_key_is_not_published(bot: Bot, again: bool) -> None:
    issuer = bot.teams.issuer
    token, id = issuer.mint(bot.teams.people.service_url), issuer.key.kid
    before = await bot.teams.send(message(bot), token=token)
    issuer.rotate(keep=False)
    if again:  # another key under the same id
        issuer.published.append(issuer.key.public() | {"kid": id})
    new = await bot.teams.send(message(bot, id="2"))
    after = await bot.teams.send(message(bot, id="3"), token=token)

    assert (before.status, new.status, after.status) == (200, 200, 401)


Change = Callable[[Bot, Activity], Activity]


def put(**fields: Any) -> Change:
    return lambda _bot, activity: activity | fields


def without(name: str) -> Change:
    return lambda _bot, activity: {key: value for key, value in activity.items() if key != name}


def tenants(conversation: str | None, data: str | None) -> Change:
    def change(_bot: Bot, activity: Activity) -> Activity:
        place = {**activity["conversation"], "tenantId": conversation}
        return activity | {"conversation": place, "channelData": {"tenant": {"id": data}}}

    return change


REFUSED: dict[str, tuple[int, Change]] = {
    "no channel": (401, without("channelId")),
    "another channel": (401, put(channelId="slack")),
    "an endorsed channel that is not Teams": (401, put(channelId="webchat")),
    "no serviceUrl": (401, without("serviceUrl")),
    "another serviceUrl": (401, put(serviceUrl="https://smba.trafficmanager.net/emea/")),
    "a foreign tenant": (403, tenants("foreign", "foreign")),
    "tenants that disagree": (403, tenants(TENANT, "foreign")),
    "the other way round": (403, tenants("foreign", TENANT)),
    "no tenant": (403, tenants(None, None)),
    "no type": (400, without("type")),
    "type number": (400, put(type=5)),
    "type list": (400, put(type=["message"])),
    "type empty": (400, put(type="")),
    "no conversation": (400, without("conversation")),
    "conversation word": (400, put(conversation="a")),
    "conversation without id": (400, put(conversation={})),
    "conversation id number": (400, put(conversation={"id": 5})),
    "no sender": (400, without("from")),
    "sender list": (400, put(**{"from": []})),
    "text object": (400, put(text={"a": 1})),
    "text number": (400, put(text=5)),
    "entities object": (400, put(entities={})),
    "too many entities": (400, put(entities=[None] * 501)),
    "attachments word": (400, put(attachments="x")),
    "attachments of numbers": (400, put(attachments=[1])),
    "attachment address number": (400, put(attachments=[{"contentUrl": 1}])),
    "channelData word": (400, put(channelData="x")),
    "channelData tenant list": (400, put(channelData={"tenant": []})),
    "recipient list": (400, put(recipient=[])),
    "targeted word": (400, put(recipient={"id": "28:x", "isTargeted": "yes"})),
    "id object": (400, put(id={})),
    "id endless": (400, put(id="1" * 5000)),
    "name number": (400, put(name=1)),
    "timestamp number": (400, put(timestamp=1)),
    "replyToId list": (400, put(replyToId=[])),
    "members of words": (400, put(membersAdded=["x"])),
    "reactions object": (400, put(reactionsAdded={})),
    "serviceUrl number": (400, put(serviceUrl=7)),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_an_activity_that_cannot_be_is_refused(bot: Bot, name: str) -> None:
    status, change = REFUSED[name]
    token = bot.teams.issuer.mint(bot.teams.people.service_url)
    answer = await bot.teams.send(change(bot, message(bot)), token=token)

    assert answer.status == status
    assert bot.inbox.events == []


BODIES = {
    "empty": b"",
    "cut": b'{"type": "message"',
    "list": b"[]",
    "null": b"null",
    "word": b'"message"',
    "number": b"7",
    "not utf-8": b"\xff\xfe{}",
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "deep value": b'{"type":"message","conversation":{"id":"a"},"from":{"id":"b"},"value":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "endless number": b'{"type":' + b"9" * 6000 + b"}",
    "form": b"type=message",
    "xml": b"<message/>",
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_is_no_activity_is_refused(bot: Bot, name: str) -> None:
    token = bot.teams.issuer.mint(bot.teams.people.service_url)
    answer = await bot.teams.raw(BODIES[name], token)

    assert answer.status == 400
    assert bot.inbox.events == []


async def test_a_huge_body_is_refused(bot: Bot) -> None:
    token = bot.teams.issuer.mint(bot.teams.people.service_url)
    assert (await bot.teams.raw(b'{"a":"' + b"x" * (2 << 20) + b'"}', token)).status == 413


async def test_a_genuine_message_with_odd_fields_is_taken(bot: Bot) -> None:
    odd = message(
        bot, entities=[None, 5, {"type": "mention"}, {"type": "mention", "mentioned": None}], x={"y": 1}
    )
    assert (await bot.teams.send(odd | {"text": "a \x00 b 😀"})).status == 200
    assert (await bot.teams.send(message(bot, id="2", text=None, attachments=None))).status == 200


ADDRESSES = [
    "{canary}/emea/",
    "https://evil.example/",
    "https://smba.trafficmanager.net.evil.example/",
    "https://evil.example/smba.trafficmanager.net/",
    "https://evilsmba.trafficmanager.net.example/",
    "https://other.trafficmanager.net/",
    "https://evilbotframework.com/",
    "http://smba.trafficmanager.net/emea/",
    "https://smba.trafficmanager.net:8443/emea/",
    "https://smba.trafficmanager.net@evil.example/",
    "https://smba.trafficmanager.net:443@evil.example/",
    "https://smba.trafficmanager.net\\@evil.example/",
    "https://evil.example#smba.trafficmanager.net/",
    "https://evil.example?smba.trafficmanager.net/",
    "https://user:secret@smba.trafficmanager.net/",
    "//smba.trafficmanager.net/emea/",
    "https:smba.trafficmanager.net",
    "file:///etc/passwd",
    "ftp://smba.trafficmanager.net/",
    "https://169.254.169.254/",
    "https://[::ffff:169.254.169.254]/",
    "https://2852039166/",
    "http://localhost:1/",
    "javascript:alert(1)",
    "https://smba.trafficmanager.net%2eevil.example/",
    "https://smba.trafficmanager.net%00.evil.example/",
    "x",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_serviceurl_elsewhere_is_refused_even_when_signed(bot: Bot, address: str) -> None:
    url = address.format(canary=bot.teams.canary_url)
    answer = await bot.teams.send(message(bot, serviceUrl=url), token=bot.teams.issuer.mint(url))

    assert answer.status == 403
    assert bot.inbox.events == []


@pytest.mark.parametrize("address", ADDRESSES)
async def test_the_bots_token_never_goes_elsewhere(bot: Bot, address: str) -> None:
    """Not even for an event that was stored when another address was allowed."""
    await bot.teams.send(message(bot))
    stored = bot.inbox.events[0]
    reply = {**stored.reply, "service": address.format(canary=bot.teams.canary_url)}
    event = MessageReceived(id="1", thread=stored.thread, author=stored.author, at=0, reply=reply, text="x")

    with pytest.raises(PlatformGone):
        await bot.adapter.sink(event, FakeTurnHandle()).say(Reply(text="hi"))
    assert bot.teams.canary.seen == []


@pytest.mark.parametrize(
    "address",
    [
        "https://smba.trafficmanager.net/emea/",
        "https://smba.trafficmanager.net",
        "https://europe.smba.trafficmanager.net/x/",
        "https://smba.infra.gcc.teams.microsoft.com/",
        "https://SMBA.trafficmanager.net/emea/",
        "https://smba.infra.gov.teams.microsoft.us/",
    ],
)
async def test_teams_own_hosts_are_allowed(bot: Bot, address: str) -> None:
    answer = await bot.teams.send(message(bot, serviceUrl=address), token=bot.teams.issuer.mint(address))

    assert answer.status == 200


async def test_a_key_published_since_is_found(bot: Bot) -> None:
    await bot.teams.send(message(bot))
    bot.teams.issuer.rotate()
    taken = await bot.teams.send(message(bot, id="2"))

    assert taken.status == 200
    assert bot.teams.issuer.calls["keys"] == 2


async def test_a_key_set_of_microsofts_size_is_read_to_its_end(bot: Bot) -> None:
    certificates = {"x5c": ["MII" + "A" * 4_000]}
    others = [bot.teams.issuer.key.public() | certificates | {"kid": f"other-{n}"} for n in range(100)]
    bot.teams.issuer.published = [*others, bot.teams.issuer.key.public()]

    assert (await bot.teams.send(message(bot))).status == 200


async def test_unknown_keys_are_looked_up_once_a_minute_at_most(bot: Bot) -> None:
    forge = FORGERIES["unknown kid"]
    await bot.teams.send(message(bot))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(30):
            tasks.create_task(bot.teams.send(message(bot), token=forge(bot.teams)))

    assert bot.teams.issuer.calls["keys"] == 2


async def test_many_first_messages_fetch_the_keys_once(bot: Bot) -> None:
    async with asyncio.TaskGroup() as tasks:
        for number in range(20):
            tasks.create_task(bot.teams.send(message(bot, id=str(number))))

    assert len(bot.inbox.events) == 20
    assert (bot.teams.issuer.calls["metadata"], bot.teams.issuer.calls["keys"]) == (1, 1)


@pytest.mark.parametrize(
    "trouble", [Trouble(status=500), Trouble(garbage=True), Trouble(status=404)], ids=["500", "html", "404"]
)
@pytest.mark.parametrize("endpoint", ["metadata", "keys"])
async def test_without_any_keys_teams_is_asked_to_send_again(
    bot: Bot, endpoint: str, trouble: Trouble
) -> None:
    bot.teams.issuer.trouble[endpoint] = trouble
    assert (await bot.teams.send(message(bot))).status == 503
    assert bot.inbox.events == []


async def test_messages_that_wait_for_keys_together_fail_together(bot: Bot) -> None:
    bot.teams.issuer.trouble["metadata"] = Trouble(status=500, delay=0.2)
    async with asyncio.TaskGroup() as tasks:
        sent = [tasks.create_task(bot.teams.send(message(bot, id=str(number)))) for number in range(20)]

    assert {task.result().status for task in sent} == {503}
    assert bot.teams.issuer.calls["metadata"] == 1


async def test_known_keys_are_kept_when_no_new_ones_can_be_had(bot: Bot) -> None:
    await bot.teams.send(message(bot))
    bot.teams.issuer.trouble["keys"] = Trouble(status=500)
    forged = await bot.teams.send(message(bot), token=FORGERIES["unknown kid"](bot.teams))
    taken = await bot.teams.send(message(bot, id="2"))

    assert (forged.status, taken.status) == (401, 200)


async def test_a_hanging_key_server_holds_up_nobody_else(bot: Bot) -> None:
    bot.teams.issuer.trouble["metadata"] = Trouble(hang=True)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(bot.teams.send(message(bot)))
        await bot.teams.issuer.asked.wait()
        async with aiohttp.ClientSession() as http, http.get(f"{bot.url}/healthz") as response:
            alive = (response.status, waiting.done())
        waiting.cancel()

    assert alive == (200, False)


async def test_without_storage_teams_is_asked_to_send_again(bot: Bot) -> None:
    bot.inbox.down = True
    assert (await bot.teams.send(message(bot))).status == 503


async def test_playground_believes_this_machine_and_no_other() -> None:
    off = {"TEAMS_APP_ID": "", "TEAMS_APP_PASSWORD": "", "TEAMS_TENANT_ID": ""}
    async with bot_in_teams(TEAMS_PLAYGROUND="1", **off) as bot:
        here = await bot.teams.send(message(bot), token="")
        there = [
            (await bot.teams.send(message(bot, id=address, serviceUrl=address), token="")).status
            for address in (*ADDRESSES[1:], "https://smba.trafficmanager.net/emea/")
            if "localhost" not in address
        ]

    assert here.status == 200
    assert set(there) <= {400, 403}
    assert len(bot.inbox.events) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:8080"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "rebound.example"},
        {"Host": "rebound.example:3978"},
        {"Host": "127.0.0.1.evil.example"},
        {"X-Forwarded-For": "203.0.113.7"},
        {"X-Forwarded-Host": "tunnel.example"},
        {"Host": "localhost:1@rebound.example"},
        {"Via": "1.1 proxy"},
        {"True-Client-IP": "203.0.113.7"},
        {"CF-Ray": "1"},
    ],
    ids=str,
)
async def test_playground_hears_no_page_in_a_browser_and_no_tunnel(headers: dict[str, str]) -> None:
    """Any website could otherwise have the bot call whatever else runs on this machine."""
    off = {"TEAMS_APP_ID": "", "TEAMS_APP_PASSWORD": "", "TEAMS_TENANT_ID": ""}
    async with bot_in_teams(TEAMS_PLAYGROUND="1", **off) as bot, aiohttp.ClientSession() as http:
        body = json.dumps(message(bot))
        async with http.post(f"{bot.url}/api/messages", data=body, headers=headers) as answer:
            status = answer.status

    assert status == 403
    assert bot.inbox.events == []


async def test_playground_hears_nobody_through_a_plain_reverse_proxy() -> None:
    off = {"TEAMS_APP_ID": "", "TEAMS_APP_PASSWORD": "", "TEAMS_TENANT_ID": ""}
    async with (
        bot_in_teams(TEAMS_PLAYGROUND="1", **off) as bot,
        plain_proxy(bot.url.removeprefix("http://")) as outside,
        aiohttp.ClientSession() as http,
    ):
        body = json.dumps(message(bot))
        async with http.post(f"{outside}/api/messages", data=body) as answer:
            through = answer.status
        async with http.post(f"{bot.url}/api/messages", data=body) as answer:
            here = answer.status

    assert (through, here) == (403, 200)
    assert len(bot.inbox.events) == 1


async def test_playground_sends_no_token() -> None:
    off = {"TEAMS_APP_ID": "", "TEAMS_APP_PASSWORD": "", "TEAMS_TENANT_ID": ""}
    async with bot_in_teams(TEAMS_PLAYGROUND="1", **off) as bot:
        await bot.teams.send(message(bot), token="")
        with pytest.raises(Exception, match="401"):
            await bot.adapter.sink(bot.inbox.events[0], FakeTurnHandle()).say(Reply(text="hi"))

    assert {call.authorization for call in bot.teams.connector.calls} == {""}
    assert bot.teams.issuer.calls["token"] == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "", "example.com"])
def test_playground_refuses_to_start_where_others_can_reach_it(host: str) -> None:
    read = read_settings({"TEAMS_PLAYGROUND": "1"}).platform(TeamsSettings)
    assert read is not None

    with pytest.raises(SettingsError, match=r"HOST=127\.0\.0\.1"):
        setup.adapter(read, inbox=FakeInbox(), search=nothing_found, exchange=FakeExchange(), host=host)


async def test_all_tenants_are_served_only_when_that_is_said() -> None:
    async with bot_in_teams(TEAMS_TENANT_ID="", TEAMS_ALLOWED_TENANTS="*") as bot:
        foreign = tenants("foreign", "foreign")(bot, message(bot))
        assert (await bot.teams.send(foreign)).status == 200


PARTNER = "5d2a1b84-0000-4000-8000-0000000000f1"


async def test_partners_of_a_single_tenant_bot_may_ask_and_its_own_people_still_do() -> None:
    async with bot_in_teams(TEAMS_ALLOWED_TENANTS=PARTNER.upper()) as bot:
        own = await bot.teams.send(message(bot))
        partner = await bot.teams.send(tenants(PARTNER, PARTNER)(bot, message(bot, id="2")))
        stranger = await bot.teams.send(tenants("foreign", "foreign")(bot, message(bot, id="3")))

    assert (own.status, partner.status, stranger.status) == (200, 200, 403)
    assert [event.thread.workspace for event in bot.inbox.events] == [TENANT, PARTNER]


async def test_a_tenant_that_is_refused_is_named_in_the_log_once_a_minute_with_what_to_write(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(5):
        await bot.teams.send(tenants(PARTNER, PARTNER)(bot, message(bot, id=str(number))))

    (line,) = [one for one in caplog.records if one.getMessage() == "teams tenant not allowed"]
    assert vars(line)["tenant"] == PARTNER
    assert "TEAMS_ALLOWED_TENANTS" in vars(line)["remedy"]
    assert bot.teams.written() == []


async def test_any_number_of_refused_tenants_does_not_fill_the_log(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(50):
        await bot.teams.send(tenants(f"t{number}", f"t{number}")(bot, message(bot, id=str(number))))

    assert len([one for one in caplog.records if one.getMessage() == "teams tenant not allowed"]) == 20


async def test_the_refusal_says_nothing_and_leaks_nothing(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    token = FORGERIES["aud another"](bot.teams)
    answer = await bot.teams.send(message(bot, text="a secret"), token=token)

    assert answer.body == ""
    assert token not in caplog.text
    assert "a secret" not in caplog.text
    assert json.dumps(adapter_for(bot.teams).capabilities.mention)
