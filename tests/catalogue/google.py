"""Google on loopback: a token endpoint, a metadata server and Vertex AI, as strict about proofs as the real ones."""

import json
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.catalogue.fakes import ANSWER, MESSAGES, streamed

CLOUD = "https://www.googleapis.com/auth/cloud-platform"
EMAIL = "switchboard@project.iam.gserviceaccount.com"
HERE = "/v1/projects/P/locations/L"
CONTENT = (
    'data: {"candidates": [{"content": {"parts": [{"text": "hello"}]}, "finishReason": "STOP"}], "modelVersion": "%s",'
    ' "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1}}\n\n'
)
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@cache
def account_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class FakeGoogle:
    """Tokens are `token-1`, `token-2`, ...; `accepted` are those that Vertex takes. `lasts`: seconds."""

    lasts: int = 3599
    accepts: bool = True
    given: list[str] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    url: str = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/token", self._exchange)
        app.router.add_get("/", self._ping)
        app.router.add_get("/computeMetadata/v1/{path:.*}", self._metadata)
        app.router.add_post(HERE + "/endpoints/openapi/chat/completions", self._chat)
        app.router.add_post(HERE + "/publishers/google/models/{asked:.*}", self._content)
        app.router.add_post(HERE + "/publishers/anthropic/models/{asked:.*}", self._messages)
        return app

    def key_file(self, folder: Path, **changes: str) -> Path:
        """A service account's key as the console gives it out."""
        pem = account_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        about = {
            "type": "service_account",
            "project_id": "P",
            "private_key_id": "k1",
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "token_uri": f"{self.url}/token",
        }
        path = folder / "account.json"
        path.write_text(json.dumps(about | changes), encoding="utf-8")
        return path

    def revoke(self) -> None:
        self.accepted.clear()

    def _new(self) -> web.Response:
        token = f"token-{len(self.given) + 1}"
        self.given.append(token)
        if self.accepts:
            self.accepted.add(token)
        return web.json_response({"access_token": token, "expires_in": self.lasts, "token_type": "Bearer"})

    async def _exchange(self, request: web.Request) -> web.Response:
        form = await request.post()
        try:
            claims = jwt.decode(
                str(form["assertion"]),
                account_key().public_key(),
                algorithms=["RS256"],
                audience="https://oauth2.googleapis.com/token",
                issuer=EMAIL,
            )
        except jwt.PyJWTError:
            return web.json_response(
                {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, status=400
            )
        if form["grant_type"] != GRANT or claims["scope"] != CLOUD or claims["exp"] - time.time() > 3600:
            return web.json_response({"error": "invalid_scope"}, status=400)
        return self._new()

    async def _ping(self, request: web.Request) -> web.Response:
        return web.Response(headers={"Metadata-Flavor": "Google"})

    async def _metadata(self, request: web.Request) -> web.Response:
        if request.headers.get("Metadata-Flavor") != "Google":
            return web.Response(status=403)
        headers = {"Metadata-Flavor": "Google"}
        path = request.match_info["path"]
        if path.endswith("/token"):
            made = self._new()
            made.headers.update(headers)
            return made
        if path == "project/project-id":
            return web.Response(text="P", headers=headers)
        about = {"email": EMAIL, "scopes": [CLOUD], "aliases": ["default"]}
        return web.json_response(about, headers=headers)

    async def _seen(self, request: web.Request) -> dict[str, Any] | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.accepted:
            self.refused.append(token)
            return None
        body: dict[str, Any] = await request.json()
        self.asked.append((request.path_qs, body))
        return body

    def _denied(self) -> web.Response:
        error = {
            "code": 401,
            "message": "Request had invalid authentication credentials.",
            "status": "UNAUTHENTICATED",
        }
        return web.json_response([{"error": error}], status=401)

    async def _chat(self, request: web.Request) -> web.Response:
        body = await self._seen(request)
        if body is None:
            return self._denied()
        if "/" not in body["model"]:
            error = {
                "code": 400,
                "message": "Malformed publisher model; must be PUBLISHER/MODEL.",
                "status": "INVALID_ARGUMENT",
            }
            return web.json_response([{"error": error}], status=400)
        return streamed(ANSWER % body["model"])

    async def _content(self, request: web.Request) -> web.Response:
        body = await self._seen(request)
        model, _, verb = request.match_info["asked"].partition(":")
        if body is None:
            return self._denied()
        if verb != "streamGenerateContent" or request.query.get("alt") != "sse" or "model" in body:
            return web.json_response(
                {"error": {"code": 400, "message": "No.", "status": "INVALID_ARGUMENT"}}, status=400
            )
        return streamed(CONTENT % model)

    async def _messages(self, request: web.Request) -> web.Response:
        body = await self._seen(request)
        model, _, verb = request.match_info["asked"].partition(":")
        if body is None:
            return self._denied()
        if (
            verb != "streamRawPredict"
            or body.get("anthropic_version") != "vertex-2023-10-16"
            or "model" in body
            or body.get("stream") is not True
        ):
            return web.json_response(
                {"error": {"code": 400, "message": "No.", "status": "INVALID_ARGUMENT"}}, status=400
            )
        return streamed(MESSAGES % model)
