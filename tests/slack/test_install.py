"""Several workspaces: installing, keeping apart, exchanging tokens, leaving."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from multidict import CIMultiDictProxy
from yarl import URL

from adapters.slack.install.installations import Installation
from adapters.slack.install.oauth import COOKIE, LIFE, OAuthFlow
from bot.domain.errors import PlatformBusy, PlatformGone, StorageUnavailable
from bot.domain.events import WorkspaceLeft
from bot.domain.replies import Reply
from tests.doubles import FakeTurnHandle
from tests.slack.fake import events, oauth, reading
from tests.slack.fake.clock import Leap
from tests.slack.fake.world import Team
from tests.slack.places import Bot, bot_in_slack


@dataclass
class MemoryVault:
    """Keeps secrets in memory, with their end."""

    clock: Leap
    kept: dict[str, tuple[str, float]] = field(default_factory=dict)
    down: bool = False

    async def put(self, name: str, value: str, *, seconds: int | None = None) -> None:
        self._up()
        self.kept[name] = (value, self.clock.now() + seconds if seconds else float("inf"))

    async def get(self, name: str) -> str | None:
        self._up()
        value, until = self.kept.get(name, ("", 0.0))
        return value if self.clock.now() < until else None

    async def take(self, name: str) -> str | None:
        value = await self.get(name)
        self.kept.pop(name, None)
        return value

    async def delete(self, name: str) -> None:
        self._up()
        self.kept.pop(name, None)

    def _up(self) -> None:
        if self.down:
            raise StorageUnavailable("down")


@dataclass
class Starts:
    """A Budget that never fills again."""

    left: int = 60

    async def take(self, name: str, *, rate: float, burst: float, tokens: float = 1) -> float:
        self.left -= 1
        return 0.0 if self.left >= 0 else 1 / rate


@dataclass
class Company:
    """The bot for several workspaces. None has installed it yet."""

    bot: Bot
    secrets: MemoryVault
    clock: Leap

    async def get(
        self, path: str, *, cookie: str = "", **query: str
    ) -> tuple[int, CIMultiDictProxy[str], str]:
        url = URL(self.bot.url + path).with_query(query)
        headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
        async with self.bot.fake.session.get(url, headers=headers, allow_redirects=False) as answer:
            return answer.status, answer.headers, await answer.text()

    async def started(self) -> tuple[str, str]:
        """Follows the install link; the state Slack is given and the cookie the browser keeps."""
        status, headers, _ = await self.get("/slack/install")
        assert status == 302
        cookie = headers["Set-Cookie"].partition("=")[2].partition(";")[0]
        return URL(headers["Location"]).query["state"], cookie

    async def install(self, team: Team, *, rotates: bool = False) -> int:
        state, cookie = await self.started()
        code = oauth.issue_code(self.bot.fake.slack, team, "", rotates=rotates)
        status, _, _ = await self.get("/slack/oauth_redirect", cookie=cookie, state=state, code=code)
        return status

    async def say_hello(self, team: str, channel: str = "C1") -> int:
        slack = self.bot.fake.slack
        said = events.said(slack, slack.channels[channel], "U1", f"<@{slack.teams[team].bot_user}> hello")
        payload = events.envelope(slack, slack.teams[team], events.mention(slack, said))
        return (await self.bot.http.event(payload)).status


@asynccontextmanager
async def company(*, admitted: Collection[str] | None = ("*",)) -> AsyncGenerator[Company, None]:
    clock = Leap()
    secrets = MemoryVault(clock)

    def install(api_url: str) -> dict[str, Any]:
        made = OAuthFlow(
            client_id=oauth.CLIENT_ID,
            client_secret=oauth.CLIENT_SECRET,
            scopes="chat:write,commands",
            api_url=api_url,
            secrets=secrets,
            rate_limiter=Starts(),
            clock=clock,
            admitted=admitted,
        )
        return {"oauth": made, "bot_token": ""}

    async with bot_in_slack(clock=clock, also=install) as bot:
        yield Company(bot, secrets, clock)


@pytest.fixture
async def several() -> AsyncGenerator[Company, None]:
    async with company() as made:
        yield made


async def test_a_workspace_that_installed_is_heard_and_answered(several: Company) -> None:
    slack = several.bot.fake.slack
    assert await several.say_hello("T1") == 200
    assert several.bot.inbox.events == []

    assert await several.install(slack.teams["T1"]) == 200
    assert await several.say_hello("T1") == 200
    (event,) = several.bot.inbox.events
    await several.bot.adapter.sink(event, FakeTurnHandle()).say(Reply(text="Hello."))
    assert [reading.text(one) for one in slack.channels["C1"].messages.values() if one.bot_id] == ["Hello."]


async def test_only_workspaces_the_operator_names_may_install() -> None:
    """Otherwise anybody who finds the link puts their own workspace on the operator's bill."""
    async with company(admitted=["T2", "E1"]) as several:
        slack = several.bot.fake.slack
        slack.add_team("T2", token="xoxb-2")
        slack.add_team("T3", token="xoxb-3", enterprise="E1")
        slack.add_team("T4", token="xoxb-4", enterprise="E4")
        teams = [slack.teams[name] for name in ("T1", "T2", "T3", "T4")]

        assert [await several.install(team) for team in teams] == [403, 200, 200, 403]
        assert await several.say_hello("T1") == 200
        assert several.bot.inbox.events == []


