"""A stage for the core: a whole conversation with scripted models and a sink that takes notes.

Everything here implements a port. What the storage would keep between two events, the stage keeps in memory.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from bot.answers.answering import Answers
from bot.answers.attachment_budget import AttachmentBudget
from bot.answers.attachments import Attachments
from bot.answers.auto import AutoChooser
from bot.answers.budgets import BudgetKeeper
from bot.answers.due_mark import DueMark
from bot.answers.fallback import FallbackRouter
from bot.answers.file_keeper import FileKeeper
from bot.answers.limits import AskerLimits
from bot.answers.scores import Scores
from bot.answers.tool_loop import ToolLoop
from bot.answers.tools.grants import Authorization, Grants
from bot.answers.tools.toolbox import Toolbox
from bot.conversation.agent_setup import chat_agents_around
from bot.conversation.command_parser import Command, parse_message
from bot.conversation.commands import Commands
from bot.conversation.handler import ConversationHandler
from bot.conversation.model_picker import ModelPicker
from bot.conversation.own_commands import own_commands
from bot.conversation.scoreboard import Scoreboard
from bot.conversation.several_answers import several_answers
from bot.conversation.tooling import tooling_around
from bot.domain.auto_entry import AutoChoice, AutoEntry
from bot.domain.capabilities import PlatformCapabilities
from bot.domain.catalog import Model, Price
from bot.domain.claims import Claim, Outcome, QueueEntry, Receipt
from bot.domain.errors import Fenced, ModelError, PlatformError, PlatformGone
from bot.domain.events import Author, ButtonPressed, Event, File, MessageDeleted, MessageReceived, ThreadKey
from bot.domain.generated import GeneratedFile
from bot.domain.health import ModelHealth
from bot.domain.history import History
from bot.domain.listings import Listing
from bot.domain.preferences import (
    EffortPreferences,
    ModelPreferences,
    SearchPreferences,
    ToolPreferences,
)
from bot.domain.prompt import Prompt, TextPart
from bot.domain.question_kinds import QuestionKind
from bot.domain.readiness import Trouble
from bot.domain.replies import Action, Reply
from bot.domain.schedules import LastingPlace
from bot.domain.shown_answers import ShownAnswer
from bot.domain.shown_steps import ShownStep
from bot.domain.stream_parts import (
    Closing,
    Finish,
    Reason,
    ShownPart,
    Source,
    Status,
    StreamPart,
    Text,
    Usage,
)
from bot.domain.surroundings import Surroundings
from bot.domain.turns import Candidate, ChatMessage, Progress, Turn, TurnRecord
from bot.domain.usage import RecentConversation, Spend
from bot.interceptor import Ending, EndingKind, Interceptor, Interceptors
from bot.models.estimates import CostEstimates
from bot.models.pricing import Corrections, Prices
from bot.models.shared_catalog import SharedCatalog
from bot.ports import ReplySink, TurnHandle
from bot.settings.config_file import ConfigFile, Policy
from bot.settings.council import CouncilEntry
from bot.settings.money import BudgetEntry
from bot.sign_in.desk import SignInDesk
from tests.doubles import FakeAgents, FakeSchedules, FakeScores, FakeSecrets, FakeSignIns, FakeTurnHandle
from tests.purse import MemoryBudgets

THREAD = ThreadKey(platform="test", workspace="W", channel="C", thread="1")
ANN = Author(id="U1", name="Ann")
PRICE = Price(input=10_000, output=80_000)  # half a dollar for every scripted answer
GROK = Model(
    name="grok",
    provider="one",
    model="grok-4.7",
    aliases=("g",),
    fallback=("claude",),
    context=100_000,
    price=PRICE,
)
CLAUDE = Model(name="claude", provider="two", model="claude-5", context=200_000, price=PRICE)
GPT = Model(name="gpt", provider="one", model="gpt-6", context=100_000, price=PRICE)

Script = Sequence[StreamPart | ModelError]


def answer(text: str, *, model: str = "") -> Script:
    """A model's ordinary answer, in two pieces."""
    half = len(text) // 2
    return (
        Text(text[:half]),
        Text(text[half:]),
        Usage(input=10, output=5),
        Finish(reason=Reason.STOP, model=model),
    )


