"""The product while parts of it die: nothing that Slack was told is taken goes missing, nothing is said twice."""

import asyncio
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.storage import embedded
from tests.e2e.company import company
from tests.ops.product import running
from tests.providers.fake import HELLO, Babble, Gate, Hang, Say
from tests.slack.fake import events, reading


@dataclass
class Redis:
    """A server that a test stops and starts."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        options = {"port": "0", "unixsocket": str(self.socket), "dir": str(self.folder)}
        options |= {"appendonly": "yes", "appendfsync": "always", "save": ""}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.process = subprocess.Popen([embedded.server_binary(), *words], stdout=subprocess.DEVNULL)
        assert embedded.wait_until(lambda: embedded.answers(self.socket), 20)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


@contextmanager
def redis(folder: Path) -> Iterator[Redis]:
    folder.mkdir()
    server = Redis(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


async def test_a_killed_process_is_replaced_in_the_same_message(tmp_path: Path) -> None:
    """It died in the middle of an answer; the next process finds the embedded server, and the answer in it."""
    async with company(tmp_path) as co:
        co.vendors.plays["slow"] = (Say("The first words"), Hang())
        asked = await co.at.say(f"{co.bot} slow")
        await co.at.until(lambda: any("first words" in reading.text(one) for one in co.at.ours()))
        (growing,) = co.at.ours()
        co.product.signal(signal.SIGKILL)
        await co.product.ended()
        co.vendors.plays["slow"] = (Say("The whole answer"),)
        async with running(tmp_path, **co.at.settings):
            (answer,) = await co.at.answered(asked.ts)

        assert answer is growing
        assert reading.text(answer) == "The whole answer"
        assert "Stop" not in reading.buttons(answer)
        assert len(co.at.ours()) == 1


async def test_a_killed_comparison_is_finished_in_the_same_messages(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        gate = Gate(asyncio.Event())
        co.vendors.alone["gpt"] = (Say("Ink is dark water."),)
        co.vendors.alone["grok"] = (Say("Ink"), gate, Say("is dark water."))
        await co.at.say(f"{co.bot} /compare gpt grok: what is ink?")
        await co.at.until(lambda: any("tokens in" in reading.footer(one) for one in co.at.ours()))
        await co.at.until(lambda: len(co.at.ours()) == 3)
        board = co.at.ours()[0]
        co.product.signal(signal.SIGKILL)
        await co.product.ended()
        gate.opened.set()
        async with running(tmp_path, **co.at.settings):
            await co.at.until(lambda: reading.buttons(board) == ["Keep gpt", "Keep grok"])

        columns = sorted(" ".join(reading.text(one).split()) for one in co.at.ours()[1:])
        assert columns == ["gpt Ink is dark water.", "grok Ink is dark water."]
        assert sorted(each.body["model"] for each in co.vendors.asked) == ["gpt-id", "grok-id", "grok-id"]


async def test_without_redis_slack_is_told_to_come_again_and_then_answered_once(tmp_path: Path) -> None:
    with redis(tmp_path / "redis") as server:
        async with company(tmp_path, REDIS_URL=server.url) as co:
            thread = (await co.ask(f"{co.bot} hello")).thread_ts
            server.kill()
            channel = co.at.slack.channels["C1"]
            said = events.said(co.at.slack, channel, "U1", f"{co.bot} are you there?", thread=thread)
            sent = events.envelope(co.at.slack, co.at.team, events.message(co.at.slack, said))
            refused = await co.at.http.event(sent)
            server.start()
            taken = await co.at.http.event(sent)
            again = await co.at.http.event(sent)
            await co.at.answered(thread, count=2)
            await co.ask("and now?", thread=thread)

            assert refused.status == 503
            assert (taken.status, again.status) == (200, 200)
            assert co.vendors.questions() == ["hello", "are you there?", "and now?"]
            assert HELLO in co.vendors.saw()


async def test_every_replica_may_hear_of_a_message_and_of_a_press(tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    with redis(tmp_path / "redis") as server:
        async with company(tmp_path, REDIS_URL=server.url) as co:
            settings = {**co.at.settings, "SWITCHBOARD_CONFIG": str(tmp_path / "switchboard.toml")}
            co.vendors.plays["talk"] = (Babble(),)
            async with running(second, **settings) as other:
                listeners = (co.at.http, co.at.fake.http(f"{other.public}/slack/events"))
                said = events.said(co.at.slack, co.at.slack.channels["C1"], "U1", f"{co.bot} talk")
                twins = (events.message(co.at.slack, said), events.mention(co.at.slack, said))
                sent = [events.envelope(co.at.slack, co.at.team, twin) for twin in twins]
                heard = [await door.event(one) for one in sent for door in listeners]
                await co.at.until(lambda: any("on and" in reading.text(one) for one in co.at.ours()))
                (growing,) = co.at.ours()
                stop = next(one for one in reading.controls(growing) if one["text"]["text"] == "Stop")
                press = events.pressed(co.at.slack, co.at.team, "U1", on=growing, element=stop)
                heard += [await door.interaction(press) for door in listeners]
                (answer,) = await co.at.answered(said.ts)

            assert {one.status for one in heard} == {200}
            assert reading.text(answer).endswith("Stopped.")
            assert co.vendors.questions() == ["talk"]
            assert len(co.at.ours()) == 1


async def test_two_replicas_share_the_work_and_one_takes_over(tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    gate = Gate(asyncio.Event())
    questions = [f"question {number}" for number in range(5)]
    with redis(tmp_path / "redis") as server:
        async with company(tmp_path, REDIS_URL=server.url) as co:
            settings = {**co.at.settings, "SWITCHBOARD_CONFIG": str(tmp_path / "switchboard.toml")}
            co.vendors.plays |= {one: (Say(f"The answer to {one}"), gate, Say("is 42")) for one in questions}
            async with running(second, **settings):
                threads = [(await co.at.say(f"{co.bot} {one}")).ts for one in questions]
                await co.at.until(lambda: len(co.at.ours()) == len(questions))
                co.product.signal(signal.SIGKILL)
                await co.product.ended()
                gate.opened.set()
                answers = [(await co.at.answered(thread)) for thread in threads]

            assert [[reading.text(one).split() for one in each] for each in answers] == [
                [f"The answer to {one} is 42".split()] for one in questions
            ]
