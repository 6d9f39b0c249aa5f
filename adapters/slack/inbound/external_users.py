"""Finds out whether a person is external when the event does not tell: in an organisation, a press names a
workspace only.

Slack is asked once an hour for each person and installation: a colleague in one organisation is external to
another. Source: docs.slack.dev "users.info" and "Slack Connect".
"""

from collections import OrderedDict

from adapters.slack.install.installations import Installation
from adapters.slack.web_api import WebApi
from bot.delivery.pacing import Clock
from bot.domain.errors import PlatformBusy, PlatformError
from bot.domain.events import Author

FRESH = 3_600.0  # seconds that an answer is cached
KEPT = 10_000


class ExternalUsers:
    """Caches what Slack says about people."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], tuple[float, bool]] = OrderedDict()

    async def include(self, author: Author, installation: Installation, web_api: WebApi) -> bool:
        """Whether somebody who looks external is. Raises PlatformBusy when Slack cannot tell now."""
        key, now = (installation.workspace, author.id), self._clock.now()
        at, stranger = self._known.get(key, (now - FRESH, True))
        if now - at >= FRESH:
            stranger = not await _colleague(author, installation, web_api)
            self._known[key] = (now, stranger)
            self._known.move_to_end(key)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return stranger


async def _colleague(author: Author, installation: Installation, web_api: WebApi) -> bool:
    try:
        answer = await web_api.may("users.info", user=author.id)
    except PlatformBusy:
        raise
    except PlatformError:
        return False  # Slack does not show this person to the bot
    if answer is None:
        raise PlatformBusy("Slack does not say now whose people somebody is of", code="ratelimited")
    person = answer.get("user") or {}
    organisation = str((person.get("enterprise_user") or {}).get("enterprise_id") or "")
    theirs = {str(person.get("team_id") or ""), organisation} - {""}
    return bool(theirs & {installation.workspace, installation.enterprise})
