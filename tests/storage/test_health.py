"""A model in trouble is left alone by every replica for a while, then tried by one."""

from collections.abc import Callable

import pytest

from bot.domain.errors import (
    Auth,
    ContextTooLong,
    Filtered,
    ModelError,
    ModelNotFound,
    Overloaded,
    Quota,
    RateLimit,
    Rejected,
    ServerError,
)
from bot.domain.health import HealthState, ModelHealth
from bot.storage.health import CROWDED, FORGOTTEN, FRESH, LONGEST, OPERATOR, PROBE, RedisHealth
from bot.storage.open import Storage, StorageOptions, open_storage
from bot.storage.scripts import Scripts
from tests.storage.wire import wired

GROK = "xai:grok-4.7"
Replica = Callable[[], RedisHealth]


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def replica(storage: Storage, clock: Clock) -> Replica:
    """Makes one more replica's view of the same health."""
    return lambda: RedisHealth(database=storage.database, keys=storage.keys, scripts=Scripts(), clock=clock)


async def state(health: RedisHealth, key: str = GROK) -> HealthState:
    return (await health.conditions([key]))[key].state


async def failed(health: RedisHealth, times: int, error: ModelError | None = None) -> None:
    for _ in range(times):
        await health.report(GROK, error or ServerError())


async def test_a_model_nobody_reported_is_up(replica: Replica) -> None:
    assert (await replica().conditions([GROK]))[GROK] == ModelHealth()


async def test_one_failure_makes_a_model_slow_and_three_in_a_row_cool_it_down(replica: Replica) -> None:
    health = replica()

    await failed(health, 1)
    assert await state(health) is HealthState.SLOW
    await failed(health, 2)
    assert await state(health) is HealthState.DOWN


async def test_every_replica_knows_and_why_and_since_when(replica: Replica, clock: Clock) -> None:
    await failed(replica(), 3, Overloaded())

    condition = (await replica().conditions([GROK]))[GROK]
    assert (condition.state, condition.why) == (HealthState.DOWN, "overloaded")
    assert condition.since == clock.now
    assert condition.until == clock.now + 5


async def test_most_of_five_answers_failing_in_a_minute_cools_a_model_down(replica: Replica) -> None:
    health = replica()
    for error in (ServerError(), ServerError(), None, ServerError()):
        await health.report(GROK, error)
    assert await state(health) is HealthState.SLOW

    await health.report(GROK, ServerError())

    assert await state(health) is HealthState.DOWN


async def test_successes_that_were_never_told_count_against_failures(replica: Replica) -> None:
    health = replica()
    for _ in range(20):
        await health.report(GROK)
    for error in (ServerError(), ServerError(), None, ServerError(), ServerError()):
        await health.report(GROK, error)

    assert await state(health) is HealthState.SLOW


async def test_failures_of_another_minute_are_forgotten(replica: Replica, clock: Clock) -> None:
    health = replica()
    for error in (ServerError(), ServerError(), None, ServerError()):
        await health.report(GROK, error)
    clock.now += 61
    await health.report(GROK)

    assert await state(health) is HealthState.UP


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RateLimit(retry_after=42.0), 42.0),
        (RateLimit(retry_after=0.01), 1.0),
        (RateLimit(retry_after=86_400.0), LONGEST),
        (RateLimit(), CROWDED),
        (Auth(), OPERATOR),
        (Quota(), OPERATOR),
        (ModelNotFound(), OPERATOR),
    ],
    ids=["told", "at once", "a day", "untold", "auth", "quota", "gone"],
)
async def test_what_says_itself_how_long_it_lasts_is_left_alone_for_that_long(
    error: ModelError, seconds: float, replica: Replica, clock: Clock
) -> None:
    health = replica()
    await health.report(GROK, error)

    assert (await health.conditions([GROK]))[GROK].until == pytest.approx(clock.now + seconds)


@pytest.mark.parametrize("error", [Rejected(), Filtered(), ContextTooLong()], ids=lambda e: type(e).__name__)
async def test_a_refused_request_says_that_the_model_is_alive(error: ModelError, replica: Replica) -> None:
    health = replica()
    await failed(health, 2)
    await failed(health, 5, error)
    await failed(health, 1)

    assert await state(health) is HealthState.SLOW


async def test_each_further_failure_doubles_the_cool_down_up_to_a_cap(replica: Replica, clock: Clock) -> None:
    health = replica()
    await failed(health, 3)
    waits = []
    for _ in range(9):
        condition = (await health.conditions([GROK]))[GROK]
        waits.append(round(condition.until - clock.now))
        clock.now = condition.until
        assert await health.probe(GROK)
        await failed(health, 1)

    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


