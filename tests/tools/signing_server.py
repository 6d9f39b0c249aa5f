"""An MCP server at which people sign in, written with the SDK's own: `python signing_server.py PORT`.

Who signs in is whoever the browser says at /login?request=...&as=NAME. Codes, and tokens to renew by, work once. /ledger tells
what ran and as whom, /end takes back what NAME allowed.
"""

import os
import secrets
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

import jwt
from mcp.server import MCPServer
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    IdentityAssertionParams,
    RefreshToken,
    TokenError,
    construct_redirect_uri,
)
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions, RevocationOptions
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import AnyHttpUrl, AnyUrl
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 0
HOME = f"http://127.0.0.1:{PORT}"
SECONDS = int(os.environ.get("TOKEN_SECONDS", "3600"))
KEY = os.environ.get("ENTRA_KEY", "")
APP = os.environ.get("ENTRA_APP", "")


def registered() -> OAuthClientInformationFull:
    """An app with a secret, which may act on behalf of people."""
    return OAuthClientInformationFull(
        client_id=APP,
        client_secret=os.environ.get("ENTRA_SECRET", ""),
        redirect_uris=[AnyUrl(HOME)],
        token_endpoint_auth_method="client_secret_post",
        grant_types=[
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ],
        scope="notes",
    )


@dataclass
class Desk:
    """Implements the SDK's OAuthAuthorizationServerProvider."""

    clients: dict[str, OAuthClientInformationFull] = field(default_factory=lambda: {APP: registered()})
    consents: set[str] = field(default_factory=lambda: {"ada"})
    waiting: dict[str, tuple[str, AuthorizationParams]] = field(default_factory=dict)
    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    access: dict[str, AccessToken] = field(default_factory=dict)
    refresh: dict[str, RefreshToken] = field(default_factory=dict)
    renewals: int = 0
    revoked: list[str] = field(default_factory=list)

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        request = secrets.token_urlsafe(8)
        self.waiting[request] = (client.client_id, params)
        return f"{HOME}/login?{urlencode({'request': request})}"

    def said(self, request: str, person: str) -> str:
        client, params = self.waiting.pop(request)
        code = AuthorizationCode(
            code=secrets.token_urlsafe(32),
            scopes=params.scopes or [],
            expires_at=time.time() + 60,
            client_id=client,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
            subject=person,
        )
        self.codes[code.code] = code
        return construct_redirect_uri(str(params.redirect_uri), code=code.code, state=params.state, iss=HOME)

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        code = self.codes.pop(authorization_code.code)
        return self._tokens(client.client_id, code.scopes, code.subject, code.resource)

    async def load_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: str
    ) -> RefreshToken | None:
        return self.refresh.get(refresh_token)

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        self.renewals += 1
        before = self.refresh.pop(refresh_token.token)
        return self._tokens(client.client_id, before.scopes, before.subject, before.resource)

    def _tokens(
        self, client: str, scopes: list[str], subject: str | None, resource: str | None
    ) -> OAuthToken:
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        ends = int(time.time()) + SECONDS
        self.access[access] = AccessToken(
            token=access,
            expires_at=ends,
            client_id=client,
            scopes=scopes,
            subject=subject,
            resource=resource,
        )
        self.refresh[refresh] = RefreshToken(
            token=refresh, client_id=client, scopes=scopes, subject=subject, resource=resource
        )
        return OAuthToken(
            access_token=access, refresh_token=refresh, expires_in=SECONDS, scope=" ".join(scopes)
        )

    async def load_access_token(self, token: str) -> AccessToken | None:
        found = self.access.get(token)
        return found if found and (found.expires_at or 0) > time.time() else None

    async def exchange_identity_assertion(
        self, client: OAuthClientInformationFull, params: IdentityAssertionParams
    ) -> OAuthToken:
        """On behalf of whoever the assertion, a token for this client, names. `consents`: those who have allowed it."""
        try:
            claims = jwt.decode(params.assertion, KEY, algorithms=["HS256"], audience=client.client_id)
        except jwt.PyJWTError:
            raise TokenError("invalid_grant", "The assertion is not valid.") from None
        if claims["name"] not in self.consents:
            raise TokenError("invalid_grant", "The person has not consented.")
        return self._tokens(client.client_id, params.scopes or [], claims["name"], f"{HOME}/mcp")

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        self.revoked.append(str(token.subject))
        self.end(str(token.subject))

    def end(self, person: str) -> None:
        self.access = {key: one for key, one in self.access.items() if one.subject != person}
        self.refresh = {key: one for key, one in self.refresh.items() if one.subject != person}


desk = Desk()
ledger: list[list[str]] = []
server = MCPServer(
    "signing",
    auth_server_provider=desk,
    auth=AuthSettings(
        issuer_url=AnyHttpUrl(HOME),
        resource_server_url=AnyHttpUrl(f"{HOME}/mcp"),
        client_registration_options=ClientRegistrationOptions(
            enabled=True, valid_scopes=["notes"], default_scopes=["notes"]
        ),
        revocation_options=RevocationOptions(enabled=True),
        identity_assertion_enabled=True,
        required_scopes=["notes"],
        validate_token_resource=True,
    ),
)


@server.tool()
def whoami() -> str:
    """Says as whom this runs."""
    return f"You are {_person()}."


@server.tool()
def write(text: str) -> str:
    """Writes a note."""
    ledger.append([_person(), text])
    return f"{_person()} wrote: {text}"


def _person() -> str:
    token = get_access_token()
    return str(token.subject) if token else "nobody"


@server.custom_route("/login", methods=["GET"])  # type: ignore[untyped-decorator]  # the SDK does not say
async def login(request: Request) -> Response:
    person = request.query_params.get("as", "")
    if not person:
        links = "".join(f'<p><a href="?{request.url.query}&as={one}">{one}</a>' for one in ("ada", "bo"))
        return Response(f"<h1>Notes</h1><p>Who are you?{links}", media_type="text/html")
    return RedirectResponse(desk.said(request.query_params["request"], person), status_code=302)


@server.custom_route("/ledger", methods=["GET"])  # type: ignore[untyped-decorator]  # the SDK does not say
async def told(request: Request) -> Response:
    return JSONResponse(
        {"ran": ledger, "renewals": desk.renewals, "revoked": desk.revoked, "clients": len(desk.clients) - 1}
    )


@server.custom_route("/anew", methods=["GET"])  # type: ignore[untyped-decorator]  # the SDK does not say
async def anew(request: Request) -> Response:
    vars(desk).update(vars(Desk()))
    ledger.clear()
    return Response("anew")


@server.custom_route("/end", methods=["GET"])  # type: ignore[untyped-decorator]  # the SDK does not say
async def ended(request: Request) -> Response:
    desk.end(request.query_params["as"])
    return Response("ended")


@server.custom_route("/back", methods=["GET"])  # type: ignore[untyped-decorator]  # the SDK does not say
async def back(request: Request) -> Response:
    """Where the app's people may come back to, and how it shows its secret: Entra ID takes both ways, the SDK one of them."""
    app = desk.clients[APP]
    app.redirect_uris = [AnyUrl(request.query_params["to"])]
    app.token_endpoint_auth_method = request.query_params["how"]
    return Response("back")


if __name__ == "__main__":
    server.run(transport="streamable-http", host="127.0.0.1", port=PORT)
