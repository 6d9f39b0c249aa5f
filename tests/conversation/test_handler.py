"""What people see for what they write and press, whatever the platform."""

from dataclasses import replace

import pytest

from bot.domain.command_table import NAMES
from bot.domain.errors import (
    Auth,
    BrokeOff,
    ContextTooLong,
    Filtered,
    ModelError,
    Overloaded,
    PlatformGone,
    RateLimit,
)
from bot.domain.events import (
    Author,
    File,
    Greeted,
    HomeOpened,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
)
from bot.domain.health import HealthState, ModelHealth
from bot.domain.replies import Action
from bot.domain.stream_parts import Finish, Reason, Text, Thinking
from bot.domain.turns import ChatMessage
from bot.domain.usage import Spend
from bot.settings.config_file import Policy, Rules, ThreadReplies
from tests.conversation.stage import ANN, CLAUDE, GROK, THREAD, Heard, Stage, answer


@pytest.fixture
def stage() -> Stage:
    return Stage()


def labels(heard: Heard) -> list[str]:
    assert heard.closing
    return [button.label for button in heard.closing.buttons]


def footer(heard: Heard) -> str:
    assert heard.closing
    return heard.closing.footer


# --- questions ---------------------------------------------------------------------------------------------


async def test_a_question_is_answered_by_the_default_model_and_says_so(stage: Stage) -> None:
    stage.one.scripts = [answer("Forty-two.")]

    heard = await stage.says("What is the answer?")

    assert heard.text == "Forty-two."
    assert footer(heard) == "grok"
    assert labels(heard) == ["Ask another model", "Regenerate", "👍", "👎"]


async def test_the_next_question_sees_the_conversation(stage: Stage) -> None:
    stage.one.scripts = [answer("Paris."), answer("Two million.")]

    await stage.says("Capital of France?")
    await stage.says("How many people live there?")

    assert stage.one.words() == ["Capital of France?", "Paris.", "How many people live there?"]


async def test_the_memory_goes_along_to_another_model(stage: Stage) -> None:
    stage.one.scripts = [answer("Paris.")]

    await stage.says("Capital of France?")
    await stage.says("/model claude")
    heard = await stage.says("And of Spain?")

    assert stage.two.words() == ["Capital of France?", "Paris.", "And of Spain?"]
    assert footer(heard) == "claude"


async def test_a_name_in_front_asks_that_model_once(stage: Stage) -> None:
    named = await stage.says("Claude: who are you?")
    after = await stage.says("and now?")

    assert stage.two.words(0) == ["who are you?"]
    assert (footer(named), footer(after)) == ("claude", "grok")


async def test_an_ordinary_colon_is_no_model(stage: Stage) -> None:
    await stage.says("note: buy milk")

    assert stage.one.words() == ["note: buy milk"]


async def test_the_footer_names_the_model_a_router_picked(stage: Stage) -> None:
    stage.one.scripts = [answer("Hi.", model="gpt-5.4-mini")]

    heard = await stage.says("hi")

    assert footer(heard) == "grok (gpt-5.4-mini)"


async def test_thinking_is_never_part_of_the_answer(stage: Stage) -> None:
    stage.one.scripts = [(Thinking("hmm"), *answer("Yes."))]

    heard = await stage.says("hi")

    assert heard.text == "Yes."
    assert stage.history[0].answer == "Yes."


async def test_the_finished_turn_is_kept_before_its_closing_is_shown(stage: Stage) -> None:
    await stage.says("hi")

    assert [turn.answer for turn in stage.kept_before_closing] == ["answer 1"]


async def test_a_kept_turn_is_shown_again_without_asking_the_model(stage: Stage) -> None:
    await stage.says("hi")
    kept, remembered = stage.turn_handle.finals[0], stage.history
    stage.history = stage.history[:0]

    again = await stage.plays(
        MessageReceived(id="e1", thread=THREAD, author=ANN, at=1.0, text="hi", message="q1"), final=kept
    )

    assert again.text == "answer 1"
    assert len(stage.one.asked) == 1
    assert [turn.answer for turn in stage.history] == [turn.answer for turn in remembered]


