"""Where Slack does not let the bot write: the answer reaches the person who asked, or they are told, and it was not paid."""

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.slack.conversation_reference import ConversationReference
from adapters.slack.outbound.closed_places import MOST, ClosedPlaces
from bot.domain.errors import PlatformGone, PlatformRefused
from bot.domain.replies import Reply
from bot.domain.shown_answers import ShownAnswer
from bot.domain.stream_parts import ShownPart, Status, Text
from tests.contracts.conversations import Fault, Place, Seen, words
from tests.contracts.sinks import ANSWER, DONE, SinkContract, flowing, in_parts
from tests.doubles import FakeTurnHandle
from tests.slack.fake import events, reading
from tests.slack.fake.world import Channel, Message
from tests.slack.office import office
from tests.slack.places import SlackPlace, as_seen, bot_in_slack

NOTE = "so this comes to you here."
CLOSED = (
    "not_in_channel",
    "channel_not_found",
    "is_archived",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "restricted_action_non_threadable_channel",
    "messages_tab_disabled",
    "team_access_not_granted",
    "thread_not_found",
    "user_not_in_channel",
    "a_code_of_next_year",
)


@dataclass
class ClosedPlace(SlackPlace):
    """A thread in C1 where the bot may not write; what Ada sees are her direct messages, without the note's first line."""

    async def enter(self) -> None:
        self.place.refuses = "restricted_action"
        await super().enter()

    def move(self) -> None:
        self.direct.messages.clear()
        super().move()

    @property
    def direct(self) -> Channel:
        return self.bot.fake.slack.direct("T1", "U1")

    async def seen(self) -> Sequence[Seen]:
        assert not await super().seen()
        shown = self.direct.messages.values()
        return [self.with_files(without_note(as_seen(one)), one) for one in shown]

    def _watch(self, message: Message) -> None:
        if message.channel == self.direct.id:
            self.seen_texts.append(reading.text(message))
            self.stoppable |= "Stop" in reading.buttons(message)


def without_note(seen: Seen) -> Seen:
    first, _, rest = seen.text.partition("\n")
    return replace(seen, text=rest) if NOTE in first else seen


class TestInsteadOfAClosedChannel(SinkContract):
    lines: ClassVar[int] = 310
    rewrites: ClassVar[bool] = False

    @pytest.fixture
    async def place(self) -> AsyncGenerator[Place, None]:
        async with bot_in_slack() as bot:
            place = ClosedPlace(bot)
            await place.enter()
            yield place

    async def test_a_reply_can_take_the_place_of_a_message(self, place: Place) -> None:
        """That message is out of reach here, so the reply is another one."""
        await place.sink(FakeTurnHandle(id="turn-1")).say(Reply(text="Which one?"))
        await place.sink(FakeTurnHandle(id="turn-2")).say(Reply(text="grok it is.", replaces="1.1"))

        assert [words(one.text) for one in await place.seen()] == ["Which one?", "grok it is."]


@pytest.fixture(params=[True, False], ids=["native", "edits"])
async def place(request: pytest.FixtureRequest) -> AsyncGenerator[SlackPlace, None]:
    async with bot_in_slack(agent=request.param) as bot:
        place = SlackPlace(bot)
        await place.enter()
        yield place


def direct(place: SlackPlace) -> list[Message]:
    return list(place.bot.fake.slack.direct("T1", "U1").messages.values())


def calls(place: SlackPlace) -> list[str]:
    return [call.method for call in place.bot.fake.slack.calls if call.method != "auth.test"]


def from_shortcut(place: SlackPlace) -> str:
    """Makes the event one that a shortcut gave; returns the token of its response_url."""
    assert place.event is not None
    url = events.response_url(place.bot.fake.slack, place.channel, "U1")
    url = url.replace("{origin}", place.bot.fake.api.origin)
    place.event = replace(place.event, reply={**place.event.reply, "response_url": url})
    assert ConversationReference.of(place.event).response_url
    return url.rpartition("/")[2]


async def paid(asked: list[str], note: Callable[[], str]) -> AsyncGenerator[ShownPart, None]:
    """An answer that notes, when its model is asked, what could be seen until then."""
    asked.append(note())
    for part in in_parts(ANSWER):
        yield part