async def test_as_long_as_no_workspace_is_named_nobody_can_install() -> None:
    for admitted in (None, ()):
        async with company(admitted=admitted) as several:
            status, headers, said = await several.get("/slack/install")

            assert (status, "Location" in headers) == (403, False)
            assert "Nobody can install Switchboard here yet" in said
            assert "installs = [&quot;T0123&quot;] under [policy]" in said
            assert several.secrets.kept == {}


async def test_who_is_turned_away_reads_why_and_keeps_no_bot() -> None:
    async with company(admitted=["T2"]) as several:
        slack = several.bot.fake.slack
        before = set(slack.tokens)
        state, cookie = await several.started()
        code = oauth.issue_code(slack, slack.teams["T1"], "")
        status, _, said = await several.get("/slack/oauth_redirect", cookie=cookie, state=state, code=code)

        assert status == 403
        assert "add &quot;T1&quot; to installs under [policy]" in said
        assert [token.revoked for name, token in slack.tokens.items() if name not in before] == [True]
        assert [name for name in several.secrets.kept if name.startswith("slack-install")] == []


async def test_what_was_installed_goes_on_working_while_no_workspace_is_named() -> None:
    async with company() as several:
        await several.install(several.bot.fake.slack.teams["T1"])
        kept = dict(several.secrets.kept)
    async with company(admitted=None) as several:
        several.secrets.kept.update(kept)

        assert await several.say_hello("T1") == 200
        assert len(several.bot.inbox.events) == 1


async def test_a_workspace_that_is_not_admitted_any_more_is_not_heard() -> None:
    async with company() as several:
        await several.install(several.bot.fake.slack.teams["T1"])
        kept = dict(several.secrets.kept)
    async with company(admitted=[]) as several:
        several.secrets.kept.update(kept)

        assert await several.say_hello("T1") == 200
        assert several.bot.inbox.events == []


async def test_the_state_is_random_and_bound_to_the_browser(several: Company) -> None:
    status, headers, _ = await several.get("/slack/install")
    again, _ = await several.started()
    location = URL(headers["Location"])

    assert status == 302
    assert str(location.origin()) == several.bot.fake.origin
    assert location.path == "/oauth/v2/authorize"
    assert location.query["client_id"] == oauth.CLIENT_ID
    assert location.query["scope"] == "chat:write,commands"
    assert location.query["state"] != again
    assert len(again) >= 40
    for claim in ("HttpOnly", "Secure", "SameSite=Lax", f"Max-Age={LIFE}", "Path=/slack"):
        assert claim in headers["Set-Cookie"]


