"""MCP servers as ToolServers. Imported only where one is configured: the SDK is slow to import.

The SDK's client belongs to the task that entered it, so each server has one that connects, lists and connects again. Calls run in
the tasks of those who call, as many at once as there are.
"""

import asyncio
import logging
import math
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import anyio
from mcp import Client, ClientSession, MCPError
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp_types import (
    CONNECTION_CLOSED,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    Implementation,
    InputRequiredResult,
    RequestParamsMeta,
    Tool,
    ToolListChangedNotification,
)
from pydantic import TypeAdapter

from bot.answers.tools.call_results import bearable, call_result
from bot.answers.tools.faults import WORDS, Fault, fault_words
from bot.answers.tools.mcp_lines import Line
from bot.answers.tools.offers import TOOLS, definitions
from bot.answers.tools.progress import ProgressLines
from bot.domain.formatting import clip, strip_controls
from bot.domain.tools import CallEnd, ToolDefinition, ToolResult

log = logging.getLogger(__name__)
CONNECT = 20.0  # seconds until it must have said what it offers
PAGES = 20
REFRESH = (60.0, 300.0, 3600.0)  # seconds between two listings: least, when nothing is said, most
CALM = 2.0  # seconds between two listings that were asked for by the server
BACKOFF = (1.0, 60.0)
ROUNDS = 8  # in which a server may say "not yet"
ANSWER: TypeAdapter[CallToolResult | InputRequiredResult] = TypeAdapter(CallToolResult | InputRequiredResult)
KEY = "switchboard/call"  # of `_meta`


@dataclass(frozen=True, slots=True)
class _Listed:
    """A tool as the SDK has it, in the shape of Offered."""

    tool: Tool

    @property
    def name(self) -> str:
        return self.tool.name

    @property
    def description(self) -> str | None:
        return self.tool.description

    @property
    def input_schema(self) -> dict[str, Any]:
        return self.tool.input_schema

    @property
    def read_only(self) -> bool:
        hints = self.tool.annotations
        return bool(hints and hints.read_only_hint)


