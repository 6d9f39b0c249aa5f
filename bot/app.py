"""The composition root: the one place that sees the core, the chat platforms and the model vendors together."""

import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot import platforms
from bot.answers.answering import Answers
from bot.answers.attachment_budget import MEGABYTE, AttachmentBudget
from bot.answers.attachments import Attachments
from bot.answers.budgets import BudgetKeeper
from bot.answers.due_mark import DueMark
from bot.answers.limits import AskerLimits
from bot.answers.measuring import Measuring
from bot.answers.refusals import PlatformRefusals
from bot.answers.scores import Scores
from bot.answers.tools.servers import check_tools
from bot.answers.tools.setup import grants_of
from bot.answers.tools.toolbox import Toolbox
from bot.answers.turn_log import TurnLog
from bot.conversation.agents_here import AgentsHere
from bot.conversation.asking import asking
from bot.conversation.command_setup import commands_of
from bot.conversation.handler import ConversationHandler
from bot.conversation.several_answers import SeveralAnswers
from bot.conversation.tooling import tooling
from bot.domain.check import CheckResult, CheckStatus, check_report, results_of
from bot.domain.readiness import Trouble
from bot.interceptor import Interceptors
from bot.models.discovery import Discovery
from bot.models.estimates import CostEstimates, check_prices
from bot.models.listing import render_models
from bot.models.pricing import Corrections, Prices
from bot.platforms import platform_troubles
from bot.serving.connections import make_room_for_files
from bot.serving.dead_letters import DeadLetterOffice, DeadLetterWatch
from bot.serving.measured import MeasuredInbox
from bot.serving.memory import answers_that_fit, spare_the_collector
from bot.serving.metrics import Metrics
from bot.serving.process import Listeners, Service, ShutdownSignals, serve, serve_beside
from bot.serving.saying import say
from bot.serving.start_page import render_start_page
from bot.settings.settings import KnownSettings, Settings
from bot.storage.configured import check_storage, configured_storage
from bot.storage.open import Storage
from bot.storage.page_token import page_token
from bot.worker import Worker, WorkerLimits
from providers import connecting
from providers.check import check_endpoints
from providers.entra import Identity
from providers.transport import Transport
from providers.vendors import VENDORS

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendors:
    """The providers, their models, and the prices."""

    connections: connecting.ConnectedEndpoints
    prices: Prices
    corrections: Corrections
    discovery: Discovery


def read_settings(environ: Mapping[str, str] | None = None, *, folder: Path = Path()) -> Settings:
    """The settings of this process, including those of all known platforms and vendors."""
    return known_settings().read(environ, folder=folder)


def known_settings() -> KnownSettings:
    return KnownSettings(platforms=platforms.PLATFORM_SETTINGS, vendors=VENDORS)


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
        yield Vendors(connections=plugged, prices=prices, corrections=Corrections(), discovery=discovery)


def service(
    settings: Settings, store: Storage, models: Vendors, metrics: Metrics, *, page_token: str = ""
) -> Service:
    """Puts the core together around the storage, the platforms and the models."""
    inbox, most = MeasuredInbox(store.inbox, meter=metrics), settings.file.limits
    tools, budgets = tooling(settings, store, inbox), budget_keeper(settings, store, models)
    scores = Scores(store.scores)
    picker, commands = commands_of(
        settings, store, inbox, models.discovery, budgets=budgets, tools=tools, scores=scores
    )
    standing, search, forms, exchange = commands.standing, commands.found, commands.forms, tools.exchange
    adapters = platforms.adapters_for(
        platforms.Dependencies(settings, store, inbox, standing, search, metrics, exchange, forms, page_token)
    )
    limits, refusals = AskerLimits(rate_limiter=store.rate_limiter), PlatformRefusals(meter=metrics)
    interceptors = Interceptors(TurnLog(), Measuring(meter=metrics), refusals, limits, budgets, DueMark())
    files = Attachments(adapters=adapters, budget=AttachmentBudget(most.attachment_mb * MEGABYTE))
    answers, several = _asking(
        settings, store, models, files, admit=interceptors, tools=tools.toolbox, scores=scores
    )
    conversation = ConversationHandler(
        adapters=adapters,
        catalog=models.discovery.catalog,
        answers=answers,
        several=several,
        commands=commands,
        picker=picker,
        interceptors=interceptors,
        memory=store.memory,
        schedules=store.schedules,
        inbox=inbox,
        policy=settings.file.policy,
        listed=models.discovery.arrived,
    )
    watch = DeadLetterWatch(letters=store.dead_letters, meter=metrics)
    return Service(
        adapters=list(adapters.values()),
        work=_worker(
            settings, store, metrics, conversation, interceptors=interceptors, agents=commands.agents.here
        ),
        ready=lambda: ready(settings, store, [*refusals.troubles(), *platform_troubles(adapters)], models),
        background=(models.discovery.run, *store.tasks, watch.run, tools.toolbox.run, conversation.sweep.run),
        routes=tools.pages.routes(),
    )


