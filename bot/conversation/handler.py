"""Handles one event, from its kind to its outcome."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot.answers.answering import Answers
from bot.answers.precedence import NoModelAvailable, pickable
from bot.context import Context, Response
from bot.conversation.buttons import Buttons
from bot.conversation.changes import answer_again, answered, deleted, edited, gone_answers, without_person
from bot.conversation.command_parser import (
    Ask,
    Command,
    Unclear,
    parse_message,
    question_of,
    split_model,
)
from bot.conversation.commands import Commands
from bot.conversation.hearing import Hearing, hearing, tells
from bot.conversation.model_picker import ModelPicker
from bot.conversation.observing import with_observations
from bot.conversation.questions import Questions
from bot.conversation.schedule_sweep import ScheduleSweep
from bot.conversation.schedule_words import schedule_line
from bot.conversation.schedules import Schedules, asks
from bot.conversation.search_choice import chooses_search
from bot.conversation.several_answers import SeveralAnswers
from bot.domain.catalog import Catalog
from bot.domain.claims import Claim, Outcome
from bot.domain.dead_letters import reference_of
from bot.domain.errors import PlatformGone, PlatformRefused, root_cause
from bot.domain.events import (
    ButtonPressed,
    DueTime,
    FormFilled,
    Greeted,
    HomeOpened,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    PersonForgotten,
    StopRequested,
    WorkspaceLeft,
)
from bot.domain.formatting import escape_markdown, join_names
from bot.domain.prompt import Search
from bot.domain.replies import Action, Reply
from bot.domain.turns import OVERHEARD, ChatMessage, Turn, said_in
from bot.interceptor import Interceptors
from bot.ports import Adapter, Inbox, Memory, TurnHandle
from bot.schedule_ports import ScheduleStore
from bot.settings.config_file import Policy

log = logging.getLogger(__name__)

SEARCH_USAGE = "Write what to look for: `/search question`. The answer names its sources."
LONGEST = 2_000  # characters of what is said of endpoints
# Commands that mean nothing while there is no model.
OF_MODELS = {"ask", "compare", "council", "model", "search", "tools"}


async def at_once() -> None:
    """Where no listing has to be waited for."""


class ConversationHandler:
    """Handles one claimed event: shows the response and returns the outcome to commit."""

    def __init__(
        self,
        *,
        adapters: Mapping[str, Adapter],
        catalog: Catalog,
        answers: Answers,
        several: SeveralAnswers,
        commands: Commands,
        picker: ModelPicker,
        interceptors: Interceptors,
        memory: Memory,
        schedules: ScheduleStore,
        inbox: Inbox,
        policy: Policy,
        clock: Callable[[], float] = time.time,
        listed: Callable[[], Awaitable[None]] = at_once,
    ) -> None:
        """`listed` waits a moment for the first models, right after the start. `sweep` is to run beside it."""
        self._listed = listed
        self._adapters = adapters
        self._catalog = catalog
        self._questions = Questions(
            adapters=adapters,
            answers=answers,
            several=several,
            commands=commands,
            interceptors=interceptors,
            policy=policy,
        )
        self._buttons = Buttons(catalog=catalog, questions=self._questions, picker=picker, commands=commands)
        self._schedules = Schedules(
            adapters=adapters,
            catalog=catalog,
            questions=self._questions,
            store=schedules,
            inbox=inbox,
            policy=policy,
            clock=clock,
        )
        self.sweep = ScheduleSweep(store=schedules, inbox=inbox, platforms=adapters, clock=clock)
        self._table = {**commands.table, **self._schedules.table, **self._buttons.table}
        self._commands = commands
        self._memory = memory
        self._policy = policy

    async def handle(self, claim: Claim, turn_handle: TurnHandle) -> Outcome:
        """Raises what the sink raises (PlatformBusy, PlatformGone, Fenced) and StorageUnavailable."""
        context = self._context(claim, turn_handle)
        await self._listed()
        try:
            outcome = await self._handle(context)
        except NoModelAvailable as error:
            reply = Reply(
                text=escape_markdown(str(error), LONGEST), private=not context.direct, unanswered=True
            )
            return await context.respond(Response(reply=reply))
        outcome = with_observations(context.event, context.record, outcome)
        if outcome.forget:
            await self._questions.files.drop_of_conversation(context.thread)
        elif outcome.counted is None and (gone := gone_answers(context.record, outcome.replace)):
            await self._questions.files.drop_of_turns(context.thread, gone)
        return outcome

    async def _handle(self, context: Context) -> Outcome:  # noqa: C901 - one line for each kind of event
        match context.claim.event:
            case MessageReceived(due=DueTime()) as event:
                return await self._due(context, event)
            case MessageReceived() as event:
                return await self._heard(context, event)
            case ButtonPressed(action=Action.RUN | Action.FORM) as event:
                kept = context.capabilities.keeps_messages
                typed = ChatMessage(author=event.author, text=event.value, message=event.id if kept else "")
                return await self._message(context, event.value, typed)
            case FormFilled() as event:
                return await context.respond(await self._commands.agents.commands.filled(context, event))
            case ButtonPressed() as event:
                return await self._buttons.pressed(context, event)
            case MessageEdited() as event:
                return await self._changed(context, event)
            case MessageDeleted() as event:
                return deleted(await context.claim.history.everything(), event.message)
            case PersonForgotten() as event:
                return await self._forgotten(context, event.author.id)
            case Greeted():
                return await context.respond(Response(reply=self._commands.hello(context)))
            case HomeOpened():
                lines = [schedule_line(one) for one in await self._schedules.overview(context)]
                return await context.respond(Response(reply=await self._commands.home(context, lines)))
            case WorkspaceLeft():
                gone = await self._memory.purge(context.workspace)
                log.info("workspace purged", extra={"conversations": gone})
                return Outcome(forget=True)
            case StopRequested():
                return Outcome()  # handled by the inbox: a stop is never queued

    async def _heard(self, context: Context, event: MessageReceived) -> Outcome:
        if context.claim.withdrawn and context.claim.record.ref is None:
            return Outcome()
        # What is older than it cannot hold it. Where nothing was read, it is a command, and none the less one again.
        known = await context.claim.history.search(
            lambda turns: (
                not turns or any(0 < turn.asked.at <= event.at and not turn.parent for turn in turns)
            )
        )
        if answered(known, event.message):  # it comes again, as a mention was added to it
            return await self._changed(context, event)
        await context.claim.history.search(lambda turns: tells(event, turns))
        match hearing(event, context.claim, self._policy):
            case Hearing.ANSWER:
                return await self._message(context, event.text, said_in(event))
            case Hearing.REMEMBER:
                around = await self._questions.surroundings(context, said_in(event))
                overheard = Turn(id=context.turn_handle.id, asked=around.said, reason=OVERHEARD, at=event.at)
                return Outcome(append=(overheard,))
            case Hearing.IGNORE:
                return Outcome()

    async def _due(self, context: Context, event: MessageReceived) -> Outcome:
        """A schedule's question."""
        if not await self._schedules.stands(context, event):
            return Outcome()
        said = said_in(event)
        try:
            if asks(event.text, self._catalog):
                outcome = await self._message(context, event.text, said)
            else:  # its first word has become a command since
                outcome = await self._questions.ask(context, said)
        except Exception as error:
            if isinstance(refusal := root_cause(error), PlatformGone | PlatformRefused):
                await self._schedules.refused(event, code=refusal.code)
            raise
        if context.turn_handle.attempt > 1:
            await self._schedules.shown(event)
        return outcome

    async def _changed(self, context: Context, event: MessageReceived | MessageEdited) -> Outcome:
        """What a message says now. A question that is answered already can be answered again."""
        meaning = parse_message(event.text, self._catalog)
        said = ChatMessage(
            author=event.author,
            text=question_of(meaning, self._catalog) or event.text,
            message=event.message,
            quotes=event.quotes,
        )
        said = (await self._questions.surroundings(context, said)).said
        record = await context.claim.history.everything()
        outcome = edited(record, event.message, said.text, said.quotes)
        turn = answered(context.history, event.message) or answered(record, event.message)
        if outcome.replace is None or turn is None or not turn.answer or not event.reply:
            return outcome
        try:
            await context.sink.say(answer_again(turn))
        except PlatformGone as gone:
            log.warning("an edit is noted, and nobody could be told", extra={"code": gone.code})
        return outcome

    async def _forgotten(self, context: Context, person: str) -> Outcome:
        """Somebody's /forget me, in one of their conversations."""
        rest = without_person(await context.claim.history.everything(), person)
        outcome = replace(rest, unobserved=person)  # also what a turn in hand has added since they asked
        if outcome.forget and context.capabilities.keeps_messages:
            await context.sink.say(Reply(text="Erased, as you asked.", forgets=True))
        return outcome

    async def apologise(self, claim: Claim, turn_handle: TurnHandle, why: str) -> None:
        """The apology for an event that is given up, so that every event gets an answer."""
        text = f"Something went wrong here and I could not answer. Please ask again. (reference {reference_of(turn_handle.id)})"
        await self._context(claim, turn_handle).sink.say(Reply(text=text, unanswered=True))

    def _context(self, claim: Claim, turn_handle: TurnHandle) -> Context:
        adapter = self._adapters[claim.event.thread.platform]
        return Context(
            claim=claim,
            turn_handle=turn_handle,
            sink=adapter.sink(claim.event, turn_handle),
            capabilities=adapter.capabilities,
            policy=self._policy,
            preferences=self._commands.preferences,
            sink_of=lambda column: adapter.sink(claim.event, column),
        )

    async def _message(self, context: Context, text: str, said: ChatMessage) -> Outcome:
        match parse_message(text, self._catalog):
            case Ask(text=typed) if context.private and typed.startswith("/"):
                # A slash command that nobody here knows was not meant as a question.
                return await context.respond(Response(reply=self._commands.help(context)))
            case Ask(text=question, model=model):
                return await self._questions.ask(context, replace(said, text=question), model)
            case Command(name=name) if name in OF_MODELS and not self._catalog.models:
                raise NoModelAvailable(self._catalog.absent)
            case Command(name="ask", rest=rest):
                model, question = split_model(rest, self._catalog)
                if not model or not question:
                    usage = self._ask_usage(context, "" if model else rest)
                    return await context.respond(usage.unanswered())
                return await self._questions.ask(context, replace(said, text=question), model)
            case Command(name="search", rest=rest) if not chooses_search(rest):
                return await self._search(context, said, rest.lstrip(": "))
            case Command(name="compare" | "council" as name, rest=rest):
                return await self._questions.several(context, name, replace(said, text=rest))
            case Command(name=name, rest=rest):
                return await context.respond(await self._table[name](context, rest))
            case Unclear(typed=typed, near=near):
                text = f"There is no command {escape_markdown(typed)}. Did you mean {join_names([f'/{n}' for n in near])}?"
                return await context.respond(Response(reply=Reply(text=text, private=not context.direct)))

    async def _search(self, context: Context, said: ChatMessage, question: str) -> Outcome:
        if not question:
            usage = Response(reply=Reply(text=SEARCH_USAGE, private=context.private))
            return await context.respond(usage.unanswered())
        return await self._questions.ask(context, replace(said, text=question), search=Search.MUST)

    def _ask_usage(self, context: Context, unknown: str) -> Response:
        """How to use /ask; `unknown` begins with the word that is no model's name."""
        word = unknown.partition(" ")[0]
        near = list(self._catalog.near(word, among=pickable(self._catalog, context.allowed))) if word else []
        text = f"“{escape_markdown(word, 60)}” is not a model I know. " if word else ""
        text += f"Did you mean {join_names(near)}? " if near else ""
        text += "Write a model and a question: `/ask NAME question`."
        text += "" if near else " `/model` shows the names."
        return Response(reply=Reply(text=text, private=context.private))
