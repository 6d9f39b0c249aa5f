"""What people see of /search where a tool searches: that it did, or why it did not."""

from dataclasses import replace

from bot.domain.tools import CallEnd, ToolResult
from tests.conversation.stage import Heard, Stage, answer
from tests.tools.ledger import LedgerServer, tool
from tests.tools.test_tool_loop import ABLE, OTHER, call, calls, footer, stage

SEARCHER = replace(ABLE, search_tool="desk.look", fallback=())


def searching(server: LedgerServer, **more: object) -> Stage:
    return stage(server, models_=(SEARCHER, OTHER), **more)


async def searched(at: Stage) -> Heard:
    return await at.says("/search how do tides work?")


async def test_the_tool_searches_and_is_named() -> None:
    at = searching(LedgerServer())
    at.one.scripts = [calls(call("desk__look")), answer("Twice a day.")]

    assert footer(await searched(at)) == "grok · used desk.look 0.0 s"


async def test_a_search_that_failed_is_said_once() -> None:
    at = searching(LedgerServer(results={"look": ToolResult(text="no", end=CallEnd.FAILED)}))
    at.one.scripts = [calls(call("desk__look")), answer("From memory: twice.")]

    assert footer(await searched(at)) == "grok · used desk.look (failed)"


async def test_while_its_server_is_down_the_answer_says_that_it_comes_without_and_why() -> None:
    at = searching(LedgerServer(trouble="desk does not answer. Look whether it runs."))
    heard = await searched(at)

    assert footer(heard) == (
        "grok · answered without searching the web: desk does not answer. Look whether it runs."
    )
    assert at.one.asked[-1][1].tools == ()
    plain = await at.says("And the moon?")
    assert footer(plain) == "grok"


async def test_where_it_is_switched_off_or_not_there_the_answer_says_so() -> None:
    at = searching(LedgerServer())
    await at.says("/tools off desk")
    assert footer(await searched(at)).endswith(
        "without searching the web: desk is switched off in this thread"
    )
    gone = searching(LedgerServer(offers=[tool("file")]))
    assert footer(await searched(gone)).endswith("without searching the web: desk does not offer look")


async def test_a_model_that_did_not_use_it_is_said_to_have_chosen_so() -> None:
    at = searching(LedgerServer())
    at.one.scripts = [answer("I know that.")]

    assert footer(await searched(at)) == "grok · it chose not to search the web"
