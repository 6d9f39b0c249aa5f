"""A model calls tools: what runs, what it is told, and what a person sees of it."""

import asyncio
from dataclasses import replace
from typing import Any

from bot.domain.errors import Overloaded
from bot.domain.prompt import CallPart, Prompt, ResultPart
from bot.domain.replies import Action
from bot.domain.shown_steps import StepOutcome
from bot.domain.stream_parts import Finish, Reason, Source, Text, ToolCall, Usage
from bot.domain.tools import CallEnd, ToolFile, ToolResult
from bot.domain.turns import TURN, StepState
from tests.conversation.stage import CLAUDE, GROK, Heard, Script, Stage, answer
from tests.tools.ledger import LedgerServer, tool, toolbox

ABLE = replace(GROK, tools=True, vision=True)
OTHER = replace(CLAUDE, tools=True)
CALLED = Finish(reason=Reason.TOOLS)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
REPORT = ToolFile(name="report.pdf", media_type="application/pdf", data=b"%PDF-1.7\n")


def calls(*wanted: ToolCall, text: str = "") -> Script:
    said = (Text(text),) if text else ()
    return (*said, *wanted, Usage(input=10, output=5), CALLED)


def call(name: str, args: str = '{"city": "Oslo"}', **more: Any) -> ToolCall:
    return ToolCall(**{"id": "c1", "name": name, "args": args, **more})


def stage(server: LedgerServer | None = None, **more: Any) -> Stage:
    box = {key: more.pop(key) for key in ("run", "never", "models", "secrets") if key in more}
    return Stage(
        models=more.pop("models_", (ABLE, OTHER)), toolbox=toolbox(server or LedgerServer(), **box), **more
    )


def results(prompt: Prompt) -> list[ResultPart]:
    return [part for message in prompt.messages for part in message.parts if isinstance(part, ResultPart)]


def made(prompt: Prompt) -> list[CallPart]:
    return [part for message in prompt.messages for part in message.parts if isinstance(part, CallPart)]


def footer(heard: Heard) -> str:
    assert heard.closing
    return heard.closing.footer


async def test_what_may_run_runs_and_the_model_goes_on_with_what_came_back() -> None:
    server = LedgerServer()
    at = stage(server)
    at.one.scripts = [calls(call("desk__look", carry="thought"), text="Let me look."), answer("It is cold.")]
    heard = await at.says("How is Oslo?")

    assert [(name, args) for name, args, _ in server.ran] == [("look", {"city": "Oslo"})]
    assert heard.text == "Let me look.\n\nIt is cold."
    assert heard.statuses == ["Running desk.look"]
    assert footer(heard) == "grok · used desk.look 0.0 s"
    assert [one.outcome for one in heard.steps] == [StepOutcome.RUNNING, StepOutcome.DONE]
    assert {one.name for one in heard.steps} == {"desk.look"}
    assert heard.closing
    assert heard.closing.steps == (heard.steps[-1],)
    first, second = (prompt for _, prompt in at.one.asked)
    assert [one.name for one in first.tools] == ["desk__look", "desk__file"]
    (result,) = results(second)
    assert "look of Oslo" in result.text
    (again,) = made(second)
    assert (again.name, again.args, again.carry) == ("desk__look", '{"city": "Oslo"}', "thought")
    assert again.id == result.id
    (turn,) = at.history
    assert TURN.validate_json(TURN.dump_json(turn)) == turn
    assert turn.usage is not None
    assert (turn.usage.input, turn.usage.requests) == (20, 2)


async def test_several_calls_run_at_once_and_each_gets_its_own_result() -> None:
    server = LedgerServer(gate=asyncio.Barrier(2))
    at = stage(server)
    at.one.scripts = [
        calls(call("desk__look", '{"city": "Oslo"}'), call("desk__look", '{"city": "Rome"}')),
        answer("Both."),
    ]
    async with asyncio.timeout(10):
        await at.says("Oslo and Rome?")

    assert server.most_at_once == 2
    told = results(at.one.asked[-1][1])
    assert ["Oslo" in told[0].text, "Rome" in told[1].text] == [True, True]
    assert len({one.id for one in told}) == 2


