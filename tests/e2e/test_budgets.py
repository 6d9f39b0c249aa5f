"""A budget in the whole product: eight threads at once in Slack, and what the vendors were asked."""

import asyncio
import re
from pathlib import Path

from tests.e2e.company import company
from tests.providers.fake import Gate, Say
from tests.slack.fake import reading
from tests.slack.fake.world import Message
from tests.slack.office import complete

BUDGET = """
[[models]]
name = "opus"
provider = "openai"
model = "opus-id"
max_output = 50
price = { input = 1000.0, output = 10000.0 }

[[models]]
name = "mini"
provider = "openai"
model = "mini-id"
price = { input = 0.1, output = 0.4 }

[[budgets]]
scope = "person"
usd = 2.0
"""


async def test_eight_threads_at_once_spend_one_budget_and_the_others_are_told_what_to_do(
    tmp_path: Path,
) -> None:
    async with company(tmp_path, BUDGET) as co:
        gate = Gate(asyncio.Event())
        async with asyncio.TaskGroup() as group:
            for number in range(8):
                co.vendors.plays[f"question {number}"] = (gate, Say("Done."))
                group.create_task(co.at.say(f"{co.bot} opus: question {number}"))

        def refusals() -> list[Message]:
            told = "your budget of $2.00 a day"
            return [one for one in co.at.ours() if told in reading.text(one).casefold()]

        await co.at.until(lambda: len(refusals()) + len(co.vendors.asked) == 8)
        asked = len(co.vendors.asked)
        gate.opened.set()
        await co.at.until(lambda: sum(map(complete, co.at.ours())) == asked)
        usage = reading.text(await co.at.told("/usage", channel="D1"))
        spent = re.search(r"Your budget of \$2\.00 a day: \$([\d.]+) is spent", usage)

        assert 1 <= asked <= 3
        assert spent
        assert 0 < float(spent[1]) <= 2.0
        assert "/ask mini" in reading.text(refusals()[0])
        await co.at.press(refusals()[0], "Ask mini")
        await co.at.until(lambda: len(co.vendors.asked) == asked + 1)
        assert co.vendors.asked[-1].body["model"] == "mini-id"