async def test_what_others_said_is_read_when_called_into_a_thread(stage: Stage) -> None:
    stage.before = [ChatMessage(author=Author(id="U2", name="Bob"), text="the build is red")]

    await stage.says("sum up", late=True)
    await stage.says("and now?", late=True)

    assert "Bob: the build is red" in stage.one.words(0)[0]
    assert stage.one.words(1)[0] == stage.one.words(0)[0]


async def test_a_file_reaches_the_model(stage: Stage) -> None:
    stage.files = {"F1": b"a,b\n1,2"}

    await stage.says("what is in it?", files=(File(id="F1", name="t.csv", media_type="text/csv"),))

    assert "| a | b |" in stage.one.words()[0]


# --- when models fail --------------------------------------------------------------------------------------


async def test_a_busy_model_is_asked_again_after_the_wait_it_names(stage: Stage) -> None:
    stage.one.scripts = [(RateLimit(retry_after=3.0),), answer("Here.")]

    heard = await stage.says("hi")

    assert heard.text == "Here."
    assert stage.pauses == [3.0]
    assert heard.statuses == ["grok is getting too many requests, trying again"]


@pytest.mark.parametrize(
    ("called", "shown"),
    [
        ("x" * 2_000, f"grok ({'x' * 59}…)"),
        ("gpt\u202e4\u200b.1\ufeff\x1b[31m", "grok (gpt4.131m)"),
        ("gpt\n\n# Important\r\nread this", "grok (gpt Important read this)"),
        ("<!channel> <@U1> **bold** `code`", "grok (channel U1 bold code)"),
        ("[here](https://evil.example/x)", "grok (here(https:/evil.example/x))"),
        ("@everyone", "grok (everyone)"),
        ("claude-sonnet-4@20250514", "grok (claude-sonnet-4@20250514)"),
        ("acme/Gpt_4.1-mini:8b+ft", "grok (acme/Gpt_4.1-mini:8b+ft)"),
        ("通义千问", "grok (通义千问)"),
        ("<>\u200b", "grok"),
    ],
)
async def test_whatever_an_endpoint_calls_itself_the_footer_has_a_name(
    stage: Stage, called: str, shown: str
) -> None:
    stage.one.scripts = [answer("hello", model=called)]
    heard = await stage.says("hi")

    assert footer(heard) == shown
    assert stage.history[-1].served_by == shown.removeprefix("grok").strip()[1:-1]


async def test_a_fallback_steps_in_and_the_footer_says_why(stage: Stage) -> None:
    stage.one.scripts = [(Overloaded(),), (Overloaded(),)]
    stage.two.scripts = [answer("I am here.")]

    heard = await stage.says("hi")

    assert heard.text == "I am here."
    assert footer(heard) == "claude · because grok is overloaded"


async def test_an_answer_that_ends_in_an_error_before_any_text_is_a_failure_like_any_other(
    stage: Stage,
) -> None:
    failed = (Finish(reason=Reason.FAILED, detail="malformed"),)
    stage.one.scripts = [failed, failed]

    assert footer(await stage.says("hi")) == "claude · because grok had an error of its own"


async def test_a_model_that_is_down_for_everybody_is_not_even_asked(stage: Stage) -> None:
    stage.ill = {GROK.key: ModelHealth(state=HealthState.DOWN, since=1.0, why="overloaded")}

    heard = await stage.says("hi")

    assert stage.one.asked == []
    assert footer(heard) == "claude · because grok is overloaded"


async def test_with_everybody_down_the_chosen_model_is_tried_all_the_same(stage: Stage) -> None:
    down = ModelHealth(state=HealthState.DOWN, since=1.0, why="overloaded")
    stage.ill = {GROK.key: down, CLAUDE.key: down}

    assert footer(await stage.says("hi")) == "grok"


@pytest.mark.parametrize("error", [Filtered(), ModelError()], ids=["filtered", "unknown"])
async def test_nobody_steps_in_for_what_another_model_must_not_or_cannot_mend(
    stage: Stage, error: ModelError
) -> None:
    stage.one.scripts = [(error,)]

    heard = await stage.says("hi")

    assert stage.two.asked == []
    assert heard.closing
    assert heard.closing.reason is Reason.FAILED
    assert heard.closing.notice.startswith("grok did not answer")


