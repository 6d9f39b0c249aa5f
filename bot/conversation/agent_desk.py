"""Forms for those adapters that open them at once, before a worker has heard of it, and the first look at what was filled in."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from bot import policy as policies
from bot.agent_ports import FormDesk
from bot.conversation.agent_forms import AgentForms
from bot.conversation.agent_writing import draft_name
from bot.conversation.agents_here import AgentsHere
from bot.domain.events import Event
from bot.domain.forms import Form
from bot.models.chat_agents import may_carry
from bot.ports import SecretStore
from bot.settings.config_file import Policy

OPENS = re.compile(r"/agent (?:new|change (?P<agent>\S+))(?: draft-(?P<draft>[0-9a-f]{12}))?", re.IGNORECASE)


class AgentDesk(FormDesk):
    """The FormDesk of agents."""

    def __init__(self, *, here: AgentsHere, forms: AgentForms, secrets: SecretStore, policy: Policy) -> None:
        self._here = here
        self._forms = forms
        self._secrets = secrets
        self._policy = policy

    async def opened(self, event: Event, text: str) -> Form | None:
        asked = OPENS.fullmatch(text.strip())
        if asked is None or event.author.app or event.author.external:
            return None
        form = await self._form(event, asked["agent"] or "")
        if form is None or not asked["draft"]:
            return form
        workspace = f"{event.thread.platform}:{event.thread.workspace}"
        draft = draft_name(workspace, event.author.id, asked["draft"])
        kept = json.loads(await self._secrets.get(draft) or "{}")
        return form.filled(kept.get("values", {}), kept.get("faults", {}))

    def faults(self, form: str, values: Mapping[str, str]) -> Mapping[str, str]:
        return self._forms.faults(values) if form.startswith("agent ") else {}

    async def _form(self, event: Event, wanted: str) -> Form | None:
        thread, author = event.thread, event.author
        models = [
            one
            for one in self._here.catalog.featured
            if may_carry(one) and policies.allowed(self._policy, thread, one)
        ]
        if not wanted:
            return self._forms.new(models)
        viewer = self._here.viewer(thread, author)
        for agent in await self._here.all_now(thread, author.id):
            read = agent.read_by(viewer)
            if read and agent.changed_by(viewer) and wanted in {agent.id, read.name}:
                return replace(self._forms.change(agent.id, agent.now, models))
        return None
