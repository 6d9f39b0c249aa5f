"""Everything in Slack that is not an answer in a thread: commands, the home page, greetings, dialogues, reactions."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from adapters.slack.callback_ids import ASK
from bot.domain.events import ButtonPressed, Event, HomeOpened, MessageReceived
from bot.domain.replies import Action, Button, Choice, Option, Reply
from bot.domain.shown_answers import ShownAnswer
from bot.domain.stream_parts import Closing, Reason, Text
from tests.contracts.conversations import words
from tests.contracts.sinks import CITING, FILES, FOOTER, HOSTILE, LISTED, PICTURES, SOURCES, flowing
from tests.doubles import FakeTurnHandle
from tests.slack.fake import events, reading
from tests.slack.fake.world import Channel, Json, Message, Slack, Team
from tests.slack.places import Bot, bot_in_slack

DONE = Closing(reason=Reason.STOP, footer=FOOTER)
STARTERS = tuple(Button(action=Action.RUN, label=f"Starter {n}", value=f"Tell me {n}") for n in range(6))
PICKER = Reply(
    title="Models",
    text="Pick one.",
    choices=(
        Choice(
            action=Action.PICK,
            label="Model",
            options=(Option(value="me grok", label="grok"), Option(value="me gpt", label="gpt")),
        ),
    ),
)


@pytest.fixture
async def bot() -> AsyncGenerator[Bot, None]:
    async with bot_in_slack() as bot:
        yield bot


def slack(bot: Bot) -> Slack:
    return bot.fake.slack


def team(bot: Bot) -> Team:
    return bot.fake.slack.teams["T1"]


def private(bot: Bot, channel: str = "C1") -> list[Message]:
    return [one for one in slack(bot).channels[channel].messages.values() if one.seen_by == "U1"]


async def command(bot: Bot, text: str = "/model") -> Event:
    name, _, rest = text.partition(" ")
    channel: Channel = slack(bot).channels["C1"]
    await bot.http.command(events.command(slack(bot), team(bot), channel, "U1", command=name, text=rest))
    return bot.inbox.events[-1]


async def press(bot: Bot, message: Message | None, label: str, chosen: str = "") -> Event:
    """Presses what has this label on a message."""
    controls = reading.controls(message) if message else []
    element = next(one for one in controls if label in str(one))
    await bot.http.interaction(
        events.pressed(slack(bot), team(bot), "U1", on=message, element=element, chosen=chosen)
    )
    return bot.inbox.events[-1]


async def test_a_command_is_answered_to_the_asker_only(bot: Bot) -> None:
    event = await command(bot)
    await bot.adapter.sink(event, FakeTurnHandle()).say(PICKER)

    (seen,) = private(bot)
    assert "Pick one." in reading.text(seen)
    assert reading.options(seen) == ["grok", "gpt"]
    assert [one for one in slack(bot).channels["C1"].messages.values() if not one.seen_by] == []


async def test_an_answer_to_a_command_takes_the_place_of_its_waiting_line(bot: Bot) -> None:
    event = await command(bot, "/ask demo hello")
    await bot.adapter.sink(event, FakeTurnHandle()).show(flowing([Text("Hello "), Text("Ada."), DONE]))

    (seen,) = private(bot)
    assert words(reading.text(seen)) == "Hello Ada."
    assert reading.footer(seen) == FOOTER
    assert "Stop" not in reading.buttons(seen)


async def test_an_answer_to_a_command_that_is_tried_again_is_shown_once(bot: Bot) -> None:
    event = await command(bot, "/ask demo hello")
    turn_handle = FakeTurnHandle()
    await bot.adapter.sink(event, turn_handle).show(flowing([Text("Hello."), DONE]))
    await bot.adapter.sink(event, turn_handle.next_attempt()).show(flowing([Text("Hello."), DONE]))

    assert len(private(bot)) == 1


async def test_a_response_url_that_is_used_up_is_replaced_by_an_ephemeral_message(bot: Bot) -> None:
    event = await command(bot)
    for number in range(7):
        await bot.adapter.sink(event, FakeTurnHandle(id=f"turn-{number}")).say(Reply(text=f"Answer {number}"))

    texts = [reading.text(one) for one in private(bot)]
    assert texts[-1] == "Answer 6"
    assert "Answer 5" in texts


async def test_a_very_long_private_answer_says_that_it_is_cut(bot: Bot) -> None:
    event = await command(bot, "/ask demo much")
    long = "".join(f"Line {n} about the sea and everything in it.\n\n" for n in range(1500))
    await bot.adapter.sink(event, FakeTurnHandle()).show(flowing([Text(long), DONE]))

    seen = private(bot)
    uses = [call for call in slack(bot).calls if call.method == "respond"]
    assert len(uses) <= 5
    assert "does not fit" in reading.text(seen[-1])
    assert "Line 0 " in reading.text(seen[0])


async def test_a_private_answer_lists_its_sources_shows_texts_and_names_other_files(bot: Bot) -> None:
    event = await command(bot, "/ask grok why?")
    sink = bot.adapter.sink(event, FakeTurnHandle())
    await sink.show(flowing([Text(CITING), *SOURCES, *PICTURES[:1], *FILES, DONE]))

    (answer,) = private(bot)
    assert reading.sources(answer) == LISTED
    assert "(70 bytes) came with this answer. Ask in a channel" in reading.text(answer)
    assert "report.pdf" in reading.text(answer)
    assert "day,tide\nMonday,high" in reading.text(answer)


async def test_a_private_answer_with_files_in_words_keeps_them_whatever_is_decided(bot: Bot) -> None:
    event = await command(bot, "/ask demo tides")
    run = Button(action=Action.APPROVE, label="Run it", value="turn-1 c")
    closing = replace(DONE, buttons=(run,))
    await bot.adapter.sink(event, FakeTurnHandle()).show(flowing([Text("Here."), FILES[1], closing]))
    (seen,) = private(bot)
    pressed = await press(bot, seen, "Run it")
    decided = replace(closing, notice="Ada: Run it.", buttons=())
    shown = ShownAnswer(messages=(), pressed="", text="Here.", closing=decided, files=(FILES[1].note,))
    await bot.adapter.sink(pressed, FakeTurnHandle(id="turn-2")).rewrite(shown)

    (seen,) = private(bot)
    assert "Monday" in reading.text(seen)


async def test_a_response_url_elsewhere_gets_nothing(bot: Bot) -> None:
    channel = slack(bot).channels["C1"]
    fields = events.command(slack(bot), team(bot), channel, "U1", command="/model", text="")
    fields["response_url"] = "https://evil.example/steal"
    await bot.http.command(fields)
    await bot.adapter.sink(bot.inbox.events[-1], FakeTurnHandle()).say(Reply(text="Here."))

    (seen,) = private(bot)
    assert reading.text(seen) == "Here."


async def test_a_choice_in_a_private_answer_comes_back_and_is_answered_in_its_place(bot: Bot) -> None:
    event = await command(bot)
    await bot.adapter.sink(event, FakeTurnHandle()).say(PICKER)
    pressed = await press(bot, private(bot)[0], "grok", chosen="me grok")

    assert isinstance(pressed, ButtonPressed)
    assert (pressed.action, pressed.value) == (Action.PICK, "me grok")
    assert pressed.thread == event.thread


async def test_the_home_page_is_published_for_the_person(bot: Bot) -> None:
    channel = slack(bot).channels["D1"]
    opened = await bot.heard(
        events.envelope(slack(bot), team(bot), events.home_opened(slack(bot), channel, "home"))
    )
    assert isinstance(opened, HomeOpened)
    await bot.adapter.sink(opened, FakeTurnHandle()).say(PICKER)

    view = slack(bot).homes["T1", "U1"]
    assert "Models" in str(view)
    assert "grok" in str(view)


async def test_a_choice_on_the_home_page_is_answered_in_a_direct_message(bot: Bot) -> None:
    element = {
        "type": "static_select",
        "action_id": "pick.0",
        "options": [{"text": {"type": "plain_text", "text": "grok"}, "value": "me grok"}],
    }
    payload = events.pressed(slack(bot), team(bot), "U1", on=None, element=element, chosen="me grok")
    await bot.http.interaction(payload)
    pressed, opened = bot.inbox.events[-2:]
    await bot.adapter.sink(pressed, FakeTurnHandle()).say(Reply(text="grok it is.", private=True))
    await bot.adapter.sink(opened, FakeTurnHandle()).say(PICKER)

    (said,) = [one for one in slack(bot).channels["D1"].messages.values() if one.bot_id]
    assert reading.text(said) == "grok it is."
    assert (type(pressed), type(opened), opened.thread) == (ButtonPressed, HomeOpened, pressed.thread)
    assert "Pick one." in str(slack(bot).homes)  # drawn anew, with what is chosen now


async def test_what_concerns_a_channel_is_said_to_everybody_there(bot: Bot) -> None:
    event = await command(bot, "/model grok --channel")
    await bot.adapter.sink(event, FakeTurnHandle()).say(Reply(text="Ada switched.", announced=True))

    (seen,) = [one for one in slack(bot).channels["C1"].messages.values() if one.bot_id]
    assert (seen.seen_by, reading.text(seen)) == ("", "Ada switched.")


async def test_a_menu_that_one_person_saw_makes_room_for_what_everybody_reads(bot: Bot) -> None:
    await bot.adapter.sink(await command(bot), FakeTurnHandle()).say(PICKER)
    (menu,) = private(bot)
    event = await press(bot, menu, "grok", chosen="me grok")
    said = Reply(text="Ada switched.", announced=True, replaces=menu.ts)
    await bot.adapter.sink(event, FakeTurnHandle(id="turn-2")).say(said)

    (seen,) = [one for one in slack(bot).channels["C1"].messages.values() if one.bot_id]
    assert (seen.seen_by, reading.text(seen)) == ("", "Ada switched.")


async def greeted(bot: Bot) -> None:
    channel = slack(bot).channels["D1"]
    event = events.home_opened(slack(bot), channel, "messages")
    heard = await bot.heard(events.envelope(slack(bot), team(bot), event))
    await bot.adapter.sink(heard, FakeTurnHandle()).say(Reply(text="Hello, **Ada**.", buttons=STARTERS))


async def test_a_greeting_becomes_slacks_suggested_prompts(bot: Bot) -> None:
    await greeted(bot)

    prompts = slack(bot).prompts["D1", ""]
    assert prompts["title"] == "Hello, Ada."
    assert prompts["prompts"][0] == {"title": "Starter 0", "message": "Tell me 0"}
    assert len(prompts["prompts"]) == 4
    assert slack(bot).channels["D1"].messages == {}


async def test_where_slack_has_no_prompts_a_greeting_is_a_message() -> None:
    async with bot_in_slack(agent=False) as bot:
        await greeted(bot)

        (said,) = slack(bot).channels["D1"].messages.values()
        assert reading.text(said) == "Hello, Ada."
        assert "Starter 0" in reading.buttons(said)


async def test_the_same_tab_opened_again_greets_once(bot: Bot) -> None:
    for _ in range(3):
        event = events.home_opened(slack(bot), slack(bot).channels["D1"], "messages")
        await bot.http.event(events.envelope(slack(bot), team(bot), event))

    assert len(bot.inbox.events) == 1


async def test_a_private_reply_in_a_thread_is_seen_by_the_asker_only(bot: Bot) -> None:
    said = events.said(slack(bot), slack(bot).channels["C1"], "U1", "<@UBOT1> /memory")
    event = await bot.heard(events.envelope(slack(bot), team(bot), events.mention(slack(bot), said)))
    await bot.adapter.sink(event, FakeTurnHandle()).say(Reply(text="Only for you.", private=True))

    (seen,) = private(bot)
    assert (reading.text(seen), seen.thread_ts) == ("Only for you.", said.ts)


async def shortcut(bot: Bot, on: Message) -> Json:
    """Uses "Ask Switchboard about this" and returns the dialogue that opens."""
    await bot.http.interaction(events.shortcut(slack(bot), team(bot), "U1", on, "ask_about_message"))
    return list(slack(bot).views.values())[-1]


async def test_asking_about_a_message_opens_a_dialogue_and_asks_in_its_thread(bot: Bot) -> None:
    on = events.said(
        slack(bot), slack(bot).channels["C1"], "U2", "The tide <!here> is &lt;late&gt;.\nForget it."
    )
    view = await shortcut(bot, on)
    values = {"text": ("text", {"type": "plain_text_input", "value": "Is that so?"})}
    await bot.http.interaction(events.submitted(slack(bot), team(bot), "U1", view, values))

    (event,) = bot.inbox.events
    assert view["callback_id"] == ASK
    assert isinstance(event, MessageReceived)
    assert event.text == "Is that so?"
    assert [(quote.text, quote.source) for quote in event.quotes] == [
        ("The tide @here is <late>.\nForget it.", "@U2")
    ]
    assert (event.thread.thread, event.addressed, event.late) == (on.ts, True, True)


async def test_a_dialogue_submitted_twice_is_one_question(bot: Bot) -> None:
    view = await shortcut(bot, events.said(slack(bot), slack(bot).channels["C1"], "U2", "x" * 5000))
    payload = events.submitted(slack(bot), team(bot), "U1", view, {"text": ("text", {"value": "Why?"})})
    for _ in range(2):
        assert (await bot.http.interaction(payload)).status == 200

    assert len(bot.inbox.events) == 1


async def answered(bot: Bot) -> Message:
    """An answer with thumbs under it."""
    said = events.said(slack(bot), slack(bot).channels["C1"], "U1", "<@UBOT1> hello")
    event = await bot.heard(events.envelope(slack(bot), team(bot), events.mention(slack(bot), said)))
    thumbs = (
        Button(action=Action.UP, label="👍", value="turn-1"),
        Button(action=Action.DOWN, label="👎", value="turn-1"),
    )
    closing = Closing(reason=Reason.STOP, footer=FOOTER, buttons=thumbs)
    (ts,) = await bot.adapter.sink(event, FakeTurnHandle()).show(flowing([Text("Hello."), closing]))
    return slack(bot).channels["C1"].messages[ts]


async def test_a_thumb_up_is_a_vote(bot: Bot) -> None:
    pressed = await press(bot, await answered(bot), "👍")

    assert isinstance(pressed, ButtonPressed)
    assert (pressed.action, pressed.value) == (Action.UP, "turn-1")
    assert slack(bot).views == {}


async def test_a_thumb_down_is_a_vote_at_once_and_asks_why(bot: Bot) -> None:
    answer = await answered(bot)
    pressed = await press(bot, answer, "👎")
    (view,) = slack(bot).views.values()
    await bot.http.interaction(
        events.submitted(slack(bot), team(bot), "U1", view, {"text": ("text", {"value": "Too short."})})
    )
    reason = bot.inbox.events[-1]

    assert isinstance(pressed, ButtonPressed)
    assert isinstance(reason, ButtonPressed)
    assert (pressed.action, pressed.comment) == (Action.DOWN, "")
    assert (reason.action, reason.value, reason.comment) == (Action.DOWN, "turn-1", "Too short.")
    assert reason.thread == pressed.thread


@pytest.mark.parametrize(
    ("name", "action"),
    [("+1", Action.UP), ("thumbsdown", Action.DOWN), ("+1::skin-tone-3", Action.UP), ("tada", None)],
    ids=["up", "down", "skin tone", "another"],
)
async def test_a_reaction_under_an_answer_is_a_vote(bot: Bot, name: str, action: Action | None) -> None:
    answer = await answered(bot)
    before = len(bot.inbox.events)
    await bot.http.event(
        events.envelope(slack(bot), team(bot), events.reaction(slack(bot), "U1", answer, name))
    )

    voted = bot.inbox.events[before:]
    assert [getattr(event, "action", None) for event in voted] == ([action] if action else [])
    assert all(event.thread.thread == answer.thread_ts for event in voted)
    assert all(getattr(event, "value", "") == answer.ts for event in voted)


@pytest.mark.parametrize(
    ("external", "person", "counts"),
    [
        (False, {"id": "U7", "team_id": "T7"}, False),
        (False, {"id": "U7", "team_id": "T7", "is_stranger": True}, False),
        (False, {"id": "U7", "team_id": "T1"}, True),
        (True, {"id": "U7", "team_id": "T7"}, True),
    ],
    ids=["another's", "a stranger", "our own", "allowed"],
)
async def test_in_a_shared_channel_a_reaction_counts_by_policy(
    external: bool, person: dict[str, Any], counts: bool
) -> None:
    """Slack does not say with a reaction whose people somebody is of."""
    async with bot_in_slack(external=external) as bot:
        slack(bot).people["U7"] = person
        answer = await answered(bot)
        before = len(bot.inbox.events)
        vote = events.reaction(slack(bot), "U7", answer, "+1")
        await bot.http.event(events.envelope(slack(bot), team(bot), vote, is_ext_shared_channel=True))

        assert len(bot.inbox.events) - before == int(counts)


async def test_a_reaction_under_somebody_elses_message_is_nothing(bot: Bot) -> None:
    said = events.said(slack(bot), slack(bot).channels["C1"], "U2", "hello")
    await bot.http.event(
        events.envelope(slack(bot), team(bot), events.reaction(slack(bot), "U1", said, "+1"))
    )

    assert bot.inbox.events == []


@pytest.mark.parametrize("where", ["command", "home", "greeting", "thread"])
async def test_hostile_words_are_inert_everywhere(bot: Bot, where: str) -> None:
    hostile: Any = Reply(
        title=HOSTILE, text=HOSTILE, buttons=(Button(action=Action.RUN, label=HOSTILE, value="x"),)
    )
    channel = slack(bot).channels["D1"]
    opened: dict[str, Json] = {
        "home": events.home_opened(slack(bot), channel, "home"),
        "greeting": events.home_opened(slack(bot), channel, "messages"),
        "thread": events.message(slack(bot), events.said(slack(bot), channel, "U1", "hi")),
    }
    if where == "command":
        event = await command(bot)
    else:
        event = await bot.heard(events.envelope(slack(bot), team(bot), opened[where]))
    await bot.adapter.sink(event, FakeTurnHandle()).say(hostile)

    for place in slack(bot).channels.values():
        for message in place.messages.values():
            assert not message.bot_id or reading.live(message) == []
    for view in slack(bot).homes.values():
        assert [one for block in view["blocks"] for one in reading.live_block(block, unfurls=False)] == []
