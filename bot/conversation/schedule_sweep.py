"""Puts questions into the inbox when they are due.

Every replica looks. The same due time is the same event, which the inbox takes once; the first of them moves the schedule
on. One that dies in between leaves that to the next look. What was due while nobody looked is asked once.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Collection
from dataclasses import replace

from bot.domain.errors import StorageUnavailable
from bot.domain.schedules import Schedule
from bot.ports import Inbox
from bot.schedule_ports import ScheduleStore

EVERY = 5.0  # seconds between two looks, more or less
AT_A_TIME = 100
NEVER = "It is never due again."

log = logging.getLogger(__name__)


class ScheduleSweep:
    """Looks for what is due. `platforms` are those that this process can answer on."""

    def __init__(
        self,
        *,
        store: ScheduleStore,
        inbox: Inbox,
        platforms: Collection[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._inbox = inbox
        self._platforms = platforms
        self._clock = clock

    async def run(self) -> None:
        """Looks again and again. Runs as its own task."""
        while True:
            try:
                while await self.look() >= AT_A_TIME:
                    pass
            except StorageUnavailable as error:
                log.debug("schedules not looked at", extra={"why": str(error)})
            except Exception:
                log.exception("a look at the schedules failed")
            await asyncio.sleep(EVERY * random.uniform(0.8, 1.2))  # noqa: S311

    async def look(self) -> int:
        """Asks what is due now; returns how many that were."""
        now = self._clock()
        found = await self._store.due(now, AT_A_TIME)
        served = [one for one in found if one.place.thread.platform in self._platforms]
        for schedule in served:
            if schedule.paused:  # for so long that it is forgotten
                await self._store.drop(schedule.workspace, schedule.id)
            else:
                await self._fire(schedule, now)
        return len(served)

    async def _fire(self, schedule: Schedule, now: float) -> None:
        receipt = await self._inbox.put(schedule.event(now))
        due = schedule.recurrence.after(max(now, schedule.next), schedule.zone)
        if due is None:
            await self._store.pause(schedule, NEVER, now=now)
        elif await self._store.keep(replace(schedule, next=due), expected=schedule.next):
            log.info(
                "schedule due",
                extra={"schedule": schedule.id, "receipt": receipt, "late": now - schedule.next},
            )
