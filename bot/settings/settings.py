"""Everything an operator can set: read once, checked whole, frozen.

The only module that sees the environment. A variable is named after its field: `slack.bot_token` is
SLACK_BOT_TOKEN. Whatever is wrong stops the start with every fault at once, each with its variable, the reason
and what to write instead. Secrets are `SecretStr`: no repr, log line or error shows them.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from bot.domain.errors import SettingsError
from bot.settings.config_file import ConfigFile
from bot.settings.config_file import read_config as read_file
from bot.settings.environment import (
    Address,
    Host,
    Key,
    Names,
    Port,
    RedisAddress,
    SettingsGroup,
    Variable,
    dotenv,
    explain,
    flaw,
    loopback,
    text_of,
)

VENDORS = ("openai", "anthropic", "gemini", "xai", "deepseek", "mistral", "openrouter")
"""Vendors that need nothing but a key. Each has <VENDOR>_API_KEY and <VENDOR>_BASE_URL."""


class SlackSettings(SettingsGroup):
    """Slack over HTTP (bot token and signing secret), by Socket Mode (bot token and app token), or for several
    workspaces by OAuth (client id, client secret and signing secret).
    """

    prefix: ClassVar[str] = "SLACK_"
    bot_token: SecretStr | None = Field(None, description="the xoxb-... token from OAuth & Permissions")
    signing_secret: SecretStr | None = Field(None, description="the signing secret from Basic Information")
    app_token: SecretStr | None = Field(None, description="the xapp-... token from Basic Information")
    client_id: str = Field("", description="the client id from Basic Information")
    client_secret: SecretStr | None = Field(None, description="the client secret from Basic Information")
    api_url: Address = Field("https://slack.com/api/", description="the address of Slack's Web API")

    @field_validator("api_url")
    @classmethod
    def _slash(cls, value: str) -> str:
        return f"{value}/"

    @property
    def socket_mode(self) -> bool:
        return self.app_token is not None

    @property
    def oauth(self) -> bool:
        return bool(self.client_id)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = []
        if self.client_id or self.client_secret:
            missing += [] if self.client_id else ["SLACK_CLIENT_ID"]
            missing += [] if self.client_secret else ["SLACK_CLIENT_SECRET"]
        elif self.bot_token is None:
            missing.append("SLACK_BOT_TOKEN")
        if self.app_token is None and self.signing_secret is None:
            missing.append("SLACK_SIGNING_SECRET (or SLACK_APP_TOKEN for Socket Mode)")
        if missing:
            raise ValueError(_half("Slack", missing, "SLACK_"))
        for token, start in ((self.bot_token, "xapp-"), (self.app_token, "xoxb-")):
            if token and token.get_secret_value().startswith(start):
                raise ValueError("SLACK_BOT_TOKEN takes the xoxb-... token, SLACK_APP_TOKEN the xapp-... one")
        return self


class TeamsSettings(SettingsGroup):
    """A Teams bot: one tenant's, or several tenants' by an allow-list. With `playground`, nobody is asked who
    they are; that is only accepted where nobody else can reach the listener.
    """

    prefix: ClassVar[str] = "TEAMS_"
    app_id: str = Field("", description="the bot's Microsoft App ID")
    app_password: SecretStr | None = Field(None, description="the client secret of the app registration")
    tenant_id: str = Field("", description="the directory (tenant) id")
    allowed_tenants: Names = Field(frozenset(), description="tenant ids, comma-separated, or * for everybody")
    openid_metadata_url: Address | None = Field(None, description="the https address of the key metadata")
    token_url: Address | None = Field(None, description="the https address of the token endpoint")
    service_hosts: Names = Field(frozenset(), description="hosts or host:port, comma-separated")
    playground: bool = Field(False, description="1 to accept Agents Playground on this machine, or remove it")
    extended_markdown: bool = Field(False, description="1 if everybody's Teams shows tables and headings")

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants whose people may use the bot; {"*"} means every tenant."""
        return frozenset({self.tenant_id}) if self.tenant_id else self.allowed_tenants

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.playground and not (self.app_id or self.app_password):
            return self
        missing = [] if self.app_id else ["TEAMS_APP_ID"]
        missing += [] if self.app_password else ["TEAMS_APP_PASSWORD"]
        if not self.tenants:
            missing.append("TEAMS_TENANT_ID (or TEAMS_ALLOWED_TENANTS for several)")
        if missing:
            raise ValueError(_half("Teams", missing, "TEAMS_"))
        return self


