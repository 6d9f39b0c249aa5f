"""Precedence selects the model that answers: the first preference that counts.

The order: the message, the thread, the person, the channel, the workspace, the catalogue's default. A model
that the policy does not allow is skipped, and the person is told so. Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.catalog import Catalog, Model
from bot.domain.errors import SwitchboardError
from bot.domain.preferences import ModelPreferences

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
    """The selected model, and the chain that led to it."""

    model: Model
    chain: tuple[PrecedenceStep, ...]

    @property
    def scope(self) -> str:
        return next(link.scope for link in self.chain if link.wins)

    @property
    def objection(self) -> str:
        """Why an earlier preference was skipped, "" when none was."""
        return next((f"{link.chosen} {link.objection}" for link in self.chain if link.objection), "")


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
        ("the default", catalog.default.name if catalog.default else ""),
    )
    chain: list[PrecedenceStep] = []
    winner: Model | None = None
    for scope, named in steps:
        chosen = "" if catalog.hides(named) else named  # what others picked and this person cannot see
        model = catalog.find(chosen) if chosen else None
        objection = ""
        if chosen and model is None:
            objection = "is not in the catalogue any more"
        elif model and not allowed(model):
            objection = model.obstacle or "is not allowed here"
        wins = winner is None and model is not None and not objection
        chain.append(
            PrecedenceStep(scope=scope, chosen=chosen, objection="" if winner else objection, wins=wins)
        )
        winner = model if wins else winner
    if winner is None:
        winner = next((model for model in catalog.models if allowed(model)), None)
        if winner is None:
            raise NoModelAvailable(
                "No model may be used here. Whoever runs Switchboard sets that under [policy]."
            )
        chain.append(PrecedenceStep(scope="the first allowed model", chosen=winner.name, wins=True))
    return Selection(model=winner, chain=tuple(chain))
