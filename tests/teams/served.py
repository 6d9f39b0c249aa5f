"""The adapter behind a real listener, with the fake on the other side."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.teams.adapter import TeamsAdapter
from bot.serving.connections import ConnectionLimits
from bot.serving.listeners import listen, public_app
from tests.doubles import FakeExchange, FakeInbox
from tests.teams.fake import FakeTeams
from tests.teams.place import adapter_for


@dataclass(frozen=True, kw_only=True)
class Bot:
    """What runs: where it listens, what it heard, whom it talks to."""

    adapter: TeamsAdapter
    inbox: FakeInbox
    teams: FakeTeams
    exchange: FakeExchange
    url: str


@asynccontextmanager
async def bot_in_teams(external: bool = False, guests: bool = True, /, **settings: str) -> AsyncIterator[Bot]:
    """A bot that a fake delivers to. `external` and `guests` are policy, `settings` replace what the fake's environment says."""
    inbox, exchange, limits = FakeInbox(), FakeExchange(), ConnectionLimits()
    async with FakeTeams(patience=10) as teams:
        adapter = adapter_for(teams, inbox, external, None, guests, exchange, **settings)
        app = public_app(adapter.routes(), limits=limits)
        async with (
            adapter.running(),
            listen(app, host="127.0.0.1", port=0, variable="PORT", limits=limits) as port,
        ):
            teams.bot_url = f"http://127.0.0.1:{port}"
            yield Bot(adapter=adapter, inbox=inbox, teams=teams, exchange=exchange, url=teams.bot_url)
