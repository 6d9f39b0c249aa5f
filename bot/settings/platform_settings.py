"""The settings of each chat platform, and what can be checked without asking the platform."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from bot.settings.config_file import Policy
from bot.settings.environment import Address, Names, SettingsGroup

ENTRA_ADDRESS = "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token"
TOKEN_URL = re.compile(r"https://.+/[^/]+/oauth2/v2\.0/token")
EVERYBODY = "*"


def _id(value: str) -> str:
    """As Teams writes it. A tenant's domain would do for tokens, and nobody's message names it."""
    try:
        return str(UUID(value)) if value else ""
    except ValueError:
        raise ValueError("it is no id such as 72f988bf-86f1-41af-91ab-2d7cd011db47") from None


def _ids(value: frozenset[str]) -> frozenset[str]:
    return frozenset(one if one == EVERYBODY else _id(one) for one in value)


EntraId = Annotated[str, AfterValidator(_id)]


class PlatformSettings(SettingsGroup):
    """The settings of one platform, which is on as soon as one of its `essentials` is set.

    `title` is its name for people, `remedy` says what to set while it is off.
    """

    title: ClassVar[str]
    essentials: ClassVar[frozenset[str]]
    remedy: ClassVar[str]

    @property
    def delivered(self) -> bool:
        """Whether the platform has to reach this process over HTTP."""
        raise NotImplementedError

    @property
    def keeps_tokens(self) -> bool:
        """Whether other people's tokens are kept in storage."""
        return False

    def status(self, url: str) -> str:
        """How the platform is connected, for the start page; `url` is the public listener's."""
        raise NotImplementedError

    def caution(self, policy: Policy) -> str:
        """What an operator should know of who may have it, and what to write; "" for nothing."""
        return ""

    def addresses(self) -> Mapping[str, str]:
        """URLs by variable: where secrets are sent, or verification keys come from; "" for the default."""
        raise NotImplementedError

    def objection(self, host: str, *, private: bool, delivered: Sequence[str] = ()) -> str:
        """Why it must not be on while the listener is at `host`, "" when it may. `private`: only this machine
        can reach that address. `delivered`: the platforms that come in over HTTP all the same.
        """
        return ""


class SlackSettings(PlatformSettings):
    """Slack over HTTP (bot token and signing secret), by Socket Mode (bot token and app token), or for
    several workspaces by OAuth (client id, client secret and signing secret).
    """

    prefix: ClassVar[str] = "SLACK_"
    title: ClassVar[str] = "Slack"
    essentials: ClassVar[frozenset[str]] = frozenset(
        {"bot_token", "signing_secret", "app_token", "client_id", "client_secret"}
    )
    remedy: ClassVar[str] = "SLACK_BOT_TOKEN and SLACK_APP_TOKEN, or SLACK_SIGNING_SECRET for HTTP"
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

    @property
    def delivered(self) -> bool:
        return not self.socket_mode or self.oauth  # people install over HTTP

    @property
    def keeps_tokens(self) -> bool:
        return self.oauth

    def status(self, url: str) -> str:
        if self.socket_mode:
            return "by Socket Mode"
        return f"listens at {url}slack/events" + (", installed at /slack/install" if self.oauth else "")

    def caution(self, policy: Policy) -> str:
        if not self.oauth or (policy.installs and "*" not in policy.installs):
            return ""
        if policy.installs:
            return "Every Slack workspace there is can install, at your expense: name yours in installs under [policy]"
        kept = "" if policy.installs is not None else "; what was installed before goes on working"
        return (
            f'Nobody can install in Slack: write installs = ["T0123"] under [policy] in switchboard.toml, with the '
            f"ids of workspaces (T...) or organisations (E...){kept}"
        )

    def addresses(self) -> Mapping[str, str]:
        return {"SLACK_API_URL": self.api_url}

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


