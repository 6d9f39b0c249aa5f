"""Who is served next, and the shards of a cluster among which the line is parted."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
from redis.crc import key_slot

from bot.storage.keys import TAGS, Keys
from bot.storage.open import Storage, StorageOptions, open_storage
from tests.contracts.line import LineContract

SLOTS = 16_384


@pytest.fixture
def terms(prefix: str) -> StorageOptions:
    return StorageOptions(prefix=prefix, lease=60, per_person=2)


@pytest.fixture
async def storage(redis_url: str, terms: StorageOptions) -> AsyncIterator[Storage]:
    async with open_storage(redis_url, terms) as opened:
        yield opened


@pytest.fixture
async def rival(redis_url: str, terms: StorageOptions) -> AsyncIterator[Storage]:
    async with open_storage(redis_url, terms) as opened:
        yield opened


class TestLine(LineContract):
    pass


@pytest.mark.parametrize("masters", [3, 4, 5, 6, 8, 12, 16, 32, 64])
def test_every_master_of_a_cluster_has_its_share_of_the_shards(masters: int) -> None:
    keys = Keys(prefix="sb", shards=len(TAGS))
    share = -(-SLOTS // masters)
    having = Counter(key_slot(keys.dead(shard).encode()) // share for shard in range(keys.shards))

    assert len(having) == masters
    assert max(having.values()) - min(having.values()) <= 2
    # Redis' own hash and ours agree that everything of a shard is in one place.
    for shard in range(keys.shards):
        assert len({key_slot(key.encode()) for key in (*keys.line(shard), keys.bell(shard))}) == 1
