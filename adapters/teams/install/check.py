"""Teams' part of `switchboard check`: whether the bot gets a token, and Microsoft's keys can be read."""

import ssl

from adapters.teams.authentication import token_source
from adapters.teams.clouds import Cloud, cloud_of
from adapters.teams.http_session import HttpSession
from adapters.teams.inbound.signing_keys import KeysUnavailable, SigningKeys
from adapters.teams.outbound.credentials import Credentials
from bot.domain.errors import PlatformBusy, PlatformRefused, SettingsError
from bot.settings.platform_settings import TeamsSettings


async def check_credentials(said: TeamsSettings, *, trust: ssl.SSLContext | None = None) -> str:
    """What is wrong and what to type; "" when nothing is. The playground has no credentials to check. `trust`: as in
    adapters.teams.setup.
    """
    if said.playground:
        return ""
    cloud = cloud_of(said.openid_metadata_url or "")
    async with HttpSession(trust=trust) as http:
        try:
            wrong = await _tokens(said, http, cloud)
            await SigningKeys(http=http, metadata_url=said.openid_metadata_url or cloud.metadata_url).find(
                "none"
            )
        except SettingsError as error:
            return str(error)
        except KeysUnavailable:
            return "Microsoft's signing keys cannot be read: check the network, or TEAMS_OPENID_METADATA_URL"
    return wrong


async def _tokens(said: TeamsSettings, http: HttpSession, cloud: Cloud) -> str:
    """Raises SettingsError. For Microsoft Graph it is tried at home: in other tenants each app has to be known first."""
    source = token_source(said, http)
    scopes = [cloud.scope]
    if said.graph and said.tenant_id:
        scopes.append(f"{said.graph_url or cloud.graph}/.default")
    for scope in scopes:
        try:
            await Credentials(source=source, scope=scope).token()
        except PlatformBusy as error:
            refused = isinstance(error, PlatformRefused)
            remedy = source.remedy if refused else "check the network, or TEAMS_TOKEN_URL"
            return f"no token for {scope} from {source.place} ({error.__cause__}): {remedy}"
    return ""
