"""What the operator gets for each thing that can be written into the environment."""

import logging
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.app import known_settings, read_settings
from bot.domain.errors import SettingsError
from bot.settings.platform_settings import SlackSettings, TeamsSettings
from bot.settings.settings import Settings

SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s3cret"}
APP, OTHER = "07338883-af76-47b3-86e4-2603c50be638", "0d1c8d54-0000-4000-8000-00000000aaaa"
HOME, PARTNER = "72f988bf-86f1-41af-91ab-2d7cd011db47", "11111111-2222-4333-8444-555555555555"
KEYLESS = {"TEAMS_APP_ID": APP, "TEAMS_TENANT_ID": HOME}
TEAMS = KEYLESS | {"TEAMS_APP_PASSWORD": "pw"}


@dataclass(frozen=True)
class Wrong:
    name: str
    environ: dict[str, str]
    says: tuple[str, ...]


WRONG = (
    Wrong("port", {"PORT": "abc"}, ("PORT is 'abc'", "Write a number such as 3978")),
    Wrong("port too large", {"PORT": "70000"}, ("PORT is '70000'", "65535")),
    Wrong("host with a scheme", {"HOST": "http://x"}, ("HOST is 'http://x'", "without scheme")),
    Wrong("one port for both", {"PORT": "5000", "ADMIN_PORT": "5000"}, ("PORT and ADMIN_PORT", "different")),
    Wrong("redis scheme", {"REDIS_URL": "http://u:hunter2@x"}, ("REDIS_URL", "redis://", "rediss://")),
    Wrong("short key", {"SWITCHBOARD_ENCRYPTION_KEY": "hunter2"}, ("SWITCHBOARD_ENCRYPTION_KEY", "32")),
    Wrong("misspelt", {"SWITCHBOARD_CONFG": "x"}, ("SWITCHBOARD_CONFG", "SWITCHBOARD_CONFIG")),
    Wrong("log level", {"SWITCHBOARD_LOG_LEVEL": "loud"}, ("SWITCHBOARD_LOG_LEVEL is 'loud'", "warning")),
    Wrong("empty secret", SLACK | {"SLACK_SIGNING_SECRET": ""}, ("SLACK_SIGNING_SECRET is set but empty",)),
    Wrong("blank secret", {"OPENAI_API_KEY": "  "}, ("OPENAI_API_KEY is set but empty", "remove the line")),
    Wrong("odd letter in a key", {"XAI_API_KEY": "hunter2é"}, ("XAI_API_KEY: it holds a letter",)),
    Wrong("empty redis", {"REDIS_URL": ""}, ("6379/0, or remove the line",)),
    Wrong("slack without secret", {"SLACK_BOT_TOKEN": "xoxb-1"}, ("half configured", "SLACK_SIGNING_SECRET")),
    Wrong("slack without token", {"SLACK_SIGNING_SECRET": "s"}, ("half configured", "SLACK_BOT_TOKEN")),
    Wrong("oauth without secret", SLACK | {"SLACK_CLIENT_ID": "1.2"}, ("SLACK_CLIENT_SECRET",)),
    Wrong("slack tokens mixed up", SLACK | {"SLACK_BOT_TOKEN": "xapp-1"}, ("SLACK_APP_TOKEN the xapp-",)),
    Wrong("slack address", SLACK | {"SLACK_API_URL": "slack.com"}, ("SLACK_API_URL is 'slack.com'",)),
    Wrong("teams without password", KEYLESS, ("TEAMS_APP_PASSWORD",)),
    Wrong(
        "teams with a certificate that is not meant",
        KEYLESS | {"TEAMS_CERTIFICATE": "x.pem"},
        ("TEAMS_APP_PASSWORD (or TEAMS_AUTH=certificate)",),
    ),
    Wrong(
        "teams without certificate", KEYLESS | {"TEAMS_AUTH": "certificate"}, ("Write TEAMS_CERTIFICATE too",)
    ),
    Wrong(
        "teams federated with nothing",
        KEYLESS | {"TEAMS_AUTH": "federated"},
        ("TEAMS_FEDERATED_TOKEN_FILE (or TEAMS_MANAGED_IDENTITY_CLIENT_ID)",),
    ),
    Wrong(
        "teams as an identity of no tenant",
        {"TEAMS_APP_ID": APP, "TEAMS_ALLOWED_TENANTS": "*", "TEAMS_AUTH": "managed-identity"},
        ("Write TEAMS_TENANT_ID too",),
    ),
    Wrong(
        "teams as another identity",
        KEYLESS | {"TEAMS_AUTH": "managed-identity", "TEAMS_MANAGED_IDENTITY_CLIENT_ID": OTHER},
        ("Remove TEAMS_MANAGED_IDENTITY_CLIENT_ID", "TEAMS_AUTH=federated"),
    ),
    Wrong(
        "a certificate to an open address",
        KEYLESS
        | {
            "TEAMS_AUTH": "certificate",
            "TEAMS_CERTIFICATE": "x.pem",
            "TEAMS_TOKEN_URL": "http://127.0.0.1/t/oauth2/v2.0/token",
        },
        ("TEAMS_TOKEN_URL", "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token"),
    ),
    Wrong(
        "an unknown proof",
        TEAMS | {"TEAMS_AUTH": "password"},
        ("TEAMS_AUTH is 'password'", "managed-identity"),
    ),
    Wrong(
        "a tenant by its domain",
        TEAMS | {"TEAMS_TENANT_ID": "contoso.com"},
        ("TEAMS_TENANT_ID is 'contoso.com'", "the directory (tenant) id"),
    ),
    Wrong(
        "everybody's tenant as the bot's own",
        TEAMS | {"TEAMS_TENANT_ID": "*"},
        ("TEAMS_TENANT_ID is '*': it is no id",),
    ),
    Wrong(
        "an allowed tenant by its domain",
        TEAMS | {"TEAMS_ALLOWED_TENANTS": f"{PARTNER}, contoso.com"},
        ("TEAMS_ALLOWED_TENANTS", "Write tenant ids"),
    ),
    Wrong(
        "a bot by its name",
        TEAMS | {"TEAMS_APP_ID": "switchboard"},
        ("TEAMS_APP_ID is 'switchboard'", "Microsoft App ID"),
    ),
    Wrong("teams for nobody", {"TEAMS_APP_ID": APP, "TEAMS_APP_PASSWORD": "p"}, ("TEAMS_ALLOWED_TENANTS",)),
    Wrong(
        "playground in public", {"TEAMS_PLAYGROUND": "1", "HOST": "0.0.0.0"}, ("HOST=0.0.0.0", "127.0.0.1")
    ),
    Wrong(
        "playground beside a bot",
        TEAMS | {"TEAMS_PLAYGROUND": "1"},
        ("TEAMS_PLAYGROUND accepts anybody", "Remove TEAMS_PLAYGROUND, or TEAMS_APP_ID"),
    ),
    Wrong(
        "playground beside a bot's secret",
        {"TEAMS_APP_PASSWORD": "hunter2", "TEAMS_PLAYGROUND": "1"},
        ("TEAMS_PLAYGROUND accepts anybody", "Remove TEAMS_PLAYGROUND, or TEAMS_APP_ID"),
    ),
    Wrong(
        "playground beside what is delivered",
        SLACK | {"TEAMS_PLAYGROUND": "1"},
        ("TEAMS_PLAYGROUND accepts anybody", "Slack", "SLACK_APP_TOKEN"),
    ),
    Wrong("page", {"SWITCHBOARD_PAGE": "maybe"}, ("SWITCHBOARD_PAGE is 'maybe'", "on or off")),
    Wrong("foundry without endpoint", {"FOUNDRY_API_KEY": "hunter2"}, ("FOUNDRY_ENDPOINT is missing",)),
    Wrong("secret in an address", {"XAI_BASE_URL": "https://u:hunter2@x"}, ("XAI_BASE_URL", "password")),
)


