"""The promises of `bot.ports.ReplySink`, checked on every platform.

Use it like this, in `tests/<platform>/test_sink.py`:

    class TestSlackSink(SinkContract):
        @pytest.fixture
        async def place(self) -> AsyncIterator[Place]:
            async with ... as fake:
                yield SlackPlace(fake)

Set `grows` or `changes` to False for a place where that cannot be: then what is new follows as a message of its own, and
is the last word. Set `exactly_once = False` where the platform gives no way to find out whether a post whose answer was lost has
been carried out: then a message may remain from each such post, and everything else holds.
"""

import asyncio
import base64
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import ClassVar

import pytest

from bot.domain.errors import PlatformBusy, PlatformGone
from bot.domain.generated import GeneratedFile
from bot.domain.replies import Action, Button, Choice, Option, Reply, Section, Table
from bot.domain.shown_answers import ShownAnswer
from bot.domain.stream_parts import Closing, Reason, ShownPart, Source, Status, Text, Thinking
from bot.ports import TurnHandle
from tests.contracts.conversations import Fault, Place, Seen, words
from tests.contracts.crashes import killed_in_call, killed_in_save
from tests.doubles import FakeTurnHandle

FOOTER = "grok answered"
ANSWER = "The tide comes twice a day because the Moon pulls at the sea. " * 6
AGAIN = Button(action=Action.AGAIN, label="Regenerate", value="turn-1")
HOSTILE = (
    "<!channel> <@U12345> <!here|here> <!subteam^S1> <#C1|general> <at>Everyone</at> @everyone "
    "<https://evil.example/x|https://bank.example> ![pixel](https://evil.example/p.png?q=secret) "
    "![ref][1] <img src='https://evil.example/i.png'> [x](javascript:alert(1)) &lt;!channel&gt; "
    "`<!channel>`\n\n```\n<!channel> <@U12345>\n```\n\n[1]: https://evil.example/ref.png\n"
)
UNRENDERABLE = (
    "**a " * 400 + "the tide <!channel> <at>Everyone</at> " + "b**" * 400,
    "*a **b " * 300 + "the tide <@U12345> " + "c** d*" * 300,
    "the tide [" + "![" * 1_000 + "](https://evil.example/p.png)" * 40,
    "|" + "tide|" * 400 + "\n|" + "-|" * 400 + "\n" + "|b\n" * 400,
)
"""Deeper or wider than renderers go."""
EVIL = "https://evil.example/x"
CITING = "It comes twice a day [1]. The plan says so too [2]."
SOURCES = (
    Source(number=1, title="Tides", address="https://sea.example/tides?utm_source=openai"),
    Source(number=2, title="plan.docx", place="page 3"),
    Source(number=3, address="https://moon.example/"),
)
LISTED = [
    (1, "Tides", "https://sea.example/tides?utm_source=openai"),
    (2, "plan.docx", ""),
    (3, "moon.example", "https://moon.example/"),
]
PICTURES = tuple(
    GeneratedFile(name="picture.png", media_type="image/png", data=base64.b64decode(data))
    for data in (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC",
    )
)
FILES = (
    GeneratedFile(
        name="report.pdf",
        media_type="application/pdf",
        data=b"%PDF-1.7 the report",
        key="k-report",
        lasts=86_400,
    ),
    GeneratedFile(
        name="tides.csv",
        media_type="text/csv",
        data=b"day,tide\r\nMonday,high\r\n",
        key="k-tides",
        lasts=86_400,
    ),
)
DONE = Closing(reason=Reason.STOP, footer=FOOTER, buttons=(AGAIN,))


def long(lines: int) -> str:
    """Paragraphs of five lines."""
    text = (f"Line {n} of a long answer that says something about the sea." for n in range(lines))
    return "".join(line + ("\n\n" if n % 5 == 4 else "\n") for n, line in enumerate(text))


def in_parts(text: str, *, size: int = 7, closing: Closing = DONE) -> list[ShownPart]:
    """An answer in small pieces, with a status and thinking before it, as a conversation shows it."""
    texts = [Text(text[at : at + size]) for at in range(0, len(text), size)]
    return [Status("grok is thinking"), Thinking("SECRET musings"), *texts, closing]


