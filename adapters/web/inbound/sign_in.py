"""Lets in whoever opened the printed address: its token is exchanged for a cookie, which keeps the door open.

The cookie's name and value come from the token, so that two Switchboards on one machine do not sign each
other out (browsers send cookies to every port), and what a cookie gives away is not the address.
"""

import hashlib
import hmac

from aiohttp import web

LASTS = 30 * 86_400
CLOSED = (
    "This page opens with the address that `switchboard` printed when it started, "
    "http://127.0.0.1:PORT/?token=... - look in its terminal, or at the start of its output."
)


class SignIn:
    """The page's lock. `token` is never empty: that would open it to everybody."""

    def __init__(self, token: str) -> None:
        if len(token) < 32:
            raise ValueError("A page without a long token would be open to everybody.")
        digest = hashlib.sha256(f"the page's cookie: {token}".encode()).hexdigest()
        self._token = token
        self._cookie, self._value = f"switchboard-{digest[:8]}", digest[8:]

    def asked(self, request: web.Request) -> bool:
        """Whether this is somebody who opens the printed address, or an outdated one."""
        return request.path == "/" and "token" in request.query

    def open_to(self, request: web.Request) -> bool:
        """Whether this request has the cookie or, at the printed address, the token."""
        if _same(request.cookies.get(self._cookie, ""), self._value):
            return True
        return self.asked(request) and _same(request.query["token"], self._token)

    def welcome(self, request: web.Request) -> web.Response:
        """Sets the cookie and leads to the address without the token."""
        answer = web.Response(status=303, headers={"Location": "/", "Cache-Control": "no-store"})
        answer.set_cookie(
            self._cookie,
            self._value,
            max_age=LASTS,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=request.secure,
        )
        return answer


def _same(given: str, right: str) -> bool:
    """Compares in a time that tells nothing about where they differ."""
    return hmac.compare_digest(given.encode(errors="replace"), right.encode())