class McpServer:
    """Implements ToolServer. `seconds` is for one call, `moment` for the first listing; what follows is for words."""

    def __init__(
        self,
        name: str,
        line: Line,
        *,
        seconds: float,
        moment: float,
        host: str = "",
        key: str = "",
        program: str = "",
    ) -> None:
        logging.getLogger("mcp").setLevel(logging.CRITICAL)  # it logs what servers send
        self.name = name
        self._line, self._seconds, self._moment = line, seconds, moment
        self._host, self._key, self._program = host, key, program
        self._session: ClientSession | None = None
        self._gone = anyio.Event()
        self._tools: tuple[ToolDefinition, ...] = ()
        self._trouble = f"{name} is still starting: try again in a moment."
        self._settled, self._stale = anyio.Event(), anyio.Event()

    @property
    def trouble(self) -> str:
        return self._trouble

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        failed: Exception | None = None
        async with asyncio.TaskGroup() as group:
            life = (
                anyio.CancelScope()
            )  # not the task: a server that goes at the same moment would swallow that
            group.create_task(self._live(life))
            try:
                yield
            except Exception as error:  # of whoever runs it, who gets it back as it was and not in a group
                failed = error
            finally:
                life.cancel()
        if failed is not None:
            raise failed

    async def tools(self) -> Sequence[ToolDefinition]:
        with anyio.move_on_after(self._moment):
            await self._settled.wait()
        return self._tools

    async def call(
        self, name: str, args: Mapping[str, Any], *, key: str, progress: Callable[[str], None]
    ) -> ToolResult:
        session = self._session
        if session is None or self._gone.is_set():
            return _failed(f"{self._trouble} The call was not run.")
        told = ProgressLines(progress)
        try:
            with anyio.fail_after(self._seconds):
                answer = await self._answer(session, name, args, key, told)
        except TimeoutError:
            return _unknown(f"{self.name} gave no answer within {self._seconds:g} seconds")
        except MCPError as error:
            return self._refused(error)
        except ValueError:
            return _unknown(f"{self.name} answered with something that is no result")
        if isinstance(answer, InputRequiredResult):
            return _failed(
                f"{self.name} asked for something that it cannot have here. The call was not finished."
            )
        return call_result(answer.model_dump(by_alias=True, mode="json"))

    async def _answer(
        self, session: ClientSession, name: str, args: Mapping[str, Any], key: str, told: ProgressLines
    ) -> CallToolResult | InputRequiredResult:
        """Without the SDK's check against the server's own output schema: its patterns may take for ever."""
        state: str | None = None
        meta = cast(RequestParamsMeta, {KEY: key})
        for _ in range(ROUNDS):
            params = CallToolRequestParams(name=name, arguments=dict(args), request_state=state, _meta=meta)
            answer = await session.send_request(
                CallToolRequest(params=params), ANSWER, progress_callback=told.hear
            )
            if isinstance(answer, CallToolResult) or answer.input_requests or not answer.request_state:
                return answer
            state = answer.request_state
            await anyio.sleep(0.25)
        return answer

    def _refused(self, error: MCPError) -> ToolResult:
        words = WORDS.get(error.code)
        if words is None and error.code != CONNECTION_CLOSED:
            said = bearable(error.message, 2_000)
            return _failed(f"{self.name} refused the call: {said}")
        self._stale.set()  # so that it is found out whether it is still there
        if words is None:
            return _unknown(f"{self.name} broke off before it answered")
        text = self._words(error)
        return _unknown(text.rstrip(".")) if words.may_have_run else _failed(f"{text} The call was not run.")

    async def _live(self, life: anyio.CancelScope) -> None:
        with life:
            await self._keep_connected()

    async def _keep_connected(self) -> None:
        pause = BACKOFF[0]
        while True:
            try:
                await self._serve()
            except Exception as error:  # whatever a server does, it must not end the process
                trouble = self._words(_first(error))
                pause = min(pause * 2, BACKOFF[1]) if trouble == self._trouble else BACKOFF[0]
                if trouble != self._trouble:
                    log.warning("%s", trouble)
                self._tools, self._trouble = (), trouble
            self._settled.set()
            await asyncio.sleep(pause * random.uniform(0.75, 1.0))  # noqa: S311 - replicas apart from each other

    async def _serve(self) -> None:
        """Connects and keeps the listing true. Ends by raising."""
        gone = self._gone = anyio.Event()
        with anyio.CancelScope(deadline=anyio.current_time() + CONNECT) as patience:
            client = Client(
                self._line(gone),
                cache=None,
                client_info=Implementation(name="switchboard", version="1"),
                message_handler=self._notified,
            )
            async with client, anyio.create_task_group() as group:
                group.start_soon(self._watch, gone)
                wait = await self._list(client)
                patience.deadline = math.inf
                self._session, self._trouble = client.session, ""
                self._settled.set()
                group.start_soon(self._listen, client)
                try:
                    await self._keep_listing(client, wait)
                finally:
                    self._session = None
        if patience.cancelled_caught:
            raise TimeoutError

    async def _keep_listing(self, client: Client, wait: float) -> None:
        while True:
            with anyio.move_on_after(wait):
                await self._stale.wait()
                await anyio.sleep(CALM)
            self._stale = anyio.Event()
            with anyio.fail_after(CONNECT):
                wait = await self._list(client)

    async def _watch(self, gone: anyio.Event) -> None:
        await gone.wait()
        raise EOFError

    async def _list(self, client: Client) -> float:
        """Learns what it offers. Gives the seconds for which that is true."""
        listed: list[Tool] = []
        cursor, wait = None, REFRESH[1]
        if client.server_capabilities.tools is None:
            self._tools = ()
            return REFRESH[2]
        for _ in range(PAGES):
            page = await client.list_tools(cursor=cursor)
            listed += page.tools
            wait = min(wait, page.ttl_ms / 1000) if page.ttl_ms else wait
            cursor = page.next_cursor
            if not cursor or len(listed) > TOOLS:
                break
        self._tools = definitions(self.name, [_Listed(tool) for tool in listed])
        return max(REFRESH[0], min(wait, REFRESH[2]))

    async def _notified(self, message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            self._stale.set()

    async def _listen(self, client: Client) -> None:
        """For changes of the listing, where servers tell them only to those who ask."""
        while True:
            try:
                async with client.listen(tools_list_changed=True) as changes:
                    self._stale.set()  # for what changed before somebody listened
                    async for _ in changes:
                        self._stale.set()
            except (ListenNotSupportedError, MCPError):
                return  # it is not offered
            except (SubscriptionLost, TimeoutError):
                self._stale.set()
            await anyio.sleep(REFRESH[0])

    def _words(self, error: BaseException) -> str:
        """One line for people."""
        if isinstance(error, MCPError):
            code = CONNECTION_CLOSED if self._program and error.code == Fault.NOT_WRITTEN else error.code
            known = fault_words(code, name=self.name, host=self._host, key=self._key)
            if known:
                return known
            if code != CONNECTION_CLOSED:
                return f"{self.name} refuses to work: {clip(strip_controls(error.message), 200)}"
        if self._program and isinstance(error, FileNotFoundError | PermissionError):
            return f"{self.name} cannot be started: there is no program {self._program} that may be run."
        if (
            self._program
            and isinstance(error, MCPError | EOFError | OSError)
            and not isinstance(error, TimeoutError)
        ):
            return f"{self.name} has ended by itself: run {self._program} by hand to see why. It is started again."
        if isinstance(error, TimeoutError):
            what = f"{self._program} an MCP server" if self._program else f"an MCP server at {self._host}"
            return f"{self.name} did not say what it offers within {CONNECT:.0f} seconds: is {what}?"
        return f"{self.name} does not speak as an MCP server does ({type(error).__name__})."


def _first(error: BaseException) -> BaseException:
    """The cause in a group, where it is one: the SDK's tasks fail in groups of groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _failed(text: str) -> ToolResult:
    return ToolResult(text=text, end=CallEnd.FAILED)


def _unknown(text: str) -> ToolResult:
    return ToolResult(text=f"{text}. The call was sent, so it may have run.", end=CallEnd.UNKNOWN)
