"""One process of Switchboard as chaos runs it: a platform's door, the core with the demo model, a worker."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.answering import Answers
from bot.attachments import Attachments
from bot.catalog import Catalog, Model
from bot.commands import Commands
from bot.comparing import Comparison
from bot.config import Policy
from bot.conversation import Conversation
from bot.limits import Limits as People
from bot.models.pricing import Corrections, Prices
from bot.picking import Picker
from bot.ports import Adapter, Inbox
from bot.router import Relay
from bot.serving.connections import Limits as DoorLimits
from bot.serving.listeners import listening, public
from bot.storage.opening import Storage, Terms, open_storage
from bot.worker import Limits, Worker
from providers.demo import Demo

CRASHES = 10_000  # so many crashes over one message are the very point here


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """What a process needs to know. `adapters` makes the platforms' adapters; it must be importable by name."""

    redis_url: str
    prefix: str
    lease: float
    port: int
    adapters: Callable[[Inbox, Mapping[str, str]], Sequence[Adapter]]
    settings: Mapping[str, str]
    pause: float  # seconds between two words of an answer


def serve(replica: Replica) -> None:
    """Runs until it is killed."""
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(_serve(replica))


async def _serve(replica: Replica) -> None:
    terms = Terms(prefix=replica.prefix, lease=replica.lease)
    async with open_storage(replica.redis_url, terms) as storage:
        adapters = replica.adapters(storage.inbox, replica.settings)
        core = conversation(storage, adapters, pause=replica.pause)
        worker = Worker(
            leases=storage.leases,
            handle=core.handle,
            apologise=core.apologise,
            limits=Limits(crashes=CRASHES),
        )
        limits = DoorLimits()
        door = public([route for adapter in adapters for route in adapter.routes()], limits=limits)
        async with asyncio.TaskGroup() as group:
            for adapter in adapters:
                group.create_task(_hold(adapter))
            async with listening(door, host="127.0.0.1", port=replica.port, variable="PORT", limits=limits):
                await worker.run()


async def _hold(adapter: Adapter) -> None:
    async with adapter.running():
        await asyncio.Event().wait()


def conversation(storage: Storage, adapters: Sequence[Adapter], *, pause: float) -> Conversation:
    by_name = {adapter.platform: adapter for adapter in adapters}
    catalog = Catalog([Model(name="demo", provider="demo", model="demo", context=32_000)], default="demo")
    prices = Prices({"demo": None})
    relay = Relay(providers={"demo": Demo(pause=pause)}, health=storage.health)
    picker = Picker(catalog=catalog, choices=storage.choices, health=storage.health, prices=prices)
    answers = Answers(
        catalog=catalog,
        relay=relay,
        attachments=Attachments(adapters=by_name),
        prices=prices,
        corrections=Corrections(),
    )
    policy = Policy()
    return Conversation(
        adapters=by_name,
        catalog=catalog,
        answers=answers,
        comparison=Comparison(catalog=catalog, relay=relay, answers=answers, prices=prices),
        commands=Commands(
            catalog=catalog, picker=picker, ledger=storage.ledger, choices=storage.choices, policy=policy
        ),
        picker=picker,
        limits=People(ledger=storage.ledger, budget=storage.budget),
        memory=storage.memory,
        policy=policy,
    )
