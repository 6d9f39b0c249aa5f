"""Teams as a playground of chaos: one-to-one chats, group chats and channel threads in turn, with all their limits."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bot.domain.events import ThreadKey
from tests.chaos.playground import Shown
from tests.teams.eyes import seen_in
from tests.teams.fake import TENANT, FakeTeams
from tests.teams.rooms import Room

KINDS = ("personal", "groupChat", "channel")


class TeamsPlayground:
    """A post whose answer is lost cannot be found again in Teams: its placeholder stays. `excused` counts them."""

    modules: Sequence[str] = ("adapters.teams.setup", "adapters.web.adapter")

    def __init__(self) -> None:
        self._roots: dict[int, str] = {}
        self._fake: FakeTeams | None = None

    @property
    def fake(self) -> FakeTeams:
        assert self._fake is not None
        return self._fake

    @property
    def environment(self) -> Mapping[str, str]:
        return self.fake.environment()

    @property
    def excused(self) -> int:
        """How many placeholders may be left over: one for each post that nobody learnt the fate of."""
        return self.fake.connector.unheard

    @asynccontextmanager
    async def running(self, *, drop_rate: float) -> AsyncGenerator[None, None]:
        async with FakeTeams() as fake:
            fake.connector.faults.drop = drop_rate
            self._fake = fake
            yield

    def ask(self, conversation: int, text: str) -> Sequence[Any]:
        """Teams sends the same activity again when it is in doubt."""
        root = self._roots.get(conversation, "")
        asked = self.fake.write(self.room(conversation), text, root=root)
        self._roots.setdefault(conversation, str(asked["id"]))
        return [asked, asked]

    async def deliver(self, delivery: Any, port: int) -> bool:
        return (await self.fake.send(delivery, bot_url=f"http://127.0.0.1:{port}")).status == 200

    def thread(self, conversation: int) -> ThreadKey:
        room = self.room(conversation)
        root = self._roots[conversation] if room.kind == "channel" else ""
        return ThreadKey(platform="teams", workspace=TENANT, channel=room.id, thread=root)

    def shown(self, conversation: int) -> Sequence[Shown]:
        seen = seen_in(self.room(conversation).said())
        return [Shown(text=one.text, whole=bool(one.footer) and "Stop" not in one.buttons) for one in seen]

    def room(self, conversation: int) -> Room:
        return self.fake.rooms.open(f"19:{conversation}@thread", KINDS[conversation % len(KINDS)])
