"""Teams' part of `switchboard check`: whether the bot gets a token, and Microsoft's keys can be read."""

from adapters.teams.clouds import cloud_of
from adapters.teams.http_session import HttpSession
from adapters.teams.inbound.signing_keys import KeysUnavailable, SigningKeys
from adapters.teams.setup import credentials
from bot.domain.errors import PlatformBusy
from bot.settings.platform_settings import TeamsSettings


async def check_credentials(said: TeamsSettings) -> str:
    """What is wrong and what to type; "" when nothing is. The playground has no credentials to check."""
    if said.playground:
        return ""
    cloud = cloud_of(said.openid_metadata_url or "")
    async with HttpSession() as http:
        try:
            await credentials(said, http, cloud).token()
            await SigningKeys(http=http, metadata_url=said.openid_metadata_url or cloud.metadata_url).find(
                "none"
            )
        except PlatformBusy as error:
            url = said.token_url or cloud.token_url(said.tenant_id)
            return (
                f"no token from {url} ({error.__cause__}): check TEAMS_APP_ID, TEAMS_APP_PASSWORD and "
                "TEAMS_TENANT_ID, or the network"
            )
        except KeysUnavailable:
            return "Microsoft's signing keys cannot be read: check the network, or TEAMS_OPENID_METADATA_URL"
    return ""
