"""Microsoft's clouds, and the hosts a bot's token may be sent to in them.

Source: Microsoft Learn, Teams platform, "Bot requests authentication" and the national-cloud pages.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from yarl import URL

from bot.settings.environment import loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """Who signs incoming requests, and where the token for outgoing ones comes from."""

    issuer: str
    metadata_url: str
    login: str  # host of the token endpoint
    directory: str  # the tenant where multi-tenant bots get their token
    exchange: str  # what a managed identity's token is for that stands for a federated credential
    graph: str  # Microsoft Graph's address, which its tokens are for

    @property
    def scope(self) -> str:
        return f"{self.issuer}/.default"


PUBLIC = Cloud(
    issuer="https://api.botframework.com",
    metadata_url="https://login.botframework.com/v1/.well-known/openidconfiguration",
    login="login.microsoftonline.com",
    directory="botframework.com",
    exchange="api://AzureADTokenExchange",
    graph="https://graph.microsoft.com",
)
GOVERNMENT = Cloud(
    issuer="https://api.botframework.us",
    metadata_url="https://login.botframework.azure.us/v1/.well-known/openidconfiguration",
    login="login.microsoftonline.us",
    directory="MicrosoftServices.onmicrosoft.us",
    exchange="api://AzureADTokenExchangeUSGov",
    graph="https://graph.microsoft.us",
)
CHINA = Cloud(
    issuer="https://api.botframework.azure.cn",
    metadata_url="https://login.botframework.azure.cn/v1/.well-known/openidconfiguration",
    login="login.partner.microsoftonline.cn",
    directory="microsoftservices.partner.onmschina.cn",
    exchange="api://AzureADTokenExchangeChina",
    graph="https://microsoftgraph.chinacloudapi.cn",
)


def cloud_of(metadata_url: str) -> Cloud:
    """The cloud whose key metadata is at this address; the public one for any other ("" included)."""
    host = URL(metadata_url).host or ""
    return next((cloud for cloud in (GOVERNMENT, CHINA) if host == URL(cloud.metadata_url).host), PUBLIC)


TOKEN_URL = re.compile(r"(.+)/([^/]+)/oauth2/v2\.0/token")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEndpoint:
    """Where Microsoft Entra ID gives tokens. `tenant` is where the bot's own are from."""

    authority: str  # without the tenant: https://login.microsoftonline.com
    tenant: str
    address: str = ""  # the operator's own for all of them, where it has another shape

    def url(self, tenant: str = "") -> str:
        return self.address or f"{self.authority}/{tenant or self.tenant}/oauth2/v2.0/token"


def token_endpoint(cloud: Cloud, *, tenant: str, address: str = "") -> TokenEndpoint:
    """The cloud's endpoint, or the operator's `address`. `tenant` "" is that of bots registered as multi-tenant."""
    if shaped := TOKEN_URL.fullmatch(address):
        return TokenEndpoint(authority=shaped[1], tenant=shaped[2])
    return TokenEndpoint(
        authority=f"https://{cloud.login}", tenant=tenant or cloud.directory, address=address
    )


SERVICE_HOSTS = (
    "smba.trafficmanager.net",
    "botframework.com",
    "botframework.us",
    "botframework.azure.cn",
    "teams.microsoft.com",
    "teams.microsoft.us",
)
FILE_HOSTS = ("sharepoint.com", "sharepoint.us", "sharepoint.cn", "svc.ms", "1drv.com", "graph.microsoft.com")


@dataclass(frozen=True, slots=True)
class Hosts:
    """An allow-list of hosts, each with all its subdomains. Only https.

    `extra` are hosts or host:port that the operator added, compared exactly; on this machine they may use
    http.
    """

    names: tuple[str, ...]
    extra: frozenset[str] = frozenset()

    def allow(self, url: URL) -> bool:
        """Takes the same URL object as the request, so that no second parser can read the URL differently."""
        host = (url.host or "").lower()
        if not host or url.user is not None or url.password is not None:
            return False
        if host in self.extra or f"{host}:{url.port}" in self.extra:
            return url.scheme == "https" or (url.scheme == "http" and loopback(host))
        standard = url.scheme == "https" and url.port == 443
        return standard and any(host == name or host.endswith(f".{name}") for name in self.names)


def service_hosts(extra: Iterable[str]) -> Hosts:
    return Hosts(SERVICE_HOSTS, frozenset(name.lower() for name in extra))


def file_hosts(extra: Iterable[str]) -> Hosts:
    """The hosts of attached files: SharePoint, OneDrive, and the Connector itself."""
    return Hosts((*SERVICE_HOSTS, *FILE_HOSTS), frozenset(name.lower() for name in extra))


def upload_hosts(extra: Iterable[str]) -> Hosts:
    """Where files may be put: SharePoint and OneDrive."""
    return Hosts(FILE_HOSTS, frozenset(name.lower() for name in extra))


def absolute_url(text: str) -> URL | None:
    """An untrusted string as a URL, or None when it is none."""
    try:
        url = URL(text)
    except ValueError:
        return None
    return url if url.absolute and not any(sign in text for sign in "\\ \t\r\n") else None
