"""Tokens for bots without a client secret, by azure-identity, which is an extra: the only module of Teams that imports it.

Every token is asked for by a credential of its own. One that is kept would give again what a service has refused, and
would not see a renewed certificate. Source: Microsoft Learn, "Azure Identity client library for Python", "Configure a
user-assigned managed identity to trust an external identity provider".
"""

import asyncio
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline.transport import AioHttpTransport
from azure.identity import CredentialUnavailableError
from azure.identity.aio import CertificateCredential, ClientAssertionCredential, ManagedIdentityCredential

from adapters.teams.http_session import HttpSession
from adapters.teams.outbound.token_source import REFUSING, IssuedToken, Registration, TokenNotIssued
from bot.domain.errors import SettingsError

AADSTS = re.compile(r"AADSTS\d+")
"""Entra ID's numbers for its refusals."""
CHECKED = "and check TEAMS_APP_ID and TEAMS_TENANT_ID"


class Proof(Protocol):
    """Proves that a program is the bot."""

    @property
    def place(self) -> str:
        """Who gives the token, where it is not Entra ID itself."""

    @property
    def remedy(self) -> str: ...

    async def credential(
        self, at: Registration, tenant: str, transport: AioHttpTransport
    ) -> AsyncTokenCredential:
        """The credential for one token. Raises TokenNotIssued, AzureError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureIdentity:
    """Implements TokenSource. Everything goes over the adapter's own HTTP session."""

    http: HttpSession
    registration: Registration
    proof: Proof

    @property
    def place(self) -> str:
        return self.proof.place or self.registration.endpoint.url()

    @property
    def remedy(self) -> str:
        return self.proof.remedy

    async def issue(self, scope: str, tenant: str = "") -> IssuedToken:
        transport = AioHttpTransport(session=self.http.session, session_owner=False)
        wanted = tenant or self.registration.endpoint.tenant
        try:
            async with await self.proof.credential(self.registration, wanted, transport) as credential:
                found = await credential.get_token(scope)
        except CredentialUnavailableError as error:
            raise TokenNotIssued(str(error.message), refusal="there is no such identity here") from error
        except HttpResponseError as error:
            raise _refused(error) from error
        except (
            AzureError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
        ) as error:  # also for an answer of another shape
            raise TokenNotIssued(f"{type(error).__name__}: {error}") from error
        return IssuedToken(token=found.token, seconds=found.expires_on - time.time())


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate with its RSA key in one PEM file, which is read for every token: a renewed one needs no restart."""

    path: Path
    password: str = field(default="", repr=False)
    remedy: str = (
        "Microsoft refuses the bot's certificate: upload the one that TEAMS_CERTIFICATE holds under Certificates & secrets, "
        f"or a new one where it has run out, {CHECKED}"
    )
    place: str = ""

    async def credential(
        self, at: Registration, tenant: str, transport: AioHttpTransport
    ) -> AsyncTokenCredential:
        try:
            data = await asyncio.to_thread(self.path.read_bytes)
            return self._load(data, at, tenant, transport=transport)
        except (OSError, ValueError) as error:
            raise TokenNotIssued(f"TEAMS_CERTIFICATE: {error}", refusal="it cannot be read") from error

    def check(self, at: Registration) -> None:
        """Raises SettingsError for a file that is no key with its certificate."""
        try:
            self._load(self.path.read_bytes(), at, at.endpoint.tenant)
        except OSError as error:
            raise SettingsError(
                f"TEAMS_CERTIFICATE is {str(self.path)!r}, which cannot be read ({error.strerror}). Write the path of a PEM file."
            ) from error
        except (ValueError, TypeError) as error:  # cryptography's, for a key that needs a password
            raise SettingsError(
                f"TEAMS_CERTIFICATE is {str(self.path)!r}, which does not hold an RSA key and its certificate as PEM, or not "
                "with this TEAMS_CERTIFICATE_PASSWORD. Put both into one file."
            ) from error

    def _load(self, data: bytes, at: Registration, tenant: str, **more: Any) -> AsyncTokenCredential:
        authority = at.endpoint.authority
        credential: AsyncTokenCredential = CertificateCredential(
            tenant,
            at.app_id,
            certificate_data=data,
            password=self.password or None,
            authority=authority,
            retry_total=0,
            **more,
        )
        return credential


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedFile:
    """The token that a platform writes for its program (Kubernetes, GitHub), which Entra ID is told to believe. It is
    exchanged every hour, so it is read for every token.
    """

    path: Path
    remedy: str = (
        "Microsoft refuses the platform's token: add its issuer and subject under Certificates & secrets, Federated "
        f"credentials, check TEAMS_FEDERATED_TOKEN_FILE, {CHECKED}"
    )
    place: str = ""

    async def credential(
        self, at: Registration, tenant: str, transport: AioHttpTransport
    ) -> AsyncTokenCredential:
        try:
            assertion = (await asyncio.to_thread(self.path.read_text)).strip()
        except (OSError, ValueError) as error:
            raise TokenNotIssued(
                f"TEAMS_FEDERATED_TOKEN_FILE: {error}", refusal="it cannot be read"
            ) from error
        return _by_assertion(at, tenant, assertion, transport)


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedIdentity:
    """A managed identity that Entra ID is told to believe. `audience` is what its token is for."""

    client_id: str
    audience: str
    remedy: str = (
        "Microsoft refuses the managed identity: assign the one of TEAMS_MANAGED_IDENTITY_CLIENT_ID to what Switchboard runs "
        f"on, add it under Certificates & secrets, Federated credentials, {CHECKED}"
    )
    place: str = ""

    async def credential(
        self, at: Registration, tenant: str, transport: AioHttpTransport
    ) -> AsyncTokenCredential:
        async with ManagedIdentityCredential(client_id=self.client_id, transport=transport) as identity:
            assertion = (await identity.get_token(f"{self.audience}/.default")).token
        return _by_assertion(at, tenant, assertion, transport)


@dataclass(frozen=True, slots=True, kw_only=True)
class BotIdentity:
    """A managed identity that is the bot itself ("UserAssignedMSI"): its client id is the app id."""

    remedy: str = (
        "there is no token for the bot's managed identity: assign the identity whose client id is TEAMS_APP_ID to what "
        "Switchboard runs on"
    )
    place: str = "this machine's identity endpoint, which only what runs in Azure has"

    async def credential(
        self, at: Registration, tenant: str, transport: AioHttpTransport
    ) -> AsyncTokenCredential:
        if tenant.lower() != at.endpoint.tenant.lower():
            why = "a managed identity has tokens of its own tenant alone"
            raise TokenNotIssued(why, refusal=why)
        credential: AsyncTokenCredential = ManagedIdentityCredential(client_id=at.app_id, transport=transport)
        return credential


def _by_assertion(
    at: Registration, tenant: str, assertion: str, transport: AioHttpTransport
) -> AsyncTokenCredential:
    credential: AsyncTokenCredential = ClientAssertionCredential(
        tenant,
        at.app_id,
        lambda: assertion,
        authority=at.endpoint.authority,
        transport=transport,
        retry_total=0,
    )
    return credential


def _refused(error: HttpResponseError) -> TokenNotIssued:
    """Entra ID's refusal by its number: its sentences are long."""
    number = AADSTS.search(str(error.message))
    said = f"{error.status_code or ''} {number[0] if number else ''}".strip() or type(error).__name__
    return TokenNotIssued(f"status {said}", refusal=said if error.status_code in REFUSING else "")
