"""Everything a person can type and press, in Teams, against the product as it is run."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.conversations import Seen
from tests.ops.product import Product, running
from tests.providers.fake import HELLO, KEY, FakeVendor, fake_vendor
from tests.storage.servers import server
from tests.teams.actions import graph_message, open_dialog, press, shown_after, submission
from tests.teams.eyes import see
from tests.teams.fake import FakeTeams
from tests.teams.people import forwarded, replied, shared_file
from tests.teams.refusals import Refused
from tests.teams.rooms import ALICE, BOB, BOT, Message, Room
from tests.teams.rules import MESSAGE, entities, nested

PATIENCE = 30.0
BEFORE = "2026-01-05T10:00:00.000+00:00"
AGENTS = """
[[agents]]
name = "tutor"
model = "demo"
instructions = "You teach."

[[agents]]
name = "editor"
model = "demo"
instructions = "You edit."
"""


MODEL = """
default = "clerk"

[[models]]
name = "clerk"
provider = "openai"
model = "m-1"
dialect = "openai-chat"
"""


class Office:
    """Alice and Bob in one tenant, with the product behind the bot."""

    def __init__(self, teams: FakeTeams, product: Product) -> None:
        self.teams = teams
        self.product = product

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():  # noqa: ASYNC110 - what it waits for happens in another process
                await asyncio.sleep(0.02)

    async def said(self, room: Room, text: str, **options: Any) -> Message:
        """What the bot says next in a room, finished."""
        known = {message.id for message in talk(room)}
        delivered = await self.teams.say(room, text, **options)
        assert delivered.status == 200

        def new() -> list[Message]:
            return [one for one in talk(room) if one.id not in known and finished(one)]

        await self.until(new)
        return new()[0]

    async def press(self, room: Room, message: Message, **chosen: str) -> Any:
        """Presses the first button of a card with these inputs; returns the body of the bot's answer."""
        (action, *_) = [one for one in card(message) if one["type"] == "Action.Execute"]
        pressed = self.teams.people.pressed(
            str(message.activity.get("conversation", room.id)),
            room.kind,
            {"type": "Action.Execute", "data": {**action["data"], **chosen}},
            message.id,
            id=self.teams.rooms.new_id(),
        )
        return (await self.teams.deliver(pressed)).body


def talk(room: Room) -> list[Message]:
    """The bot's messages without those that only hold the buttons of the one above."""
    return [one for one in room.said() if see(one).text.strip() or see(one).options]


def buttons(room: Room) -> tuple[str, ...]:
    """What can be pressed under the last answer."""
    return see(room.said()[-1]).buttons if room.said() else ()


def finished(message: Message) -> bool:
    """Neither a placeholder nor an answer that still grows."""
    grows = entities(message.activity, MESSAGE) and not see(message).footer
    return bool(message.activity.get("attachments")) or not grows


def card(message: Message) -> Sequence[dict[str, Any]]:
    return [dict(element) for element in nested(message.activity["attachments"][0]["content"]["body"])]


def shown(message: Message) -> Seen:
    return see(message)


@asynccontextmanager
async def office(folder: Path, models: str = AGENTS, **more: str) -> AsyncIterator[Office]:
    (folder / "switchboard.toml").write_text(models, encoding="utf-8")
    async with FakeTeams() as teams:
        settings = {"SWITCHBOARD_CONFIG": str(folder / "switchboard.toml"), **teams.environment(), **more}
        async with running(folder, **settings) as product:
            teams.bot_url = product.public
            yield Office(teams, product)
            assert teams.connector.violations == []
            assert teams.canary.seen == []


