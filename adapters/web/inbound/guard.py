"""Allows the page only for the person at this machine.

What proves that is the token (adapters.web.inbound.sign_in). Besides, a request must be addressed to a
loopback name (a foreign name that resolves to 127.0.0.1 is DNS rebinding), not be forwarded by a proxy or a
tunnel that says so, and not be sent by another site's page (browsers tell that in Origin and Sec-Fetch-Site).
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from adapters.web.inbound.sign_in import CLOSED, SignIn
from bot.domain.errors import PlatformGone, StorageUnavailable
from bot.serving.local_request import addressed_here, from_here, passed_on

T = TypeVar("T", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LIMIT = 512 * 1024  # bytes of a request's body
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """Wraps a handler: refuses requests from elsewhere and without sign-in, and reports errors as JSON."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in

    def __call__(self, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            response = await self._answer(request, handler)
            if not response.prepared:
                response.headers.update(HEADERS)
            return response

        return answer

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if refusal := stranger(request):
            return _said(request, 403, refusal)
        if not self._sign_in.open_to(request):
            return _closed(request)
        if self._sign_in.asked(request):
            return self._sign_in.welcome(request)
        try:
            return await handler(request)
        except StorageUnavailable:
            return _said(request, 503, "Switchboard cannot reach its storage.")
        except PlatformGone:
            return _said(request, 410, "This conversation was deleted.")
        except ValidationError:
            return _said(request, 400, "This request cannot be read.")
        except web.HTTPException as error:
            return _said(request, error.status, error.reason)


def _said(request: web.Request, status: int, error: str) -> web.Response:
    """JSON for the page's script, a line of text for a person."""
    if request.path == "/":
        answer = web.Response(status=status, text=f"{error}\n")
    else:
        answer = web.json_response({"error": error}, status=status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _closed(request: web.Request) -> web.Response:
    """Somebody who followed a link from another site has a cookie that the browser keeps back this once: the
    page asks again in its own name.
    """
    answer = _said(request, 401, CLOSED)
    if _followed(request) and "token" not in request.query:
        answer.headers["Refresh"] = "0"
    return answer


def stranger(request: web.Request) -> str:
    """Why this request is refused, "" when it may come from this machine."""
    host = request.headers.get("Host", "")
    if not from_here(request.remote or "") or passed_on(request.headers):
        return "This page is only for the machine it runs on. Tunnels and proxies must not lead here."
    if not addressed_here(host):
        return "Open this page as http://127.0.0.1 or http://localhost."
    if request.headers.get("Origin", f"http://{host}") != f"http://{host}":
        return "Another site sent this."
    site = request.headers.get("Sec-Fetch-Site", "none")
    return "" if site in {"same-origin", "none"} or _followed(request) else "Another site sent this."


def _followed(request: web.Request) -> bool:
    """Whether a person followed another site's link to the page."""
    return (
        request.method == "GET"
        and request.path == "/"
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Site") not in {None, "same-origin", "none"}
    )


async def body(request: web.Request, kind: type[T]) -> T:
    """A request's JSON body. Not a form or plain text: other sites can send those without a preflight."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    data = bytearray()
    async for chunk in request.content.iter_chunked(65_536):
        data += chunk
        if len(data) > LIMIT:
            raise web.HTTPRequestEntityTooLarge(max_size=LIMIT, actual_size=len(data))
    return kind.model_validate_json(bytes(data))
