"""Files that a tool gives and answers as files, from a real MCP server to what people have in their hands, against the product
as it is run.
"""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.company import MODELS, Vendors, addresses
from tests.e2e.test_page import CHAT, Page
from tests.ops.product import running
from tests.providers.fake import Answer, Hang, Step, fake_vendor
from tests.providers.tool_speech import TOOL_SPEECHES, Call
from tests.slack.fake import reading
from tests.slack.office import office as slack_office
from tests.teams import test_product as teams_product
from tests.teams.eyes import see
from tests.teams.rooms import ALICE, BOB, Message, Room
from tests.teams.rules import CONSENT, INFO
from tests.teams.test_product import Office
from tests.tools.bench import HONEST

pytest.importorskip("mcp", reason="mcp is not installed")

TOOLS = f"""
[tools.desk]
command = [{json.dumps(sys.executable)}, {json.dumps(str(HONEST))}]
run = ["*"]
"""
ASKED = "call desk.shapes {}"
PDF, WAV = b"%PDF", b"RIFF"


async def test_in_slack(tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text(TOOLS, encoding="utf-8")
    async with slack_office(tmp_path, socket=False, agent=False, limits=False) as at:
        root = await at.say(f"<@{at.team.bot_user}> {ASKED}")
        (answer,) = await at.answered(root.ts)
        await at.until(lambda: bool(answer.files))
        held = [at.slack.files[file["id"]] for file in answer.files]

        assert [(one["name"], one["mode"]) for one in held] == [
            ("image-1.png", "hosted"),
            ("audio-2.wav", "hosted"),
            ("report.pdf", "hosted"),
        ]
        assert [one["data"] for one in held[1:]] == [WAV, PDF]
        root = await at.say(f"<@{at.team.bot_user}> a table please")
        (answer,) = await at.answered(root.ts)
        before = set(at.slack.channels["C1"].messages)
        await at.press(answer, "Table as CSV", user="U2")
        made = await at.next(before, "C1")
        await at.until(lambda: bool(made.files))
        (file,) = (at.slack.files[file["id"]] for file in made.files)
        assert (file["name"], file["snippet_type"], made.thread_ts) == ("table.csv", "csv", root.ts)
        assert file["data"].startswith(b"\xef\xbb\xbf")
        assert reading.text(made) == "The table as CSV."
        assert reading.live(made) == []


async def test_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text(TOOLS, encoding="utf-8")
    async with running(tmp_path) as product, product.visitor() as client:
        at = Page(client, Vendors())
        post = await at.says(ASKED)

        assert len(post["pictures"]) == 1
        assert [(one["name"], one["size"]) for one in post["files"]] == [
            ("audio-2.wav", 4),
            ("report.pdf", 4),
        ]
        address = f"/web/chats/{CHAT}/files/{post['files'][1]['id']}/report.pdf"
        async with client.get(address) as served:
            assert (served.status, await served.read()) == (200, PDF)
            assert served.content_type == "application/octet-stream"
            assert served.headers["X-Content-Type-Options"] == "nosniff"
            assert served.headers["Content-Disposition"] == "attachment; filename*=UTF-8''report.pdf"
        hostile = "%22%0d%0aSet-Cookie:%20a=b%E2%80%AEgnp.svg"
        async with client.get(f"/web/chats/{CHAT}/files/{post['pictures'][0]}/{hostile}") as served:
            assert served.content_type == "application/octet-stream"
            assert (
                served.headers["Content-Disposition"]
                == "attachment; filename*=UTF-8''_%20Set-Cookie_%20a%3Dbgnp.svg"
            )
            assert "Set-Cookie" not in served.headers
        async with client.get(address.replace(CHAT, "chat-0000000002")) as served:
            assert served.status == 404
        async with client.get(f"/web/chats/{CHAT}/pictures/{post['files'][0]['id']}") as served:
            assert served.status == 404
        async with aiohttp.ClientSession() as stranger, stranger.get(f"{product.public}{address}") as served:
            assert served.status == 401
        tabled = await at.says("a table please")
        button = next(one for one in tabled["closing"]["buttons"] if one["label"] == "Table as CSV")
        made = await at.presses(button, tabled)
        assert [one["name"] for one in made["files"]] == ["table.csv"]
        typed = await at.says("/file")
        assert [one["name"] for one in typed["files"]] == ["answer.md"]


@asynccontextmanager
async def teams(folder: Path) -> AsyncIterator[Office]:
    async with teams_product.office(folder, TOOLS) as at:
        yield at


def cards(room: Room, kind: str = CONSENT) -> list[Message]:
    return [
        one
        for one in room.said()
        if any(part.get("contentType") == kind for part in one.activity.get("attachments") or ())
    ]


def names(found: list[Message]) -> list[str]:
    return [str(one.activity["attachments"][0]["name"]) for one in found]


async def test_in_a_chat_of_two_in_teams(tmp_path: Path) -> None:
    async with teams(tmp_path) as at:
        room = at.teams.personal()
        await at.said(room, ASKED)
        await at.until(lambda: len(cards(room)) == 2)
        wav, pdf = cards(room)
        assert names([wav, pdf]) == ["audio-2.wav", "report.pdf"]
        assert (
            pdf.activity["attachments"][0]["content"]["description"] == "4 bytes, kept for you for 24 hours."
        )
        took = await at.teams.consents(room, pdf.id)
        assert (took.status, took.body) == (200, {})
        await at.until(lambda: cards(room, INFO) and cards(room) == [wav])

        assert at.teams.files.contents["report.pdf"] == PDF
        sent = next(headers for path, headers in at.teams.files.seen if path == "/upload/report.pdf")
        assert sent["Content-Range"] == "bytes 0-3/4"
        assert "Authorization" not in sent
        again = {**took.activity, "id": "f:replayed"}
        at.teams.files.contents.clear()
        for replayed in (took.activity, again):
            assert (await at.teams.deliver(replayed)).status == 200
        await at.until(lambda: any("not kept any more" in see(one).text for one in room.said()))
        assert at.teams.files.contents == {}
        assert names(cards(room, INFO)) == ["report.pdf"]

        assert (await at.teams.consents(room, wav.id, action="decline")).status == 200
        await at.until(lambda: not cards(room))
        assert see(next(one for one in room.said() if one.id == wav.id)).text.strip() == "Not saved."


async def test_a_file_goes_to_microsofts_hosts_and_to_its_own_people_only(tmp_path: Path) -> None:
    async with teams(tmp_path) as at:
        room = at.teams.personal()
        await at.said(room, ASKED)
        await at.until(lambda: len(cards(room)) == 2)
        wav, pdf = cards(room)
        stolen = at.teams.people.invoke(
            "a:bobs",
            "personal",
            "fileConsent/invoke",
            {
                "type": "fileUpload",
                "action": "accept",
                "context": pdf.activity["attachments"][0]["content"]["acceptContext"],
                "uploadInfo": {
                    "uploadUrl": f"{at.teams.download_url}/upload/report.pdf",
                    "name": "report.pdf",
                },
            },
            sender=BOB,
            id="f:stolen",
        )
        bobs = at.teams.personal("a:bobs")
        at.teams.files.sessions.add("report.pdf")
        assert (await at.teams.deliver(stolen)).status == 200
        await at.until(lambda: any("not kept any more" in see(one).text for one in bobs.said()))
        assert at.teams.files.contents == {}

        elsewhere = {"uploadUrl": f"{at.teams.canary_url}/upload/report.pdf"}
        assert (await at.teams.consents(room, pdf.id, upload=elsewhere)).status == 200
        await at.until(lambda: cards(room) == [wav])
        told = see(next(one for one in room.said() if one.id == pdf.id)).text
        assert "not one of Microsoft's" in told
        assert at.teams.canary.seen == []
        assert at.teams.files.contents == {}


async def test_what_onedrive_refuses_can_be_allowed_again(tmp_path: Path) -> None:
    async with teams(tmp_path) as at:
        room = at.teams.personal()
        await at.said(room, ASKED)
        await at.until(lambda: len(cards(room)) == 2)
        _, pdf = cards(room)
        at.teams.files.refusals["report.pdf"] = 507
        await at.teams.consents(room, pdf.id)
        await at.until(lambda: names(cards(room)) == ["audio-2.wav", "report.pdf"] and pdf not in cards(room))
        (_, offered) = cards(room)
        assert "did not take it (507)" in offered.activity["attachments"][0]["content"]["description"]
        at.teams.files.refusals["report.pdf"] = 503  # for a moment
        await at.teams.consents(room, offered.id)
        await at.until(lambda: names(cards(room, INFO)) == ["report.pdf"])
        assert at.teams.files.contents["report.pdf"] == PDF


async def test_from_a_channel_in_teams_it_comes_into_a_chat_of_two(tmp_path: Path) -> None:
    async with teams(tmp_path) as at:
        at.teams.connector.quota = False  # people press more slowly
        room = at.teams.channel()
        await at.said(room, "a table please")
        await at.until(lambda: "Table as CSV" in teams_product.buttons(room))
        root = str(next(iter(room.messages)))
        await at.said(room, "file csv", root=root)
        await at.until(lambda: see(room.said()[-1]).files == ("table.csv",))
        offered = room.said()[-1]
        assert "table.csv" in see(offered).text
        assert see(offered).live == ()
        for person in (ALICE, BOB):
            took = await pressed(at, room, offered, root, person)
            assert took["value"] == "It comes in a chat of our own."
            chat = at.teams.personal(f"a:{person.id}")
            await at.until(partial(cards, chat))
            (card,) = cards(chat)
            await at.teams.consents(chat, card.id, sender=person)
            await at.until(partial(cards, chat, INFO))
            assert at.teams.files.contents.pop("table.csv").startswith(b"\xef\xbb\xbf")

        at.teams.connector.installed.discard(BOB.id)
        await pressed(at, room, offered, root, BOB)
        await at.until(lambda: any("add me for yourself" in see(one).text for one in room.said()))


async def pressed(at: Office, room: Room, message: Message, root: str, person: Any) -> Any:
    (action,) = [one for one in teams_product.card(message) if one["type"] == "Action.Execute"]
    invoke = at.teams.people.pressed(
        f"{room.id};messageid={root}",
        room.kind,
        action,
        message.id,
        sender=person,
        id=at.teams.rooms.new_id(),
    )
    return (await at.teams.deliver(invoke)).body


class Caller(Vendors):
    """Calls the tool, and does not get to its answer before `hangs` is over."""

    hangs = True

    def steps(self, dialect: str, question: str) -> Sequence[Step]:
        speech = TOOL_SPEECHES[dialect]
        if "[a link to: the plan]" not in json.dumps(self.asked[-1].body):
            called = Call("desk__shapes", "{}", "call_1")
            return (Answer(200, {"content-type": "text/event-stream"}, speech.answer(called, id="a-1")),)
        if self.hangs:
            return (Hang(),)
        return (Answer(200, {"content-type": "text/event-stream"}, speech.answer(text="Here.", id="a-2")),)


async def test_a_process_killed_after_an_approved_call_hands_over_what_it_gave(tmp_path: Path) -> None:
    vendors = Caller()
    asking = MODELS.replace('-id"\n', '-id"\ntools = true\n') + TOOLS.replace('run = ["*"]', "")
    (tmp_path / "switchboard.toml").write_text(asking, encoding="utf-8")
    async with (
        fake_vendor(vendors),
        slack_office(tmp_path, socket=False, agent=False, limits=False, **addresses(vendors)) as at,
    ):
        root = await at.say(f"<@{at.team.bot_user}> the plan, please")
        (card,) = await at.answered(root.ts)
        await at.press(card, "Run it")
        async with asyncio.timeout(20):
            while len(vendors.asked) < 2:  # noqa: ASYNC110 - another process asks
                await asyncio.sleep(0.02)
        at.product.signal(signal.SIGKILL)
        await at.product.ended()
        vendors.hangs = False
        async with running(tmp_path, **at.settings):
            (_, answer) = await at.answered(root.ts, count=2)
            await at.until(lambda: len(answer.files) == 3)

        held = [at.slack.files[file["id"]] for file in answer.files]
        assert [one["name"] for one in held] == ["image-1.png", "audio-2.wav", "report.pdf"]
        assert [one["data"] for one in held[1:]] == [WAV, PDF]
        assert reading.text(answer) == "Here."
        assert "may have run" not in reading.footer(answer)
        assert len(vendors.asked) == 3
