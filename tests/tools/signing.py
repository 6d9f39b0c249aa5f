"""Servers at which people sign in, and the browser with which they do."""

import atexit
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
import jwt
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from bot.sign_in.pages import SignInPages
from tests.interop.servers import free_port
from tests.tools.bench import PATIENCE, listening

PROGRAM = Path(__file__).with_name("signing_server.py")
KEY, SECRET = "what only the fake of Entra ID signs with", "hush-entra-secret"
APP, TENANT = "07338883-af76-47b3-86e4-2603c50be638", "72f988bf-86f1-41af-91ab-2d7cd011db47"
RESOURCE = f"api://bot.example.com/{APP}"
LINK = re.compile(r"https?://[\w.:/-]+/sign-in\?ticket=[\w-]+")
SSO_ENTRY = {
    "client_id": APP,
    "client_secret_env": "ENTRA_SECRET",
    "scopes": ["notes"],
    "teams_sso": RESOURCE,
}
ENTRY = {"oauth": True, "private": True, "run": ["whoami"]}


def person_token(
    oid: str, *, name: str = "ada", tenant: str = TENANT, audience: str = APP, seconds: float = 3_600.0
) -> str:
    """What Entra ID gives a Teams client for RESOURCE."""
    claims = {"oid": oid, "tid": tenant, "aud": audience, "name": name, "exp": int(time.time() + seconds)}
    return jwt.encode(claims, KEY, algorithm="HS256")


@cache
def lasting_notes() -> str:
    """One such server for all tests of this process: starting one takes seconds. Its `/anew` makes it forget everything."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(notes())


@contextmanager
def notes(**environment: str) -> Iterator[str]:
    """The SDK's server with its own sign-in; gives its home."""
    port = free_port()
    command = [sys.executable, str(PROGRAM), str(port)]
    quiet = subprocess.DEVNULL
    told = {**os.environ, "ENTRA_KEY": KEY, "ENTRA_APP": APP, "ENTRA_SECRET": SECRET, **environment}
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, env=told) as process:
        try:
            began = time.monotonic()
            while not listening(port):
                assert process.poll() is None
                assert time.monotonic() < began + PATIENCE
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


@dataclass
class Browser:
    """Somebody's browser. Of `home`, our public address, it knows where that really is. `seen` are the pages it was shown."""

    http: aiohttp.ClientSession
    home: str
    really: str
    person: str = "ada"
    cookies: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def signs_in(self, link: str) -> str:
        """From the link to the last page, as this person; gives what that says."""
        page = await self.opens(link)
        form = hidden(page)
        return await self.goes(await self.posts(f"{self.home}/sign-in", form)) if form else page

    async def goes(self, address: str) -> str:
        """Follows where it is sent, says who it is where that is asked for, and comes back."""
        while address:
            if urlsplit(address).path == "/login" and "as=" not in address:
                address += f"&as={self.person}"
            _, page, address = await self._asked("GET", address)
        return page

    async def leaves(self, link: str) -> str:
        """Only as far as where it comes back to; gives that address."""
        form = hidden(await self.opens(link))
        assert form
        address = await self.posts(f"{self.home}/sign-in", form)
        while not address.startswith(self.home):
            if urlsplit(address).path == "/login" and "as=" not in address:
                address += f"&as={self.person}"
            _, _, address = await self._asked("GET", address)
        return address

    async def opens(self, address: str) -> str:
        return (await self._asked("GET", address))[1]

    async def posts(self, address: str, form: dict[str, str]) -> str:
        """Gives where it is sent to, or ""."""
        return (await self._asked("POST", address, form))[2]

    async def _asked(
        self, method: str, address: str, form: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        ours = address.startswith(self.home)
        real = address.replace(self.home, self.really, 1) if ours else address
        told: dict[str, Any] = {"data": form, "allow_redirects": False}
        if ours and self.cookies:
            told["headers"] = {"Cookie": "; ".join(f"{key}={value}" for key, value in self.cookies.items())}
        async with self.http.request(method, URL(real, encoded=True), **told) as answer:
            text = await answer.text()
            if ours:
                self.headers.append(dict(answer.headers))
                for name, morsel in answer.cookies.items():
                    self.cookies[name] = morsel.value
                    if not morsel.value:
                        del self.cookies[name]
            if not 300 <= answer.status < 400:
                self.seen.append(text)
                return answer.status, text, ""
            return answer.status, text, urljoin(address, answer.headers["Location"])


@asynccontextmanager
async def browser(pages: SignInPages, home: str) -> AsyncIterator[Browser]:
    """Before the pages of a product that is only put together."""
    app = web.Application()
    app.add_routes(pages.routes())
    async with TestClient(TestServer(app)) as client, aiohttp.ClientSession() as http:
        yield Browser(http=http, home=home, really=str(client.make_url("")).rstrip("/"))


def hidden(page: str) -> dict[str, str]:
    """What a page's button sends."""
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}


async def known(browser: Browser, home: str, how: str = "client_secret_post") -> None:
    """Tells the server from where people come, and how Switchboard shows its secret."""
    async with browser.http.get(f"{lasting_notes()}/back", params={"to": f"{home}/sign-in/done", "how": how}):
        pass


def link_in(shown: str) -> str:
    """The last one in what a chat shows, or in the JSON that it is sent."""
    found = LINK.findall(shown)
    assert found, shown
    return str(found[-1])
