"""Slack refuses the bot's token for some seconds: how many accepted questions are answered, and how soon after.

python -m tests.benchmarks.token_outage --seconds 4 --questions 20
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.slack.office import TOKEN, office


async def outage(folder: Path, *, seconds: float, questions: int) -> str:
    async with office(folder, limits=False) as at:
        first = await at.say(f"<@{at.team.bot_user}> hello")
        await at.answered(first.ts)
        at.slack.tokens[TOKEN].revoked = True
        asked = [await at.say(f"<@{at.team.bot_user}> question {number}") for number in range(questions)]
        await asyncio.sleep(seconds)
        at.slack.tokens[TOKEN].revoked = False
        began = time.perf_counter()
        answers = [len(await at.answered(one.ts)) for one in asked]
        took = time.perf_counter() - began
        return (
            f"token refused for {seconds:g} s: {answers.count(1)} of {questions} questions answered once, the last "
            f"{took:.1f} s after it was taken again; {at.product.log.count('a platform refuses the bot')} warning"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--questions", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sb-") as home:
        found = asyncio.run(outage(Path(home), seconds=given.seconds, questions=given.questions))
    sys.stdout.write(f"{found}\n")
