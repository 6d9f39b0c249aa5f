"""The commands that have a module of their own, by name."""

from collections.abc import Awaitable, Callable, Mapping

from bot.answers.scores import Scores
from bot.context import Context, Response
from bot.conversation.effort import EffortPicker
from bot.conversation.scoreboard import Scoreboard
from bot.conversation.tool_list import ToolList
from bot.conversation.tooling import Tooling
from bot.domain.catalog import Catalog
from bot.ports import PreferenceStore
from bot.score_ports import ScoreStore

Handler = Callable[[Context, str], Awaitable[Response]]


def own_commands(
    *, catalog: Catalog, preferences: PreferenceStore, tools: Tooling, scores: ScoreStore
) -> Mapping[str, Handler]:
    return {
        "effort": EffortPicker(catalog=catalog, preferences=preferences).command,
        "scoreboard": Scoreboard(scores=Scores(scores), store=scores, catalog=catalog).command,
        "tools": ToolList(toolbox=tools.toolbox, catalog=catalog, sign_ins=tools.sign_ins).command,
    }
