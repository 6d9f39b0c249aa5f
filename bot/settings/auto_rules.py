"""`[auto]`: how a model is chosen for each question where people picked `auto`."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from bot.domain.auto_entry import AutoEntry
from bot.settings.toml_table import Dollars, TomlTable


def _listed(said: object) -> object:
    """One name, or several in the order of preference."""
    names = [said] if isinstance(said, str) else said
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
        raise ValueError('must be a model\'s name in quotes, or a list of names: ["claude", "grok"]')
    return tuple(names)


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class AutoRules(TomlTable):
    """All of it may be left out."""

    vision: Names = ()  # whom to ask where pictures are shown
    long: Names = ()  # ... where it does not fit the window of whoever would be asked otherwise
    code: Names = ()  # ... about code
    models: Names = ()  # whom to choose from, first choice first; (): those a picker shows
    usd_per_answer: Dollars | None = None  # an answer estimated to cost more is left to a cheaper model
    explore: Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)] = (
        0.1  # share of choices that try another model, so that the scoreboard learns
    )

    @property
    def entry(self) -> AutoEntry:
        return AutoEntry(
            vision=self.vision,
            long=self.long,
            code=self.code,
            models=self.models,
            usd_per_answer=self.usd_per_answer,
            explore=self.explore,
        )
