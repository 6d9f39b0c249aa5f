"""Chaos for comparisons and councils: no model that had finished is asked again, each answer is shown once, and what somebody
keeps of a blind one is kept, and told.
"""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from aiohttp import web

from bot.domain.errors import StorageUnavailable
from bot.domain.events import ThreadKey
from bot.domain.turns import RECORD, Turn, TurnRecord
from bot.storage.encryption import PLAIN
from bot.storage.open import Storage, StorageOptions, open_storage
from tests.chaos.playground import Delivery, Playground, Shown
from tests.chaos.run import Chaos, Plan, free_ports, question
from tests.chaos.servers import EmbeddedServer, Server
from tests.chaos.slack import PERSON, TEAM, SlackPlayground
from tests.chaos.teams import TeamsPlayground
from tests.slack.fake import events, reading
from tests.teams.eyes import see, seen_in

MODELS = ("alpha", "beta", "gamma")
CHAIR = "chair"
ASKED = re.compile(r"(\d+) of conversation (\d+)")
ANSWERED = re.compile(r"\b(alpha|beta|gamma|chair) answers (\d+) of conversation (\d+)")
PIECES = 6
TOML = "default = 'alpha'\n\n[council]\nmodels = ['alpha', 'beta', 'gamma']\nchair = 'alpha'\n" + "".join(
    f"\n[[models]]\nname = '{name}'\nprovider = 'openai'\nmodel = '{name}-id'\ndialect = 'openai-chat'\n"
    for name in MODELS
)


class CountingVendor:
    """Answers in pieces, and looks at each request into the storage, whether this model's answer was there already."""

    def __init__(self, seed: int) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self.again: list[tuple[str, str]] = []  # asked although the answer was stored
        self.unknown = 0  # requests of which nobody could say, as the storage was down
        self.storage: Storage | None = None
        self.thread: Callable[[int], ThreadKey] | None = None
        self._random = random.Random(seed)  # noqa: S311 - a test's dice

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[str, None]:
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self._answer)
        application.router.add_get("/v1/models", self._models)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        (port,) = free_ports(1)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            await runner.cleanup()

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": f"{name}-id"} for name in MODELS]})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        chaired = "You chair a council" in json.dumps(body["messages"][0])
        who = CHAIR if chaired else str(body["model"]).removesuffix("-id")
        found = ASKED.search(json.dumps(body["messages"][-1]))
        assert found is not None
        await self._note(who, found[0], int(found[2]))
        answer = f"{who} answers {found[0]}. It is so because it is so, and nothing else is known of it."
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        size = len(answer) // PIECES + 1
        try:
            await response.prepare(request)
            for at in range(0, len(answer), size):
                await asyncio.sleep(self._random.uniform(0, 0.8))
                await response.write(_event({"delta": {"content": answer[at : at + size]}}))
            await response.write(_event({"delta": {}, "finish_reason": "stop"}) + b"data: [DONE]\n\n")
        except ConnectionError:
            pass  # whoever asked was killed
        return response

    async def _note(self, who: str, asked: str, conversation: int) -> None:
        self.asked[who, asked] += 1
        record = await self._record(conversation)
        if record is None:
            self.unknown += 1
            return
        done = {one.candidate.model for one in record.columns if one.candidate}
        if who in done or (who == CHAIR and record.final):
            self.again.append((who, asked))

    async def _record(self, conversation: int) -> TurnRecord | None:
        """The turn in hand as it is stored; None where the storage is down."""
        assert self.storage is not None
        assert self.thread is not None
        key = self.storage.keys.turn(self.thread(conversation).digest)
        try:
            (stored,) = await self.storage.database.ask(("HGET", key, "record"))
        except StorageUnavailable:
            return None
        return RECORD.validate_json(stored.removeprefix(PLAIN)) if stored else TurnRecord(id="")


def _event(choice: Mapping[str, Any]) -> bytes:
    told = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, **choice}]}
    return f"data: {json.dumps(told)}\n\n".encode()


class SeveralModels:
    """Mixed into a platform: its replicas have three models."""

    modules: Sequence[str]
    url: str
    folder: Path

    def settings(self) -> Mapping[str, str]:
        return {
            "OPENAI_API_KEY": "sk-chaos",
            "OPENAI_BASE_URL": self.url,
            "SWITCHBOARD_CONFIG": str(self.folder / "switchboard.toml"),
        }


class SlackSeveral(SlackPlayground, SeveralModels):
    @property
    def environment(self) -> Mapping[str, str]:
        return {**super().environment, **self.settings()}

    def press(self, conversation: int, label: str, *, on: str) -> Delivery | None:
        """Under the message that holds these words; None while there is no such button."""
        slack = self.fake.slack
        for message in slack.channels[f"C{conversation}"].messages.values():
            for element in reading.controls(message) if on in reading.text(message) else ():
                if element.get("text", {}).get("text") == label:
                    return Pressed(
                        events.pressed(slack, slack.teams[TEAM], PERSON, on=message, element=element)
                    )
        return None

    async def deliver(self, delivery: Delivery, port: int) -> bool:
        if not isinstance(delivery, Pressed):
            return await super().deliver(delivery, port)
        door = self.fake.http(f"http://127.0.0.1:{port}/slack/events")
        return (await door.interaction(delivery.payload)).status == 200


