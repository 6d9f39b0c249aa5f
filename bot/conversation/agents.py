"""/agent and /agents: agents that people make in chat, with a form or typed, and what becomes of them."""

import re
from dataclasses import replace

from bot.agent_ports import AgentStore
from bot.context import Context, Response
from bot.conversation import agent_words as words
from bot.conversation.agent_forgetting import AgentForgetting
from bot.conversation.agent_forms import AgentForms
from bot.conversation.agent_writing import AgentWriter
from bot.conversation.agents_here import AgentsHere
from bot.conversation.command_parser import AGENT_VERBS
from bot.domain.agents import Agent, AgentVersion, Audience
from bot.domain.events import FormFilled
from bot.domain.formatting import escape_markdown

ID = re.compile(r"[0-9a-f]{12}")
TYPED = re.compile(r"(?P<name>\S+)\s+(?P<model>\S+?):\s+(?P<instructions>\S.*)", re.DOTALL)
FIELD = re.compile(
    r"(?P<name>\S+)\s+(?P<field>name|model|description|instructions|starters|tools|audience):\s*(?P<text>.*)",
    re.DOTALL | re.IGNORECASE,
)


class Agents:
    """The commands, and what was filled in."""

    def __init__(
        self, *, store: AgentStore, here: AgentsHere, forms: AgentForms, writer: AgentWriter
    ) -> None:
        self._store = store
        self._here = here
        self._forms = forms
        self._writer = writer
        self.forgetting = AgentForgetting(store=store, here=here)
        self._verbs = {
            "undo": self._undo,
            "export": self._export,
            "delete": self._delete,
            "approve": self._decide,
            "decline": self._decide,
        }

    async def command(self, context: Context, rest: str) -> Response:
        """/agent new, /agent NAME, /agent VERB NAME, /agent NAME FIELD: text."""
        if not rest:
            return Response(reply=words.to_one(context, words.USAGE))
        verb, _, wanted = rest.partition(" ")
        verb, wanted = verb.casefold(), wanted.strip()
        if verb not in AGENT_VERBS:
            return await self._named(context, rest)
        if verb == "new":
            return await self._new(context, wanted)
        name, _, more = wanted.partition(" ")
        found = await self._find(context, name)
        if found is None:
            return await self._unknown(context, name)
        if not found.changed_by(self._here.viewer_of(context)):
            return Response(reply=words.to_one(context, words.NOT_YOURS))
        if verb == "change":
            form = self._forms.change(found.id, found.now, self._here.models(context))
            return Response(reply=words.form_asked(context, form))
        if verb != "export" and found.now.turn == context.turn_handle.id:  # by an earlier attempt
            return Response(reply=words.agent_saved(context, found, made=False))
        return await self._verbs[verb](context, found, f"{verb} {more}".strip())

    async def listing(self, context: Context, rest: str) -> Response:
        """Those that this person can ask here, and for administrators what waits."""
        viewer, catalog = self._here.viewer_of(context), self._here.catalog
        agents = await self._here.those_of(context)
        seen = [(one, version) for one in agents if (version := one.seen_by(viewer))]
        waiting = [one for one in agents if one.waiting and viewer.administers]
        orphans = [
            (one, one.now)
            for one in agents
            if not one.owner and one.read_by(viewer) and not one.seen_by(viewer)
        ]
        shown = [(one, version, self._trouble(version)) for one, version in (*seen, *orphans)]
        others = [
            one
            for one in catalog.models
            if (one.instructions or one.agent) and not one.audience and context.allowed(one)
        ]
        return Response(reply=words.agents_listed(context, shown, waiting, others))

    async def filled(self, context: Context, event: FormFilled) -> Response:
        """A form was sent."""
        what, _, id = event.form.removeprefix("agent ").partition(" ")
        if what == "new" and not id:
            return await self._writer.save(context, None, event.values)
        found = await self._find(context, id) if ID.fullmatch(id) else None
        if what != "change" or found is None:
            return await self._unknown(context, id)
        if not found.changed_by(self._here.viewer_of(context)):
            return Response(reply=words.to_one(context, words.NOT_YOURS))
        return await self._writer.save(context, found, event.values)

    async def _new(self, context: Context, typed: str) -> Response:
        author = context.event.author
        if author.app or author.external:
            text = words.ONLY_PEOPLE.format(tenant=context.capabilities.tenant)
            return Response(reply=words.to_one(context, text))
        if spoken := TYPED.fullmatch(typed):
            return await self._writer.save(
                context, None, spoken.groupdict() | {"audience": Audience.ME.value}
            )
        return Response(reply=words.form_asked(context, self._forms.new(self._here.models(context))))

    async def _named(self, context: Context, rest: str) -> Response:
        """/agent NAME, and /agent NAME FIELD: text."""
        if (change := FIELD.fullmatch(rest)) and (found := await self._find(context, change["name"])):
            if not found.changed_by(self._here.viewer_of(context)):
                return Response(reply=words.to_one(context, words.NOT_YOURS))
            text = change["text"]
            field = change["field"].lower()
            if field in {"starters", "tools"}:
                text = "\n".join(part.strip() for part in re.split(r"[|\n]", text))
            text = text.lower() if field == "audience" else text
            return await self._writer.save(context, found, {**self._forms.values(found.now), field: text})
        viewer = self._here.viewer_of(context)
        if (found := await self._find(context, rest)) and (version := found.read_by(viewer)):
            changes = found.changed_by(viewer)
            reply = words.agent_shown(
                context, found, version, changes=changes, trouble=self._trouble(version)
            )
            return Response(reply=reply)
        model = self._here.catalog.set_up(rest)
        if model and (model.instructions or model.agent) and context.allowed(model):
            return Response(reply=words.agent_of_operator(context, model))
        return await self._unknown(context, rest)

    async def _undo(self, context: Context, agent: Agent, rest: str) -> Response:
        """Back one version; of two presses at the same version one counts."""
        if (said := rest.partition(" ")[2]) and said != str(agent.revision):
            return Response(reply=words.to_one(context, words.FASTER.format(name=agent.now.name)))
        earlier = await self._store.earlier(agent.workspace, agent.id)
        if not earlier:
            return Response(reply=words.to_one(context, words.NO_OLDER))
        back, earlier = earlier[-1], earlier[:-1]
        if agent.owner != context.event.author.id and back.audience is Audience.ME:
            return Response(reply=words.to_one(context, words.NOT_YOURS))
        good = [one for one in (*earlier, back) if one.approved]
        known = good[-1] if good and back.audience is Audience.WORKSPACE else None
        if agent.approved is None and not context.administers:
            back, known = replace(back, approved=False), None  # what everybody lost is decided about again
        return await self._writer.keep(
            context,
            replace(agent, now=back, approved=known, declined=False, undoable=len(earlier)),
            earlier,
        )

    async def _decide(self, context: Context, agent: Agent, rest: str) -> Response:
        verb, _, said = rest.partition(" ")
        if not context.administers:
            return Response(reply=words.to_one(context, words.NOT_YOURS))
        if said and said != str(agent.revision):  # what is approved is what was read
            return Response(reply=words.to_one(context, words.FASTER.format(name=agent.now.name)))
        if not agent.waiting:
            return Response(reply=words.to_one(context, "Nothing of it waits for a decision."))
        now = replace(agent.now, approved=verb == "approve")
        approved = now if verb == "approve" else agent.approved
        decided = replace(agent, now=now, approved=approved, declined=verb == "decline")
        return await self._writer.keep(context, decided, await self._store.earlier(agent.workspace, agent.id))

    async def _export(self, context: Context, agent: Agent, rest: str) -> Response:
        text = f"This goes into switchboard.toml:\n\n{words.fenced(words.agent_toml(agent.now), 'toml')}"
        return Response(reply=words.to_one(context, text, secret=True))

    async def _delete(self, context: Context, agent: Agent, rest: str) -> Response:
        await self._store.drop(agent.workspace, agent.id)
        text = f"Deleted: {escape_markdown(agent.now.name)}, with its earlier versions."
        return Response(reply=words.to_one(context, text))

    async def _unknown(self, context: Context, typed: str) -> Response:
        named = [one for one in self._here.catalog.models if one.instructions or one.agent or one.audience]
        visible = [one for one in named if one.audience or context.allowed(one)]
        near = self._here.catalog.near(typed, among=visible) if not ID.fullmatch(typed) else ()
        return Response(reply=words.no_such_agent(context, typed, near))

    async def _find(self, context: Context, wanted: str) -> Agent | None:
        """By id or name, among those that this person may read here; of two with a name, the one that answers."""
        viewer, name = self._here.viewer_of(context), wanted.strip().casefold()
        found = [one for one in await self._here.those_of(context) if one.read_by(viewer)]
        if by_id := [one for one in found if one.id == wanted]:
            return by_id[0]
        order = tuple(Audience)
        named = [one for one in found if (v := one.read_by(viewer)) and v.name.casefold() == name]
        return min(
            named, key=lambda one: (not one.seen_by(viewer), order.index(one.now.audience)), default=None
        )

    def _trouble(self, version: AgentVersion) -> str:
        """Why it cannot be asked here, "" when it can."""
        if self._here.catalog.takes(version.name):
            return "has the name of a model now: change its name"
        model = self._here.catalog.find(version.name)
        return model.obstacle if model else ""
