"""What the model picker shows besides what the catalogue knows. All other ports are in bot/ports.py."""

from collections.abc import Mapping
from typing import Protocol


class ScoreWords(Protocol):
    """What a team's own votes say of models, in a few words each."""

    async def words(self, workspace: str) -> Mapping[str, str]:
        """By the catalogue's name, for those of which there is something to say. `workspace` is "platform:id"."""
