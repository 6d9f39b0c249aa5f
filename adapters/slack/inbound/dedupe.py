"""Dedupes the two deliveries of one mention, `message` and `app_mention`.

Both become the same event and the first one counts. But `app_mention` may lack the files of the message, so
one without files waits a moment for the `message`, where that is known to be delivered at all. Source:
docs.slack.dev "app_mention"; that files may be missing is reported, not documented.
"""

import asyncio
from collections import OrderedDict

WAIT = 0.4  # seconds; Slack sends both at about the same time and waits three for an answer
KEPT = 1_000


class MentionDedupe:
    """Remembers which mentions have already been received as a `message`."""

    def __init__(self) -> None:
        self._come: OrderedDict[str, asyncio.Event] = OrderedDict()
        self._expected = False

    def came(self, id: str) -> None:
        """The `message` has been received."""
        self._expected = True
        self._of(id).set()

    @property
    def expected(self) -> bool:
        """Whether this app hears messages at all, and not only mentions."""
        return self._expected

    async def wait(self, id: str) -> bool:
        """Waits a moment for the `message`, where that is of use; whether it has been received."""
        if not self._expected:
            return False
        try:
            async with asyncio.timeout(WAIT):
                return await self._of(id).wait()
        except TimeoutError:
            return False

    def _of(self, id: str) -> asyncio.Event:
        found = self._come.setdefault(id, asyncio.Event())
        if len(self._come) > KEPT:
            self._come.popitem(last=False)
        return found
