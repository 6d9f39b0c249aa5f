"""Signing in to tool servers from the chat, and out: a link for the person alone."""

from bot.answers.tools.toolbox import Toolbox
from bot.context import Context, Response
from bot.document.links import host
from bot.domain.events import ButtonPressed
from bot.domain.formatting import clip, escape_markdown
from bot.domain.replies import Action, Reply
from bot.domain.sign_ins import Caller
from bot.domain.turns import Step, Turn
from bot.sign_in.desk import SignInDesk, SignInTicket

LINK = (
    "Sign in to {server} here: [{host}](<{address}>)\n\nIt is for you alone, works once, and for ten minutes. From then on I "
    "act there as you, when a question of yours needs it; `tools sign-out {name}` ends that."
)
OTHERS = "Only {who} can sign in here: it is their question."
NO_NEED = "Nobody signs in to {server}: it works without."
IS_OUT = "You were not signed in to {server}."
OUT = "You are signed out of {server}. {kept}"
REVOKED = "It was told to take back what you allowed, too."
KEPT = "What you allowed there still stands in your account at {server}: take it back there if you want to."


class SignIns:
    """What people say and press about it."""

    def __init__(self, *, desk: SignInDesk, toolbox: Toolbox) -> None:
        self._desk = desk
        self._toolbox = toolbox

    def knows(self, server: str) -> bool:
        return self._desk.knows(server)

    async def sign_in(self, context: Context, server: str) -> Response:
        """A link, without a question that waits for it."""
        if not self.knows(server):
            return self._nothing(context, server)
        return Response(reply=await self._link(SignInTicket(caller=caller_of_event(context), server=server)))

    async def sign_out(self, context: Context, server: str) -> Response:
        caller, name = caller_of_event(context), escape_markdown(server)
        if not self.knows(server):
            return self._nothing(context, server)
        self._toolbox.personal[server].drop(caller)
        done = await self._desk.grants.sign_out(caller, server)
        text = OUT.format(server=name, kept=REVOKED if done.revoked else KEPT.format(server=name))
        return Response(
            reply=Reply(text=text if done.was else IS_OUT.format(server=name), private=not context.direct)
        )

    def _nothing(self, context: Context, server: str) -> Response:
        """Nobody signs in to it, or nobody can before the operator has changed something."""
        trouble = self._toolbox.of(server, caller_of_event(context)).trouble
        text = escape_markdown(trouble, 300) or NO_NEED.format(server=escape_markdown(server))
        return Response(reply=Reply(text=text, private=context.private))

    async def forget(self, context: Context) -> int:
        """All of this person's, of whatever server; says how many there were."""
        caller = caller_of_event(context)
        for server in self._toolbox.personal.values():
            server.drop(caller)
        return await self._desk.grants.forget(caller)

    async def pressed(self, context: Context, event: ButtonPressed, step: Step) -> Reply | None:
        """The link for a call that waits for it; None when they are signed in already, and it can go on."""
        server = step.name.partition(".")[0]
        caller = caller_of_event(context)
        if not self.knows(server) or await self._desk.grants.held(caller, server):
            return None
        then = ButtonPressed(
            id=event.id,
            thread=event.thread,
            author=event.author,
            at=event.at,
            reply=event.reply,
            action=Action.APPROVE,
            value=event.value,
            message=event.message,
            threaded=event.threaded,
        )
        return await self._link(SignInTicket(caller=caller, server=server, then=then))

    async def _link(self, ticket: SignInTicket) -> Reply:
        offer = await self._desk.offer(ticket)
        text = LINK.format(
            server=escape_markdown(ticket.server),
            name=ticket.server,
            host=escape_markdown(host(offer.link)),
            address=offer.link,
        )
        return Reply(text=text, private=True, secret=True, sign_in=offer if offer.resource else None)


def others_sign_in(event: ButtonPressed, turn: Turn) -> str:
    """Why somebody may not sign in for a question; "" for whoever asked it."""
    asker = turn.asked.author
    if event.author.id == asker.id:
        return ""
    return OTHERS.format(who=escape_markdown(clip(asker.name, 60)) or "the person who asked")


def caller_of_event(context: Context) -> Caller:
    """Whoever typed or pressed."""
    author = context.event.author
    return Caller(workspace=context.workspace, person=author.id, name=author.name)