class TeamsSettings(PlatformSettings):
    """A Teams bot. `tenant_id` is where it is registered and gets its tokens ("": the old multi-tenant registration),
    `allowed_tenants` are others whose people may use it. With `playground`, requests are not authenticated; that is only
    accepted where no other machine can reach the listener.
    """

    prefix: ClassVar[str] = "TEAMS_"
    title: ClassVar[str] = "Teams"
    essentials: ClassVar[frozenset[str]] = frozenset(
        {
            "app_id",
            "app_password",
            "auth",
            "certificate",
            "managed_identity_client_id",
            "tenant_id",
            "allowed_tenants",
            "playground",
        }
    )
    remedy: ClassVar[str] = "TEAMS_APP_ID, TEAMS_APP_PASSWORD and TEAMS_TENANT_ID, or TEAMS_PLAYGROUND=1"
    app_id: EntraId = Field("", description="the bot's Microsoft App ID")
    auth: Literal["secret", "certificate", "managed-identity", "federated"] = Field(
        "secret", description="secret, certificate, managed-identity or federated"
    )
    app_password: SecretStr | None = Field(None, description="the client secret of the app registration")
    certificate: str = Field("", description="the path of a PEM file with the key and its certificate")
    certificate_password: SecretStr | None = Field(
        None, description="the password of the key in TEAMS_CERTIFICATE, or remove it"
    )
    managed_identity_client_id: EntraId = Field("", description="the client id of the managed identity")
    federated_token_file: str = Field(
        "",
        description="the path of the file with the platform's token",
        json_schema_extra={"elsewhere": "AZURE_FEDERATED_TOKEN_FILE"},  # set by Kubernetes' workload identity
    )
    tenant_id: EntraId = Field("", description="the directory (tenant) id of the app registration")
    allowed_tenants: Annotated[Names, AfterValidator(_ids)] = Field(
        frozenset(), description="tenant ids, comma-separated, or * for everybody"
    )
    openid_metadata_url: Address | None = Field(None, description="the https address of the key metadata")
    token_url: Address | None = Field(None, description="the https address of the token endpoint")
    service_hosts: Names = Field(frozenset(), description="hosts or host:port, comma-separated")
    graph: bool = Field(
        False, description="1 to read threads and files by Microsoft Graph, where the app has consent"
    )
    graph_url: Address | None = Field(None, description="the https address of Microsoft Graph")
    playground: bool = Field(False, description="1 to accept Agents Playground on this machine, or remove it")
    extended_markdown: bool = Field(False, description="1 if everybody's Teams shows tables and headings")

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants whose people may use the bot: those on the list, and always its own. "*" means every tenant."""
        return self.allowed_tenants | ({self.tenant_id} if self.tenant_id else set())

    @property
    def delivered(self) -> bool:
        return not self.playground

    def status(self, url: str) -> str:
        note = " (Playground: nobody is asked who they are)" if self.playground else ""
        return f"listens at {url}api/messages{note}"

    def addresses(self) -> Mapping[str, str]:
        return {
            "TEAMS_TOKEN_URL": self.token_url or "",
            "TEAMS_OPENID_METADATA_URL": self.openid_metadata_url or "",
            "TEAMS_GRAPH_URL": self.graph_url or "",
        }

    def objection(self, host: str, *, private: bool, delivered: Sequence[str] = ()) -> str:
        if not self.playground:
            return ""
        if not private:
            return (
                f"TEAMS_PLAYGROUND accepts anybody, and HOST={host} can be reached from other machines. "
                "Write HOST=127.0.0.1, or remove TEAMS_PLAYGROUND"
            )
        if delivered:
            return (
                f"TEAMS_PLAYGROUND accepts anybody, and what brings {' and '.join(delivered)} here over HTTP brings "
                "others too. Remove TEAMS_PLAYGROUND, or try Slack by Socket Mode (SLACK_APP_TOKEN)"
            )
        return ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.playground:
            if self.app_id or self.app_password:
                raise ValueError(
                    "TEAMS_PLAYGROUND accepts anybody, so it is never on together with a real bot. "
                    "Remove TEAMS_PLAYGROUND, or TEAMS_APP_ID and TEAMS_APP_PASSWORD"
                )
            return self
        missing = [] if self.app_id else ["TEAMS_APP_ID"]
        missing += [lacking] if (lacking := self._lacking_proof()) else []
        if self.auth == "managed-identity" and not self.tenant_id:
            missing.append("TEAMS_TENANT_ID")
        elif not self.tenants:
            missing.append("TEAMS_TENANT_ID (or TEAMS_ALLOWED_TENANTS for several)")
        if missing:
            raise ValueError(_half("Teams", missing, "TEAMS_"))
        if objection := self._unfit():
            raise ValueError(objection)
        return self

    def _lacking_proof(self) -> str:
        """What the bot cannot prove itself by, "" when it can."""
        if self.auth == "secret" and not self.app_password:
            other = "certificate" if self.certificate else "certificate, managed-identity or federated"
            return f"TEAMS_APP_PASSWORD (or TEAMS_AUTH={other})"
        if self.auth == "certificate" and not self.certificate:
            return "TEAMS_CERTIFICATE"
        if self.auth == "federated" and not (self.federated_token_file or self.managed_identity_client_id):
            return "TEAMS_FEDERATED_TOKEN_FILE (or TEAMS_MANAGED_IDENTITY_CLIENT_ID)"
        return ""

    def _unfit(self) -> str:
        """What does not fit the kind of proof."""
        if self.auth == "managed-identity" and self.managed_identity_client_id not in {"", self.app_id}:
            return (
                "TEAMS_AUTH=managed-identity makes the identity the bot itself, so its client id is TEAMS_APP_ID. Remove "
                "TEAMS_MANAGED_IDENTITY_CLIENT_ID, or write TEAMS_AUTH=federated for a bot that is another app"
            )
        if self.auth in {"certificate", "federated"} and not TOKEN_URL.fullmatch(
            self.token_url or ENTRA_ADDRESS
        ):
            return f"TEAMS_TOKEN_URL is no address that TEAMS_AUTH={self.auth} can use. Write one such as {ENTRA_ADDRESS}"
        return ""


def _half(title: str, missing: list[str], prefix: str) -> str:
    names = " and ".join(missing)
    return (
        f"{title} is half configured. Write {names} too, or remove every {prefix}... to run without {title}"
    )
