"""The chat platforms there are, one row each. What is not switched on is not even imported, and may be missing."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import cast

from bot.domain.errors import SettingsError
from bot.ports import Adapter, Inbox, StatusOf
from bot.serving.metrics import Meter
from bot.settings.settings import Settings, SlackSettings
from bot.storage.open import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What adapters stand on."""

    settings: Settings
    storage: Storage
    inbox: Inbox
    active: StatusOf
    meter: Meter


@dataclass(frozen=True, slots=True)
class Platform:
    """One chat platform: where its code is, when it is on, how its adapter is made, how its settings are tried."""

    name: str
    module: str
    wanted: Callable[[Settings], bool]
    make: Callable[[ModuleType, Dependencies], Adapter]
    try_out: Callable[[Settings], Awaitable[str]] | None = None  # "" or what is wrong and what to type


def _slack(module: ModuleType, ground: Dependencies) -> Adapter:
    said = cast(SlackSettings, ground.settings.slack)
    store = ground.storage
    adapter: Adapter = module.adapter(
        said,
        inbox=ground.inbox,
        secrets=store.secrets,
        rate_limiter=store.rate_limiter,
        meter=ground.meter,
        external=ground.settings.file.policy.external,
        installs=ground.settings.file.policy.installs,
    )
    return adapter


def _teams(module: ModuleType, ground: Dependencies) -> Adapter:
    said = ground.settings
    adapter: Adapter = module.adapter(
        said.teams,
        inbox=ground.inbox,
        host=said.host,
        meter=ground.meter,
        external=said.file.policy.external,
    )
    return adapter


def _web(module: ModuleType, ground: Dependencies) -> Adapter:
    store = ground.storage
    adapter: Adapter = module.WebAdapter(
        inbox=ground.inbox,
        timeline=store.timeline,
        memory=store.memory,
        active=ground.active,
        served=ground.settings.page,
    )
    return adapter


PLATFORMS = (
    Platform(
        "slack",
        "adapters.slack.setup",
        wanted=lambda said: said.slack is not None,
        make=_slack,
        try_out=lambda said: import_adapter("adapters.slack.install.check").check(said.slack),
    ),
    Platform(
        "teams",
        "adapters.teams.setup",
        wanted=lambda said: said.teams is not None,
        make=_teams,
        try_out=lambda said: import_adapter("adapters.teams.install.check").check(said.teams),
    ),
    Platform("web", "adapters.web.adapter", wanted=lambda said: True, make=_web),
)


def adapters_for(ground: Dependencies) -> Mapping[str, Adapter]:
    """The adapters of everything that is switched on."""
    found = {}
    for platform in PLATFORMS:
        if not platform.wanted(ground.settings):
            continue
        found[platform.name] = platform.make(import_adapter(platform.module), ground)
    return found


def import_adapter(name: str) -> ModuleType:
    """A module of an adapter, imported when it is wanted. Raises SettingsError when that adapter is not there."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if not name.startswith(error.name or "-"):
            raise
        raise SettingsError(f"{name} is wanted, but this copy of Switchboard comes without it.") from error


def teams_package(*, app_id: str, host: str) -> bytes:
    """The zip file to upload to Teams."""
    return bytes(import_adapter("adapters.teams.install.manifest").package(app_id, host))


def slack_manifest(*, host: str) -> str:
    """The YAML to paste at Slack: for a public host, or for Socket Mode without one."""
    return str(import_adapter("adapters.slack.install.manifest").render(host))
