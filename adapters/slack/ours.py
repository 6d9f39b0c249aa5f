"""Who we are in a workspace: the bot's ids and its token."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The bot in one workspace, or in a whole organisation (`org_wide`: then `workspace` is the enterprise's id)."""

    workspace: str
    token: str
    user: str = ""  # the bot's user id
    bot: str = ""  # its bot id
    app: str = ""
    enterprise: str = ""
    org_wide: bool = False
