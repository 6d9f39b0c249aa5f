"""A call that needs asking waits as data: who may press, what then runs, and that it runs once."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.approvals import DAY
from bot.domain.auto_entry import AutoEntry
from bot.domain.claims import Outcome
from bot.domain.errors import PlatformGone, Rejected
from bot.domain.events import Author
from bot.domain.preferences import ToolPreferences
from bot.domain.replies import Action
from bot.domain.stream_parts import Reason
from bot.domain.turns import TURN, StepState
from bot.settings.config_file import Policy
from tests.conversation.stage import Heard, Stage, answer
from tests.tools.ledger import LedgerServer, tool
from tests.tools.test_tool_loop import call, calls, footer, made, results, stage

BOB, EVE = Author(id="U2", name="Bob"), Author(id="U3", name="Eve")
BUTTONS = ["Run it", "Don't", "Always for this tool in this thread"]


def pressed(heard: Heard, label: str) -> str:
    """The value of a button."""
    shown = heard.closing.buttons if heard.closing else heard.replies[-1].buttons
    return next(one.value for one in shown if one.label == label)


def labels(heard: Heard) -> Sequence[str]:
    shown = heard.closing.buttons if heard.closing else heard.replies[-1].buttons
    return [one.label for one in shown]


def said(heard: Heard) -> str:
    return heard.replies[-1].text


async def waiting(at: Stage, *more: Any) -> Heard:
    at.one.scripts = [calls(call("desk__file"), *more, text="I will file it.")]
    return await at.says("File Oslo.")


async def test_what_is_going_to_run_stands_above_the_buttons_with_all_its_arguments() -> None:
    server = LedgerServer()
    at = stage(server)
    at.one.scripts = [
        calls(call("desk__file", json.dumps({"city": "`Oslo`\u202e <!channel>", "n": [1, {"a": None}]})))
    ]
    heard = await at.says("File Oslo.")

    assert server.ran == []
    assert labels(heard) == BUTTONS
    assert heard.closing
    assert (heard.closing.reason, heard.closing.notice, heard.closing.footer) == (Reason.STOP, "", "grok")
    assert heard.text == (
        "**Run** `file` on `desk`?\n\n"
        '```json\n{\n  "city": "`Oslo`\\u202e <!channel>",\n  "n": [\n    1,\n    {\n      "a": null\n    }\n  ]\n}\n```'
    )
    (turn,) = at.history
    assert TURN.validate_json(TURN.dump_json(turn)).pending == turn.pending


async def test_the_asker_lets_it_run_and_the_answer_goes_on() -> None:
    server = LedgerServer()
    at = stage(server)
    waits = await waiting(at)
    at.one.scripts = [answer("It is filed.")]
    heard = await at.presses(Action.APPROVE, pressed(waits, "Run it"))

    assert [(name, args) for name, args, _ in server.ran] == [("file", {"city": "Oslo"})]
    assert heard.text == "It is filed."
    assert footer(heard) == "grok · used desk.file 0.0 s"
    prompt = at.one.asked[-1][1]
    assert "file of Oslo" in results(prompt)[0].text
    assert at.one.words()[1] == "I will file it."
    (turn,) = at.history
    assert (turn.asked.text, turn.answer) == ("File Oslo.", "I will file it.\n\nIt is filed.")
    assert turn.usage is not None
    assert turn.usage.requests == 2


async def test_not_running_it_is_told_to_the_model() -> None:
    server = LedgerServer()
    at = stage(server)
    waits = await waiting(at)
    at.one.scripts = [answer("Then not.")]
    heard = await at.presses(Action.DECLINE, pressed(waits, "Don't"))

    assert server.ran == []
    assert "did not allow it" in results(at.one.asked[-1][1])[0].text
    assert footer(heard) == "grok · used desk.file (not run)"


async def test_nobody_else_may_press_and_is_told_so_alone() -> None:
    server = LedgerServer()
    at = stage(server, policy=Policy(admins=("U3",)))
    waits = await waiting(at)
    heard = await at.presses(Action.APPROVE, pressed(waits, "Run it"), author=BOB)

    assert server.ran == []
    assert heard.replies[-1].private
    assert said(heard) == "Only Ann or an administrator can decide that."
    at.one.scripts = [answer("Filed.")]
    await at.presses(Action.APPROVE, pressed(waits, "Run it"), author=EVE)
    assert len(server.ran) == 1


async def test_a_second_press_changes_nothing_and_says_what_was_decided() -> None:
    server = LedgerServer()
    at = stage(server)
    waits = await waiting(at)
    await at.presses(Action.APPROVE, pressed(waits, "Run it"))
    again = await at.presses(Action.APPROVE, pressed(waits, "Run it"))
    other = await at.presses(Action.DECLINE, pressed(waits, "Don't"))

    assert len(server.ran) == 1
    assert said(again) == said(other) == "That is decided already: it was run."


async def test_the_card_says_what_was_decided_and_by_whom_and_has_no_buttons_any_more() -> None:
    at = stage(LedgerServer(), policy=Policy(admins=("U3",)))
    waits = await waiting(at)
    at.one.scripts = [answer("Filed.")]
    heard = await at.presses(Action.APPROVE, pressed(waits, "Run it"), author=EVE)

    (card,) = heard.rewritten
    assert card.messages == ("m0",)
    assert card.text == waits.text
    assert (card.closing.notice, card.closing.buttons, card.closing.footer) == ("Eve: Run it.", (), "grok")


async def test_each_card_of_several_says_its_own_decision() -> None:
    at = stage(LedgerServer())
    waits = await waiting(at, call("desk__file", '{"city": "Rome"}'))
    second = await at.presses(Action.DECLINE, pressed(waits, "Don't"), message="m0")
    at.one.scripts = [calls(call("desk__file", '{"city": "Bern"}'), text="One more."), answer("Done.")]
    third = await at.presses(Action.APPROVE, pressed(second, "Run it"), message="m1")
    last = await at.presses(Action.APPROVE, pressed(third, "Run it"), message="m2")

    told = [(one.rewritten[0].messages, one.rewritten[0].closing.notice) for one in (second, third, last)]
    assert told == [(("m0",), "Ann: Don't."), (("m1",), "Ann: Run it."), (("m2",), "Ann: Run it.")]
    assert second.rewritten[0].text == waits.text
    assert third.rewritten[0].text == second.replies[-1].text
    assert last.rewritten[0].text == third.text


async def test_a_card_that_cannot_be_changed_decides_all_the_same() -> None:
    server = LedgerServer()
    at = stage(server, unchangeable=PlatformGone("deleted", code="message_not_found"))
    waits = await waiting(at)
    at.one.scripts = [answer("Filed.")]
    heard = await at.presses(Action.APPROVE, pressed(waits, "Run it"))

    assert heard.text == "Filed."
    assert len(server.ran) == 1


async def test_it_ends_after_a_day_as_not_run() -> None:
    server = LedgerServer()
    at = stage(server)
    waits = await waiting(at)
    heard = await at.presses(Action.APPROVE, pressed(waits, "Run it"), at=at.history[0].at + DAY + 1)

    assert server.ran == []
    assert "more than 24 hours ago" in said(heard)
    assert heard.rewritten[0].closing.notice == "Nobody decided within 24 hours, so it was not run."
    assert heard.rewritten[0].closing.buttons == ()


async def test_what_was_shown_is_what_runs_whatever_the_press_says() -> None:
    server = LedgerServer()
    at = stage(server)
    await waiting(at)
    turn = at.history[0]
    for value in (f"{turn.id} 000000000", f"{turn.id} {turn.steps[0].id} x", f"nobody {turn.steps[0].id}"):
        await at.presses(Action.APPROVE, value)

    assert server.ran == []


async def test_several_are_decided_one_by_one_and_then_the_model_goes_on() -> None:
    server = LedgerServer()
    at = stage(server)
    waits = await waiting(at, call("desk__file", '{"city": "Rome"}'), call("desk__look", '{"city": "Bonn"}'))
    assert [args["city"] for _, args, _ in server.ran] == ["Bonn"]
    second = await at.presses(Action.DECLINE, pressed(waits, "Don't"))

    assert len(at.one.asked) == 1
    assert '"city": "Rome"' in said(second)
    at.one.scripts = [answer("Rome it is.")]
    heard = await at.presses(Action.APPROVE, pressed(second, "Run it"))

    assert [args["city"] for _, args, _ in server.ran] == ["Bonn", "Rome"]
    assert heard.text == "Rome it is."
    assert [one.failed for one in results(at.one.asked[-1][1])] == [True, False, False]


async def test_always_runs_this_tool_in_this_thread_and_no_other() -> None:
    server = LedgerServer(offers=[tool("file"), tool("send")])
    at = stage(server, run=())
    waits = await waiting(at)
    at.one.scripts = [calls(call("desk__file", '{"city": "Rome"}')), calls(call("desk__send"))]
    heard = await at.presses(Action.ALWAYS, pressed(waits, BUTTONS[2]))

    assert [(name, args["city"]) for name, args, _ in server.ran] == [("file", "Oslo"), ("file", "Rome")]
    assert "**Run** `send`" in heard.text
    assert ToolPreferences.read(at.thread_tools.dump()) == at.thread_tools
    at.one.scripts = [calls(call("desk__file", '{"city": "Bern"}')), answer("Filed.")]
    await at.says("File Bern, too.")
    assert [args["city"] for _, args, _ in server.ran] == ["Oslo", "Rome", "Bern"]
    at.one.scripts = [calls(call("desk__file", '{"city": "Bonn"}'))]
    await at.says("File Bonn.", author=BOB)
    assert len(server.ran) == 3


async def test_always_ends_when_the_tool_describes_itself_otherwise() -> None:
    server = LedgerServer()
    at = stage(server)
    waits = await waiting(at)
    await at.presses(Action.ALWAYS, pressed(waits, BUTTONS[2]))
    server.offers = [tool("file", description="Files, and mails it to everybody.")]
    at.one.scripts = [calls(call("desk__file"))]
    heard = await at.says("File it again.")

    assert len(server.ran) == 1
    assert labels(heard) == BUTTONS


async def test_what_changed_since_it_was_shown_is_not_run() -> None:
    server = LedgerServer()
    at = stage(server)
    waits = await waiting(at)
    server.offers = [tool("file", parameters={"type": "object"})]
    heard = await at.presses(Action.APPROVE, pressed(waits, "Run it"))

    assert server.ran == []
    assert "changed since" in results(at.one.asked[-1][1])[0].text
    assert footer(heard) == "grok · used desk.file (failed)"


async def test_after_a_switch_the_other_model_gets_the_result() -> None:
    server = LedgerServer()
    at = stage(server)
    waits = await waiting(at)
    await at.says("/model claude")
    at.two.scripts = [answer("Filed, says Claude.")]
    heard = await at.presses(Action.APPROVE, pressed(waits, "Run it"))

    assert heard.text == "Filed, says Claude."
    prompt = at.two.asked[-1][1]
    assert made(prompt)[0].carry == ""
    assert made(prompt)[0].id == results(prompt)[0].id
    assert at.history[0].model == "claude"


async def test_a_question_for_a_named_model_goes_on_with_that_model() -> None:
    at = stage()
    at.two.scripts = [calls(call("desk__file"))]
    waits = await at.says("claude: file Oslo.")
    at.two.scripts = [answer("Filed.")]
    heard = await at.presses(Action.APPROVE, pressed(waits, "Run it"))

    assert footer(heard).startswith("claude")


async def test_questions_in_between_leave_it_waiting() -> None:
    server = LedgerServer()
    at = stage(server)
    waits = await waiting(at)
    await at.says("By the way, who are you?")
    assert any(
        "[called desk.file with" in words and "waits for a person" in words for words in at.one.words()
    )
    at.one.scripts = [answer("Filed.")]
    heard = await at.presses(Action.APPROVE, pressed(waits, "Run it"))

    assert heard.text == "Filed."
    assert [turn.asked.text for turn in at.history] == ["File Oslo.", "By the way, who are you?"]


async def test_a_worker_that_dies_after_the_press_does_not_run_it_twice() -> None:
    server = LedgerServer()
    at = stage(server)
    waits = await waiting(at)
    before = at.history
    at.one.scripts = [answer("Filed.")]
    await at.presses(Action.APPROVE, pressed(waits, "Run it"))
    started, done = at.turn_handle.progress
    press = at.event

    assert [started.steps[0].state, done.steps[0].state] == [StepState.STARTED, StepState.DONE]
    for progress, state in ((started, StepState.UNKNOWN), (done, StepState.DONE)):
        at.history = before
        at.one.scripts = [answer("Filed.")]
        await at.plays(press, progress=progress, attempt=2, crashes=1)
        assert at.history[0].steps[0].state is state
    assert len(server.ran) == 1


async def test_where_the_model_fails_after_a_call_trying_again_does_not_call_again() -> None:
    server = LedgerServer()
    at = stage(server)
    waits = await waiting(at)
    at.one.scripts = [(Rejected("no"),)] * 2
    at.two.scripts = [(Rejected("no"),)] * 2
    failed = await at.presses(Action.APPROVE, pressed(waits, "Run it"))
    assert failed.closing
    assert failed.closing.reason is Reason.FAILED
    at.one.scripts = [answer("Filed.")]
    heard = await at.presses(Action.AGAIN, pressed(failed, "Try again"))

    assert len(server.ran) == 1
    assert heard.text == "Filed."
    assert "file of Oslo" in results(at.one.asked[-1][1])[0].text
    (turn,) = at.history
    assert turn.answer == "I will file it.\n\nFiled."


async def test_what_nobody_could_read_is_not_asked_for() -> None:
    server = LedgerServer()
    at = stage(server)
    at.one.scripts = [calls(call("desk__file", json.dumps({"city": "x" * 100_001}))), answer("Less, then.")]
    heard = await at.says("File it.")

    assert heard.text == "Less, then."
    assert "longer than 100,000 characters" in results(at.one.asked[-1][1])[0].text


LETTER = "\n".join(f"Line {n} of a letter, with `code` and <!channel>." for n in range(1_500))


async def test_long_arguments_are_folded_with_length_and_hash_and_shown_whole_before_anybody_presses() -> (
    None
):
    server = LedgerServer()
    at = stage(server)
    many = {"city": LETTER, "n": [{"a": n} for n in range(200)], "short": "all of it"}
    at.one.scripts = [calls(call("desk__file", json.dumps(many)))]
    waits = await at.says("File it.")

    assert labels(waits) == [*BUTTONS, "Show all"]
    assert len(waits.text) < 2_000
    digest = hashlib.sha256(LETTER.encode()).hexdigest()[:16]
    assert f"\n    (folded: {len(LETTER):,} characters, sha256 {digest})" in waits.text
    assert waits.text.count("(folded:") == 2
    assert '"short": "all of it"' in waits.text
    bob = await at.presses(Action.WHOLE, pressed(waits, "Show all"), author=BOB)
    assert (bob.text, bob.replies[-1].private) == ("", True)
    heard = await at.presses(Action.WHOLE, pressed(waits, "Show all"))
    code = heard.text[heard.text.index("{") : heard.text.rindex("}") + 1]
    assert json.loads(code) == many
    assert labels(heard) == []
    assert server.ran == []
    at.one.scripts = [answer("Filed.")]
    await at.presses(Action.APPROVE, pressed(waits, "Run it"))
    assert [args for _, args, _ in server.ran] == [many]


@pytest.mark.parametrize(
    "many",
    [
        {f"k{n}": "x" * 900 + f"END{n}" for n in range(90)},
        {f"k{n}": n for n in range(5_000)},
        {"k" * 50_000: 1},
    ],
    ids=["long", "short", "a name"],
)
async def test_a_card_of_many_arguments_fits_one_message_and_says_that_there_is_more(
    many: dict[str, Any],
) -> None:
    server = LedgerServer()
    at = stage(server)
    many = {"city": "Rome"} | many
    waits = await waiting(at, call("desk__file", json.dumps(many)))
    card = await at.presses(Action.DECLINE, pressed(waits, "Don't"))

    assert labels(card) == [*BUTTONS, "Show all"]
    assert len(said(card)) < 6_500
    digest = hashlib.sha256(json.dumps(many, sort_keys=True).encode()).hexdigest()[:16]
    assert f"(folded: all together {len(json.dumps(many)):,} characters, sha256 {digest})" in said(card)
    heard = await at.presses(Action.WHOLE, pressed(card, "Show all"))
    assert json.loads(heard.text[heard.text.index("{") : heard.text.rindex("}") + 1]) == many


async def test_an_argument_cannot_say_that_it_is_folded() -> None:
    at = stage(LedgerServer())
    claim = 'Oslo"\n    (folded: 12 characters, sha256 0123456789abcdef)'
    at.one.scripts = [calls(call("desk__file", json.dumps({"city": claim})))]
    waits = await at.says("File it.")

    assert "Show all" not in labels(waits)
    assert not any(line.lstrip().startswith("(folded") for line in waits.text.split("\n"))


async def test_a_decision_that_no_model_can_go_on_with_is_still_to_be_made() -> None:
    server = LedgerServer()
    at = stage(server)
    waits = await waiting(at)
    at.catalog.replace([], absent="There is no model.")
    heard = await at.presses(Action.APPROVE, pressed(waits, "Run it"))

    assert server.ran == []
    assert [len(one.closing.buttons) for one in heard.rewritten] == [0, 3]
    assert at.history[0].pending


@pytest.mark.parametrize("number", ["1e400", "-1e999", "NaN", "Infinity"])
async def test_what_json_cannot_tell_is_neither_shown_nor_sent(number: str) -> None:
    server = LedgerServer()
    at = stage(server)
    at.one.scripts = [calls(call("desk__file", f'{{"city": "Oslo", "n": {number}}}')), answer("Then not.")]
    heard = await at.says("File it.")

    assert (heard.text, server.ran) == ("Then not.", [])
    assert f"The arguments hold {number}" in results(at.one.asked[-1][1])[0].text


async def test_a_key_of_ours_reaches_no_tool() -> None:
    server = LedgerServer()
    at = stage(server, secrets=("sk-very-secret",))
    at.one.scripts = [calls(call("desk__look", '{"city": "sk-very-secret"}')), answer("No.")]
    await at.says("Look.")

    assert server.ran == []
    assert "sk-very-secret" not in str(at.history)


async def test_what_is_forgotten_cannot_be_run_any_more() -> None:
    server = LedgerServer()
    at = stage(server)
    waits = await waiting(at)
    await at.says("/forget")
    heard = await at.presses(Action.APPROVE, pressed(waits, "Run it"))

    assert server.ran == []
    assert "not in memory any more" in said(heard)


async def test_a_press_that_nobody_may_make_now_can_be_made_later() -> None:
    server = LedgerServer()
    at = stage(server, policy=Policy(messages_per_minute=1))
    waits = await waiting(at)
    refused = await at.presses(Action.APPROVE, pressed(waits, "Run it"))
    assert refused.replies
    assert server.ran == []
    before, after = refused.rewritten
    assert (before.closing.notice, before.closing.buttons) == ("Ann: Run it.", ())
    assert (after.closing.notice, [one.label for one in after.closing.buttons]) == ("", BUTTONS)
    assert at.outcomes[-1] == Outcome()
    at.taken = 0
    at.one.scripts = [answer("Filed.")]
    await at.presses(Action.APPROVE, pressed(waits, "Run it"))
    assert len(server.ran) == 1


async def test_tools_are_listed_and_switched_off_for_the_thread() -> None:
    server = LedgerServer(
        offers=[tool("look"), tool("file", description="**Files** [it](https://x.example)")]
    )
    at = stage(server)
    listed = await at.says("/tools")
    one = await at.says("/tools desk")
    off = await at.says("/tools off desk")
    await at.says("How is Oslo?")

    assert "**desk**: ▸ look, file" in said(listed)
    assert [button.label for button in listed.replies[0].buttons] == ["Switch off desk"]
    assert "desk.look (runs without asking)" in said(one).replace("\\", "")
    assert "](https" not in said(one)
    assert said(off) == "desk is switched off in this thread."
    assert at.one.asked[-1][1].tools == ()
    await at.says("/tools on desk")
    await at.says("How is Oslo?")
    assert len(at.one.asked[-1][1].tools) == 2


async def test_tools_says_what_is_wrong_with_a_server_and_who_cannot_use_any() -> None:
    down = stage(LedgerServer(trouble="desk does not answer. Look whether it runs."))
    assert "desk does not answer" in said(await down.says("/tools"))
    plain = stage()
    plain.catalog.replace([replace(plain.models[0], tools=False), plain.models[1]], default="grok")
    assert "grok, which answers here, cannot use tools. `claude` can." in said(await plain.says("/tools"))
    assert "No tools are set up" in said(await Stage().says("/tools"))
    assert "There is no tool server “nothing”" in said(await stage().says("/tools nothing"))


async def test_whom_auto_chose_goes_on_whatever_speaks_for_another_by_then() -> None:
    server = LedgerServer()
    at = stage(server, auto=AutoEntry(), default="auto")
    waits = await waiting(at)
    at.ratings = {"claude": 5.0}
    at.one.scripts = [answer("It is filed.")]
    heard = await at.presses(Action.APPROVE, pressed(waits, "Run it"))

    assert (heard.text, footer(heard)) == ("It is filed.", "grok · auto · used desk.file 0.0 s")
    assert at.two.asked == []


async def test_auto_passes_over_who_cannot_use_the_tools_here_until_they_are_switched_off() -> None:
    at = stage(LedgerServer(), auto=AutoEntry(), default="auto")
    plain = replace(at.models[0], name="plain", model="plain-1", tools=False)
    at.catalog.replace([plain, *at.models], default="auto", auto=AutoEntry())
    with_tools = await at.says("How is Oslo?")
    await at.says("/reset")
    await at.says("/tools off desk")
    without = await at.says("How is Oslo?")

    assert (footer(with_tools), footer(without)) == ("grok · auto: tools", "plain · auto")
