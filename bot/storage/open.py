"""All of the storage, on one URL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.storage.connection import Database, open_database
from bot.storage.encryption import Seal
from bot.storage.health import RedisHealth
from bot.storage.inbox import RedisInbox
from bot.storage.keys import Keys, Lifetimes
from bot.storage.leases import RedisLeases
from bot.storage.ledger import RedisLedger
from bot.storage.memory import RedisMemory
from bot.storage.preferences import RedisChoices
from bot.storage.rate_limiter import RedisBudget
from bot.storage.scripts import Scripts
from bot.storage.secrets import RedisVault
from bot.storage.timeline import RedisBoard


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """One Redis, as the ports that stand on it."""

    database: Database
    keys: Keys
    seal: Seal
    inbox: RedisInbox
    leases: RedisLeases
    memory: RedisMemory
    choices: RedisChoices
    ledger: RedisLedger
    vault: RedisVault
    budget: RedisBudget
    health: RedisHealth
    board: RedisBoard


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an operator, or a test, may want otherwise."""

    prefix: str = "sb"
    encryption_keys: str = field(default="", repr=False)
    lease: float = 3.0  # seconds
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    worker: str = ""  # this process's name among workers; "" for one of its own


@asynccontextmanager
async def open_storage(
    url: str, terms: Terms | None = None, *, scripts: Scripts | None = None
) -> AsyncIterator[Storage]:
    """Connects when first asked. Raises SettingsError for a URL or a key that cannot be one."""
    terms = terms or Terms()
    scripts = scripts or Scripts()
    seal = Seal(terms.encryption_keys)
    async with open_database(url) as database:
        keys = Keys(prefix=terms.prefix, shards=database.shards)
        yield Storage(
            database=database,
            keys=keys,
            seal=seal,
            inbox=RedisInbox(
                database=database, keys=keys, seal=seal, scripts=scripts, lifetimes=terms.lifetimes
            ),
            leases=RedisLeases(
                database=database,
                keys=keys,
                seal=seal,
                scripts=scripts,
                lifetimes=terms.lifetimes,
                seconds=terms.lease,
                name=terms.worker,
            ),
            memory=RedisMemory(database=database, keys=keys, seal=seal, scripts=scripts),
            choices=RedisChoices(database=database, keys=keys),
            ledger=RedisLedger(database=database, keys=keys, seal=seal),
            vault=RedisVault(database=database, keys=keys, seal=seal),
            budget=RedisBudget(database=database, keys=keys, scripts=scripts),
            health=RedisHealth(database=database, keys=keys, scripts=scripts),
            board=RedisBoard(
                database=database, keys=keys, seal=seal, scripts=scripts, lifetimes=terms.lifetimes
            ),
        )
