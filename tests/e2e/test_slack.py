"""Everything a person can type and press, in Slack, against the product as it is run."""

import asyncio
from pathlib import Path

from tests.e2e.company import DIALECTS, company
from tests.providers.fake import HELLO, Babble, Cut, Gate, Hang, Say
from tests.slack.fake import events, reading
from tests.slack.fake.world import Message


def by(answer: Message) -> str:
    """Who answered, by the name people type; the vendor's own name stands behind it."""
    return reading.footer(answer).partition(" ")[0]


async def test_a_thread_and_its_picker(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        first = await co.ask(f"{co.bot} my name is Ada")
        thread = first.thread_ts
        follow_up = await co.ask("and without a mention?", thread=thread)
        assert [reading.text(one) for one in (first, follow_up)] == [HELLO, HELLO]
        assert [by(one) for one in (first, follow_up)] == ["gpt", "gpt"]

        picker = await co.at.told(f"{co.bot} /model", thread=thread)
        assert set(DIALECTS) <= set(reading.options(picker))
        await co.at.choose(picker, "claude")
        await co.at.until(lambda: "claude answers in this thread" in reading.text(picker))
        assert by(await co.ask("who am I?", thread=thread)) == "claude"
        assert "my name is Ada" in co.vendors.saw()
        why = await co.at.told("model why", thread=thread)
        assert "→ this thread claude" in reading.text(why)
        assert co.nothing_is_live()


THINKER = """
[[models]]
name = "thinker"
provider = "xai"
model = "thinker-id"
reasoning = true
"""


async def test_how_long_a_model_may_think(tmp_path: Path) -> None:
    async with company(tmp_path, THINKER) as co:
        thread = (await co.ask(f"{co.bot} thinker: hello")).thread_ts
        menu = await co.at.told("effort", thread=thread)
        await co.at.press(menu, "High")
        await co.at.until(
            lambda: any("high effort in this thread" in reading.text(one) for one in co.at.ours())
        )
        await co.ask("thinker: and now?", thread=thread)
        first, then = (each.body.get("reasoning") for each in co.vendors.asked)

        assert "effort" not in (first or {})
        assert then == {"effort": "high"}


async def test_every_way_to_say_who_answers(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        thread = (await co.ask(f"{co.bot} grok: hello")).thread_ts
        switched = await co.at.told("model claude", thread=thread)
        assert "claude answers in this thread" in reading.text(switched)
        assert by(await co.ask("gemini: what do you say?", thread=thread)) == "gemini"
        assert by(await co.ask(f"{co.bot} /ask gpt and you?", thread=thread)) == "gpt"
        assert by(await co.ask("and who answers now?", thread=thread)) == "claude"
        assert [each.dialect for each in co.vendors.asked] == [
            DIALECTS[name] for name in ("grok", "gemini", "gpt", "claude")
        ]


async def test_names_that_are_nearly_right(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        thread = (await co.ask(f"{co.bot} hello")).thread_ts
        for typed in ("/model clade", "model clade", f"{co.bot} model clade --thread"):
            near = await co.at.told(typed, thread=thread)
            assert "clade" in reading.text(near)
            assert reading.buttons(near) == ["claude"]
        await co.at.press(near, "claude")
        await co.at.until(lambda: "claude answers in this thread" in reading.text(near))
        assert by(await co.ask("and now?", thread=thread)) == "claude"


async def test_commands_that_are_nearly_right_and_questions_that_look_like_some(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        command = await co.at.told("/modle claude", channel="D1")
        asked = await co.at.told("/ask clade what now?", channel="D1")
        unknown = await co.at.told("/ask xyzzy what now?", channel="D1")
        question = await co.ask("model trains are fun", channel="D1")

        assert "Did you mean /model?" in reading.text(command)
        assert "Did you mean claude?" in reading.text(asked)
        assert "“xyzzy” is not a model" in reading.text(unknown)
        assert reading.text(question) == HELLO
        assert co.vendors.questions() == ["model trains are fun"]


async def test_a_choice_for_me_and_one_for_the_channel(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        await co.at.told(f"{co.bot} model grok --channel")
        await co.at.told(f"{co.bot} model gemini")
        ada = await co.ask(f"{co.bot} who answers me?")
        bob = await co.ask(f"{co.bot} and me?", user="U2")
        direct = await co.ask("and here?", channel="D1")

        assert [by(one) for one in (ada, bob, direct)] == ["gemini", "grok", "gemini"]


async def test_memory_reset_and_forget(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        thread = (await co.ask(f"{co.bot} the door code is 4711")).thread_ts
        await co.at.told("reset", thread=thread)
        await co.ask("what is the code?", thread=thread)
        assert "4711" not in co.vendors.saw()
        receipt = await co.at.told("forget", thread=thread)
        assert "Erased 2 questions" in reading.text(receipt)
        memory = await co.at.told("memory", thread=thread)
        assert "nothing yet" in reading.text(memory)
        nothing = await co.at.told("forget", channel="D1")
        assert "Nothing to erase" in reading.text(nothing)


async def test_memory_usage_and_help(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        thread = (await co.ask("hello", channel="D1")).thread_ts
        memory = await co.at.told("/memory", channel="D1", thread=thread)
        usage = await co.at.told("usage", channel="D1")
        guide = await co.at.told("help", channel="D1")
        greeting = await co.at.told(co.bot)

        assert "1 question " in reading.text(memory)
        assert "hello gpt" in reading.text(memory)
        assert "today 1 7 3 " in reading.text(usage)
        assert all(f"/{name}" in reading.text(guide) for name in ("model", "ask", "compare", "usage"))
        assert "Hello, I am Switchboard" in reading.text(greeting)
        await co.at.press(greeting, reading.buttons(greeting)[0])
        await co.at.answered(greeting.thread_ts)


async def test_a_comparison_and_going_on_with_one_answer(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        said = await co.at.say(f"{co.bot} /compare gpt grok claude gemini: what is ink?")
        names = list(DIALECTS)
        columns = await co.at.answered(said.ts, count=len(names))
        comparison = co.at.ours()[0]
        await co.at.until(lambda: reading.buttons(comparison) == [f"Keep {name}" for name in names])
        assert sorted(" ".join(reading.text(one).split()) for one in columns) == sorted(
            f"{name} {HELLO}" for name in names
        )
        assert sorted(by(one) for one in columns) == sorted(names)
        assert all("tokens in" in reading.footer(one) for one in columns)
        assert "first word" in reading.text(comparison)
        assert co.vendors.questions() == ["what is ink?"] * len(names)

        thread = comparison.thread_ts
        before = set(co.at.slack.channels["C1"].messages)
        await co.at.press(comparison, "Keep gemini")
        assert "gemini" in reading.text(await co.at.next(before))
        await co.at.say("and blood?", thread=thread)
        await co.at.until(lambda: by(co.at.ours()[-1]) == "gemini")
        assert "what is ink?" in co.vendors.saw()


async def test_one_that_hangs_holds_no_other_up_and_stop_ends_all(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        co.vendors.alone["grok"] = (Say("Well"), Hang())
        said = await co.at.say(f"{co.bot} /compare gpt grok: what is ink?")
        (gpt,) = await co.at.answered(said.ts)
        assert reading.text(gpt).split() == ["gpt", *HELLO.split()]
        board = co.at.ours()[0]
        await co.at.press(board, "Stop")
        await co.at.until(lambda: reading.buttons(board) == ["Keep gpt", "Keep grok"])
        grok = next(one for one in co.at.ours() if by(one) == "grok")

        assert reading.text(grok).split() == ["grok", "Well", "Stopped."]


async def test_a_blind_comparison_tells_nothing_until_one_is_kept(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        said = await co.at.say(f"{co.bot} /compare --blind gpt grok claude: what is ink?")
        columns = await co.at.answered(said.ts, count=3)
        board = co.at.ours()[0]
        await co.at.until(lambda: reading.buttons(board) == ["Keep A", "Keep B", "Keep C"])
        hidden = str([(one.text, one.blocks, one.metadata) for one in co.at.ours()])
        assert [name for name in (*DIALECTS, "-id", "tokens", "$") if name in hidden] == []

        await co.at.press(board, "Keep B")
        await co.at.until(lambda: "B is " in reading.text(board))
        await co.at.until(lambda: all("tokens in" in reading.footer(one) for one in columns))
        assert {by(one) for one in columns} == {"gpt", "grok", "claude"}
        second = next(one for one in columns if reading.text(one).startswith("B: "))
        await co.at.say("and blood?", thread=board.thread_ts)
        await co.at.until(lambda: by(co.at.ours()[-1]) == by(second))
        assert co.nothing_is_live()


async def test_a_council_answers_with_one_voice(tmp_path: Path) -> None:
    async with company(tmp_path, '[council]\nmodels = ["gpt", "grok", "gemini"]\nchair = "claude"\n') as co:
        co.vendors.alone["claude"] = (Say("All agree."),)
        said = await co.at.say(f"{co.bot} /council what is ink?")
        await co.at.answered(said.ts, count=4)
        chair = next(one for one in co.at.ours() if by(one) == "claude")
        assert reading.text(chair) == "All agree."
        assert "chair of 3" in reading.footer(chair)
        assert {by(one) for one in co.at.ours()} == {"gpt", "grok", "gemini", "claude"}
        assert co.vendors.saw().count("quoted, not instructions") == 3
        assert "gpt" not in co.vendors.saw()


async def test_buttons_under_an_answer(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        answer = await co.ask(f"{co.bot} hello")
        thread = answer.thread_ts
        assert reading.buttons(answer) == ["Ask another model", "Regenerate", "👍", "👎"]
        await co.at.press(answer, "👍")
        await co.at.press(answer, "Regenerate")
        again = (await co.at.answered(thread, count=2))[1]
        assert by(again) == "gpt"

        before = set(co.at.slack.channels["C1"].messages)
        await co.at.press(answer, "Ask another model")
        menu = await co.at.next(before)
        assert {"grok", "claude", "gemini"} <= set(reading.options(menu))
        await co.at.choose(menu, "gemini")
        other = (await co.at.answered(thread, count=3))[2]
        assert by(other) == "gemini"
        assert co.vendors.questions() == ["hello"] * 3
        assert "1 question " in reading.text(await co.at.told("memory", thread=thread))


async def test_stop_silences_the_model_and_what_was_said_is_kept(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        co.vendors.plays["talk"] = (Babble(),)
        asked = await co.at.say(f"{co.bot} talk")
        await co.at.until(lambda: any("on and" in reading.text(one) for one in co.at.ours()))
        (growing,) = co.at.ours()
        before = set(co.at.slack.channels["C1"].messages)
        await co.at.press(growing, "Stop", user="U2")
        told = await co.at.next(before)
        assert (told.seen_by, reading.text(told)) == ("U2", "Only the person who asked can stop this answer.")
        await co.at.press(growing, "Stop")
        (stopped,) = await co.at.answered(asked.ts)
        await co.vendors.hung_up.wait()
        await co.ask("what did you say?", thread=asked.ts)

        assert reading.text(stopped).endswith("Stopped.")
        assert "Continue" in reading.buttons(stopped)
        assert "on and on" in co.vendors.saw()
        assert "Stopped." not in co.vendors.saw()


async def test_the_word_stop_stops_too(tmp_path: Path) -> None:
    async with company(tmp_path, agent=True) as co:
        co.vendors.plays["talk"] = (Babble(),)
        asked = await co.at.say(f"{co.bot} talk")
        await co.at.until(lambda: any("on and" in reading.text(one) for one in co.at.ours()))
        await co.at.say("stop", thread=asked.ts)
        (stopped,) = await co.at.answered(asked.ts)

        assert reading.text(stopped).endswith("Stopped.")
        assert len(co.at.ours()) == 1


async def test_a_broken_answer_is_continued(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        co.vendors.plays["tell me"] = (Say("Half of"), Cut())
        broken = await co.ask(f"{co.bot} grok: tell me")
        await co.at.press(broken, "Continue")
        rest = (await co.at.answered(broken.thread_ts, count=2))[1]

        assert "broke off" in reading.text(broken)
        assert by(rest) == "grok"
        assert "Half of" in co.vendors.saw()


async def test_slash_commands_answer_the_asker_alone(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        picker = await co.at.command("/model")
        before = set(co.at.slack.channels["C1"].messages)
        await co.at.choose(picker, "claude")
        assert "claude answers for you" in reading.text(await co.at.next(before))
        answer = await co.at.command("/ask", 'grok payload={"payload": 1}&text=%7B 🦭')
        await co.at.until(lambda: by(answer) == "grok")
        comparison = await co.at.command("/compare", "gpt gemini: what is ink?")
        await co.at.until(lambda: "Keep gemini" in reading.buttons(comparison))
        said = {name: await co.at.command(name) for name in ("/memory", "/usage", "/switchboard", "/reset")}
        nowhere = await co.at.command("/model", "grok --thread")
        receipt = await co.at.command("/forget")

        assert co.vendors.questions()[0] == 'payload={"payload": 1}&text=%7B 🦭'
        assert "2 questions" in reading.text(said["/memory"])
        assert "today 2 " in reading.text(said["/usage"])
        assert "/compare" in reading.text(said["/switchboard"])
        assert "no thread here" in reading.text(nowhere)
        assert "Erased 2 questions" in reading.text(receipt)
        assert {one.seen_by for one in co.at.slack.channels["C1"].messages.values()} == {"U1"}
        assert by(await co.ask("hello", channel="D1")) == "claude"


async def test_a_direct_message_goes_on_in_its_thread(tmp_path: Path) -> None:
    async with company(tmp_path, agent=True) as co:
        first = await co.ask("my name is Ada", channel="D1")
        await co.at.told("model gemini", channel="D1", thread=first.thread_ts)
        second = await co.ask("who am I?", channel="D1", thread=first.thread_ts)
        elsewhere = await co.ask("who am I?", channel="D1")

        assert [by(one) for one in (first, second, elsewhere)] == ["gpt", "gemini", "gpt"]
        assert "my name is Ada" in co.vendors.saw(1)
        assert "my name is Ada" not in co.vendors.saw(2)


async def test_edits_and_deletions_reach_memory(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        thread = (await co.ask(f"{co.bot} hello")).thread_ts
        cat = await co.at.say("my cat is called Tom", thread=thread)
        await co.at.answered(thread, count=2)
        dog = await co.at.say("my dog is called Rex", thread=thread)
        await co.at.answered(thread, count=3)
        await co.happens(events.edited(co.at.slack, cat, "my cat is called Kit"))
        await co.happens(events.deleted(co.at.slack, dog))
        await co.ask("what are they called?", thread=thread)

        assert "Kit" in co.vendors.saw()
        assert "Tom" not in co.vendors.saw()
        assert "Rex" not in co.vendors.saw()


async def test_an_edit_reaches_memory_while_the_answer_still_grows(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        gate = Gate(asyncio.Event())
        co.vendors.plays["my cat is called Tom"] = (Say("A fine"), gate, Say("name."))
        asked = await co.at.say(f"{co.bot} my cat is called Tom")
        await co.at.until(lambda: bool(co.at.ours()))
        await co.happens(events.edited(co.at.slack, asked, f"{co.bot} my cat is called Kit"))
        gate.opened.set()
        await co.at.answered(asked.ts)
        await co.ask("what is it called?", thread=asked.ts)

        assert "Kit" in co.vendors.saw()
        assert "Tom" not in co.vendors.saw()
        offered = [one for one in co.at.ours() if one.seen_by]
        assert ["Answer again"] == [label for one in offered for label in reading.buttons(one)]
        assert len(co.at.ours()) == 3


async def test_where_follow_ups_need_a_mention_people_talk_undisturbed(tmp_path: Path) -> None:
    async with company(tmp_path, '[policy]\nthread_replies = "mention"\n') as co:
        thread = (await co.ask(f"{co.bot} hello")).thread_ts
        await co.at.say("model claude", thread=thread)
        await co.at.say("what do you think, Bob?", thread=thread)
        again = await co.ask(f"{co.bot} and now?", thread=thread)
        direct = await co.ask("hello", channel="D1")
        await co.ask("and here?", channel="D1", thread=direct.thread_ts)

        assert by(again) == "gpt"
        first, second, *direct_ones = co.vendors.questions()
        assert (first, direct_ones) == ("hello", ["hello", "and here?"])
        assert "Ada: what do you think, Bob?" in second
        assert second.endswith("and now?")


async def test_bots_are_not_heard_and_people_talking_among_themselves_are_left_alone(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        channel = co.at.slack.channels["C1"]
        await co.happens(events.by_bot(co.at.slack, channel, f"{co.bot} hello from a bot"))
        await co.at.say("lunch?")
        answer = await co.ask(f"{co.bot} hello")
        await co.happens(events.echo(co.at.slack, answer))
        await co.ask("and again", thread=answer.thread_ts)

        assert co.vendors.questions() == ["hello", "and again"]
        assert len([one for one in co.at.ours() if one.bot_id == co.at.team.bot_id]) == 2


async def test_answers_of_every_size_and_script(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        words = " ".join(f"word{number}" for number in range(4_000))  # more than 34,000 characters
        strange = "🦭 ünïcode 漢字 שלום 👩‍👩‍👧 42"
        co.vendors.plays |= {"long": (Say(words),), "strange 🦭 漢字": (Say(strange),)}
        co.vendors.plays |= {"nothing": (), "blank": (Say("  \n "),)}
        first = await co.ask(f"{co.bot} strange 🦭 漢字", channel="D1")
        await co.ask(f"{co.bot} long")
        pages = co.at.ours()
        empty = [await co.ask(question, channel="D1") for question in ("nothing", "blank")]

        assert reading.text(first).strip() == strange
        assert " ".join(reading.text(page) for page in pages).split() == words.split()
        assert [bool(by(page)) for page in pages] == [False] * (len(pages) - 1) + [True]
        assert all("empty answer" in reading.text(one) for one in empty)
        assert all("Try again" in reading.buttons(one) for one in empty)
        assert co.nothing_is_live()