@dataclass
class ScriptedProvider:
    """Plays one script per request and keeps the prompts it was given."""

    scripts: list[Script] = field(default_factory=list)
    asked: list[tuple[Model, Prompt]] = field(default_factory=list)
    open: int = 0

    def words(self, request: int = -1) -> list[str]:
        """What the model saw in a request, one text per message."""
        _, prompt = self.asked[request]
        return [
            "\n".join(part.text for part in message.parts if isinstance(part, TextPart))
            for message in prompt.messages
        ]

    async def stream(self, model: Model, prompt: Prompt) -> AsyncGenerator[StreamPart, None]:
        self.asked.append((model, prompt))
        script = self.scripts.pop(0) if self.scripts else answer(f"answer {len(self.asked)}")
        self.open += 1
        try:
            for part in script:
                if isinstance(part, ModelError):
                    raise part
                yield part
        finally:
            self.open -= 1

    async def models(self) -> Sequence[Listing]:
        return ()


@dataclass
class Heard:
    """What a person saw for one event."""

    text: str = ""
    statuses: list[str] = field(default_factory=list)
    closing: Closing | None = None
    replies: list[Reply] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    files: list[GeneratedFile] = field(default_factory=list)
    steps: list[ShownStep] = field(default_factory=list)
    rewritten: list[ShownAnswer] = field(default_factory=list)
    column: bool = False
    columns: dict[int, "Heard"] = field(default_factory=dict)  # of several answers, by their numbers


@dataclass
class NotingSink:
    """Notes what it is given. `on_text` is called with the text so far."""

    heard: Heard
    watch: "Stage"
    id: str = ""

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        async with aclosing(parts):
            async for part in parts:
                if self.watch.refuses:
                    raise self.watch.refuses
                match part:
                    case Text(text=text):
                        self.heard.text += text
                        self.watch.seen_text(self.heard.text)
                    case Source():
                        self.heard.sources.append(part)
                    case GeneratedFile():
                        self.heard.files.append(part)
                    case Status(text=text):
                        self.heard.statuses.append(text)
                        self.watch.seen_status(text)
                    case ShownStep():
                        self.heard.steps.append(part)
                    case Closing():
                        self.heard.closing = part
                        if not self.heard.column:
                            self.watch.seen_closing()
                    case _:
                        pass
        return (f"m{len(self.watch.outcomes)}" if not self.heard.column else f"m-{self.id}",)

    async def say(self, reply: Reply) -> str:
        if self.watch.nowhere:
            raise PlatformGone("the channel is archived", code="is_archived")
        self.heard.replies.append(reply)
        return "m"

    async def rewrite(self, answer: ShownAnswer) -> None:
        self.heard.rewritten.append(answer)
        if self.watch.unchangeable:
            raise self.watch.unchangeable


class ReadHistory(History):
    """Reads as little as a storage may: a question finds the newest turn read, other events none, and each look for more
    brings one.
    """

    def __init__(self, turns: Sequence[Turn], *, first: int) -> None:
        super().__init__(turns[max(0, len(turns) - first) :])
        self._all = tuple(turns)

    @property
    def exists(self) -> bool:
        return bool(self._all)

    @property
    def complete(self) -> bool:
        return len(self.record) == len(self._all)

    @property
    def unread(self) -> tuple[Turn, ...]:
        return self._all[: len(self._all) - len(self.record)]

    async def _read_on(self) -> None:
        self.record = self._all[-len(self.record) - 1 :]


