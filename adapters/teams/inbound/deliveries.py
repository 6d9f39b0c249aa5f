"""Whether everything that is said in a place is delivered, or mentions alone.

Teams does not say which: it depends on the consent in each team and chat. Something that does not mention the bot shows it.
"""

from adapters.teams.inbound.activity import IncomingActivity
from bot.domain.events import MessageReceived

MOST = 5_000
"""Teams and chats that are remembered. What is forgotten is read once more than needed."""


class Deliveries:
    """Remembers where everything is delivered."""

    def __init__(self) -> None:
        self._whole: set[str] = set()

    def may_lack(self, heard: IncomingActivity, event: MessageReceived) -> bool:
        """Whether something may have been said before this message that was not delivered."""
        team = heard.channel_data.team if heard.channel_data else None
        place = (team.id if team else None) or heard.conversation.id
        if not event.addressed:
            if len(self._whole) >= MOST:
                self._whole.clear()
            self._whole.add(place)
        return event.late and event.addressed and place not in self._whole
