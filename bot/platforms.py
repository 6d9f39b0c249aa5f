"""The chat platforms there are, one row each: settings, start page, `check` and `manifest` are made from
these rows.

An adapter that is not switched on is not imported, so its package may be missing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any

from bot.agent_ports import FormDesk
from bot.domain.check import CheckResult, CheckStatus
from bot.domain.errors import SettingsError
from bot.domain.readiness import Trouble
from bot.page_ports import StatusOf
from bot.ports import Adapter, Inbox, OptionSearch
from bot.serving.metrics import Meter
from bot.settings.platform_settings import PlatformSettings, SlackSettings, TeamsSettings
from bot.settings.settings import Settings
from bot.sign_in_ports import SignInExchange
from bot.storage.open import Storage


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What adapters are built from. `page_token` is in the page's address; "" where there is no page."""

    settings: Settings
    storage: Storage
    inbox: Inbox
    active: StatusOf
    search: OptionSearch
    meter: Meter
    exchange: SignInExchange
    forms: FormDesk
    page_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An argument of `switchboard manifest PLATFORM`, as `--name`."""

    name: str
    help: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What `switchboard manifest` writes. `function` is in the adapter's install.manifest and takes the
    arguments.

    `out` is the file it goes to unless another is named, "" for the terminal.
    """

    help: str
    function: str
    arguments: tuple[Argument, ...]
    out: str = ""

    def written(self, package: str, arguments: Mapping[str, str]) -> bytes:
        """Raises SettingsError for arguments that cannot be."""
        made = getattr(import_adapter(f"{package}.install.manifest"), self.function)(**arguments)
        return made if isinstance(made, bytes) else str(made).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One chat platform. `make` builds the adapter from its module; without `settings` it is always on.

    What has settings also has a `check_credentials` in its package's install.check.
    """

    name: str
    module: str
    make: Callable[[ModuleType, Any, Dependencies], Adapter]
    settings: type[PlatformSettings] | None = None
    manifest: Manifest | None = None

    @property
    def package(self) -> str:
        return f"adapters.{self.name}"

    async def try_out(self, settings: PlatformSettings) -> str:
        """What is wrong with the settings and what to type, "" when they work. Asks the platform."""
        return str(await import_adapter(f"{self.package}.install.check").check_credentials(settings))


def _slack(module: ModuleType, slack: SlackSettings, given: Dependencies) -> Adapter:
    adapter: Adapter = module.adapter(
        slack,
        inbox=given.inbox,
        search=given.search,
        forms=given.forms,
        secrets=given.storage.secrets,
        rate_limiter=given.storage.rate_limiter,
        meter=given.meter,
        external=given.settings.file.policy.external,
        one_direct=given.settings.file.policy.direct == "one",
        installs=given.settings.file.policy.installs,
    )
    return adapter


def _teams(module: ModuleType, teams: TeamsSettings, given: Dependencies) -> Adapter:
    adapter: Adapter = module.adapter(
        teams,
        inbox=given.inbox,
        search=given.search,
        exchange=given.exchange,
        host=given.settings.host,
        meter=given.meter,
        external=given.settings.file.policy.external,
        guests=given.settings.file.policy.guests,
    )
    return adapter


def _web(module: ModuleType, _none: None, given: Dependencies) -> Adapter:
    adapter: Adapter = module.WebAdapter(
        inbox=given.inbox,
        timeline=given.storage.timeline,
        memory=given.storage.memory,
        active=given.active,
        search=given.search,
        forms=given.forms,
        token=given.page_token,
    )
    return adapter


PLATFORMS = (
    Platform(
        name="slack",
        module="adapters.slack.setup",
        make=_slack,
        settings=SlackSettings,
        manifest=Manifest(
            help="the app's manifest, as YAML",
            function="render_manifest",
            arguments=(
                Argument(name="host", help="public host name; without it, the Socket Mode variant"),
                Argument(name="prefix", help="before every slash command, where the names are taken: ai-"),
            ),
        ),
    ),
    Platform(
        name="teams",
        module="adapters.teams.setup",
        make=_teams,
        settings=TeamsSettings,
        manifest=Manifest(
            help="the app package, as a zip file",
            function="package",
            arguments=(
                Argument(name="app_id", help="the bot's Microsoft App ID (TEAMS_APP_ID)", required=True),
                Argument(name="host", help="public host name of this Switchboard", required=True),
                Argument(
                    name="version",
                    help="the package's version, such as 1.2.0: the admin center takes a changed package only with a "
                    "higher one",
                ),
                Argument(name="privacy", help="https address of your privacy page, instead of the bot's own"),
                Argument(name="terms", help="https address of your terms of use, instead of the bot's own"),
                Argument(
                    name="sso",
                    help="the Application ID URI that is teams_sso in switchboard.toml; without it, api://HOST/APP-ID",
                ),
            ),
            out="switchboard-teams.zip",
        ),
    ),
    Platform(name="web", module="adapters.web.adapter", make=_web),
)

PLATFORM_SETTINGS: Mapping[str, type[PlatformSettings]] = {
    platform.name: platform.settings for platform in PLATFORMS if platform.settings
}


def adapters_for(given: Dependencies) -> Mapping[str, Adapter]:
    """The adapters of everything that is switched on."""
    found = {}
    for platform in PLATFORMS:
        settings = given.settings.platforms.get(platform.name)
        if settings or not platform.settings:
            found[platform.name] = platform.make(import_adapter(platform.module), settings, given)
    return found


def platform_troubles(adapters: Mapping[str, Adapter]) -> Sequence[Trouble]:
    """What is wrong between this process and its platforms now."""
    return [trouble for adapter in adapters.values() for trouble in adapter.troubles()]


def import_adapter(name: str) -> ModuleType:
    """Imports a module of an adapter on demand. Raises SettingsError when that adapter is missing."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if not name.startswith(error.name or "-"):
            raise
        raise SettingsError(f"{name} is wanted, but this copy of Switchboard comes without it.") from error


async def check_platforms(settings: Settings) -> Sequence[CheckResult]:
    """One result per platform that has settings."""
    found = []
    for platform in PLATFORMS:
        if platform.settings is None:
            continue
        if (on := settings.platforms.get(platform.name)) is None:
            text = f"set {platform.settings.prefix}...; .env.example says which and where to get them"
            found.append(CheckResult(about=platform.name, status=CheckStatus.OFF, text=text))
            continue
        wrong = await platform.try_out(on)
        status = CheckStatus.BAD if wrong else CheckStatus.GOOD
        found.append(CheckResult(about=platform.name, status=status, text=wrong or "takes what is set"))
        if caution := on.caution(settings.file.policy):
            found.append(CheckResult(about=platform.name, status=CheckStatus.DOUBT, text=caution))
    return found
