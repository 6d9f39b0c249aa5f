"""The whole fake on one loopback port."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Self

import aiohttp
from aiohttp import web

from bot.delivery.pacing import Clock
from tests.slack.fake.api import Api
from tests.slack.fake.delivery import Http
from tests.slack.fake.socket import Sockets
from tests.slack.fake.world import Slack, Token

SECRET, APP_TOKEN = "signing-secret", "xapp-1"


class FakeSlack:
    """A running Slack: `slack` is the world, `api` the Web API, `sockets` Socket Mode."""

    def __init__(self, *, clock: Clock, seed: int, limits: bool, session: aiohttp.ClientSession) -> None:
        self.slack = Slack(clock=clock, seed=seed, limits=limits)
        self.slack.tokens[APP_TOKEN] = Token(team="")
        self.api = Api(self.slack)
        self.sockets = Sockets(self.slack, self.api.sockets)
        self.session = session
        self.origin = ""

    @classmethod
    @asynccontextmanager
    async def made(cls, *, clock: Clock, seed: int = 0, limits: bool = True) -> AsyncGenerator[Self, None]:
        """One that is not served yet."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            yield cls(clock=clock, seed=seed, limits=limits, session=session)

    @property
    def api_url(self) -> str:
        """What SLACK_API_URL is set to."""
        return f"{self.origin}/api/"

    def at(self, origin: str) -> None:
        self.origin = self.api.origin = self.sockets.origin = origin

    def http(self, url: str, secret: str = SECRET) -> Http:
        """Delivery to a bot's request URL."""
        return Http(self.slack, url=url, secret=secret, session=self.session, origin=self.origin)

    def application(self) -> web.Application:
        app = web.Application(client_max_size=64 << 20)
        app.add_routes([*self.api.routes(), *self.sockets.routes()])
        return app


@asynccontextmanager
async def serving(fake: FakeSlack, app: web.Application, *, port: int = 0) -> AsyncGenerator[None, None]:
    """Answers on a loopback port, any free one unless told."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        host, bound = runner.addresses[0][:2]
        fake.at(f"http://{host}:{bound}")
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def fake_slack(*, clock: Clock, seed: int = 0, limits: bool = True) -> AsyncGenerator[FakeSlack, None]:
    """A running fake."""
    async with (
        FakeSlack.made(clock=clock, seed=seed, limits=limits) as fake,
        serving(fake, fake.application()),
    ):
        yield fake
