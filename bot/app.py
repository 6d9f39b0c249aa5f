"""The composition root: the one place that sees the core, the chat platforms and the model vendors together.

Everything is built here and handed what it needs. A platform is one row of PLATFORMS; what is not switched on is
not even imported.
"""

import logging
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import cast

from pydantic import SecretStr

from bot.answering import Answers
from bot.attachments import Attachments
from bot.commands import Commands
from bot.comparing import Comparison
from bot.conversation import Conversation
from bot.embedded import embedded_server
from bot.errors import SettingsError, StorageUnavailable
from bot.limits import Limits
from bot.models.discovery import Discovery
from bot.models.listing import render_models
from bot.models.pricing import Corrections, Prices
from bot.picking import Picker
from bot.ports import Active, Adapter, Health, Inbox
from bot.router import Relay
from bot.serving import startpage
from bot.serving.connections import make_room_for_files
from bot.serving.measured import MeasuredHealth, MeasuredInbox, MeasuredLeases
from bot.serving.metrics import Meter, Metrics
from bot.serving.process import Doors, Service, Stopping, beside, serve
from bot.settings import Settings, Slack
from bot.storage.opening import Storage, Terms, open_storage
from bot.worker import Worker
from providers import connections
from providers.check import Light, Verdict
from providers.check import check as verdicts
from providers.entra import Identity
from providers.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What adapters stand on."""

    settings: Settings
    storage: Storage
    inbox: Inbox
    active: Active
    meter: Meter


@dataclass(frozen=True, slots=True)
class Platform:
    """One chat platform: where its code is, when it is on, and how its adapter is made."""

    name: str
    module: str
    wanted: Callable[[Settings], bool]
    make: Callable[[ModuleType, Ground], Adapter]


def _slack(module: ModuleType, ground: Ground) -> Adapter:
    said = cast(Slack, ground.settings.slack)
    store = ground.storage
    adapter: Adapter = module.adapter(
        said,
        inbox=ground.inbox,
        vault=store.vault,
        budget=store.budget,
        meter=ground.meter,
        external=ground.settings.file.policy.external,
    )
    return adapter


def _teams(module: ModuleType, ground: Ground) -> Adapter:
    said = ground.settings
    adapter: Adapter = module.adapter(said.teams, inbox=ground.inbox, host=said.host, meter=ground.meter)
    return adapter


def _web(module: ModuleType, ground: Ground) -> Adapter:
    store = ground.storage
    adapter: Adapter = module.WebAdapter(
        inbox=ground.inbox,
        board=store.board,
        memory=store.memory,
        active=ground.active,
        served=ground.settings.page,
    )
    return adapter


PLATFORMS = (
    Platform("slack", "adapters.slack.setup", wanted=lambda said: said.slack is not None, make=_slack),
    Platform("teams", "adapters.teams.setup", wanted=lambda said: said.teams is not None, make=_teams),
    Platform("web", "adapters.web.adapter", wanted=lambda said: True, make=_web),
)


def plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendors:
    """Who can be asked, what they offer, and what that costs."""

    connections: connections.Connections
    prices: Prices
    discovery: Discovery


@asynccontextmanager
async def vendors(settings: Settings) -> AsyncIterator[Vendors]:
    """Raises SettingsError for a provider or a model of the file that cannot be."""
    async with Transport() as transport, aclosing(Identity()) as identity:
        plugged = connections.Switchboard(
            transport=transport,
            identity=identity,
            vendors=settings.vendors,
            foundry=settings.foundry,
            keys=settings.keys,
        ).connect(settings.file)
        prices = Prices(plugged.markets)
        discovery = Discovery(
            file=settings.file, sources=plugged.sources, providers=plugged.providers, prices=prices
        )
        yield Vendors(connections=plugged, prices=prices, discovery=discovery)


@asynccontextmanager
async def storage(settings: Settings) -> AsyncIterator[Storage]:
    """The Redis of REDIS_URL, or the server that comes along."""
    terms = Terms(encryption_keys=plain(settings.encryption_key))
    if settings.redis_url:
        async with open_storage(settings.redis_url.get_secret_value(), terms) as opened:
            yield opened
    else:
        async with embedded_server(settings.data_dir) as url, open_storage(url, terms) as opened:
            yield opened


def service(settings: Settings, store: Storage, models: Vendors, metrics: Metrics) -> Service:
    """Puts the core together around the storage, the platforms and the models."""
    catalog, policy, prices = models.discovery.catalog, settings.file.policy, models.prices
    health: Health = MeasuredHealth(store.health, meter=metrics)
    picker = Picker(catalog=catalog, choices=store.choices, health=health, prices=prices)
    commands = Commands(
        catalog=catalog, picker=picker, ledger=store.ledger, choices=store.choices, policy=policy
    )
    ground = Ground(
        settings=settings,
        storage=store,
        inbox=MeasuredInbox(store.inbox, meter=metrics),
        active=commands.standing,
        meter=metrics,
    )
    adapters = platforms(ground)
    relay = Relay(providers=models.connections.providers, health=health)
    answers = Answers(
        catalog=catalog,
        relay=relay,
        attachments=Attachments(adapters=adapters),
        prices=prices,
        corrections=Corrections(),
    )
    conversation = Conversation(
        adapters=adapters,
        catalog=catalog,
        answers=answers,
        comparison=Comparison(catalog=catalog, relay=relay, answers=answers, prices=prices),
        commands=commands,
        picker=picker,
        limits=Limits(ledger=store.ledger, budget=store.budget),
        memory=store.memory,
        policy=policy,
    )
    worker = Worker(
        leases=MeasuredLeases(store.leases, meter=metrics),
        handle=conversation.handle,
        apologise=conversation.apologise,
    )
    return Service(
        adapters=list(adapters.values()),
        work=worker,
        ready=lambda: ready(store),
        background=(models.discovery.run, store.health.run),
    )


def platforms(ground: Ground) -> Mapping[str, Adapter]:
    """The adapters of everything that is switched on."""
    found = {}
    for platform in PLATFORMS:
        if not platform.wanted(ground.settings):
            continue
        found[platform.name] = platform.make(plugged(platform.module), ground)
    return found


def plugged(name: str) -> ModuleType:
    """A module of an adapter, imported when it is wanted. Raises SettingsError when that adapter is not there."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if not name.startswith(error.name or "-"):
            raise
        raise SettingsError(f"{name} is wanted, but this copy of Switchboard comes without it.") from error


