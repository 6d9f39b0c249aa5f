"""The catalogue fills itself from listings and never gets worse by one that fails."""

import pytest

from bot.domain.errors import SettingsError, Unavailable
from bot.domain.listings import Listing
from bot.models.discovery import AGAIN, EVERY, Discovery
from bot.models.facts import Facts
from bot.models.pricing import Prices
from bot.models.sources import Flagship, ModelSource
from bot.settings import config_file
from tests.catalogue.fakes import FakeProvider

XAI = ModelSource(
    name="xai", flagships=(Flagship(name="grok", patterns=(r"grok-(\d)",), model="grok-latest"),)
)
OLLAMA = ModelSource(name="ollama", local=True)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Setting:
    """A vendor and a local server under one discovery."""

    def __init__(self, toml: str = "") -> None:
        self.clock = Clock()
        self.xai = FakeProvider(rows=[Listing(id="grok-5")])
        self.ollama = FakeProvider(error=Unavailable("not running"))
        self.discovery = Discovery(
            file=config_file.read_config(toml),
            sources=[XAI, OLLAMA],
            providers={"xai": self.xai, "ollama": self.ollama},
            prices=Prices({"xai": "x-ai", "ollama": None}),
            facts=Facts.bundled(),
            clock=self.clock,
        )

    def names(self) -> list[str]:
        return [f"{model.name}={model.model}" for model in self.discovery.catalog.models]


async def test_the_catalogue_is_there_before_anybody_was_asked() -> None:
    setting = Setting()

    assert setting.names() == ["grok=grok-latest"]
    assert setting.xai.calls == 0


async def test_listings_replace_guesses_in_the_same_catalogue() -> None:
    setting = Setting()
    catalog = setting.discovery.catalog

    await setting.discovery.refresh()

    assert setting.names() == ["grok=grok-5"]
    assert setting.discovery.catalog is catalog


async def test_what_was_listed_once_stays_when_the_listing_fails_later() -> None:
    setting = Setting()
    await setting.discovery.refresh()
    setting.xai.error = Unavailable("down")
    setting.clock.now += EVERY

    await setting.discovery.refresh()

    assert setting.names() == ["grok=grok-5"]
    assert [type(finding.error) for finding in setting.discovery.findings] == [Unavailable, Unavailable]


async def test_only_those_that_failed_are_asked_again_soon() -> None:
    setting = Setting()
    await setting.discovery.refresh()
    setting.ollama.error = None
    setting.ollama.rows = [Listing(id="qwen3:8b")]
    setting.clock.now += AGAIN

    await setting.discovery.refresh()

    assert (setting.xai.calls, setting.ollama.calls) == (1, 2)
    assert setting.names() == ["grok=grok-5", "qwen3-8b=qwen3:8b"]


async def test_everybody_is_asked_again_after_a_while() -> None:
    setting = Setting()
    await setting.discovery.refresh()
    setting.xai.rows = [Listing(id="grok-5"), Listing(id="grok-6")]
    setting.clock.now += EVERY

    await setting.discovery.refresh()

    assert setting.names()[0] == "grok=grok-6"


async def test_windows_come_from_the_price_data_where_nothing_else_tells() -> None:
    setting = Setting()
    setting.xai.rows = [Listing(id="grok-code-fast-1")]

    await setting.discovery.refresh()

    model = setting.discovery.catalog.find("grok-code-fast-1")
    assert model is not None
    assert model.context == 256_000


def test_a_file_that_refers_to_nothing_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="no such model"):
        Setting('default = "gork"')
