"""The storage keeps its promises on a plain server, and with everything sealed."""

from collections.abc import AsyncIterator

import pytest

from bot.storage.open import Storage, StorageOptions, open_storage
from tests.contracts.agents import AgentsContract, AgentTracesContract
from tests.contracts.dead_letters import DeadLettersContract
from tests.contracts.histories import HistoriesContract
from tests.contracts.inbox import InboxContract
from tests.contracts.leases import LeasesContract
from tests.contracts.lost_data import LostDataContract
from tests.contracts.memory import (
    BudgetContract,
    ChoicesContract,
    LedgerContract,
    MemoryContract,
    VaultContract,
)
from tests.contracts.schedules import SchedulesContract, ScheduleTracesContract
from tests.contracts.scores import ScoresContract
from tests.contracts.sign_ins import SignInsContract, SignInTracesContract
from tests.contracts.withdrawals import WithdrawalContract

LEASE = 0.5  # seconds: long enough for a slow machine, short enough to wait for


@pytest.fixture(params=["", "a key that is long enough to be one"], ids=["plain", "sealed"])
def terms(request: pytest.FixtureRequest, prefix: str) -> StorageOptions:
    return StorageOptions(prefix=prefix, lease=LEASE, encryption_keys=request.param)


@pytest.fixture
async def storage(redis_url: str, terms: StorageOptions) -> AsyncIterator[Storage]:
    async with open_storage(redis_url, terms) as opened:
        yield opened


@pytest.fixture
async def rival(redis_url: str, terms: StorageOptions) -> AsyncIterator[Storage]:
    """Another worker's process."""
    async with open_storage(redis_url, terms) as opened:
        yield opened


class TestInbox(InboxContract):
    pass


class TestDeadLetters(DeadLettersContract):
    pass


class TestLeases(LeasesContract):
    pass


class TestHistories(HistoriesContract):
    pass


class TestLostData(LostDataContract):
    pass


class TestMemory(MemoryContract):
    pass


class TestWithdrawals(WithdrawalContract):
    pass


class TestChoices(ChoicesContract):
    pass


class TestLedger(LedgerContract):
    pass


class TestScores(ScoresContract):
    pass


class TestVault(VaultContract):
    pass


class TestBudget(BudgetContract):
    pass


class TestSchedules(SchedulesContract, ScheduleTracesContract):
    pass


class TestAgents(AgentsContract, AgentTracesContract):
    pass


class TestSignIns(SignInsContract, SignInTracesContract):
    pass
