"""The commands that have a module of their own, by name."""

from collections.abc import Awaitable, Callable, Mapping

from bot.context import Context, Response
from bot.conversation.agents import Agents
from bot.conversation.effort import EffortPicker
from bot.conversation.scoreboard import Scoreboard
from bot.conversation.search_choice import SearchChoice
from bot.conversation.tool_list import ToolList
from bot.conversation.tooling import Tooling
from bot.domain.catalog import Catalog
from bot.ports import PreferenceStore

Handler = Callable[[Context, str], Awaitable[Response]]


def own_commands(
    *, catalog: Catalog, preferences: PreferenceStore, tools: Tooling, agents: Agents, scoreboard: Scoreboard
) -> Mapping[str, Handler]:
    return {
        "agent": agents.command,
        "agents": agents.listing,
        "effort": EffortPicker(catalog=catalog, preferences=preferences).command,
        "scoreboard": scoreboard.command,
        "search": SearchChoice(catalog=catalog, preferences=preferences).command,
        "tools": ToolList(toolbox=tools.toolbox, catalog=catalog, sign_ins=tools.sign_ins).command,
    }
