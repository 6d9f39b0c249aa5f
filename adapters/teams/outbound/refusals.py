"""What a conversation refused lately: streams, or edits. It is not tried there again for a while."""

from dataclasses import dataclass, field

RELUCTANT = 120.0
"""Seconds. A refusal may be over by then: an administrator's switch, or a message that somebody deleted."""
NOT_EDITED = frozenset({400, 403, 404, 405, 413, 501})
"""Statuses with which the Connector says that a message will not be changed, however often it is asked."""


@dataclass(slots=True)
class Refusals:
    """The conversations that refused one thing, and until when it is not tried there."""

    _refused: dict[str, float] = field(default_factory=dict)

    def possible(self, conversation: str, now: float) -> bool:
        return self._refused.get(conversation, 0.0) <= now

    def refuse(self, conversation: str, now: float) -> None:
        self._refused = {name: until for name, until in self._refused.items() if until > now}
        self._refused[conversation] = now + RELUCTANT
