"""What happens to one event, top to bottom."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from bot import policy as policies
from bot.answers.answering import Answers, Question
from bot.answers.fallback import NobodyAnswers
from bot.answers.limits import Limits
from bot.context import Scene, Spoken
from bot.conversation.command_parser import Ask, Command, Unclear, named, read
from bot.conversation.commands import Commands
from bot.conversation.comparison import Comparison, keep
from bot.conversation.model_picker import Picker
from bot.domain.catalog import Catalog
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
from bot.domain.formatting import listed, plain
from bot.domain.replies import Action, Reply
from bot.domain.turns import Said, place_of
from bot.ports import Adapter, Claim, Memory, Outcome, TurnInHand
from bot.settings.config_file import Policy

GONE = "That answer is not in memory any more, so nothing can be done with it. Ask again."
GO_ON = "Go on exactly where you stopped. Do not repeat anything."

log = logging.getLogger(__name__)


class Conversation:
    """Handles one claimed event: shows what is to be shown, returns what is to be remembered."""

    def __init__(
        self,
        *,
        adapters: Mapping[str, Adapter],
        catalog: Catalog,
        answers: Answers,
        comparison: Comparison,
        commands: Commands,
        picker: Picker,
        limits: Limits,
        memory: Memory,
        policy: Policy,
    ) -> None:
        self._adapters = adapters
        self._catalog = catalog
        self._answers = answers
        self._comparison = comparison
        self._commands = commands
        self._picker = picker
        self._limits = limits
        self._memory = memory
        self._policy = policy

    async def handle(self, claim: Claim, hand: TurnInHand) -> Outcome:
        """Raises what the sink raises (PlatformBusy, PlatformGone, Fenced) and StorageUnavailable."""
        scene = self._scene(claim, hand)
        try:
            match claim.event:
                case MessageReceived() as event:
                    return await self._heard(scene, event)
                case ButtonPressed() as event:
                    return await self._button(scene, event)
                case MessageEdited() as event:
                    return _rewrite(claim, event.message, event.text)
                case MessageDeleted() as event:
                    return _rewrite(claim, event.message, "")
                case Greeted():
                    return await self._say(scene, Spoken(reply=self._commands.hello(scene)))
                case HomeOpened():
                    return await self._say(scene, Spoken(reply=await self._commands.home(scene)))
                case WorkspaceLeft():
                    gone = await self._memory.purge(scene.workspace)
                    log.info("workspace purged", extra={"conversations": gone})
                    return Outcome()
                case StopRequested():
                    return Outcome()  # the inbox has seen to it: a stop is never queued
        except NobodyAnswers as error:
            return await self._say(scene, Spoken(reply=Reply(text=str(error), private=scene.private)))

    async def _heard(self, scene: Scene, event: MessageReceived) -> Outcome:
        if not event.addressed and not policies.follows(self._policy, scene.thread):
            return Outcome()
        return await self._message(scene, event.text, _said(event))

    async def apologise(self, claim: Claim, hand: TurnInHand, why: str) -> None:
        """The last words on an event that is given up: nothing ends in silence."""
        text = (
            f"Something went wrong here and I could not answer. Please ask again. (reference {hand.id[-12:]})"
        )
        await self._scene(claim, hand).sink.say(Reply(text=text))

    def _scene(self, claim: Claim, hand: TurnInHand) -> Scene:
        adapter = self._adapters[claim.event.thread.platform]
        return Scene(
            claim=claim,
            hand=hand,
            sink=adapter.sink(claim.event, hand),
            manners=adapter.manners,
            policy=self._policy,
        )

    async def _message(self, scene: Scene, text: str, said: Said) -> Outcome:
        match read(text, self._catalog):
            case Ask(text=question, model=model):
                return await self._ask(scene, replace(said, text=question), model)
            case Command(name="ask", rest=rest):
                model, question = named(rest, self._catalog)
                if not model or not question:
                    return await self._say(scene, self._ask_usage(scene, "" if model else rest))
                return await self._ask(scene, replace(said, text=question), model)
            case Command(name="compare", rest=rest):
                return await self._say(scene, await self._comparison.command(scene, rest, said))
            case Command(name=name, rest=rest):
                return await self._say(scene, await self._commands.table[name](scene, rest))
            case Unclear(typed=typed, near=near):
                text = f"There is no command {plain(typed)}. Did you mean {listed([f'/{n}' for n in near])}?"
                return await self._say(scene, Spoken(reply=Reply(text=text, private=scene.private)))

    async def _ask(self, scene: Scene, asked: Said, model: str = "") -> Outcome:
        if not asked.text and not asked.files:
            return await self._say(scene, Spoken(reply=self._commands.hello(scene)))
        if (limit := await self._limits.reached(scene)) is not None:
            return await self._say(scene, limit)
        question = Question(asked=asked, prior=scene.claim.history, inline=model)
        return await self._answers.answer(scene, question)

    async def _button(self, scene: Scene, event: ButtonPressed) -> Outcome:
        first, _, rest = event.value.partition(" ")
        match event.action:
            case Action.RUN:
                return await self._message(scene, event.value, Said(author=event.author, text=event.value))
            case Action.PICK:
                return await self._say(scene, await self._picker.pressed(scene, event.value))
            case Action.AGAIN:
                return await self._once_more(scene, first)
            case Action.ASK:
                return await self._once_more(scene, first, rest)
            case Action.OTHER:
                return await self._say(scene, await self._others(scene, first))
            case Action.CONTINUE:
                return await self._go_on(scene, first)
            case Action.KEEP:
                kept = keep(scene, first, rest)
                return await self._say(scene, kept or Spoken(reply=Reply(text=GONE, private=scene.private)))
            case Action.UP | Action.DOWN:
                return _vote(scene.claim, first, event)
            case Action.STOP:
                return Outcome()  # the adapter turns it into a StopRequested

    async def _once_more(self, scene: Scene, turn_id: str, model: str = "") -> Outcome:
        """The same question again, to the same model or another; the new answer takes the old one's place."""
        history = scene.claim.history
        place = place_of(history, turn_id)
        if place is None:
            return await self._say(scene, Spoken(reply=Reply(text=GONE, private=scene.private)))
        if (limit := await self._limits.reached(scene)) is not None:
            return await self._say(scene, limit)
        old = history[place]
        question = Question(
            asked=old.asked, prior=history[:place], inline=model or old.model, instead_of=old.id
        )
        return await self._answers.answer(scene, question)

    async def _go_on(self, scene: Scene, turn_id: str) -> Outcome:
        """The model that was cut off goes on, as an answer of its own."""
        place = place_of(scene.claim.history, turn_id)
        if place is None:
            return await self._say(scene, Spoken(reply=Reply(text=GONE, private=scene.private)))
        return await self._ask(
            scene, Said(author=scene.event.author, text=GO_ON), scene.claim.history[place].model
        )

    async def _others(self, scene: Scene, turn_id: str) -> Spoken:
        place = place_of(scene.claim.history, turn_id)
        if place is None:
            return Spoken(reply=Reply(text=GONE, private=scene.private))
        return Spoken(reply=await self._picker.others(scene, scene.claim.history[place]))

    def _ask_usage(self, scene: Scene, unknown: str) -> Spoken:
        """How to ask; `unknown` begins with what is not a model's name."""
        word = unknown.partition(" ")[0]
        near = list(self._catalog.near(word, among=scene.usable(self._catalog.models))) if word else []
        text = f"“{plain(word, 60)}” is not a model I know. " if word else ""
        text += f"Did you mean {listed(near)}? " if near else ""
        text += "Write a model and a question: `/ask NAME question`."
        text += "" if near else " `/model` shows the names."
        return Spoken(reply=Reply(text=text, private=scene.private))

    async def _say(self, scene: Scene, spoken: Spoken) -> Outcome:
        await scene.sink.say(spoken.reply)
        return spoken.outcome


def _said(event: MessageReceived) -> Said:
    return Said(author=event.author, text=event.text, message=event.message, at=event.at, files=event.files)


def _rewrite(claim: Claim, message: str, text: str) -> Outcome:
    """An edit or a deletion reaches memory: the model sees what the message says now."""

    def now(said: Said) -> Said:
        if said.message != message:
            return said
        return replace(said, text=text, files=said.files if text else ())

    history = tuple(
        replace(turn, asked=now(turn.asked), heard=tuple(now(said) for said in turn.heard))
        for turn in claim.history
    )
    return Outcome(replace=history) if history != claim.history else Outcome()


def _vote(claim: Claim, turn_id: str, event: ButtonPressed) -> Outcome:
    """One vote per answer, the last one counts; it is kept with the model, the time and the cost."""
    place, vote = place_of(claim.history, turn_id), event.action.value
    if place is None or (claim.history[place].vote == vote and not event.comment):
        return Outcome()
    history = list(claim.history)
    history[place] = replace(history[place], vote=vote, comment=event.comment)
    return Outcome(replace=tuple(history))
