"""A company at work: the product as it is run, Slack around it, and vendors that answer what a test decides."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ops.product import Product
from tests.providers import rules
from tests.providers.fake import KEY, FakeVendor, Refuse, Step, fake_vendor
from tests.slack.fake import events, reading
from tests.slack.fake.world import Message
from tests.slack.office import Office, office

DIALECTS = {"gpt": "openai-chat", "grok": "openai-responses", "claude": "anthropic", "gemini": "gemini"}
MODELS = """
default = "gpt"

[[models]]
name = "gpt"
provider = "openai"
model = "gpt-id"
dialect = "openai-chat"
fallback = ["claude"]

[[models]]
name = "grok"
provider = "xai"
model = "grok-id"

[[models]]
name = "claude"
provider = "anthropic"
model = "claude-id"

[[models]]
name = "gemini"
provider = "gemini"
model = "gemini-id"
"""


class Vendors(FakeVendor):
    """All vendors at one address. `refuses` holds the names of those that only refuse, and how."""

    def __init__(self) -> None:
        super().__init__()
        self.chat_rules = rules.OPENAI
        self.refuses: dict[str, Refuse] = {}
        self.alone: dict[str, Sequence[Step]] = {}  # what one of them does, by its name

    def steps(self, dialect: str, question: str) -> Sequence[Step]:
        name = next(name for name, spoken in DIALECTS.items() if spoken == dialect)
        if refusal := self.refuses.get(name):
            return (refusal,)
        return self.alone.get(name) or super().steps(dialect, question)

    def questions(self) -> list[str]:
        return [each.question for each in self.asked]

    def saw(self, request: int = -1) -> str:
        """All that a model was shown."""
        return str(self.asked[request].body)


@dataclass
class Company:
    """Ada at her desk, and what the vendors were asked."""

    at: Office
    vendors: Vendors

    @property
    def bot(self) -> str:
        return f"<@{self.at.team.bot_user}>"

    @property
    def product(self) -> Product:
        return self.at.product

    async def ask(self, text: str, *, channel: str = "C1", thread: str = "", user: str = "U1") -> Message:
        """The finished answer to a question; a question without a thread begins one."""
        before = len(await self.at.answered(thread, channel, count=0)) if thread else 0
        said = await self.at.say(text, channel=channel, thread=thread, user=user)
        answers = await self.at.answered(thread or said.ts, channel, count=before + 1)
        return answers[-1]

    async def happens(self, event: dict[str, Any]) -> None:
        """Something that Slack tells besides what people write."""
        await self.at.deliver("events_api", events.envelope(self.at.slack, self.at.team, event))

    def nothing_is_live(self) -> bool:
        channels = self.at.slack.channels.values()
        ours = self.at.team.bot_id
        shown = [one for each in channels for one in each.messages.values() if one.bot_id == ours]
        return [line for one in shown for line in reading.live(one)] == []


@asynccontextmanager
async def company(
    folder: Path, more: str = "", *, agent: bool = False, socket: bool = False, **extra: str
) -> AsyncGenerator[Company, None]:
    """`more` goes into switchboard.toml, `extra` into the environment."""
    vendors = Vendors()
    async with fake_vendor(vendors):
        write_models(folder, more)
        settings = addresses(vendors) | extra
        async with office(folder, socket=socket, agent=agent, limits=False, **settings) as at:
            yield Company(at, vendors)


def write_models(folder: Path, more: str = "") -> None:
    (folder / "switchboard.toml").write_text(MODELS + more, encoding="utf-8")


def addresses(vendors: Vendors) -> dict[str, str]:
    """What an operator sets so that the vendors are found."""
    bases = {
        "OPENAI": f"{vendors.url}/v1",
        "XAI": f"{vendors.url}/v1",
        "ANTHROPIC": vendors.url,
        "GEMINI": vendors.url,
    }
    keys = {f"{vendor}_API_KEY": KEY for vendor in bases}
    return keys | {f"{vendor}_BASE_URL": base for vendor, base in bases.items()}
