"""A request that was refused: what is sent the second time, who else is asked, and whose question it was."""

from dataclasses import replace

import pytest

from bot.domain.errors import (
    Auth,
    ContextTooLong,
    Filtered,
    Forbidden,
    ModelError,
    ModelNotFound,
    Overloaded,
    Quota,
    RegionBlocked,
    Rejected,
)
from bot.domain.replies import Action
from bot.domain.stream_parts import Finish, Reason, Text, Thinking, Usage
from tests.conversation.stage import CLAUDE, GPT, GROK, Stage, answer


def too_long(limit: int | None = None) -> ContextTooLong:
    error = ContextTooLong()
    error.limit = limit
    return error


async def test_what_is_sent_again_fits_what_the_vendor_said_there_is_room_for() -> None:
    stage = Stage()
    stage.one.scripts = [
        (Text("Noted."), Finish(reason=Reason.STOP))
    ] * 20  # nobody counts tokens wrongly here
    for _ in range(20):
        await stage.says("x" * 8_000)
    stage.one.scripts = [(too_long(8_000),), answer("Fits.")]

    heard = await stage.says("hi")

    assert heard.text == "Fits."
    assert 0 < sum(map(len, stage.one.words())) < 8_000 * 3
    assert stage.one.words()[-1].endswith("hi")


async def test_an_answer_that_may_fill_the_window_may_be_shorter_the_second_time() -> None:
    stage = Stage(models=(replace(GROK, limit=100_000), CLAUDE, GPT))
    stage.one.scripts = [(too_long(32_768),), answer("Fits.")]

    heard = await stage.says("hi")

    assert heard.text == "Fits."
    assert [prompt.max_output for _, prompt in stage.one.asked] == [None, 8_192]


async def test_what_a_dialect_asks_for_by_itself_fits_a_smaller_window_too() -> None:
    stage = Stage(models=(replace(GROK, max_output=8_192), CLAUDE, GPT))
    stage.one.scripts = [(too_long(4_096),), answer("Fits.")]

    await stage.says("hi")

    assert [prompt.max_output for _, prompt in stage.one.asked] == [None, 1_024]


async def test_where_only_a_minutes_tokens_were_too_few_a_window_no_larger_will_do() -> None:
    stage = Stage(models=(GROK, replace(CLAUDE, context=GROK.context), GPT))
    stage.one.scripts = [(too_long(8_000),)] * 2

    heard = await stage.says("hi")

    assert heard.closing
    assert heard.closing.footer.startswith("claude · because grok cannot take in")


async def test_what_two_models_refuse_for_reasons_unknown_is_not_asked_of_a_third() -> None:
    stage = Stage(models=(replace(GROK, fallback=("claude", "gpt")), CLAUDE, GPT))
    stage.one.scripts = [(Rejected(),)]
    stage.two.scripts = [(Rejected(),)]

    heard = await stage.says("hi")

    assert [model.name for model, _ in stage.one.asked] == ["grok"]
    assert len(stage.two.asked) == 1
    assert heard.closing
    assert heard.closing.notice.startswith("grok refused the request. ")


async def test_a_filter_that_says_so_is_told_before_a_refusal_that_says_nothing() -> None:
    stage = Stage()
    stage.one.scripts, stage.two.scripts = [(Rejected(),)], [(Filtered(),)]

    heard = await stage.says("hi")

    assert heard.closing
    assert heard.closing.notice.startswith("claude did not answer because of a content filter.")
    assert heard.closing.footer == "claude · because grok refused the request"


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (Quota(), "top up the account"),
        (Auth(), "check the key"),
        (Forbidden(), "what stands between"),
        (RegionBlocked(), "use a region that it serves"),
        (ModelNotFound(), "its dialect"),
        (Rejected(), ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ModelError) else "",
)
async def test_the_log_says_what_an_operator_can_do(
    error: ModelError, remedy: str, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage()
    stage.one.scripts = [(error,)]
    await stage.says("hi")

    (record,) = [each for each in caplog.records if each.message == "a model did not answer"]
    assert remedy in record.__dict__.get("remedy", "")
    assert bool(remedy) is ("remedy" in record.__dict__)


async def test_health_can_tell_one_question_asked_again_from_another_one() -> None:
    stage = Stage(models=(replace(GROK, fallback=()), CLAUDE, GPT))
    stage.one.scripts = [(Auth(),)] * 4
    heard = await stage.says("Who is it?")
    assert heard.closing
    again = next(button for button in heard.closing.buttons if button.action is Action.AGAIN)

    await stage.presses(Action.AGAIN, again.value)
    await stage.says("who is it?  ")
    await stage.says("And now?")

    first, pressed, typed, other = stage.questions
    assert first == pressed == typed
    assert first != other
    assert "who" not in first.lower()


async def test_what_a_model_counted_before_it_failed_is_not_counted_as_anothers() -> None:
    stage = Stage()
    stage.one.scripts = [(Usage(input=1_000_000, output=5), Overloaded())] * 2
    stage.two.scripts = [(Text("Hello."), Finish(reason=Reason.STOP))]

    heard = await stage.says("hi")

    assert heard.text == "Hello."
    (turn,) = stage.history
    assert turn.usage is not None
    assert turn.usage.estimated
    assert turn.usage.input < 1_000


async def test_what_was_counted_of_an_answer_without_words_is_its_own() -> None:
    stage = Stage()
    stage.one.scripts = [(Thinking("Hm."), Usage(input=7, output=9), Finish(reason=Reason.LENGTH))]

    await stage.says("hi")

    (turn,) = stage.history
    assert turn.usage == Usage(input=7, output=9)


async def test_what_was_counted_of_a_question_that_nobody_answered_is_kept() -> None:
    stage = Stage(models=(replace(GROK, fallback=()), CLAUDE, GPT))
    stage.one.scripts = [(Usage(input=7, output=9), Overloaded())] * 2

    await stage.says("hi")

    (turn,) = stage.history
    assert turn.usage == Usage(input=7, output=9)