@pytest.mark.parametrize(
    "spoil",
    [
        {"state": ""},
        {"state": "x" * 43},
        {"cookie": ""},
        {"cookie": "y" * 43},
        {"state": "x" * 10_000},
        {"code": ""},
        {"code": "never issued"},
        {"code": "z" * 5_000},
    ],
    ids=[
        "no state",
        "another state",
        "no cookie",
        "another cookie",
        "long state",
        "no code",
        "wrong code",
        "long code",
    ],
)
async def test_a_callback_that_is_not_ours_installs_nothing(several: Company, spoil: dict[str, str]) -> None:
    state, cookie = await several.started()
    code = oauth.issue_code(several.bot.fake.slack, several.bot.fake.slack.teams["T1"], "")
    brought = {"state": state, "cookie": cookie, "code": code} | spoil
    status, _, _ = await several.get("/slack/oauth_redirect", **brought)

    assert status == 400
    assert [name for name in several.secrets.kept if name.startswith("slack-install")] == []


async def test_nobody_can_fill_the_storage_by_starting_installations(several: Company) -> None:
    statuses = [(await several.get("/slack/install"))[0] for _ in range(70)]

    assert statuses == [302] * 60 + [429] * 10
    assert len(several.secrets.kept) == 60


async def test_a_state_works_once(several: Company) -> None:
    slack = several.bot.fake.slack
    state, cookie = await several.started()
    statuses = []
    for _ in range(2):
        code = oauth.issue_code(slack, slack.teams["T1"], "")
        statuses.append(
            (await several.get("/slack/oauth_redirect", cookie=cookie, state=state, code=code))[0]
        )

    assert statuses == [200, 400]


async def test_a_state_lasts_ten_minutes(several: Company) -> None:
    slack = several.bot.fake.slack
    state, cookie = await several.started()
    several.clock.advance(601)
    code = oauth.issue_code(slack, slack.teams["T1"], "")

    assert (await several.get("/slack/oauth_redirect", cookie=cookie, state=state, code=code))[0] == 400


async def test_saying_no_changes_nothing(several: Company) -> None:
    state, cookie = await several.started()
    status, headers, text = await several.get(
        "/slack/oauth_redirect", cookie=cookie, state=state, error="access_denied<script>"
    )

    assert status == 200
    assert "not installed" in text
    assert "script" not in text
    assert "default-src 'none'" in headers["Content-Security-Policy"]


async def test_without_storage_an_installation_is_asked_to_wait(several: Company) -> None:
    state, cookie = await several.started()
    several.secrets.down = True

    assert (await several.get("/slack/install"))[0] == 503
    assert (await several.get("/slack/oauth_redirect", cookie=cookie, state=state, code="x"))[0] == 503
    assert await several.say_hello("T1") == 503


async def test_the_same_ids_in_two_workspaces_never_mix(several: Company) -> None:
    slack = several.bot.fake.slack
    second = slack.add_team("T2", token="xoxb-2")
    await several.install(slack.teams["T1"])
    await several.install(second)
    said = events.said(slack, slack.channels["C1"], "U1", "hello")
    event = events.message(slack, said) | {"channel_type": "im"}
    for team in (slack.teams["T1"], second):
        await several.bot.http.event(events.envelope(slack, team, event))

    first, other = several.bot.inbox.events
    assert first.thread != other.thread
    assert {first.thread.workspace, other.thread.workspace} == {"T1", "T2"}


async def test_a_colleague_in_one_organisation_is_a_stranger_in_another(several: Company) -> None:
    slack = several.bot.fake.slack
    first, second = (slack.add_team(f"T{n}", token=f"xoxb-{n}", enterprise=f"E{n}") for n in (5, 6))
    slack.people["U7"] = {"id": "U7", "enterprise_user": {"enterprise_id": "E5"}}
    button = {"type": "button", "action_id": "again.0", "value": "turn-1", "text": "Regenerate"}
    for team in (first, second):
        await several.install(team)
        press = events.pressed(slack, team, "U7", on=None, element=button)
        press["user"]["team_id"] = "T7"
        assert (await several.bot.http.interaction(press)).status == 200

    assert [event.thread.workspace for event in several.bot.inbox.events] == ["T5"]


