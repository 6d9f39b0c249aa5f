"""What one person can spend has an end, whichever way they ask."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.domain.claims import Outcome
from bot.domain.events import Author, MessageReceived, ThreadKey
from bot.domain.replies import Action
from bot.domain.stream_parts import Text
from bot.domain.turns import ChatMessage, Turn
from bot.domain.usage import Spend
from bot.settings.config_file import Policy
from bot.settings.money import BudgetEntry
from bot.storage.open import Storage, StorageOptions, open_storage
from tests.conversation.stage import ANN, THREAD, Heard, Stage, answer
from tests.spending import Replica, Spending

POOR = Policy(usd_per_day=5.0)
BOB = Author(id="U2", name="Bob")

Ways = dict[str, Callable[[Stage, str], Awaitable[Heard]]]
WAYS: Ways = {
    "a question": lambda stage, turn: stage.says("and now?"),
    "a question to one model": lambda stage, turn: stage.says("claude: and now?"),
    "/ask": lambda stage, turn: stage.says("/ask claude and now?"),
    "/compare": lambda stage, turn: stage.says("/compare grok claude: and now?"),
    "a starter": lambda stage, turn: stage.presses(Action.RUN, "and now?"),
    "a starter that compares": lambda stage, turn: stage.presses(Action.RUN, "/compare grok gpt: and now?"),
    "regenerate": lambda stage, turn: stage.presses(Action.AGAIN, turn),
    "another model": lambda stage, turn: stage.presses(Action.ASK, f"{turn} claude"),
    "continue": lambda stage, turn: stage.presses(Action.CONTINUE, turn),
}


def asked(stage: Stage) -> int:
    return len(stage.one.asked) + len(stage.two.asked)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_whoever_has_spent_their_money_gets_no_answer_in_any_way(
    way: Callable[[Stage, str], Awaitable[Heard]],
) -> None:
    stage = Stage(policy=POOR)
    await stage.says("first")
    stage.spend = Spend(cost=5.0)
    before = asked(stage)
    heard = await way(stage, stage.history[-1].id)

    assert asked(stage) == before
    assert "is used up" in heard.replies[-1].text


async def test_a_comparison_counts_as_many_questions_as_it_asks_models() -> None:
    stage = Stage(policy=Policy(messages_per_minute=4))
    await stage.says("/compare grok claude gpt: why?")
    await stage.says("one more")
    refused = await stage.says("and another")

    assert asked(stage) == 4
    assert "faster than 4 questions a minute" in refused.replies[0].text


async def test_a_refusal_that_slack_was_too_busy_to_show_is_still_one_when_it_is_tried_again() -> None:
    stage = Stage(policy=POOR, spend=Spend(cost=5.0))
    question = MessageReceived(id="e", thread=THREAD, author=ANN, at=1.0, text="hi", threaded=True)
    heard = await stage.plays(question, attempt=2)

    assert asked(stage) == 0
    assert "is used up" in heard.replies[0].text


async def test_an_answer_that_is_stopped_is_counted_as_far_as_it_went() -> None:
    stage = Stage(stop_at="tide")
    stage.one.scripts = [(Text("The tide "), Text("comes twice a day."), *answer("")[2:])]
    await stage.says("Why does the sea rise?")
    counted = stage.outcomes[-1].counted

    assert counted
    assert counted.usage
    assert counted.usage.estimated
    assert counted.usage.input > 0
    assert counted.usage.output > 0
    assert counted.cost


async def test_an_answer_that_breaks_off_is_counted_as_far_as_it_went() -> None:
    stage = Stage()
    stage.one.scripts = [(Text("The tide comes"),)]
    await stage.says("Why does the sea rise?")

    assert stage.history[-1].reason == "broken"
    assert stage.history[-1].cost


async def test_a_model_that_never_ends_is_hung_up_on_and_can_be_told_to_go_on() -> None:
    stage = Stage()
    stage.one.scripts = [[Text("and so on " * 100)] * 10_000]
    heard = await stage.says("Tell me everything.")

    assert 400_000 <= len(heard.text) < 402_000
    assert stage.history[-1].reason == "length"
    assert stage.history[-1].cost
    assert stage.one.open == 0


async def test_who_presses_pays(storage: Storage) -> None:
    """Somebody else's question, asked again by Bob, is Bob's expense."""
    thread = ThreadKey(platform="test", workspace="W", channel="C", thread="1")
    press = MessageReceived(id="e", thread=thread, author=BOB, at=1.0, text="again")
    await storage.inbox.put(press)
    (queue_entry,) = await storage.leases.ready(1)
    claim = await storage.leases.claim(queue_entry)
    assert claim
    turn = Turn(id="t", asked=ChatMessage(author=ANN, text="why?"), answer="so", cost=1.5)
    await storage.leases.commit(claim, Outcome(append=(turn,), counted=turn))

    assert [(await storage.ledger.spent("test:W", one.id))[0].cost for one in (ANN, BOB)] == [0.0, 1.5]


async def test_four_thousand_questions_at_once_are_let_in_as_far_as_a_minute_allows(storage: Storage) -> None:
    """Of one person, in as many threads, over any number of replicas: one bucket is for all of them."""

    async def let_in() -> bool:
        return await storage.rate_limiter.take("asks:test:W:U1", rate=0.001, burst=10) == 0

    found = 0
    for _ in range(8):
        async with asyncio.TaskGroup() as group:
            asks = [group.create_task(let_in()) for _ in range(500)]
        found += sum(one.result() for one in asks)

    assert found == 10


@pytest.mark.parametrize("usd", [0.01, 5.0, 12.3])
async def test_forty_questions_at_once_spend_no_more_than_there_is(
    usd: float, storage: Storage, redis_url: str, prefix: str
) -> None:
    """On two replicas. Beyond the budget goes at most the one answer that a budget nobody has touched lets in."""
    spending = Spending()
    async with open_storage(redis_url, StorageOptions(prefix=prefix)) as rival:
        budget = BudgetEntry(scope="person", usd=usd)
        replicas = [Replica(each, budget, spending, thinks=0.05) for each in (storage, rival)]
        async with asyncio.TaskGroup() as group:
            for number in range(40):
                group.create_task(replicas[number % 2].turn(number))
        for each in (storage, rival):
            await each.budgets.write()

    assert spending.admitted >= 1
    assert spending.admitted + spending.refused == 40
    assert spending.spent <= max(usd, spending.dearest)


async def test_questions_one_after_another_may_use_all_of_a_budget(storage: Storage) -> None:
    spending = Spending()
    replica = Replica(storage, BudgetEntry(scope="company", usd=5.2), spending)
    for number in range(20):
        await replica.turn(number)

    assert 5.2 - spending.dearest < spending.spent <= 5.2
