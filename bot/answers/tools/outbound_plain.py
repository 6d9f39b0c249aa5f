"""Requests to where people sign in to tool servers: the same checks as on the way to the servers, and whatever comes back."""

import base64
from collections.abc import Mapping
from urllib.parse import quote

import anyio
import httpx2

from bot.answers.tools.addresses import LookUp, look_up_name
from bot.answers.tools.faults import Fault
from bot.answers.tools.outbound import CheckedTransport, PlainAnswer, WayFault, say_nothing

SECONDS = 15.0  # for one request


class SignInWeb:
    """Requests to where people sign in: the same checks as on the way to the servers."""

    def __init__(self, *, private: bool, look_up: LookUp = look_up_name) -> None:
        self._private, self._look_up = private, look_up
        self._transport: CheckedTransport | None = None

    async def ask(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        told: object = None,
        basic: tuple[str, str] | None = None,
    ) -> PlainAnswer:
        """`form` and `told` (JSON) are what is sent, `basic` a client's id and secret. Raises WayFault."""
        say_nothing()
        self._transport = self._transport or CheckedTransport(private=self._private, look_up=self._look_up)
        headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "switchboard"}
        if basic:
            pair = ":".join(quote(part, safe="") for part in basic)
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        try:
            request = httpx2.Request(method, url, data=form, json=told, headers=headers)
            with anyio.fail_after(SECONDS):
                return await self._transport.plainly(request)
        except (httpx2.InvalidURL, ValueError):
            raise WayFault(Fault.NOT_THERE) from None
        except (TimeoutError, httpx2.ReadError):
            raise WayFault(Fault.LOST) from None

    async def aclose(self) -> None:
        if self._transport:
            await self._transport.aclose()
