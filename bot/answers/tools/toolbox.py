"""The tools of `[tools.*]`: which a model is offered, which run without asking, and running them."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from enum import Enum, auto
from fnmatch import fnmatchcase

from bot.answers.tools.arguments import BadArguments, canonical, checked
from bot.answers.tools.names import called_in_prompts
from bot.answers.tools.server import PersonalServer, ToolServer
from bot.answers.tools.sign_in_tool import sign_in_result
from bot.context import Context
from bot.domain.approvals import showable_arguments
from bot.domain.attached import IMAGES
from bot.domain.catalog import Model
from bot.domain.events import ButtonPressed
from bot.domain.formatting import clip, strip_controls
from bot.domain.generated import file_name
from bot.domain.preferences import Standing
from bot.domain.prompt import Tool
from bot.domain.replies import DECIDING
from bot.domain.sign_ins import Caller
from bot.domain.stream_parts import ToolCall
from bot.domain.tools import CallEnd, ToolDefinition, ToolFile, ToolResult
from bot.domain.turns import Step, StepState
from bot.settings.tool_entries import ToolEntry

log = logging.getLogger(__name__)
MOST_TOOLS = 128  # that a model is offered
MOST_CALLS = 16  # at once
DESCRIPTION = 1_000  # characters a model is told of a tool
TROUBLE = 160  # characters of a server's trouble in a quiet line
STORED = 40_000  # characters of a result
GRACE = 10.0  # seconds after a server's own limit
KEY = 8  # characters of the shortest secret that is looked for

GONE = "{name} is not offered any more, so it was not run."
CHANGED = "{name} changed since this was asked for, so it was not run."
HOLDS_KEY = "The arguments hold a key of this bot, so it was not run."
UNSHOWABLE = "The arguments are longer than 100,000 characters, which nobody can read who has to allow this. Ask for less."
TOO_MANY = f"More than {MOST_CALLS} calls at once: this one was not run. Call it again."
LOST = "It was interrupted while it ran, and no answer is known: it may have run. Say so, and do not call it again unasked."
ENDS = {CallEnd.DONE: StepState.DONE, CallEnd.FAILED: StepState.FAILED, CallEnd.UNKNOWN: StepState.UNKNOWN}


class Leave(Enum):
    """Whether a tool runs without asking."""

    RUN = auto()
    ASK = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTool:
    """A tool as one model is offered it."""

    definition: ToolDefinition
    leave: Leave

    @property
    def tool(self) -> Tool:
        return Tool(
            name=called_in_prompts(self.definition.full_name),
            description=clip(strip_controls(self.definition.description), DESCRIPTION),
            parameters=dict(self.definition.parameters),
        )


class Toolbox:
    """All tool servers of this process."""

    def __init__(
        self,
        *,
        servers: Sequence[ToolServer] = (),
        personal: Sequence[PersonalServer] = (),
        entries: Mapping[str, ToolEntry] | None = None,
        secrets: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = {server.name: server for server in servers}
        self.personal = {server.name: server for server in personal}
        self.names = sorted({*self._shared, *self.personal})
        self._entries = entries or {}
        self._secrets = [one for one in secrets if len(one) >= KEY]
        self._clock = clock

    async def run(self) -> None:
        """Keeps the servers connected, until it is cancelled."""
        async with AsyncExitStack() as stack:
            for server in self._shared.values():
                await stack.enter_async_context(server.running())
            for people in self.personal.values():
                await stack.enter_async_context(people.running())
            await asyncio.Event().wait()

    def of(self, name: str, caller: Caller) -> ToolServer:
        """One of `names`, as this person has it."""
        return self.personal[name].of(caller) if name in self.personal else self._shared[name]

    def serves(self, server: str, model: Model) -> bool:
        """Whether this model may use this server at all."""
        if model.servers is not None and server not in model.servers:
            return False
        name = (model.stands_for or (model.name,))[0].casefold()
        return any(fnmatchcase(name, one.casefold()) for one in self._entries[server].models)

    def serves_here(self, context: Context, model: Model) -> bool:
        """Whether this model may use any server that is switched on in this conversation."""
        on = [name for name in self.names if name not in context.claim.preferences.tools.off]
        return model.tools and any(self.serves(name, model) for name in on)

    async def offered(self, context: Context, model: Model, caller: Caller) -> Mapping[str, OfferedTool]:
        """What this model is offered here for this person, by the name it has in prompts, always in the same order. Whoever
        has somebody else's question answered anew does not act as that person.
        """
        if not model.tools:
            return {}
        off = context.claim.preferences.tools.off
        usable = self.names if _theirs(context, caller) else self._shared
        names = [
            name for name in self.names if name in usable and name not in off and self.serves(name, model)
        ]
        found: dict[str, OfferedTool] = {}
        for name in names:
            for definition in await self.of(name, caller).tools():
                leave = self.leave(definition)
                if leave is not Leave.NEVER and len(found) < MOST_TOOLS:
                    one = OfferedTool(definition=definition, leave=leave)
                    found[one.tool.name] = one
        return found

    def missing(self, context: Context, name: str) -> str:
        """Why a tool is not offered here, for the quiet line."""
        server, _, tool = name.partition(".")
        if server in context.claim.preferences.tools.off:
            return f"{server} is switched off in this thread"
        if server in self.personal:
            return f"{server} does not offer {tool} to you"
        held = self._shared.get(server)
        return clip(held.trouble if held else "", TROUBLE) or f"{server} does not offer {tool}"

    def leave(self, definition: ToolDefinition) -> Leave:
        """What the operator said of it. What a server says of itself decides nothing."""
        entry = self._entries[definition.server]
        names = (definition.name, definition.full_name)
        if any(fnmatchcase(name, one) for one in entry.never for name in names):
            return Leave.NEVER
        if definition.signs_in:
            return Leave.ASK
        return Leave.RUN if any(fnmatchcase(name, one) for one in entry.run for name in names) else Leave.ASK

    def planned(
        self, call: ToolCall, step: Step, offered: Mapping[str, OfferedTool], always: Collection[Standing]
    ) -> Step:
        """What becomes of a call: it may run, it waits for a person, or it failed before it began. `always`: what the asker
        lets run in this thread.
        """
        if (one := offered.get(call.name)) is None:
            known = ", ".join(sorted(offered)) or "none"
            return failed(
                replace(step, name=clip(call.name, 80) or "?"), f"There is no such tool. There are: {known}."
            )
        definition = one.definition
        step = replace(
            step,
            name=definition.full_name,
            fingerprint=definition.fingerprint,
            signs_in=definition.signs_in,
            personal=definition.server in self.personal,
        )
        try:
            step = replace(step, args=canonical(call.args))
            checked(step.args, definition.parameters)
        except BadArguments as fault:
            return failed(step, str(fault))
        if any(secret in step.args for secret in self._secrets):
            return failed(replace(step, args="{}"), HOLDS_KEY)
        allowed = {(each.tool, each.fingerprint) for each in always}
        if one.leave is Leave.RUN or (step.name, step.fingerprint) in allowed:
            return replace(step, state=StepState.ALLOWED)
        if not showable_arguments(step.args):
            return failed(step, UNSHOWABLE)
        return replace(step, state=StepState.ASKED)

    async def still(self, step: Step, caller: Caller) -> str:
        """Why a call that was allowed may not run any more; "" when it may."""
        server, _, name = step.name.partition(".")
        if server not in self.names:
            return GONE.format(name=step.name)
        if step.signs_in:
            return ""
        found = [one for one in await self.of(server, caller).tools() if one.name == name]
        if not found or self.leave(found[0]) is Leave.NEVER:
            return GONE.format(name=step.name)
        return "" if found[0].fingerprint == step.fingerprint else CHANGED.format(name=step.name)

    async def call(
        self, step: Step, caller: Caller, *, key: str, progress: Callable[[str], None]
    ) -> tuple[Step, ToolResult]:
        """Runs one call that may run, as this person where the server knows people. Raises nothing but CancelledError: then
        it may have run.
        """
        server, _, name = step.name.partition(".")
        began = self._clock()
        try:
            async with asyncio.timeout(self._entries[server].seconds + GRACE):
                result = await _called(self.of(server, caller), step, name, key=key, progress=progress)
        except TimeoutError:
            result = ToolResult(text=LOST, end=CallEnd.UNKNOWN)
        except Exception:  # whatever a server's connection does: the answer waits for every call
            log.exception("a call broke off", extra={"tool": step.name})
            result = ToolResult(text=LOST, end=CallEnd.UNKNOWN)
        done = replace(
            step,
            state=ENDS[result.end],
            result=_cut(result.text) + "".join(map(_unseen, result.files)),
            seconds=round(self._clock() - began, 1),
        )
        return done, result


def _theirs(context: Context, caller: Caller) -> bool:
    """Whether this answer is by that person's own word; letting one go on that they began is for others, too."""
    event = context.event
    return event.author.id == caller.person or (isinstance(event, ButtonPressed) and event.action in DECIDING)


async def _called(
    server: ToolServer, step: Step, name: str, *, key: str, progress: Callable[[str], None]
) -> ToolResult:
    if step.signs_in:
        return sign_in_result(server.name, await server.tools(), server.trouble)
    return await server.call(name, json.loads(step.args), key=key, progress=progress)


def failed(step: Step, why: str) -> Step:
    """A call that was not run."""
    return replace(step, state=StepState.FAILED, result=why)


def _unseen(file: ToolFile) -> str:
    """What the model is told of a file that only the person gets."""
    if file.media_type in IMAGES:
        return ""
    return f"\n(it also gave the file {file_name(file.name)}, {len(file.data):,} bytes, which the person gets with this answer)"


def _cut(text: str) -> str:
    return text if len(text) <= STORED else f"{text[:STORED]}\n(cut here: {len(text):,} characters in all)"
