"""A server with its sign-in, of our own and strict, whose every answer can be changed: for what real ones do, and for what evil
ones do. Rules: RFC 6749, 7591, 7636, 8414, 9728.
"""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.answers.tools.grants import Departure
from bot.answers.tools.mcp_authorization import McpAuthorization
from bot.settings.tool_entries import ToolEntry
from tests.doubles import FakeSecrets
from tests.tools.signing import KEY

HOME = "https://bot.example.com"
ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
JSON = Mapping[str, Any]


@dataclass
class SignInOffice:
    """`heard` are the requests it got: method, path, what was sent. `clients` are those it knows: id to secret and method."""

    host: str = "127.0.0.1"
    url: str = ""
    header: str = ""
    resource: JSON = field(default_factory=dict)  # what is different in each of its pages
    about: JSON = field(default_factory=dict)
    registered: JSON = field(default_factory=dict)
    tokens: JSON = field(default_factory=dict)
    absent: frozenset[str] = frozenset()  # paths that are not there
    hangs: frozenset[str] = frozenset()  # paths on which nothing comes back
    answers: dict[str, Callable[[], web.Response]] = field(default_factory=dict)  # instead, by path
    clients: dict[str, tuple[str, str]] = field(default_factory=dict)
    heard: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    takes_resource: bool = True

    @asynccontextmanager
    async def open(self) -> AsyncIterator["SignInOffice"]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._asked)
        server = TestServer(app)
        await server.start_server()
        try:
            self.url = f"http://{self.host}:{server.port}"
            yield self
        finally:
            await server.close()

    def authorization(self, *, home: str = HOME, secret: str = "", **entry: Any) -> McpAuthorization:
        async def here(host: str, port: int) -> list[str]:
            return ["127.0.0.1"] if host in {self.host, "localhost"} else ["169.254.169.254"]

        told = {"url": f"{self.url}/mcp", "oauth": True, "private": True, **entry}
        return McpAuthorization(
            "notes",
            ToolEntry.model_validate(told),
            home=home,
            secret=secret,
            secrets=FakeSecrets(),
            look_up=here,
        )

    def allowed(self, departure: Departure) -> str:
        """What a person's press gives: a code for what the browser came with."""
        asked = dict(parse_qsl(urlsplit(departure.address).query))
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"] == f"{HOME}/sign-in/done"
        assert asked["client_id"] in self.clients or asked["client_id"].startswith("https://")
        assert ("resource" in asked) is self.takes_resource
        code = f"code{len(self.codes)}"
        self.codes[code] = asked
        return code

    async def _asked(self, request: web.Request) -> web.Response:
        sent: dict[str, Any] = {}
        if request.can_read_body:
            kind = request.content_type
            sent = await request.json() if kind == "application/json" else dict(await request.post())
        self.heard.append((request.method, request.path, {**sent, **_basic(request)}))
        path = request.path
        if path in self.hangs:
            await asyncio.Event().wait()
        if path in self.answers:
            return self.answers[path]()
        if path in self.absent:
            return web.Response(status=404)
        match path:
            case "/mcp":
                told = self.header or (
                    f'Bearer realm="notes", resource_metadata="{self.url}/.well-known/oauth-protected-resource/mcp"'
                )
                return web.Response(status=401, headers={"WWW-Authenticate": told})
            case "/.well-known/oauth-protected-resource/mcp":
                return web.json_response(
                    {"resource": f"{self.url}/mcp", "authorization_servers": [self.url], **self.resource}
                )
            case "/.well-known/oauth-authorization-server":
                return self.told()
            case "/register":
                return self._register(sent)
            case "/token":
                return self._token(sent, _basic(request))
            case _:
                return web.Response(status=404)

    def told(self, **changed: Any) -> web.Response:
        """What it says of itself."""
        return web.json_response(_without_none({**self._own(), **self.about, **changed}))

    def _own(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "registration_endpoint": f"{self.url}/register",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        }

    def _register(self, sent: JSON) -> web.Response:
        if not sent.get("redirect_uris") or "client_id" in sent:
            return web.json_response({"error": "invalid_client_metadata"}, status=400)
        id = f"client{len(self.clients)}"
        self.clients[id] = ("", "none")
        return web.json_response({**sent, "client_id": id, **self.registered}, status=201)

    def _token(self, sent: JSON, basic: JSON) -> web.Response:
        id = sent.get("client_id", "")
        secret, method = self.clients.get(id, ("", "none" if id.startswith("https://") else "?"))
        shown = {"client_secret_basic": basic.get("secret"), "client_secret_post": sent.get("client_secret")}
        if method == "?" or (secret and shown.get(method) != secret):
            return web.json_response({"error": "invalid_client"}, status=401)
        if sent.get("grant_type") == "authorization_code":
            asked = self.codes.pop(str(sent.get("code")), None)
            if asked is None or asked["redirect_uri"] != sent.get("redirect_uri") or asked["client_id"] != id:
                return web.json_response({"error": "invalid_grant"}, status=400)
            digest = hashlib.sha256(str(sent.get("code_verifier")).encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
                return web.json_response({"error": "invalid_grant"}, status=400)
            if ("resource" in sent) is not self.takes_resource:
                return web.json_response({"error": "invalid_target"}, status=400)
        if sent.get("grant_type") == ASSERTION:
            return self._on_behalf(sent, id)
        told = {"access_token": "token-1", "token_type": "Bearer", "expires_in": 3600, **self.tokens}
        return web.json_response(_without_none(told))

    def _on_behalf(self, sent: JSON, id: str) -> web.Response:
        """As Entra ID: the client's secret is in the form, the assertion is for that client, and the scopes name the server."""
        wrong = not sent.get("client_secret") or sent.get("requested_token_use") != "on_behalf_of"
        if wrong or not sent.get("scope") or "resource" in sent:
            return web.json_response({"error": "invalid_request"}, status=400)
        try:
            claims = jwt.decode(str(sent.get("assertion")), KEY, algorithms=["HS256"], audience=id)
        except jwt.PyJWTError:
            return web.json_response({"error": "invalid_grant", "error_codes": [50013]}, status=400)
        told = {"access_token": f"as-{claims['name']}", "token_type": "Bearer", "expires_in": 3600}
        if "offline_access" in str(sent["scope"]).split():
            told["refresh_token"] = f"later-as-{claims['name']}"
        return web.json_response(told)


def _basic(request: web.Request) -> dict[str, str]:
    kind, _, coded = request.headers.get("Authorization", "").partition(" ")
    if kind != "Basic":
        return {}
    id, _, secret = base64.b64decode(coded).decode().partition(":")
    return {"id": unquote(id), "secret": unquote(secret)}


def _without_none(told: JSON) -> JSON:
    return {key: value for key, value in told.items() if value is not None}