@pytest.mark.parametrize("code", CLOSED)
async def test_an_answer_that_a_channel_refuses_reaches_the_person_who_asked(
    place: SlackPlace, code: str
) -> None:
    place.place.refuses = code
    await place.sink(FakeTurnHandle()).show(flowing(in_parts(ANSWER)))

    (message,) = direct(place)
    link = f"https://fake.slack.example/archives/C1/p{place.root.replace('.', '')}"
    assert words(without_note(as_seen(message)).text) == words(ANSWER)
    assert link in str(message.blocks)
    assert ("/invite @Switchboard" in reading.text(message)) == (code in CLOSED[:2])
    assert not await place.seen()
    assert calls(place).count("chat.postMessage") <= 2


async def test_a_channel_without_the_bot_says_how_to_invite_it(place: SlackPlace) -> None:
    place.place.bot_in = False
    await place.sink(FakeTurnHandle()).say(Reply(text="Which model?"))

    (message,) = direct(place)
    assert reading.text(message).startswith("I am not in that channel, so this comes to you here.")
    assert "Type /invite @Switchboard there" in reading.text(message)
    assert reading.text(message).endswith("Which model?")


async def test_in_a_conversation_of_two_others_nobody_is_told_to_invite(place: SlackPlace) -> None:
    slack = place.bot.fake.slack
    slack.add_channel("D7", "T1", kind="im", bot_in=False)
    there = SlackPlace(place.bot, channel="D7")
    await there.enter()
    await there.sink(FakeTurnHandle()).show(flowing(in_parts(ANSWER)))

    (message,) = direct(place)
    assert reading.text(message).startswith("I am not in that conversation, so")
    assert "invite" not in reading.text(message)


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "open"])
async def test_after_a_shortcut_the_message_is_there_before_a_model_is_asked(
    place: SlackPlace, closed: bool
) -> None:
    place.place.bot_in = not closed
    from_shortcut(place)
    asked: list[str] = []
    await place.sink(FakeTurnHandle()).show(
        paid(asked, lambda: "dm" if direct(place) else "thread" if place.seen_texts else "")
    )

    assert asked == ["dm" if closed else "thread"]
    assert len(await place.seen() or direct(place)) == 1


async def test_what_nobody_can_be_shown_is_not_paid_and_the_person_is_told(place: SlackPlace) -> None:
    place.place.bot_in = False
    place.bot.fake.slack.direct("T1", "U1").refuses = "messages_tab_disabled"
    from_shortcut(place)
    asked: list[str] = []
    with pytest.raises(PlatformGone) as gone:
        await place.sink(FakeTurnHandle()).show(paid(asked, str))

    (told,) = [one for one in place.place.messages.values() if one.seen_by]
    assert gone.value.code == "not_in_channel"
    assert not asked
    assert told.seen_by == "U1"
    assert "Type `/invite @Switchboard` and ask again" in told.text


async def test_a_channel_that_refused_lately_is_asked_first(place: SlackPlace) -> None:
    place.place.refuses = "restricted_action"
    asked: list[str] = []
    for number in range(2):
        place.move()
        await place.sink(FakeTurnHandle(id=f"turn-{number}")).show(
            paid(asked, lambda: str(len(direct(place))))
        )
    place.place.refuses = ""
    for number in range(2, 4):
        place.move()
        await place.sink(FakeTurnHandle(id=f"turn-{number}")).show(
            paid(asked, lambda: "thread" if place.seen_texts else "")
        )

        (seen,) = await place.seen()
        assert words(seen.text) == words(ANSWER)
    assert asked == ["0", "2", "thread", ""]


def test_only_so_many_closed_channels_are_remembered() -> None:
    closed = ClosedPlaces()
    for number in range(MOST + 1):
        closed.add(f"C{number}")

    assert "C0" not in closed
    assert "C1" in closed