@dataclass
class Stage:
    """Plays events against the core and remembers like the storage does."""

    models: Sequence[Model] = (GROK, CLAUDE, GPT)
    auto: AutoEntry | None = None
    default: str = "grok"
    ratings: dict[str, float] = field(default_factory=dict)  # of models, by the scoreboard
    policy: Policy = field(default_factory=Policy)
    history: tuple[Turn, ...] = ()
    thread_model: str = ""
    thread_effort: str = ""
    chosen_for: dict[str, str] = field(default_factory=dict)
    spend: Spend = field(default_factory=Spend)
    ill: dict[str, ModelHealth] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    before: Sequence[ChatMessage] = ()
    guests: set[str] = field(default_factory=set)
    place: str = ""
    time_zone: str = ""
    known: bool = True  # whether the platform tells who people are
    obstacle: str = ""  # why the platform cannot show what is asked about
    read_after: list[float] = field(default_factory=list)  # each time the thread itself was to be read
    budget: AttachmentBudget = field(default_factory=AttachmentBudget)
    stop_at: str = ""  # fires the stop once this text has been shown
    one: ScriptedProvider = field(default_factory=ScriptedProvider)
    two: ScriptedProvider = field(default_factory=ScriptedProvider)
    taken: int = 0
    pauses: list[float] = field(default_factory=list)
    reports: list[tuple[str, ModelError | None]] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)  # of the reports
    rated_for: list[tuple[str, QuestionKind]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    handed_on: list[Event] = field(default_factory=list)  # events that the core itself puts into the inbox
    capabilities: PlatformCapabilities = field(
        default_factory=lambda: PlatformCapabilities(
            mention="@Switchboard", slash=True, threads=True, private=True
        )
    )
    platform: str = "test"
    unchangeable: PlatformError | None = None  # what the platform says to a change of an earlier answer
    refuses: PlatformError | Fenced | None = None  # what the platform says to an answer
    nowhere: bool = False  # there is no place left to say anything in
    interceptors: tuple[Interceptor, ...] = ()
    budgets: Sequence[BudgetEntry] = ()
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    toolbox: Toolbox = field(default_factory=Toolbox)
    sign_ins: FakeSignIns = field(default_factory=FakeSignIns)
    authorizations: Mapping[str, Authorization] = field(default_factory=dict)
    thread_tools: ToolPreferences = field(default_factory=ToolPreferences)
    agents: FakeAgents = field(default_factory=FakeAgents)
    schedules: FakeSchedules = field(default_factory=FakeSchedules)
    scores: FakeScores = field(default_factory=FakeScores)
    home: str = "https://bot.example.com"  # our public address
    closed: str = ""  # why nothing can be said later where people write
    resumed: Mapping[int, Candidate] = field(
        default_factory=dict
    )  # what an earlier attempt finished, by its column
    council: CouncilEntry = field(default_factory=CouncilEntry)
    now: float = 1_772_625_600.0  # Wednesday, 4 March 2026, noon UTC

    def __post_init__(self) -> None:
        self.catalog = SharedCatalog(self.models, default=self.default, auto=self.auto)
        made = chat_agents_around(
            store=self.agents,
            catalog=self.catalog,
            policy=self.policy,
            preferences=self,
            secrets=self.secrets,
            servers=self.toolbox.names,
            clock=lambda: self.now,
        )
        self.agents_here, self.forms = made.here, made.desk
        prices, corrections = Prices({}), Corrections()
        self.purse = MemoryBudgets(clock=lambda: self.now, before=lambda: self.spend.cost)
        keeper = BudgetKeeper(
            rules=ConfigFile(policy=self.policy, budgets=tuple(self.budgets)).every_budget,
            budgets=self.purse,
            catalog=self.catalog,
            estimates=CostEstimates(catalog=self.catalog, prices=prices, corrections=corrections),
            clock=lambda: self.now,
        )
        self._interceptors = interceptors = Interceptors(
            AskerLimits(rate_limiter=self), keeper, DueMark(), *self.interceptors
        )
        fallback = FallbackRouter(
            providers={"one": self.one, "two": self.two},
            health=self,
            interceptors=interceptors,
            pause=self._pause,
        )
        picker = ModelPicker(
            catalog=self.catalog,
            preferences=self,
            health=self,
            prices=prices,
            secrets=self.secrets,
        )
        grants = Grants(store=self.sign_ins, authorizations=self.authorizations, clock=lambda: self.now)
        self.desk = SignInDesk(
            home=self.home,
            grants=grants,
            secrets=self.secrets,
            inbox=self,
            clock=lambda: self.now,
        )
        tools = tooling_around(self.toolbox, self.desk)
        files = FileKeeper(self.secrets, self)
        answers = Answers(
            catalog=self.catalog,
            auto=AutoChooser(
                catalog=self.catalog,
                health=self,
                toolbox=self.toolbox,
                estimates=CostEstimates(catalog=self.catalog, prices=prices, corrections=corrections),
                corrections=corrections,
                strengths=self,
            ),
            loop=ToolLoop(fallback=fallback, toolbox=self.toolbox, prices=prices, files=files),
            attachments=Attachments(adapters={"test": self}, budget=self.budget),
            prices=prices,
            corrections=corrections,
            files=files,
            clock=lambda: 100.0,
        )
        self._core = ConversationHandler(
            adapters={"test": self},
            catalog=self.catalog,
            answers=answers,
            several=several_answers(
                catalog=self.catalog,
                fallback=fallback,
                answers=answers,
                prices=prices,
                toolbox=self.toolbox,
                interceptors=interceptors,
                preferences=self,
                council=self.council,
                clock=lambda: 100.0,
            ),
            commands=Commands(
                catalog=self.catalog,
                picker=picker,
                ledger=self,
                preferences=self,
                policy=self.policy,
                budgets=keeper,
                inbox=self,
                own=own_commands(
                    catalog=self.catalog,
                    preferences=self,
                    tools=tools,
                    agents=made.commands,
                    scoreboard=Scoreboard(
                        scores=Scores(self.scores), store=self.scores, catalog=self.catalog
                    ),
                ),
                scores=self.scores,
                schedules=self.schedules,
                sign_ins=tools.sign_ins,
                agents=made,
            ),
            picker=picker,
            interceptors=interceptors,
            memory=self,
            schedules=self.schedules,
            inbox=self,
            clock=lambda: self.now,
            policy=self.policy,
        )

    # --- playing -------------------------------------------------------------------------------------------

    async def says(self, text: str, *, files: tuple[File, ...] = (), **more: Any) -> Heard:
        """Somebody writes; returns what they see."""
        number = len(self.outcomes) + 1
        event = MessageReceived(
            id=f"e{number}",
            thread=THREAD,
            author=ANN,
            at=1.0,
            text=text,
            message=f"q{number}",
            threaded=True,
            files=files,
        )
        return await self.plays(replace(event, **more))

    async def presses(self, action: Action, value: str, **more: Any) -> Heard:
        event = ButtonPressed(
            id=f"e{len(self.outcomes) + 1}", thread=THREAD, author=ANN, at=1.0, action=action, value=value
        )
        return await self.plays(replace(event, **more))

    async def deletes(self, message: str) -> Heard:
        return await self.plays(
            MessageDeleted(
                id=f"e{len(self.outcomes) + 1}", thread=THREAD, author=ANN, at=1.0, message=message
            )
        )

    async def plays(
        self,
        event: Event,
        *,
        final: Turn | None = None,
        progress: Progress | None = None,
        attempt: int = 1,
        crashes: int = 0,
        withdrawn: bool = False,
        erased: float = 0.0,
        auto: AutoChoice | None = None,
        turn: str = "",
    ) -> Heard:
        self._heard, self.event = Heard(), event
        self.read = history = ReadHistory(self.history, first=isinstance(event, MessageReceived))
        self.turn_handle = FakeTurnHandle(id=turn or f"t{len(self.outcomes) + 1}", attempt=attempt)
        for column, done in self.resumed.items():
            self.turn_handle.columns(4)[column - 1].candidate = done
        claim = Claim(
            queue_entry=QueueEntry(shard=0, entry="1-1", conversation=THREAD.digest),
            epoch=1,
            mail="1-1",
            event=event,
            record=TurnRecord(
                id=self.turn_handle.id,
                attempt=attempt,
                crashes=crashes,
                final=final,
                progress=progress,
                auto=auto,
            ),
            history=history,
            withdrawn=withdrawn,
            erased=erased,
            preferences=await self.in_force(event.thread, event.author.id),
        )
        self._interceptors.began(claim)
        outcome = await self.agents_here.handling(self._core.handle)(claim, self.turn_handle)
        self._interceptors.ended(claim, Ending(kind=EndingKind.DONE, outcome=outcome))
        kept = history.record if outcome.replace is None else outcome.replace
        unread = () if outcome.forget else history.unread
        self.history = (*unread, *kept, *outcome.append)
        self._picked(outcome)
        self.scores.take(f"{event.thread.platform}:{event.thread.workspace}", outcome)
        self.outcomes.append(outcome)
        return self._heard

    def seen_text(self, text: str) -> None:
        if self.stop_at and self.stop_at in text:
            self.turn_handle.stop.fire()

    def seen_status(self, text: str) -> None:
        if self.stop_at and self.stop_at in text:
            asyncio.get_running_loop().call_soon(self.turn_handle.stop.fire)

    def seen_closing(self) -> None:
        assert self.turn_handle.finals or self.turn_handle.ref is None
        self.kept_before_closing = list(self.turn_handle.finals)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def meaning(self, text: str) -> tuple[str, str] | None:
        """The command that a text is, with what follows it."""
        meant = parse_message(text, self.catalog)
        return (meant.name, meant.rest) if isinstance(meant, Command) else None

    async def looks(self) -> list[Event]:
        """What the sweep puts into the inbox now."""
        before = len(self.handed_on)
        await self._core.sweep.look()
        return self.handed_on[before:]

    # --- Adapter -------------------------------------------------------------------------------------------

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return ()

    def running(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def troubles(self) -> Sequence[Trouble]:
        return ()

    def sink(self, event: Event, turn_handle: TurnHandle) -> ReplySink:
        heard, column = self._heard, turn_handle.column
        heard = heard.columns.setdefault(column.number, Heard(column=True)) if column else heard
        return NotingSink(heard=heard, watch=self, id=turn_handle.id)

    async def surroundings(self, event: Event, said: ChatMessage, *, after: float | None) -> Surroundings:
        self.read_after += [] if after is None else [after]
        author = replace(said.author, guest=said.author.id in self.guests)
        return Surroundings(
            said=replace(said, author=author),
            before=() if after is None else tuple(self.before),
            place=self.place,
            time_zone=self.time_zone,
            obstacle=self.obstacle,
            known=self.known,
        )

    def lasting(self, event: Event) -> LastingPlace:
        aside = replace(event.thread, channel="aside", thread="")
        return LastingPlace(
            thread=event.thread,
            reply={"later": "1"},
            direct=bool(getattr(event, "direct", False)),
            threaded=True,
            obstacle=self.closed,
            aside=(aside, {"aside": "1"}),
        )

    async def fetch(self, file: File) -> bytes:
        return self.files[file.id]

    # --- Health, Choices, Ledger, Memory -------------------------------------------------------------------

    async def conditions(self, keys: Collection[str]) -> Mapping[str, ModelHealth]:
        return {key: self.ill.get(key, ModelHealth()) for key in keys}

    async def strengths(self, workspace: str, kind: QuestionKind) -> Mapping[str, float]:
        self.rated_for.append((workspace, kind))
        return self.ratings

    async def probe(self, key: str) -> bool:
        return False

    async def report(
        self,
        key: str,
        error: ModelError | None = None,
        *,
        late: bool = False,
        question: str = "",
        first: float | None = None,
    ) -> None:
        self.reports.append((key, error))
        self.questions.append(question)

    async def choose(self, workspace: str, scope: str, choice: str) -> None:
        self.chosen_for[scope] = choice

    async def pick(self, claim: Claim, outcome: Outcome) -> None:
        self._picked(outcome)

    def _picked(self, outcome: Outcome) -> None:
        if outcome.thread_model is not None:
            self.thread_model = outcome.thread_model
        if outcome.thread_effort is not None:
            self.thread_effort = outcome.thread_effort
        if outcome.thread_tools is not None:
            self.thread_tools = outcome.thread_tools

    async def chosen(self, workspace: str, scope: str) -> str:
        return self.chosen_for.get(scope, "")

    async def in_force(self, thread: ThreadKey, person: str) -> ModelPreferences:
        return ModelPreferences(
            thread=self.thread_model,
            person=self.chosen_for.get(f"person:{person}", ""),
            channel=self.chosen_for.get(f"channel:{thread.channel}", ""),
            workspace=self.chosen_for.get("default", ""),
            effort=EffortPreferences(
                thread=self.thread_effort,
                person=self.chosen_for.get(f"effort:person:{person}", ""),
                channel=self.chosen_for.get(f"effort:channel:{thread.channel}", ""),
                workspace=self.chosen_for.get("effort:default", ""),
            ),
            search=SearchPreferences(
                thread=self.thread_tools.search,
                person=self.chosen_for.get(f"search:person:{person}", ""),
                channel=self.chosen_for.get(f"search:channel:{thread.channel}", ""),
                workspace=self.chosen_for.get("search:default", ""),
            ),
            tools=self.thread_tools,
            agents=self.agents.stamp,
        )

    async def spent(self, workspace: str, person: str) -> tuple[Spend, Spend]:
        return self.spend, self.spend

    async def take(self, name: str, *, rate: float, burst: float, tokens: float = 1) -> float:
        self.taken += int(tokens)
        return 0.0 if self.taken <= burst else 1 / rate

    async def recent(self, workspace: str, person: str, limit: int = 5) -> Sequence[RecentConversation]:
        return [RecentConversation(thread=THREAD, title="An earlier question", at=1.0)]

    async def conversations(self, workspace: str, person: str) -> Sequence[ThreadKey]:
        return [THREAD]

    async def erase(self, workspace: str, person: str) -> None:
        self.spend = Spend()

    async def put(self, event: Event) -> Receipt:
        self.handed_on.append(event)
        return Receipt.ACCEPTED

    async def recall(self, thread: ThreadKey) -> Sequence[Turn]:
        return self.history

    async def forget(self, thread: ThreadKey) -> int:
        return 0

    async def purge(self, workspace: str) -> int:
        self.history = ()
        return 1
