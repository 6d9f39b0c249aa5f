"""Hosts that files come from: pre-signed downloads that refuse a bearer, inline images that require one, a canary."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from tests.teams.issuer import Issuer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@dataclass(kw_only=True)
class Files:
    """Serves `/download/{name}` without and `/v3/attachments/{name}` with the bot's token."""

    issuer: Issuer
    contents: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    sessions: set[str] = field(default_factory=set)  # uploads that were agreed to, each for once
    refusals: dict[str, int] = field(default_factory=dict)  # by name: the status of the next upload

    def downloads(self) -> list[web.RouteDef]:
        return [web.get("/download/{name}", self._download), web.put("/upload/{name}", self._upload)]

    def images(self) -> list[web.RouteDef]:
        return [web.get("/emea/v3/attachments/{name}/views/original", self._image)]

    async def _download(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.path, dict(request.headers)))
        name = request.match_info["name"]
        if "Authorization" in request.headers:
            return web.Response(status=401, text="A pre-signed address takes no token.")
        if name in self.redirects:
            return web.Response(status=302, headers={"Location": self.redirects[name]})
        if name not in self.contents:
            return web.Response(status=404)
        return web.Response(body=self.contents[name], content_type="application/octet-stream")

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        """A session of OneDrive: the whole file at once, with its range and without a token."""
        self.seen.append((request.path, dict(request.headers)))
        name, data = request.match_info["name"], await request.read()
        if "Authorization" in request.headers:
            return web.Response(status=401, text="A pre-signed address takes no token.")
        if status := self.refusals.pop(name, 0):
            return web.Response(status=status)
        if name not in self.sessions:
            return web.Response(status=404)
        whole = f"bytes 0-{len(data) - 1}/{len(data)}"
        if (
            request.headers.get("Content-Range") != whole
            or request.content_type != "application/octet-stream"
        ):
            return web.Response(status=400)
        self.sessions.discard(name)
        self.contents[name] = data
        return web.json_response({"name": name}, status=201)

    async def _image(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.path, dict(request.headers)))
        if not self.issuer.valid(request.headers.get("Authorization", "")):
            return web.Response(status=401)
        name = request.match_info["name"]
        if name in self.redirects:
            return web.Response(status=302, headers={"Location": self.redirects[name]})
        return web.Response(body=self.contents.get(name, PNG), content_type="image/png")


@dataclass
class Canary:
    """A host that nobody should talk to. `seen` holds the headers of everything that came anyway."""

    seen: list[Mapping[str, str]] = field(default_factory=list)

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/{rest:.*}", self._note)]

    async def _note(self, request: web.Request) -> web.Response:
        self.seen.append(dict(request.headers))
        return web.json_response({"id": "1"}, status=201)
