"""Allows the page only for the person at this machine.

The page has no password, so a request must come from this machine: over loopback, addressed to a loopback
name (a foreign name that resolves to 127.0.0.1 is DNS rebinding), not forwarded by a proxy or a tunnel, and
not sent by another site's page (browsers tell that in Origin and Sec-Fetch-Site).
"""

import ipaddress
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from bot.domain.errors import PlatformGone, StorageUnavailable

T = TypeVar("T", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LIMIT = 512 * 1024  # bytes of a request's body
NAMES = {"localhost", "127.0.0.1", "[::1]"}
PASSED_ON = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "CF-Connecting-IP",
)
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


def local(handler: Handler) -> Handler:
    """The middleware that refuses requests from elsewhere, and reports other errors as JSON."""

    async def answer(request: web.Request) -> web.StreamResponse:
        refusal = stranger(request)
        if refusal:
            return _said(403, refusal)
        try:
            response = await handler(request)
        except StorageUnavailable:
            return _said(503, "Switchboard cannot reach its storage.")
        except PlatformGone:
            return _said(410, "This conversation was deleted.")
        except ValidationError:
            return _said(400, "This request cannot be read.")
        except web.HTTPException as error:
            return _said(error.status, error.reason)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return answer


def _said(status: int, error: str) -> web.Response:
    return web.json_response(
        {"error": error}, status=status, headers={**HEADERS, "Cache-Control": "no-store"}
    )


def stranger(request: web.Request) -> str:
    """Why this request is refused, "" when it comes from this machine."""
    host = request.headers.get("Host", "")
    if not _loopback(request.remote or "") or any(name in request.headers for name in PASSED_ON):
        return "This page is only for the machine it runs on. Tunnels and proxies must not lead here."
    if host.rpartition(":")[0] not in NAMES and host not in NAMES:
        return "Open this page as http://127.0.0.1 or http://localhost."
    if request.headers.get("Origin", f"http://{host}") != f"http://{host}":
        return "Another site sent this."
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site in {"same-origin", "none"}:
        return ""
    if (
        request.method == "GET"
        and request.path == "/"
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
    ):
        return ""  # a person followed a link to the page
    return "Another site sent this."


def _loopback(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_loopback


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
