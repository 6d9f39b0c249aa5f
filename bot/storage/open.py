"""Opens the whole storage at one URL."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.storage.agents import RedisAgents
from bot.storage.budgets import RedisBudgets
from bot.storage.connection import Database, open_database
from bot.storage.copies import ALONE
from bot.storage.dead_letters import RedisDeadLetters
from bot.storage.encryption import RecordCipher
from bot.storage.health import RedisHealth
from bot.storage.histories import Histories
from bot.storage.inbox import RedisInbox
from bot.storage.keys import Keys, Lifetimes
from bot.storage.leases import RedisLeases
from bot.storage.ledger import RedisLedger
from bot.storage.memory import RedisMemory
from bot.storage.observations import RedisScores
from bot.storage.preferences import RedisPreferenceStore
from bot.storage.rate_limiter import RedisRateLimiter
from bot.storage.readiness import RedisReadiness
from bot.storage.schedules import RedisSchedules
from bot.storage.scripts import Scripts
from bot.storage.secrets import RedisSecretStore
from bot.storage.sign_ins import RedisSignIns
from bot.storage.timeline import RedisTimeline
from bot.storage.traces import ConversationTraces


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """One Redis, as the ports it implements."""

    database: Database
    keys: Keys
    cipher: RecordCipher
    inbox: RedisInbox
    leases: RedisLeases
    memory: RedisMemory
    dead_letters: RedisDeadLetters
    preferences: RedisPreferenceStore
    agents: RedisAgents
    schedules: RedisSchedules
    ledger: RedisLedger
    scores: RedisScores
    budgets: RedisBudgets
    secrets: RedisSecretStore
    sign_ins: RedisSignIns
    rate_limiter: RedisRateLimiter
    health: RedisHealth
    timeline: RedisTimeline
    readiness: RedisReadiness

    @property
    def tasks(self) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        """What is to run as long as it is used."""
        return self.health.run, self.budgets.run


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageOptions:
    """Options for operators and tests."""

    prefix: str = "sb"
    encryption_keys: str = field(default="", repr=False)
    lease: float = 3.0  # seconds
    per_person: int = 5  # answers in hand at once; on a cluster, for each process
    alone: float = ALONE  # seconds without replicas until Redis counts as a single server
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    worker: str = ""  # this process's name among workers; "" for a random one


@asynccontextmanager
async def open_storage(
    url: str, terms: StorageOptions | None = None, *, scripts: Scripts | None = None
) -> AsyncIterator[Storage]:
    """Connects on the first command. Raises SettingsError for an impossible URL or key."""
    terms = terms or StorageOptions()
    async with open_database(url, alone=terms.alone) as database:
        yield _storage(database, terms, scripts or Scripts())


def _storage(database: Database, terms: StorageOptions, scripts: Scripts) -> Storage:
    lasts, cipher = terms.lifetimes, RecordCipher(terms.encryption_keys)
    keys = Keys(prefix=terms.prefix, shards=database.shards)
    inbox = RedisInbox(database=database, keys=keys, cipher=cipher, scripts=scripts, lifetimes=lasts)
    letters = RedisDeadLetters(database=database, keys=keys, cipher=cipher, scripts=scripts, lifetimes=lasts)
    past = Histories(database=database, keys=keys, cipher=cipher, scripts=scripts, lifetimes=lasts)
    agenda = RedisSchedules(database=database, keys=keys, cipher=cipher, scripts=scripts, lifetimes=lasts)
    signed = RedisSignIns(database=database, keys=keys, cipher=cipher, scripts=scripts, lifetimes=lasts)
    secrets = RedisSecretStore(database=database, keys=keys, cipher=cipher)
    traces = ConversationTraces(
        database=database, keys=keys, dead_letters=letters, schedules=agenda, sign_ins=signed, secrets=secrets
    )
    return Storage(
        database=database,
        keys=keys,
        cipher=cipher,
        inbox=inbox,
        leases=RedisLeases(
            database=database,
            keys=keys,
            cipher=cipher,
            scripts=scripts,
            lifetimes=lasts,
            traces=traces,
            histories=past,
            seconds=terms.lease,
            per_person=terms.per_person,
            name=terms.worker,
        ),
        memory=RedisMemory(database=database, keys=keys, scripts=scripts, traces=traces, histories=past),
        schedules=agenda,
        dead_letters=letters,
        preferences=RedisPreferenceStore(database=database, keys=keys, scripts=scripts),
        agents=RedisAgents(database=database, keys=keys, cipher=cipher, scripts=scripts),
        ledger=RedisLedger(database=database, keys=keys, cipher=cipher),
        scores=RedisScores(database=database, keys=keys, cipher=cipher, scripts=scripts, lifetimes=lasts),
        budgets=RedisBudgets(database=database, keys=keys, scripts=scripts),
        secrets=secrets,
        sign_ins=signed,
        rate_limiter=RedisRateLimiter(database=database, keys=keys, scripts=scripts),
        health=RedisHealth(database=database, keys=keys, scripts=scripts),
        timeline=RedisTimeline(database=database, keys=keys, cipher=cipher, scripts=scripts, lifetimes=lasts),
        readiness=RedisReadiness(database=database, inbox=inbox),
    )
