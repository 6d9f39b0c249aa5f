"""Writes agents: from what was filled in to what is stored, or to what is wrong with it."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.agent_ports import AgentStore
from bot.context import Context, Response
from bot.conversation import agent_words as words
from bot.conversation.agent_forms import AgentForms
from bot.conversation.agents_here import AgentsHere
from bot.domain.agents import VERSIONS, Agent, AgentVersion, Audience
from bot.domain.events import FormFilled
from bot.domain.formatting import clip, escape_markdown
from bot.domain.forms import Form
from bot.ports import SecretStore

DRAFT = 3_600  # seconds that what was typed is kept, when something was wrong with it


class AgentWriter:
    """Stores new agents and new versions. What was stored by an earlier attempt at a turn is not stored again."""

    def __init__(
        self,
        *,
        store: AgentStore,
        here: AgentsHere,
        forms: AgentForms,
        secrets: SecretStore,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._here = here
        self._forms = forms
        self._secrets = secrets
        self._clock = clock

    async def save(self, context: Context, before: Agent | None, values: Mapping[str, str]) -> Response:
        """Stores what was filled in, or says what is wrong with it."""
        author, turn = context.event.author, context.turn_handle.id
        if before is None and (author.app or author.external):
            text = words.ONLY_PEOPLE.format(tenant=context.capabilities.tenant)
            return Response(reply=words.to_one(context, text))
        id = before.id if before else hashlib.sha256(turn.encode()).hexdigest()[:12]
        faults = self._forms.faults(values) or await self._clashes(context, id, values)
        if faults:
            return await self._again(context, before, values, faults)
        if before and before.now.turn == turn:  # by an earlier attempt
            return Response(reply=words.agent_saved(context, before, made=False, replaces=_message(context)))
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
            return Response(reply=words.to_one(context, text))
        reply = words.agent_saved(context, agent, made=before is None, replaces=_message(context))
        return Response(reply=reply)

    async def keep(self, context: Context, agent: Agent, earlier: Sequence[AgentVersion]) -> Response:
        now = replace(agent.now, turn=context.turn_handle.id)
        agent = replace(agent, now=now, revision=agent.revision + 1)
        if why := await self._store.put(agent, earlier):
            text = words.TAKEN if why == "taken" else words.FASTER.format(name=agent.now.name)
            return Response(reply=words.to_one(context, text))
        return Response(reply=words.agent_saved(context, agent, made=False))

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
        viewer, name = self._here.viewer_of(context), values["name"].strip().casefold()
        versions = [one.seen_by(viewer) for one in await self._here.those_of(context) if one.id != id]
        if any(one is not None and one.name.casefold() == name for one in versions):
            return {"name": words.TAKEN}
        model = self._here.catalog.set_up(values["model"].strip())
        return {} if model and context.allowed(model) else {"model": "This model is not allowed here."}

    async def _again(
        self, context: Context, before: Agent | None, values: Mapping[str, str], faults: Mapping[str, str]
    ) -> Response:
        """The form as it was filled in, with what is wrong. It is kept for a while, for where it opens beside the message."""
        models = self._here.models(context)
        form = self._forms.change(before.id, before.now, models) if before else self._forms.new(models)
        key = hashlib.sha256(f"draft {context.turn_handle.id}".encode()).hexdigest()[:12]
        draft = draft_name(context.workspace, context.event.author.id, key)
        kept = json.dumps({"values": dict(values), "faults": dict(faults)})
        await self._secrets.put(draft, kept, seconds=DRAFT)
        form = replace(form.filled(values, faults), opens=f"{form.opens} draft-{key}")
        lines = [f"- {_label(form, field)}: {escape_markdown(fault, 300)}" for field, fault in faults.items()]
        text = "\n".join(["It is not saved yet, and what you wrote is kept:", "", *lines])
        return Response(reply=words.form_asked(context, form, text, replaces=_message(context)))


def draft_name(workspace: str, person: str, key: str) -> str:
    """Under which a filled form is kept, for its author alone."""
    return f"agent-draft:{workspace}:{person}:{key}"


def _label(form: Form, field: str) -> str:
    return next((one.label for one in form.fields if one.id == field), field)


def _message(context: Context) -> str:
    return str(getattr(context.event, "message", "")) if isinstance(context.event, FormFilled) else ""
