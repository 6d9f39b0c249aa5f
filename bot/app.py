"""The composition root: the one place that sees the core, the chat platforms and the model vendors together.

Every object is built here and receives what it needs.
"""

import logging
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.answers.answering import Answers
from bot.answers.attachments import Attachments
from bot.answers.fallback import FallbackRouter
from bot.answers.limits import AskerLimits
from bot.answers.measuring import Measuring
from bot.answers.refusals import PlatformRefusals
from bot.answers.turn_log import TurnLog
from bot.conversation.commands import Commands
from bot.conversation.comparison import Comparison
from bot.conversation.handler import ConversationHandler
from bot.conversation.model_picker import ModelPicker
from bot.domain.check import CheckResult, CheckStatus
from bot.domain.errors import StorageUnavailable
from bot.domain.formatting import strip_controls
from bot.interceptor import Interceptors
from bot.models.discovery import Discovery
from bot.models.listing import render_models
from bot.models.pricing import Corrections, Prices
from bot.platforms import PLATFORM_SETTINGS, PLATFORMS, Dependencies, adapters_for, import_adapter
from bot.ports import Adapter, Health
from bot.serving.connections import make_room_for_files
from bot.serving.measured import MeasuredInbox
from bot.serving.memory import answers_that_fit
from bot.serving.metrics import Metrics
from bot.serving.process import Listeners, Service, ShutdownSignals, serve, serve_beside
from bot.serving.start_page import render_start_page
from bot.settings.config_file import Limits
from bot.settings.environment import revealed
from bot.settings.settings import KnownSettings, Settings
from bot.storage.embedded import embedded_server
from bot.storage.open import Storage, StorageOptions, open_storage
from bot.storage.page_token import page_token
from bot.worker import Worker, WorkerLimits
from providers import connecting
from providers.check import check_endpoints
from providers.entra import Identity
from providers.transport import Transport
from providers.vendors import VENDORS


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendors:
    """The providers, their models, and the prices."""

    connections: connecting.ConnectedEndpoints
    prices: Prices
    discovery: Discovery


def read_settings(environ: Mapping[str, str] | None = None, *, folder: Path = Path()) -> Settings:
    """The settings of this process, including those of all known platforms and vendors."""
    return known_settings().read(environ, folder=folder)


def known_settings() -> KnownSettings:
    return KnownSettings(platforms=PLATFORM_SETTINGS, vendors=VENDORS)


