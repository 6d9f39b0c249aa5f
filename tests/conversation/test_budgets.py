"""Budgets, as people meet them: what is refused and in which words, what is warned of, and what counts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.domain.catalog import FREE, Model, Price
from bot.domain.errors import Filtered, ModelError, Overloaded, RateLimit, Timeout
from bot.domain.events import Author, File, MessageReceived
from bot.domain.replies import Action
from bot.domain.stream_parts import Finish, Reason, StreamPart, Text, Thinking, Usage
from bot.settings.config_file import Policy
from bot.settings.money import BudgetEntry
from tests.conversation.stage import ANN, CLAUDE, GPT, GROK, THREAD, Stage, answer

BOB = Author(id="U2", name="Bob")
PRICE = Price(input=1_000, output=10_000)
DEAR = replace(GROK, price=PRICE, max_output=100, fallback=())  # a question is about a dollar and a fifth
FLASH = replace(CLAUDE, name="flash", price=Price(input=1, output=10), max_output=100)


def budget(usd: float, scope: str = "person", **more: Any) -> BudgetEntry:
    return BudgetEntry.model_validate({"scope": scope, "usd": usd, **more})


def stage_of(*budgets: BudgetEntry, models: Sequence[Model] = (DEAR, FLASH), **more: Any) -> Stage:
    return Stage(models=models, budgets=budgets, **more)


def paid(stage: Stage) -> list[float]:
    """What every sum has been spent of, in millionths or more."""
    return [round(usd, 6) for usd in stage.purse.paid.values() if usd]


@dataclass(frozen=True)
class Words:
    id: str
    budget: BudgetEntry
    said: str


WORDS = (
    Words(
        "a person's day", budget(5), "Your budget of $5.00 a day is used up. It starts again at midnight UTC."
    ),
    Words(
        "a channel's week",
        budget(5, "channel", of="c*", period="week"),
        "This channel's budget of $5.00 a week is used up. It starts again on Monday, 9 March, at midnight UTC.",
    ),
    Words(
        "a workspace's month",
        budget(5, "workspace", of="test:W", period="month"),
        "This workspace's budget of $5.00 a month is used up. It starts again on Wednesday, 1 April, at midnight UTC.",
    ),
    Words(
        "a model's day",
        budget(5, "model", of="one:*"),
        "The budget of grok of $5.00 a day is used up. It starts again at midnight UTC.",
    ),
    Words(
        "the company's month",
        budget(5, "company", period="month"),
        "The company's budget of $5.00 a month is used up. It starts again on Wednesday, 1 April, at midnight UTC.",
    ),
)


@pytest.mark.parametrize("case", WORDS, ids=lambda case: case.id)
async def test_a_refusal_names_the_budget_its_amount_and_its_next_start(case: Words) -> None:
    stage = stage_of(case.budget, models=(DEAR,))
    stage.purse.before = lambda: 5.0
    heard = await stage.says("hi")

    assert heard.replies[0].text.startswith(case.said)
    assert heard.replies[0].text.endswith("an administrator of Switchboard can raise the budget.")
    assert stage.one.asked == []


@pytest.mark.parametrize(
    "other",
    [
        budget(5, of="U2"),
        budget(5, "channel", of="D*"),
        budget(5, "workspace", of="V"),
        budget(5, "model", of="flash"),
    ],
    ids=lambda each: each.scope,
)
async def test_a_budget_of_somebody_else_is_none_of_mine(other: BudgetEntry) -> None:
    stage = stage_of(other)
    stage.purse.before = lambda: 5.0

    assert (await stage.says("hi")).text == "answer 1"
    assert stage.purse.calls == 0


async def test_where_there_is_no_budget_nothing_is_asked_of_redis() -> None:
    stage = stage_of()
    await stage.says("hi")
    await stage.says("/compare grok flash: why?")

    assert stage.purse.calls == 0
    assert stage.purse.held == {}


async def test_everybody_has_the_amount_to_themselves() -> None:
    stage = stage_of(budget(1.5))
    await stage.says("hi")
    stage.purse.paid.update(dict.fromkeys(stage.purse.paid, 1.5))

    assert (await stage.says("hi")).replies
    assert (await stage.says("hi", author=BOB)).text


async def test_what_does_not_fit_any_more_is_told_with_its_price_and_a_cheaper_model() -> None:
    stage = stage_of(budget(5))
    stage.purse.before = lambda: 4.5
    heard = await stage.says("why?")
    reply = heard.replies[0]

    assert "This would cost about $1.1" in reply.text
    assert "$0.50 is left of your budget of $5.00 a day" in reply.text
    assert "Ask `/ask flash …` instead: about $0.00" in reply.text
    assert stage.one.asked == []
    (button,) = reply.buttons
    assert (button.label, button.value) == ("Ask flash", "/ask flash why?")
    assert (await stage.presses(button.action, button.value)).text == "answer 1"
    assert len(stage.two.asked) == 1


async def test_a_model_that_is_free_is_offered_as_such_and_one_that_is_not_allowed_is_not() -> None:
    free = replace(FLASH, price=FREE)
    stage = stage_of(budget(5), models=(DEAR, free))
    stage.purse.before = lambda: 5.0
    kept = stage_of(budget(5), models=(DEAR, free), policy=Policy(allow=("grok",)))
    kept.purse.before = lambda: 5.0

    assert (await stage.says("hi")).replies[0].text.endswith("Ask `/ask flash …` instead: free.")
    assert "flash" not in (await kept.says("hi")).replies[0].text
    assert (await stage.says("/ask flash hi")).text


async def test_what_others_are_being_answered_with_is_said_to_be_so() -> None:
    stage = stage_of(budget(2, "company"), models=(DEAR,))
    stage.purse.reserved = defaultdict(lambda: 1.2)
    heard = await stage.says("hi")

    assert (
        "Answers that are being given right now hold what is left of the company's budget"
        in heard.replies[0].text
    )
    assert "Try again in a moment." in heard.replies[0].text


async def test_nothing_may_be_spent_where_the_budget_is_nothing() -> None:
    stage = stage_of(budget(0), models=(DEAR, replace(FLASH, price=FREE)))
    heard = await stage.says("hi")

    assert heard.replies[0].text.startswith(
        "Your budget of $0 a day: only models that cost nothing may answer."
    )
    assert heard.replies[0].text.endswith("Ask `/ask flash …` instead: free.")


async def test_a_comparison_reserves_for_all_of_its_answers_or_asks_nobody() -> None:
    two = (DEAR, replace(DEAR, name="gpt", model="gpt-6"))
    poor, rich = stage_of(budget(2), models=two), stage_of(budget(3), models=two)
    refused = await poor.says("/compare grok gpt: why?")
    await rich.says("/compare grok gpt: why?")

    assert "of your budget of $2.00 a day" in refused.replies[0].text
    assert poor.one.asked == []
    assert len(rich.one.asked) == 2
    assert paid(rich) == [0.12]  # twice ten tokens read and five written


async def test_a_model_that_steps_in_has_to_fit_as_well() -> None:
    dearer = replace(CLAUDE, name="opus", price=Price(input=5_000, output=50_000), max_output=100)
    first = replace(DEAR, fallback=("opus", "gpt"))
    cheaper = replace(GPT, price=PRICE, max_output=100)
    stage = stage_of(budget(5), models=(first, dearer, cheaper))
    stage.purse.before = lambda: 1.0
    stage.one.scripts = [[Overloaded()], [Overloaded()], answer("from gpt")]
    heard = await stage.says("hi")

    assert heard.text == "from gpt"
    assert stage.two.asked == []
    assert heard.closing
    assert heard.closing.footer == "gpt · because grok is overloaded"


async def test_an_answer_nobody_can_pay_ends_with_the_first_reason() -> None:
    dearer = replace(CLAUDE, name="opus", price=Price(input=5_000, output=50_000), max_output=100)
    stage = stage_of(budget(5), models=(replace(DEAR, fallback=("opus",)), dearer))
    stage.purse.before = lambda: 1.0
    stage.one.scripts = [[Overloaded()], [Overloaded()]]
    heard = await stage.says("hi")

    assert heard.closing
    assert heard.closing.notice.startswith("grok is overloaded.")
    assert paid(stage) == []


async def test_a_prompt_that_turns_out_too_long_for_the_budget_is_not_sent() -> None:
    """A file of a kind that its name did not tell."""
    stage = stage_of(budget(5))
    stage.purse.before = lambda: 0.1
    stage.files = {"f": b"x" * 100_000}
    notes = File(id="f", name="notes", media_type="text/plain")
    heard = await stage.says("what is in it?", files=(notes,), direct=True)
    before_others = await stage.says("what is in it?", files=(notes,))

    assert stage.one.asked == []
    assert heard.closing
    assert before_others.closing
    assert heard.closing.notice.startswith("grok was not asked. This would cost about $28")
    assert "more than is left of your budget." in before_others.closing.notice
    assert "$" not in before_others.closing.notice


@pytest.mark.parametrize(
    "file",
    [
        File(id="f", name="a.png", media_type="image/png"),
        File(id="f", name="a.pdf", media_type="application/pdf", size=900_000),
        File(id="f", name="a.txt", media_type="text/plain", size=20_000),
    ],
    ids=lambda file: file.name,
)
async def test_what_is_attached_is_part_of_the_estimate_before_it_is_fetched(file: File) -> None:
    sees = replace(DEAR, vision=True, documents=True)
    stage = stage_of(budget(2.5), models=(sees,))
    stage.purse.before = lambda: 0.1
    heard = await stage.says("what is in it?", files=(file,))

    assert "This would cost about" in heard.replies[0].text


async def test_most_of_a_budget_is_told_once_under_the_answer() -> None:
    stage = stage_of(budget(5, warn=0.5))
    stage.purse.before = lambda: 2.0
    first, second = await stage.says("hi", direct=True), await stage.says("hi", direct=True)

    assert first.closing
    assert first.closing.footer.startswith("grok · 6")
    assert first.closing.footer.endswith("% of your budget of $5.00 a day is used")
    assert second.closing
    assert second.closing.footer == "grok"


async def test_what_others_read_of_a_budget_has_no_amounts() -> None:
    stage = stage_of(budget(5, warn=0.5))
    stage.purse.before = lambda: 2.0
    heard = await stage.says("hi")

    assert heard.closing
    assert heard.closing.footer == "grok · most of your budget is used"


async def test_most_of_a_budget_is_told_under_a_comparison_too() -> None:
    two = (DEAR, replace(DEAR, name="gpt", model="gpt-6"))
    stage = stage_of(budget(4, warn=0.5), models=two)
    heard = await stage.says("/compare grok gpt: why?", direct=True)
    notes = [column.closing.footer for _, column in sorted(heard.columns.items()) if column.closing]

    assert "of your budget of $4.00 a day is used" in notes[0]
    assert "budget" not in notes[1]


@dataclass(frozen=True)
class Cost:
    id: str
    script: Sequence[StreamPart | ModelError]
    least: float
    most: float


WROTE = "x" * 350  # a hundred tokens, a dollar
COSTS = (
    Cost("what the vendor counts", answer("yes"), 0.06, 0.06),
    Cost("nothing counted in spite of a text", (Text(WROTE), Usage(), Finish(reason=Reason.STOP)), 1.05, 1.5),
    Cost("no count", (Text(WROTE), Finish(reason=Reason.STOP)), 1.05, 1.5),
    Cost("thoughts", (Thinking(WROTE), Finish(reason=Reason.LENGTH)), 1.05, 1.5),
    Cost("broken off", (Text(WROTE),), 1.05, 1.5),
    Cost("broken off by an error", (Text(WROTE), Timeout()), 1.05, 1.5),
    Cost("filtered on its way", (Text(WROTE), Finish(reason=Reason.FILTERED)), 1.05, 1.5),
    Cost("filtered before", (Filtered(),), 0.05, 0.5),
    Cost("waited for in vain", (Timeout(),), 0.05, 0.5),
    Cost("refused by the vendor", (RateLimit(retry_after=99),), 0, 0),
)


@pytest.mark.parametrize("case", COSTS, ids=lambda case: case.id)
async def test_what_was_asked_costs_however_it_ended(case: Cost) -> None:
    stage = stage_of(budget(50))
    stage.one.scripts = [case.script]
    await stage.says("hi")

    assert case.least <= sum(paid(stage)) <= case.most
    assert not any(stage.purse.reserved.values())


async def test_a_stopped_answer_costs_what_came_and_its_prompt() -> None:
    stage = stage_of(budget(50), stop_at="x")
    stage.one.scripts = [(Text(WROTE), Text("more"), *answer("")[2:])]
    await stage.says("hi")

    assert 1.05 < sum(paid(stage)) < 1.5


async def test_a_count_of_nothing_is_an_estimate_in_the_ledger_too() -> None:
    stage = stage_of()
    stage.one.scripts = [(Text(WROTE), Usage(), Finish(reason=Reason.STOP))]
    await stage.says("hi")
    counted = stage.outcomes[-1].counted

    assert counted
    assert counted.usage
    assert counted.usage.estimated
    assert counted.cost
    assert counted.cost > 1


async def test_an_unknown_price_counts_as_the_dearest_known_one() -> None:
    unknown = replace(GPT, price=None)
    stage = stage_of(budget(50), models=(unknown, DEAR, FLASH), policy=Policy())
    stage.catalog.replace((unknown, DEAR, FLASH), default="gpt")
    await stage.says("hi")

    assert paid(stage) == [0.06]


async def test_a_turn_whose_worker_died_is_not_reserved_twice_and_pays_for_the_prompt_that_was_lost() -> None:
    alive, dead = stage_of(budget(50)), stage_of(budget(50))
    await alive.says("hi")
    question = MessageReceived(id="e", thread=THREAD, author=ANN, at=1.0, text="hi", threaded=True)
    await dead.plays(question, attempt=2, crashes=1)

    assert sum(paid(dead)) - sum(paid(alive)) == pytest.approx(0.17, abs=0.1)
    assert not any(dead.purse.reserved.values())


async def test_who_presses_pays() -> None:
    stage = stage_of(budget(50, of="U2"))
    await stage.says("hi")
    assert paid(stage) == []
    await stage.presses(Action.AGAIN, stage.history[-1].id, author=BOB)

    assert paid(stage) == [0.06]


async def test_usage_shows_my_own_budgets_and_nobody_elses() -> None:
    stage = stage_of(budget(5), budget(20, period="month"), budget(1_000, "company"), budget(9, of="U2"))
    await stage.says("hi")
    text = (await stage.says("/usage")).replies[0].text

    assert "Your budget of $5.00 a day: $0.0600 is spent, and it starts again at midnight UTC." in text
    assert "Your budget of $20.00 a month: $0.0600 is spent" in text
    assert "company" not in text
    assert "$9" not in text
