"""The schema of switchboard.toml, and the errors about it.

Only the file's own shape is checked here. Whether a model's provider exists, has a key and offers the model
is checked where providers and listings are known: bot.models.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, StrictBool, ValidationError, field_validator, model_validator

from bot.domain.auto_entry import AUTO
from bot.domain.catalog import Deadlines
from bot.domain.command_table import RESERVED
from bot.domain.errors import SettingsError
from bot.settings.auto_rules import AutoRules
from bot.settings.config_errors import complain
from bot.settings.council import CouncilEntry
from bot.settings.money import BudgetEntry, Charge, without_twins
from bot.settings.requests import Tuned, plain_headers
from bot.settings.toml_table import Dollars, TomlTable, sendable
from bot.settings.tool_entries import SearchEntry, ToolEntry

DialectName = Literal["openai-chat", "openai-responses", "anthropic", "gemini", "demo"]
AuthName = Literal["bearer", "api-key", "x-api-key", "x-goog-api-key", "entra", "google", "none"]
ThreadReplies = Literal["always", "mention"]
DirectMessages = Literal["threads", "one"]
Count = Annotated[int, Field(strict=True, gt=0)]
Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]


class ProviderEntry(TomlTable):
    """`[providers.NAME]`: an endpoint. For a built-in vendor, every key is optional and overrides it."""

    dialect: DialectName | None = None
    base_url: str = ""
    api_key_env: str = ""
    auth: AuthName | None = None
    vendor: str = (
        ""  # the built-in vendor whose rules this endpoint follows, when the dialect alone is not enough
    )
    scope: str = ""  # of the token of Entra ID or Google
    project: str = ""  # the Foundry project that lists deployments and agents
    version: str = ""  # anthropic-version, if not the default
    headers: Mapping[str, str] = {}  # sent with every request
    query: Mapping[str, str] = {}  # at the end of every address
    extra: Mapping[str, Any] = {}  # merged into the body of every question
    think_tags: StrictBool | None = (
        None  # whether its reasoning models think in the text; None: found by itself
    )
    price: Charge | None = None  # of every model there that has no price of its own; "free" costs nothing

    _plain_headers = field_validator("headers")(plain_headers)
    _sendable = field_validator("extra")(sendable)

    @field_validator("base_url")
    @classmethod
    def _reachable(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError('must be a full address such as "https://example.com/v1"')
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError(
                "must not hold a key, a query or a fragment: name the key's variable in api_key_env"
            )
        return url.rstrip("/")

    @field_validator("api_key_env")
    @classmethod
    def _variable(cls, name: str) -> str:
        # A key pasted here by mistake must not come back in the message.
        if not re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]{0,63})?", name):
            raise ValueError(
                'must be the name of an environment variable such as "FOUNDRY_EU_KEY", not the key itself'
            )
        return name


class DeadlinesEntry(TomlTable):
    """Seconds. What is left out keeps its default, which depends on whether the model reasons."""

    first: Seconds | None = None
    idle: Seconds | None = None
    total: Seconds | None = None

    def over(self, default: Deadlines) -> Deadlines:
        return Deadlines(
            first=self.first or default.first,
            idle=self.idle or default.idle,
            total=self.total or default.total,
        )


class Named(TomlTable):
    """Something people pick by name."""

    name: str
    aliases: tuple[str, ...] = ()
    description: str = ""

    @field_validator("name")
    @classmethod
    def _typable_name(cls, name: str) -> str:
        return typable_name(name)

    @field_validator("aliases")
    @classmethod
    def _typable_aliases(cls, aliases: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(typable_name(alias) for alias in aliases)


class ModelEntry(Named, Tuned):
    """`[[models]]`. A None is filled from the endpoint's listing or the bundled facts."""

    provider: str
    model: str = ""
    fallback: tuple[str, ...] = ()
    vision: StrictBool | None = None
    documents: StrictBool | None = None
    tools: StrictBool | None = None
    reasoning: StrictBool | None = None
    context: Count | None = None  # tokens of input
    dialect: DialectName | None = None
    deadlines: DeadlinesEntry = DeadlinesEntry()
    price: Charge | None = None
    agent: str = ""  # a Foundry agent: it brings its own model and instructions

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.model and not self.agent:
            raise ValueError(
                "model is missing: add the vendor's id or the deployment's name, model = \"...\""
            )
        return self


class AgentEntry(Named, Tuned):
    """`[[agents]]`: a model with a job. Everything left out is taken from its model."""

    model: str
    instructions: str = ""
    prompts: tuple[str, ...] = ()
    tools: tuple[str, ...] | None = None  # names of [tools.*] it may use of those its model may; None: all


class Rules(TomlTable):
    """The exceptions of one channel or one workspace. None: as in `[policy]`."""

    allow: tuple[str, ...] | None = None
    thread_replies: ThreadReplies | None = None
    failover: StrictBool | None = None


