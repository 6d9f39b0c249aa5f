"""What people see of /every and /schedules, and what is asked when it is due."""

from dataclasses import replace

import pytest

from bot.domain.errors import PlatformGone, PlatformRefused
from bot.domain.events import Author, Event, HomeOpened, MessageReceived
from bot.domain.replies import Action
from bot.domain.schedules import LATE, PER_PERSON, Schedule
from bot.domain.usage import Spend
from bot.settings.config_file import Policy
from tests.conversation.stage import ANN, THREAD, Heard, Stage, answer

BOB = Author(id="U2", name="Bob")
HOUR, DAY = 3_600.0, 86_400.0
DUE = "/every day at 13:30 What is new?"  # it is noon


@pytest.fixture
def stage() -> Stage:
    return Stage()


def kept(stage: Stage) -> Schedule:
    (schedule,) = stage.schedules.kept.values()
    return schedule


async def falls_due(stage: Stage, *, late: float = 0.0) -> Event:
    """The time comes, and one look."""
    schedule = kept(stage)
    stage.now = schedule.next + schedule.wait + late
    (event,) = await stage.looks()
    return event


async def test_what_was_understood_is_said_with_the_next_three_times(stage: Stage) -> None:
    stage.time_zone = "Europe/Berlin"
    told = (await stage.says("/every weekday 9:00 What is *new*?")).replies[0]

    assert told.text.startswith("Every weekday at 9:00 I ask here, in your name: “What is \\*new\\*?”")
    assert (
        "Next: Thu 5 Mar 2026, 09:00 · Fri 6 Mar 2026, 09:00 · Mon 9 Mar 2026, 09:00, Europe/Berlin time."
        in told.text
    )
    assert [(one.action, one.label) for one in told.buttons] == [(Action.RUN, "Delete")]
    assert not told.private


async def test_without_a_known_zone_it_is_utc_and_that_is_said(stage: Stage) -> None:
    told = (await stage.says("/every day at 9:00 What is new?")).replies[0]

    assert "UTC time." in told.text
    assert "I do not know your time zone" in told.text


async def test_a_zone_that_is_named_counts(stage: Stage) -> None:
    stage.time_zone = "Europe/Berlin"
    told = (await stage.says("/every day 9:00 Asia/Tokyo: What is new?")).replies[0]

    assert "Asia/Tokyo time." in told.text


async def test_a_slash_command_s_answer_stays_private(stage: Stage) -> None:
    assert (await stage.says(DUE, private=True)).replies[0].private


@pytest.mark.parametrize(
    "question", ["/every monday 9:00 hi", "every monday 9:00: hi", "/forget me", "/schedules delete 012345678901", "help", "/nonsense"]
)  # fmt: skip
async def test_a_schedule_runs_no_commands_and_so_makes_no_schedules(stage: Stage, question: str) -> None:
    told = (await stage.says(f"/every day 9:00 {question}")).replies[0]

    assert "It cannot run other commands" in told.text
    assert not stage.schedules.kept


@pytest.mark.parametrize("question", ["claude: hi", "/ask claude hi", "/compare grok claude: hi"])
async def test_it_may_ask_any_model_or_several(stage: Stage, question: str) -> None:
    await stage.says(f"/every day 9:00 {question}")

    assert kept(stage).question == question


async def test_what_is_not_understood_is_said_to_the_person_alone(stage: Stage) -> None:
    told = (await stage.says("/every now and then hi")).replies[0]

    assert told.private
    assert "`/every weekday 9:00 question`" in told.text


async def test_where_nothing_can_be_said_later_none_is_made(stage: Stage) -> None:
    stage.closed = "Not here."
    told = (await stage.says(DUE)).replies[0]

    assert told.text == "Not here."
    assert not stage.schedules.kept


async def test_guests_who_may_not_ask_may_not_schedule() -> None:
    stage = Stage(policy=Policy(guests=False))
    stage.guests = {ANN.id}
    told = (await stage.says(DUE)).replies[0]

    assert told.text.startswith("Guests may not ask here")
    assert not stage.schedules.kept


async def test_nobody_has_more_than_there_may_be(stage: Stage) -> None:
    for _ in range(PER_PERSON):
        await stage.says(DUE)
    told = (await stage.says(DUE)).replies[0]

    assert f"You have {PER_PERSON} schedules" in told.text
    assert len(stage.schedules.kept) == PER_PERSON