@asynccontextmanager
async def vendors(settings: Settings) -> AsyncIterator[Vendors]:
    """Raises SettingsError for an impossible provider or model in the file."""
    async with Transport() as transport, aclosing(Identity()) as identity:
        plugged = connecting.EndpointBuilder(
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
    """The Redis of REDIS_URL, or the embedded server. Raises SettingsError when the stored data was encrypted
    with another key.
    """
    terms = StorageOptions(
        encryption_keys=revealed(settings.encryption_key),
        per_person=settings.file.limits.answers_per_person,
    )
    async with AsyncExitStack() as stack:
        url = revealed(settings.redis_url) or await stack.enter_async_context(
            embedded_server(settings.data_dir)
        )
        opened = await stack.enter_async_context(open_storage(url, terms))
        with suppress(StorageUnavailable):  # starting must not depend on Redis; it may come back later
            await opened.secrets.prove()
        yield opened


def service(
    settings: Settings, store: Storage, models: Vendors, metrics: Metrics, *, page_token: str = ""
) -> Service:
    """Puts the core together around the storage, the platforms and the models."""
    catalog, policy = models.discovery.catalog, settings.file.policy
    picker = ModelPicker(
        catalog=catalog, preferences=store.preferences, health=store.health, prices=models.prices
    )
    commands = Commands(
        catalog=catalog, picker=picker, ledger=store.ledger, preferences=store.preferences, policy=policy
    )
    inbox = MeasuredInbox(store.inbox, meter=metrics)
    adapters = adapters_for(Dependencies(settings, store, inbox, commands.standing, metrics, page_token))
    limits = AskerLimits(ledger=store.ledger, rate_limiter=store.rate_limiter)
    refusals = PlatformRefusals(meter=metrics)
    interceptors = Interceptors(TurnLog(), Measuring(meter=metrics), refusals, limits)
    answers, comparison = answering(models, adapters, store.health, interceptors)
    conversation = ConversationHandler(
        adapters=adapters,
        catalog=catalog,
        answers=answers,
        comparison=comparison,
        commands=commands,
        picker=picker,
        interceptors=interceptors,
        memory=store.memory,
        policy=policy,
    )
    worker = Worker(
        leases=store.leases,
        handle=conversation.handle,
        apologise=conversation.apologise,
        interceptors=interceptors,
        limits=worker_limits(settings.file.limits),
    )
    return Service(
        adapters=list(adapters.values()),
        work=worker,
        ready=lambda: ready(store),
        troubles=refusals.lines,
        background=(models.discovery.run, store.health.run),
    )


def worker_limits(limits: Limits) -> WorkerLimits:
    """What this process takes on at once."""
    return WorkerLimits(at_once=answers_that_fit(limits.answers), per_person=limits.answers_per_person)


def answering(
    models: Vendors, adapters: Mapping[str, Adapter], health: Health, interceptors: Interceptors
) -> tuple[Answers, Comparison]:
    """Builds what asks models: for one answer, and for a comparison."""
    catalog, prices = models.discovery.catalog, models.prices
    fallback = FallbackRouter(
        providers=models.connections.providers, health=health, interceptors=interceptors
    )
    answers = Answers(
        catalog=catalog,
        fallback=fallback,
        attachments=Attachments(adapters=adapters),
        prices=prices,
        corrections=Corrections(),
    )
    return answers, Comparison(
        catalog=catalog, fallback=fallback, answers=answers, prices=prices, interceptors=interceptors
    )


async def ready(store: Storage) -> str:
    """The reason why no work can be done; "" when Redis answers and accepts writes."""
    try:
        await store.secrets.put("readyz", "1", seconds=60)
    except StorageUnavailable as error:
        return f"Redis does not answer ({error})"
    return ""


async def run(settings: Settings) -> int:
    """Serves until a signal."""
    began = time.perf_counter()
    make_room_for_files()
    token = page_token(settings.data_dir) if settings.page else ""
    metrics, stopping = Metrics(), ShutdownSignals()
    listeners = Listeners(
        host=settings.host, port=settings.port, admin_host=settings.admin_host, admin_port=settings.admin_port
    )
    with stopping.listening():
        async with storage(settings) as store, vendors(settings) as known:
            away = await ready(store)

            def announce(opened: Listeners) -> None:
                seconds = time.perf_counter() - began
                models = known.discovery.catalog.models
                page = render_start_page(
                    settings,
                    opened,
                    models,
                    platforms=PLATFORM_SETTINGS,
                    unset=known.connections.unset,
                    seconds=seconds,
                    page_token=token,
                    away=away,
                )
                say(page)

            await serve(
                service(settings, store, known, metrics, page_token=token),
                listeners=listeners,
                metrics=metrics,
                drain_seconds=settings.drain_seconds,
                stopping=stopping,
                announce=announce,
            )
    return 0


async def chat(settings: Settings) -> int:
    """Chats in the terminal, as one more replica. Logs only warnings, so as not to interrupt the answers."""
    quiet = logging.getLogger()
    quiet.setLevel(max(quiet.level, logging.WARNING))
    terminal = import_adapter("adapters.web.terminal.session")
    async with storage(settings) as store, vendors(settings) as known:
        return await serve_beside(
            service(settings, store, known, Metrics()),
            lambda: terminal.run_terminal(inbox=store.inbox, timeline=store.timeline),
        )


def say(text: str) -> None:
    """Prints at once, also into a pipe. Model names come from endpoints, so control characters are cut."""
    sys.stdout.write(f"{strip_controls(text)}\n")
    sys.stdout.flush()


async def check(settings: Settings) -> int:
    """Checks Redis and every configured platform and vendor. Returns 1 when something is wrong."""
    logging.getLogger().setLevel(logging.ERROR)  # the report already says it
    async with vendors(settings) as known:
        found = [await _check_redis(settings), *await _check_platforms(settings)]
        found += await check_endpoints(known.connections.all, settings.file)
    marks = {CheckStatus.GOOD: "●", CheckStatus.OFF: "○", CheckStatus.DOUBT: "?", CheckStatus.BAD: "✗"}
    width = max(len(result.about) for result in found) + 2
    for result in found:
        say(f"  {marks[result.status]} {result.about:<{width}}{result.text}")
    bad, doubtful = (
        sum(each.status is status for each in found) for status in (CheckStatus.BAD, CheckStatus.DOUBT)
    )
    well = "All is well." if not doubtful else "It will start, but look at what has a question mark."
    say(f"\n  {bad} to mend." if bad else f"\n  {well}")
    return 1 if bad else 0


async def _check_redis(settings: Settings) -> CheckResult:
    where = "REDIS_URL" if settings.redis_url else f"the embedded server in {settings.data_dir}/"
    async with storage(settings) as store:
        reason = await ready(store)
    if not reason:
        return CheckResult(about="redis", status=CheckStatus.GOOD, text=f"{where} answers and takes writes")
    text = f"{where}: {reason}. Start it, or write another REDIS_URL"
    return CheckResult(about="redis", status=CheckStatus.BAD, text=text)


async def _check_platforms(settings: Settings) -> Sequence[CheckResult]:
    found = []
    for platform in PLATFORMS:
        if platform.settings is None:
            continue
        if (on := settings.platforms.get(platform.name)) is None:
            text = f"set {platform.settings.prefix}...; .env.example says which and where to get them"
            found.append(CheckResult(about=platform.name, status=CheckStatus.OFF, text=text))
            continue
        wrong = await platform.try_out(on)
        status = CheckStatus.BAD if wrong else CheckStatus.GOOD
        found.append(CheckResult(about=platform.name, status=status, text=wrong or "takes what is set"))
        if caution := on.caution(settings.file.policy):
            found.append(CheckResult(about=platform.name, status=CheckStatus.DOUBT, text=caution))
    return found


async def models(settings: Settings) -> int:
    """Lists what can be picked."""
    async with storage(settings) as store, vendors(settings) as known:
        await known.discovery.refresh()
        catalog = known.discovery.catalog
        conditions = await store.health.conditions([model.key for model in catalog.models])
        say(render_models(catalog, known.prices, conditions))
    return 0
