"""The machine that a bot runs on, as managed identities know it: the metadata service and App Service's endpoint.

Source: Microsoft Learn, "How to use managed identities on an Azure VM to acquire an access token", "... for App Service".
"""

import time
import uuid
from dataclasses import dataclass, field

import jwt
from aiohttp import web

from tests.teams.issuer import Issuer

HEADER = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a"
IMDS = "/metadata/identity/oauth2/token"
APP_SERVICE = "/msi/token"


@dataclass(kw_only=True)
class Machine:
    """Gives tokens for the identities that are assigned to it."""

    issuer: Issuer
    assigned: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def app_service(self) -> dict[str, str]:
        """The variables that App Service and Container Apps set."""
        return {"IDENTITY_ENDPOINT": f"{self.url}{APP_SERVICE}", "IDENTITY_HEADER": HEADER}

    @property
    def metadata_service(self) -> dict[str, str]:
        return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.url}

    def issuer_of(self, identity: str) -> tuple[str, str]:
        """Issuer and subject of an identity's tokens, as they are written into a federated credential."""
        return f"https://login.microsoftonline.com/{self.issuer.home}/v2.0", f"object-of-{identity}"

    def routes(self) -> list[web.RouteDef]:
        return [web.get(IMDS, self._metadata), web.get(APP_SERVICE, self._endpoint)]

    async def _metadata(self, request: web.Request) -> web.Response:
        if request.headers.get("Metadata") != "true" or "X-Forwarded-For" in request.headers:
            return web.json_response({"error": "invalid_request"}, status=400)
        return self._give(request, "2018-02-01")

    async def _endpoint(self, request: web.Request) -> web.Response:
        if request.headers.get("X-IDENTITY-HEADER") != HEADER:
            return web.json_response({"statusCode": 401, "message": "Unauthorized"}, status=401)
        return self._give(request, "2019-08-01")

    def _give(self, request: web.Request, version: str) -> web.Response:
        identity, resource = request.query.get("client_id", ""), request.query.get("resource", "")
        self.asked.append(resource)
        if request.query.get("api-version") != version or identity not in self.assigned:
            body = {"error": "invalid_request", "error_description": "Identity not found"}
            return web.json_response(body, status=400)
        end = int(time.time() + self.issuer.lifetime)
        issuer, subject = self.issuer_of(identity)
        if resource.startswith("api://AzureADTokenExchange"):
            claims = {"iss": issuer, "sub": subject, "aud": resource, "exp": end, "jti": uuid.uuid4().hex}
            token = jwt.encode(claims, self.issuer.key.private, "RS256")
        else:
            token = self.issuer.grant(audience=resource, tenant=self.issuer.home, client=identity)
        given = {"access_token": token, "expires_on": str(end), "resource": resource, "token_type": "Bearer"}
        return web.json_response({**given, "client_id": identity})
