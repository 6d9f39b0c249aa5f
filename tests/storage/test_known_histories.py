"""What a worker remembers of conversations takes a bounded part of its memory, and goes when nobody comes back to it."""

import gc

import pytest

from bot.domain.turns import Turn
from bot.storage import known_histories
from bot.storage.history import StoredTurn
from bot.storage.known_histories import EACH, IDLE, KnownHistories
from bot.storage.open import Storage
from bot.storage.stored_history import KnownHistory
from tests.contracts.histories import says
from tests.events import turn


def known(turns: int = 1, size: int = 1_000) -> KnownHistory:
    stored = tuple(StoredTurn(turn=turn(), end="e", mark="m", size=size) for _ in range(turns))
    return KnownHistory(lineage="1", count=turns, before="", stored=stored)


def test_the_longest_unused_go_first() -> None:
    histories = KnownHistories(most=3 * (EACH + 2_000))
    for name in ("a", "b", "c", "a", "d"):
        histories.keep(name, known())

    assert [bool(histories.of(name)) for name in "abcd"] == [True, False, True, True]
    assert histories.size == 3 * (EACH + 2_000)


def test_what_is_larger_than_all_there_is_room_for_drives_nothing_out() -> None:
    histories = KnownHistories(most=3 * (EACH + 2_000))
    histories.keep("small", known())
    histories.keep("large", known(turns=10))

    assert histories.of("small")
    assert histories.of("large") is None


def test_what_is_dropped_or_replaced_takes_no_room() -> None:
    histories = KnownHistories()
    histories.keep("a", known(turns=5))
    histories.keep("a", known(turns=2))
    assert histories.size == 2 * (EACH + 2_000)
    histories.drop("a")
    histories.drop("a")

    assert (histories.of("a"), histories.size) == (None, 0)


def test_what_nobody_came_back_to_goes_after_a_while() -> None:
    now = 0.0
    histories = KnownHistories(clock=lambda: now)
    histories.keep("a", known())
    now = IDLE + 1
    histories.keep("b", known())

    assert histories.of("a") is None
    assert histories.of("b")


async def test_a_worker_that_has_nothing_to_do_forgets_too(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker may have erased it meanwhile, as somebody asked."""

    def remembered() -> list[str]:
        gc.collect()
        turns = (one for one in gc.get_objects() if type(one) is Turn)
        return [one.asked.text for one in turns if one.asked.text == "my secret"]

    await says(storage, "my secret")
    await storage.leases.abandoned(1)
    assert remembered()
    monkeypatch.setattr(known_histories, "IDLE", -1.0)
    await storage.leases.abandoned(1)

    assert remembered() == []
