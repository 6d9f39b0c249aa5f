"""Keeps an answer's pictures until they are shown: after a crash, the next attempt shows them without asking again."""

import base64
import json
from collections.abc import Sequence

from bot.domain.stream_parts import GeneratedPicture
from bot.domain.turns import Turn
from bot.ports import SecretStore

SECONDS = 900  # in which a turn that was interrupted is shown; nothing else erases them


class PictureKeeper:
    """Pictures by the turn they belong to, and only for so long: a conversation remembers that there were some."""

    def __init__(self, store: SecretStore) -> None:
        self._store = store

    async def keep(self, turn: str, pictures: Sequence[GeneratedPicture]) -> None:
        """One round trip for each. Raises StorageUnavailable."""
        for number, picture in enumerate(pictures):
            data = base64.b64encode(picture.data).decode()
            kept = json.dumps({"name": picture.name, "media_type": picture.media_type, "data": data})
            await self._store.put(_name(turn, number), kept, seconds=SECONDS)

    async def kept(self, turn: Turn) -> Sequence[GeneratedPicture]:
        """Those that are still there. Raises StorageUnavailable."""
        found = [await self._store.get(_name(turn.id, number)) for number in range(len(turn.pictures))]
        pictures = map(json.loads, filter(None, found))
        return [GeneratedPicture(**{**one, "data": base64.b64decode(one["data"])}) for one in pictures]


def _name(turn: str, number: int) -> str:
    return f"picture:{turn}:{number}"
