"""Conversations, people, workspaces and platforms in any order at once: nothing of one is ever seen in another.

Every conversation has a word of its own that is said, asked, remembered and attached in it alone; ids are the same
everywhere on purpose. What models are shown and people are told must hold no other conversation's word.
"""

import random
import re
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from bot.answers.attachments import Attachments
from bot.answers.auto import Unrated
from bot.answers.budgets import BudgetKeeper
from bot.answers.limits import AskerLimits
from bot.answers.tools.grants import Grants
from bot.answers.tools.toolbox import Toolbox
from bot.conversation.agent_setup import chat_agents_around
from bot.conversation.asking import asking
from bot.conversation.commands import Commands
from bot.conversation.handler import ConversationHandler
from bot.conversation.model_picker import ModelPicker
from bot.conversation.tooling import tooling_around
from bot.domain.capabilities import PlatformCapabilities
from bot.domain.catalog import Model
from bot.domain.events import Author, ButtonPressed, Event, File, HomeOpened, MessageReceived, ThreadKey
from bot.domain.listings import Listing
from bot.domain.prompt import ImagePart, Prompt, TextPart
from bot.domain.readiness import Trouble
from bot.domain.replies import Action, Reply
from bot.domain.schedules import LastingPlace
from bot.domain.shown_answers import ShownAnswer
from bot.domain.stream_parts import Finish, Reason, ShownPart, StreamPart, Text
from bot.domain.surroundings import Surroundings
from bot.domain.turns import ChatMessage
from bot.interceptor import Interceptors
from bot.models.estimates import CostEstimates
from bot.models.pricing import Corrections, Prices
from bot.models.shared_catalog import SharedCatalog
from bot.ports import ReplySink, TurnHandle
from bot.settings.config_file import Policy
from bot.settings.council import CouncilEntry
from bot.sign_in.desk import SignInDesk
from bot.storage.open import Storage
from bot.turn_handle import ClaimedTurn

MODELS = [
    Model(name=name, provider="p", model=f"id-{name}", vision=True) for name in ("grok", "claude", "gpt")
]
PLACES = [
    ThreadKey(platform=platform, workspace=workspace, channel=channel, thread=thread)
    for platform in ("slack", "teams")
    for workspace in ("W1", "W2")
    for channel in ("C1", "C2")
    for thread in ("1", "2")
]
PEOPLE = [Author(id=f"U{number}", name=f"Person {number}") for number in range(3)]
PICTURE = b"\x89PNG\r\n\x1a\n"
WORD = re.compile(r"word-\d+-of-place")


def word(place: ThreadKey) -> str:
    return f"word-{PLACES.index(place)}-of-place"