async def test_a_tool_that_fails_is_told_to_the_model_and_named_under_the_answer() -> None:
    server = LedgerServer(results={"look": ToolResult(text="no such city", end=CallEnd.FAILED)})
    at = stage(server)
    at.one.scripts = [calls(call("desk__look")), answer("I could not find it.")]
    heard = await at.says("How is Oslo?")

    (result,) = results(at.one.asked[-1][1])
    assert result.failed
    assert "no such city" in result.text
    assert footer(heard) == "grok · used desk.look (failed)"


async def test_a_connection_that_breaks_in_an_unknown_way_leaves_nobody_waiting() -> None:
    server = LedgerServer(breaks=True)
    at = stage(server)
    at.one.scripts = [calls(call("desk__look"), call("desk__look")), answer("It may have been done.")]
    async with asyncio.timeout(10):
        heard = await at.says("How is Oslo?")

    assert heard.text == "It may have been done."
    assert footer(heard).count("may have run") == 2


async def test_what_cannot_be_called_is_answered_with_what_can() -> None:
    server = LedgerServer()
    at = stage(server)
    at.one.scripts = [
        calls(
            call("desk__erase"),
            call("desk__look", "not json"),
            call("desk__look", '{"city": 3}'),
            call("desk__look", '{"city": "a", "city": "b"}'),
            call("desk__look", "[1]"),
        ),
        answer("Sorry."),
    ]
    await at.says("Erase it.")

    assert server.ran == []
    told = [one.text for one in results(at.one.asked[-1][1])]
    assert "There are: desk__file, desk__look" in told[0]
    assert "not valid JSON" in told[1]
    assert "do not fit at city" in told[2]
    assert "the same thing twice" in told[3]
    assert "must be a JSON object" in told[4]


async def test_what_never_runs_is_not_offered_and_cannot_be_called() -> None:
    server = LedgerServer()
    at = stage(server, never=("file",))
    at.one.scripts = [calls(call("desk__file")), answer("No.")]
    await at.says("File it.")

    assert [one.name for one in at.one.asked[0][1].tools] == ["desk__look"]
    assert server.ran == []


async def test_a_model_that_never_ends_is_made_to_answer_in_the_last_round() -> None:
    server = LedgerServer()
    at = stage(server)
    at.one.scripts = [calls(call("desk__look")) for _ in range(30)]
    heard = await at.says("How is Oslo?")

    assert len(server.ran) == 20
    assert [prompt.callable for _, prompt in at.one.asked][-2:] == [True, False]
    assert len(at.one.asked) == 21
    assert heard.closing
    assert "again and again" in heard.closing.notice
    at.one.scripts = [answer("So it is.")]
    again = await at.presses(Action.AGAIN, at.history[0].id)
    assert again.text == "So it is."
    assert len(server.ran) == 20


async def test_another_model_steps_in_between_two_rounds() -> None:
    server = LedgerServer()
    at = stage(server)
    at.one.scripts = [
        calls(call("desk__look", carry="mine"), text="Looking."),
        (Overloaded("busy"),),
        (Overloaded("busy"),),
    ]
    at.two.scripts = [answer("Cold.")]
    heard = await at.says("How is Oslo?")

    assert heard.text == "Looking.\n\nCold."
    assert footer(heard).startswith("claude · because grok is overloaded")
    _, prompt = at.two.asked[-1]
    assert "look of Oslo" in results(prompt)[0].text
    assert made(prompt)[0].carry == ""
    assert len(server.ran) == 1