async def test_where_policy_forbids_it_nobody_steps_in() -> None:
    stage = Stage(policy=Policy(failover=False))
    stage.one.scripts = [(Auth(),)]

    heard = await stage.says("hi")

    assert stage.two.asked == []
    assert heard.closing
    assert "refused Switchboard's key" in heard.closing.notice
    assert labels(heard) == ["Try again", "Ask another model"]


@pytest.mark.parametrize(("rule", "answers"), [("always", 1), ("mention", 0)], ids=["always", "mention"])
async def test_follow_ups_without_a_mention_are_answered_where_policy_allows_it(
    rule: ThreadReplies, answers: int
) -> None:
    stage = Stage(policy=Policy(thread_replies=rule))
    stage.one.scripts = [answer("Yes.")]

    await stage.says("and you?", addressed=False)

    assert len(stage.one.asked) == answers


async def test_a_stream_that_breaks_after_text_stays_and_offers_to_go_on(stage: Stage) -> None:
    stage.one.scripts = [(Text("Half of "), Overloaded())]

    heard = await stage.says("hi")

    assert heard.text == "Half of "
    assert stage.two.asked == []
    assert heard.closing
    assert heard.closing.reason is Reason.BROKEN
    assert labels(heard) == ["Continue", "Ask another model", "Regenerate"]


@pytest.mark.parametrize("error", [ContextTooLong(), BrokeOff()], ids=lambda error: type(error).__name__)
async def test_a_conversation_that_is_too_long_is_trimmed_once(stage: Stage, error: ModelError) -> None:
    for _ in range(30):
        await stage.says("x" * 30_000)
    before = len(stage.one.words())
    stage.one.scripts = [(error,), answer("Fits.")]

    heard = await stage.says("hi")

    assert heard.text == "Fits."
    assert len(stage.one.words()) < before


async def test_an_answer_that_was_all_thinking_says_so(stage: Stage) -> None:
    stage.one.scripts = [(Thinking("hmm"), Finish(reason=Reason.LENGTH))]

    heard = await stage.says("hi")

    assert heard.closing
    assert "used its whole output limit for thinking" in heard.closing.notice


async def test_a_stop_ends_the_answer_and_closes_the_model(stage: Stage) -> None:
    stage.stop_at = "Once"
    stage.one.scripts = [(Text("Once "), Text("upon "), Text("a time"), Finish(reason=Reason.STOP))]

    heard = await stage.says("a story")

    assert heard.text == "Once "
    assert heard.closing
    assert heard.closing.reason is Reason.STOPPED
    assert stage.one.open == 0


# --- buttons -----------------------------------------------------------------------------------------------


async def test_another_answer_takes_the_old_ones_place_in_what_models_see(stage: Stage) -> None:
    stage.one.scripts = [answer("First."), answer("Second.")]
    await stage.says("q")

    heard = await stage.presses(Action.AGAIN, "t1")
    await stage.says("and?")

    assert heard.text == "Second."
    assert stage.one.words(1) == ["q"]
    assert stage.one.words(2) == ["q", "Second.", "and?"]


async def test_another_model_can_answer_the_same_question(stage: Stage) -> None:
    await stage.says("q")

    offer = await stage.presses(Action.OTHER, "t1")
    values = [option.value for option in offer.replies[0].choices[0].options]
    heard = await stage.presses(Action.ASK, values[0])

    assert values == ["t1 claude", "t1 gpt"]
    assert footer(heard) == "claude"
    assert stage.thread_model == ""


async def test_an_old_answers_buttons_still_work_after_it_was_replaced(stage: Stage) -> None:
    await stage.says("q")
    await stage.presses(Action.AGAIN, "t1")

    heard = await stage.presses(Action.AGAIN, "t1")

    assert heard.text == "answer 3"