def at(environ: dict[str, str], folder: Path = Path("/nonexistent")) -> Settings:
    return read_settings(environ, folder=folder)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_a_wrong_value_stops_the_start_with_the_name_the_reason_and_the_remedy(wrong: Wrong) -> None:
    with pytest.raises(SettingsError) as refused:
        at(wrong.environ)

    assert all(part in str(refused.value) for part in wrong.says), refused.value
    assert "hunter2" not in str(refused.value)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        at({"PORT": "x", "ADMIN_PORT": "y", "SLACK_BOT_TOKEN": "xoxb-1"})

    assert len(str(refused.value).splitlines()) == 3


def test_nothing_set_is_a_laptop_with_the_page_and_the_embedded_server() -> None:
    settings = at({})

    assert (settings.host, settings.port, settings.admin_port) == ("127.0.0.1", 3978, 3979)
    assert settings.page
    assert settings.redis_url is None
    assert settings.platform(SlackSettings) is None
    assert settings.platform(TeamsSettings) is None
    assert settings.vendors == {}


@pytest.mark.parametrize(
    ("host", "served"),
    [
        ("localhost", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
    ],
)
def test_the_page_is_served_only_where_nobody_else_can_reach_it(host: str, served: bool) -> None:
    assert at({"HOST": host}).page is served


SOCKET = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
OAUTH = SOCKET | {"SLACK_CLIENT_ID": "1", "SLACK_CLIENT_SECRET": "c"}


@pytest.mark.parametrize(
    ("environ", "word", "served"),
    [
        ({}, "", True),
        ({}, "off", False),
        ({}, "on", True),
        ({"HOST": "0.0.0.0"}, "on", False),
        ({"TEAMS_PLAYGROUND": "1"}, "", True),
        (SOCKET, "", True),
        (SLACK, "", False),
        (SLACK, "on", True),
        (OAUTH, "", False),
        (TEAMS, "", False),
        (TEAMS | SOCKET, "", False),
        (TEAMS, "on", True),
        (TEAMS, "off", False),
    ],
)
def test_the_page_is_off_where_a_platform_comes_in_over_http_unless_it_is_asked_for(
    environ: dict[str, str], word: str, served: bool
) -> None:
    settings = at(environ | ({"SWITCHBOARD_PAGE": word} if word else {}))

    assert settings.page is served
    assert bool(settings.page_off) is not served


def test_slack_can_be_http_socket_mode_or_oauth() -> None:
    http = at(SLACK).platform(SlackSettings)
    socket = at({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}).platform(SlackSettings)
    oauth = at({"SLACK_CLIENT_ID": "1", "SLACK_CLIENT_SECRET": "c", "SLACK_SIGNING_SECRET": "s"}).platform(
        SlackSettings
    )

    assert http
    assert not http.socket_mode
    assert not http.oauth
    assert socket
    assert socket.socket_mode
    assert oauth
    assert oauth.oauth


def test_addresses_that_change_nothing_by_themselves_configure_no_platform() -> None:
    settings = at(
        {"SLACK_API_URL": "http://127.0.0.1:9/api", "TEAMS_SERVICE_HOSTS": "x", "TEAMS_PLAYGROUND": "0"}
    )

    assert settings.platform(SlackSettings) is None
    assert settings.platform(TeamsSettings) is None


@pytest.mark.parametrize(
    ("home", "allowed", "served"),
    [
        (HOME, "", {HOME}),
        (HOME, f"{PARTNER.upper()}, {OTHER},", {HOME, PARTNER, OTHER}),
        (HOME, "*", {HOME, "*"}),
        ("", f"{PARTNER}, {OTHER},", {PARTNER, OTHER}),
        ("", "*", {"*"}),
    ],
)
def test_teams_serves_its_own_tenant_and_those_on_the_list(home: str, allowed: str, served: set[str]) -> None:
    teams = at(TEAMS | {"TEAMS_TENANT_ID": home, "TEAMS_ALLOWED_TENANTS": allowed}).platform(TeamsSettings)

    assert teams
    assert teams.tenants == served


def test_the_token_file_that_kubernetes_names_counts_where_no_other_is_named() -> None:
    there = KEYLESS | {"TEAMS_AUTH": "federated", "AZURE_FEDERATED_TOKEN_FILE": "/var/run/token"}
    told = at(there).platform(TeamsSettings)
    other = at(there | {"TEAMS_FEDERATED_TOKEN_FILE": "/other"}).platform(TeamsSettings)

    assert told
    assert told.federated_token_file == "/var/run/token"
    assert other
    assert other.federated_token_file == "/other"
    assert at({"AZURE_FEDERATED_TOKEN_FILE": "/var/run/token"}).platform(TeamsSettings) is None


def test_an_address_is_the_same_with_and_without_its_last_slash() -> None:
    settings = at(SLACK | {"SLACK_API_URL": "https://slack-gov.com/api", "OPENAI_BASE_URL": "http://x/v1/"})

    slack = settings.platform(SlackSettings)
    assert slack
    assert slack.api_url == "https://slack-gov.com/api/"
    assert settings.vendors["openai"].base_url == "http://x/v1"


def test_no_secret_shows_in_a_repr_or_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    secrets = {
        name: f"xoxb-canary-{name}-0123456789012345678901"
        for name, row in known_settings().variables().items()
        if row.secret
    }
    secrets |= {"REDIS_URL": "redis://u:canary-redis@h", "SLACK_APP_TOKEN": "xapp-canary"}
    settings = at(
        secrets
        | {
            "SLACK_CLIENT_ID": "1",
            **KEYLESS,
            "FOUNDRY_ENDPOINT": "https://f",
        }
    )
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("bot").warning("%s %r", settings, settings)

    assert "canary" not in f"{settings!r} {settings} {settings.model_dump()} {caplog.text}"


def test_the_env_file_counts_where_the_environment_is_silent(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# a comment\n\nexport PORT=5000  # ours\nHOST='localhost'\nADMIN_PORT=\nXAI_API_KEY=\"a#b\"\n"
    )
    settings = at({"PORT": "6000"}, tmp_path)

    assert (settings.port, settings.host, settings.admin_port) == (6000, "localhost", 3979)
    key = settings.vendors["xai"].api_key
    assert key
    assert key.get_secret_value() == "a#b"


def test_a_line_of_the_env_file_that_means_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=1\nhello there\n")
    with pytest.raises(SettingsError, match=r"\.env line 2"):
        at({}, tmp_path)


def test_the_passwords_inside_an_address_are_secrets_too() -> None:
    url = "redis+sentinel://u:d%40ta@h:26379/chat?sentinel_password=w%40tch&ssl_cert_reqs=required"

    assert {"d@ta", "w@tch"} < at({"REDIS_URL": url}).secrets()
    assert "required" not in at({"REDIS_URL": url}).secrets()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        at({}).port = 1


def test_the_toml_file_is_part_of_the_settings_and_finds_its_keys(tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text(
        'default = "grok"\n[providers.eu]\ndialect = "openai-chat"\nbase_url = "http://x/v1"\napi_key_env = "EU_KEY"\n'
    )
    settings = at({"EU_KEY": "eu-canary"}, tmp_path)

    assert settings.file.default == "grok"
    assert settings.keys["EU_KEY"].get_secret_value() == "eu-canary"
    assert "eu-canary" in settings.secrets()


def test_what_is_wrong_in_the_file_and_in_the_environment_is_told_together(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("defualt = 1\n")
    with pytest.raises(SettingsError) as refused:
        at({"SWITCHBOARD_CONFIG": "mine.toml", "XAI_API_KEY": ""}, tmp_path)

    assert "defualt" in str(refused.value)
    assert "XAI_API_KEY is set but empty" in str(refused.value)


def test_the_key_of_an_endpoint_must_be_one_too(tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text(
        '[providers.eu]\ndialect = "openai-chat"\nbase_url = "http://x/v1"\napi_key_env = "EU_KEY"\n'
    )
    with pytest.raises(SettingsError, match=r"EU_KEY \(the key of eu\) holds a letter that no key has"):
        at({"EU_KEY": "hunter2é"}, tmp_path)


@pytest.mark.parametrize("name", ["switchboard.toml", ".env"])
def test_a_file_in_another_encoding_is_refused_with_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes('X = "\xe9"\n'.encode("latin-1"))
    with pytest.raises(SettingsError, match=f"{name} is not UTF-8 text"):
        at({}, tmp_path)


def test_files_of_an_editor_that_marks_utf_8_are_read(tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text('default = "grok"\n', encoding="utf-8-sig")
    (tmp_path / ".env").write_text("PORT=5000\n", encoding="utf-8-sig")
    settings = at({}, tmp_path)

    assert (settings.file.default, settings.port) == ("grok", 5000)


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"SWITCHBOARD_CONFIG is 'gone\.toml': there is no such file"):
        at({"SWITCHBOARD_CONFIG": "gone.toml"}, tmp_path)


def test_the_example_file_names_every_setting_and_no_other() -> None:
    lines = (Path(__file__).parents[2] / ".env.example").read_text().splitlines()
    named = [match[1] for line in lines if (match := re.match(r"#?([A-Z][A-Z0-9_]+)=", line))]

    assert sorted(named) == sorted(known_settings().variables())


def test_every_secret_is_known_to_the_redaction() -> None:
    new, old = "n" * 32, "o" * 32
    several = {"XAI_API_KEY": "xai-1", "SWITCHBOARD_ENCRYPTION_KEY": f"{new}, {old}"}
    settings = at(SLACK | TEAMS | several | {"REDIS_URL": "rediss://u:p%40ss@h"})
    redis = {"rediss://u:p%40ss@h", "p@ss"}

    assert settings.secrets() == {"xoxb-1", "s3cret", "pw", "xai-1", f"{new}, {old}", new, old} | redis


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("OPENAI_APIKEY", "OPENAI_API_KEY"),
        ("openai_api_key", "OPENAI_API_KEY"),
        ("OPENAI_API_KEYS", "OPENAI_API_KEY"),
        ("ANTHROPIC_KEY", "ANTHROPIC_API_KEY"),
        ("ANTRHOPIC_API_KEY", "ANTHROPIC_API_KEY"),
        ("CLAUDE_API_KEY", "ANTHROPIC_API_KEY"),
        ("XAI_KEY", "XAI_API_KEY"),
        ("GROK_API_KEY", "XAI_API_KEY"),
        ("MISTRAL_API_TOKEN", "MISTRAL_API_KEY"),
        ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
        ("AZURE_OPENAI_API_KEY", "FOUNDRY_API_KEY"),
        ("SLACK_BOT_TOKE", "SLACK_BOT_TOKEN"),
        ("SLACK_SIGNIN_SECRET", "SLACK_SIGNING_SECRET"),
        ("MicrosoftAppId", "TEAMS_APP_ID"),
        ("REDISURL", "REDIS_URL"),
    ],
)
def test_a_name_that_nobody_reads_is_told_with_the_one_that_was_probably_meant(
    written: str, meant: str, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f"{written}=hunter2\n")

    assert at({written: "hunter2"}).hints == (f"{written} is not read. Did you mean {meant}?",)
    assert at({}, tmp_path).hints == at({written: "hunter2"}).hints


@pytest.mark.parametrize(
    "name",
    [
        "HOSTNAME",
        "SHOST",
        "PORTS",
        "POST",
        "AZURE_CLIENT_ID",
        "AWS_ACCESS_KEY_ID",
        "REDIS_TLS_URL",
        "OPENAI_ORG_ID",
        "GITHUB_TOKEN",
        "DATABASE_URL",
        "SLACK_WEBHOOK_URL",
        "SLACK_APP_ID",
        "OLLAMA_HOST",
        "TEAMS_WEBHOOK",
        "KUBERNETES_PORT",
        "ADMIN_EMAIL",
        "npm_config_cache",
    ],
)
def test_names_that_belong_to_others_are_left_alone(name: str) -> None:
    assert at({name: "x"}).hints == ()


def test_what_is_set_rightly_too_is_not_told() -> None:
    assert at({"OPENAI_API_KEY": "sk-1", "OPENAI_APIKEY": "sk-2", "OPENAI_API_KEY_2": "sk-3"}).hints == ()


def test_the_keys_that_the_file_names_count_as_ours(tmp_path: Path) -> None:
    toml = (
        '[providers.lab]\ndialect = "openai-chat"\nbase_url = "http://h/v1"\napi_key_env = "LABORATORY_KEY"\n'
    )
    (tmp_path / "switchboard.toml").write_text(toml)

    hints = at({"LABORATRY_KEY": "x"}, tmp_path).hints
    assert hints == ("LABORATRY_KEY is not read. Did you mean LABORATORY_KEY?",)
    assert at({"LABORATORY_KEY": "x"}, tmp_path).hints == ()


def test_a_fault_that_a_misspelt_name_causes_is_told_with_it() -> None:
    with pytest.raises(SettingsError, match=r"SLACK_BOT_TOKE is not read\. Did you mean SLACK_BOT_TOKEN\?"):
        at({"SLACK_BOT_TOKE": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"})