async def test_an_organisation_wide_installation_serves_its_workspaces(several: Company) -> None:
    slack = several.bot.fake.slack
    whole = slack.add_team("T5", token="xoxb-5", enterprise="E1", org_wide=True)
    slack.add_channel("C5", "T5")
    await several.install(whole)
    await several.say_hello("T5", "C5")

    (event,) = several.bot.inbox.events
    assert event.thread.workspace == "E1"
    await several.bot.adapter.sink(event, FakeTurnHandle()).say(Reply(text="Hello."))
    assert [reading.text(one) for one in slack.channels["C5"].messages.values() if one.bot_id] == ["Hello."]


@pytest.mark.parametrize(
    "event", [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"bot": ["U"]}}]
)
async def test_a_workspace_that_leaves_is_forgotten_at_once(several: Company, event: dict[str, Any]) -> None:
    slack = several.bot.fake.slack
    await several.install(slack.teams["T1"])
    await several.say_hello("T1")
    heard = several.bot.inbox.events[-1]
    await several.bot.http.event(events.envelope(slack, slack.teams["T1"], event))
    left = several.bot.inbox.events[-1]
    await several.say_hello("T1")

    assert isinstance(left, WorkspaceLeft)
    assert several.bot.inbox.events[-1] is left
    assert [name for name in several.secrets.kept if name.startswith("slack-install")] == []
    with pytest.raises(PlatformGone):
        await several.bot.adapter.sink(heard, FakeTurnHandle()).say(Reply(text="Too late."))


async def test_a_token_is_exchanged_before_it_ends_and_only_once(several: Company) -> None:
    slack = several.bot.fake.slack
    await several.install(slack.teams["T1"], rotates=True)
    first = Installation.read(several.secrets.kept["slack-install:T1"][0])
    several.clock.advance(43_200 - 3_600)
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(several.say_hello("T1"))
    second = Installation.read(several.secrets.kept["slack-install:T1"][0])
    several.clock.advance(3_600)
    await several.bot.adapter.sink(several.bot.inbox.events[0], FakeTurnHandle()).say(Reply(text="Hello."))

    exchanges = [call for call in slack.calls if call.args.get("grant_type") == "refresh_token"]
    assert second.token != first.token
    assert (second.bot, second.user) == (first.bot, first.user)
    assert len(exchanges) == 1
    assert len(several.bot.inbox.events) == 5


async def test_a_token_that_was_replaced_elsewhere_is_looked_up_again(several: Company) -> None:
    slack = several.bot.fake.slack
    await several.install(slack.teams["T1"])
    await several.say_hello("T1")
    (event,) = several.bot.inbox.events
    before = Installation.read(several.secrets.kept["slack-install:T1"][0])
    slack.tokens[before.token].revoked = True
    several.secrets.kept["slack-install:T1"] = (replace(before, token="xoxb-1").written(), float("inf"))
    turn_handle = FakeTurnHandle()
    with pytest.raises(PlatformBusy):
        await several.bot.adapter.sink(event, turn_handle).say(Reply(text="Hello."))
    await several.bot.adapter.sink(event, turn_handle.next_attempt()).say(Reply(text="Hello."))

    assert [reading.text(one) for one in slack.channels["C1"].messages.values() if one.bot_id] == ["Hello."]


async def test_looking_up_who_we_are_costs_little(several: Company) -> None:
    await several.install(several.bot.fake.slack.teams["T1"])
    looked: list[str] = []
    real = several.secrets.get

    async def counted(name: str) -> str | None:
        looked.append(name)
        return await real(name)

    several.secrets.get = counted  # type: ignore[method-assign]  # counts what storage is asked
    for _ in range(10):
        await several.say_hello("T1")

    assert looked == ["slack-install:T1"]