class TeamsSeveral(TeamsPlayground, SeveralModels):
    def press(self, conversation: int, label: str, *, on: str) -> Delivery | None:
        room = self.room(conversation)
        for message in room.said():
            if on not in see(message).text:
                continue
            for attachment in message.activity.get("attachments") or ():
                for action in actions_of(attachment["content"]):
                    if action.get("title") == label:
                        return self._pressed(conversation, action["data"], message.id)
        return None

    def _pressed(self, conversation: int, data: Mapping[str, Any], message: str) -> Delivery:
        room = self.room(conversation)
        root = f";messageid={self._roots[conversation]}" if room.kind == "channel" else ""
        id, action = self.fake.rooms.new_id(), {"type": "Action.Execute", "data": data}
        return self.fake.people.pressed(f"{room.id}{root}", room.kind, action, message, id=id)

    def shown(self, conversation: int) -> Sequence[Shown]:
        """Without the card of a chair's answer: it stands under the members' messages, in a bubble of its own."""
        seen = seen_in(self.room(conversation).said())
        cards = [not one.text.strip() and bool(one.buttons) and "Stop" not in one.buttons for one in seen]
        return [one for one, card in zip(super().shown(conversation), cards, strict=True) if not card]

    @property
    def environment(self) -> Mapping[str, str]:
        return {**super().environment, **self.settings()}


@dataclass(frozen=True)
class Pressed:
    """A press as Slack sends it."""

    payload: dict[str, Any]


def actions_of(card: Any) -> list[dict[str, Any]]:
    """All that can be pressed in a card."""
    if isinstance(card, list):
        return [action for one in card for action in actions_of(one)]
    if not isinstance(card, dict):
        return []
    own = [card] if card.get("type") == "Action.Execute" else []
    return own + [action for one in card.values() for action in actions_of(one)]


SEVERAL: Mapping[str, Callable[[], Any]] = {"slack": SlackSeveral, "teams": TeamsSeveral}


@dataclass(slots=True, kw_only=True)
class SeveralFigures:
    """What came of it. `again`, `lost`, `unkept`, `twice`, `forgotten` and `stuck` must be 0, orphans at most the excused."""

    questions: int = 0
    kills: int = 0
    server_kills: int = 0
    answers: int = 0
    requests: int = 0
    unknown: int = 0
    again: int = 0
    lost: int = 0
    keeps: int = 0
    unkept: int = 0  # pressed, and not kept, not told, or told in one place only
    twice: int = 0
    forgotten: int = 0
    stuck: int = 0
    orphans: int = 0
    excused: int = 0
    details: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        faults = (self.again, self.lost, self.unkept, self.twice, self.forgotten, self.stuck)
        return not any(faults) and self.orphans <= self.excused

    def __str__(self) -> str:
        return (
            f"{self.questions} comparisons and councils, {self.kills} worker kills, {self.server_kills} server kills: "
            f"{self.answers} answers for {self.requests} requests to models, {self.again} asked again that had finished and "
            f"were stored ({self.unknown} requests came while the storage was down), {self.lost} lost, {self.twice} shown "
            f"twice, {self.keeps} kept blind and {self.unkept} not, {self.forgotten} forgotten, {self.stuck} stuck, {self.orphans} orphans (of {self.excused} possible)"
        )


class SeveralPlayground(Playground, Protocol):
    """Where answers can be kept."""

    def press(self, conversation: int, label: str, *, on: str) -> Delivery | None:
        """A press of that button under the message that holds these words; None while there is no such button."""
        ...


