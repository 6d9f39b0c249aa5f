"""Auto: who answers where people left the choice to Switchboard. Decided once for each question, and kept with the turn."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.answers.auto_decision import AutoCase, Contender, decide
from bot.answers.budgets import SYSTEM, expected_output
from bot.answers.files_at_hand import RECENT, Sayings
from bot.answers.precedence import Answerer, Selection, asked_by
from bot.answers.question import Question, sayings_of
from bot.answers.tools.toolbox import Toolbox
from bot.context import Context
from bot.domain.attached import is_picture
from bot.domain.auto_entry import AutoChoice, AutoEntry
from bot.domain.catalog import Catalog, Model
from bot.domain.health import HealthState
from bot.domain.prompt import Search, tokens
from bot.domain.prompt_building import HOUR, expected_size, fills, prompt_room
from bot.domain.question_kinds import QuestionKind, kind_of
from bot.domain.turns import Turn, index_of
from bot.health_ports import Health
from bot.models.auto_line import auto_line, named_models
from bot.models.estimates import CostEstimates
from bot.models.pricing import Corrections

ENDLESS = 10**9  # tokens of a window that everything fits into


class Strengths(Protocol):
    """What a scoreboard knows of the models, from what people did with their answers."""

    async def strengths(self, workspace: str, kind: QuestionKind) -> Mapping[str, float]:
        """By model name, for this kind of question, as this workspace rates them. 0 is the average; unknown ones are left out.
        Answered from memory for some seconds.
        """


class Unrated:
    """Where nothing is known of how people like the answers."""

    async def strengths(self, workspace: str, kind: QuestionKind) -> Mapping[str, float]:
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoChooser:
    """Makes an Answerer of what precedence selected."""

    catalog: Catalog
    health: Health
    toolbox: Toolbox
    estimates: CostEstimates
    corrections: Corrections
    strengths: Strengths

    async def answerer(self, context: Context, question: Question, selected: Selection) -> Answerer:
        """Costs a round trip where a choice is made: it is stored, so that no attempt makes another. Raises
        what `TurnHandle.choose` raises.
        """
        auto = selected.model
        if isinstance(auto, Model):
            return Answerer(model=auto, chain=selected.chain, auto=_regenerated(context, question, auto))
        models = {model.name: model for model in asked_by(auto, self.catalog, context.allowed)}
        choice = _made(context, question)
        if choice is None or choice.model not in models:
            choice = await self._choice(context, question, auto, list(models.values()))
            await context.turn_handle.choose(choice)
        return Answerer(model=models[choice.model], chain=selected.chain, auto=choice)

    def knows_enough(self, context: Context, auto: AutoEntry, prior: Sequence[Turn]) -> bool:
        """Whether these turns before a question tell all that the choice depends on: the latest questions, or all that costs."""
        if auto.usd_per_answer is None and sum(turn.is_question for turn in prior) >= RECENT:
            return True
        models = asked_by(auto, self.catalog, context.allowed)
        return fills(prior, max((model.context for model in models), default=0))

    async def _choice(
        self, context: Context, question: Question, auto: AutoEntry, models: Sequence[Model]
    ) -> AutoChoice:
        said = sayings_of(question)
        case = self._case(context, question, auto, said)
        conditions = await self.health.conditions([model.key for model in models])
        ratings = await self.strengths.strengths(context.workspace, case.kind)
        whole = _size(context, question, question.prior) if case.cap < math.inf else 0
        regular = {model.name for model in auto_line(auto, self.catalog)}
        return decide(
            case,
            [
                Contender(
                    model=model,
                    room=prompt_room(model, correction=self.corrections.of(model)),
                    tools=self.toolbox.serves_here(context, model),
                    cost=self._cost(question, model, whole) if whole else None,
                    up=conditions[model.key].state is not HealthState.DOWN and not self.catalog.reach(model),
                    strength=ratings.get(model.name, 0.0),
                    regular=model.name in regular,
                )
                for model in models
            ],
        )

    def _case(self, context: Context, question: Question, auto: AutoEntry, said: Sayings) -> AutoCase:
        old = _turn(context, question.instead_of)
        return AutoCase(
            turn=context.turn_handle.id,
            kind=kind_of(question.asked.text, question.asked.files),
            size=_size(context, question, said.earlier[-RECENT:]),
            pictures=any(is_picture(file.media_type) and not file.trouble for file in said.files),
            search=question.search is Search.MUST,
            before=_before(said),
            instead=old.model if old else "",
            cap=math.inf if auto.usd_per_answer is None else auto.usd_per_answer,
            explore=auto.explore,
            roles={
                word: [model.name for model in named_models(names, self.catalog)]
                for word, names in (("pictures", auto.vision), ("long", auto.long), ("code", auto.code))
            },
        )

    def _cost(self, question: Question, model: Model, whole: int) -> float | None:
        """USD; `whole`: tokens of all there is to show."""
        searched = bool(question.search) and model.searches
        read = min(whole, model.context)
        return self.estimates.answer(model, read, wrote=expected_output(model), searched=searched)


def _before(said: Sayings) -> str:
    """Whom auto chose last, "" after a pause so long that no vendor remembers the prompt: then there is nothing to keep."""
    last = next((turn for turn in reversed(said.earlier) if turn.auto), None)
    return last.model if last and said.asked.at - last.asked.at < HOUR else ""


def _size(context: Context, question: Question, prior: Sequence[Turn]) -> int:
    """Estimated tokens of all of it."""
    endless = Model(name="", provider="", model="", context=ENDLESS, vision=True)
    system = SYSTEM + tokens(context.policy.system)
    return expected_size(prior, question.asked, endless, system=system, heard=question.heard)


def _turn(context: Context, id: str) -> Turn | None:
    place = index_of(context.history, id)
    return None if place is None else context.history[place]


def _made(context: Context, question: Question) -> AutoChoice | None:
    """The choice of an earlier attempt, or of the answer that goes on: that one's model goes on with it."""
    old = _turn(context, question.continues)
    if old and old.auto:
        return replace(old.auto, model=old.model)
    return context.claim.record.auto


def _regenerated(context: Context, question: Question, model: Model) -> AutoChoice | None:
    """An answer that auto chose the model for is made anew by the same one, and still counts as its choice."""
    old = _turn(context, question.instead_of)
    return old.auto if old and old.model == model.name else None
