"""Puts together what has to do with agents that are made in chat."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.agent_ports import AgentStore
from bot.conversation.agent_desk import AgentDesk
from bot.conversation.agent_forms import AgentForms
from bot.conversation.agent_writing import AgentWriter
from bot.conversation.agents import Agents
from bot.conversation.agents_here import AgentsHere
from bot.models.shared_catalog import SharedCatalog
from bot.ports import PreferenceStore, SecretStore
from bot.settings.config_file import Policy
from bot.settings.settings import Settings
from bot.storage.open import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAgents:
    """All of it: who sees which, the commands, and the forms."""

    here: AgentsHere
    commands: Agents
    desk: AgentDesk


def chat_agents(settings: Settings, store: Storage, catalog: SharedCatalog) -> ChatAgents:
    return chat_agents_around(
        store=store.agents,
        catalog=catalog,
        policy=settings.file.policy,
        preferences=store.preferences,
        secrets=store.secrets,
        servers=sorted(settings.file.tools),
    )


def chat_agents_around(
    *,
    store: AgentStore,
    catalog: SharedCatalog,
    policy: Policy,
    preferences: PreferenceStore,
    secrets: SecretStore,
    servers: Sequence[str] = (),
    clock: Callable[[], float] = time.time,
) -> ChatAgents:
    here = AgentsHere(store=store, catalog=catalog, policy=policy, preferences=preferences)
    forms = AgentForms(catalog=catalog, servers=servers)
    writer = AgentWriter(store=store, here=here, forms=forms, secrets=secrets, clock=clock)
    return ChatAgents(
        here=here,
        commands=Agents(store=store, here=here, forms=forms, writer=writer),
        desk=AgentDesk(here=here, forms=forms, secrets=secrets, policy=policy),
    )
