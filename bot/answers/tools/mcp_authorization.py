"""How people sign in to one MCP server: who does it for that server, as whom Switchboard comes there, and the tokens.

Every address is somebody else's word: all of them go through the same checks as the server's own. Sources: the
specification of MCP, "Authorization"; RFC 9728 (who signs in), 8414 (where), 7591 (registration), 7636 (PKCE), 8707
(resource), 9207 (issuer), 7009 (revocation), 7523 (assertions); Microsoft Learn, "OAuth 2.0 On-Behalf-Of flow".
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from secrets import token_urlsafe
from urllib.parse import urlencode, urlsplit

from mcp.client.auth.utils import issuers_match
from mcp.shared.auth import OAuthClientInformationFull
from mcp.shared.auth_utils import resource_url_from_server_url

from bot.answers.tools.addresses import LookUp, look_up_name
from bot.answers.tools.grants import (
    CLIENT,
    DONE,
    Authorization,
    ConsentNeeded,
    Departure,
    SignInEnded,
    SignInRefused,
)
from bot.answers.tools.mcp_sign_in_places import ENTRA, SignInAsker, SignInPlace, SignInPlaces, read_as
from bot.answers.tools.oauth_answers import TokenAnswer, refusal_code, wants_the_person
from bot.answers.tools.outbound import PlainAnswer
from bot.answers.tools.outbound_plain import SignInWeb
from bot.domain.sign_ins import Grant, OAuthClient
from bot.ports import SecretStore
from bot.settings.tool_entries import ToolEntry

NAME = "Switchboard"
ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class McpAuthorization(Authorization):
    """The Authorization of one entry. `home` is our own public address."""

    def __init__(
        self,
        name: str,
        entry: ToolEntry,
        *,
        home: str,
        secret: str,
        secrets: SecretStore,
        look_up: LookUp = look_up_name,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name, self.resource = name, resource_url_from_server_url(entry.url)
        self.exchanges = entry.teams_sso
        self._entry, self._home, self._secret = entry, home, secret
        self._secrets, self._clock = secrets, clock
        self._web = SignInWeb(private=entry.private, look_up=look_up)
        self._asker = SignInAsker(name, self._web)
        self._places = SignInPlaces(name, entry, resource=self.resource, asker=self._asker)

    @property
    def redirect(self) -> str:
        return self._home + DONE

    async def begin(self, state: str) -> Departure:
        place = await self._places.find()
        client = await self._client(place)
        verifier = token_urlsafe(48)
        query = {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": self.redirect,
            "state": state,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        query |= {"scope": place.scope} if place.scope else {}
        query |= {"resource": place.resource} if _takes_resource(str(place.about.issuer)) else {}
        door = str(place.about.authorization_endpoint)
        return Departure(
            address=f"{door}{'&' if urlsplit(door).query else '?'}{urlencode(query)}",
            verifier=verifier,
            resource=place.resource,
            scope=place.scope,
            client=client,
            issuer=str(place.about.issuer),
            says_issuer=bool(place.about.authorization_response_iss_parameter_supported),
            token_url=str(place.about.token_endpoint),
            revocation_url=str(place.about.revocation_endpoint or ""),
        )

    async def finish(self, departure: Departure, *, code: str, issuer: str | None) -> Grant:
        if issuer is not None and not issuers_match(issuer, departure.issuer):
            raise SignInRefused(f"The answer does not come from where {self.name} signs people in.")
        if issuer is None and departure.says_issuer:
            raise SignInRefused(f"The sign-in of {self.name} does not say who it is.")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect,
            "code_verifier": departure.verifier,
        }
        form |= {"resource": departure.resource} if _takes_resource(departure.issuer) else {}
        answer = await self._token(departure.token_url, departure.client, form)
        if answer.status != 200:
            if refusal_code(answer.body) == "invalid_client":
                await self._secrets.delete(self._registered(departure.issuer))
            raise SignInRefused(
                f"{self.name} did not accept the sign-in ({refusal_code(answer.body) or answer.status}). Start again."
            )
        return self._granted(
            answer,
            Grant(
                id=token_urlsafe(12),
                resource=self.resource,
                audience=departure.resource,
                access="",
                scope=departure.scope,
                client=departure.client,
                issuer=departure.issuer,
                token_url=departure.token_url,
                revocation_url=departure.revocation_url,
            ),
        )

    async def on_behalf(self, assertion: str) -> Grant:
        place = await self._places.find()
        client = OAuthClient(id=self._entry.client_id, secret=self._secret, method="client_secret_post")
        token_url = str(place.about.token_endpoint)
        form = {"grant_type": ASSERTION, "assertion": assertion, "scope": place.scope}
        answer = await self._token(token_url, client, {**form, "requested_token_use": "on_behalf_of"})
        if answer.status != 200:
            if wants_the_person(answer.body):
                raise ConsentNeeded(f"{self.name} has to ask you first.")
            raise SignInRefused(
                f"{self.name} did not accept the sign-in ({refusal_code(answer.body) or answer.status})."
            )
        return self._granted(
            answer,
            Grant(
                id=token_urlsafe(12),
                resource=self.resource,
                audience=place.resource,
                access="",
                scope=place.scope,
                client=client,
                issuer=str(place.about.issuer),
                token_url=token_url,
                revocation_url=str(place.about.revocation_endpoint or ""),
            ),
        )

    async def renewed(self, grant: Grant) -> Grant:
        form = {"grant_type": "refresh_token", "refresh_token": grant.refresh}
        if _takes_resource(grant.issuer):
            form["resource"] = grant.audience
        client = self._now(grant.client)
        answer = await self._token(grant.token_url, client, form)
        if answer.status == 200:
            return self._granted(answer, grant)
        code, ours = refusal_code(answer.body), client.id == self._entry.client_id
        if code == "invalid_grant" or (code in {"invalid_client", "unauthorized_client"} and not ours):
            if code != "invalid_grant":
                await self._secrets.delete(self._registered(grant.issuer))
            raise SignInEnded(self.name)
        raise SignInRefused(f"{self.name} does not renew the sign-in now ({code or answer.status}).")

    async def revoke(self, grant: Grant) -> bool:
        if not grant.revocation_url:
            return False
        token = {"token": grant.refresh, "token_type_hint": "refresh_token"}
        if not grant.refresh:
            token = {"token": grant.access, "token_type_hint": "access_token"}
        try:
            answer = await self._token(grant.revocation_url, self._now(grant.client), token)
            if (
                answer.status == 400 and not grant.client.secret
            ):  # servers written with the SDK of 2026 want the field
                answer = await self._token(grant.revocation_url, grant.client, {**token, "client_secret": ""})
        except SignInRefused:
            return False
        return answer.status == 200

    def document(self) -> Mapping[str, object]:
        """What a sign-in reads about us where the address of it is our name (a client id metadata document)."""
        return {
            "client_id": self._home + CLIENT,
            "client_name": NAME,
            "client_uri": self._home,
            "redirect_uris": [self.redirect],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        }

    async def described(self) -> str:
        """One line for `switchboard check`. Raises SignInRefused where nobody could sign in. Registers nothing."""
        place = await self._places.find()
        how = self._way(place)
        said = f"people sign in at {place.about.issuer}, {how}, and come back to {self.redirect}"
        return f"{said}; who has a token for {self.exchanges} needs no browser" if self.exchanges else said

    async def aclose(self) -> None:
        await self._web.aclose()

    def _way(self, place: SignInPlace) -> str:
        """As whom Switchboard comes there. Raises SignInRefused."""
        if self._entry.client_id:
            return "where Switchboard is registered"
        if place.about.client_id_metadata_document_supported and self._home.startswith("https://"):
            return "which reads who Switchboard is"
        if place.about.registration_endpoint:
            return "where Switchboard registers by itself"
        raise SignInRefused(
            f"{self.name} has to know Switchboard first: register it there with the redirect address {self.redirect}, and write "
            f"client_id (and client_secret_env) into [tools.{self.name}]."
        )

    async def _client(self, place: SignInPlace) -> OAuthClient:
        self._way(place)
        about = place.about
        if self._entry.client_id:
            methods = about.token_endpoint_auth_methods_supported or ("client_secret_basic",)
            method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
            method = method if self._secret else "none"
            return OAuthClient(id=self._entry.client_id, secret=self._secret, method=method)
        if about.client_id_metadata_document_supported and self._home.startswith("https://"):
            return OAuthClient(id=self._home + CLIENT)
        name = self._registered(str(about.issuer))
        if kept := await self._secrets.get(name):
            return OAuthClient(**json.loads(kept))
        return await self._register(str(about.registration_endpoint), name)

    async def _register(self, door: str, name: str) -> OAuthClient:
        told = {
            key: value for key, value in self.document().items() if key not in {"client_id", "client_uri"}
        }
        local = urlsplit(self._home).scheme == "http"
        answer = await self._asker.ask(
            "POST", door, told={**told, "application_type": "native" if local else "web"}
        )
        found = read_as(OAuthClientInformationFull, answer.body) if answer.status in {200, 201} else None
        if found is None:
            raise SignInRefused(
                f"{self.name} does not let Switchboard register by itself ({refusal_code(answer.body) or answer.status}): register it "
                f"there with the redirect address {self.redirect}, and write client_id into [tools.{self.name}]."
            )
        method = found.token_endpoint_auth_method or (
            "client_secret_basic" if found.client_secret else "none"
        )
        client = OAuthClient(id=found.client_id, secret=found.client_secret or "", method=method)
        ends = found.client_secret_expires_at or 0
        lasts = max(60, int(ends - self._clock())) if ends else None
        kept = {"id": client.id, "secret": client.secret, "method": client.method}
        await self._secrets.put(name, json.dumps(kept), seconds=lasts)
        return client

    def _now(self, client: OAuthClient) -> OAuthClient:
        """As the operator has it now: a secret that was exchanged, or mistyped, ends nobody's sign-in."""
        return replace(client, secret=self._secret) if client.id == self._entry.client_id else client

    def _registered(self, issuer: str) -> str:
        """Where a registration is kept: it is good for this sign-in and this address of ours."""
        return f"oauth-client:{json.dumps([self.name, issuer, self.redirect])}"

    async def _token(self, url: str, client: OAuthClient, form: Mapping[str, str]) -> PlainAnswer:
        if client.method == "client_secret_basic":
            return await self._asker.ask(
                "POST", url, form={**form, "client_id": client.id}, basic=(client.id, client.secret)
            )
        named = {**form, "client_id": client.id}
        named |= {"client_secret": client.secret} if client.secret else {}
        return await self._asker.ask("POST", url, form=named)

    def _granted(self, answer: PlainAnswer, before: Grant) -> Grant:
        """What a token endpoint gave. What it leaves out stays as it was."""
        told = TokenAnswer.read(answer.body)
        if told is None:
            raise SignInRefused(f"{self.name} gave no token that can be read. Start again.")
        return replace(
            before,
            access=told.access,
            refresh=told.refresh or before.refresh,
            expires=self._clock() + told.seconds if told.seconds else 0.0,
            scope=told.scope or before.scope,
        )


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _takes_resource(issuer: str) -> bool:
    """Entra names the server in the scopes and refuses the parameter `resource`."""
    return urlsplit(issuer).hostname not in ENTRA
