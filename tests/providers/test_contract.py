"""Every provider keeps the promises of its port."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from bot.domain.catalog import Model
from bot.ports import Provider
from providers.credentials import ApiKey
from providers.demo import Demo
from providers.dialect import Quirks
from providers.endpoint import Endpoint
from providers.transport import Transport
from tests.contracts.providers import ProviderContract, WireContract
from tests.providers.fake import KEY, Babble, Cut, FakeVendor, Hang, Murmur, Refuse, Say, Step, fake_vendor

WISHES: Mapping[str, Sequence[Step]] = {
    "answer": [Say("The tide comes twice a day.")],
    "thinking": [Say("The moon pulls.", thinking=True), Say("Twice a day.")],
    "endless": [Babble()],
    "overloaded": [Refuse(529, "overloaded_error")],
    "silent": [Hang()],
    "murmuring": [Murmur()],
    "stalling": [Say("The tide"), Hang()],
    "cut": [Say("The tide comes"), Cut()],
}


@dataclass
class VendorPlace:
    """A dialect, spoken with a vendor on loopback."""

    provider: Provider
    model: Model
    vendor: FakeVendor

    def asking(self, wish: str) -> str:
        return wish

    async def hung_up(self) -> None:
        await self.vendor.left_alone()


class DialectContract(WireContract):
    dialect = ""

    @pytest.fixture
    async def place(self) -> AsyncIterator[VendorPlace]:
        async with fake_vendor() as vendor, Transport() as transport:
            vendor.plays.update(WISHES)
            endpoint = Endpoint(
                transport=transport,
                base_url=vendor.url,
                auth=ApiKey(scheme="bearer", secret=KEY),
                dialects={self.dialect: Quirks()},
            )
            yield VendorPlace(endpoint, Model(name="it", provider="fake", model="m-1"), vendor)


class TestOpenAIChat(DialectContract):
    dialect = "openai-chat"


class TestOpenAIResponses(DialectContract):
    dialect = "openai-responses"


class TestAnthropic(DialectContract):
    dialect = "anthropic"


class TestGemini(DialectContract):
    dialect = "gemini"


class DemoPlace:
    """The demo has no vendor: its questions are the ones people would type."""

    def __init__(self) -> None:
        self.provider = Demo(pause=0)
        self.model = Model(name="demo", provider="demo", model="demo")

    def asking(self, wish: str) -> str:
        return {"thinking": "think first", "endless": "a long answer", "overloaded": "an error"}.get(
            wish, "hello"
        )

    async def hung_up(self) -> None:
        return


class TestDemo(ProviderContract):
    @pytest.fixture
    def place(self) -> DemoPlace:
        return DemoPlace()
