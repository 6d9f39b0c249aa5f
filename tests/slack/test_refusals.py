"""Slack refuses the bot, for now: nothing that was accepted is dropped, and the operator reads what mends it."""

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.web_errors import said
from bot.domain.errors import PlatformError, PlatformGone, PlatformRefused
from bot.domain.replies import Reply
from bot.domain.stream_parts import ShownPart, Status, Text
from tests.contracts.sinks import DONE
from tests.doubles import FakeTurnHandle
from tests.slack.fake import reading
from tests.slack.office import TOKEN, Office, office
from tests.slack.places import SlackPlace, bot_in_slack


def refusal(method: str, code: str, **more: str) -> PlatformError:
    """What the bot makes of an answer of Slack's."""
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url=f"https://slack.com/api/{method}",
        req_args={},
        data={"ok": False, "error": code, **more},
        headers={},
        status_code=200,
    )
    return said(method, SlackApiError("refused", response))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        *((code, "copy SLACK_BOT_TOKEN") for code in ("invalid_auth", "not_authed", "token_revoked")),
        *((code, "copy SLACK_BOT_TOKEN") for code in ("token_expired", "account_inactive")),
        ("not_allowed_token_type", "copy SLACK_BOT_TOKEN"),
        *((code, "an administrator") for code in ("ekm_access_denied", "enterprise_is_restricted")),
        ("org_login_required", "an administrator"),
        ("missing_scope", "lacks chat:write"),
        ("no_permission", "install the app again"),
    ],
)
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "chat.postEphemeral"])
def test_what_may_be_allowed_again_is_waited_for(method: str, code: str, remedy: str) -> None:
    error = refusal(method, code, **({"needed": "chat:write"} if code == "missing_scope" else {}))

    assert isinstance(error, PlatformRefused)
    assert remedy in error.remedy
    assert code in error.remedy
    assert error.retry_after is None


@pytest.mark.parametrize(
    "code",
    [
        *("channel_not_found", "not_in_channel", "is_archived", "user_not_found", "thread_not_found"),
        *("user_not_in_channel", "restricted_action", "messages_tab_disabled", "team_access_not_granted"),
    ],
)
def test_what_is_gone_is_not_waited_for(code: str) -> None:
    assert isinstance(refusal("chat.postMessage", code), PlatformGone)


@pytest.mark.parametrize("method", ["conversations.replies", "agents.sessions.setStatus", "users.info"])
def test_a_scope_that_only_an_extra_needs_holds_nothing_up(method: str) -> None:
    assert not isinstance(refusal(method, "missing_scope"), PlatformRefused)


async def test_while_the_token_is_refused_the_answer_is_read_to_its_end() -> None:
    """So that it is stored, and the model is not asked again when it is shown. Streams are not given up for it."""
    async with bot_in_slack() as bot:
        place = SlackPlace(bot)
        await place.enter()
        token = bot.fake.slack.tokens["xoxb-1"]
        read: list[ShownPart] = []

        async def watched() -> AsyncGenerator[ShownPart, None]:
            yield Status("demo is thinking")
            for number in range(40):
                await bot.fake.slack.clock.sleep(1.0)
                yield Text(f"Sentence {number}. ")
            read.append(DONE)
            yield DONE

        await place.sink(FakeTurnHandle()).say(Reply(text="The token is known to work."))
        token.revoked = True
        with pytest.raises(PlatformRefused):
            await place.sink(FakeTurnHandle()).show(watched())
        assert len(read) == 1
        with pytest.raises(PlatformRefused):
            await place.sink(FakeTurnHandle()).say(Reply(text="hi"))
        token.revoked = False
        await place.sink(FakeTurnHandle()).show(watched())

        methods = [call.method for call in bot.fake.slack.calls]
        assert methods.count("chat.startStream") == 1


WELL = '{"ready": true, "reasons": [], "warnings": []}'


async def readyz(at: Office) -> tuple[int, str]:
    async with aiohttp.ClientSession() as client, client.get(f"{at.product.admin}/readyz") as got:
        return got.status, await got.text()


async def numbers(at: Office) -> str:
    async with aiohttp.ClientSession() as client, client.get(f"{at.product.admin}/metrics") as got:
        return await got.text()


async def shows(at: Office, words: str) -> tuple[int, str]:
    """Waits until /readyz says it."""
    async with asyncio.timeout(20):
        while words not in (found := await readyz(at))[1]:  # noqa: ASYNC110 - another process says it
            await asyncio.sleep(0.05)
    return found


def revoke(at: Office, refused: bool) -> None:
    at.slack.tokens[TOKEN].revoked = refused


def take_scope(at: Office, refused: bool) -> None:
    token = at.slack.tokens[TOKEN]
    scopes = token.scopes - {"chat:write"} if refused else token.scopes | {"chat:write"}
    at.slack.tokens[TOKEN] = replace(token, scopes=scopes)


@pytest.mark.parametrize(
    ("refuse", "remedy"),
    [
        pytest.param(revoke, "copy SLACK_BOT_TOKEN from OAuth & Permissions", id="token"),
        pytest.param(take_scope, "lacks chat:write", id="scope"),
    ],
)
async def test_nothing_that_was_accepted_is_dropped_while_slack_refuses_the_bot(
    tmp_path: Path, refuse: object, remedy: str
) -> None:
    assert callable(refuse)
    async with office(tmp_path, limits=False) as at:
        first = await at.say(f"<@{at.team.bot_user}> hello")
        await at.answered(first.ts)
        assert await readyz(at) == (200, WELL)
        refuse(at, True)
        asked = [await at.say(f"<@{at.team.bot_user}> question {number}") for number in range(5)]
        status, text = await shows(at, "waiting conversations: 5")
        refused = await numbers(at)
        refuse(at, False)
        answers = [await at.answered(one.ts) for one in asked]
        async with asyncio.timeout(20):
            while await readyz(at) != (200, WELL):  # noqa: ASYNC110 - another process says it
                await asyncio.sleep(0.05)
        mended = await numbers(at)

        assert status == 200
        assert text.startswith('{"ready": true')
        assert remedy in text
        assert [len(found) for found in answers] == [1] * 5
        assert all(f"question {number}" in reading.text(found[0]) for number, found in enumerate(answers))
        assert 'platform_refused{platform="slack"} 5' in refused
        assert re.search(r'platform_refused_total\{platform="slack",code="\w+"\} \d+', refused)
        assert 'platform_refused{platform="slack"} 0' in mended
        assert at.product.log.count("a platform refuses the bot") == 1
        assert remedy in at.product.log
