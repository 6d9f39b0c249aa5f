"""Precedence selects the model that answers: the first preference that counts.

The order: the message, the thread, the person, the channel, the workspace, the catalogue's default. A model
that the policy does not allow is skipped, and the person is told so. Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.auto_entry import AutoChoice
from bot.domain.catalog import Catalog, Entry, Model
from bot.domain.errors import SwitchboardError
from bot.domain.preferences import ModelPreferences
from bot.models.auto_line import auto_line, named_models

Allowed = Callable[[Model], bool]
INLINE = "this message"


class NoModelAvailable(SwitchboardError):
    """No model is allowed or available here. The text is for the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecedenceStep:
    """One step of the precedence chain: its preference, and why it was skipped, if it was."""

    scope: str
    chosen: str = ""
    objection: str = ""
    wins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is selected, a model or auto, and the chain that led to it."""

    model: Entry
    chain: tuple[PrecedenceStep, ...]

    @property
    def scope(self) -> str:
        return next(link.scope for link in self.chain if link.wins)

    @property
    def objection(self) -> str:
        """Why an earlier preference was skipped, "" when none was."""
        return next((f"{link.chosen} {link.objection}" for link in self.chain if link.objection), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer(Selection):
    """Who answers one question: always a model, `auto` says why where nobody picked it."""

    model: Model
    auto: AutoChoice | None = None

    @property
    def remarks(self) -> list[str]:
        """For the quiet line: why the chosen one does not answer, and why this one does."""
        return [*filter(None, [self.objection]), *([self.auto.remark] if self.auto else [])]


def select_model(
    catalog: Catalog, preferences: ModelPreferences, allowed: Allowed, inline: str = ""
) -> Selection:
    """Walks the chain. Raises NoModelAvailable when no model is left."""
    if not catalog.models:
        raise NoModelAvailable(catalog.absent)
    steps = (
        (INLINE, inline),
        ("this thread", preferences.thread),
        ("you", preferences.person),
        ("this channel", preferences.channel),
        ("this workspace", preferences.workspace),
        ("the default", catalog.default_name),
    )
    chain: list[PrecedenceStep] = []
    winner: Entry | None = None
    for scope, named in steps:
        chosen = "" if catalog.hides(named) else named  # what others picked and this person cannot see
        entry = catalog.entry(chosen) if chosen else None
        objection = ""
        if chosen and entry is None:
            objection = "is not in the catalogue any more"
        elif entry and not may_pick(entry, catalog, allowed):
            objection = (isinstance(entry, Model) and entry.obstacle) or "is not allowed here"
        wins = winner is None and entry is not None and not objection
        chain.append(
            PrecedenceStep(scope=scope, chosen=chosen, objection="" if winner else objection, wins=wins)
        )
        winner = entry if wins else winner
    if winner is None:
        winner = next((model for model in catalog.models if allowed(model)), None)
        if winner is None:
            raise NoModelAvailable(
                "No model may be used here. Whoever runs Switchboard sets that under [policy]."
            )
        chain.append(PrecedenceStep(scope="the first allowed model", chosen=winner.name, wins=True))
    return Selection(model=winner, chain=tuple(chain))


def asked_by(entry: Entry, catalog: Catalog, allowed: Allowed) -> tuple[Model, ...]:
    """The models that may come to answer where this is selected."""
    if isinstance(entry, Model):
        return (entry,)
    line = {model.name: model for model in auto_line(entry, catalog)}
    line |= {model.name: model for model in named_models(entry.named, catalog)}
    return tuple(model for model in line.values() if allowed(model))


def may_pick(entry: Entry, catalog: Catalog, allowed: Allowed) -> bool:
    """Whether this may answer here: auto, as long as one of its models may."""
    return allowed(entry) if isinstance(entry, Model) else bool(asked_by(entry, catalog, allowed))


def pickable(catalog: Catalog, allowed: Allowed, *, featured: bool = False) -> list[Entry]:
    """What can be picked here: auto, where there are two to choose from, and the models. `featured`: few enough to read."""
    models = [model for model in (catalog.featured if featured else catalog.models) if allowed(model)]
    auto = catalog.auto
    return [auto, *models] if auto and len(asked_by(auto, catalog, allowed)) > 1 else [*models]
