"""/compare: the same question to two to four models at once, side by side."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from bot.answers.answering import Answers, Prompts, Question
from bot.answers.attempt import Attempt
from bot.answers.fallback import Allowed, Relay
from bot.answers.limits import Limits
from bot.context import Scene, Spoken
from bot.conversation.command_parser import compared
from bot.domain.catalog import Catalog, Model
from bot.domain.formatting import listed, money, plain
from bot.domain.replies import Action, Button, Reply, Section
from bot.domain.stream_parts import Usage
from bot.domain.turns import Candidate, Said, Turn, place_of
from bot.models.pricing import Prices
from bot.ports import Outcome

FEWEST, MOST = 2, 4
USAGE = "Write two to four models and a question: `/compare grok claude: question`."


class Comparison:
    """Asks several models the same question and lets the person keep one answer."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        relay: Relay,
        answers: Answers,
        prices: Prices,
        limits: Limits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._catalog = catalog
        self._relay = relay
        self._answers = answers
        self._prices = prices
        self._limits = limits
        self._clock = clock

    async def command(self, scene: Scene, rest: str, asked: Said) -> Spoken:
        """Says what is going on, asks everybody, and returns the comparison."""
        if final := scene.claim.record.final:
            return _side_by_side(scene, final)
        names, question = compared(rest)
        models, unknown = chosen(names, self._catalog, scene.allowed)
        if unknown:
            return Spoken(reply=self._unknown(scene, unknown))
        if not question or not FEWEST <= len(models) <= MOST:
            return Spoken(reply=Reply(text=USAGE, private=scene.private))
        if (limit := await self._limits.reached(scene, answers=len(models))) is not None:
            return limit
        await scene.sink.say(_waiting(scene, models))
        asked = replace(asked, text=question)
        turn = self._turn(scene, asked, await self._ask_all(scene, models, asked))
        await scene.hand.keep(turn)
        return _side_by_side(scene, turn)

    async def _ask_all(self, scene: Scene, models: Sequence[Model], asked: Said) -> list[Candidate]:
        question = Question(asked=asked, prior=scene.claim.history)
        prompt_for = await self._answers.prompts(scene, question)
        async with asyncio.TaskGroup() as group:
            asks = [group.create_task(self._ask(scene, model, prompt_for)) for model in models]
        return [ask.result() for ask in asks]

    async def _ask(self, scene: Scene, model: Model, prompt_for: Prompts) -> Candidate:
        """One model's answer, whatever happens to it. Nobody steps in: it is this model that is compared."""
        attempt = Attempt(model=model, began=self._clock())
        relayed = self._relay.stream(model, (), prompt_for)
        async with aclosing(attempt.watch(relayed, scene.hand.stop)) as pieces:
            async for _ in pieces:
                pass
        prompt_for.settle(attempt)
        return Candidate(
            model=model.name,
            answer=attempt.text,
            seconds=round(self._clock() - attempt.began, 1),
            usage=attempt.usage,
            cost=self._prices.cost(model, attempt.usage, attempt.served) if attempt.usage else None,
            notice=attempt.ending()[1],
        )

    def _turn(self, scene: Scene, asked: Said, candidates: list[Candidate]) -> Turn:
        """Until one is kept, the first answer that came is the one the conversation goes on from."""
        first = next((one for one in candidates if one.answer), candidates[0])
        costs = [one.cost for one in candidates if one.cost is not None]
        used = [one.usage for one in candidates if one.usage is not None]
        return Turn(
            id=scene.hand.id,
            asked=asked,
            answer=first.answer,
            model=first.model,
            candidates=tuple(candidates),
            usage=Usage(
                input=sum(one.input for one in used),
                output=sum(one.output for one in used),
                reasoning=sum(one.reasoning for one in used),
                cache_read=sum(one.cache_read for one in used),
            ),
            cost=sum(costs) if costs else None,
            seconds=max(one.seconds for one in candidates),
            at=self._clock(),
        )

    def _unknown(self, scene: Scene, name: str) -> Reply:
        near = list(self._catalog.near(name, among=scene.usable(self._catalog.models)))
        text = f"“{plain(name, 60)}” is not a model I can ask here."
        text += f" Did you mean {listed(near)}?" if near else f" {USAGE}"
        return Reply(text=text, private=scene.private)


def chosen(names: Sequence[str], catalog: Catalog, allowed: Allowed) -> tuple[list[Model], str]:
    """The models that are meant, each once, and the first name that means none that may be asked here."""
    found: dict[str, Model] = {}
    for name in names:
        model = catalog.find(name)
        if model is None or not allowed(model):
            return [], name
        found[model.name] = model
    return list(found.values()), ""


def keep(scene: Scene, turn_id: str, name: str) -> Spoken | None:
    """Makes one answer of a comparison the one the conversation goes on from; None when it is not there."""
    history = list(scene.claim.history)
    place = place_of(history, turn_id)
    candidates = () if place is None else history[place].candidates
    kept = next((one for one in candidates if one.model == name), None)
    if place is None or kept is None or not kept.answer:
        return None
    history[place] = replace(history[place], answer=kept.answer, model=kept.model)
    outcome = Outcome(replace=tuple(history), thread_choice=kept.model if scene.threaded else None, join=True)
    text = f"Kept **{plain(name)}**'s answer. The conversation goes on from there"
    text += f", and **{plain(name)}** answers in this thread from now on." if scene.threaded else "."
    return Spoken(reply=Reply(text=text, private=scene.private), outcome=outcome)


def _waiting(scene: Scene, models: Sequence[Model]) -> Reply:
    text = f"Asking {listed([model.name for model in models], 'and')} …"
    stop = Button(action=Action.STOP, label="Stop", value=scene.hand.id, danger=True)
    return Reply(title="Comparison", text=text, buttons=(stop,), private=scene.private)


def _side_by_side(scene: Scene, turn: Turn) -> Spoken:
    sections = tuple(
        Section(
            title=one.model,
            text=one.answer or one.notice,
            note=_note(one),
            buttons=(Button(action=Action.KEEP, label=f"Keep {one.model}", value=f"{turn.id} {one.model}"),)
            if one.answer
            else (),
        )
        for one in turn.candidates
    )
    reply = Reply(title="Comparison", text="", sections=sections, private=scene.private)
    return Spoken(reply=reply, outcome=Outcome(append=(turn,), join=True, counted=turn))


def _note(one: Candidate) -> str:
    parts = [f"{one.seconds:.1f} s"]
    if one.cost is not None:
        parts.append(f"about {money(one.cost)}")
    if one.notice and one.answer:
        parts.append(one.notice)
    return " · ".join(parts)
