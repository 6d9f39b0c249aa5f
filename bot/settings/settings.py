"""Everything an operator can set: read once, checked as a whole, frozen.

The only module that reads the environment. A variable is named after its field: `slack.bot_token` is
SLACK_BOT_TOKEN. Faults stop the start and are reported together, each with its variable, the reason and what
to write instead. Secrets are `SecretStr`: no repr, log line or error shows them.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator

from bot.domain.errors import SettingsError
from bot.settings.config_errors import misspelt
from bot.settings.config_file import ConfigFile
from bot.settings.config_file import read_config as read_file
from bot.settings.environment import (
    Address,
    Host,
    Port,
    RedisAddress,
    SettingsGroup,
    Variable,
    dotenv,
    empty_secrets,
    explain,
    flaw,
    loopback,
    text_of,
)
from bot.settings.misspelt import probably_meant
from bot.settings.platform_settings import PlatformSettings
from bot.settings.vendor_settings import FoundrySettings, VendorRow, VendorSettings

P = TypeVar("P", bound=PlatformSettings)


class Settings(SettingsGroup):
    """Everything, frozen. Parts that are not configured are None; vendors that are not configured are absent.

    `file` is switchboard.toml; `keys` holds the variables that its `api_key_env` entries name, where they are
    set.
    """

    host: Host = Field("127.0.0.1", description="an address of this machine, such as 127.0.0.1 or 0.0.0.0")
    port: Port = Field(3978, description="a number such as 3978, or 0 for any free port")
    admin_host: Host = Field("127.0.0.1", description="an address of this machine, such as 127.0.0.1")
    admin_port: Port = Field(3979, description="a number such as 3979, or 0 for any free port")
    public_url: Address = Field(
        "",
        alias="SWITCHBOARD_URL",
        description="the address by which browsers reach PORT, such as https://bot.example.com",
    )
    redis_url: Annotated[SecretStr, RedisAddress] | None = Field(
        None, description="an address such as rediss://user:password@host:6379/0, or remove it"
    )
    data_dir: Path = Field(
        Path(".switchboard"), alias="SWITCHBOARD_DATA_DIR", description="the folder of the embedded server"
    )
    accept_no_persistence: bool = Field(
        False,
        alias="SWITCHBOARD_ACCEPT_NO_PERSISTENCE",
        description="1 where a restart of Redis may lose what it holds",
    )
    config: Path | None = Field(None, alias="SWITCHBOARD_CONFIG", description="the path of a TOML file")
    encryption_key: Annotated[SecretStr, Field(min_length=32)] | None = Field(
        None, alias="SWITCHBOARD_ENCRYPTION_KEY", description="at least 32 random characters"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", alias="SWITCHBOARD_LOG_LEVEL", description="debug, info, warning or error"
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto", alias="SWITCHBOARD_LOG_FORMAT", description="text, json, or auto (text on a terminal)"
    )
    page_wanted: Literal["on", "off"] | None = Field(
        None, alias="SWITCHBOARD_PAGE", description="on or off, or remove it"
    )
    drain_seconds: float = Field(
        8.0,
        ge=0,
        alias="SWITCHBOARD_DRAIN_SECONDS",
        description="seconds that running answers get at the end",
    )
    platforms: Mapping[str, PlatformSettings] = {}
    foundry: FoundrySettings | None = None
    vendors: Mapping[str, VendorSettings] = {}
    file: ConfigFile = ConfigFile()
    keys: Mapping[str, SecretStr] = {}
    hints: tuple[str, ...] = ()  # what is valid and may not be meant

    def platform(self, kind: type[P]) -> P | None:
        """The settings of one platform, None while it is off."""
        return next((one for one in self.platforms.values() if isinstance(one, kind)), None)

    @property
    def page(self) -> bool:
        """Whether the web page is served."""
        return not self.page_off

    @property
    def page_off(self) -> str:
        """Why the web page is not served and what to set for it; "" when it is. It has no accounts, so it is
        for the person at this machine, and what brings a platform's requests here may bring others too.
        """
        if self.page_wanted == "off":
            return "SWITCHBOARD_PAGE=off; without that line it is served"
        if not loopback(self.host):
            return "HOST=127.0.0.1: it has no accounts, so only this machine may see it"
        if self.delivered and self.page_wanted is None:
            over = " and ".join(self.delivered)
            return (
                f"SWITCHBOARD_PAGE=on: {over} comes in over HTTP, and by the same way others may ask for it"
            )
        return ""

    @property
    def delivered(self) -> Sequence[str]:
        """The platforms that have to reach this process over HTTP."""
        return [one.title for one in self.platforms.values() if one.delivered]

    @property
    def address(self) -> str:
        """By which browsers reach the public listener; without SWITCHBOARD_URL those of this machine only."""
        return self.public_url or f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def secrets(self) -> frozenset[str]:
        """Every secret value, for the log's redaction, and also the secrets inside one (a URL's password)."""
        parts = (self, self.foundry, *self.platforms.values(), *self.vendors.values())
        values = [value for part in parts if part for _, value in part] + list(self.keys.values())
        found = {value.get_secret_value() for value in values if isinstance(value, SecretStr)}
        keys = self.encryption_key.get_secret_value().split(",") if self.encryption_key else []
        redis = urlsplit(self.redis_url.get_secret_value() if self.redis_url else "")
        inside = [unquote(redis.password or ""), dict(parse_qsl(redis.query)).get("sentinel_password", "")]
        return frozenset(found.union(map(str.strip, keys), inside) - {""})

    @model_validator(mode="after")
    def _together(self) -> Self:
        for platform in self.platforms.values():
            if objection := platform.objection(
                self.host, private=loopback(self.host), delivered=self.delivered
            ):
                raise ValueError(objection)
        signing_in = [name for name, entry in self.file.tools.items() if entry.oauth]
        if signing_in and not self.public_url and not (loopback(self.host) and self.port):
            raise ValueError(
                f"[tools.{signing_in[0]}] has oauth = true, so people sign in with their browsers. Write SWITCHBOARD_URL, the "
                "address by which browsers reach PORT, such as https://bot.example.com"
            )
        if self.port == self.admin_port != 0 and self.host == self.admin_host:
            raise ValueError(f"PORT and ADMIN_PORT are both {self.port}. Write two different numbers")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSettings:
    """The settings of the known platforms and vendors, besides those that every process has."""

    platforms: Mapping[str, type[PlatformSettings]]
    vendors: Sequence[VendorRow]

    def variables(self) -> Mapping[str, Variable]:
        """Every known variable, by name."""
        groups: list[type[SettingsGroup]] = [Settings, *self.platforms.values(), FoundrySettings]
        rows = [row for group in groups for row in group.variables()]
        for vendor in self.vendors:
            every = VendorSettings.variables(vendor.prefix)
            rows += [row for row in every if row.field != "api_key" or not vendor.keyless]
        return {row.name: row for row in rows}

    def read(self, environ: Mapping[str, str] | None = None, *, folder: Path = Path()) -> Settings:
        """The settings of this process: the environment, then `.env` in `folder`, then defaults.

        Raises SettingsError with every fault.
        """
        values = dotenv(folder / ".env") | dict(os.environ if environ is None else environ)
        rows = self.variables()
        found = {
            row.name: values[name].strip()
            for row in rows.values()
            for name in (row.elsewhere, row.name)
            if name in values
        }
        faults = [*misspelt(values, rows), *empty_secrets(found, rows)]
        found = {name: value for name, value in found.items() if value}
        hints = tuple(probably_meant(values, rows, found))
        try:
            file = _file(folder, found.get("SWITCHBOARD_CONFIG", ""))
            named = {entry.api_key_env for entry in file.providers.values()}
            named |= {name for entry in file.tools.values() for name in entry.variables}
            meant = probably_meant(values, {*rows, *named}, {*found, *(named & set(values))})
            hints = (*meant, *filter(None, [file.no_auto]))
            tree = _tree(self, found) | {"file": file, "keys": _keys(file, values), "hints": hints}
            platforms, wrong = _platforms(self, found)
            faults += wrong
            settings = Settings.model_validate(tree | {"platforms": platforms})
        except SettingsError as error:
            faults.append(str(error))
        except ValidationError as error:
            faults += _faults(error, self, found)
        if faults:
            raise SettingsError("\n".join([*faults, *hints]))
        return settings


def _faults(
    error: ValidationError, known: KnownSettings, found: Mapping[str, str], group: str = ""
) -> Iterator[str]:
    rows = known.variables()
    for fault in error.errors(include_url=False, include_input=False):
        where = tuple(str(part) for part in fault["loc"])
        name = _name(known, (group, *where) if group else where)
        yield explain(rows.get(name), found.get(name), fault)


def _file(folder: Path, name: str) -> ConfigFile:
    path = folder / (name or "switchboard.toml")
    if not path.is_file():
        if name:
            raise SettingsError(
                f"SWITCHBOARD_CONFIG is {name!r}: there is no such file. Write the path of one."
            )
        return ConfigFile()
    return read_file(text_of(path), source=str(path))


def _keys(file: ConfigFile, values: Mapping[str, str]) -> dict[str, str]:
    """The variables that the file names, where they are set."""
    wanted = [(entry.api_key_env, name) for name, entry in file.providers.items()]
    wanted += [(variable, name) for name, entry in file.tools.items() for variable in entry.variables]
    found = {}
    for variable, name in wanted:
        if variable in values:
            key = found[variable] = values[variable].strip()
            reason = flaw(key) if key else "is set but empty"
            if reason:
                raise SettingsError(f"{variable} (the key of {name}) {reason}. Write the key.")
    return found


def _part(kind: type[SettingsGroup], found: Mapping[str, str], prefix: str | None = None) -> dict[str, str]:
    return {row.field: found[row.name] for row in kind.variables(prefix) if row.name in found}


def _platforms(
    known: KnownSettings, found: Mapping[str, str]
) -> tuple[dict[str, PlatformSettings], list[str]]:
    """The settings of every platform that is on, and the faults in them."""
    platforms: dict[str, PlatformSettings] = {}
    faults: list[str] = []
    for name, kind in known.platforms.items():
        values = _part(kind, found)
        if not kind.essentials & {field for field, value in values.items() if value != "0"}:
            continue
        try:
            platforms[name] = kind.model_validate(values)
        except ValidationError as error:
            faults += _faults(error, known, found, name)
    return platforms, faults


def _tree(known: KnownSettings, found: Mapping[str, str]) -> dict[str, Any]:
    """The flat variables as the nested values that `Settings` checks."""
    tree: dict[str, Any] = _part(Settings, found)
    if foundry := _part(FoundrySettings, found):
        tree["foundry"] = foundry
    vendors = {vendor.name: _part(VendorSettings, found, vendor.prefix) for vendor in known.vendors}
    tree["vendors"] = {name: values for name, values in vendors.items() if values}
    return tree


def _name(known: KnownSettings, where: tuple[str, ...]) -> str:
    """SLACK_API_URL for ("slack", "api_url"), XAI_BASE_URL for ("vendors", "xai", "base_url")."""
    match where:
        case ("vendors", vendor, field):
            prefix = next((row.prefix for row in known.vendors if row.name == vendor), "")
            return f"{prefix}{field}".upper()
        case ("foundry", field):
            return f"{FoundrySettings.prefix}{field}".upper()
        case (platform, field) if platform in known.platforms:
            return f"{known.platforms[platform].prefix}{field}".upper()
        case (first, *_):
            return next((row.name for row in Settings.variables() if first in {row.field, row.name}), "")
        case _:
            return ""
