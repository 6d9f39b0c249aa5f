"""What goes wrong on demand: refusals, delays, cut connections, and calls carried out without an answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.teams.refusals import Refused

Match = Callable[[str, dict[str, Any]], bool]


def always(method: str, activity: dict[str, Any]) -> bool:
    return True


@dataclass(kw_only=True)
class Fault:
    """One kind of trouble for the next `times` calls that `match(method, activity)`.

    `carried` carries the call out first and then answers with the trouble, which exposes double posts.
    """

    times: int = 1
    status: int = 0
    code: str = "ServiceError"
    message: str = "Something went wrong."
    retry_after: float | None = None
    delay: float = 0.0
    cut: bool = False
    html: bool = False
    flat: bool = False
    carried: bool = False
    hang: bool = False
    match: Match = always

    def response(self, request: web.Request) -> web.StreamResponse:
        if self.cut or self.hang:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        if self.html:
            return web.Response(status=self.status, text="<html>Bad Gateway</html>", content_type="text/html")
        return Refused(self.status, self.code, self.message, self.flat, self.retry_after).response()


@dataclass
class Faults:
    """The faults to come, and the share of answers that get lost (evenly: every twentieth at 0.05)."""

    planned: list[Fault] = field(default_factory=list)
    drop: float = 0.0
    dropped: list[str] = field(default_factory=list)
    numbered: dict[int, Fault] = field(default_factory=dict)
    count: int = 0
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    rolled: float = 0.0

    def plan(self, fault: Fault) -> None:
        self.planned.append(fault)

    async def strike(self, fault: Fault, request: web.Request) -> web.StreamResponse:
        """The answer of a call that a fault befell; one that hangs comes when `released` is set."""
        if fault.hang:
            self.hanging.set()
            await self.released.wait()
        return fault.response(request)

    def clear(self) -> None:
        """Lets go of what hangs, forgets what was planned, and counts calls from one again."""
        self.released.set()
        self.planned.clear()
        self.numbered.clear()
        self.hanging, self.released, self.count = asyncio.Event(), asyncio.Event(), 0

    async def next(self, method: str, activity: dict[str, Any]) -> Fault | None:
        """The fault that strikes this call. Its delay is over when this returns."""
        self.count += 1
        if self.count in self.numbered:
            return self.numbered.pop(self.count)
        for fault in self.planned:
            if fault.times > 0 and fault.match(method, activity):
                fault.times -= 1
                await asyncio.sleep(fault.delay)
                return fault if fault.status or fault.cut else None
        self.rolled += self.drop
        if self.rolled >= 1.0:
            self.rolled -= 1.0
            return Fault(cut=True, carried=True)
        return None
