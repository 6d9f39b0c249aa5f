"""Facts about models by name, from the bundled table facts.toml."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Self

from bot.models.sources import bare_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A model's limits (tokens) and abilities. None: not known."""

    context: int | None = None
    max_output: int | None = None
    vision: bool | None = None
    documents: bool | None = None
    tools: bool | None = None
    reasoning: bool | None = None


@cache
def search_prices() -> Mapping[str, float]:
    """USD for one search of the web, by the price data's names of vendors."""
    return dict(_bundled()["searches"])


class Facts:
    """Patterns over model ids, first match wins."""

    def __init__(self, rows: Sequence[tuple[str, Fact]]) -> None:
        self._rows = [(re.compile(pattern), fact) for pattern, fact in rows]

    @classmethod
    def bundled(cls) -> Self:
        table = _bundled()
        # A bundled row is complete: an ability it does not name is one the model does not have.
        able = {"vision": False, "documents": False, "tools": False, "reasoning": False}
        return cls([(row["match"], Fact(**(able | row["about"]))) for row in table["models"]])

    def about(self, model: str) -> Fact:
        """`model` is a vendor's id, also with what a platform adds ("openai/gpt-6-sol", "us.anthropic.claude-...-v1:0")."""
        name = bare_id(model)
        return next((fact for pattern, fact in self._rows if pattern.match(name)), Fact())


def _bundled() -> dict[str, Any]:
    return tomllib.loads(files("bot.models").joinpath("facts.toml").read_text(encoding="utf-8"))
