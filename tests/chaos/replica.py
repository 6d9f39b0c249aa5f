"""One process of Switchboard as chaos runs it: everything `switchboard run` starts, with a shorter lease."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot import app
from bot.app import read_settings
from bot.serving.metrics import Metrics
from bot.serving.process import Listeners, ShutdownSignals, serve
from bot.storage.open import StorageOptions, open_storage

NOWHERE = Path("/nonexistent")  # no .env and no switchboard.toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """What a process needs to know. `environment` holds the platform's settings, as an operator would write them."""

    redis_url: str
    prefix: str
    lease: float
    port: int
    environment: Mapping[str, str]


def run(replica: Replica) -> None:
    """Runs until it is killed."""
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(_run(replica))


async def _run(replica: Replica) -> None:
    said = read_settings(
        {**replica.environment, "PORT": str(replica.port), "ADMIN_PORT": "0"}, folder=NOWHERE
    )
    terms = StorageOptions(prefix=replica.prefix, lease=replica.lease)
    metrics = Metrics()
    async with open_storage(replica.redis_url, terms) as store, app.vendors(said) as models:
        await serve(
            app.service(said, store, models, metrics),
            listeners=Listeners(
                host=said.host, port=said.port, admin_host=said.admin_host, admin_port=said.admin_port
            ),
            metrics=metrics,
            drain_seconds=0,
            stopping=ShutdownSignals(),
            announce=lambda _opened: None,
        )