async def test_asking_a_cooling_model_all_the_same_does_not_lengthen_its_cool_down(
    replica: Replica, clock: Clock
) -> None:
    health = replica()
    await failed(health, 3)
    until = (await health.conditions([GROK]))[GROK].until
    await failed(health, 5)

    assert (await health.conditions([GROK]))[GROK].until == until


async def test_nobody_may_try_before_the_cool_down_is_over_and_then_one_may(
    replica: Replica, clock: Clock
) -> None:
    one, other = replica(), replica()
    await failed(one, 3)
    assert not await one.probe(GROK)
    assert not await other.probe(GROK)

    clock.now += 5

    assert await other.probe(GROK)
    assert not await one.probe(GROK)


async def test_a_probe_that_never_came_back_frees_its_place(replica: Replica, clock: Clock) -> None:
    health = replica()
    await failed(health, 3)
    clock.now += 5
    assert await health.probe(GROK)

    clock.now += PROBE

    assert await health.probe(GROK)


async def test_a_probe_that_answers_makes_the_model_well_for_everybody(
    replica: Replica, clock: Clock
) -> None:
    one, other = replica(), replica()
    await failed(one, 3)
    assert await state(other) is HealthState.DOWN
    clock.now += 5
    await one.probe(GROK)
    await one.report(GROK)

    assert await state(one) is HealthState.UP
    clock.now += FRESH
    assert await state(other) is HealthState.UP


async def test_a_late_answer_makes_a_model_slow_for_a_minute(replica: Replica, clock: Clock) -> None:
    health = replica()
    await health.report(GROK, late=True)
    assert await state(health) is HealthState.SLOW

    clock.now += 60

    assert await state(health) is HealthState.UP


async def test_a_model_nobody_asks_any_more_does_not_stay_down_for_ever(
    replica: Replica, clock: Clock
) -> None:
    health = replica()
    await failed(health, 3)
    clock.now += 5 + FORGOTTEN

    assert await state(health) is HealthState.UP


async def test_one_models_trouble_is_not_anothers(replica: Replica) -> None:
    health = replica()
    await failed(health, 3)

    assert await state(health, "xai:grok-4.6") is HealthState.UP


async def test_a_model_that_is_well_costs_no_round_trip(replica: Replica, storage: Storage) -> None:
    health = replica()
    await health.conditions([GROK])
    before = await commands(storage)
    for _ in range(10):
        await health.conditions([GROK])
        await health.report(GROK)

    assert await commands(storage) == before + 1  # the counting itself


async def commands(storage: Storage) -> int:
    """How many the server has carried out so far."""
    (info,) = await storage.database.ask(("INFO", "commandstats"))
    return sum(int(command["calls"]) for command in info.values())


async def test_without_redis_everything_counts_as_up(clock: Clock) -> None:
    async with open_storage("redis://127.0.0.1:1/0", StorageOptions()) as away:
        health = RedisHealth(database=away.database, keys=away.keys, scripts=Scripts(), clock=clock)
        await health.report(GROK, ServerError())

        assert await state(health) is HealthState.UP
        assert await health.probe(GROK)


def doubtful(kind: type[ModelError] = Auth) -> ModelError:
    """A verdict on the account without a code that makes it certain: a bare 403."""
    error = kind(status=403)
    error.doubtful = True
    return error


@pytest.mark.parametrize("kind", [Auth, ModelNotFound])
async def test_one_question_alone_takes_no_model_away_from_everybody(
    kind: type[ModelError], replica: Replica
) -> None:
    health = replica()
    for _ in range(6):  # whoever asked presses Try again
        await health.report(GROK, doubtful(kind), question="one")

    assert await state(health) is HealthState.UP
    assert await state(replica()) is HealthState.UP


async def test_two_different_questions_told_the_same_take_it_away_whichever_replicas_they_met(
    replica: Replica, clock: Clock
) -> None:
    one, other = replica(), replica()
    await one.report(GROK, doubtful(), question="one")
    await other.report(GROK, doubtful(), question="two")

    condition = (await replica().conditions([GROK]))[GROK]
    assert (condition.state, condition.why) == (HealthState.DOWN, "auth")
    assert condition.until == clock.now + OPERATOR