async def test_who_stepped_in_goes_on_with_its_tools_and_the_next_question_asks_the_chosen_model_again() -> (
    None
):
    at = stage(LedgerServer())
    busy = (Overloaded("busy"),)
    at.one.scripts = [calls(call("desk__look")), busy, busy, answer("I am back.")]
    at.two.scripts = [calls(call("desk__look", '{"city": "Rome"}')), answer("Both are cold.")]
    first = await at.says("How are Oslo and Rome?")
    assert len(at.one.asked) == 3
    second = await at.says("And Bonn?")

    assert footer(first).startswith("claude · because grok is overloaded")
    assert footer(second) == "grok"
    assert len(at.two.asked) == 2


async def test_comparisons_are_without_tools_and_say_so() -> None:
    server = LedgerServer()
    at = stage(server)
    heard = await at.says("/compare grok claude: How is Oslo?")
    plain = await Stage().says("/compare grok claude: How is Oslo?")

    assert r"Tools are not used in comparisons\." in heard.replies[-1].text
    assert "Tools" not in plain.replies[-1].text
    assert [prompt.tools for _, prompt in (*at.one.asked, *at.two.asked)] == [(), ()]


async def test_a_model_without_tools_is_offered_none_and_still_told_what_was_done() -> None:
    plain = replace(CLAUDE, tools=False)
    at = stage(models_=(ABLE, plain))
    at.one.scripts = [calls(call("desk__look")), (Overloaded("busy"),), (Overloaded("busy"),)]
    at.two.scripts = [answer("Cold.")]
    await at.says("How is Oslo?")

    _, prompt = at.two.asked[-1]
    assert prompt.tools == ()
    assert made(prompt) == []
    assert "look of Oslo" in at.two.words()[-1]


async def test_a_stop_ends_the_running_call_and_says_that_it_may_have_run() -> None:
    server = LedgerServer(gate=asyncio.Event())
    at = stage(server, stop_at="Running")
    at.one.scripts = [calls(call("desk__look"))]
    heard = await at.says("How is Oslo?")

    assert server.at_once == 0
    assert heard.closing
    assert heard.closing.reason is Reason.STOPPED
    assert footer(heard) == "grok · used desk.look (may have run)"
    (turn,) = at.history
    assert turn.steps[0].state is StepState.UNKNOWN
    assert turn.usage is not None
    assert (turn.usage.input, turn.usage.requests) == (10, 1)


async def test_a_stop_takes_back_what_was_still_asked_for() -> None:
    server = LedgerServer(gate=asyncio.Event())
    at = stage(server, stop_at="Running")
    at.one.scripts = [calls(call("desk__look"), call("desk__file"))]
    heard = await at.says("How is Oslo?")

    assert heard.closing
    assert [one.label for one in heard.closing.buttons] == ["Try again", "Ask another model"]
    assert [step.state for step in at.history[0].steps] == [StepState.UNKNOWN, StepState.REFUSED]
    assert "**Run**" not in heard.text


async def test_progress_is_shown_as_one_clean_line() -> None:
    server = LedgerServer(says=["half\n done\u202e", "x" * 500])
    at = stage(server)
    at.one.scripts = [calls(call("desk__look")), answer("Cold.")]
    heard = await at.says("How is Oslo?")

    assert heard.statuses[:2] == ["Running desk.look", "Running desk.look: half done"]
    assert len(heard.statuses[2]) < 160


async def test_a_picture_is_shown_to_the_person_and_to_a_model_that_sees() -> None:
    shown = ToolFile(name="map.png", media_type="image/png", data=PNG)
    server = LedgerServer(results={"look": ToolResult(text="a map", files=(shown,))})
    at = stage(server)
    at.one.scripts = [calls(call("desk__look")), answer("Here.")]
    heard = await at.says("Map of Oslo?")

    assert [one.name for one in heard.files] == ["map.png"]
    (result,) = results(at.one.asked[-1][1])
    assert [one.data for one in result.pictures] == [PNG]


