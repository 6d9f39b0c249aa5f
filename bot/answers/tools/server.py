"""The seam to what runs tools: an MCP server, or something that is built in."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from bot.domain.sign_ins import Caller
from bot.domain.tools import ToolDefinition, ToolResult


class ToolServer(Protocol):
    """One entry of `[tools.*]`."""

    @property
    def name(self) -> str: ...

    @property
    def trouble(self) -> str:
        """Why it cannot be used now and what to do about it, in one line for people; "" when it can."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Keeps it connected, in the background, while the process serves. Entering never waits for the server."""

    async def tools(self) -> Sequence[ToolDefinition]:
        """What it offers, from memory; waits a moment for the first listing. () while it is down. Never raises."""

    async def call(
        self, name: str, args: Mapping[str, Any], *, key: str, progress: Callable[[str], None]
    ) -> ToolResult:
        """Runs one tool, within the time and size limits. `key` is the same for every attempt at this call; `progress` hears
        short lines about it. Never raises but when cancelled: then the call was ended, and may have run.
        """


class PersonalServer(Protocol):
    """One entry at which everybody signs in as themselves."""

    @property
    def name(self) -> str: ...

    def running(self) -> AbstractAsyncContextManager[None]:
        """As of a ToolServer."""

    def of(self, caller: Caller) -> ToolServer:
        """The server as this person has it: their tools, and calls that run as them. Its `trouble` is known after `tools`,
        and both `tools` and `call` may raise StorageUnavailable.
        """

    def drop(self, caller: Caller) -> None:
        """Closes what is open in this person's name."""
