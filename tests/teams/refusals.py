"""What the fake says no with, in the words and shapes the Bot Connector uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web


@dataclass
class Refused(Exception):
    """One refusal. `flat` leaves out the "error" wrapper, as some of the service's layers do."""

    status: int
    code: str
    message: str
    flat: bool = False
    retry_after: float | None = None

    def response(self) -> web.Response:
        inner = {"code": self.code, "message": self.message}
        headers = {} if self.retry_after is None else {"Retry-After": f"{self.retry_after:g}"}
        body: Mapping[str, Any] = inner if self.flat else {"error": inner}
        return web.json_response(body, status=self.status, headers=headers)


def bad(message: str, code: str = "BadArgument") -> Refused:
    return Refused(400, code, message)


def stream_refused(message: str) -> Refused:
    return Refused(403, "ContentStreamNotAllowed", message)


def gone(code: str = "ActivityNotFoundInConversation") -> Refused:
    return Refused(404, code, "The conversation or the activity in it was not found.")
