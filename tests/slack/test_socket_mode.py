"""Socket Mode says when nothing is heard: in the log, in the metrics, in what readiness reads; and it comes back."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable

import pytest

from bot.serving.metrics import Metrics
from tests.slack.fake import events
from tests.slack.fake.clock import Leap
from tests.slack.places import Bot, bot_in_slack

PATIENCE = 20.0  # seconds


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def bot(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> AsyncGenerator[Bot, None]:
    caplog.set_level(logging.INFO, "adapters.slack.inbound.socket_mode")
    async with bot_in_slack(socket=True, clock=Leap(), meter=metrics) as bot:
        await bot.fake.sockets.connected()
        yield bot


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if "socket" in record.message]


def up(metrics: Metrics) -> bool:
    return 'platform_connected{platform="slack"} 1' in metrics.text()


async def until(claim: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not claim():  # noqa: ASYNC110 - a log has no event to wait for
            await asyncio.sleep(0.02)


async def is_heard(bot: Bot) -> bool:
    slack = bot.fake.slack
    said = events.said(slack, slack.channels["D1"], "U1", f"hello {slack.next_ts()}")
    payload = events.envelope(slack, slack.teams["T1"], events.message(slack, said))
    return await bot.fake.sockets.deliver("events_api", payload) is not None


async def test_a_connection_that_breaks_is_made_again_and_nothing_is_lost(
    bot: Bot, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    await until(lambda: up(metrics))
    bot.fake.sockets.drop()

    assert await is_heard(bot)
    assert bot.adapter.troubles() == ()


async def test_a_revoked_token_is_said_once_and_makes_the_process_unready(
    bot: Bot, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    clock = bot.fake.slack.clock
    assert isinstance(clock, Leap)
    await until(lambda: up(metrics))
    bot.fake.api.refuses["apps.connections.open"] = "invalid_auth"
    bot.fake.sockets.drop()
    await until(lambda: bool(told(caplog)))
    clock.advance(20)
    soon = bot.adapter.troubles()
    clock.advance(20)
    (trouble,) = bot.adapter.troubles()

    assert soon == ()
    assert told(caplog) == ["slack socket lost: nothing is heard"]
    assert not up(metrics)
    assert trouble.stops
    assert "invalid_auth" in trouble.what
    assert "SLACK_APP_TOKEN" in trouble.remedy

    del bot.fake.api.refuses["apps.connections.open"]
    await until(lambda: up(metrics))

    assert told(caplog)[-1] == "slack socket is back"
    assert bot.adapter.troubles() == ()
    assert await is_heard(bot)


async def test_what_slack_asks_to_renew_is_renewed_without_alarm(
    bot: Bot, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    first = bot.fake.sockets.connections[0]
    await bot.fake.sockets.disconnect()
    await until(lambda: bool(bot.fake.sockets.connections) and bot.fake.sockets.connections[0] is not first)

    assert await is_heard(bot)
    assert told(caplog) == []


async def test_over_http_there_is_no_socket_to_lose() -> None:
    async with bot_in_slack() as bot:
        assert bot.adapter.troubles() == ()
