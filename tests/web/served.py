"""The page's adapter on a real loopback port, with doubles behind it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from adapters.web.adapter import WebAdapter
from bot.domain.events import Author, ThreadKey
from bot.domain.replies import Choice, Option
from bot.domain.timeline import ConversationStatus
from bot.domain.turns import Turn
from bot.page_ports import Timeline
from bot.serving.connections import ConnectionLimits
from bot.serving.listeners import listen, public_app
from tests.doubles import NoForms
from tests.web.memory import MemoryBoard
from tests.web.scripted import Counter, Script, ScriptedWorker, echo

TOKEN = "the-token-in-the-address-of-the-page-0123456789"


@dataclass
class Forgetful:
    """A memory that only notes what it was told to forget."""

    forgotten: list[ThreadKey] = field(default_factory=list)

    async def recall(self, thread: ThreadKey) -> Sequence[Turn]:
        return ()

    async def forget(self, thread: ThreadKey) -> int:
        self.forgotten.append(thread)
        return 1

    async def purge(self, workspace: str) -> int:
        return 0


@dataclass
class Picked:
    """Says who answers; `selected` is what a test or a scripted worker picked."""

    selected: str = "thread demo"
    why: str = "it is the default"
    choices: tuple[Choice, ...] = ()  # besides the model
    hidden: tuple[Option, ...] = ()  # what can be found by typing only

    async def found(self, thread: ThreadKey, author: Author, words: str, prefix: str) -> tuple[Option, ...]:
        return tuple(one for one in self.hidden if words.casefold() in one.label.casefold())

    async def active(self, thread: ThreadKey, author: Author) -> ConversationStatus:
        return ConversationStatus(
            options=(
                Option(value="thread demo", label="demo", hint="free, no key", group="demo"),
                Option(value="thread grok", label="grok", hint="images, tools · $$", group="xAI"),
                Option(value="thread claude", label="claude", hint="documents · $$$", group="Anthropic"),
            ),
            selected=self.selected,
            more=len(self.hidden),
            choices=self.choices,
            why=self.why,
            starters=("Show me a table", "Write some code", "Answer slowly"),
            commands=(
                Option(
                    value="/model", label="model", hint="pick the model that answers; `model why` says why"
                ),
                Option(value="/model NAME", label="model NAME", hint="switch"),
                Option(value="/compare NAME NAME: question", label="compare", hint="answers side by side"),
                Option(value="/reset", label="reset", hint="start over"),
            ),
        )


@dataclass(kw_only=True)
class Desk:
    """One served page and what is behind it."""

    adapter: WebAdapter
    inbox: Counter
    timeline: MemoryBoard
    memory: Forgetful
    picked: Picked
    worker: ScriptedWorker
    url: str

    @property
    def address(self) -> str:
        """The printed one, with the token."""
        return f"{self.url}/?token={TOKEN}"


@asynccontextmanager
async def serving(adapter: WebAdapter) -> AsyncIterator[str]:
    """The adapter's routes on a free loopback port; gives the address."""
    limits = ConnectionLimits()
    app = public_app(adapter.routes(), limits=limits)
    async with (
        adapter.running(),
        listen(app, host="127.0.0.1", port=0, variable="PORT", limits=limits) as port,
    ):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def desk(script: Script | None = None) -> AsyncIterator[Desk]:
    """With a script, a worker answers; without, events stay in the inbox."""
    inbox, timeline, memory, picked = Counter(), MemoryBoard(), Forgetful(), Picked()
    adapter = WebAdapter(
        inbox=inbox,
        timeline=checked(timeline),
        memory=memory,
        active=picked.active,
        search=picked.found,
        forms=NoForms(),
        token=TOKEN,
    )
    worker = ScriptedWorker(adapter=adapter, inbox=inbox, script=script or echo)
    async with asyncio.TaskGroup() as group, serving(adapter) as url:
        working = group.create_task(worker.run()) if script else None
        yield Desk(
            adapter=adapter,
            inbox=inbox,
            timeline=timeline,
            memory=memory,
            picked=picked,
            worker=worker,
            url=url,
        )
        if working:
            working.cancel()


def checked(timeline: MemoryBoard) -> Timeline:
    """Lets the type checker confirm that the double is a board."""
    return timeline
