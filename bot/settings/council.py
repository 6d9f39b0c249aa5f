"""`[council]`: who answers `/council`, and who sums up."""

from typing import Self

from pydantic import model_validator

from bot.settings.toml_table import TomlTable

FEWEST, MOST = 2, 4


class CouncilEntry(TomlTable):
    """The members and the chair, by the names people type. Unset: three usable ones, of different providers first, and the
    default model as the chair.
    """

    models: tuple[str, ...] = ()
    chair: str = ""

    @model_validator(mode="after")
    def _enough(self) -> Self:
        names = list(dict.fromkeys(name.casefold() for name in self.models))
        if self.models and not FEWEST <= len(names) <= MOST:
            raise ValueError(f"models must name {FEWEST} to {MOST} different models")
        return self
