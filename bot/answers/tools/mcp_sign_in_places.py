"""Who signs people in to an MCP server, and where: found out step by step, and believed only as far as it fits together.

Sources: the specification of MCP, "Authorization"; RFC 9728 (protected resource metadata), RFC 8414 (authorization server
metadata), RFC 7636 (PKCE); Microsoft Learn, identity platform, "OpenID Connect" (organizations and common).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from mcp.client.auth.utils import (
    build_oauth_authorization_server_metadata_discovery_urls,
    build_protected_resource_metadata_discovery_urls,
    issuers_match,
)
from mcp.shared.auth import OAuthClientInformationFull, OAuthMetadata, ProtectedResourceMetadata
from mcp.shared.auth_utils import check_resource_allowed

from bot.answers.tools.addresses import encrypted_enough
from bot.answers.tools.faults import fault_words
from bot.answers.tools.grants import SignInRefused
from bot.answers.tools.oauth_answers import challenge_parameter
from bot.answers.tools.outbound import PlainAnswer, WayFault
from bot.answers.tools.outbound_plain import SignInWeb
from bot.domain.formatting import clip, strip_controls
from bot.settings.tool_entries import ToolEntry

ENTRA = frozenset(
    {"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"}
)
"""Microsoft's sign-ins."""
ANYBODYS = frozenset({"organizations", "common"})
"""In a tenant's place. Such a sign-in is that of no company, and says of itself that it is another."""

M = TypeVar("M", OAuthMetadata, ProtectedResourceMetadata, OAuthClientInformationFull)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPlace:
    """Who signs people in to a server. `resource` is what tokens are asked for, `scope` what is asked for, "" for nothing."""

    about: OAuthMetadata
    resource: str
    scope: str


class SignInAsker:
    """Requests of one server's sign-in. `name` is that of its entry."""

    def __init__(self, name: str, web: SignInWeb) -> None:
        self._name, self._web = name, web

    async def ask(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        told: object = None,
        basic: tuple[str, str] | None = None,
    ) -> PlainAnswer:
        """Raises SignInRefused when nothing comes back."""
        try:
            return await self._web.ask(method, url, form=form, told=told, basic=basic)
        except WayFault as lost:
            host = urlsplit(url).hostname or "?"
            why = fault_words(lost.fault, name=self._name, host=clip(strip_controls(host), 80))
            raise SignInRefused(f"Nobody can sign in: {why}") from None


class SignInPlaces:
    """Finds the sign-in of one entry. `resource` is the server's own address."""

    def __init__(self, name: str, entry: ToolEntry, *, resource: str, asker: SignInAsker) -> None:
        self._name, self._entry, self._resource, self._asker = name, entry, resource, asker

    async def find(self) -> SignInPlace:
        """Asks the server who signs people in, and that one where. Raises SignInRefused."""
        challenge = (await self._asker.ask("POST", self._entry.url, told={})).challenge
        resource, issuer, wants = self._resource, "", challenge_parameter(challenge, "scope")
        pointer = challenge_parameter(challenge, "resource_metadata") or None
        for url in build_protected_resource_metadata_discovery_urls(pointer, self._entry.url):
            answer = await self._asker.ask("GET", url)
            if answer.status == 200 and (told := read_as(ProtectedResourceMetadata, answer.body)):
                if not check_resource_allowed(self._resource, str(told.resource)):
                    raise SignInRefused(
                        f"{self._name} names another server as its own: {_short(told.resource)}."
                    )
                resource, issuer = str(told.resource), str(told.authorization_servers[0])
                wants = wants or " ".join(told.scopes_supported or ())
                break
        about = await self._about(issuer)
        scope = " ".join(self._entry.scopes) or wants
        if scope and not self._entry.scopes and "offline_access" in (about.scopes_supported or ()):
            scope += "" if "offline_access" in scope.split() else " offline_access"
        return SignInPlace(about=about, resource=resource, scope=scope)

    async def _about(self, issuer: str) -> OAuthMetadata:
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self._entry.url))
        expected = issuer or origin
        if _of_any_company(expected):
            issuer = expected = self._in_our_company(expected)
        if self._entry.issuer and not issuers_match(expected, self._entry.issuer):
            raise SignInRefused(
                f"{self._name} sends people to {_short(expected)} to sign in, and issuer in [tools.{self._name}] is another."
            )
        for url in build_oauth_authorization_server_metadata_discovery_urls(issuer or None, self._entry.url):
            answer = await self._asker.ask("GET", url)
            if answer.status == 200 and (about := read_as(OAuthMetadata, answer.body)):
                return self._believed(about, expected)
        raise SignInRefused(
            f"{self._name} does not say where people sign in: is url in [tools.{self._name}] that of a server with OAuth?"
        )

    def _in_our_company(self, named: str) -> str:
        """The operator's own sign-in, where the server leaves open whose."""
        place, ours = urlsplit(named), urlsplit(self._entry.issuer)
        tenant = ours.path[1:].partition("/")[0]
        same = (ours.scheme, ours.netloc) == (place.scheme, place.netloc)
        if not same or not tenant or _of_any_company(self._entry.issuer):
            wanted = f"{place.scheme}://{place.netloc}/YOUR-TENANT-ID/v2.0"
            raise SignInRefused(
                f'{self._name} takes people of any company: write issuer = "{_short(wanted)}" into [tools.{self._name}].'
            )
        return self._entry.issuer

    def _believed(self, about: OAuthMetadata, expected: str) -> OAuthMetadata:
        if not issuers_match(str(about.issuer), expected):
            raise SignInRefused(
                f"{_short(expected)} says of itself that it is {_short(about.issuer)}, so it is not believed."
            )
        doors = (about.authorization_endpoint, about.token_endpoint, about.revocation_endpoint)
        if not all(encrypted_enough(str(door), private=self._entry.private) for door in doors if door):
            raise SignInRefused(f"The sign-in of {self._name} is not encrypted.")
        methods = about.code_challenge_methods_supported
        if "S256" not in (methods or ()) and not (methods is None and self._entry.client_id):
            raise SignInRefused(f"The sign-in of {self._name} does not protect its codes (PKCE with S256).")
        return about


def _of_any_company(issuer: str) -> bool:
    place = urlsplit(issuer)
    return place.hostname in ENTRA and place.path[1:].partition("/")[0].lower() in ANYBODYS


def read_as(kind: type[M], body: bytes) -> M | None:
    """None for what is something else."""
    try:
        return kind.model_validate_json(body)
    except ValueError:
        return None


def _short(address: object) -> str:
    return clip(strip_controls(str(address)), 120)