async def flowing(parts: Sequence[ShownPart]) -> AsyncGenerator[ShownPart, None]:
    """Ready-made pieces, letting others run between two of them as a network does."""
    for part in parts:
        await asyncio.sleep(0)
        yield part


async def halting(parts: Sequence[ShownPart], place: Place) -> AsyncGenerator[ShownPart, None]:
    """Ready-made pieces from a model that stops half way until something can be seen of them."""
    for number, part in enumerate(parts):
        waited = 0
        while (
            number == len(parts) // 2
            and waited < 100
            and not any(map("The tide".__contains__, place.glimpses()))
        ):
            await asyncio.sleep(0.1)
            waited += 1
        await asyncio.sleep(0)
        yield part


async def shown(place: Place, parts: AsyncGenerator[ShownPart, None], turn_handle: TurnHandle) -> None:
    await place.sink(turn_handle).show(parts)


async def show(place: Place, turn_handle: FakeTurnHandle, parts: Sequence[ShownPart]) -> tuple[str, ...]:
    """Shows the way a worker does: gives the turn back when the platform is busy, and claims it again."""
    for _ in range(5):
        try:
            return await place.sink(turn_handle).show(flowing(parts))
        except PlatformBusy:
            turn_handle = turn_handle.next_attempt()
    raise AssertionError("the platform stayed busy")


async def say(place: Place, turn_handle: FakeTurnHandle, reply: Reply) -> str:
    for _ in range(5):
        try:
            return await place.sink(turn_handle).say(reply)
        except PlatformBusy:
            turn_handle = turn_handle.next_attempt()
    raise AssertionError("the platform stayed busy")


def assert_whole(seen: Sequence[Seen], text: str) -> None:
    """The answer is there once, in order, complete, with one footer at its end and nothing else."""
    assert words(*(one.text for one in seen)) == words(text)
    assert [one.footer for one in seen if one.footer] == [FOOTER]
    assert seen[-1].footer == FOOTER