def teams_package(*, app_id: str, host: str) -> bytes:
    """The zip file to upload to Teams."""
    return bytes(plugged("adapters.teams.manifest").package(app_id, host))


def slack_manifest(*, host: str) -> str:
    """The YAML to paste at Slack: for a public host, or for Socket Mode without one."""
    return str(plugged("adapters.slack.manifest").render(host))


async def ready(store: Storage) -> str:
    """Why no work can be taken; "" when Redis answers and takes writes."""
    try:
        await store.vault.put("readyz", "1", seconds=60)
    except StorageUnavailable as error:
        return f"Redis does not answer ({error})"
    return ""


async def run(settings: Settings) -> int:
    """Serves until a signal."""
    began = time.perf_counter()
    make_room_for_files()
    metrics, stopping = Metrics(), Stopping()
    doors = Doors(
        host=settings.host, port=settings.port, admin_host=settings.admin_host, admin_port=settings.admin_port
    )
    with stopping.listening():
        async with storage(settings) as store, vendors(settings) as known:

            def announce(opened: Doors) -> None:
                seconds = time.perf_counter() - began
                say(startpage.render(settings, opened, known.discovery.catalog.models, seconds=seconds))

            await serve(
                service(settings, store, known, metrics),
                doors=doors,
                metrics=metrics,
                drain_seconds=settings.drain_seconds,
                stopping=stopping,
                announce=announce,
            )
    return 0


async def chat(settings: Settings) -> int:
    """Talks in the terminal, as one more replica. Only warnings may stand between a question and its answer."""
    quiet = logging.getLogger()
    quiet.setLevel(max(quiet.level, logging.WARNING))
    terminal = import_module("adapters.web.terminal")
    async with storage(settings) as store, vendors(settings) as known:
        return await beside(
            service(settings, store, known, Metrics()),
            lambda: terminal.chat(inbox=store.inbox, board=store.board),
        )


def say(text: str) -> None:
    """Prints at once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def check(settings: Settings) -> int:
    """Reaches Redis and every vendor that is configured. 1 when something is wrong."""
    async with vendors(settings) as known:
        found = [await _check_redis(settings)]
        found += await verdicts(known.connections.all, settings.file)
    marks = {Light.GOOD: "●", Light.OFF: "○", Light.DOUBT: "?", Light.BAD: "✗"}
    width = max(len(verdict.about) for verdict in found) + 2
    for verdict in found:
        say(f"  {marks[verdict.light]} {verdict.about:<{width}}{verdict.text}")
    bad = sum(verdict.light is Light.BAD for verdict in found)
    say(f"\n  {bad} to mend." if bad else "\n  All is well.")
    return 1 if bad else 0


async def _check_redis(settings: Settings) -> Verdict:
    where = "REDIS_URL" if settings.redis_url else f"the embedded server in {settings.data_dir}/"
    async with storage(settings) as store:
        reason = await ready(store)
    if not reason:
        return Verdict(about="redis", light=Light.GOOD, text=f"{where} answers and takes writes")
    text = f"{where}: {reason}. Start it, or write another REDIS_URL"
    return Verdict(about="redis", light=Light.BAD, text=text)


async def models(settings: Settings) -> int:
    """Lists what can be picked."""
    async with storage(settings) as store, vendors(settings) as known:
        await known.discovery.refresh()
        catalog = known.discovery.catalog
        conditions = await store.health.conditions([model.key for model in catalog.models])
        say(render_models(catalog, known.prices, conditions))
    return 0
