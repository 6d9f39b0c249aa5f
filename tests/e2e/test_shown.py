"""What people show and do in Slack beside asking, against the product as it is run: what the model is sent, and what
each person sees.
"""

import asyncio
from pathlib import Path
from typing import Any

from tests.e2e.company import Company, company
from tests.providers.fake import Gate, Say
from tests.slack.fake import events, reading, uploads
from tests.slack.fake.world import Message
from tests.slack.test_content import ALERT, SHARE, TABLE


async def shows(
    co: Company, text: str, *, channel: str = "C1", thread: str = "", user: str = "U1", **more: Any
) -> Message:
    """Somebody posts a message that shows more than its text; a mention comes twice."""
    slack = co.at.slack
    said = events.said(slack, slack.channels[channel], user, text, thread=thread, **more)
    await co.happens(events.message(slack, said))
    if co.bot in text and channel != "D1":
        await co.happens(events.mention(slack, said))
    return said


async def answered(co: Company, said: Message, *, count: int = 1) -> Message:
    return (await co.at.answered(said.thread_ts or said.ts, said.channel, count=count))[-1]


async def test_a_forward_is_what_the_question_is_about(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        await answered(co, await shows(co, f"{co.bot} what does this mean?", attachments=[SHARE]))
        bare = await shows(co, "", channel="D1", attachments=[SHARE])
        await answered(co, bare)

        for request in (0, 1):
            assert "from Bob in #incidents" in co.vendors.saw(request)
            assert "The pier is #closed" in co.vendors.saw(request)
        assert co.nothing_is_live()


async def test_a_pasted_table_reaches_the_model(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        pasted = [{"id": 1, "fallback": "[no preview available]", "blocks": [TABLE]}]
        await answered(co, await shows(co, f"{co.bot} sum it up", attachments=pasted))

        assert "| pier | 42 |" in co.vendors.saw()


async def test_an_alert_that_opened_the_thread_and_what_apps_post_between_two_questions(
    tmp_path: Path,
) -> None:
    async with company(tmp_path) as co:
        alert = await shows(
            co, "", user="", subtype="bot_message", bot_id="B9", username="Alerts", attachments=[ALERT]
        )
        await answered(co, await shows(co, f"{co.bot} investigate", thread=alert.ts))
        await shows(
            co,
            "build 7 failed",
            thread=alert.ts,
            user="U9",
            bot_id="B8",
            bot_profile={"name": "CI", "app_id": "A8"},
        )
        await answered(co, await shows(co, f"{co.bot} and now?", thread=alert.ts), count=2)

        assert "Alerts (an app): Alertmanager" in co.vendors.saw(0)
        assert "severity: page" in co.vendors.saw(0)
        assert "CI (an app): build 7 failed" in co.vendors.saw(1)
        assert len(co.vendors.asked) == 2


async def test_names_place_and_day_reach_the_model_and_stay_text_in_the_answer(tmp_path: Path) -> None:
    async with company(tmp_path, '[policy]\nsystem = "You work for Example Ltd."\n') as co:
        co.at.slack.channels["C1"].name = "general"
        co.at.slack.people["U1"] |= {"tz": "Europe/Berlin"}
        co.vendors.plays["ask @Bob"] = (Say("I asked @Bob and <@U2> in <#C1> <!here>."),)
        answer = await co.ask(f"{co.bot} ask <@U2>")
        await co.ask("and Eve?", thread=answer.thread_ts, user="U2")

        sent = co.vendors.saw(0)
        for words in ("You work for Example Ltd.", "Europe/Berlin", "the channel #general", "ask @Bob"):
            assert words in sent
        assert "Bob: and Eve?" in co.vendors.saw(1)
        assert "Ada: ask @Bob" in co.vendors.saw(1)
        assert co.nothing_is_live()


async def test_people_among_themselves_are_not_answered_and_not_lost(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        thread = (await co.ask(f"{co.bot} how high is the tide?")).thread_ts
        for text in ("<@U1> can you review this?", "thanks!", "ok", "lol :joy:"):
            await co.at.say(text, thread=thread, user="U2")
        await co.ask("and tomorrow?", thread=thread)

        assert len(co.vendors.asked) == 2
        assert "Bob: @Ada can you review this?" in co.vendors.saw()


async def test_mute_by_word_and_by_reaction(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        first = await co.ask(f"{co.bot} how high is the tide?")
        thread = first.thread_ts
        muted = await co.at.told(f"{co.bot} mute", thread=thread)
        await co.at.say("and at noon?", thread=thread, user="U2")
        second = await co.ask(f"{co.bot} and now?", thread=thread)
        before = set(co.at.slack.channels["C1"].messages)
        await co.happens(events.reaction(co.at.slack, "U2", second, "mute"))
        whispered = await co.at.next(before)
        await co.at.say("and at noon, then?", thread=thread, user="U2")
        await co.ask(f"{co.bot} once more?", thread=thread)

        assert "silent" in reading.text(muted)
        assert (whispered.seen_by, "silent" in reading.text(whispered)) == ("U2", True)
        assert len(co.vendors.asked) == 3
        assert "Bob: and at noon, then?" in co.vendors.saw()


async def test_edits_and_deletions(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        slack = co.at.slack
        asked = await shows(co, f"{co.bot} Capital of Frence?")
        await answered(co, asked)
        before = set(slack.channels["C1"].messages)
        await co.happens(events.edited(slack, asked, f"{co.bot} Capital of France?"))
        offer = await co.at.next(before)
        await co.at.press(offer, "Answer again")
        await co.at.until(lambda: len(co.vendors.asked) == 2)
        await co.at.until(lambda: len([one for one in co.at.ours() if reading.footer(one)]) == 2)
        answer = (await co.at.answered(asked.ts, count=2))[-1]
        await co.happens(events.deleted(slack, answer))
        await co.ask("and of Spain?", thread=asked.ts)

        assert offer.seen_by == "U1"
        assert co.vendors.questions()[1] == "Capital of France?"
        assert "Capital of France?" in co.vendors.saw()
        assert reading.text(answer) not in co.vendors.saw()


async def test_a_question_that_is_deleted_while_it_is_answered_stops_the_model_and_leaves_memory(
    tmp_path: Path,
) -> None:
    async with company(tmp_path) as co:
        gate = Gate(asyncio.Event())
        co.vendors.plays["my password is hunter2"] = (Say("A fine"), gate, Say(" one."))
        asked = await co.at.say(f"{co.bot} my password is hunter2")
        await co.at.until(lambda: any("A fine" in reading.text(one) for one in co.at.ours()))
        await co.happens(events.tombstone(co.at.slack, asked))  # a root with replies stays as one
        stopped = (await co.at.answered(asked.ts))[0]
        gate.opened.set()
        await co.ask(f"{co.bot} what do you know?", thread=asked.ts)

        assert "one." not in reading.text(stopped)
        assert "hunter2" not in co.vendors.saw()
        assert "A fine" not in co.vendors.saw()


async def test_a_mention_that_an_edit_adds_is_answered_in_every_mode(tmp_path: Path) -> None:
    async with company(tmp_path, '[policy]\nthread_replies = "mention"\n') as co:
        slack = co.at.slack
        thread = (await co.ask(f"{co.bot} hello")).thread_ts
        said = await co.at.say("what is a tide?", thread=thread)
        outside = await co.at.say("what is a pier?")
        for message, text in ((said, "what is a tide?"), (outside, "what is a pier?")):
            await co.happens(events.edited(slack, message, f"{co.bot} {text}"))
            await co.happens(
                events.mention(slack, message) | {"edited": {"user": "U1", "ts": slack.next_ts()}}
            )
        await co.at.answered(thread, count=2)
        await co.at.answered(outside.ts)

        assert [question.splitlines()[-1] for question in co.vendors.questions()] == [
            "hello",
            "what is a tide?",
            "what is a pier?",
        ]


async def test_erased_words_never_return(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        root = await co.at.say("the code is hunter2", user="U2")
        await co.ask(f"{co.bot} what is the code?", thread=root.ts)
        await co.at.told(f"{co.bot} forget", thread=root.ts)
        await co.at.say("the tide is high", thread=root.ts, user="U2")
        await co.ask(f"{co.bot} what do you know?", thread=root.ts)

        assert "hunter2" in co.vendors.saw(0)
        assert "hunter2" not in co.vendors.saw(1)
        assert "the tide is high" in co.vendors.saw(1)


async def test_workflows_ask_where_they_are_listed_and_only_by_mention(tmp_path: Path) -> None:
    async with company(tmp_path, '[policy]\napps = ["A7"]\n') as co:
        flow: dict[str, Any] = {
            "subtype": "bot_message",
            "bot_profile": {"name": "Standup", "app_id": "A7", "is_workflow_bot": True},
        }
        asked = await shows(co, f"{co.bot} what is on today?", user="", bot_id="B7", **flow)
        await answered(co, asked)
        await shows(co, "all done", thread=asked.ts, user="", bot_id="B7", **flow)
        await shows(
            co,
            f"{co.bot} and me?",
            thread=asked.ts,
            user="",
            bot_id="B6",
            bot_profile={"name": "CI", "app_id": "A6"},
        )
        await co.ask(f"{co.bot} hello", channel="C1")

        assert len(co.vendors.asked) == 2


async def test_a_picture_in_the_threads_root_is_known(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        slack = co.at.slack
        slack.files["F1"] = {
            "id": "F1", "name": "pier.txt", "size": 9, "team": "T1", "data": b"the pier!", "mimetype": "text/plain",
        }  # fmt: skip
        root = await shows(co, "look", user="U2", files=[uploads.public(slack.files["F1"])])
        await answered(co, await shows(co, f"{co.bot} what is it?", thread=root.ts))

        assert "pier.txt" in co.vendors.saw()


async def test_an_app_that_hears_mentions_alone_reads_what_was_said_in_between(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        slack = co.at.slack
        place = slack.channels["C1"]
        slack.files["F1"] = {
            "id": "F1", "name": "tides.txt", "size": 5, "team": "T1", "data": b"noon!", "mimetype": "text/plain",
        }  # fmt: skip
        root = events.said(slack, place, "U2", "the alert")
        first = events.said(slack, place, "U1", f"{co.bot} investigate", thread=root.ts)
        await co.happens(events.mention(slack, first))
        await answered(co, first)
        events.said(slack, place, "U2", "I called the harbour", thread=root.ts)
        files = [uploads.public(slack.files["F1"])]
        second = events.said(slack, place, "U1", f"{co.bot} and now?", thread=root.ts, files=files)
        await co.happens(events.mention(slack, second, files=False))
        await answered(co, second, count=2)

        assert "Bob: the alert" in co.vendors.saw(0)
        assert "Bob: I called the harbour" in co.vendors.questions()[1]
        assert "noon!" in co.vendors.questions()[1]
        assert "the alert" not in co.vendors.questions()[1]


async def test_direct_messages_are_one_conversation_where_that_is_set(tmp_path: Path) -> None:
    async with company(tmp_path, '[policy]\ndirect = "one"\n') as co:
        first = await co.at.told("my name is Ada", channel="D1")
        await co.at.until(lambda: len(flat(co)) == 1)
        await co.at.say("who am I?", channel="D1")
        await co.at.until(lambda: len(flat(co)) == 2)
        await co.at.say("reset", channel="D1")
        await co.at.until(lambda: any("Started over" in reading.text(one) for one in co.at.ours("D1")))
        await co.at.say("and now?", channel="D1")
        await co.at.until(lambda: len(flat(co)) == 3)

        assert first.thread_ts == ""
        assert "my name is Ada" in co.vendors.saw(1)
        assert "Ada" not in co.vendors.questions()[2]
        assert "my name is" not in co.vendors.saw(2)


def flat(co: Company) -> list[Message]:
    """The finished answers outside of threads."""
    return [one for one in co.at.ours("D1") if not one.thread_ts and reading.footer(one)]


async def test_a_slash_command_in_a_direct_message_offers_its_threads(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        await co.ask("what is a tangerine?", channel="D1")
        offered = await co.at.command("/ai-forget", channel="D1")
        await co.at.choose(offered, reading.options(offered)[0])
        await co.at.until(
            lambda: any(
                "Erased 1 question" in reading.text(one)
                for one in co.at.slack.channels["D1"].messages.values()
            )
        )
        elsewhere = await co.at.command("/forget", channel="C1")

        assert reading.options(offered) == ["what is a tangerine?"]
        assert "inside the thread" in reading.text(elsewhere)