async def test_continue_goes_on_with_the_same_model(stage: Stage) -> None:
    stage.two.scripts = [(Text("One, "), Finish(reason=Reason.LENGTH)), answer("two.")]
    await stage.says("claude: count")

    heard = await stage.presses(Action.CONTINUE, "t1")

    assert footer(heard) == "claude"
    assert stage.two.words()[:2] == ["count", "One,"]


async def test_a_button_on_something_forgotten_says_so(stage: Stage) -> None:
    heard = await stage.presses(Action.AGAIN, "t99")

    assert "not in memory any more" in heard.replies[0].text


async def test_a_vote_is_kept_with_the_turn_and_the_last_one_counts(stage: Stage) -> None:
    await stage.says("q")

    await stage.presses(Action.UP, "t1")
    await stage.presses(Action.DOWN, "t1")

    assert [turn.vote for turn in stage.history] == ["down"]


async def test_what_was_bad_about_an_answer_is_kept_with_the_vote(stage: Stage) -> None:
    stage.one.scripts = [answer("One.")]
    await stage.says("hi")
    (turn,) = stage.history

    await stage.presses(Action.DOWN, turn.id, comment="Too short.")

    assert [(turn.vote, turn.comment) for turn in stage.history] == [("down", "Too short.")]


async def test_a_starter_is_asked_as_if_it_had_been_typed(stage: Stage) -> None:
    heard = await stage.presses(Action.RUN, "claude: hello")

    assert footer(heard) == "claude"


# --- choosing ----------------------------------------------------------------------------------------------


async def test_the_picker_shows_what_is_active_and_why(stage: Stage) -> None:
    heard = await stage.says("/model")

    reply = heard.replies[0]
    assert "**grok** answers here: it is the default" in reply.text
    assert [option.label for option in reply.choices[0].options] == ["grok", "gpt", "claude"]
    assert [option.group for option in reply.choices[0].options] == ["one", "one", "two"]
    assert reply.choices[0].selected == "thread grok"


@pytest.mark.parametrize(
    "typed", ["/model claude", "model claude", "!model claude", "/model CLAUDE --thread"]
)
async def test_switching_works_however_it_is_typed(stage: Stage, typed: str) -> None:
    heard = await stage.says(typed)

    assert stage.thread_model == "claude"
    assert "**claude** answers in this thread" in heard.replies[0].text


async def test_outside_a_thread_a_switch_is_for_me(stage: Stage) -> None:
    await stage.says("/model claude", threaded=False, private=True)

    assert stage.chosen_for == {"person:U1": "claude"}


async def test_scopes_win_in_order(stage: Stage) -> None:
    await stage.says("/model gpt --channel")
    assert footer(await stage.says("a")) == "gpt"

    await stage.says("/model claude --me")
    assert footer(await stage.says("b")) == "claude"

    await stage.says("/model grok --thread")
    assert footer(await stage.says("c")) == "grok"

    await stage.says("/model default --thread")
    assert footer(await stage.says("d")) == "claude"


async def test_why_shows_the_chain_with_the_winner_marked(stage: Stage) -> None:
    await stage.says("/model claude --me")

    heard = await stage.says("/model why")

    table = heard.replies[0].table
    assert table
    assert [row[:3] for row in table.rows if row[0]] == [("→", "you", "claude")]


@pytest.mark.parametrize("typed", ["/model cluade", "model cluade"])
async def test_an_unknown_model_gets_the_nearest_names(stage: Stage, typed: str) -> None:
    heard = await stage.says(typed)

    assert "Did you mean `claude`?" in heard.replies[0].text
    assert heard.replies[0].buttons[0].value == "thread claude"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/ask cluade what is it?", "“cluade” is not a model I know. Did you mean `claude`?"),
        ("/ask what is it?", "“what” is not a model I know. Write a model and a question"),
        ("/ask claude", "Write a model and a question"),
        ("/ask", "Write a model and a question"),
    ],
)
async def test_asking_nobody_explains_itself(stage: Stage, typed: str, told: str) -> None:
    heard = await stage.says(typed)

    assert heard.replies[0].text.startswith(told)
    assert stage.one.asked == stage.two.asked == []


