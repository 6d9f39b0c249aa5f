"""Handles one event, from its kind to its outcome."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from bot import policy as policies
from bot.answers.answering import Answers, Question
from bot.answers.precedence import NoModelAvailable
from bot.context import Context, Response
from bot.conversation.command_parser import Ask, Command, Unclear, parse_message, split_model
from bot.conversation.commands import Commands
from bot.conversation.comparison import Comparison, keep
from bot.conversation.model_picker import ModelPicker
from bot.domain.catalog import Catalog
from bot.domain.claims import Claim, Outcome
from bot.domain.dead_letters import reference_of
from bot.domain.errors import PlatformError, PlatformGone
from bot.domain.events import (
    ButtonPressed,
    Greeted,
    HomeOpened,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    StopRequested,
    WorkspaceLeft,
)
from bot.domain.formatting import escape_markdown, join_names
from bot.domain.replies import Action, Reply
from bot.domain.surroundings import Surroundings
from bot.domain.turns import ChatMessage, index_of
from bot.interceptor import Interceptors
from bot.ports import Adapter, Memory, TurnHandle
from bot.settings.config_file import Policy

GONE = "That answer is not in memory any more, so nothing can be done with it. Ask again."
GO_ON = "Go on exactly where you stopped. Do not repeat anything."

log = logging.getLogger(__name__)


class ConversationHandler:
    """Handles one claimed event: shows the response and returns the outcome to commit."""

    def __init__(
        self,
        *,
        adapters: Mapping[str, Adapter],
        catalog: Catalog,
        answers: Answers,
        comparison: Comparison,
        commands: Commands,
        picker: ModelPicker,
        interceptors: Interceptors,
        memory: Memory,
        policy: Policy,
    ) -> None:
        self._adapters = adapters
        self._catalog = catalog
        self._answers = answers
        self._comparison = comparison
        self._commands = commands
        self._picker = picker
        self._interceptors = interceptors
        self._memory = memory
        self._policy = policy

    async def handle(self, claim: Claim, turn_handle: TurnHandle) -> Outcome:
        """Raises what the sink raises (PlatformBusy, PlatformGone, Fenced) and StorageUnavailable."""
        context = self._context(claim, turn_handle)
        try:
            match claim.event:
                case MessageReceived() as event:
                    return await self._heard(context, event)
                case ButtonPressed() as event:
                    return await self._button(context, event)
                case MessageEdited() as event:
                    return _rewrite(claim, event.message, event.text)
                case MessageDeleted() as event:
                    return _rewrite(claim, event.message, "")
                case Greeted():
                    return await self._say(context, Response(reply=self._commands.hello(context)))
                case HomeOpened():
                    return await self._say(context, Response(reply=await self._commands.home(context)))
                case WorkspaceLeft():
                    gone = await self._memory.purge(context.workspace)
                    log.info("workspace purged", extra={"conversations": gone})
                    return Outcome(forget=True)
                case StopRequested():
                    return Outcome()  # handled by the inbox: a stop is never queued
        except NoModelAvailable as error:
            return await self._say(context, Response(reply=Reply(text=str(error), private=context.private)))

    async def _heard(self, context: Context, event: MessageReceived) -> Outcome:
        if not event.addressed and not policies.follows(self._policy, context.thread):
            return Outcome()
        return await self._message(context, event.text, _said(event))

    async def apologise(self, claim: Claim, turn_handle: TurnHandle, why: str) -> None:
        """The apology for an event that is given up, so that every event gets an answer."""
        text = f"Something went wrong here and I could not answer. Please ask again. (reference {reference_of(turn_handle.id)})"
        await self._context(claim, turn_handle).sink.say(Reply(text=text))

    def _context(self, claim: Claim, turn_handle: TurnHandle) -> Context:
        adapter = self._adapters[claim.event.thread.platform]
        return Context(
            claim=claim,
            turn_handle=turn_handle,
            sink=adapter.sink(claim.event, turn_handle),
            capabilities=adapter.capabilities,
            policy=self._policy,
        )

    async def _message(self, context: Context, text: str, said: ChatMessage) -> Outcome:
        match parse_message(text, self._catalog):
            case Ask(text=question, model=model):
                return await self._ask(context, replace(said, text=question), model)
            case Command(name="ask", rest=rest):
                model, question = split_model(rest, self._catalog)
                if not model or not question:
                    return await self._say(context, self._ask_usage(context, "" if model else rest))
                return await self._ask(context, replace(said, text=question), model)
            case Command(name="compare", rest=rest):
                return await self._say(context, await self._comparison.command(context, rest, said))
            case Command(name=name, rest=rest):
                return await self._say(context, await self._commands.table[name](context, rest))
            case Unclear(typed=typed, near=near):
                text = f"There is no command {escape_markdown(typed)}. Did you mean {join_names([f'/{n}' for n in near])}?"
                return await self._say(context, Response(reply=Reply(text=text, private=context.private)))

    async def _ask(self, context: Context, asked: ChatMessage, model: str = "") -> Outcome:
        around = await self._surroundings(context, asked)
        asked = around.said
        if not (asked.text or asked.files or asked.quotes):
            return await self._say(context, Response(reply=self._commands.hello(context)))
        if around.obstacle:
            return await self._say(
                context, Response(reply=Reply(text=around.obstacle, private=context.private))
            )
        question = Question(
            asked=asked,
            prior=context.claim.history,
            heard=around.before,
            place=around.place,
            time_zone=around.time_zone,
            inline=model,
        )
        return await self._answer(context, question)

    async def _surroundings(self, context: Context, said: ChatMessage) -> Surroundings:
        """What stands around the message in hand. Where the platform does not tell, the message stands alone."""
        event = context.event
        if not isinstance(event, MessageReceived | MessageEdited):
            return Surroundings(said=said)
        adapter = self._adapters[context.thread.platform]
        try:
            return await adapter.surroundings(event, said, after=_known_until(context.claim))
        except PlatformError as error:
            log.warning("surroundings not read", extra={"event": event.id, "code": error.code})
            return Surroundings(said=said)

    async def _answer(self, context: Context, question: Question) -> Outcome:
        if context.claim.record.final is None:  # else it was admitted, and asked
            plan = self._answers.plan(context, question)
            if (refusal := await self._interceptors.admit(context, plan=plan)) is not None:
                return await self._say(context, refusal)
        return await self._answers.answer(context, question)

    async def _button(self, context: Context, event: ButtonPressed) -> Outcome:
        first, _, rest = event.value.partition(" ")
        match event.action:
            case Action.RUN:
                return await self._message(
                    context, event.value, ChatMessage(author=event.author, text=event.value)
                )
            case Action.PICK:
                return await self._say(context, await self._picker.pressed(context, event.value))
            case Action.AGAIN:
                return await self._once_more(context, first)
            case Action.ASK:
                return await self._once_more(context, first, rest)
            case Action.OTHER:
                return await self._say(context, await self._others(context, first))
            case Action.CONTINUE:
                return await self._go_on(context, first)
            case Action.KEEP:
                kept = keep(context, first, rest)
                return await self._say(
                    context, kept or Response(reply=Reply(text=GONE, private=context.private))
                )
            case Action.UP | Action.DOWN:
                return _vote(context.claim, first, event)
            case Action.STOP:
                return Outcome()  # the adapter turns it into a StopRequested

    async def _once_more(self, context: Context, turn_id: str, model: str = "") -> Outcome:
        """Asks the same question again, the same model or another; the new answer replaces the old one."""
        history = context.claim.history
        place = index_of(history, turn_id)
        if place is None:
            return await self._say(context, Response(reply=Reply(text=GONE, private=context.private)))
        old = history[place]
        question = Question(
            asked=old.asked, prior=history[:place], inline=model or old.model, instead_of=old.id
        )
        return await self._answer(context, question)

    async def _go_on(self, context: Context, turn_id: str) -> Outcome:
        """Lets the model whose answer was cut off go on, as a new turn."""
        place = index_of(context.claim.history, turn_id)
        if place is None:
            return await self._say(context, Response(reply=Reply(text=GONE, private=context.private)))
        return await self._ask(
            context, ChatMessage(author=context.event.author, text=GO_ON), context.claim.history[place].model
        )

    async def _others(self, context: Context, turn_id: str) -> Response:
        place = index_of(context.claim.history, turn_id)
        if place is None:
            return Response(reply=Reply(text=GONE, private=context.private))
        return Response(reply=await self._picker.others(context, context.claim.history[place]))

    def _ask_usage(self, context: Context, unknown: str) -> Response:
        """How to use /ask; `unknown` begins with the word that is no model's name."""
        word = unknown.partition(" ")[0]
        near = list(self._catalog.near(word, among=context.usable(self._catalog.models))) if word else []
        text = f"“{escape_markdown(word, 60)}” is not a model I know. " if word else ""
        text += f"Did you mean {join_names(near)}? " if near else ""
        text += "Write a model and a question: `/ask NAME question`."
        text += "" if near else " `/model` shows the names."
        return Response(reply=Reply(text=text, private=context.private))

    async def _say(self, context: Context, spoken: Response) -> Outcome:
        try:
            await context.sink.say(spoken.reply)
        except PlatformGone as gone:
            if not spoken.outcome.forget:
                raise
            log.warning("erased, and nobody could be told", extra={"why": str(gone)})
        return spoken.outcome


