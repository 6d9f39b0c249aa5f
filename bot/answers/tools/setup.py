"""The toolbox that the settings describe."""

from bot.answers.tools.toolbox import Toolbox
from bot.settings.settings import Settings


def toolbox_of(settings: Settings) -> Toolbox:
    """Servers are reached once it runs."""
    return Toolbox(servers=(), entries=settings.file.tools, secrets=settings.secrets())
