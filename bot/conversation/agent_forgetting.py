"""Takes a person out of the agents of a workspace: theirs alone are erased, others stay without their name."""

from dataclasses import replace

from bot.agent_ports import AgentStore
from bot.context import Context
from bot.conversation.agents_here import AgentsHere
from bot.domain.agents import Agent, AgentVersion

TRIES = 5


class AgentForgetting:
    """What /forget me does to agents."""

    def __init__(self, *, store: AgentStore, here: AgentsHere) -> None:
        self._store = store
        self._here = here

    async def forget(self, context: Context) -> int:
        """Erases a person's private agents, and their name in all others; returns how many were erased."""
        person, gone = context.event.author.id, 0
        for _ in range(TRIES):
            again = False
            for agent in await self._here.all_now(context.thread, person):
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


def _nameless(version: AgentVersion, person: str) -> AgentVersion:
    return replace(version, by="", person="") if version.person == person else version
