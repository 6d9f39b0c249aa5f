"""The models people can pick."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Seconds: until the first piece, between two bytes, for the whole answer."""

    first: float = 40.0
    idle: float = 45.0
    total: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD per million tokens."""

    input: float
    output: float
    cached: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One entry people can pick: a model, or an agent (a model with a job).

    `name` is what people type; `provider` names an endpoint; `model` is the vendor's id or a deployment name.
    Capabilities belong here, not to the vendor: two deployments of one resource differ in all of them.
    """

    name: str
    provider: str
    model: str
    dialect: str = ""  # "" means the provider's own
    aliases: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    vision: bool = False
    documents: bool = False  # reads PDF itself
    tools: bool = False
    reasoning: bool = False
    context: int = 32_000  # tokens of input
    max_output: int = 8_192  # tokens
    price: Price | None = None
    deadlines: Deadlines = field(default_factory=Deadlines)
    description: str = ""
    instructions: str = ""  # an agent's job; "" for a plain model
    prompts: tuple[str, ...] = ()  # suggested starters
    agent: str = ""  # a Foundry agent's name: its own model and instructions apply
    note: str = ""  # where this entry came from, for `switchboard models`

    @property
    def key(self) -> str:
        """`provider:model`, the name used in logs and for health."""
        return f"{self.provider}:{self.model}"
