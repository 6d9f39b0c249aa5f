"""Builds the Teams adapter from the operator's settings."""

import ssl

from yarl import URL

from adapters.teams.adapter import TeamsAdapter
from adapters.teams.authentication import token_source
from adapters.teams.clouds import PUBLIC, Cloud, Hosts, cloud_of, file_hosts, service_hosts, upload_hosts
from adapters.teams.graph import Graph
from adapters.teams.http_session import HttpSession
from adapters.teams.inbound.downloads import Downloads
from adapters.teams.inbound.graph_places import GraphPlaces
from adapters.teams.inbound.names import Directory
from adapters.teams.inbound.signing_keys import SigningKeys
from adapters.teams.inbound.surroundings import SurroundingsReader
from adapters.teams.inbound.token_validator import PlaygroundValidator, TokenValidator
from adapters.teams.outbound.connector import Connector
from adapters.teams.outbound.credentials import Credentials
from adapters.teams.outbound.token_source import TokenSource
from adapters.teams.outbound.uploads import Uploads
from adapters.teams.pages import public_pages
from bot.delivery.pacing import Clock, WallClock
from bot.domain.errors import SettingsError
from bot.ports import Inbox, OptionSearch
from bot.serving.measured import platform_calls
from bot.serving.metrics import Meter
from bot.settings.environment import loopback
from bot.settings.platform_settings import TeamsSettings
from bot.sign_in_ports import SignInExchange
from bot.storage.keys import Lifetimes

HERE = ("localhost", "127.0.0.1", "::1")


def adapter(
    teams: TeamsSettings,
    *,
    inbox: Inbox,
    search: OptionSearch,
    exchange: SignInExchange,
    host: str,
    meter: Meter | None = None,
    clock: Clock | None = None,
    external: bool = False,
    guests: bool = True,
    trust: ssl.SSLContext | None = None,
) -> TeamsAdapter:
    """`host` is the listener's address, `trust` the certificates believed in place of the system's. Raises SettingsError for
    what would admit forged requests, and for a proof of identity that cannot be used.
    """
    if objection := teams.objection(host, private=loopback(host)):
        raise SettingsError(f"{objection}.")
    http = HttpSession(watch=platform_calls(meter, _named) if meter else None, trust=trust)
    cloud = cloud_of(teams.openid_metadata_url or "")
    extra = [*teams.service_hosts, *(HERE if teams.playground else ())]
    services = service_hosts(extra)
    source = None if teams.playground else token_source(teams, http)
    proof = Credentials(source=source, scope=cloud.scope) if source else None
    graph = _graph(teams, http, cloud, source)
    connector = Connector(http=http, hosts=services, credentials=proof)
    clock = clock or WallClock()
    return TeamsAdapter(
        inbox=inbox,
        search=search,
        exchange=exchange,
        http=http,
        validator=PlaygroundValidator() if teams.playground else _validator(teams, http, cloud, services),
        connector=connector,
        downloads=Downloads(
            http=http, hosts=file_hosts(extra), services=services, credentials=proof, graph=graph
        ),
        surroundings=_surroundings(teams, connector, graph, clock, guests=guests),
        uploads=Uploads(http=http, hosts=upload_hosts(extra)) if cloud is PUBLIC else None,
        clock=clock,
        extended_markdown=teams.extended_markdown,
        external=external,
        pages=public_pages(Lifetimes()),
    )


def _surroundings(
    teams: TeamsSettings, connector: Connector, graph: Graph | None, clock: Clock, *, guests: bool
) -> SurroundingsReader:
    return SurroundingsReader(
        graph=graph,
        places=GraphPlaces(connector),
        directory=Directory(connector, clock=clock),
        app_id=teams.app_id,
        guests=guests,
    )


def _graph(teams: TeamsSettings, http: HttpSession, cloud: Cloud, source: TokenSource | None) -> Graph | None:
    """None where it is not switched on."""
    if source is None or not teams.graph:
        return None
    return Graph(http=http, source=source, url=teams.graph_url or cloud.graph)


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
