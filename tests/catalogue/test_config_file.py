"""What an operator is told about switchboard.toml."""

from dataclasses import dataclass
from typing import get_args

import pytest

from bot.domain.catalog import FREE, Deadlines, Price
from bot.domain.errors import SettingsError
from bot.settings.config_file import DialectName, read_config
from bot.settings.money import BudgetEntry

EXAMPLE = """
default = "grok"

[providers.foundry-eu]
dialect = "openai-chat"
base_url = "https://example.services.ai.azure.com/openai/v1/"
api_key_env = "FOUNDRY_EU_KEY"
auth = "api-key"

[[models]]
name = "grok"
provider = "xai"
model = "grok-4.7"
aliases = ["g"]
fallback = ["gpt", "claude"]
vision = true
deadlines = { first = 40, total = 600 }
price = { input = 3.0, output = 15 }

[[agents]]
name = "counsel"
model = "claude"
description = "Reviews contracts"
instructions = "Be strict."
prompts = ["Review this clause: "]

[policy]
allow = ["*"]
thread_replies = "mention"

[policy.channels.C1]
allow = ["grok"]
"""


def test_the_documented_file_is_read() -> None:
    file = read_config(EXAMPLE)

    (grok,) = file.models
    assert file.providers["foundry-eu"].base_url == "https://example.services.ai.azure.com/openai/v1"
    assert grok.deadlines.over(Deadlines()) == Deadlines(first=40, idle=45, total=600)
    assert grok.price is not None
    assert grok.price.price == Price(input=3.0, output=15.0)
    assert (grok.vision, grok.tools) == (True, None)
    assert file.agents[0].prompts == ("Review this clause: ",)
    assert file.policy.channels["C1"].allow == ("grok",)
    assert file.policy.thread_replies == "mention"


def test_budgets_are_read_and_usd_per_day_is_short_for_one() -> None:
    file = read_config("""
[policy]
usd_per_day = 5

[[budgets]]
scope = "company"
period = "month"
usd = 1000.0
warn = 0.5
""")

    assert file.every_budget == (
        BudgetEntry(scope="person", of="*", period="day", usd=5.0, warn=0.8),
        BudgetEntry(scope="company", of="*", period="month", usd=1000.0, warn=0.5),
    )
    assert read_config("").every_budget == ()


def test_a_price_may_be_free() -> None:
    file = read_config(
        '[providers.p]\nprice = "free"\n[[models]]\nname = "m"\nprovider = "p"\nmodel = "x"\nprice = "free"'
    )

    assert file.providers["p"].price
    assert file.providers["p"].price.price == FREE
    assert file.models[0].price
    assert file.models[0].price.price == FREE