class SeveralChaos(Chaos):
    """People compare and hold councils in turn."""

    _playground: SeveralPlayground

    def __init__(self, *, plan: Plan, playground: SeveralPlayground, redis_url: str, server: Server) -> None:
        super().__init__(plan=plan, playground=playground, redis_url=redis_url, server=server)

    async def _person(self, conversation: int) -> None:
        length = self._plan.worker_kills * self._plan.kill_pause
        async with asyncio.TaskGroup() as presses:
            for number in range(self._plan.messages):
                await asyncio.sleep(self._random.uniform(0, 2 * length / self._plan.messages))
                deliveries: Sequence[Delivery] = self._playground.ask(
                    conversation, typed(number, conversation)
                )
                self.figures.messages += 1
                for delivery in deliveries:
                    await self.until_acknowledged(delivery)
                if is_blind(number, conversation):
                    presses.create_task(self._keep(number, conversation))

    async def _keep(self, number: int, conversation: int) -> None:
        """Keeps B as soon as that is offered, and presses again like somebody who is not sure."""
        async with asyncio.timeout(self._plan.patience):
            while True:
                if press := self._press(number, conversation):
                    break
                await asyncio.sleep(0.2)
        await self.until_acknowledged(press)
        await self.until_acknowledged(press)

    def _press(self, number: int, conversation: int) -> Delivery | None:
        on = question(number, conversation)
        return self._playground.press(conversation, "Keep B", on=on)

    async def tally(self, storage: Storage, vendor: CountingVendor) -> SeveralFigures:
        figures = SeveralFigures(
            questions=self.figures.messages,
            kills=self.figures.worker_kills,
            server_kills=self.figures.server_kills,
            requests=vendor.asked.total(),
            unknown=vendor.unknown,
            again=len(vendor.again),
            stuck=await self._busy(storage),
            excused=self._playground.excused,
            details=[f"asked again: {vendor.again}"] if vendor.again else [],
        )
        for conversation in range(self._plan.conversations):
            await self._conversation(storage, conversation, figures)
        return figures

    async def _conversation(self, storage: Storage, conversation: int, figures: SeveralFigures) -> None:
        shown = self._playground.shown(conversation)
        found = Counter(answer for one in shown if one.whole for answer in answers_in(one, conversation))
        wanted = {(who, number) for number in range(self._plan.messages) for who in expected(number)}
        figures.answers += len(found)
        figures.lost += len(wanted - set(found))
        figures.twice += sum(count - 1 for count in found.values())
        boards = sum(is_board(one) for one in shown)
        compared = sum(not holds_council(number) for number in range(self._plan.messages))
        orphans = [one for one in shown if not answers_in(one, conversation) and not is_board(one)]
        figures.orphans += len(orphans)
        figures.lost += max(0, compared - boards)
        figures.twice += max(0, boards - compared)
        turns = await storage.memory.recall(self._playground.thread(conversation))
        blind = [turn for turn in turns if turn.blind]
        figures.keeps += sum(bool(turn.kept) for turn in blind)
        unkept = [turn.asked.text for turn in blind if not is_kept(turn, shown)]
        figures.unkept += len(unkept)
        remembered = [(turn.asked.text, len(turn.candidates)) for turn in turns]
        kept = [(question(number, conversation), len(MODELS)) for number in range(self._plan.messages)]
        figures.forgotten += remembered != kept
        if wanted != set(found) or remembered != kept or orphans or boards != compared or unkept:
            figures.details.append(
                f"{conversation}: {sorted(wanted - set(found))} {remembered} {boards} boards, orphans {orphans}, unkept {unkept}"
            )


def is_board(one: Shown) -> bool:
    return "Comparison" in one.text and ("first word" in one.text or "are shown once" in one.text)


def is_kept(turn: Turn, shown: Sequence[Shown]) -> bool:
    """Whether B was kept, its board says so, and no board of it is blind any more."""
    kept = next((one.model for one in turn.candidates if one.label == "B"), "")
    boards = [one.text for one in shown if is_board(one) and turn.asked.text in one.text]
    return bool(kept) and turn.kept == kept and [f"B is {kept}" in text for text in boards] == [True]


def is_blind(number: int, conversation: int) -> bool:
    return not holds_council(number) and (number // 2 + conversation) % 2 == 0


def holds_council(number: int) -> bool:
    return number % 2 == 1


def typed(number: int, conversation: int) -> str:
    asked = question(number, conversation)
    if holds_council(number):
        return f"/council {asked}"
    return f"/compare {'--blind ' if is_blind(number, conversation) else ''}alpha beta gamma: {asked}"


def expected(number: int) -> Sequence[str]:
    return (*MODELS, CHAIR) if holds_council(number) else MODELS


def answers_in(shown: Shown, conversation: int) -> list[tuple[str, int]]:
    return [
        (who, int(number))
        for who, number, where in ANSWERED.findall(shown.text)
        if int(where) == conversation
    ]


async def several_chaos(plan: Plan, platform: str, server: Server | None = None) -> SeveralFigures:
    """Carries the plan out on a server of its own."""
    playground, server, vendor = SEVERAL[platform](), server or EmbeddedServer(), CountingVendor(plan.seed)
    with TemporaryDirectory(prefix="sb-") as folder:
        playground.folder = Path(folder)
        (playground.folder / "switchboard.toml").write_text(TOML, encoding="utf-8")
        async with (
            vendor.running() as url,
            playground.running(drop_rate=plan.drop_rate),
            server.running() as redis_url,
            open_storage(redis_url, StorageOptions(prefix="chaos")) as storage,
        ):
            playground.url, vendor.storage, vendor.thread = url, storage, playground.thread
            raging = SeveralChaos(plan=plan, playground=playground, redis_url=redis_url, server=server)
            async with raging.replicas():
                async with asyncio.TaskGroup() as group:
                    group.create_task(raging.rage())
                    group.create_task(raging.people())
                await raging.settle(storage)
                return await raging.tally(storage, vendor)
