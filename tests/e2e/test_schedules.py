"""A question that asks itself: in Slack, in Teams and on the page, against the product as it is run.

Nobody waits for the time of day: the store is told that the schedule is due now, which the product finds by itself.
"""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from adapters.web.inbound.events import thread_key
from bot.domain.events import ThreadKey
from bot.domain.schedules import Schedule
from bot.storage.embedded import embedded_server
from bot.storage.open import open_storage
from tests.e2e.company import Company, company
from tests.e2e.test_page import CHAT, Page, Post, done, page
from tests.ops.product import PATIENCE
from tests.ops.test_running import posts
from tests.providers.fake import HELLO
from tests.slack.fake import reading
from tests.slack.fake.world import Message
from tests.slack.office import complete
from tests.teams.people import TENANT
from tests.teams.refusals import Refused
from tests.teams.rooms import ALICE
from tests.teams.test_product import office as teams_office
from tests.teams.test_product import shown, talk

QUESTION = "what is on today?"


async def falls_due(folder: Path, where: ThreadKey, person: str, *, seconds: float = 1) -> Schedule:
    """The only schedule there has been due for so long, as if its time had come."""
    async with embedded_server(folder / "data") as url, open_storage(url) as storage:
        (schedule,) = await storage.schedules.listed(where, person)
        due = replace(schedule, next=round(time.time() - schedule.wait - seconds))
        assert await storage.schedules.keep(due)
    return schedule


async def stands(folder: Path, where: ThreadKey, person: str) -> Schedule:
    async with embedded_server(folder / "data") as url, open_storage(url) as storage:
        (schedule,) = await storage.schedules.listed(where, person)
    return schedule


def in_slack(thread: str = "") -> ThreadKey:
    return ThreadKey(platform="slack", workspace="T1", channel="C1", thread=thread)


async def next_answer(co: Company, before: set[str], channel: str = "C1") -> Message:
    def new() -> list[Message]:
        return [one for one in co.at.ours(channel) if one.ts not in before and complete(one)]

    await co.at.until(lambda: bool(new()))
    return new()[0]