async def test_when_it_is_due_it_is_asked_as_its_maker_in_its_place(stage: Stage) -> None:
    stage.one.scripts = [answer("Nothing.")]
    await stage.says(DUE)
    event = await falls_due(stage)
    heard = await stage.plays(event)

    assert isinstance(event, MessageReceived)
    assert (event.thread, event.author, event.reply) == (THREAD, ANN, {"later": "1"})
    assert stage.one.words()[-1].endswith("What is new?")
    assert heard.text == "Nothing."
    assert heard.closing
    assert heard.closing.footer.endswith("asked every day at 13:30 by Ann: “What is new?”")
    assert stage.outcomes[-1].counted


async def test_it_is_asked_again_the_next_day_and_only_then(stage: Stage) -> None:
    await stage.says(DUE)
    first = await falls_due(stage)
    assert await stage.looks() == []
    second = await falls_due(stage)

    assert (second.id, second.at - first.at) != (first.id, 0.0)
    assert second.at - first.at == DAY


async def test_what_was_due_during_an_outage_is_asked_once_and_that_is_said(stage: Stage) -> None:
    await stage.says(DUE)
    event = await falls_due(stage, late=3 * DAY + HOUR)
    heard = await stage.plays(event)

    assert heard.closing
    assert heard.closing.footer.endswith("was due at Wed 4 Mar 2026, 13:30 UTC")
    assert await stage.looks() == []
    assert kept(stage).next > stage.now


async def test_what_came_into_the_inbox_twice_is_asked_once(stage: Stage) -> None:
    """A process died before it moved the schedule on, and nobody looked until the inbox knew nothing of it any more."""
    await stage.says(DUE)
    event = await falls_due(stage)
    first = await stage.plays(event)
    again = await stage.plays(event)

    assert first.text
    assert (again.text, again.replies) == ("", [])
    assert len(stage.one.asked) == 1


async def test_a_moment_s_wait_is_not_worth_a_word(stage: Stage) -> None:
    await stage.says(DUE)
    event = await falls_due(stage, late=LATE / 2)

    assert isinstance(event, MessageReceived)
    assert event.due
    assert "was due" not in event.due.words


async def test_the_preference_at_the_time_counts(stage: Stage) -> None:
    await stage.says(DUE)
    await stage.says("/model claude --me")
    await stage.plays(await falls_due(stage))

    assert [model.name for model, _ in stage.two.asked] == ["claude"]


async def test_the_budget_at_the_time_counts() -> None:
    stage = Stage(policy=Policy(usd_per_day=1.0))
    await stage.says(DUE)
    stage.spend = Spend(cost=2.0)
    heard = await stage.plays(await falls_due(stage))

    assert not stage.one.asked
    assert heard.replies[0].unanswered


async def test_a_maker_who_became_a_guest_is_refused() -> None:
    stage = Stage(policy=Policy(guests=False))
    await stage.says(DUE)
    stage.guests = {ANN.id}
    heard = await stage.plays(await falls_due(stage))

    assert heard.replies[0].text.startswith("Guests may not ask here")
    assert not stage.one.asked


async def test_a_stranger_who_may_not_ask_any_more_is_paused(stage: Stage) -> None:
    await stage.says(DUE, author=replace(ANN, external=True))
    heard = await stage.plays(await falls_due(stage))

    assert heard == Heard()
    assert kept(stage).paused == "people of other organisations may not ask here"


async def test_what_was_deleted_meanwhile_is_not_asked(stage: Stage) -> None:
    await stage.says(DUE)
    event = await falls_due(stage)
    await stage.says(f"/schedules delete {kept(stage).id}")

    assert await stage.plays(event) == Heard()
    assert not stage.one.asked


async def test_the_list_shows_mine_and_those_here_with_what_i_may_do(stage: Stage) -> None:
    await stage.says("/every monday 9:00 *Mine*")
    await stage.says("/every friday 15:00 Bob's", author=BOB)
    told = (await stage.says("/schedules")).replies[0]
    mine, other = sorted(told.sections, key=lambda one: one.title, reverse=True)

    assert told.private
    assert (mine.title, mine.text) == ("Every Monday at 9:00", "\\*Mine\\*")
    assert mine.note == "next Mon 9 Mar 2026, 09:00, UTC time"
    assert [one.label for one in mine.buttons] == ["Pause", "Delete"]
    assert (other.note, other.buttons) == ("next Fri 6 Mar 2026, 15:00, UTC time · by Bob", ())


