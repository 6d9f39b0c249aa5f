"""The toolbox that the settings describe."""

from bot.answers.tools.servers import tool_servers
from bot.answers.tools.toolbox import Toolbox
from bot.settings.settings import Settings


def toolbox_of(settings: Settings) -> Toolbox:
    """Servers are reached once it runs."""
    return Toolbox(
        servers=tool_servers(settings.file.tools, settings.keys),
        entries=settings.file.tools,
        secrets=settings.secrets(),
    )
