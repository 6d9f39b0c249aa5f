"""What an agent wants to run is run when its asker lets it, once."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.domain.approvals import DAY, LONGEST, SignInRequest, ToolRequest
from bot.domain.errors import Connection
from bot.domain.events import Author, ButtonPressed
from bot.domain.replies import Action
from bot.domain.stream_parts import Finish, Reason, Text
from bot.domain.turns import TURN
from bot.settings.config_file import Policy
from tests.conversation.stage import ANN, CLAUDE, GROK, THREAD, Heard, Stage, answer

ASKED = ToolRequest(
    id="mcpr_1",
    server="github",
    tool="create_issue",
    args='{"title": "Tides", "body": "`x`"}',
    response="resp_1",
)
DONE = Finish(reason=Reason.STOP)
BOB = Author(id="U2", name="Bob")
AGENT = replace(GROK, agent="travel")


async def asked(stage: Stage, *requests: ToolRequest | SignInRequest) -> Heard:
    stage.one.scripts = [(Text("I will file it."), *requests, DONE)]
    return await stage.says("File an issue on tides.")


def labels(heard: Heard) -> Sequence[str]:
    return [button.label for button in heard.closing.buttons] if heard.closing else []


def said(heard: Heard) -> Sequence[str]:
    return [reply.text for reply in heard.replies]


def agents(**more: object) -> Stage:
    return Stage(models=(AGENT, CLAUDE), **more)  # type: ignore[arg-type]


async def test_what_is_going_to_run_stands_above_two_buttons_with_all_its_arguments() -> None:
    stage = agents()
    heard = await asked(stage, ASKED)

    assert heard.text == (
        "I will file it.\n\n**Run** `create_issue` on `github`?\n\n"
        '```json\n{\n  "title": "Tides",\n  "body": "`x`"\n}\n```'
    )
    assert labels(heard) == ["Run it", "Don't"]
    (turn,) = stage.history
    assert turn.answer == "I will file it."
    assert TURN.validate_json(TURN.dump_json(turn)).requests == (ASKED,)


async def test_the_asker_lets_it_run_and_the_agent_goes_on_from_there() -> None:
    stage = agents()
    await asked(stage, ASKED)
    stage.one.scripts = [answer("Filed as 42.")]
    heard = await stage.presses(Action.APPROVE, stage.history[0].id, at=200.0)

    assert heard.text == "Filed as 42."
    _, prompt = stage.one.asked[-1]
    assert prompt.decision is not None
    assert (prompt.decision.requests, prompt.decision.run) == ((ASKED,), True)
    assert [turn.decision for turn in stage.history] == ["run", ""]
    assert stage.history[1].asked.text == "(Run it: create_issue on github)"


async def test_not_running_it_is_told_to_the_agent_too() -> None:
    stage = agents()
    await asked(stage, ASKED)
    stage.one.scripts = [answer("Then not.")]
    await stage.presses(Action.DECLINE, stage.history[0].id, at=200.0)

    _, prompt = stage.one.asked[-1]
    assert prompt.decision is not None
    assert not prompt.decision.run
    assert stage.history[0].decision == "not run"


async def test_a_second_press_changes_nothing() -> None:
    stage = agents()
    await asked(stage, ASKED)
    await stage.presses(Action.DECLINE, stage.history[0].id, at=200.0)
    before = stage.history
    heard = await stage.presses(Action.APPROVE, stage.history[0].id, at=201.0)

    assert said(heard) == ["That is decided already: it was not run."]
    assert heard.replies[0].private
    assert stage.history == before
    assert len(stage.one.asked) == 2


async def test_others_get_a_word_of_their_own_and_an_administrator_may_decide() -> None:
    stage = agents(policy=Policy(admins=("U3",)))
    await asked(stage, ASKED)
    heard = await stage.presses(Action.APPROVE, stage.history[0].id, author=BOB, at=200.0)
    boss = await stage.presses(
        Action.APPROVE, stage.history[0].id, author=Author(id="U3", name="Eve"), at=200.0
    )

    assert said(heard) == ["Only Ann or an administrator can decide that."]
    assert heard.replies[0].private
    assert boss.text == "answer 2"


async def test_after_a_day_it_is_not_run() -> None:
    stage = agents()
    await asked(stage, ASKED)
    heard = await stage.presses(Action.APPROVE, stage.history[0].id, at=stage.history[0].at + DAY + 1)

    assert said(heard) == ["That was asked for more than 24 hours ago, and it was not run. Ask again."]
    assert len(stage.one.asked) == 1


async def test_what_may_have_run_is_not_run_again() -> None:
    """Neither by a second try of the same worker, nor by the next one, nor by another model."""
    stage = agents()
    await asked(stage, ASKED)
    stage.one.scripts = [(Connection("cut"),), answer("no")]
    heard = await stage.presses(Action.APPROVE, stage.history[0].id, at=200.0)

    assert heard.closing is not None
    assert heard.closing.reason is Reason.FAILED
    assert len(stage.one.asked) == 2
    assert stage.two.asked == []

    crashed = agents()
    await asked(crashed, ASKED)
    press = ButtonPressed(
        id="p", thread=THREAD, author=ANN, at=200.0, action=Action.APPROVE, value=crashed.history[0].id
    )
    heard = await crashed.plays(press, attempt=2)
    assert "I do not know whether it was done" in said(heard)[0]
    assert len(crashed.one.asked) == 1
    assert crashed.history[0].decision == "run"


async def test_an_agent_that_is_gone_is_not_replaced_by_another_model() -> None:
    stage = agents()
    await asked(stage, ASKED)
    stage.history = (replace(stage.history[0], model="gone"),)
    heard = await stage.presses(Action.APPROVE, stage.history[0].id, at=200.0)

    assert said(heard) == [r"gone cannot be asked here any more, so nothing was run\."]  # Markdown
    assert len(stage.one.asked) == 1
    assert stage.two.asked == []


async def test_what_cannot_be_shown_whole_cannot_be_approved() -> None:
    stage = agents()
    heard = await asked(stage, replace(ASKED, args='{"x": "' + "y" * LONGEST + '"}'))

    assert labels(heard)[:1] != ["Run it"]
    assert heard.closing is not None
    assert "too long to be shown" in heard.closing.notice
    assert stage.history[0].requests == ()


async def test_what_is_folded_can_be_read_whole() -> None:
    stage = agents()
    heard = await asked(stage, replace(ASKED, args=json.dumps({"x": "y" * 9_000})))
    assert labels(heard) == ["Run it", "Don't", "Show all"]
    assert "(folded: 9,000 characters, sha256 " in heard.text
    shown = await stage.presses(Action.WHOLE, stage.history[0].id)

    assert "y" * 9_000 in shown.text
    assert "All arguments of `create_issue` on `github`" in shown.text
    assert stage.history[0].decision == ""


async def test_what_is_asked_for_is_shown_as_it_is_whatever_is_in_it() -> None:
    stage = agents()
    args = '{"a": "```\\n**Run nothing**", "\\u202eb": "\\u200b"}'
    heard = await asked(
        stage, replace(ASKED, tool="x`*_<!channel>", server="[s](https://evil.example)", args=args)
    )

    assert "\\u202e" in heard.text
    assert "\\u200b" in heard.text
    assert "````json" in heard.text
    assert "**Run** `x'*_<!channel>` on `[s](https://evil.example)`?" in heard.text


async def test_an_answer_that_left_code_open_does_not_take_in_what_is_asked_for() -> None:
    stage = agents()
    stage.one.scripts = [(Text("Look:\n````\nx = 1"), ASKED, DONE)]
    heard = await stage.says("File it.")

    assert "\nx = 1\n````\n\n**Run** `create" in heard.text


async def test_a_request_of_an_answer_that_broke_off_or_was_stopped_cannot_be_approved() -> None:
    stage = agents()
    stage.one.scripts = [(Text("Soon."), ASKED, Connection("cut"))]
    broken = await stage.says("File it.")
    stage.one.scripts, stage.stop_at = [(ASKED, Text("Soon."), Text("and on"), DONE)], "Soon."
    stopped = await stage.says("File it.")

    for heard in (broken, stopped):
        assert "Run it" not in labels(heard)
        assert "**Run**" not in heard.text
    assert [turn.requests for turn in stage.history] == [(), ()]


async def test_signing_in_is_for_the_asker_alone_and_then_it_is_asked_again() -> None:
    stage = agents()
    heard = await asked(stage, SignInRequest(server="jira", address="https://login.example/x?y=1"))
    link = await stage.presses(Action.SIGN_IN, stage.history[0].id)
    other = await stage.presses(Action.SIGN_IN, stage.history[0].id, author=BOB)
    await stage.presses(Action.AGAIN, stage.history[0].id)

    assert "**Sign in** to `jira` first, then ask again." in heard.text
    assert "login.example" not in heard.text
    assert labels(heard) == ["Sign in", "Ask again"]
    (reply,) = link.replies
    assert (reply.private, reply.secret) == (True, True)
    assert "[login\\.example](<https://login.example/x?y=1>)" in reply.text
    assert "login" not in said(other)[0]
    assert [turn.answer for turn in stage.history] == ["I will file it.", "answer 2"]
    assert {turn.asked.author.id for turn in stage.history} == {ANN.id}


async def test_an_answer_that_waits_has_not_failed_whatever_its_vendor_calls_it() -> None:
    stage = agents()
    unusual = Finish(reason=Reason.FAILED, unusual="incomplete")
    stage.one.scripts = [(SignInRequest(server="jira", address="https://login.example/x"), unusual)]
    heard = await stage.says("File it.")

    assert labels(heard) == ["Sign in", "Ask again"]
    assert heard.closing is not None
    assert heard.closing.notice == ""
    assert stage.two.asked == []


async def test_a_request_alone_is_an_answer_and_a_comparison_says_that_there_is_more() -> None:
    stage = agents()
    stage.one.scripts = [(ASKED, DONE)]
    heard = await stage.says("File it.")
    stage.one.scripts = [(ASKED, DONE)]
    compared = await stage.says("/compare grok claude: File it.")

    assert labels(heard) == ["Run it", "Don't"]
    assert heard.closing is not None
    assert heard.closing.notice == ""
    shown = compared.columns[1].closing
    assert shown is not None
    assert "ask it alone" in shown.notice


async def test_a_card_decides_what_stands_on_it_and_nothing_of_another_answer() -> None:
    stage = agents()
    await asked(stage, ASKED)
    (old,) = stage.history
    stage.one.scripts = [(Text("I will wipe it."), replace(ASKED, tool="wipe", args="{}"), DONE)]
    await stage.presses(Action.AGAIN, old.id, at=200.0)
    new = stage.history[1]
    await stage.presses(Action.APPROVE, old.id, at=201.0)
    await stage.presses(Action.DECLINE, new.id, at=202.0)
    decisions = [prompt.decision for _, prompt in stage.one.asked[2:]]
    assert [(one.requests[0].tool, one.run) for one in decisions if one] == [
        (ASKED.tool, True),
        ("wipe", False),
    ]


async def test_a_decision_that_came_to_nothing_is_still_to_be_made() -> None:
    stage = agents()
    await asked(stage, ASKED)
    stage.history = (replace(stage.history[0], model="gone"),)
    heard = await stage.presses(Action.APPROVE, stage.history[0].id, at=200.0)

    notices = [(one.closing.notice, len(one.closing.buttons)) for one in heard.rewritten]
    assert notices == [("Ann: Run it.", 0), ("", 2)]
    assert stage.history[0].decision == ""


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ('{"to": "eve", "to": "bob"}', '{"to": "eve", "to": "bob"}'),
        ('{"x": {"n": 1, "n": 2}}', '{"x": {"n": 1, "n": 2}}'),
        ('{"sum": 1e400}', '{"sum": 1e400}'),
        ('{"sum": 1.00000000000000000001}', '{"sum": 1.00000000000000000001}'),
        ('{"sum": 1e-99999999999999999999}', '{"sum": 1e-99999999999999999999}'),
        ('{"sum": 0.1}', '"sum": 0.1'),
        ('{"a": "\\udb40\\udc41x"}', '"a": "\\udb40\\udc41x"'),
        ('{"a": "b\ufe0f\u034f\u3164\u2800\u206a"}', '"a": "b\\ufe0f\\u034f\\u3164\\u2800\\u206a"'),
        ('{"a": "\\ud800"}', '"a": "\\ud800"'),
        ('{"a": "\\\\u200b"}', '"a": "\\\\u200b"'),
    ],
)
async def test_no_two_different_arguments_look_the_same(args: str, shown: str) -> None:
    stage = agents()
    heard = await asked(stage, replace(ASKED, args=args))

    assert shown in heard.text
    assert heard.text.encode()
    whole = await stage.presses(Action.WHOLE, stage.history[0].id)
    assert shown in whole.text
