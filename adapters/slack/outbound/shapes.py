"""The way down from the best message to the plainest, for a Slack that refuses the blocks in it.

Slack's versions differ in the blocks they know and in how many tables a message may hold, and none of them says so
before. What was refused once is not tried again with the same message.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from adapters.slack.outbound.rendering import layout
from bot.domain.errors import PlatformError

SHAPES: Final[Sequence[Callable[[dict[str, Any]], dict[str, Any]]]] = (
    dict, layout.one_table, layout.simple, layout.plainest,
)  # fmt: skip
REFUSED: Final = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "invalid_attachments", "msg_blocks_too_long", "msg_too_long"}
)

Answer = TypeVar("Answer")


class AcceptedShape:
    """The best shape of one message that Slack is not known to refuse."""

    def __init__(self) -> None:
        self._at = 0

    def of(self, content: dict[str, Any]) -> dict[str, Any]:
        return SHAPES[self._at](content)

    def refused(self, error: PlatformError) -> bool:
        """Whether the shape was what Slack refused, and there is a simpler one to try."""
        simpler = error.code in REFUSED and self._at + 1 < len(SHAPES)
        self._at += simpler
        return simpler

    async def send(
        self, call: Callable[[dict[str, Any]], Awaitable[Answer]], content: dict[str, Any]
    ) -> Answer:
        """Calls with the content in the first shape that is not refused."""
        while True:
            try:
                return await call(self.of(content))
            except PlatformError as error:
                if not self.refused(error):
                    raise
