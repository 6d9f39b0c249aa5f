"""The commands that have a module of their own, by name."""

from collections.abc import Awaitable, Callable, Mapping

from bot.answers.tools.toolbox import Toolbox
from bot.context import Context, Response
from bot.conversation.effort import EffortPicker
from bot.conversation.tool_list import ToolList
from bot.domain.catalog import Catalog
from bot.ports import PreferenceStore

Handler = Callable[[Context, str], Awaitable[Response]]


def own_commands(
    *, catalog: Catalog, preferences: PreferenceStore, toolbox: Toolbox
) -> Mapping[str, Handler]:
    return {
        "effort": EffortPicker(catalog=catalog, preferences=preferences).command,
        "tools": ToolList(toolbox=toolbox, catalog=catalog).command,
    }