def test_an_empty_file_is_a_valid_one() -> None:
    assert read_config("").policy.allow == ("*",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    id: str
    toml: str
    said: str


MODEL = '[[models]]\nname = "m"\nprovider = "xai"\nmodel = "x"\n'
WRONG = [
    Wrong(id="toml", toml="default = ", said="f.toml: not valid TOML: Invalid value (at end of document)."),
    Wrong(
        id="unknown key at the top",
        toml="[[model]]\nname='m'",
        said='f.toml: unknown key "model". Did you mean "models"?',
    ),
    Wrong(
        id="unknown key in a model",
        toml=MODEL + "fallbak = []",
        said='f.toml: [[models]] m: unknown key "fallbak". Did you mean "fallback"?',
    ),
    Wrong(
        id="a key in the file",
        toml="[providers.p]\napi_key = 'sk-secret'",
        said='f.toml: [providers.p] unknown key "api_key": '
        "keys do not belong in the file: set a variable and name it in api_key_env.",
    ),
    Wrong(
        id="a key where its variable's name belongs",
        toml="[providers.p]\napi_key_env = 'sk-secret'",
        said="f.toml: [providers.p] api_key_env must be the name of an environment variable such as "
        '"FOUNDRY_EU_KEY", not the key itself.',
    ),
    Wrong(
        id="auth",
        toml="[providers.p]\nauth = 'api_key'",
        said="f.toml: [providers.p] auth must be one of bearer, api-key, x-api-key, x-goog-api-key, entra, google, none. "
        'Did you mean "api-key"?',
    ),
    Wrong(
        id="dialect",
        toml=MODEL + "dialect = 'cobol'",
        said=f"f.toml: [[models]] m: dialect must be one of {', '.join(get_args(DialectName))}.",
    ),
    Wrong(
        id="base url without scheme",
        toml="[providers.p]\nbase_url = 'localhost:8000/v1'",
        said='f.toml: [providers.p] base_url must be a full address such as "https://example.com/v1".',
    ),
    Wrong(
        id="base url with a key",
        toml="[providers.p]\nbase_url = 'https://h/v1?key=k'",
        said="f.toml: [providers.p] base_url must not hold a key, a query or a fragment: "
        "name the key's variable in api_key_env.",
    ),
    Wrong(
        id="negative price",
        toml=MODEL + "price = { input = -1, output = 2 }",
        said="f.toml: [[models]] m: price.input must be greater than or equal to 0.",
    ),
    Wrong(
        id="half a price",
        toml=MODEL + "price = { input = 1 }",
        said="f.toml: [[models]] m: price.output is missing: add it.",
    ),
    Wrong(
        id="context as text",
        toml=MODEL + "context = '128k'",
        said="f.toml: [[models]] m: context must be a whole number without quotes, such as 5.",
    ),
    Wrong(
        id="yes is not true",
        toml=MODEL + "vision = 'yes'",
        said="f.toml: [[models]] m: vision must be true or false, without quotes.",
    ),
    Wrong(
        id="no model",
        toml="[[models]]\nname = 'm'\nprovider = 'xai'",
        said="f.toml: [[models]] m: model is missing: "
        "add the vendor's id or the deployment's name, model = \"...\".",
    ),
    Wrong(
        id="no provider",
        toml="[[models]]\nname = 'm'\nmodel = 'x'",
        said="f.toml: [[models]] m: provider is missing: add it.",
    ),
    Wrong(
        id="no name",
        toml="[[models]]\nprovider = 'xai'\nmodel = 'x'",
        said="f.toml: [[models]] number 1: name is missing: add it.",
    ),
    Wrong(
        id="two words",
        toml=MODEL.replace('"m"', '"my model"'),
        said='f.toml: [[models]] my model: name "my model" must be one word of at most 40 letters, digits, '
        '".", "-", "_", "/", "+" or "@".',
    ),
    Wrong(
        id="a command's name",
        toml=MODEL + "aliases = ['Help']",
        said='f.toml: [[models]] m: aliases "Help" is a command: call the model something else.',
    ),
    Wrong(
        id="the same name twice",
        toml=MODEL + MODEL,
        said='f.toml: "m" names both "m" and "m": rename one of them.',
    ),
    Wrong(
        id="an agent with a model's alias",
        toml=MODEL + "aliases = ['x']\n[[agents]]\nname = 'X'\nmodel = 'm'",
        said='f.toml: "x" names both "m" and "X": rename one of them.',
    ),
    Wrong(
        id="policy",
        toml="[policy.channels.C1]\nalow = []",
        said='f.toml: [policy.channels.C1] unknown key "alow". Did you mean "allow"?',
    ),
    Wrong(
        id="a price in words",
        toml='[providers.p]\ndialect = "openai-chat"\nprice = "cheap"',
        said='f.toml: [providers.p] price must be "free", or USD per million tokens: '
        "{ input = 3.0, output = 15.0 }.",
    ),
    Wrong(
        id="a budget of nobody",
        toml='[[budgets]]\nscope = "persons"\nusd = 5',
        said="f.toml: [[budgets]] number 1: scope must be one of person, channel, workspace, model, company. "
        'Did you mean "person"?',
    ),
    Wrong(
        id="a budget of no amount",
        toml='[[budgets]]\nscope = "person"',
        said="f.toml: [[budgets]] number 1: usd is missing: add it.",
    ),
    Wrong(
        id="a budget by the year",
        toml='[[budgets]]\nscope = "person"\nusd = 5\nperiod = "year"',
        said="f.toml: [[budgets]] number 1: period must be one of day, week, month.",
    ),
    Wrong(
        id="a warning in percent",
        toml='[[budgets]]\nscope = "person"\nusd = 5\nwarn = 80',
        said="f.toml: [[budgets]] number 1: warn must be a share above 0 and up to 1: 0.8 is 80 percent.",
    ),
    Wrong(
        id="a budget without a pattern",
        toml='[[budgets]]\nscope = "person"\nusd = 5\nof = ""',
        said='f.toml: [[budgets]] number 1: of must be an id or a pattern, such as "U0123" or "*", '
        "without blanks around it.",
    ),
    Wrong(
        id="a blank that would match nobody",
        toml='[[budgets]]\nscope = "person"\nusd = 5\nof = "U1 "',
        said='f.toml: [[budgets]] number 1: of must be an id or a pattern, such as "U0123" or "*", '
        "without blanks around it.",
    ),
    Wrong(
        id="a pattern in a list",
        toml='[[budgets]]\nscope = "person"\nusd = 5\nof = ["U1"]',
        said='f.toml: [[budgets]] number 1: of must be text in quotes: "...".',
    ),
    Wrong(
        id="an amount in quotes",
        toml='[[budgets]]\nscope = "person"\nusd = "5"',
        said="f.toml: [[budgets]] number 1: usd must be a number without quotes, such as 5.0.",
    ),
    Wrong(
        id="a budget in single brackets",
        toml='[budgets]\nscope = "person"\nusd = 5',
        said="f.toml: budgets must be a list of tables: begin each with [[budgets]].",
    ),
    Wrong(
        id="limits",
        toml="[limits]\nanswer = 5",
        said='f.toml: [limits] unknown key "answer". Did you mean "answers"?',
    ),
    Wrong(
        id="half an answer",
        toml="[limits]\nanswers = 1.5",
        said="f.toml: [limits] answers must be a whole number without quotes, such as 5.",
    ),
    Wrong(
        id="limits in double brackets",
        toml="[[limits]]\nanswers = 5",
        said="f.toml: [limits] must be a table: [its name] once, its keys below.",
    ),
    Wrong(
        id="one instead of a list",
        toml="[policy]\nallow = '*'",
        said='f.toml: [policy] allow must be a list: ["..."].',
    ),
    Wrong(
        id="a part of the company",
        toml='[[budgets]]\nscope = "company"\nusd = 5\nof = "C1"',
        said='f.toml: [[budgets]] number 1: of does not go with scope = "company", which is everybody: leave it out.',
    ),
    Wrong(
        id="two amounts for the same",
        toml='[policy]\nusd_per_day = 1\n[[budgets]]\nscope = "person"\nusd = 5',
        said="f.toml: [policy] usd_per_day and [[budgets]] number 1 are the same budget: keep one of them.",
    ),
    Wrong(
        id="a provider's name",
        toml="[providers.'a b']",
        said='f.toml: providers "a b" must be letters, digits, "-", "_" and "." only.',
    ),
    Wrong(
        id="a council of one, without a list",
        toml='[council]\nmodels = "grok"',
        said='f.toml: [council] models must be a list: ["..."].',
    ),
    Wrong(
        id="a council of one",
        toml='[council]\nmodels = ["grok"]',
        said="f.toml: [council] models must name 2 to 4 different models.",
    ),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.id)
def test_a_mistake_is_named_with_its_place_its_reason_and_the_remedy(wrong: Wrong) -> None:
    with pytest.raises(SettingsError) as refused:
        read_config(wrong.toml, source="f.toml")

    assert str(refused.value) == wrong.said
    assert "sk-secret" not in str(refused.value)


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        read_config(MODEL + "context = 0\nvison = true\n[policy]\nthread_replies = 'never'")

    assert len(str(refused.value).splitlines()) == 2