async def test_a_file_of_any_kind_reaches_the_person_and_the_model_knows_it() -> None:
    server = LedgerServer(results={"look": ToolResult(text="a report", files=(REPORT,))})
    at = stage(server)
    at.one.scripts = [calls(call("desk__look")), answer("Here.")]
    heard = await at.says("Report on Oslo?")

    assert [(one.name, one.data) for one in heard.files] == [("report.pdf", REPORT.data)]
    (result,) = results(at.one.asked[-1][1])
    assert "the file report.pdf, 9 bytes, which the person gets with this answer" in result.text
    assert not result.pictures
    await at.says("And what was in it?")
    assert any("[file: report.pdf]" in words for words in at.one.words())


async def test_what_a_server_says_of_a_files_kind_makes_no_picture_of_it() -> None:
    page = ToolFile(name="../../cat\u202e.png", media_type="image/png", data=b"<svg onload=alert(1)>")
    server = LedgerServer(results={"look": ToolResult(text="a cat", files=(page,))})
    at = stage(server)
    at.one.scripts = [calls(call("desk__look")), answer("Here.")]
    heard = await at.says("A cat?")

    (file,) = heard.files
    assert (file.name, file.picture, file.media_type) == ("cat.png", False, "application/octet-stream")
    assert not results(at.one.asked[-1][1])[0].pictures


async def test_a_worker_that_died_after_a_call_shows_its_files_and_the_model_sees_them() -> None:
    shown = ToolFile(name="map.png", media_type="image/png", data=PNG)
    server = LedgerServer(results={"look": ToolResult(text="a map", files=(shown, REPORT))})
    at = stage(server)
    at.one.scripts = [calls(call("desk__look")), answer("Here.")]
    await at.says("Map of Oslo?")
    done = at.turn_handle.progress[-1]

    again = stage(server)
    again.secrets.kept.update(at.secrets.kept)
    again.one.scripts = [answer("Here.")]
    heard = await again.plays(at.event, progress=done, attempt=2, crashes=1)

    assert len(server.ran) == 1
    assert [one.data for one in heard.files] == [PNG, REPORT.data]
    assert [one.data for one in results(again.one.asked[-1][1])[0].pictures] == [PNG]
    assert [one.name for one in again.history[0].files] == ["map.png", "report.pdf"]


async def test_files_that_were_lost_with_a_worker_are_said() -> None:
    server = LedgerServer(results={"look": ToolResult(text="a report", files=(REPORT,))})
    at = stage(server)
    at.one.scripts = [calls(call("desk__look")), answer("Here.")]
    await at.says("Report on Oslo?")
    done = at.turn_handle.progress[-1]

    again = stage(server)
    again.one.scripts = [answer("Here.")]
    heard = await again.plays(at.event, progress=done, attempt=2, crashes=1)

    assert heard.files == []
    assert heard.closing
    assert "A file of it was lost" in heard.closing.notice


async def test_what_a_tool_showed_before_an_approval_is_seen_after_it_and_its_own_files_survive_a_crash() -> (
    None
):
    shown = ToolFile(name="map.png", media_type="image/png", data=PNG)
    server = LedgerServer(
        results={
            "look": ToolResult(text="a map", files=(shown,)),
            "file": ToolResult(text="filed", files=(REPORT,)),
        }
    )
    at = stage(server)
    at.one.scripts = [calls(call("desk__look")), calls(call("desk__file")), answer("Filed.")]
    await at.says("File a report on Oslo.")
    (turn,) = at.history
    heard = await at.presses(Action.APPROVE, f"{turn.id} {turn.pending[0].id}")

    assert [one.data for one in heard.files] == [REPORT.data]
    seen, filed = results(at.one.asked[-1][1])
    assert [one.data for one in seen.pictures] == [PNG]
    assert "report.pdf" in filed.text
    assert [one.name for one in at.history[0].files] == ["map.png", "report.pdf"]

    again = stage(server, history=(turn,))
    again.secrets.kept.update(at.secrets.kept)
    again.one.scripts = [answer("Filed.")]
    once_more = await again.plays(at.event, progress=at.turn_handle.progress[-1], attempt=2, crashes=1)
    assert [one.data for one in once_more.files] == [REPORT.data]
    assert [step.state for step in again.history[0].steps] == [StepState.DONE, StepState.DONE]
    assert len(server.ran) == 2


