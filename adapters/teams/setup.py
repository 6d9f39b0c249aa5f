"""Builds the Teams adapter from the operator's settings."""

from yarl import URL

from adapters.teams.adapter import TeamsAdapter
from adapters.teams.clouds import Cloud, Hosts, cloud_of, file_hosts, service_hosts
from adapters.teams.http_session import HttpSession
from adapters.teams.inbound.downloads import Downloads
from adapters.teams.inbound.signing_keys import SigningKeys
from adapters.teams.inbound.token_validator import PlaygroundValidator, TokenValidator
from adapters.teams.outbound.connector import Connector
from adapters.teams.outbound.credentials import Credentials
from adapters.teams.pages import public_pages
from bot.delivery.pacing import Clock, WallClock
from bot.domain.errors import SettingsError
from bot.ports import Inbox
from bot.serving.measured import platform_calls
from bot.serving.metrics import Meter
from bot.settings.environment import loopback
from bot.settings.platform_settings import TeamsSettings
from bot.storage.keys import Lifetimes

HERE = ("localhost", "127.0.0.1", "::1")


def adapter(
    teams: TeamsSettings,
    *,
    inbox: Inbox,
    host: str,
    meter: Meter | None = None,
    clock: Clock | None = None,
    external: bool = False,
) -> TeamsAdapter:
    """`host` is the listener's address. Raises SettingsError for what would admit forged requests."""
    if objection := teams.objection(host, private=loopback(host)):
        raise SettingsError(f"{objection}.")
    http = HttpSession(watch=platform_calls(meter, _named) if meter else None)
    cloud = cloud_of(teams.openid_metadata_url or "")
    extra = [*teams.service_hosts, *(HERE if teams.playground else ())]
    services = service_hosts(extra)
    proof = None if teams.playground else credentials(teams, http, cloud)
    return TeamsAdapter(
        inbox=inbox,
        http=http,
        validator=PlaygroundValidator() if teams.playground else _validator(teams, http, cloud, services),
        connector=Connector(http=http, hosts=services, credentials=proof),
        downloads=Downloads(http=http, hosts=file_hosts(extra), services=services, credentials=proof),
        clock=clock or WallClock(),
        extended_markdown=teams.extended_markdown,
        external=external,
        pages=public_pages(Lifetimes()),
    )


def _named(method: str, url: URL) -> str:
    """A Bot Connector method's name, without the ids of its URL; other URLs have none."""
    if "/v3/conversations" not in url.path:
        return "teams other"
    return f"teams {method} {'activities' if '/activities' in url.path else 'conversations'}"


def _validator(teams: TeamsSettings, http: HttpSession, cloud: Cloud, services: Hosts) -> TokenValidator:
    keys = SigningKeys(http=http, metadata_url=teams.openid_metadata_url or cloud.metadata_url)
    return TokenValidator(
        keys=keys, app_id=teams.app_id, issuer=cloud.issuer, tenants=teams.tenants, hosts=services
    )


def credentials(teams: TeamsSettings, http: HttpSession, cloud: Cloud) -> Credentials:
    if not teams.app_id or teams.app_password is None:
        raise SettingsError("TEAMS_APP_ID and TEAMS_APP_PASSWORD are both needed for Teams.")
    return Credentials(
        http=http,
        token_url=teams.token_url or cloud.token_url(teams.tenant_id),
        app_id=teams.app_id,
        secret=teams.app_password.get_secret_value(),
        scope=cloud.scope,
    )