async def test_only_admins_set_the_workspace_default() -> None:
    stage = Stage(policy=Policy(admins=("U1",)))

    await stage.says("/model claude --workspace")
    other = await stage.says("/model gpt --workspace", author=replace(ANN, id="U2"))

    assert stage.chosen_for == {"default": "claude"}
    assert "Only people listed under" in other.replies[0].text


async def test_a_model_that_is_not_allowed_here_is_neither_shown_nor_asked() -> None:
    stage = Stage(policy=Policy(channels={"C": Rules(allow=("claude",))}))

    menu = await stage.says("/model")
    refused = await stage.says("/model gpt")
    compared = await stage.says("/compare gpt claude: hi")
    heard = await stage.says("hi")

    assert [option.label for option in menu.replies[0].choices[0].options] == ["claude"]
    assert "is not allowed here" in refused.replies[0].text
    assert "Did you mean" not in compared.replies[0].text
    assert footer(heard) == "claude · grok is not allowed here"


async def test_where_no_model_is_allowed_the_person_is_told() -> None:
    stage = Stage(policy=Policy(allow=()))

    heard = await stage.says("hi")

    assert "No model may be used here" in heard.replies[0].text


# --- comparing ---------------------------------------------------------------------------------------------


async def test_a_comparison_shows_answers_side_by_side_and_one_can_be_kept(stage: Stage) -> None:
    stage.one.scripts, stage.two.scripts = [answer("From grok.")], [answer("From claude.")]

    heard = await stage.says("/compare grok claude: who are you?")
    kept = await stage.presses(Action.KEEP, heard.replies[-1].buttons[1].value, threaded=True)
    await stage.says("go on")

    assert [heard.columns[number].text for number in (1, 2)] == [
        "**grok**\n\nFrom grok.",
        "**claude**\n\nFrom claude.",
    ]
    closing = heard.columns[1].closing
    assert closing is not None
    assert closing.footer == "grok · first word 0.0 s · 0.0 s · 10 tokens in, 5 out · about $0.50"
    assert "Kept **claude**" in kept.replies[0].text
    assert stage.two.words() == ["who are you?", "From claude.", "go on"]


async def test_a_comparison_survives_one_model_that_fails(stage: Stage) -> None:
    stage.one.scripts = [(Filtered(),)]

    heard = await stage.says("/compare grok claude: hi")

    failed, answered = (heard.columns[number].closing for number in (1, 2))
    assert failed is not None
    assert answered is not None
    assert (failed.buttons, "content filter" in failed.notice) == ((), True)
    assert heard.columns[2].text == "**claude**\n\nanswer 1"
    assert [button.label for button in heard.replies[-1].buttons] == ["Keep claude"]


async def test_a_comparison_in_which_nobody_answers_is_not_labelled_as_written_by_models(
    stage: Stage,
) -> None:
    stage.one.scripts, stage.two.scripts = [(Filtered(),)], [(Filtered(),)]
    nobody = await stage.says("/compare grok claude: hi")
    stage.two.scripts = [answer("From claude.")]
    somebody = await stage.says("/compare grok claude: hi")

    assert (nobody.replies[-1].generated, somebody.replies[-1].generated) == (False, True)


@pytest.mark.parametrize("typed", ["/compare grok: hi", "/compare", "/compare grok claude"])
async def test_a_comparison_that_is_not_one_explains_itself(stage: Stage, typed: str) -> None:
    heard = await stage.says(typed)

    assert "/compare grok claude: question" in heard.replies[0].text


# --- the rest ----------------------------------------------------------------------------------------------


async def test_reset_starts_over_and_forget_erases(stage: Stage) -> None:
    await stage.says("my name is Ann")
    await stage.says("/reset")
    await stage.says("who am I?")

    assert stage.one.words() == ["who am I?"]

    heard = await stage.says("/forget")

    assert "Erased 2 questions" in heard.replies[0].text
    assert stage.history == ()