def _said(event: MessageReceived) -> ChatMessage:
    return ChatMessage(
        author=event.author,
        text=event.text,
        message=event.message,
        at=event.at,
        files=event.files,
        quotes=event.quotes,
    )


def _known_until(claim: Claim) -> float | None:
    """The moment (unix seconds) up to which what was said is known; None where nothing was missed since."""
    event = claim.event
    if not isinstance(event, MessageReceived) or not (event.late or event.gaps):
        return None
    if claim.history:
        return max(turn.asked.at for turn in claim.history) if event.gaps else None
    return 0.0


def _rewrite(claim: Claim, message: str, text: str) -> Outcome:
    """Applies an edit or a deletion to the history: models see what the message says now."""

    def now(said: ChatMessage) -> ChatMessage:
        if said.message != message:
            return said
        return replace(said, text=text, files=said.files if text else ())

    history = tuple(
        replace(turn, asked=now(turn.asked), heard=tuple(now(said) for said in turn.heard))
        for turn in claim.history
    )
    return Outcome(replace=history) if history != claim.history else Outcome()


def _vote(claim: Claim, turn_id: str, event: ButtonPressed) -> Outcome:
    """Records one vote per answer, the last one counts, in the turn, beside model, time and cost."""
    place, vote = index_of(claim.history, turn_id), event.action.value
    if place is None or (claim.history[place].vote == vote and not event.comment):
        return Outcome()
    history = list(claim.history)
    history[place] = replace(history[place], vote=vote, comment=event.comment)
    return Outcome(replace=tuple(history))