async def test_an_empty_list_says_how_to_begin(stage: Stage) -> None:
    assert "`/every monday 9:00 question`" in (await stage.says("/schedules")).replies[0].text


async def test_it_can_be_paused_and_go_on(stage: Stage) -> None:
    await stage.says(DUE)
    pause, _ = (await stage.says("/schedules")).replies[0].sections[0].buttons
    await stage.presses(pause.action, pause.value)
    listed = (await stage.says("/schedules")).replies[0].sections[0]
    stage.now += 2 * DAY
    quiet = await stage.looks()
    await stage.presses(listed.buttons[0].action, listed.buttons[0].value)

    assert listed.note == "paused: by Ann"
    assert listed.buttons[0].label == "Go on"
    assert quiet == []
    assert not kept(stage).paused
    assert stage.now < kept(stage).next < stage.now + DAY


async def test_what_nobody_lets_go_on_is_forgotten(stage: Stage) -> None:
    await stage.says(DUE)
    await stage.says(f"/schedules pause {kept(stage).id}")
    stage.now += 31 * DAY

    assert await stage.looks() == []
    assert not stage.schedules.kept


@pytest.mark.parametrize("what", ["pause", "resume", "delete"])
async def test_only_its_maker_or_an_administrator_changes_it(what: str) -> None:
    stage = Stage(policy=Policy(admins=("U3",)))
    await stage.says(DUE)
    before = kept(stage)
    told = (await stage.says(f"/schedules {what} {before.id}", author=BOB)).replies[0]
    after = kept(stage)
    await stage.says(f"/schedules {what} {before.id}", author=Author(id="U3", name="Eve"))

    assert "Only who made it or an administrator" in told.text
    assert after == before
    assert what == "resume" or stage.schedules.kept != {before.id: before}


async def test_another_workspace_s_is_not_found(stage: Stage) -> None:
    await stage.says(DUE)
    there = replace(THREAD, workspace="other")
    told = (await stage.says(f"/schedules delete {kept(stage).id}", thread=there)).replies[0]

    assert "does not exist" in told.text
    assert kept(stage)


async def test_a_place_that_is_gone_pauses_it_and_its_maker_is_told(stage: Stage) -> None:
    await stage.says(DUE)
    event = await falls_due(stage)
    stage.refuses = PlatformGone("no such channel", code="channel_not_found")
    with pytest.raises(PlatformGone):
        await stage.plays(event)
    stage.refuses = None
    told = (await stage.plays(stage.handed_on[-1])).replies[0]

    assert kept(stage).paused == "I cannot write there any more"
    assert (stage.handed_on[-1].reply, stage.handed_on[-1].author) == ({"aside": "1"}, ANN)
    assert told.text.startswith(
        "I paused a schedule of yours, every day at 13:30, because I cannot write there any more"
    )
    assert [one.label for one in told.buttons] == ["Go on", "Delete"]


async def test_a_refusal_that_is_mended_in_time_changes_nothing(stage: Stage) -> None:
    """The worker tries the same event again."""
    await stage.says(DUE)
    event = await falls_due(stage)
    stage.refuses = PlatformRefused("bad token", code="token_revoked", remedy="a new one")
    with pytest.raises(PlatformRefused):
        await stage.plays(event)
    paused = kept(stage).paused
    stage.refuses = None
    heard = await stage.plays(event, attempt=2)
    notice = await stage.plays(stage.handed_on[-1])

    assert paused
    assert notice == Heard()  # there is nothing to tell any more
    assert heard.text
    assert not kept(stage).paused
    assert kept(stage).next > stage.now


async def test_forgetting_a_conversation_ends_what_asks_itself_there(stage: Stage) -> None:
    await stage.says(DUE)
    told = (await stage.says("/forget")).replies[0]

    assert "1 schedule of it too" in told.text
    assert not stage.schedules.kept


async def test_forgetting_me_ends_mine_and_leaves_others(stage: Stage) -> None:
    await stage.says(DUE)
    await stage.says(DUE, author=BOB)
    told = (await stage.says("/forget me")).replies[0]

    assert "your schedules" in told.text
    assert kept(stage).author == BOB


async def test_the_bot_s_own_page_lists_mine(stage: Stage) -> None:
    await stage.says(DUE)
    home = (await stage.plays(HomeOpened(id="home", thread=THREAD, author=ANN, at=1.0))).replies[0]

    assert (
        "**Your schedules**\n- every day at 13:30: What is new? (next Wed 4 Mar 2026, 13:30, UTC time)"
        in home.text
    )