async def test_the_receipt_says_what_goes_and_what_stays(stage: Stage) -> None:
    await stage.says("hello")
    await stage.says("/model claude --thread")
    receipt = (await stage.says("/forget")).replies[0]

    assert receipt.text == (
        "Erased 1 question with the answers. It cannot be undone. What was picked for this conversation goes too. "
        "I do not follow this thread any more; mention me to begin again. "
        "Messages you see in this chat stay; delete them there. Only the numbers under `usage` and `scoreboard` stay: no words of anybody."
    )
    assert receipt.forgets
    assert stage.outcomes[-1].forget
    assert stage.thread_model == ""


async def test_where_the_messages_are_switchboards_own_they_go_too(stage: Stage) -> None:
    stage.capabilities = replace(stage.capabilities, keeps_messages=True)
    await stage.says("hello", direct=True)
    told = [(await stage.says("/forget", direct=True)).replies[0].text for _ in range(2)]

    assert told == [
        "Erased 1 question with the answers. It cannot be undone. The messages above are erased. "
        "Only the numbers under `usage` and `scoreboard` stay: no words of anybody.",
        "Nothing to erase: nothing of this conversation is kept. The messages above are erased.",
    ]


async def test_it_is_erased_where_nobody_can_be_told_any_more(stage: Stage) -> None:
    await stage.says("hello")
    stage.nowhere = True
    await stage.says("/forget")

    assert stage.history == ()
    assert stage.outcomes[-1].forget
    with pytest.raises(PlatformGone):
        await stage.says("/reset")


async def test_memory_says_what_the_model_sees(stage: Stage) -> None:
    await stage.says("What is a *vector clock*?")

    heard = await stage.says("/memory")

    table = heard.replies[0].table
    assert "It sees 1 question" in heard.replies[0].text
    assert table
    assert table.rows[0][:2] == ("What is a *vector clock*?", "grok")


async def test_usage_names_the_limit() -> None:
    stage = Stage(policy=Policy(usd_per_day=5.0), spend=Spend(turns=3, input=1_200, output=40, cost=0.25))

    heard = await stage.says("/usage")

    assert "Your budget of $5.00 a day: $0.25 is spent" in heard.replies[0].text
    assert "it starts again at midnight UTC" in heard.replies[0].text
    assert heard.replies[0].table
    assert heard.replies[0].table.rows[0] == ("today", "3", "1.2k", "40", "$0.25")


async def test_a_used_up_limit_is_said_instead_of_spent() -> None:
    stage = Stage(policy=Policy(usd_per_day=5.0), spend=Spend(cost=5.0))

    heard = await stage.says("hi")

    assert "Your budget of $5.00 a day is used up" in heard.replies[0].text
    assert stage.one.asked == []


async def test_asking_too_fast_is_answered_with_when_to_ask_again() -> None:
    stage = Stage(policy=Policy(messages_per_minute=2))

    answered = [await stage.says("hi"), await stage.says("hi")]
    refused = await stage.says("hi")

    assert [heard.text for heard in answered] == ["answer 1", "answer 2"]
    assert "Ask again in 30 s" in refused.replies[0].text
    assert len(stage.one.asked) == 2


@pytest.mark.parametrize("typed", ["/memory", "/usage", "/forget me", "/modle grok", "hi"])
async def test_what_concerns_the_asker_alone_is_told_to_them_alone(typed: str) -> None:
    stage = Stage(policy=Policy(messages_per_minute=1))
    await stage.says("how high is the tide?")
    told = await stage.says(typed)
    alone = await stage.says(typed, direct=True)

    assert [reply.private for reply in told.replies] == [True]
    assert [reply.private for reply in alone.replies] == [False]


@pytest.mark.parametrize(
    "typed",
    ["/help", "/model", "/model why", "/model claude --me", "/model claude --workspace", "/forget me", "hi"],
)
async def test_where_a_workspace_has_another_name_it_goes_by_that(typed: str) -> None:
    stage = Stage(policy=Policy(guests=False), guests={ANN.id}, chosen_for={"default": "claude"})
    stage.capabilities = replace(stage.capabilities, tenant="organisation")
    told = (await stage.says(typed)).replies[0]
    said = f"{told.text} {told.table} {told.choices}"

    assert "organisation" in said
    assert "workspace" not in said