def _worker(
    settings: Settings,
    store: Storage,
    metrics: Metrics,
    conversation: ConversationHandler,
    *,
    interceptors: Interceptors,
    agents: AgentsHere,
) -> Worker:
    return Worker(
        leases=store.leases,
        handle=agents.handling(conversation.handle),
        apologise=conversation.apologise,
        interceptors=interceptors,
        limits=WorkerLimits(
            at_once=answers_that_fit(settings.file.limits.answers),
            per_person=settings.file.limits.answers_per_person,
        ),
        late=lambda seconds: metrics.observe("loop_lag_seconds", seconds),
    )


def _asking(
    settings: Settings,
    store: Storage,
    models: Vendors,
    files: Attachments,
    *,
    admit: Interceptors,
    tools: Toolbox,
    scores: Scores,
) -> tuple[Answers, SeveralAnswers]:
    return asking(
        catalog=models.discovery.catalog,
        providers=models.connections.providers,
        prices=models.prices,
        corrections=models.corrections,
        attachments=files,
        store=store,
        interceptors=admit,
        toolbox=tools,
        strengths=scores,
        council=settings.file.council,
    )


def budget_keeper(settings: Settings, store: Storage, models: Vendors) -> BudgetKeeper:
    catalog = models.discovery.catalog
    return BudgetKeeper(
        rules=settings.file.every_budget,
        budgets=store.budgets,
        catalog=catalog,
        estimates=CostEstimates(catalog=catalog, prices=models.prices, corrections=models.corrections),
    )


async def ready(
    settings: Settings, store: Storage, others: Sequence[Trouble] = (), models: Vendors | None = None
) -> Sequence[Trouble]:
    """What stands in the way of taking events in and keeping them."""
    own_server = None if settings.redis_url else settings.data_dir
    found = await store.readiness.troubles(forgetting=settings.accept_no_persistence, embedded=own_server)
    return [*found, *others, *(await models.discovery.troubles(store.health) if models else ())]


async def run(settings: Settings) -> int:
    """Serves until a signal."""
    began = time.perf_counter()
    make_room_for_files()
    metrics, stopping = Metrics(), ShutdownSignals()
    listeners = Listeners(
        host=settings.host, port=settings.port, admin_host=settings.admin_host, admin_port=settings.admin_port
    )
    with stopping.listening():
        async with configured_storage(settings) as store, vendors(settings) as known:
            token = page_token(settings.data_dir) if settings.page else ""
            troubles = await ready(settings, store)
            for trouble in troubles:
                log.warning(str(trouble))

            def announce(opened: Listeners) -> None:
                page = render_start_page(
                    settings,
                    opened,
                    known.discovery.catalog.models,
                    platforms=platforms.PLATFORM_SETTINGS,
                    unset=known.connections.unset,
                    seconds=time.perf_counter() - began,
                    page_token=token,
                    troubles=troubles,
                )
                say(page)
                spare_the_collector()

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
    terminal = platforms.import_adapter("adapters.web.terminal.session")
    async with configured_storage(settings) as store, vendors(settings) as known:
        return await serve_beside(
            service(settings, store, known, Metrics()),
            lambda: terminal.run_terminal(inbox=store.inbox, timeline=store.timeline),
            host=settings.host,
            port=settings.port,
        )


async def check(settings: Settings) -> int:
    """Checks Redis and every configured platform and vendor. Returns 1 when something is wrong."""
    logging.getLogger().setLevel(logging.ERROR)  # the report already says it
    async with vendors(settings) as known, configured_storage(settings) as store:
        found = list(check_storage(settings, await ready(settings, store)))
        found += await platforms.check_platforms(settings)
        sign_ins = grants_of(settings, store.secrets, store.sign_ins)
        found += await check_tools(settings.file.tools, settings.keys, sign_ins)
        found += [CheckResult(about="settings", status=CheckStatus.DOUBT, text=one) for one in settings.hints]
        found += await check_endpoints(known.connections.all, settings.file)
        await known.discovery.refresh()
        found += results_of("models", await known.discovery.troubles(store.health))
        if settings.file.every_budget:
            found += check_prices(known.discovery.catalog, known.prices)
    say(check_report(found))
    return int(any(each.status is CheckStatus.BAD for each in found))


async def models(settings: Settings) -> int:
    """Lists what can be picked. Returns 1 when nothing can."""
    async with configured_storage(settings) as store, vendors(settings) as known:
        await known.discovery.refresh()
        catalog = known.discovery.catalog
        if not catalog.models:
            say(catalog.absent)
            return 1
        conditions = await store.health.conditions([model.key for model in catalog.models])
        say(render_models(catalog, known.prices, conditions))
    return 0


async def dead(settings: Settings, action: str, wanted: Sequence[str]) -> int:
    """Lists, puts again or drops events that were given up. Returns 1 when not all could be done."""
    async with configured_storage(settings) as store:
        code, text = await DeadLetterOffice(letters=store.dead_letters, inbox=store.inbox).do(action, wanted)
    say(text)
    return code
