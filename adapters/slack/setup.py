"""Builds the Slack adapter from the operator's settings."""

from collections.abc import Collection

from yarl import URL

from adapters.slack.adapter import SlackAdapter
from adapters.slack.install.manifest import SCOPES
from adapters.slack.install.oauth import OAuthFlow
from bot.agent_ports import FormDesk
from bot.delivery.pacing import WallClock
from bot.ports import Inbox, OptionSearch, RateLimiter, SecretStore
from bot.serving.measured import platform_calls
from bot.serving.metrics import Meter
from bot.settings.environment import revealed
from bot.settings.platform_settings import SlackSettings


def adapter(
    said: SlackSettings,
    *,
    inbox: Inbox,
    search: OptionSearch,
    forms: FormDesk,
    secrets: SecretStore,
    rate_limiter: RateLimiter,
    meter: Meter | None = None,
    external: bool = False,
    one_direct: bool = False,
    installs: Collection[str] | None = None,
) -> SlackAdapter:
    """One workspace by a token, or several by OAuth; over HTTP, or by Socket Mode where an app token is set. `installs` are the ids of workspaces and organisations that may install by OAuth and are heard; "*" is all
    of them. None: nobody may install, and who has is heard.
    """
    clock = WallClock()
    oauth = None
    if said.oauth:
        oauth = OAuthFlow(
            client_id=said.client_id,
            client_secret=revealed(said.client_secret),
            scopes=",".join(SCOPES),
            api_url=said.api_url,
            secrets=secrets,
            rate_limiter=rate_limiter,
            clock=clock,
            admitted=installs,
        )
    return SlackAdapter(
        inbox=inbox,
        search=search,
        forms=forms,
        api_url=said.api_url,
        bot_token=revealed(said.bot_token),
        oauth=oauth,
        signing_secret="" if said.socket_mode else revealed(said.signing_secret),
        app_token=revealed(said.app_token),
        rate_limiter=rate_limiter,
        external=external,
        one_direct=one_direct,
        watch=platform_calls(meter, _named) if meter else None,
        meter=meter,
    )


def _named(_method: str, url: URL) -> str:
    """A Web API method's name. Other URLs (files, response URLs) contain ids and get no name."""
    return url.name if url.path.startswith("/api/") else "slack other"
