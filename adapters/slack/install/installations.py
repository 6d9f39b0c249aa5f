"""The bot's installation in each workspace: one by a token in the settings, or several by OAuth.

The events of a workspace without an installation are dropped unread.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field, replace
from typing import Protocol, Self

from adapters.slack.web_api import WebApi
from bot.delivery.pacing import Clock
from bot.domain.errors import PlatformBusy, PlatformError
from bot.ports import SecretStore

FRESH = 60.0  # seconds that a look-up is cached
EARLY = 7_200.0  # seconds before a token expires when it is exchanged
LATE = 1_800.0  # ... and when a replica no longer leaves that to another one

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The bot in one workspace, or in a whole organisation (`org_wide`: then `workspace` is the enterprise's
    id).

    `user` and `bot` are the bot's user id and bot id. `expires` is in unix seconds, 0 for a token that does
    not expire.
    """

    workspace: str
    token: str = field(repr=False)
    user: str = ""
    bot: str = ""
    enterprise: str = ""
    org_wide: bool = False
    refresh: str = field(default="", repr=False)
    expires: float = 0.0

    @classmethod
    def read(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def written(self) -> str:
        return json.dumps(asdict(self))


class InstallationStore(Protocol):
    """Finds installations. Raises StorageUnavailable or PlatformBusy when one cannot be read now."""

    async def find(self, team: str, enterprise: str) -> Installation | None: ...

    async def remove(self, installation: Installation) -> None:
        """Deletes the installation of a workspace that removed the bot."""
        ...

    def forget(self, workspace: str) -> None:
        """Forgets the cached installation, so that it is read again."""
        ...


class TokenInstallation:
    """One workspace, by the token of the settings. Slack is asked once for its ids."""

    def __init__(self, *, token: str, web_api: Callable[[str], WebApi]) -> None:
        self._token = token
        self._web_api = web_api
        self._installations: Installation | None = None
        self._asking: asyncio.Event | None = None  # set when the question under way has ended

    async def find(self, team: str, enterprise: str) -> Installation | None:
        installation = await self.installation()
        here = {installation.workspace, installation.enterprise} - {""}
        if (team or enterprise) and not here & {team, enterprise}:
            log.warning("event of a workspace that the token is not for", extra={"workspace": team})
            return None
        return installation

    async def remove(self, installation: Installation) -> None:
        self._installations = None

    def forget(self, workspace: str) -> None:
        """A token from the settings does not change."""

    async def installation(self) -> Installation:
        """No lock: those who wait for one go on one by one, a round of the loop each, and newcomers behind them."""
        while self._installations is None:
            if self._asking:
                await self._asking.wait()
                continue
            self._asking = asyncio.Event()
            try:
                self._installations = await self._ask()
            finally:
                self._asking.set()
                self._asking = None
        return self._installations

    async def _ask(self) -> Installation:
        answer = await self._web_api(self._token).must("auth.test")
        org_wide = bool(answer.get("is_enterprise_install"))
        enterprise = str(answer.get("enterprise_id") or "")
        return Installation(
            workspace=enterprise if org_wide else str(answer.get("team_id") or ""),
            token=self._token,
            user=str(answer.get("user_id") or ""),
            bot=str(answer.get("bot_id") or ""),
            enterprise=enterprise,
            org_wide=org_wide,
        )


class OAuthInstallations:
    """Every workspace that installed the bot, of those that are `admitted` (ids of workspaces and
    organisations, or "*"). None: whoever has installed it, and nobody more.

    Tokens are kept in the secret store, and exchanged before they expire.
    """

    def __init__(
        self,
        *,
        secrets: SecretStore,
        clock: Clock,
        exchange: Callable[[Installation], "TokenExchange"],
        admitted: Collection[str] | None = None,
    ) -> None:
        self._anybody_kept = admitted is None
        self._admitted = frozenset(admitted or ())
        self._secrets = secrets
        self._clock = clock
        self._exchange = exchange
        self._seen: dict[str, tuple[float, Installation | None]] = {}

    async def find(self, team: str, enterprise: str) -> Installation | None:
        """A workspace's own installation wins over its organisation's."""
        for workspace in dict.fromkeys((team, enterprise)):
            installation = await self._look_up(workspace) if workspace else None
            if installation and self.admits(installation):
                return installation
        return None

    @property
    def closed(self) -> bool:
        """Whether nobody may install."""
        return not self._admitted

    def admits(self, installation: Installation) -> bool:
        """Whether this workspace is heard. Checked with every event: the setting may change."""
        return self._anybody_kept or self.may_install(installation)

    def may_install(self, installation: Installation) -> bool:
        return not self._admitted.isdisjoint({"*", installation.workspace, installation.enterprise} - {""})

    async def keep(self, installation: Installation) -> None:
        await self._secrets.put(_install_name(installation.workspace), installation.written())
        await self._secrets.put(_baton_name(installation.workspace), "free")
        self._seen.pop(installation.workspace, None)

    async def remove(self, installation: Installation) -> None:
        await self._secrets.delete(_install_name(installation.workspace))
        await self._secrets.delete(_baton_name(installation.workspace))
        self._seen.pop(installation.workspace, None)

    def forget(self, workspace: str) -> None:
        self._seen.pop(workspace, None)

    async def _look_up(self, workspace: str) -> Installation | None:
        at, installation = self._seen.get(workspace, (0.0, None))
        if installation and self._clock.now() - at < FRESH:
            return installation
        text = await self._secrets.get(_install_name(workspace))
        installation = Installation.read(text) if text else None
        if installation and installation.refresh and installation.expires - self._clock.now() < EARLY:
            installation = await self._renewed(installation)
        self._seen[workspace] = (self._clock.now(), installation)
        return installation

    async def _renewed(self, installation: Installation) -> Installation:
        """A new token. A refresh token works once, so only one replica at a time may use it."""
        baton = await self._secrets.take(_baton_name(installation.workspace))
        if baton is None and installation.expires - self._clock.now() > LATE:
            return installation
        try:
            fresh = await self._exchange(installation).renewed()
        except PlatformBusy:
            await self._secrets.put(_baton_name(installation.workspace), "free")
            return installation
        except PlatformError as error:
            log.error("token not renewed", extra={"workspace": installation.workspace, "code": error.code})  # noqa: TRY400
            await self._secrets.put(_baton_name(installation.workspace), "free")
            return installation
        await self.keep(fresh)
        return fresh


class TokenExchange(Protocol):
    """Exchanges a refresh token for a new pair."""

    async def renewed(self) -> Installation: ...


def _install_name(workspace: str) -> str:
    return f"slack-install:{workspace}"


def _baton_name(workspace: str) -> str:
    return f"slack-baton:{workspace}"


def granted(answer: dict[str, object], *, now: float, bot: str = "") -> Installation:
    """The installation in an answer of oauth.v2.access. Source: docs.slack.dev "oauth.v2.access"."""
    team, enterprise = _ident(answer.get("team")), _ident(answer.get("enterprise"))
    org_wide = bool(answer.get("is_enterprise_install"))
    lasts = answer.get("expires_in")
    return Installation(
        workspace=enterprise if org_wide else team,
        token=str(answer.get("access_token") or ""),
        user=str(answer.get("bot_user_id") or ""),
        bot=bot,
        enterprise=enterprise,
        org_wide=org_wide,
        refresh=str(answer.get("refresh_token") or ""),
        expires=now + float(str(lasts)) if lasts else 0.0,
    )


def _ident(value: object) -> str:
    return str(value.get("id") or "") if isinstance(value, dict) else ""


def same_bot(fresh: Installation, before: Installation) -> Installation:
    return replace(fresh, bot=fresh.bot or before.bot, user=fresh.user or before.user)
