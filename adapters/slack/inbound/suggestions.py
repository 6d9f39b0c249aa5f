"""What is typed into a menu that finds: the options that Slack shows under it. Slack waits three seconds for them.

Source: docs.slack.dev, "Select menu of external data source" and "Block suggestion payload".
"""

from collections.abc import Mapping
from typing import Any

from adapters.slack.callback_ids import FIND
from adapters.slack.conversation_reference import thread_key
from adapters.slack.inbound.interactions import person_of
from adapters.slack.install.installations import Installation
from adapters.slack.outbound.rendering.layout import offered_options
from bot.ports import OptionSearch

Json = Mapping[str, Any]


class Suggestions:
    """Answers `block_suggestion` requests. `external`: people of other organisations may ask."""

    def __init__(self, *, search: OptionSearch, external: bool) -> None:
        self._search = search
        self._external = external

    async def options(self, body: Json, installation: Installation) -> dict[str, list[dict[str, Any]]]:
        """What Slack is answered. No options for a menu that is not the bot's, and for people who may not ask."""
        action, _, prefix = str(body.get("action_id") or "").partition(FIND)
        if not action or not prefix or (not self._external and _is_foreign(body, installation)):
            return {"options": []}
        places = [body.get(name) for name in ("container", "channel")]
        container, channel = (place if isinstance(place, Mapping) else {} for place in places)
        where = str(container.get("channel_id") or channel.get("id") or "")
        found = await self._search(
            thread_key(installation, where, ""),
            person_of(body, installation),
            str(body.get("value") or ""),
            prefix,
        )
        return offered_options(found)


def _is_foreign(body: Json, installation: Installation) -> bool:
    user = body.get("user")
    team = user.get("team_id", installation.workspace) if isinstance(user, Mapping) else ""
    return team not in (installation.workspace, installation.enterprise)