class SinkContract:
    """Subclass it, provide a fixture `place` that gives a `Place`."""

    lines: ClassVar[int] = 310  # of a long answer, 62 bytes each: enough for more than two messages
    exactly_once: ClassVar[bool] = True
    saves: ClassVar[int] = 1  # of a normal answer
    grows: ClassVar[bool] = True  # an answer is seen before it is complete
    changes: ClassVar[bool] = True  # a message can be changed after it was posted
    pictures: ClassVar[bool] = True  # the platform can show one
    rewrites: ClassVar[bool] = True  # an earlier turn's message is where the question was asked
    files: ClassVar[bool] = True  # ... and hand over a file
    faults: ClassVar[tuple[Fault, ...]] = (Fault.LOST, Fault.DROPPED, Fault.BUSY)

    async def test_an_answer_ends_as_one_message_with_exactly_its_text(self, place: Place) -> None:
        ids = await show(place, FakeTurnHandle(), in_parts(ANSWER))

        seen = await place.seen()
        assert_whole(seen, ANSWER)
        assert tuple(one.id for one in seen) == ids[: len(seen)]  # what holds its buttons may follow
        assert len(seen) == 1

    async def test_an_answer_grows_before_it_is_complete(self, place: Place) -> None:
        await place.sink(FakeTurnHandle()).show(halting(in_parts(ANSWER * 4), place))

        if not self.grows:
            assert_whole((await place.seen())[-1:], ANSWER * 4)
            return
        partial = [
            text for text in place.glimpses() if "The tide" in text and words(ANSWER * 4) not in words(text)
        ]
        assert partial

    async def test_the_footer_is_shown_apart_from_the_text(self, place: Place) -> None:
        await show(place, FakeTurnHandle(), in_parts(ANSWER))

        (seen,) = await place.seen()
        assert seen.footer == FOOTER
        assert FOOTER not in seen.text

    async def test_thinking_never_stays_in_an_answer(self, place: Place) -> None:
        await show(place, FakeTurnHandle(), in_parts(ANSWER))

        assert "SECRET" not in str(await place.seen())

    async def test_a_notice_is_shown_after_what_was_said(self, place: Place) -> None:
        closing = Closing(reason=Reason.BROKEN, footer=FOOTER, notice="The answer was cut short.")
        await show(place, FakeTurnHandle(), in_parts(ANSWER, closing=closing))

        (seen,) = await place.seen()
        assert words(seen.text).startswith(words(ANSWER))
        assert "The answer was cut short." in words(seen.text)

    async def test_a_failure_before_any_text_shows_its_notice_alone(self, place: Place) -> None:
        closing = Closing(reason=Reason.FAILED, footer=FOOTER, notice="grok did not answer.")
        await show(place, FakeTurnHandle(), in_parts("", closing=closing))

        (seen,) = await place.seen()
        assert words(seen.text) == "grok did not answer."

    async def test_buttons_are_offered_at_the_end_and_stop_only_before(self, place: Place) -> None:
        await show(place, FakeTurnHandle(), in_parts(ANSWER))

        (seen,) = await place.seen()
        assert "Regenerate" in seen.buttons
        assert "Stop" not in seen.buttons
        assert place.stop_offered() or not self.grows

    async def test_a_normal_answer_saves_its_place_seldom(self, place: Place) -> None:
        turn_handle = FakeTurnHandle()
        await show(place, turn_handle, in_parts(ANSWER))

        assert len(turn_handle.saves) <= self.saves

    async def test_a_long_answer_arrives_complete_in_consecutive_messages(self, place: Place) -> None:
        ids = await show(place, FakeTurnHandle(), in_parts(long(self.lines), size=311))

        seen = await place.seen()
        assert_whole(seen, long(self.lines))
        assert tuple(one.id for one in seen) == ids[: len(seen)]  # what holds its buttons may follow

    async def test_a_resumed_turn_continues_the_same_message(self, place: Place) -> None:
        for kept in (False, True):
            place.move()
            turn_handle = FakeTurnHandle(id=f"turn-{kept}")
            again = await killed_in_save(
                place, lambda j: place.sink(j).show(flowing(in_parts(ANSWER))), turn_handle, kept=kept
            )
            await show(place, again, in_parts("Another wording. " + ANSWER))

            seen = await place.seen()
            in_place = self.changes and (self.exactly_once or kept)
            assert_whole(seen if in_place else seen[-1:], "Another wording. " + ANSWER)

    @pytest.mark.parametrize("hang", [Fault.HANGS_BEFORE, Fault.HANGS_AFTER], ids=["before", "after"])
    @pytest.mark.parametrize("length", ["short", "slow", "long"])
    async def test_a_crash_at_any_call_leaves_one_answer(
        self, place: Place, hang: Fault, length: str
    ) -> None:
        text = long(self.lines) if length == "long" else ANSWER
        parts = in_parts(text, size=7 if length == "slow" else 997)
        call = 0
        while True:
            call += 1
            place.move()
            turn_handle = FakeTurnHandle(id=f"turn-{call}")
            told = halting(parts, place) if length == "slow" and self.grows else flowing(parts)
            again = await killed_in_call(place, partial(shown, place, told), turn_handle, call, hang)
            if again is None:
                break
            await show(place, again, parts)

            self.assert_whole_but_orphans(await place.seen(), text, 1)
        assert call > 2 or length == "short"

    async def test_a_turn_with_its_final_text_is_replayed_in_place(self, place: Place) -> None:
        turn_handle = FakeTurnHandle()
        first = await show(place, turn_handle, in_parts(ANSWER))
        second = await show(place, turn_handle.next_attempt(), [Text(ANSWER), DONE])

        assert second[: len(first)] == first
        assert_whole(await place.seen(), ANSWER)

    @pytest.mark.parametrize("length", ["short", "long"])
    async def test_one_failed_call_changes_nothing_in_the_end(self, place: Place, length: str) -> None:
        text = ANSWER if length == "short" else long(self.lines)
        parts = in_parts(text, size=997)
        await show(place, FakeTurnHandle(), parts)
        calls = place.calls()
        for fault in self.faults:
            for call in range(1, calls + 1):
                place.move()
                place.fault(call, fault)
                await show(place, FakeTurnHandle(id=f"turn-{fault}-{call}"), parts)

                self.assert_whole_but_orphans(await place.seen(), text, 1)
                place.cut()

    async def test_hostile_text_is_shown_as_text(self, place: Place) -> None:
        for size in (1, 3, 1000):
            place.move()
            await show(place, FakeTurnHandle(id=f"turn-{size}"), in_parts(HOSTILE, size=size))

            seen = await place.seen()
            assert [one.live for one in seen] == [()] * len(seen)
            assert "SECRET" not in str(seen)

    @pytest.mark.parametrize("text", UNRENDERABLE, ids=range(len(UNRENDERABLE)))
    async def test_what_no_renderer_can_take_is_shown_all_the_same(self, place: Place, text: str) -> None:
        """Growing and finished, as an answer, a reply and a section: the words are there, and nothing is live."""
        await show(place, FakeTurnHandle(id="turn-answer"), in_parts(text, size=700))
        answered = await place.seen()
        place.move()
        section = Section(title="grok", text=text)
        await say(place, FakeTurnHandle(id="turn-reply"), Reply(text=text, sections=(section,)))
        replied = await place.seen()

        for seen in (answered, replied):
            assert "tide" in "".join(one.text for one in seen)
            assert [one.live for one in seen] == [()] * len(seen)

    async def test_a_reply_shows_its_parts(self, place: Place) -> None:
        reply = Reply(
            title="Models",
            text="Pick one.",
            table=Table(header=("Name", "Price"), rows=(("grok", "low"), ("claude", "high"))),
            sections=(Section(title="grok", text="fast", note="0.1 s", buttons=(AGAIN,)),),
            choices=(
                Choice(
                    action=Action.PICK,
                    label="Model",
                    options=(
                        Option(value="me grok", label="grok", hint="fast"),
                        Option(value="me gpt", label="gpt"),
                    ),
                    selected="me gpt",
                ),
            ),
            buttons=(Button(action=Action.RUN, label="Help", value="/help"),),
        )
        message = await say(place, FakeTurnHandle(), reply)

        (seen,) = await place.seen()
        assert seen.id == message
        assert {"Models", "Pick", "Name", "Price", "grok", "low", "claude", "high", "fast"} <= set(
            words(seen.text).replace(".", "").split()
        )
        assert {"Regenerate", "Help"} <= set(seen.buttons)
        assert {"grok", "gpt"} <= {option.split(" ")[0] for option in seen.options}

    async def test_hostile_words_in_a_reply_are_shown_as_text(self, place: Place) -> None:
        reply = Reply(
            title=HOSTILE,
            text="Two answers.",
            table=Table(header=("<!channel>",), rows=((HOSTILE,),)),
            sections=(Section(title=HOSTILE, text=HOSTILE, note=HOSTILE),),
        )
        await say(place, FakeTurnHandle(), reply)

        seen = await place.seen()
        assert [one.live for one in seen] == [()] * len(seen)

    async def test_what_a_turn_says_later_takes_the_place_of_what_it_said_before(self, place: Place) -> None:
        sink = place.sink(FakeTurnHandle())
        await sink.say(Reply(text="Asking two models."))
        await sink.say(Reply(text="Here is the comparison."))

        *before, seen = await place.seen()
        assert words(seen.text) == "Here is the comparison."
        assert not (before and self.changes)

    async def test_an_apology_takes_the_place_of_a_half_answer(self, place: Place) -> None:
        turn_handle = FakeTurnHandle()
        again = await killed_in_save(
            place, lambda j: place.sink(j).show(flowing(in_parts(ANSWER))), turn_handle, kept=True
        )
        await say(place, again, Reply(text="Something went wrong here."))

        *before, seen = await place.seen()
        assert words(seen.text) == "Something went wrong here."
        assert not (before and self.changes)

    async def test_a_reply_can_take_the_place_of_a_message(self, place: Place) -> None:
        message = await say(place, FakeTurnHandle(id="turn-1"), Reply(text="Which one?"))
        await say(place, FakeTurnHandle(id="turn-2"), Reply(text="grok it is.", replaces=message))

        *before, seen = await place.seen()
        assert words(seen.text) == "grok it is."
        assert (seen.id == message and not before) or not self.changes

    @pytest.mark.parametrize("length", ["short", "long"])
    async def test_an_earlier_answer_can_be_written_anew(self, place: Place, length: str) -> None:
        text = f"{ANSWER}\n\n{CITING}" if length == "short" else long(self.lines)
        ids = await show(place, FakeTurnHandle(id="turn-1"), [Text(text), *SOURCES, DONE])
        before = await place.seen()
        closing = replace(DONE, notice="Ann: Run it.", buttons=())
        later = FakeTurnHandle(id="turn-2")
        earlier = ShownAnswer(messages=ids, pressed=ids[0], text=text, closing=closing, sources=SOURCES)
        if not self.rewrites:
            with pytest.raises(PlatformGone):
                await place.sink(later).rewrite(earlier)
            return
        await place.sink(later).rewrite(earlier)

        seen = await place.seen()
        assert [one.id for one in seen] == [one.id for one in before]
        assert later.saves == []
        assert words(*(one.text for one in seen)).startswith(words(text))
        assert sorted(source for one in seen for source in one.sources) == LISTED
        assert ("Ann: Run it." in seen[-1].text) is self.changes
        await show(place, later, in_parts(ANSWER))
        assert len(await place.seen()) == len(before) + 1

    async def test_saying_again_after_a_crash_shows_it_once(self, place: Place) -> None:
        for hang in (Fault.HANGS_BEFORE, Fault.HANGS_AFTER):
            call = 0
            while True:
                call += 1
                place.move()
                turn_handle = FakeTurnHandle(id=f"turn-{hang}-{call}")
                reply = Reply(text="Memory erased.")
                again = await killed_in_call(
                    place, lambda j: place.sink(j).say(Reply(text="Memory erased.")), turn_handle, call, hang
                )
                if again is None:
                    break
                await say(place, again, reply)

                seen = await place.seen()
                assert words(seen[-1].text) == "Memory erased."
                assert len(seen) == 1 or not self.exactly_once

    async def test_a_failed_call_does_not_say_it_twice(self, place: Place) -> None:
        for fault in self.faults:
            place.move()
            place.fault(1, fault)
            await say(place, FakeTurnHandle(id=f"turn-{fault}"), Reply(text="Memory erased."))

            seen = await place.seen()
            assert words(seen[-1].text) == "Memory erased."
            assert len(seen) == 1 or not self.exactly_once
            place.cut()

    async def test_sources_stand_under_the_answer_by_their_numbers(self, place: Place) -> None:
        await show(place, FakeTurnHandle(), [Text(CITING), *SOURCES, DONE])

        seen = await place.seen()
        assert words(*(one.text for one in seen)).startswith(words(CITING))
        assert sorted(source for one in seen for source in one.sources) == LISTED
        assert [one.footer for one in seen if one.footer] == [FOOTER]

    async def test_sources_of_a_long_answer_are_shown_once_and_whole(self, place: Place) -> None:
        await show(place, FakeTurnHandle(), [*in_parts(long(self.lines), size=311)[:-1], *SOURCES, DONE])

        seen = await place.seen()
        assert words(*(one.text for one in seen)).startswith(words(long(self.lines)))
        assert sorted(source for one in seen for source in one.sources) == LISTED

    async def test_hostile_sources_are_shown_as_text(self, place: Place) -> None:
        titles = [
            *HOSTILE.splitlines(),
            "https://bank.example/",
            "](javascript:alert(1))",
            "1. ",
            "[2]",
            "|a|",
        ]
        sources = [
            Source(number=number, title=title, address=address)
            for number, (title, address) in enumerate(
                ((title, address) for title in titles for address in (EVIL, "javascript:alert(1)")), 1
            )
        ]
        await show(place, FakeTurnHandle(), [Text(f"{ANSWER} [1] [2]"), *sources, DONE])

        seen = await place.seen()
        assert [one.live for one in seen] == [()] * len(seen)
        assert all(address in {EVIL, "", name} for one in seen for _, name, address in one.sources)
        assert "evil.example" in str(seen)

    async def test_pictures_come_with_the_answer(self, place: Place) -> None:
        await show(place, FakeTurnHandle(), [Text(ANSWER), *PICTURES, DONE])

        seen = await place.seen()
        assert words(*(one.text for one in seen)).startswith(words(ANSWER))
        if self.pictures:
            assert [data for one in seen for data in one.pictures] == [one.data for one in PICTURES]
        else:
            assert "picture.png" in words(*(one.text for one in seen))

    async def test_pictures_without_a_word_are_an_answer(self, place: Place) -> None:
        await show(place, FakeTurnHandle(), [*PICTURES[:1], DONE])

        seen = await place.seen()
        assert [data for one in seen for data in one.pictures] == [PICTURES[0].data] or not self.pictures
        assert "No answer" not in str(seen)

    async def test_files_come_with_the_answer(self, place: Place) -> None:
        await show(place, FakeTurnHandle(), [Text(ANSWER), *FILES, DONE])

        seen = await place.seen()
        told = words(*(one.text for one in seen))
        assert told.startswith(words(ANSWER))
        assert [one.footer for one in seen if one.footer] == [FOOTER]
        assert [name for one in seen for name in one.files] == [one.name for one in FILES] or not self.files
        if not self.files:  # then at least they are named, and a text can be read
            assert all(name in told for name in ("report.pdf", "tides.csv", "Monday,high"))

    async def test_a_file_without_a_word_is_an_answer(self, place: Place) -> None:
        await show(place, FakeTurnHandle(), [FILES[1], DONE])

        seen = await place.seen()
        assert [name for one in seen for name in one.files] == ["tides.csv"] or "tides.csv" in str(seen)
        assert "No answer" not in str(seen)

    async def test_a_files_name_and_words_are_shown_as_text(self, place: Place) -> None:
        for number, line in enumerate(HOSTILE.splitlines()):
            place.move()
            file = GeneratedFile(
                name=f"{line}.txt", media_type="text/html", data=HOSTILE.encode(), key="k", lasts=1
            )
            await show(place, FakeTurnHandle(id=f"turn-{number}"), [Text("Here."), file, DONE])

            seen = await place.seen()
            assert [one.live for one in seen] == [()] * len(seen)

    @pytest.mark.parametrize("hang", [Fault.HANGS_BEFORE, Fault.HANGS_AFTER], ids=["before", "after"])
    async def test_a_crash_at_any_call_leaves_each_source_picture_and_file(
        self, place: Place, hang: Fault
    ) -> None:
        parts: list[ShownPart] = [Text(CITING), *SOURCES, *PICTURES, *FILES, DONE]
        call = 0
        while True:
            call += 1
            place.move()
            turn_handle = FakeTurnHandle(id=f"turn-{call}")
            again = await killed_in_call(
                place, lambda j: place.sink(j).show(flowing(parts)), turn_handle, call, hang
            )
            if again is None:
                break
            await show(place, again, parts)

            seen = await place.seen()
            shown = [data for one in seen for data in one.pictures]
            assert set(LISTED) <= {source for one in seen for source in one.sources}
            assert {*shown} == {one.data for one in PICTURES} or not self.pictures
            assert len(shown) <= len(PICTURES) + (not self.exactly_once)
            names = [name for one in seen for name in one.files]
            assert {*names} == {one.name for one in FILES} or not self.files
            assert len(names) <= len(FILES) + (not self.exactly_once)
        assert call > 2

    def assert_whole_but_orphans(self, seen: Sequence[Seen], text: str, orphans: int) -> None:
        """The whole answer; where the platform allows no better, up to so many messages more."""
        if self.exactly_once:
            assert_whole(seen, text)
            return
        for left_over in combinations(seen, min(orphans, max(len(seen) - 1, 0))):
            for rest in (seen, [one for one in seen if one not in left_over]):
                if words(*(one.text for one in rest)) == words(text) and rest[-1].footer:
                    assert_whole(rest, text)
                    return
        raise AssertionError([(one.text[:60], one.footer, one.buttons) for one in seen])
