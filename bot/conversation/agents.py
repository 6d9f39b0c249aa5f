"""/agent and /agents: agents that people make in chat, with a form or typed, and what becomes of them."""

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.agent_ports import AgentStore
from bot.context import Context, Response
from bot.conversation import agent_words as words
from bot.conversation.agent_forms import AgentForms
from bot.conversation.agents_here import AgentsHere
from bot.conversation.command_parser import AGENT_VERBS
from bot.domain.agents import VERSIONS, Agent, AgentVersion, Audience, Viewer
from bot.domain.catalog import Model
from bot.domain.events import FormFilled
from bot.domain.formatting import clip, escape_markdown
from bot.domain.forms import Form
from bot.models.chat_agents import may_carry
from bot.ports import SecretStore

ID = re.compile(r"[0-9a-f]{12}")
TYPED = re.compile(r"(?P<name>\S+)\s+(?P<model>\S+?):\s+(?P<instructions>\S.*)", re.DOTALL)
FIELD = re.compile(
    r"(?P<name>\S+)\s+(?P<field>name|model|description|instructions|starters|tools|audience):\s*(?P<text>.*)",
    re.DOTALL | re.IGNORECASE,
)
TRIES = 5
DRAFT = 3_600  # seconds that what was typed is kept, when something was wrong with it