class VendorSettings(SettingsGroup):
    """How to reach one vendor. `base_url` is "" for the vendor's own address."""

    api_key: Key | None = Field(None, description="the key from the vendor's console")
    base_url: Address = Field("", description="the http(s) address that the paths are added to")


class FoundrySettings(SettingsGroup):
    """A Microsoft Foundry resource. No key: Entra ID."""

    prefix: ClassVar[str] = "FOUNDRY_"
    endpoint: Address = Field(description="https://NAME.services.ai.azure.com, or a project's address there")
    api_key: Key | None = Field(None, description="a key of the resource")


class Settings(SettingsGroup):
    """Everything, frozen. Parts that are not configured are None, vendors that are not are absent.

    `file` is switchboard.toml; `keys` holds the variables that its `api_key_env` entries name, where they are set.
    """

    host: Host = Field("127.0.0.1", description="an address of this machine, such as 127.0.0.1 or 0.0.0.0")
    port: Port = Field(3978, description="a number such as 3978, or 0 for any free port")
    admin_host: Host = Field("127.0.0.1", description="an address of this machine, such as 127.0.0.1")
    admin_port: Port = Field(3979, description="a number such as 3979, or 0 for any free port")
    redis_url: Annotated[SecretStr, RedisAddress] | None = Field(
        None, description="an address such as rediss://user:password@host:6379/0, or remove it"
    )
    data_dir: Path = Field(
        Path(".switchboard"), alias="SWITCHBOARD_DATA_DIR", description="the folder of the embedded server"
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
    drain_seconds: float = Field(
        8.0,
        ge=0,
        alias="SWITCHBOARD_DRAIN_SECONDS",
        description="seconds that running answers get at the end",
    )
    slack: SlackSettings | None = None
    teams: TeamsSettings | None = None
    foundry: FoundrySettings | None = None
    vendors: Mapping[str, VendorSettings] = {}
    file: ConfigFile = ConfigFile()
    keys: Mapping[str, SecretStr] = {}

    @property
    def page(self) -> bool:
        """Whether the web page is served: it knows no sign-in, so only this machine may reach it."""
        return loopback(self.host)

    def secrets(self) -> frozenset[str]:
        """Every secret value, for the log's redaction; what is a secret inside of one counts by itself too."""
        parts = (self, self.slack, self.teams, self.foundry, *self.vendors.values())
        values = [value for part in parts if part for _, value in part] + list(self.keys.values())
        found = {value.get_secret_value() for value in values if isinstance(value, SecretStr)}
        keys = self.encryption_key.get_secret_value().split(",") if self.encryption_key else []
        password = urlsplit(self.redis_url.get_secret_value()).password if self.redis_url else None
        return frozenset(found.union(map(str.strip, keys), [unquote(password or "")]) - {""})

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.teams and self.teams.playground and not self.page:
            raise ValueError(
                f"TEAMS_PLAYGROUND accepts anybody, and HOST={self.host} can be reached from other machines. "
                "Write HOST=127.0.0.1, or remove TEAMS_PLAYGROUND"
            )
        if self.port == self.admin_port != 0 and self.host == self.admin_host:
            raise ValueError(f"PORT and ADMIN_PORT are both {self.port}. Write two different numbers")
        return self


def variables() -> Mapping[str, Variable]:
    """Every variable there is, by name."""
    rows = [
        *Settings.variables(),
        *SlackSettings.variables(),
        *TeamsSettings.variables(),
        *FoundrySettings.variables(),
    ]
    for vendor in VENDORS:
        rows += VendorSettings.variables(f"{vendor.upper()}_")
    rows += [row for row in VendorSettings.variables("OLLAMA_") if row.field == "base_url"]
    return {row.name: row for row in rows}


def read_settings(environ: Mapping[str, str] | None = None, *, folder: Path = Path()) -> Settings:
    """The settings of this process: the environment, then `.env` in `folder`, then defaults.

    Raises SettingsError with every fault it found.
    """
    values = dotenv(folder / ".env") | dict(os.environ if environ is None else environ)
    known = variables()
    found = {name: values[name].strip() for name in known if name in values}
    faults = [*_misspelt(values, known), *_empty(found, known)]
    found = {name: value for name, value in found.items() if value}
    try:
        file = _file(folder, found.get("SWITCHBOARD_CONFIG", ""))
        tree = _tree(found) | {"file": file, "keys": _keys(file, values)}
        settings = Settings.model_validate(tree)
    except SettingsError as error:
        faults.append(str(error))
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            name = _name(tuple(str(part) for part in fault["loc"]))
            faults.append(explain(known.get(name), found.get(name), fault))
    if faults:
        raise SettingsError("\n".join(faults))
    return settings


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
    """The variables named by `api_key_env`, where they are set."""
    found = {}
    for name, entry in file.providers.items():
        if entry.api_key_env in values:
            key = found[entry.api_key_env] = values[entry.api_key_env].strip()
            reason = flaw(key) if key else "is set but empty"
            if reason:
                raise SettingsError(f"{entry.api_key_env} (the key of {name}) {reason}. Write the key.")
    return found


def _tree(found: Mapping[str, str]) -> dict[str, Any]:
    """The flat variables as the nested values that `Settings` checks. A part exists when one of its essentials does."""

    def part(kind: type[SettingsGroup], prefix: str | None = None) -> dict[str, str]:
        return {row.field: found[row.name] for row in kind.variables(prefix) if row.name in found}

    tree: dict[str, Any] = part(Settings)
    for name, kind, essentials in (
        ("slack", SlackSettings, {"bot_token", "signing_secret", "app_token", "client_id", "client_secret"}),
        ("teams", TeamsSettings, {"app_id", "app_password", "tenant_id", "allowed_tenants", "playground"}),
        ("foundry", FoundrySettings, {"endpoint", "api_key"}),
    ):
        values = part(kind)
        if essentials & {field for field, value in values.items() if value != "0"}:
            tree[name] = values
    vendors = {name: part(VendorSettings, f"{name.upper()}_") for name in (*VENDORS, "ollama")}
    tree["vendors"] = {name: values for name, values in vendors.items() if values}
    return tree


def _name(where: tuple[str, ...]) -> str:
    """SLACK_API_URL for ("slack", "api_url"), XAI_BASE_URL for ("vendors", "xai", "base_url")."""
    if where[:1] == ("vendors",):
        return "_".join(where[1:3]).upper()
    if where and where[0] in {"slack", "teams", "foundry"}:
        return "_".join(where[:2]).upper()
    return next((row.name for row in Settings.variables() if where and where[0] in {row.field, row.name}), "")


def _empty(found: Mapping[str, str], known: Mapping[str, Variable]) -> Iterator[str]:
    """An empty secret would be one that everybody knows; other empty values count as not set."""
    for name, value in found.items():
        if not value and known[name].secret:
            remedy = known[name].remedy.removesuffix(", or remove it")
            yield f"{name} is set but empty. Write {remedy}, or remove the line."


def _misspelt(values: Mapping[str, str], known: Iterable[str]) -> Iterator[str]:
    """Names under our own prefix that mean nothing: a typo there would silently change what runs."""
    for name in values:
        if name.startswith("SWITCHBOARD_") and name not in known:
            near = get_close_matches(name, known, n=1)
            yield f"{name} is no setting of Switchboard. Write {near[0] if near else 'a name'} from .env.example."


def _half(title: str, missing: list[str], prefix: str) -> str:
    names = " and ".join(missing)
    return (
        f"{title} is half configured. Write {names} too, or remove every {prefix}... to run without {title}"
    )