async def test_where_both_are_closed_an_ephemeral_word_says_so(place: SlackPlace) -> None:
    place.place.refuses = "restricted_action"
    place.bot.fake.slack.direct("T1", "U1").refuses = "messages_tab_disabled"
    with pytest.raises(PlatformGone):
        await place.sink(FakeTurnHandle()).say(Reply(text="Which model?"))

    (told,) = [one for one in place.place.messages.values() if one.seen_by]
    assert told.text == "I cannot answer here, nor in a direct message. Ask me in another channel."


async def test_where_nobody_can_even_be_told_the_log_has_a_warning(
    place: SlackPlace, caplog: pytest.LogCaptureFixture
) -> None:
    place.place.archived = True
    place.bot.fake.slack.direct("T1", "U1").refuses = "messages_tab_disabled"
    with pytest.raises(PlatformGone):
        await place.sink(FakeTurnHandle()).say(Reply(text="Which model?"))

    (line,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert line.message == "nobody could be told that nothing can be shown"
    assert (line.__dict__["channel"], line.__dict__["code"]) == ("C1", "is_archived")


@pytest.mark.parametrize("length", [1, 60], ids=["short", "long"])
async def test_a_channel_that_closes_in_the_middle_costs_no_word(place: SlackPlace, length: int) -> None:
    clock = place.bot.fake.slack.clock
    text = ANSWER * length

    async def closing() -> AsyncGenerator[ShownPart, None]:
        yield Status("demo is thinking")
        for number, part in enumerate(in_parts(text, size=len(text) // 20)[2:]):
            await clock.sleep(1.0)
            place.place.archived |= number == 10
            yield part

    await place.sink(FakeTurnHandle()).show(closing())

    first, *more = direct(place)
    assert words(without_note(as_seen(first)).text, *(reading.text(one) for one in more)) == words(text)
    assert [bool(reading.footer(one)) for one in [first, *more]] == [False] * len(more) + [True]


async def test_a_private_reply_that_is_refused_is_sent_directly(place: SlackPlace) -> None:
    place.place.absent.add("U1")
    await place.sink(FakeTurnHandle()).say(Reply(text="Only for you.", private=True))

    (message,) = direct(place)
    assert reading.text(message).endswith("\nOnly for you.")
    assert not await place.seen()


async def test_a_closed_channel_says_nothing_about_streams_elsewhere() -> None:
    async with bot_in_slack() as bot:
        for channel, closed in (("C1", True), ("C2", False)):
            if channel not in bot.fake.slack.channels:
                bot.fake.slack.add_channel(channel, "T1")
            place = SlackPlace(bot, channel=channel)
            await place.enter()
            place.place.bot_in = not closed
            await place.sink(FakeTurnHandle(id=channel)).show(flowing(in_parts(ANSWER)))

        assert calls(place).count("chat.startStream") == 1


async def test_a_token_that_is_refused_is_waited_for_and_nobody_is_written_to(place: SlackPlace) -> None:
    await place.sink(FakeTurnHandle(id="turn-0")).say(Reply(text="Known."))
    place.bot.fake.slack.tokens["xoxb-1"].revoked = True
    with pytest.raises(PlatformRefused):
        await place.sink(FakeTurnHandle()).say(Reply(text="Which model?"))

    assert not direct(place)


@pytest.mark.parametrize("end", ["apology", "gone"])
async def test_no_end_leaves_the_session_working(end: str) -> None:
    async with bot_in_slack() as bot:
        place = SlackPlace(bot)
        await place.enter()
        turn_handle = FakeTurnHandle()

        async def breaking() -> AsyncGenerator[ShownPart, None]:
            yield Text("The tide ")
            while turn_handle.ref is None:
                await bot.fake.slack.clock.sleep(0.1)
            if end == "gone":
                place.place.refuses = bot.fake.slack.direct("T1", "U1").refuses = "restricted_action"
                yield DONE
                return
            raise ValueError("a bug")

        with pytest.raises((ValueError, PlatformGone)):
            await place.sink(turn_handle).show(breaking())
        if end == "apology":
            assert place.place.sessions[place.root]["status"] == "processing"
            await place.sink(turn_handle).say(Reply(text="Something went wrong here."))

            (seen,) = await place.seen()
            assert seen.text == "Something went wrong here."
        assert place.place.sessions[place.root]["status"] == "active"


async def test_an_apology_has_the_same_second_way(place: SlackPlace) -> None:
    place.place.archived = True
    place.fault(1, Fault.LOST)
    again = FakeTurnHandle().next_attempt()
    await place.sink(again).say(Reply(text="Something went wrong here."))

    (message,) = direct(place)
    assert reading.text(message).endswith("\nSomething went wrong here.")


async def test_a_command_in_a_channel_without_the_bot_whose_url_is_used_up_is_answered_directly(
    place: SlackPlace,
) -> None:
    slack, team = place.bot.fake.slack, place.team
    fields = events.command(slack, team, place.place, "U1", command="/ask", text="hello")
    await place.bot.http.command(fields)
    event = place.bot.inbox.events[-1]
    place.place.bot_in = False
    for url in slack.response_urls.values():
        url["until"] = 0
    for _ in range(2):  # an attempt that is repeated adds nothing
        await place.bot.adapter.sink(event, FakeTurnHandle()).show(flowing(in_parts(ANSWER)))

        (message,) = direct(place)
        assert words(reading.text(message)) == words(ANSWER)


@pytest.mark.parametrize("kind", ["channel", "im"])
async def test_ask_switchboard_about_a_message_where_the_bot_is_not(tmp_path: Path, kind: str) -> None:
    async with office(tmp_path) as at:
        there = at.slack.add_channel("C7" if kind == "channel" else "D7", "T1", kind=kind, bot_in=False)
        on = events.said(at.slack, there, "U2", "The tide is late.")
        await at.deliver("interactive", events.shortcut(at.slack, at.team, "U1", on, "ask_about_message"))
        (view,) = at.slack.views.values()
        typed = {"text": ("text", {"type": "plain_text_input", "value": "Is that so?"})}
        await at.deliver("interactive", events.submitted(at.slack, at.team, "U1", view, typed))
        await at.until(lambda: any(reading.footer(one) for one in at.ours("D1")))

        (answer,) = at.ours("D1")
        assert "Is that so?" in reading.text(answer)
        assert f"/archives/{there.id}/p{on.ts.replace('.', '')}" in str(answer.blocks)
        assert not at.ours(there.id)


async def test_what_is_pressed_under_such_an_answer_counts_where_it_was_asked(place: SlackPlace) -> None:
    place.place.refuses = "restricted_action"
    await place.sink(FakeTurnHandle()).show(flowing(in_parts(ANSWER)))
    (message,) = direct(place)
    again = next(one for one in reading.controls(message) if one["text"]["text"] == "Regenerate")
    payload = events.pressed(place.bot.fake.slack, place.team, "U1", on=message, element=again)
    await place.bot.http.interaction(payload)
    pressed = place.bot.inbox.events[-1]

    assert place.event is not None
    assert pressed.thread == place.event.thread
    assert ConversationReference.of(pressed).channel == "C1"


async def test_such_an_answer_can_be_written_anew_by_who_pressed_there(place: SlackPlace) -> None:
    place.place.refuses = "restricted_action"
    ids = await place.sink(FakeTurnHandle()).show(flowing(in_parts(ANSWER)))
    (message,) = direct(place)
    again = next(one for one in reading.controls(message) if one["text"]["text"] == "Regenerate")
    payload = events.pressed(place.bot.fake.slack, place.team, "U1", on=message, element=again)
    await place.bot.http.interaction(payload)
    sink = place.bot.adapter.sink(place.bot.inbox.events[-1], FakeTurnHandle(id="turn-2"))
    shown = ShownAnswer(messages=ids, pressed=ids[-1], text=ANSWER, closing=DONE)
    await sink.rewrite(replace(shown, closing=replace(DONE, notice="Ann: Run it.", buttons=())))

    (message,) = direct(place)
    assert words(reading.text(message)) == words(f"{ANSWER} Ann: Run it.")
    assert reading.controls(message) == []
    await sink.rewrite(shown)
    (message,) = direct(place)
    marks = [block["block_id"] for block in message.blocks if "block_id" in block]
    assert marks
    assert all(mark.startswith(f"of:C1:{place.root}:") for mark in marks)
