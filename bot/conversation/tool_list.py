"""/tools: what the model may use here, what each tool needs, and what is switched off in this thread."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.answers.precedence import asked_by, select_model
from bot.answers.tools.server import ToolServer
from bot.answers.tools.toolbox import Leave, Toolbox
from bot.context import Context, Response
from bot.conversation.signing_in import SignIns, caller_of_event
from bot.domain.catalog import Catalog, Model
from bot.domain.claims import Outcome
from bot.domain.formatting import escape_markdown, join_names, strip_controls
from bot.domain.replies import Action, Button, Reply
from bot.domain.tools import ToolDefinition

NONE = "No tools are set up. Whoever runs Switchboard adds them under `[tools.NAME]` in switchboard.toml."
NAMED = 12  # tools of a server that are named in the list
DESCRIBED = 40  # ... and described on a page of its own
DESCRIPTION = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """A server's line in the list, and what can be pressed about it."""

    line: str
    buttons: tuple[Button, ...] = ()


class ToolList:
    """Shows the tools, and switches servers on and off."""

    def __init__(self, *, toolbox: Toolbox, catalog: Catalog, sign_ins: SignIns) -> None:
        self._toolbox = toolbox
        self._sign_ins = sign_ins
        self._catalog = catalog

    async def command(self, context: Context, rest: str) -> Response:
        words = rest.split()
        if not (servers := self._toolbox.names):
            return Response(reply=Reply(text=NONE, private=context.private))
        match [word.casefold() for word in words]:
            case []:
                return Response(reply=await self._all(context))
            case ["on" | "off" as how, name] if (found := _known(servers, name)) is not None:
                return self._switched(context, found, off=how == "off")
            case ["sign-in" | "login", name] if (found := _known(servers, name)) is not None:
                return await self._sign_ins.sign_in(context, found)
            case ["sign-out" | "logout", name] if (found := _known(servers, name)) is not None:
                return await self._sign_ins.sign_out(context, found)
            case [*_, name] if (found := _known(servers, name)) is not None:
                return Response(reply=await self._one(context, found))
            case _:
                typed = escape_markdown(words[-1], 60)
                text = f"There is no tool server “{typed}”. There are {join_names(servers, 'and')}."
                return Response(reply=Reply(text=text, private=context.private))

    async def _all(self, context: Context) -> Reply:
        model = select_model(self._catalog, context.claim.preferences, context.allowed).model
        asked = asked_by(model, self._catalog, context.allowed)
        listed = [await self._listed(context, name, model.name, asked) for name in self._toolbox.names]
        off = context.claim.preferences.tools.off
        switches = tuple(
            Button(
                action=Action.RUN,
                label=f"Switch {'on' if name in off else 'off'} {name}",
                value=f"/tools {'on' if name in off else 'off'} {name}",
            )
            for name in self._toolbox.names
        )
        doors = tuple(button for one in listed for button in one.buttons)
        buttons = (*doors, *switches) if _switchable(context) else doors
        head = (
            "What runs without asking is marked ▸; for everything else whoever asked the question is asked."
        )
        if not any(one.tools for one in asked):
            able = [one.name for one in self._catalog.featured if one.tools and context.allowed(one)][:5]
            instead = f" {join_names(able)} can." if able else ""
            head = f"{escape_markdown(model.name)}, which answers here, cannot use tools.{instead}"
        return Reply(
            title="Tools",
            text="\n".join([head, "", *(one.line for one in listed)]),
            buttons=buttons[:5],
            private=context.private,
        )

    async def _listed(self, context: Context, name: str, chosen: str, asked: Sequence[Model]) -> _Listed:
        server = self._toolbox.of(name, caller_of_event(context))
        tools = await self._offered(server)
        head = f"- **{escape_markdown(name)}**"
        if server.trouble:
            return _Listed(line=f"{head}: {escape_markdown(server.trouble, 300)}")
        if name in context.claim.preferences.tools.off:
            return _Listed(line=f"{head}: switched off in this thread")
        if not any(self._toolbox.serves(name, model) for model in asked):
            return _Listed(line=f"{head}: not for {escape_markdown(chosen)}")
        if any(one.signs_in for one in tools):
            door = Button(
                action=Action.RUN, label=f"Sign in to {name}", value=f"/tools sign-in {name}", primary=True
            )
            return _Listed(line=f"{head}: works as you, once you sign in there", buttons=(door,))
        shown = ", ".join(
            f"{'▸ ' if self._toolbox.leave(one) is Leave.RUN else ''}{escape_markdown(one.name, 60)}"
            for one in tools[:NAMED]
        )
        more = f" and {len(tools) - NAMED} more" if len(tools) > NAMED else ""
        line = f"{head}: {shown or 'it has no tools'}{more}"
        if not self._sign_ins.knows(name):
            return _Listed(line=line)
        door = Button(action=Action.RUN, label=f"Sign out of {name}", value=f"/tools sign-out {name}")
        return _Listed(line=f"{line} (works as you)", buttons=(door,))

    async def _one(self, context: Context, name: str) -> Reply:
        """What the server says of its tools: somebody else's words, as plain text."""
        server = self._toolbox.of(name, caller_of_event(context))
        tools = await self._offered(server)
        lines = [
            f"- {escape_markdown(one.full_name, 80)} ({_needs(self._toolbox.leave(one))}): "
            f"{escape_markdown(strip_controls(one.description), DESCRIPTION) or 'it says nothing of itself'}"
            for one in tools[:DESCRIBED]
        ]
        lines += [f"- and {len(tools) - DESCRIBED} more"] if len(tools) > DESCRIBED else []
        text = escape_markdown(server.trouble, 300) or "\n".join(lines) or "It has no tools."
        return Reply(title=server.name, text=text, private=context.private)

    async def _offered(self, server: ToolServer) -> Sequence[ToolDefinition]:
        return [one for one in await server.tools() if self._toolbox.leave(one) is not Leave.NEVER]

    def _switched(self, context: Context, name: str, *, off: bool) -> Response:
        if not _switchable(context):
            text = "There is no thread here. Write it inside a thread."
            return Response(reply=Reply(text=text, private=context.private))
        chosen = context.claim.preferences.tools
        changed = chosen.off | {name} if off else chosen.off - {name}
        text = f"{escape_markdown(name)} is switched {'off' if off else 'on'} in this thread."
        outcome = Outcome(thread_tools=replace(chosen, off=frozenset(changed)))
        return Response(reply=Reply(text=text, private=context.private), outcome=outcome)


def _known(servers: Sequence[str], name: str) -> str | None:
    """The server that is meant, whatever its capitals."""
    return next((one for one in servers if one.casefold() == name), None)


def _needs(leave: Leave) -> str:
    return "runs without asking" if leave is Leave.RUN else "asks first"


def _switchable(context: Context) -> bool:
    return context.threaded or context.direct
