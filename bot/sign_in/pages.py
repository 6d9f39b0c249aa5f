"""What a browser sees on the way to a tool server's sign-in and back, on the public listener.

The first page says whose chat account is about to act there, and does nothing: whoever previews a link uses nothing up. Only
from that page does a browser go on: no other site can send somebody on their way unasked. No page is shown inside another, says
where it was come from, or is kept.
"""

import base64
import hashlib
import hmac
import html
import json
import logging
import re
from collections.abc import Mapping
from secrets import token_urlsafe
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from bot.answers.tools.grants import CLIENT, DONE, SignInRefused
from bot.domain.errors import StorageUnavailable
from bot.domain.formatting import clip, strip_controls
from bot.domain.sign_ins import Caller
from bot.sign_in.desk import NOTHING, SignInDesk

COOKIE = "switchboard-sign-in"
KEPT = re.compile(r"[A-Za-z0-9_-]{43}")
PATH = "/sign-in"
LIFE = 600  # seconds of the cookie
FIELDS = 8  # of a form, at most
ELSEWHERE = "This did not come from the page of the link, or too late. Open the link in the chat again, and let cookies be kept."
LATER = "This does not work right now. Try again in a minute."
STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.5rem;color:#1d1c1d;background:#fff}"
    "button{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:.5rem;background:#0b57d0;color:#fff;cursor:pointer}"
    "@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#1b1d21}button{background:#a8c7fa;color:#062e6f}}"
)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; style-src 'sha256-"
    f"{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}

log = logging.getLogger(__name__)


class SignInPages:
    """The routes."""

    def __init__(self, desk: SignInDesk) -> None:
        self._desk = desk
        self._safe = desk.home.startswith("https://")
        # With the prefix, no other host of the same domain can put one there.
        self._cookie = f"__Host-{COOKIE}" if self._safe else COOKIE

    def routes(self) -> list[web.AbstractRouteDef]:
        if not self._desk.grants.authorizations:
            return []
        return [
            web.get(PATH, self._asked),
            web.post(PATH, self._sent),
            web.get(DONE, self._back),
            web.get(CLIENT, self._document),
        ]

    async def _asked(self, request: web.Request) -> web.Response:
        code = request.query.get("ticket", "")
        try:
            ticket = await self._desk.ticket(code)
        except SignInRefused as error:
            return _page(400, "Sign in", str(error))
        except StorageUnavailable:
            return _page(503, "Sign in", LATER)
        text = (
            f"You are about to sign in to {ticket.server}. From then on {_whose(ticket.caller)} acts there through Switchboard "
            "as whoever signs in now. If that chat account is not yours, close this page."
        )
        kept = request.cookies.get(self._cookie, "")
        cookie = kept if KEPT.fullmatch(kept) else token_urlsafe(32)  # one for several links at once
        page = _page(200, f"Sign in to {ticket.server}", text, hidden={"ticket": code, "seen": _mark(cookie)})
        return self._keeping(page, cookie)

    async def _sent(self, request: web.Request) -> web.Response:
        form, cookie = await _form(request), request.cookies.get(self._cookie, "")
        if not cookie or not hmac.compare_digest(_mark(cookie).encode(), form.get("seen", "").encode()):
            return _page(400, "Sign in", ELSEWHERE)
        try:
            address = await self._desk.leave(form.get("ticket", ""), cookie=cookie)
        except SignInRefused as error:
            log.warning("nobody can sign in", extra={"why": str(error)})
            return _page(400, "Sign in", str(error))
        except StorageUnavailable:
            return _page(503, "Sign in", LATER)
        return self._keeping(web.Response(status=303, headers={**HEADERS, "Location": address}), cookie)

    def _keeping(self, answer: web.Response, cookie: str) -> web.Response:
        """What a browser brings along again: not from another site's form, but when it is sent back by the sign-in."""
        answer.set_cookie(
            self._cookie,
            cookie,
            max_age=LIFE,
            path="/" if self._safe else f"{urlsplit(self._desk.home).path}{PATH}",
            secure=self._safe,
            httponly=True,
            samesite="Lax",
        )
        return answer

    async def _back(self, request: web.Request) -> web.Response:
        told = request.query
        try:
            ticket = await self._desk.arrive(
                state=told.get("state", ""),
                cookie=request.cookies.get(self._cookie, ""),
                code="" if told.get("error") else told.get("code", ""),
                issuer=told.get("iss"),
            )
        except SignInRefused as error:
            return _page(200 if str(error) == NOTHING else 400, "Not signed in", str(error))
        except StorageUnavailable:
            return _page(503, "Not signed in", LATER)
        who = _whose(ticket.caller)
        text = f"{who[0].upper()}{who[1:]} is signed in to {ticket.server}. "
        text += (
            "You can close this window: the answer goes on in the chat."
            if ticket.then
            else "You can close this window."
        )
        text += f" To end it, write /tools sign-out {ticket.server} in the chat."
        return _page(200, "Signed in", text)

    async def _document(self, request: web.Request) -> web.Response:
        """Who Switchboard is, for a sign-in that reads it here instead of having it registered."""
        any_of = next(iter(self._desk.grants.authorizations.values()))
        body = json.dumps(any_of.document())
        return web.Response(
            text=body, content_type="application/json", headers={"Cache-Control": "max-age=300"}
        )


def _whose(caller: Caller) -> str:
    """Which chat account, in words that its owner knows."""
    platform, _, workspace = caller.workspace.partition(":")
    if caller.person == workspace:  # there is only one person
        return "whoever uses Switchboard on this machine"
    name = clip(strip_controls(caller.name), 80)
    who = f"{name} ({caller.person})" if name and name != caller.person else caller.person
    return f"{who} of {platform.capitalize()} {workspace}"


async def _form(request: web.Request) -> dict[str, str]:
    """What our own page sends; {} for anything else."""
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    try:
        told = parse_qs((await request.read()).decode("ascii", "replace"), max_num_fields=FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in told.items()}


def _mark(cookie: str) -> str:
    """What stands in the page for the cookie of its browser."""
    return hashlib.sha256(f"seen {cookie}".encode(errors="replace")).hexdigest()


def _page(status: int, title: str, text: str, *, hidden: Mapping[str, str] | None = None) -> web.Response:
    fields = (
        f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
        for name, value in (hidden or {}).items()
    )
    form = f'<form method="post" action="?">{"".join(fields)}<button>Go on</button></form>'
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)} - Switchboard</title><style>{STYLE}</style>"
        f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p>{form if hidden else ''}"
    )
    return web.Response(status=status, text=body, content_type="text/html", headers=HEADERS)
