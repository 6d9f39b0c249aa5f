"""The two deliveries of one mention, and which of them should be taken in.

Both become the same event and the first one counts. But `app_mention` may come without the files of the message,
so one without files waits a moment for its twin, where twins are known to come at all. Source: docs.slack.dev
"app_mention"; that files may be missing is reported, not documented.
"""

import asyncio
from collections import OrderedDict

WAIT = 0.4  # seconds; Slack sends both at about the same time and waits three for an answer
KEPT = 1_000


class MentionDedupe:
    """Remembers which mentions have already come as a message."""

    def __init__(self) -> None:
        self._come: OrderedDict[str, asyncio.Event] = OrderedDict()
        self._expected = False

    def came(self, id: str) -> None:
        """The message itself has been taken in."""
        self._expected = True
        self._of(id).set()

    async def wait(self, id: str) -> None:
        """Returns when the message has come, or when it is no use to wait for it."""
        if not self._expected:
            return
        try:
            async with asyncio.timeout(WAIT):
                await self._of(id).wait()
        except TimeoutError:
            return

    def _of(self, id: str) -> asyncio.Event:
        found = self._come.setdefault(id, asyncio.Event())
        if len(self._come) > KEPT:
            self._come.popitem(last=False)
        return found