@dataclass
class Everywhere:
    """All platforms and all models at once, noting what is shown where."""

    platform: str = "everywhere"
    capabilities: PlatformCapabilities = field(
        default_factory=lambda: PlatformCapabilities(
            mention="@Switchboard", slash=True, threads=True, private=True
        )
    )
    told: list[str] = field(default_factory=list)
    prompts: list[tuple[Model, Prompt]] = field(default_factory=list)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return ()

    def running(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def troubles(self) -> Sequence[Trouble]:
        return ()

    def sink(self, event: Event, turn_handle: TurnHandle) -> ReplySink:
        return self

    async def surroundings(self, event: Event, said: ChatMessage, *, after: float | None) -> Surroundings:
        before = ChatMessage(author=PEOPLE[0], text=f"before: {word(event.thread)}")
        return Surroundings(said=said, before=() if after is None else (before,))

    def lasting(self, event: Event) -> LastingPlace:
        return LastingPlace(thread=event.thread, reply=event.reply)

    async def fetch(self, file: File) -> bytes:
        return PICTURE + file.source["word"].encode()

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        async with aclosing(parts):
            async for part in parts:
                self.told.append(str(part))
        return ("m",)

    async def say(self, reply: Reply) -> str:
        self.told.append(str(reply))
        return "m"

    async def rewrite(self, answer: ShownAnswer) -> None:
        self.told.append(str(answer))

    async def stream(self, model: Model, prompt: Prompt) -> AsyncGenerator[StreamPart, None]:
        """Repeats every word it is shown: the most talkative model there could be."""
        self.prompts.append((model, prompt))
        yield Text(" ".join(WORD.findall(seen(prompt))))
        yield Finish(reason=Reason.STOP)

    async def models(self) -> Sequence[Listing]:
        return ()


def seen(prompt: Prompt) -> str:
    parts = [part for message in prompt.messages for part in message.parts]
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    return " ".join([*texts, *(part.data.decode("latin-1") for part in parts if isinstance(part, ImagePart))])


@dataclass
class World:
    """The core on the real storage."""

    storage: Storage
    everywhere: Everywhere = field(default_factory=Everywhere)
    been: defaultdict[tuple[str, str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        store, all_over = self.storage, self.everywhere
        adapters = {"slack": all_over, "teams": all_over}
        catalog, prices, policy = SharedCatalog(MODELS, default="grok"), Prices({}), Policy()
        corrections = Corrections()
        budgets = BudgetKeeper(
            rules=(),
            budgets=store.budgets,
            catalog=catalog,
            estimates=CostEstimates(catalog=catalog, prices=prices, corrections=corrections),
        )
        interceptors = Interceptors(AskerLimits(rate_limiter=store.rate_limiter), budgets)
        answers, several = asking(
            catalog=catalog,
            providers={"p": all_over},
            prices=prices,
            corrections=corrections,
            attachments=Attachments(adapters=adapters),
            store=store,
            interceptors=interceptors,
            toolbox=Toolbox(),
            strengths=Unrated(),
            council=CouncilEntry(),
        )
        picker = ModelPicker(
            catalog=catalog,
            preferences=store.preferences,
            health=store.health,
            prices=prices,
            secrets=store.secrets,
        )
        grants = Grants(store=store.sign_ins, authorizations={})
        desk = SignInDesk(home="", grants=grants, secrets=store.secrets, inbox=store.inbox)
        tools = tooling_around(Toolbox(), desk)
        self.agents = made = chat_agents_around(
            store=store.agents,
            catalog=catalog,
            policy=policy,
            preferences=store.preferences,
            secrets=store.secrets,
        )
        self.core = ConversationHandler(
            adapters=adapters,
            catalog=catalog,
            answers=answers,
            several=several,
            commands=Commands(
                catalog=catalog,
                picker=picker,
                ledger=store.ledger,
                preferences=store.preferences,
                policy=policy,
                budgets=budgets,
                inbox=store.inbox,
                own={"agent": made.commands.command, "agents": made.commands.listing},
                schedules=store.schedules,
                sign_ins=tools.sign_ins,
                agents=made,
                scores=store.scores,
            ),
            picker=picker,
            interceptors=interceptors,
            memory=store.memory,
            schedules=store.schedules,
            inbox=store.inbox,
            policy=policy,
        )

    async def play(self, event: Event) -> None:
        self.everywhere.told.clear()
        self.everywhere.prompts.clear()
        await self.storage.inbox.put(event)
        (queue_entry,) = await self.storage.leases.ready(1)
        claim = await self.storage.leases.claim(queue_entry)
        assert claim
        turn_handle = ClaimedTurn(claim=claim, leases=self.storage.leases)
        outcome = await self.agents.here.handling(self.core.handle)(claim, turn_handle)
        await self.storage.leases.commit(claim, outcome)


def happening(chance: random.Random, number: int) -> Event:
    """Somebody, somewhere, does something."""
    place, person = chance.choice(PLACES), chance.choice(PEOPLE)
    about: Mapping[str, object] = {"id": f"e{number}", "thread": place, "author": person, "at": 1.0}
    what = chance.randrange(10)
    if what == 0:
        return HomeOpened(**about)  # type: ignore[arg-type]  # the same fields for all
    if what == 1:
        action, value = chance.choice([(Action.AGAIN, "m"), (Action.ASK, "m gpt"), (Action.OTHER, "m")])
        return ButtonPressed(**about, action=action, value=value, threaded=True)  # type: ignore[arg-type]
    text = {
        2: f"/model {chance.choice(MODELS).name} --me",
        3: f"/model {chance.choice(MODELS).name} --channel",
        4: f"/model {chance.choice(MODELS).name}",
        5: "/memory",
        6: f"/compare grok gpt: {word(place)}?",
    }.get(what, f"what of {word(place)}?")
    files = (File(id="0", name="a.png", source={"word": word(place)}),) if what == 9 else ()
    return MessageReceived(
        **about,  # type: ignore[arg-type]
        text=text,
        message=f"m{number}",
        threaded=True,
        late=True,
        files=files,
    )


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_of_one_conversation_is_seen_in_another(storage: Storage, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - it only has to be the same every time
    world = World(storage=storage)
    words = 0
    for number in range(200):
        event = happening(chance, number)
        await world.play(event)
        shown = " ".join([*world.everywhere.told, *(seen(prompt) for _, prompt in world.everywhere.prompts)])
        found = set(WORD.findall(shown))
        words += len(found)
        been = world.been[event.thread.platform, event.thread.workspace, event.author.id]
        if isinstance(event, HomeOpened):
            assert found <= been, f"{number}: {event}"
        else:
            assert found <= {word(event.thread)}, f"{number}: {event}"
            been.add(word(event.thread))

    assert words > 80


async def test_a_choice_counts_for_its_scope_and_no_further(storage: Storage) -> None:
    world = World(storage=storage)
    here, ann = PLACES[0], PEOPLE[0]
    for number, text in enumerate(["/model gpt --me", "/model claude --channel"]):
        author = ann if "--me" in text else PEOPLE[1]
        await world.play(MessageReceived(id=f"e{number}", thread=here, author=author, at=1.0, text=text))

    answering = {
        (place, person.id): (await storage.preferences.in_force(place, person.id))
        for place in PLACES
        for person in PEOPLE
    }
    for (place, person), preferences in answering.items():
        home = (place.platform, place.workspace) == (here.platform, here.workspace)
        assert preferences.person == ("gpt" if home and person == ann.id else "")
        assert preferences.channel == ("claude" if home and place.channel == here.channel else "")


async def test_use_is_kept_by_person_and_workspace(storage: Storage) -> None:
    world = World(storage=storage)
    for number, (place, person) in enumerate(
        [(PLACES[0], PEOPLE[0]), (PLACES[0], PEOPLE[0]), (PLACES[4], PEOPLE[0])]
    ):
        await world.play(MessageReceived(id=f"e{number}", thread=place, author=person, at=1.0, text="why?"))

    spent = {
        (workspace, person.id): (await storage.ledger.spent(workspace, person.id))[0].turns
        for workspace in ("slack:W1", "slack:W2", "teams:W1")
        for person in PEOPLE
    }
    assert {key: turns for key, turns in spent.items() if turns} == {
        ("slack:W1", "U0"): 2,
        ("slack:W2", "U0"): 1,
    }
    assert await storage.memory.purge("slack:W1") == 1
    assert (await storage.ledger.spent("slack:W2", "U0"))[0].turns == 1