async def test_the_next_question_knows_what_was_called_without_calls_in_its_history() -> None:
    at = stage()
    at.one.scripts = [calls(call("desk__look")), answer("Cold.")]
    await at.says("How is Oslo?")
    await at.says("And why?")

    _, prompt = at.one.asked[-1]
    assert made(prompt) == []
    assert any("[called desk.look with" in words for words in at.one.words())


async def test_a_worker_that_died_while_a_call_ran_leaves_it_unknown_and_it_is_not_run_again() -> None:
    server = LedgerServer()
    at = stage(server)
    at.one.scripts = [calls(call("desk__look"), text="Let me look."), answer("Cold.")]
    await at.says("How is Oslo?")
    started = at.turn_handle.progress[0]
    assert [step.state for step in started.steps] == [StepState.STARTED]

    again = stage(server)
    again.one.scripts = [answer("It may have been looked at.")]
    heard = await again.plays(at.event, progress=started, attempt=2, crashes=1)

    assert len(server.ran) == 1
    assert heard.text == "Let me look.\n\nIt may have been looked at."
    (result,) = results(again.one.asked[-1][1])
    assert "may have run" in result.text
    assert footer(heard) == "grok · used desk.look (may have run)"


async def test_a_worker_that_died_after_a_call_goes_on_with_its_result() -> None:
    server = LedgerServer()
    at = stage(server)
    cited = Source(number=1, title="Tides", address="https://tides.example")
    at.one.scripts = [(Text("See [1]."), cited, *calls(call("desk__look"))), answer("Cold.")]
    await at.says("How is Oslo?")
    done = at.turn_handle.progress[-1]

    again = stage(server)
    again.one.scripts = [answer("Cold.")]
    heard = await again.plays(at.event, progress=done, attempt=2, crashes=1)

    assert len(server.ran) == 1
    assert "look of Oslo" in results(again.one.asked[-1][1])[0].text
    assert [one.address for one in heard.sources] == ["https://tides.example"]
    (turn,) = again.history
    assert len(turn.sources) == 1
    assert turn.usage is not None
    assert turn.usage.requests == 2


async def test_a_long_result_is_cut_to_what_the_model_has_room_for() -> None:
    server = LedgerServer(results={"look": ToolResult(text="x" * 300_000)})
    small = replace(ABLE, context=8_000, max_output=1_000)
    at = stage(server, models_=(small,))
    at.one.scripts = [(call("desk__look"), CALLED), answer("Long.")]
    await at.says("How is Oslo?")

    (result,) = results(at.one.asked[-1][1])
    assert len(result.text) < 20_000
    assert "cut here" in result.text


async def test_a_server_that_is_down_is_no_reason_not_to_answer() -> None:
    at = stage(LedgerServer(trouble="desk does not answer. Look whether it runs."))
    heard = await at.says("How is Oslo?")

    assert heard.text == "answer 1"
    assert at.one.asked[0][1].tools == ()


async def test_only_the_models_that_may_are_offered_a_server() -> None:
    at = stage(models=("claude",))
    await at.says("How is Oslo?")
    await at.says("claude: how is Oslo?")

    assert at.one.asked[0][1].tools == ()
    assert len(at.two.asked[0][1].tools) == 2


async def test_two_servers_may_have_a_tool_of_the_same_name() -> None:
    one, two = LedgerServer(), LedgerServer(name="shelf", offers=[tool("look", server="shelf")])
    at = Stage(models=(ABLE,), toolbox=toolbox(one, two))
    at.one.scripts = [calls(call("shelf__look")), answer("Cold.")]
    await at.says("How is Oslo?")

    assert (len(one.ran), len(two.ran)) == (0, 1)
