"""What a browser sees on the way to a tool server's sign-in and back, on the public listener.

The first page says whose chat account is about to act there, and does nothing: whoever previews a link uses nothing up. No page
is shown inside another, says where it was come from, or is kept.
"""

import base64
import hashlib
import html
import json
import logging

from aiohttp import web

from bot.answers.tools.grants import CLIENT, DONE, SignInRefused
from bot.domain.errors import StorageUnavailable
from bot.domain.formatting import clip, strip_controls
from bot.domain.sign_ins import Caller
from bot.sign_in.desk import NOTHING, SignInDesk

COOKIE = "switchboard-sign-in"
PATH = "/sign-in"
LIFE = 600  # seconds of the cookie
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
        return _page(200, f"Sign in to {ticket.server}", text, ticket=code)

    async def _sent(self, request: web.Request) -> web.Response:
        code = (await request.post()).get("ticket", "")
        try:
            away = await self._desk.leave(code if isinstance(code, str) else "")
        except SignInRefused as error:
            log.warning("nobody can sign in", extra={"why": str(error)})
            return _page(400, "Sign in", str(error))
        except StorageUnavailable:
            return _page(503, "Sign in", LATER)
        answer = web.Response(status=303, headers={**HEADERS, "Location": away.address})
        answer.set_cookie(
            COOKIE,
            away.cookie,
            max_age=LIFE,
            path=PATH,
            secure=self._desk.home.startswith("https://"),
            httponly=True,
            samesite="Lax",
        )
        return answer

    async def _back(self, request: web.Request) -> web.Response:
        told = request.query
        try:
            ticket = await self._desk.arrive(
                state=told.get("state", ""),
                cookie=request.cookies.get(COOKIE, ""),
                code="" if told.get("error") else told.get("code", ""),
                issuer=told.get("iss"),
            )
        except SignInRefused as error:
            return _ended(_page(200 if str(error) == NOTHING else 400, "Not signed in", str(error)))
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
        return _ended(_page(200, "Signed in", text))

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


def _ended(page: web.Response) -> web.Response:
    page.del_cookie(COOKIE, path=PATH)
    return page


def _page(status: int, title: str, text: str, *, ticket: str = "") -> web.Response:
    form = (
        f'<form method="post" action="{PATH}"><input type="hidden" name="ticket" value="{html.escape(ticket)}">'
        "<button>Go on</button></form>"
    )
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)} - Switchboard</title><style>{STYLE}</style>"
        f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p>{form if ticket else ''}"
    )
    return web.Response(status=status, text=body, content_type="text/html", headers=HEADERS)