async def test_in_a_thread_of_slack_it_answers_in_that_thread(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        thread = (await co.ask(f"{co.bot} hello")).thread_ts
        told = await co.at.told(f"{co.bot} /every day 9:00 grok: {QUESTION}", thread=thread)
        before = {one.ts for one in co.at.ours()}
        await falls_due(tmp_path, in_slack(thread), "U1")
        answer = await next_answer(co, before)

        assert f"Every day at 9:00 I ask here, in your name: “grok: {QUESTION}”" in reading.text(told)
        assert "Next: " in reading.text(told)
        assert (answer.thread_ts, reading.text(answer)) == (thread, HELLO)
        assert reading.footer(answer).startswith("grok")
        assert "asked every day at 9:00 by " in reading.footer(answer)
        assert co.vendors.questions()[-1].endswith(QUESTION)

        listed = await co.at.told(f"{co.bot} /schedules", thread=thread)
        assert "Every day at 9:00" in str(listed.blocks)
        seen = set(co.at.slack.channels["C1"].messages)
        await co.at.press(listed, "Delete")
        deleted = await co.at.next(seen)
        assert "Deleted: every day at 9:00." in reading.text(deleted)


async def test_a_slash_command_of_slack_asks_in_the_channel_and_its_buttons_work(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        told = await co.at.command("/every", f"weekday 9:00 {QUESTION}")
        before = {one.ts for one in co.at.ours()}
        await falls_due(tmp_path, in_slack(), "U1")
        answer = await next_answer(co, before)
        before.add(answer.ts)
        await co.at.press(answer, "Regenerate")
        again = await next_answer(co, before)

        assert told.seen_by == "U1"
        assert (answer.thread_ts or answer.ts, reading.text(answer)) == (answer.ts, HELLO)
        assert reading.text(again) == HELLO
        assert [one.endswith(QUESTION) for one in co.vendors.questions()] == [True, True]


async def test_an_archived_channel_of_slack_pauses_it_and_its_maker_is_told(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        await co.at.command("/every", f"weekday 9:00 {QUESTION}")
        co.at.slack.channels["C1"].archived = True
        before = set(co.at.slack.channels["D1"].messages)
        await falls_due(tmp_path, in_slack(), "U1")
        notice = await co.at.next(before, "D1")

        assert "I paused a schedule of yours" in reading.text(notice)
        assert QUESTION.rstrip("?") in reading.text(notice)
        assert (await stands(tmp_path, in_slack(), "U1")).paused


async def test_in_teams_it_answers_in_the_thread_of_the_channel(tmp_path: Path) -> None:
    async with teams_office(tmp_path) as at:
        channel = at.teams.channel()
        told = await at.said(channel, f"/every monday 9:00 {QUESTION}", id="100")
        known = {one.id for one in talk(channel)}
        thread = ThreadKey(platform="teams", workspace=TENANT, channel=channel.id, thread="100")
        await falls_due(tmp_path, thread, ALICE.aad)
        await at.until(lambda: [one for one in talk(channel) if one.id not in known and shown(one).footer])
        (answer,) = [one for one in talk(channel) if one.id not in known]

        assert "Every Monday at 9:00 I ask here" in shown(told).text
        assert answer.root == "100"
        assert "asked every Monday at 9:00 by " in shown(answer).footer


async def test_a_team_that_refuses_the_bot_pauses_it_and_its_maker_is_told_alone(tmp_path: Path) -> None:
    async with teams_office(tmp_path) as at:
        channel, own = at.teams.channel(), at.teams.personal(f"a:{ALICE.id}")
        await at.said(channel, f"/every monday 9:00 {QUESTION}", id="100")
        known = len(talk(channel))
        channel.refusal = Refused(403, "BotNotInConversationRoster", "The bot is not part of the roster.")
        thread = ThreadKey(platform="teams", workspace=TENANT, channel=channel.id, thread="100")
        await falls_due(tmp_path, thread, ALICE.aad)
        await at.until(lambda: bool(talk(own)))
        (notice,) = talk(own)
        assert "I paused a schedule of yours, every Monday at 9:00" in shown(notice).text
        assert QUESTION.rstrip("?") in shown(notice).text
        assert "Go on" in shown(notice).buttons
        assert (await stands(tmp_path, thread, ALICE.aad)).paused

        channel.refusal = None
        (go_on, _) = notice.activity["suggestedActions"]["actions"]
        assert "It asks again" in shown(await at.said(own, go_on["value"])).text
        assert not (await stands(tmp_path, thread, ALICE.aad)).paused
        assert len(talk(channel)) == known
        # What was refused was tried on purpose.
        assert {one.split(":")[0] for one in at.teams.connector.violations} == {
            "403 BotNotInConversationRoster"
        }
        at.teams.connector.violations.clear()


async def test_what_was_said_to_one_person_in_teams_is_asked_for_everybody_there(tmp_path: Path) -> None:
    async with teams_office(tmp_path) as at:
        group = at.teams.group()
        told = await at.said(group, f"/every monday 9:00 {QUESTION}", targeted=True)
        known = {one.id for one in talk(group)}
        await falls_due(tmp_path, ThreadKey(platform="teams", workspace=TENANT, channel=group.id), ALICE.aad)
        await at.until(lambda: [one for one in talk(group) if one.id not in known and shown(one).footer])
        (answer,) = [one for one in talk(group) if one.id not in known]

        assert (told.targeted, answer.targeted) == (ALICE.id, "")
        assert "asked every Monday at 9:00 by " in shown(answer).footer


async def test_on_the_page_it_asks_in_its_chat(tmp_path: Path) -> None:
    async with company(tmp_path, SWITCHBOARD_PAGE="on") as co, co.product.visitor() as http:
        page = Page(http, co.vendors)
        told = await page.says(f"/every day 9:00 {QUESTION}")
        before = await posts(http, CHAT)
        await falls_due(tmp_path, thread_key(CHAT), "local")
        found = before
        async with asyncio.timeout(PATIENCE):
            while len(found) < len(before) + 2 or not done(found[-1]):
                await asyncio.sleep(0.05)
                found = await posts(http, CHAT)
        asked, answer = found[-2:]

        assert "Every day at 9:00 I ask here" in told["reply"]["text"]
        assert (asked["text"], asked["person"]) == (QUESTION, True)
        assert answer["text"].strip() == HELLO
        assert "asked every day at 9:00 by " in answer["closing"]["footer"]


async def test_what_was_due_while_the_product_was_down_is_asked_once(tmp_path: Path) -> None:
    async with page(tmp_path) as at:
        await at.says(f"/every day 9:00 {QUESTION}")
        before = len(await posts(at.http, CHAT))
    await falls_due(tmp_path, thread_key(CHAT), "local", seconds=3 * 3_600)
    seen = []
    for _ in range(2):
        async with page(tmp_path) as at, asyncio.timeout(PATIENCE):
            found: list[Post] = []
            while len(found) < before + 2 or not done(found[-1]):
                await asyncio.sleep(0.05)
                found = await posts(at.http, CHAT)
            seen.append(found[before:])
    asked, answer = seen[0]

    assert (asked["text"], answer["text"].strip()) == (QUESTION, HELLO)
    assert " · was due at " in answer["closing"]["footer"]
    assert len(seen[1]) == 2
