"""Auto in the product as it runs: whom Slack's people get answers from, and that a death changes nothing of it."""

import signal
from pathlib import Path

from tests.e2e.company import company, write_models
from tests.ops.product import running
from tests.providers.fake import Hang, Refuse, Say
from tests.slack.fake import reading

CODE = "Why does this Python function raise an exception?"


async def test_people_pick_it_and_read_who_answered_and_why(tmp_path: Path) -> None:
    async with company(tmp_path, '[auto]\ncode = ["grok"]\nexplore = 0') as co:
        first = await co.ask(f"{co.bot} hello")
        thread = first.thread_ts
        await co.at.say(f"{co.bot} model auto", thread=thread)
        await co.at.until(
            lambda: any(
                "auto chooses who answers in this thread" in reading.text(one) for one in co.at.ours()
            )
        )
        code = await co.ask(CODE, thread=thread)
        then = await co.ask("and what is a tide?", thread=thread)
        await co.at.say(f"{co.bot} model why", thread=thread)
        await co.at.until(
            lambda: any(
                "Here it chose grok last: it answered here before" in reading.text(one)
                for one in co.at.ours()
            )
        )

        assert "auto" not in reading.footer(first)
        assert reading.footer(code).startswith("grok")
        assert reading.footer(code).endswith(" · auto: code")
        assert reading.footer(then).endswith(" · auto: as before")
        assert co.nothing_is_live()


async def test_a_killed_answer_goes_on_with_the_model_that_was_chosen(tmp_path: Path) -> None:
    """The rules that the next process reads would choose another one."""
    async with company(tmp_path, '[auto]\ncode = "grok"') as co:
        co.vendors.plays[CODE] = (Say("The first words"), Hang())
        asked = await co.at.say(f"{co.bot} auto: {CODE}")
        await co.at.until(lambda: any("first words" in reading.text(one) for one in co.at.ours()))
        (growing,) = co.at.ours()
        co.product.signal(signal.SIGKILL)
        await co.product.ended()
        co.vendors.plays[CODE] = (Say("The whole answer"),)
        write_models(tmp_path, '[auto]\ncode = "claude"')
        async with running(tmp_path, **co.at.settings):
            (answer,) = await co.at.answered(asked.ts)

        assert answer is growing
        assert reading.text(answer) == "The whole answer"
        assert reading.footer(answer).startswith("grok")
        assert reading.footer(answer).endswith(" · auto: code")
        assert [each.body["model"] for each in co.vendors.asked] == ["grok-id", "grok-id"]


async def test_a_model_that_refuses_is_passed_over_from_then_on(tmp_path: Path) -> None:
    async with company(tmp_path, '[auto]\nmodels = ["gpt", "gemini"]\nexplore = 0') as co:
        co.vendors.refuses["gpt"] = Refuse(401)
        first = await co.ask(f"{co.bot} auto: what is ink?")
        await co.ask(f"{co.bot} auto: what is mist?")  # two questions have to meet a refusal
        second = await co.ask(f"{co.bot} auto: what is rain?")

        assert reading.footer(first).startswith("claude")
        assert reading.footer(first).endswith(" · because gpt refused Switchboard's key · auto")
        assert reading.footer(second).startswith("gemini")
        assert reading.footer(second).endswith(" · auto: gpt is down")
