"""`[tools.NAME]`: what models may call."""

import re
from collections.abc import Mapping
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, StrictBool, field_validator, model_validator

from bot.settings.toml_table import TomlTable

VARIABLE = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
APP_ADDRESS = r"api://[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*"
CallSeconds = Annotated[float, Field(strict=True, gt=0, le=3600, allow_inf_nan=False)]


class ToolEntry(TomlTable):
    """One server: exactly one of `url`, `command` and `builtin`. Its tools are named NAME.tool."""

    url: str = ""  # streamable HTTP
    command: tuple[str, ...] = ()  # a program that speaks over its standard input and output
    builtin: StrictBool = False  # `python` is the only one
    token_env: str = ""  # the variable with the company's key: everybody then acts with its rights
    oauth: StrictBool = False  # every person signs in once, and calls run as them
    client_id: str = ""  # by which its sign-in knows Switchboard; "": it is told at the first sign-in
    client_secret_env: str = ""  # the variable with that client's secret, where it has one
    scopes: tuple[str, ...] = ()  # what is asked for; (): what the server says it wants
    issuer: str = ""  # the only sign-in that is believed to be this server's; "": the one that it names
    teams_sso: str = (
        ""  # webApplicationInfo.resource of the Teams app: people are signed in without a browser there
    )
    env: Mapping[str, str] = {}  # of the program: its variable to the variable it is read from
    private: StrictBool = False  # whether the address may be one of this machine or of a private network
    run: tuple[str, ...] = ()  # tools that run without asking
    never: tuple[str, ...] = ()  # tools that are not offered
    models: tuple[str, ...] = ("*",)  # which models and agents may use it
    seconds: CallSeconds = 60.0  # for one call

    @field_validator("url")
    @classmethod
    def _reachable(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError('must be a full address such as "https://example.com/mcp"')
        if parts.username or parts.password or parts.fragment:
            raise ValueError("must not hold a key: name the key's variable in token_env")
        return url

    @field_validator("token_env", "client_secret_env")
    @classmethod
    def _variable(cls, name: str) -> str:
        if name and not re.fullmatch(VARIABLE, name):
            raise ValueError(
                'must be the name of an environment variable such as "JIRA_MCP_TOKEN", not the key itself'
            )
        return name

    @field_validator("teams_sso")
    @classmethod
    def _of_an_app(cls, resource: str) -> str:
        if resource and (not re.fullmatch(APP_ADDRESS, resource) or len(resource) > 100):
            raise ValueError(
                "must be the Application ID URI of the app registration, such as "
                '"api://bot.example.com/07338883-af76-47b3-86e4-2603c50be638"'
            )
        return resource

    @field_validator("env")
    @classmethod
    def _variables(cls, names: Mapping[str, str]) -> Mapping[str, str]:
        for name in (*names, *names.values()):
            if not re.fullmatch(VARIABLE, name):
                raise ValueError("must map a variable's name to a variable's name, not to a value")
        return names

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if [bool(self.url), bool(self.command), self.builtin].count(True) != 1:
            raise ValueError(
                'write one of url = "https://…/mcp", command = ["program", "…"] and builtin = true'
            )
        return self

    @model_validator(mode="after")
    def _signing_in(self) -> Self:
        if self.oauth and (not self.url or self.token_env):
            raise ValueError(
                "oauth = true is for a server with a url and no token_env: everybody signs in there as themselves"
            )
        if not self.oauth and (self.client_id or self.client_secret_env or self.scopes or self.issuer):
            raise ValueError(
                "client_id, client_secret_env, scopes and issuer are for signing in: write oauth = true too"
            )
        if self.client_secret_env and not self.client_id:
            raise ValueError("client_secret_env is the secret of a client: write its client_id too")
        return self

    @model_validator(mode="after")
    def _exchanging(self) -> Self:
        needs = ("oauth", "client_id", "client_secret_env", "scopes", "issuer")
        missing = [name for name in needs if not getattr(self, name)]
        if self.teams_sso and missing:
            raise ValueError(
                "teams_sso exchanges what Teams knows of a person for a token of this server, and has to know where and as whom: "
                f"write {', '.join(missing)} too, or take teams_sso away"
            )
        return self

    @property
    def variables(self) -> frozenset[str]:
        """The environment variables that it reads."""
        return frozenset({self.token_env, self.client_secret_env, *self.env.values()} - {""})


class SearchEntry(TomlTable):
    """`[search]`: how models search the web whose vendor does not do it."""

    tool: str = ""  # NAME.tool, of [tools.NAME]

    @field_validator("tool")
    @classmethod
    def _full_name(cls, name: str) -> str:
        server, _, tool = name.partition(".")
        if name and not (server and tool):
            raise ValueError('must be the full name of a tool, such as "brave.web_search" of [tools.brave]')
        return name

    @property
    def server(self) -> str:
        return self.tool.partition(".")[0]