@pytest.mark.parametrize("works", [True, False])
async def test_where_slashes_work_in_threads_nobody_is_told_to_leave_them_out(works: bool) -> None:
    stage = Stage()
    stage.capabilities = replace(stage.capabilities, slash_in_threads=works)

    assert ("without the slash" in (await stage.says("/help")).replies[0].text) is not works


@pytest.mark.parametrize("alone", [True, False])
async def test_help_speaks_of_mute_among_several_people_only(stage: Stage, alone: bool) -> None:
    text = (await stage.says("/help", direct=alone)).replies[0].text

    assert ("mute" not in text) is alone
    assert "/reset" in text


@pytest.mark.parametrize("typed", ["/help", ""])
async def test_where_files_are_lost_people_are_told(stage: Stage, typed: str) -> None:
    here = (await stage.says(typed, fileless=True)).replies[0].text
    elsewhere = (await stage.says(typed)).replies[0].text

    assert "Files and pictures do not reach me here" in here
    assert "Files" not in elsewhere


async def test_help_spells_commands_the_way_they_are_typed_here(stage: Stage) -> None:
    slashed = await stage.says("/help")
    stage.capabilities = replace(stage.capabilities, slash=False)
    plain = await stage.says("help")

    assert "`/model NAME`" in slashed.replies[0].text
    assert "`model NAME`" in plain.replies[0].text


async def test_a_near_miss_of_a_command_is_not_sent_to_a_model(stage: Stage) -> None:
    heard = await stage.says("/modle claude")

    assert "Did you mean `/model`?" in heard.replies[0].text
    assert stage.one.asked == []


@pytest.mark.parametrize(
    "typed",
    [
        "model trains are fun",
        "help me write a letter",
        "ask your doctor",
        "compare apples: a list",
        "/etc/hosts?",
    ],
)
async def test_sentences_that_begin_like_commands_are_questions(stage: Stage, typed: str) -> None:
    await stage.says(typed)

    assert stage.one.words() == [typed]


async def test_an_edit_changes_what_the_model_sees_later(stage: Stage) -> None:
    await stage.says("Capital of Frence?")

    await stage.plays(
        MessageEdited(id="x", thread=THREAD, author=ANN, at=2.0, message="q1", text="Of France?")
    )
    await stage.says("and?")

    assert stage.one.words()[0] == "Of France?"


async def test_a_deleted_message_is_gone_from_memory(stage: Stage) -> None:
    await stage.says("my password is hunter2")

    await stage.plays(MessageDeleted(id="x", thread=THREAD, author=ANN, at=2.0, message="q1"))
    await stage.says("and?")

    assert "hunter2" not in "".join(stage.one.words())


async def test_a_greeting_offers_starters(stage: Stage) -> None:
    heard = await stage.plays(Greeted(id="x", thread=THREAD, author=ANN, at=1.0))

    assert "I am Switchboard" in heard.replies[0].text
    assert {button.action for button in heard.replies[0].buttons} == {Action.RUN}


async def test_where_nobody_else_reads_along_nobody_is_asked_to_mention_the_bot(stage: Stage) -> None:
    greeted = await stage.plays(Greeted(id="x", thread=THREAD, author=ANN, at=1.0, direct=True))
    helped = await stage.says("help", direct=True)

    assert "Mention" not in greeted.replies[0].text + helped.replies[0].text


async def test_the_home_page_shows_my_model_my_usage_and_where_i_was(stage: Stage) -> None:
    heard = await stage.plays(HomeOpened(id="x", thread=THREAD, author=ANN, at=1.0))

    reply = heard.replies[0]
    assert "An earlier question" in reply.text
    assert reply.choices[0].selected == "me grok"


async def test_a_mention_without_words_says_hello(stage: Stage) -> None:
    heard = await stage.says("")

    assert "I am Switchboard" in heard.replies[0].text


@pytest.mark.parametrize("name", NAMES)
async def test_every_command_there_is_does_something_by_itself(name: str) -> None:
    """A row of the table without a handler would be asked to the model as a question."""
    stage = Stage()
    heard = await stage.says(f"/{name}")

    assert len(heard.replies) == 1
    assert (stage.one.asked, stage.two.asked) == ([], [])