async def test_two_questions_told_different_things_prove_nothing(replica: Replica) -> None:
    health = replica()
    await health.report(GROK, doubtful(Auth), question="one")
    await health.report(GROK, doubtful(ModelNotFound), question="two")

    assert await state(health) is HealthState.UP


@pytest.mark.parametrize("error", [None, Filtered()], ids=["answered", "refused for its content"])
async def test_an_answer_in_between_clears_the_account(error: ModelError | None, replica: Replica) -> None:
    health = replica()
    await health.report(GROK, doubtful(), question="one")
    await health.report(GROK, error, question="two")
    await health.report(GROK, doubtful(), question="three")

    assert await state(health) is HealthState.UP


async def test_an_answer_that_another_replica_had_in_between_clears_it_too(replica: Replica) -> None:
    one, other = replica(), replica()
    await other.conditions([GROK])
    await one.report(GROK, doubtful(), question="one")
    await other.report(GROK)  # it does not know of the doubt, and only counts
    await other.report(GROK, doubtful(), question="three")

    assert await state(replica()) is HealthState.UP


async def test_what_a_question_was_told_long_ago_confirms_nothing(replica: Replica, clock: Clock) -> None:
    health = replica()
    await health.report(GROK, doubtful(), question="one")
    clock.now += 901
    await health.report(GROK, doubtful(), question="two")

    assert await state(health) is HealthState.UP


async def test_a_probe_by_another_question_that_is_told_the_same_keeps_it_away(
    replica: Replica, clock: Clock
) -> None:
    health = replica()
    await health.report(GROK, doubtful(), question="one")
    await health.report(GROK, doubtful(), question="two")
    clock.now += OPERATOR
    assert await health.probe(GROK)
    await health.report(GROK, doubtful(), question="three")

    assert (await health.conditions([GROK]))[GROK].until == clock.now + OPERATOR


async def test_a_probe_that_proves_nothing_leaves_the_next_one_to_others(
    replica: Replica, clock: Clock
) -> None:
    health = replica()
    await failed(health, 3)
    clock.now += 5
    assert await health.probe(GROK)
    await health.report(GROK, doubtful(), question="one")

    assert await health.probe(GROK)


async def test_doubts_count_for_nothing_beside_real_failures(replica: Replica) -> None:
    health = replica()
    await failed(health, 2)
    await health.report(GROK, doubtful(), question="one")

    assert await state(health) is HealthState.SLOW


async def lately(health: RedisHealth, key: str = GROK) -> tuple[float | None, int, int]:
    condition = (await health.conditions([key]))[key]
    return condition.first_word, condition.answers, condition.errors


async def test_how_a_model_did_lately_is_the_sum_over_all_replicas(replica: Replica, clock: Clock) -> None:
    one, two, idle = replica(), replica(), replica()
    for first in (0.2, 0.4, 9.0):
        await one.report(GROK, first=first)
    await two.report(GROK, first=0.6)
    await two.report(GROK, Overloaded())
    await two.report(GROK, Rejected())  # the question's own fault
    await one.report("x:other", first=3.0)
    for each in (one, two):
        clock.now += 6
        await each.conditions([GROK])
    clock.now += 6

    assert await lately(idle) == await lately(one) == await lately(two) == (0.5, 4, 1)
    assert (await idle.conditions([GROK]))[GROK].state is HealthState.SLOW


async def test_what_is_older_than_ten_minutes_does_not_count(replica: Replica, clock: Clock) -> None:
    one, other = replica(), replica()
    await one.report(GROK, first=0.2)
    clock.now += 6
    await one.conditions([GROK])
    before = await lately(other)
    clock.now += 700

    assert before == (0.2, 1, 0)
    assert await lately(one) == await lately(other) == (None, 0, 0)


async def test_a_process_that_is_gone_leaves_nothing_behind(
    replica: Replica, clock: Clock, storage: Storage
) -> None:
    gone, other = replica(), replica()
    await gone.report(GROK, first=0.2)
    await gone.conditions([GROK])
    for _ in range(3):
        clock.now += 400
        await other.conditions([GROK])

    assert await storage.database.ask(("HLEN", storage.keys.traffic())) == [0]


async def test_an_answer_that_went_well_costs_no_trip(redis_url: str, prefix: str) -> None:
    async with (
        wired(redis_url) as wire,
        open_storage(wire.url, StorageOptions(prefix=prefix)) as storage,
    ):
        await storage.health.conditions([GROK])
        before = len(wire.trips)
        for _ in range(100):
            await storage.health.report(GROK, first=0.1)

        assert len(wire.trips) == before
