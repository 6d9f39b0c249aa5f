"""Which agents somebody sees where, and what is done with these beside the other models."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import wraps

from bot import policy as policies
from bot.agent_ports import AgentStore
from bot.context import Context
from bot.domain.agents import Agent, Audience, Viewer
from bot.domain.catalog import Model
from bot.domain.claims import Claim, Outcome
from bot.domain.events import Author, ThreadKey
from bot.domain.replies import Option
from bot.domain.timeline import ConversationStatus
from bot.models.chat_agents import entry_of, may_carry
from bot.models.shared_catalog import Find, SharedCatalog
from bot.page_ports import StatusOf
from bot.ports import OptionSearch, PreferenceStore, TurnHandle
from bot.settings.config_file import Policy

Handle = Callable[[Claim, TurnHandle], Awaitable[Outcome]]
NEAREST = (Audience.ME, Audience.CHANNEL, Audience.WORKSPACE)
"""Of two with the same name, the one that fewer see."""


class AgentsHere:
    """The agents of a place, as its people see them."""

    def __init__(
        self, *, store: AgentStore, catalog: SharedCatalog, policy: Policy, preferences: PreferenceStore
    ) -> None:
        self.catalog = catalog
        self._store = store
        self._policy = policy
        self._preferences = preferences

    def viewer(self, thread: ThreadKey, author: Author) -> Viewer:
        return Viewer(
            person=author.id,
            channel=thread.channel,
            external=author.external,
            administers=author.id in self._policy.admins,
        )

    def viewer_of(self, context: Context) -> Viewer:
        return self.viewer(context.thread, context.event.author)

    async def those_of(self, context: Context) -> Sequence[Agent]:
        """The workspace's, whoever sees them, as they were when the event in hand was claimed."""
        return await self.all(context.thread, context.claim.preferences.agents)

    def models(self, context: Context) -> list[Model]:
        """On which agents can rest here."""
        return [one for one in context.usable(self.catalog.featured) if may_carry(one)]

    async def all(self, thread: ThreadKey, stamp: str) -> Sequence[Agent]:
        """The workspace's, whoever sees them."""
        return await self._store.agents(f"{thread.platform}:{thread.workspace}", stamp)

    async def all_now(self, thread: ThreadKey, person: str) -> Sequence[Agent]:
        """The same outside a claim."""
        return await self.all(thread, (await self._preferences.in_force(thread, person)).agents)

    def handling(self, handle: Handle) -> Handle:
        """Handles events with what their author sees."""

        @wraps(handle)
        async def handled(claim: Claim, turn_handle: TurnHandle) -> Outcome:
            event = claim.event
            agents = await self.all(event.thread, claim.preferences.agents)
            with self._beside(agents, event.thread, event.author):
                return await handle(claim, turn_handle)

        return handled

    def standing(self, status: StatusOf) -> StatusOf:
        """A page's status line with them."""

        async def told(thread: ThreadKey, author: Author) -> ConversationStatus:
            agents = await self.all_now(thread, author.id)
            with self._beside(agents, thread, author):
                return await status(thread, author)

        return told

    def found(self, search: OptionSearch) -> OptionSearch:
        """What is found with them."""

        async def options(thread: ThreadKey, author: Author, words: str, prefix: str) -> Sequence[Option]:
            agents = await self.all_now(thread, author.id)
            with self._beside(agents, thread, author):
                return await search(thread, author, words, prefix)

        return options

    def _beside(
        self, agents: Sequence[Agent], thread: ThreadKey, author: Author
    ) -> AbstractContextManager[None]:
        if not agents:
            return nullcontext()
        viewer = self.viewer(thread, author)
        seen = [(one, version) for one in agents if (version := one.seen_by(viewer))]
        seen.sort(key=lambda each: NEAREST.index(each[1].audience))

        def made(find: Find) -> list[Model]:
            entries = []
            for agent, version in seen:
                base = find(version.model)
                allowed = base is not None and policies.allowed(self._policy, thread, base)
                entries.append(entry_of(agent, version, base, allowed=allowed))
            return entries

        names = {name for one in agents for name in one.names}
        return self.catalog.beside(made, names)