class Policy(TomlTable):
    """`[policy]`, with `[policy.workspaces.ID]` and `[policy.channels.ID]` for exceptions."""

    allow: tuple[str, ...] = ("*",)
    thread_replies: ThreadReplies = "always"
    direct: DirectMessages = "threads"  # each top-level direct message is a conversation, or all are one
    failover: StrictBool = True  # whether another model may step in for one that fails
    system: str = ""  # put before every prompt
    guests: StrictBool = True  # whether guests of the workspace may ask
    apps: tuple[str, ...] = ()  # ids of other apps and workflows that may ask, by a mention; "*": any
    external: StrictBool = False  # whether people of other organisations, in shared channels, may ask
    installs: tuple[str, ...] | None = None  # Slack workspaces and organisations that may install by OAuth
    admins: tuple[str, ...] = ()  # platform user ids of people who may set a workspace's default
    messages_per_minute: Count | None = None  # per person
    usd_per_day: Dollars | None = None  # short for a budget of every person, by the day
    workspaces: Mapping[str, Rules] = {}
    channels: Mapping[str, Rules] = {}


class Limits(TomlTable):
    """`[limits]`: what one process takes on at once."""

    answers: Count = 256
    answers_per_person: Count = 5  # in all processes; what is more waits without holding others up
    attachment_mb: Count = 256  # megabytes of files in memory; what is more waits


class ConfigFile(TomlTable):
    """The whole file. An empty one is valid."""

    default: str = ""
    providers: Mapping[str, ProviderEntry] = {}
    models: tuple[ModelEntry, ...] = ()
    agents: tuple[AgentEntry, ...] = ()
    policy: Policy = Policy()
    tools: Mapping[str, ToolEntry] = {}
    search: SearchEntry = SearchEntry()
    auto: AutoRules = AutoRules()
    council: CouncilEntry = CouncilEntry()
    budgets: tuple[BudgetEntry, ...] = ()
    limits: Limits = Limits()

    @property
    def every_budget(self) -> tuple[BudgetEntry, ...]:
        """Those of the file, `[policy] usd_per_day` included."""
        if (usd := self.policy.usd_per_day) is None:
            return self.budgets
        return BudgetEntry(scope="person", usd=usd), *self.budgets

    @property
    def no_auto(self) -> str:
        """Why no model is chosen for each question, where something of the operator's has that name; else ""."""
        names = (word for entry in (*self.models, *self.agents) for word in (entry.name, *entry.aliases))
        if AUTO not in map(str.casefold, names):
            return ""
        return f'A model or an agent of yours is called "{AUTO}", so none is chosen for each question. Rename it to have that, too.'

    @field_validator("providers")
    @classmethod
    def _plain(cls, providers: Mapping[str, ProviderEntry]) -> Mapping[str, ProviderEntry]:
        for name in providers:
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", name):
                raise ValueError(f'"{name}" must be letters, digits, "-", "_" and "." only')
        return providers

    @field_validator("tools")
    @classmethod
    def _plain_servers(cls, tools: Mapping[str, ToolEntry]) -> Mapping[str, ToolEntry]:
        for name, entry in tools.items():
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,29}", name):
                raise ValueError(f'"{name}" must be letters, digits, "-" and "_" only, at most 30')
            if entry.builtin and name != "python":
                raise ValueError(f'"{name}" is not built in: write [tools.python] builtin = true')
        if len({entry.teams_sso for entry in tools.values()} - {""}) > 1:
            raise ValueError("a Teams app has one Application ID URI: write the same teams_sso everywhere")
        return tools

    @model_validator(mode="after")
    def _unique(self) -> Self:
        owners: dict[str, str] = {}
        for entry in (*self.models, *self.agents):
            for word in {word.casefold() for word in (entry.name, *entry.aliases)}:
                if word in owners:
                    raise ValueError(
                        f'"{word}" names both "{owners[word]}" and "{entry.name}": rename one of them'
                    )
                owners[word] = entry.name
        without_twins(self.budgets, self.policy.usd_per_day)
        if self.search.tool and self.search.server not in self.tools:
            server = self.search.server
            raise ValueError(
                f'[search] tool = "{self.search.tool}": there is no [tools.{server}]. Add it, or name a tool of another'
            )
        return self


def read_config(text: str, *, source: str = "switchboard.toml") -> ConfigFile:
    """The file's content, checked. Raises SettingsError with every fault, one line each."""
    try:
        return _parse(tomllib.loads(text), source=source)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{source}: not valid TOML: {error}.") from error
    except RecursionError:
        raise SettingsError(f"{source}: something in it is nested too deep.") from None


def _parse(document: Mapping[str, object], *, source: str = "switchboard.toml") -> ConfigFile:
    """Checks a document that is already parsed."""
    try:
        return ConfigFile.model_validate(document)
    except ValidationError as error:
        raise SettingsError(complain(error, document, source)) from error


def typable_name(name: str) -> str:
    if not re.fullmatch(r"[^\W_][\w.+/@-]{0,39}", name):
        raise ValueError(
            f'"{name}" must be one word of at most 40 letters, digits, ".", "-", "_", "/", "+" or "@"'
        )
    if name.casefold() in RESERVED:
        raise ValueError(f'"{name}" is a command: call the model something else')
    return name