async def test_a_personal_chat_from_hello_to_memory(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        room = at.teams.personal()
        added = [{"id": "28:bot"}, {"id": ALICE.id}]
        for kind, fields in (
            ("installationUpdate", {"action": "add"}),
            ("conversationUpdate", {"membersAdded": added}),
        ):
            await at.teams.deliver(
                at.teams.people.activity(kind, room.id, "personal", id=f"f:{kind}", **fields)
            )
        await at.until(room.said)
        answer = await at.said(room, "what is a relay?", id="7001")
        assert shown(answer).footer == "demo"
        assert shown(answer).buttons == ("Ask another model", "Regenerate")

        liked = await at.teams.deliver(
            at.teams.people.feedback(room.id, "personal", "like", "good", answer.id) | {"id": "f:like"}
        )
        assert (liked.status, liked.body) == (200, {})
        picker = await at.said(room, "/model")
        assert {"demo", "tutor", "editor"} <= {
            option.partition(": ")[2].split(" ")[0] for option in shown(picker).options
        }
        told = await at.press(room, picker, choice0="me tutor")
        assert told["statusCode"] == 200
        await at.until(lambda: "tutor answers" in str(shown(room.messages[picker.id])))
        again = await at.said(room, "and a switch?")
        assert shown(again).footer.startswith("tutor")
        assert "You asked before: “what is a relay?”" in shown(again).text

        asked = room.messages["7001"].activity
        await at.teams.deliver(at.teams.people.edit(asked, "what is a diode?"))
        await at.until(lambda: any("Answer again" in shown(one).buttons for one in room.said()))
        memory = await at.said(room, "memory")
        assert "what is a diode?" in shown(memory).text
        greetings = [one for one in room.said() if "Hello" in one.text]
        assert len(greetings) == 1


async def test_usage_and_what_forget_erases(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        room = at.teams.personal()
        await at.said(room, "what is a relay?")

        assert "this month" in shown(await at.said(room, "/usage")).text
        assert "Erased" in shown(await at.said(room, "/forget")).text


@pytest.mark.parametrize("kind", ["personal", "group", "channel"])
async def test_a_comparison_keeps_to_the_limits_of_a_conversation(tmp_path: Path, kind: str) -> None:
    async with office(tmp_path) as at:
        room = getattr(at.teams, kind)()
        await at.teams.say(room, "/compare tutor editor demo: which is best?", id="300")
        await at.until(lambda: any("Keep tutor" in shown(one).buttons for one in room.said()))

        board, *columns = room.said()
        assert "first word" in shown(board).text
        assert {shown(one).footer.partition(" ")[0] for one in columns} == {"tutor", "editor", "demo"}


async def test_channel_threads_are_apart_and_go_on_without_mentions(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        channel = at.teams.channel()
        first = await at.said(channel, "what is a relay?", id="100")
        await at.said(channel, "what is a fuse?", id="200")
        more = await at.said(channel, "and why?", root="100", mention=False)
        await at.teams.say(channel, "not for you", id="300", mention=False)

        assert (first.root, more.root) == ("100", "100")
        assert "You asked before: “what is a relay?”" in shown(more).text
        assert [one.root for one in talk(channel)] == ["100", "200", "100"]


async def test_what_a_team_said_before_the_mention_reaches_the_model_with_its_files(tmp_path: Path) -> None:
    async with office(tmp_path, TEAMS_GRAPH="1") as at:
        channel = at.teams.channel()
        at.teams.graph.granted.add(channel.id)
        at.teams.graph.files = True
        address = str(shared_file("notes.txt")["contentUrl"])
        at.teams.graph.shared[address] = ("notes.txt", 20, "text/plain")
        at.teams.files.contents["notes.txt"] = b"the relay clicks"
        at.teams.write(channel, "is it the relay?", sender=BOB, mention=False, id="100", timestamp=BEFORE)
        answer = await at.said(channel, "sum this up", root="100", attached=[shared_file("notes.txt")])
        at.teams.graph.files = False
        unread = await at.said(channel, "and now?", root="100", attached=[shared_file("more.txt")])

        assert "Bob: is it the relay?" in shown(answer).text
        assert "Not read" not in answer.text
        assert "Not read: more.txt (Switchboard may not read files here: an administrator" in unread.text


async def test_a_private_command_is_answered_in_private(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        group = at.teams.group()
        picker = await at.said(group, "/model", targeted=True)
        assert picker.targeted == ALICE.id
        told = await at.press(group, picker, choice0="me editor")
        assert told["statusCode"] == 200
        await at.until(lambda: "editor answers" in str(shown(group.messages[picker.id])))

        alices = await at.said(group, "who answers?")
        bobs = await at.said(group, "and who answers me?", sender=BOB)
        assert shown(alices).footer.startswith("editor")
        assert shown(bobs).footer.startswith("demo")


async def test_a_group_chat_is_answered_where_the_bot_is_addressed_and_nowhere_else(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        group = at.teams.group()
        first = await at.said(group, "what is a relay?")
        await at.teams.say(group, "lunch at noon?", sender=BOB, mention=False)
        reply = f"{replied(first.id, BOT, 'Switchboard', 'an answer')}<p>and a fuse?</p>"
        again = await at.said(group, "and a fuse?", mention=False, html=reply)
        silent = await at.said(group, "mute")
        memory = await at.said(group, "memory")

        assert "What was said here before" in shown(again).text
        assert "I only answer here when I am mentioned." in shown(silent).text
        assert (silent.targeted, memory.targeted) == (ALICE.id, ALICE.id)
        assert len(talk(group)) == 4


async def test_a_thread_is_silent_when_everyone_is_called_and_after_mute(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        channel = at.teams.channel()
        everyone = {
            "type": "mention",
            "mentioned": {"id": channel.id, "name": "General"},
            "text": "<at>General</at>",
        }
        await at.said(channel, "what is a relay?", id="100")
        await at.teams.say(channel, "<at>General</at> look", root="100", mention=False, entities=[everyone])
        muted = await at.said(channel, "mute", root="100")
        await at.teams.say(channel, "and why?", root="100", mention=False)
        again = await at.said(channel, "and a fuse?", root="100")

        assert "silent in this thread" in shown(muted).text
        assert "and a fuse?" in shown(again).text
        assert len(talk(channel)) == 3


async def test_what_is_shown_without_a_word_is_answered_and_what_is_not_read_is_said(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        room, channel = at.teams.personal(), at.teams.channel()
        forward = forwarded("17", "<p>the pump is broken</p>", "Bob")
        shown_alone = await at.said(room, "", html='<attachment id="17"></attachment>', attached=[forward])
        unread = await at.said(channel, "", id="100", attached=[shared_file("plan.docx")])

        assert "Hello, I am Switchboard" not in shown(shown_alone).text
        assert (
            "Not read: plan.docx (files of channels and group chats need TEAMS_GRAPH=1" in shown(unread).text
        )


async def test_stop_in_teams_stops_the_model_and_the_next_question_is_answered(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        room = at.teams.personal()
        await at.teams.say(room, "write something long and slow")
        await at.until(lambda: any(stream.content for stream in room.streams.values()))
        at.teams.cancel(room)
        await at.until(
            lambda: any(call.code == "ContentStreamNotAllowed" for call in at.teams.connector.calls)
        )
        answer = await at.said(room, "what is a relay?")

        assert "what is a relay?" in shown(answer).text
        assert "write something long and slow" in shown(answer).text


async def test_stop_in_a_group_is_the_askers(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        group = at.teams.group()
        await at.teams.say(group, "write something long and slow")
        await at.until(lambda: "Stop" in buttons(group) and "switchboard once" in talk(group)[0].text)
        stop = group.said()[-1]
        (action,) = [one for one in card(stop) if one["type"] == "Action.Execute"]
        told = []
        for sender in (BOB, ALICE):
            pressed = at.teams.people.pressed(
                group.id, "groupChat", action, stop.id, sender=sender, id=f"f:{sender.name}"
            )
            told.append((await at.teams.deliver(pressed)).body["value"])
        await at.until(lambda: "Stopped." in shown(talk(group)[0]).text)

        assert told == ["Only the person who asked can stop this answer.", "Stopping."]
        await at.until(lambda: "Regenerate" in buttons(group))
        assert len(group.said()) == 2


async def test_a_message_delivered_many_times_is_answered_once(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        room = at.teams.personal()
        asked = at.teams.write(room, "what is a relay?")
        async with asyncio.TaskGroup() as tasks:
            sent = [tasks.create_task(at.teams.send(asked)) for _ in range(20)]
        await at.until(lambda: [one for one in room.said() if finished(one)])
        await at.said(room, "and a switch?")

        assert {task.result().status for task in sent} == {200}
        assert len(room.said()) == 2


async def test_nothing_that_was_accepted_is_dropped_while_teams_refuses_the_bot(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        room = at.teams.personal()
        await at.said(room, "what is a relay?")
        before = len(room.said())
        room.refusal = Refused(403, "BotDisabledByAdmin", "No.")
        await at.teams.say(room, "what is a diode?")
        await at.until(
            lambda: sum(call.code == "BotDisabledByAdmin" for call in at.teams.connector.calls) > 3
        )
        room.refusal = None
        await at.until(lambda: len(talk(room)) > before and finished(talk(room)[-1]))

        assert "what is a diode?" in shown(talk(room)[-1]).text
        assert len(talk(room)) == before + 1
        assert {said.partition(":")[0] for said in at.teams.connector.violations} == {
            "403 BotDisabledByAdmin"
        }
        at.teams.connector.violations.clear()


@asynccontextmanager
async def clerk(folder: Path, **more: str) -> AsyncIterator[tuple[Office, FakeVendor]]:
    """The office with a model that remembers what it was shown."""
    vendor = FakeVendor()
    async with fake_vendor(vendor):
        base = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{vendor.url}/v1"}
        async with office(folder, MODEL, **base, **more) as at:
            yield at, vendor


async def test_a_question_about_a_message_is_answered_in_the_persons_own_chat(tmp_path: Path) -> None:
    async with clerk(tmp_path) as (at, vendor):
        others = at.teams.group("19:others@thread.v2")
        others.refusal = Refused(403, "BotNotInConversationRoster", "The bot is not in the roster.")
        own = at.teams.personal(f"a:{ALICE.id}")
        dialog = await open_dialog(at.teams, others, graph_message("The pier is closed."))
        pressed = submission(dialog, at.teams, question="Until when?")
        for _ in range(3):
            assert "your chat" in str(await shown_after(at.teams, dialog, pressed))
        await at.until(lambda: own.said() and finished(own.said()[-1]))
        await at.said(own, "and then?")

        shown_first, *_ = own.said()
        assert HELLO in shown(shown_first).text
        assert shown(shown_first).footer == "clerk"
        assert [stream.done for stream in own.streams.values()] == [True, True]
        assert others.said() == []
        first, second = (str(one.body) for one in vendor.asked)
        for request in (first, second):
            assert "The pier is closed." in request
            assert "Shown with this message from Bob (https://teams.microsoft.com/l/message/" in request


async def test_a_question_is_not_lost_while_the_person_adds_the_app(tmp_path: Path) -> None:
    async with clerk(tmp_path) as (at, vendor):
        at.teams.connector.installed.clear()
        dialog = await open_dialog(at.teams, at.teams.group(), graph_message("The pier is closed."))
        refused = await press(at.teams, dialog, question="Until when?")
        assert not isinstance(refused, str)
        assert "Add Switchboard first" in refused.words

        at.teams.connector.installed.add(ALICE.id)
        await press(at.teams, refused)
        own = at.teams.personal(f"a:{ALICE.id}")
        await at.until(lambda: own.said() and finished(own.said()[-1]))

        assert [asked.question.splitlines()[-1] for asked in vendor.asked] == ["Until when?"]


async def test_a_question_that_storage_could_not_take_in_time_is_asked_once(tmp_path: Path) -> None:
    """What was on its way into storage may get there after all."""
    with server() as storage:
        url = f"redis://127.0.0.1:{storage.port}"
        async with clerk(tmp_path, REDIS_URL=url, SWITCHBOARD_ACCEPT_NO_PERSISTENCE="1") as (at, vendor):
            dialog = await open_dialog(at.teams, at.teams.group(), graph_message("The pier is closed."))
            storage.process.send_signal(signal.SIGSTOP)
            refused = await press(at.teams, dialog, question="Until when?")
            storage.process.send_signal(signal.SIGCONT)
            assert not isinstance(refused, str)
            assert "I cannot take questions at the moment" in refused.words

            for _ in range(2):
                assert "your chat" in str(await press(at.teams, refused))
            own = at.teams.personal(f"a:{ALICE.id}")
            await at.until(lambda: own.said() and finished(own.said()[-1]))
            await at.said(own, "and then?")

            assert [asked.question.splitlines()[-1] for asked in vendor.asked] == ["Until when?", "and then?"]
