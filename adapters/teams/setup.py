"""Puts the Teams adapter together from what the operator set."""

from yarl import URL

from adapters.teams.adapter import TeamsAdapter
from adapters.teams.clouds import Cloud, Hosts, cloud_of, file_hosts, service_hosts
from adapters.teams.http_session import Wire
from adapters.teams.inbound.downloads import Downloads
from adapters.teams.inbound.signing_keys import KeySet
from adapters.teams.inbound.token_validator import Gate, OpenGate
from adapters.teams.outbound.connector import Connector
from adapters.teams.outbound.credentials import Credentials
from bot.delivery.pacing import Clock, WallClock
from bot.domain.errors import SettingsError
from bot.ports import Inbox
from bot.serving.measured import platform_calls
from bot.serving.metrics import Meter
from bot.settings.environment import loopback
from bot.settings.settings import Teams

HERE = ("localhost", "127.0.0.1", "::1")


def adapter(
    teams: Teams,
    *,
    inbox: Inbox,
    host: str,
    meter: Meter | None = None,
    clock: Clock | None = None,
    external: bool = False,
) -> TeamsAdapter:
    """`host` is where the listener will be. Raises SettingsError rather than believing strangers."""
    if teams.playground and not loopback(host):
        raise SettingsError(
            f"TEAMS_PLAYGROUND accepts anybody, and HOST={host} can be reached from other machines. "
            "Write HOST=127.0.0.1, or remove TEAMS_PLAYGROUND."
        )
    wire = Wire(watch=platform_calls(meter, named) if meter else None)
    cloud = cloud_of(teams.openid_metadata_url or "")
    extra = [*teams.service_hosts, *(HERE if teams.playground else ())]
    services = service_hosts(extra)
    proof = None if teams.playground else credentials(teams, wire, cloud)
    return TeamsAdapter(
        inbox=inbox,
        wire=wire,
        gate=OpenGate() if teams.playground else _gate(teams, wire, cloud, services),
        connector=Connector(wire=wire, hosts=services, credentials=proof),
        downloads=Downloads(wire=wire, hosts=file_hosts(extra), services=services, credentials=proof),
        clock=clock or WallClock(),
        extended_markdown=teams.extended_markdown,
        external=external,
    )


def named(method: str, url: URL) -> str:
    """What is called at the Bot Connector; its addresses hold ids, and others have no name."""
    if "/v3/conversations" not in url.path:
        return "teams other"
    return f"teams {method} {'activities' if '/activities' in url.path else 'conversations'}"


def _gate(teams: Teams, wire: Wire, cloud: Cloud, services: Hosts) -> Gate:
    keys = KeySet(wire=wire, metadata_url=teams.openid_metadata_url or cloud.metadata_url)
    return Gate(keys=keys, app_id=teams.app_id, issuer=cloud.issuer, tenants=teams.tenants, hosts=services)


def credentials(teams: Teams, wire: Wire, cloud: Cloud) -> Credentials:
    if not teams.app_id or teams.app_password is None:
        raise SettingsError("TEAMS_APP_ID and TEAMS_APP_PASSWORD are both needed for Teams.")
    return Credentials(
        wire=wire,
        token_url=teams.token_url or cloud.token_url(teams.tenant_id),
        app_id=teams.app_id,
        secret=teams.app_password.get_secret_value(),
        scope=cloud.scope,
    )