class Agents:
    """The commands, and what was filled in."""

    def __init__(
        self,
        *,
        store: AgentStore,
        here: AgentsHere,
        forms: AgentForms,
        secrets: SecretStore,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.here = here
        self._store = store
        self._forms = forms
        self._secrets = secrets
        self._clock = clock
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
            return Response(reply=words.private(context, words.USAGE))
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
        if not found.changed_by(self._viewer(context)):
            return Response(reply=words.private(context, words.NOT_YOURS))
        if verb == "change":
            form = self._forms.change(found.id, found.now, self._models(context))
            return Response(reply=words.asked(context, form))
        if verb != "export" and found.now.turn == context.turn_handle.id:  # by an earlier attempt
            return Response(reply=words.saved(context, found, made=False))
        return await self._verbs[verb](context, found, f"{verb} {more}".strip())

    async def listing(self, context: Context, rest: str) -> Response:
        """Those that this person can ask here, and for administrators what waits."""
        viewer, catalog = self._viewer(context), self.here.catalog
        agents = await self._all(context)
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
        return Response(reply=words.listing(context, shown, waiting, others))

    async def filled(self, context: Context, event: FormFilled) -> Response:
        """A form was sent."""
        what, _, id = event.form.removeprefix("agent ").partition(" ")
        if what == "new" and not id:
            return await self._save(context, None, event.values)
        found = await self._find(context, id) if ID.fullmatch(id) else None
        if what != "change" or found is None:
            return await self._unknown(context, id)
        if not found.changed_by(self._viewer(context)):
            return Response(reply=words.private(context, words.NOT_YOURS))
        return await self._save(context, found, event.values)

    async def forget(self, context: Context) -> int:
        """Erases a person's private agents, and their name in all others; returns how many were erased."""
        person, gone = context.event.author.id, 0
        for _ in range(TRIES):
            again = False
            for agent in await self.here.all_now(context.thread, person):
                if agent.owner == person and agent.private:
                    gone += await self._store.drop(agent.workspace, agent.id)
                else:
                    again |= not await self._unnamed(agent, person, context.turn_handle.id)
            if not again:  # else somebody changed one meanwhile
                break
        return gone

    async def _unnamed(self, agent: Agent, person: str, turn: str) -> bool:
        """Takes somebody's name off an agent that stays. False where it was changed meanwhile."""
        earlier = await self._store.earlier(agent.workspace, agent.id)
        every = (agent.now, *filter(None, [agent.approved]), *earlier)
        if agent.owner != person and all(one.person != person for one in every):
            return True
        nameless = replace(
            agent,
            owner="" if agent.owner == person else agent.owner,
            now=replace(_nameless(agent.now, person), turn=turn),
            approved=_nameless(agent.approved, person) if agent.approved else None,
            revision=agent.revision + 1,
        )
        return not await self._store.put(nameless, [_nameless(one, person) for one in earlier])

    async def _new(self, context: Context, typed: str) -> Response:
        author = context.event.author
        if author.app or author.external:
            text = words.ONLY_PEOPLE.format(tenant=context.capabilities.tenant)
            return Response(reply=words.private(context, text))
        if spoken := TYPED.fullmatch(typed):
            return await self._save(context, None, spoken.groupdict() | {"audience": Audience.ME.value})
        return Response(reply=words.asked(context, self._forms.new(self._models(context))))

    async def _named(self, context: Context, rest: str) -> Response:
        """/agent NAME, and /agent NAME FIELD: text."""
        if (change := FIELD.fullmatch(rest)) and (found := await self._find(context, change["name"])):
            if not found.changed_by(self._viewer(context)):
                return Response(reply=words.private(context, words.NOT_YOURS))
            text = change["text"]
            field = change["field"].lower()
            if field in {"starters", "tools"}:
                text = "\n".join(re.split(r"\s*[|\n]\s*", text))
            return await self._save(context, found, {**self._forms.values(found.now), field: text})
        viewer = self._viewer(context)
        if (found := await self._find(context, rest)) and (version := found.read_by(viewer)):
            changes = found.changed_by(viewer)
            reply = words.shown(context, found, version, changes=changes, trouble=self._trouble(version))
            return Response(reply=reply)
        model = self.here.catalog.set_up(rest)
        if model and (model.instructions or model.agent) and context.allowed(model):
            return Response(reply=words.configured(context, model))
        return await self._unknown(context, rest)

    async def _save(self, context: Context, before: Agent | None, values: Mapping[str, str]) -> Response:
        """Stores what was filled in, or says what is wrong with it."""
        author, turn = context.event.author, context.turn_handle.id
        if before is None and (author.app or author.external):
            text = words.ONLY_PEOPLE.format(tenant=context.capabilities.tenant)
            return Response(reply=words.private(context, text))
        id = before.id if before else hashlib.sha256(turn.encode()).hexdigest()[:12]
        faults = self._forms.faults(values) or await self._clashes(context, id, values)
        if faults:
            return await self._again(context, before, values, faults)
        if before and before.now.turn == turn:  # by an earlier attempt
            return Response(reply=words.saved(context, before, made=False, replaces=_message(context)))
        version = self._written(context, self._forms.version(values, before.now if before else None))
        agent = self._following(context, before, id, version)
        earlier: tuple[AgentVersion, ...] = ()
        if before:
            earlier = (*await self._store.earlier(before.workspace, before.id), before.now)[-VERSIONS:]
        agent = replace(agent, undoable=len(earlier))
        if (why := await self._store.put(agent, earlier)) == "taken":
            return await self._again(context, before, values, {"name": words.TAKEN})
        if why:
            text = words.FULL.get(why) or words.FASTER.format(name=agent.now.name)
            return Response(reply=words.private(context, text))
        reply = words.saved(context, agent, made=before is None, replaces=_message(context))
        return Response(reply=reply)

    def _written(self, context: Context, version: AgentVersion) -> AgentVersion:
        """The version with who wrote it. One for a channel is for the one it is written in."""
        event = context.event
        channel = version.channel or context.thread.channel
        if version.audience is not Audience.CHANNEL:
            channel = ""
        elif context.direct:  # where nobody else is
            version, channel = replace(version, audience=Audience.ME), ""
        return replace(
            version,
            channel=channel,
            by=clip(event.author.name, 60),
            person=event.author.id,
            at=self._clock(),
            approved=version.audience is Audience.WORKSPACE and context.administers,
            turn=context.turn_handle.id,
        )

    def _following(self, context: Context, before: Agent | None, id: str, version: AgentVersion) -> Agent:
        approved = version if version.approved else before.approved if before else None
        if version.audience is not Audience.WORKSPACE:
            approved = None
        owner = before.owner if before else context.event.author.id
        revision = before.revision + 1 if before else 1
        return Agent(
            id=id, workspace=context.workspace, owner=owner, now=version, approved=approved, revision=revision
        )

    async def _clashes(self, context: Context, id: str, values: Mapping[str, str]) -> dict[str, str]:
        """What is wrong by what this person sees here."""
        viewer, name = self._viewer(context), values["name"].strip().casefold()
        versions = [one.seen_by(viewer) for one in await self._all(context) if one.id != id]
        if any(one is not None and one.name.casefold() == name for one in versions):
            return {"name": words.TAKEN}
        model = self.here.catalog.set_up(values["model"].strip())
        return {} if model and context.allowed(model) else {"model": "This model is not allowed here."}

    async def _again(
        self, context: Context, before: Agent | None, values: Mapping[str, str], faults: Mapping[str, str]
    ) -> Response:
        """The form as it was filled in, with what is wrong. It is kept for a while, for where it opens beside the message."""
        models = self._models(context)
        form = self._forms.change(before.id, before.now, models) if before else self._forms.new(models)
        key = hashlib.sha256(f"draft {context.turn_handle.id}".encode()).hexdigest()[:12]
        draft = draft_name(context.workspace, context.event.author.id, key)
        kept = json.dumps({"values": dict(values), "faults": dict(faults)})
        await self._secrets.put(draft, kept, seconds=DRAFT)
        form = replace(form.filled(values, faults), opens=f"{form.opens} draft-{key}")
        lines = [f"- {_label(form, field)}: {escape_markdown(fault, 300)}" for field, fault in faults.items()]
        text = "\n".join(["It is not saved yet, and what you wrote is kept:", "", *lines])
        return Response(reply=words.asked(context, form, text, replaces=_message(context)))

    async def _undo(self, context: Context, agent: Agent, rest: str) -> Response:
        """Back one version; of two presses at the same version one counts."""
        if (said := rest.partition(" ")[2]) and said != str(agent.revision):
            return Response(reply=words.private(context, words.FASTER.format(name=agent.now.name)))
        earlier = await self._store.earlier(agent.workspace, agent.id)
        if not earlier:
            return Response(reply=words.private(context, words.NO_OLDER))
        back, earlier = earlier[-1], earlier[:-1]
        if agent.owner != context.event.author.id and back.audience is Audience.ME:
            return Response(reply=words.private(context, words.NOT_YOURS))
        good = [one for one in (*earlier, back) if one.approved]
        known = good[-1] if good and back.audience is Audience.WORKSPACE else None
        return await self._kept(
            context,
            replace(agent, now=back, approved=known, declined=False, undoable=len(earlier)),
            earlier,
        )

    async def _decide(self, context: Context, agent: Agent, rest: str) -> Response:
        verb, _, said = rest.partition(" ")
        if not context.administers:
            return Response(reply=words.private(context, words.NOT_YOURS))
        if said and said != str(agent.revision):  # what is approved is what was read
            return Response(reply=words.private(context, words.FASTER.format(name=agent.now.name)))
        if not agent.waiting:
            return Response(reply=words.private(context, "Nothing of it waits for a decision."))
        now = replace(agent.now, approved=verb == "approve")
        approved = now if verb == "approve" else agent.approved
        decided = replace(agent, now=now, approved=approved, declined=verb == "decline")
        return await self._kept(context, decided, await self._store.earlier(agent.workspace, agent.id))

    async def _kept(self, context: Context, agent: Agent, earlier: Sequence[AgentVersion]) -> Response:
        now = replace(agent.now, turn=context.turn_handle.id)
        agent = replace(agent, now=now, revision=agent.revision + 1)
        if why := await self._store.put(agent, earlier):
            text = words.TAKEN if why == "taken" else words.FASTER.format(name=agent.now.name)
            return Response(reply=words.private(context, text))
        return Response(reply=words.saved(context, agent, made=False))

    async def _export(self, context: Context, agent: Agent, rest: str) -> Response:
        text = f"This goes into switchboard.toml:\n\n{words.fenced(words.exported(agent.now), 'toml')}"
        return Response(reply=words.private(context, text, secret=True))

    async def _delete(self, context: Context, agent: Agent, rest: str) -> Response:
        await self._store.drop(agent.workspace, agent.id)
        text = f"Deleted: {escape_markdown(agent.now.name)}, with its earlier versions."
        return Response(reply=words.private(context, text))

    async def _unknown(self, context: Context, typed: str) -> Response:
        named = [one for one in self.here.catalog.models if one.instructions or one.agent or one.audience]
        visible = [one for one in named if one.audience or context.allowed(one)]
        near = self.here.catalog.near(typed, among=visible) if not ID.fullmatch(typed) else ()
        return Response(reply=words.unknown(context, typed, near))

    async def _find(self, context: Context, wanted: str) -> Agent | None:
        """By id or name, among those that this person may read here; of two with a name, the one that answers."""
        viewer, name = self._viewer(context), wanted.strip().casefold()
        found = [one for one in await self._all(context) if one.read_by(viewer)]
        if by_id := [one for one in found if one.id == wanted]:
            return by_id[0]
        order = tuple(Audience)
        named = [one for one in found if (v := one.read_by(viewer)) and v.name.casefold() == name]
        return min(
            named, key=lambda one: (not one.seen_by(viewer), order.index(one.now.audience)), default=None
        )

    async def _all(self, context: Context) -> Sequence[Agent]:
        return await self.here.all(context.thread, context.claim.preferences.agents)

    def _viewer(self, context: Context) -> Viewer:
        return self.here.viewer(context.thread, context.event.author)

    def _models(self, context: Context) -> list[Model]:
        return [one for one in context.usable(self.here.catalog.featured) if may_carry(one)]

    def _trouble(self, version: AgentVersion) -> str:
        """Why it cannot be asked here, "" when it can."""
        if self.here.catalog.set_up(version.name):
            return "has the name of a model now: change its name"
        model = self.here.catalog.find(version.name)
        return model.obstacle if model else ""


def draft_name(workspace: str, person: str, key: str) -> str:
    """Under which a filled form is kept, for its author alone."""
    return f"agent-draft:{workspace}:{person}:{key}"


def _nameless(version: AgentVersion, person: str) -> AgentVersion:
    return replace(version, by="", person="") if version.person == person else version


def _label(form: Form, field: str) -> str:
    return next((one.label for one in form.fields if one.id == field), field)


def _message(context: Context) -> str:
    return str(getattr(context.event, "message", "")) if isinstance(context.event, FormFilled) else ""
