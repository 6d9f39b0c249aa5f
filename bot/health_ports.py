"""The port of the models' health; all others are in bot/ports.py."""

from collections.abc import Collection, Mapping
from typing import Protocol

from bot.domain.errors import ModelError
from bot.domain.health import ModelHealth


class Health(Protocol):
    """The health of models, shared by all replicas. Implemented by bot.storage.health on Redis.

    Keys are `Model.key`. Never raises when Redis is away: then every model counts as up.
    """

    async def conditions(self, keys: Collection[str]) -> Mapping[str, ModelHealth]:
        """Answers from memory when asked again within about a second, otherwise in one round trip."""

    async def probe(self, key: str) -> bool:
        """Whether this question may probe a model whose cool-down is over. One question at a time."""

    async def report(
        self,
        key: str,
        error: ModelError | None = None,
        *,
        late: bool = False,
        question: str = "",
        first: float | None = None,
    ) -> None:
        """An attempt's result. `late`: it was slow. `first`: seconds until its first word. An error about the request shows that the model is up; a doubtful
        one counts once two different questions met it (`question`: a digest, the same for the same words).
        """
