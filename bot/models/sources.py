"""An endpoint as the catalogue needs it: its name, its well-known models, and whether it can be asked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from bot.domain.catalog import Price
from bot.domain.listings import Listing

# Ids that are no chat models at any vendor.
OTHER_TRADES = re.compile(
    r"embed|rerank|moderat|whisper|transcri|speech|audio|voice|tts|realtime|(^|-)live|image|dall-e|imagen|veo-|"
    r"sora|lyria|video|ocr|guard|robotics|computer-use|deep-research|codex|turbo-instruct|davinci|babbage|^aqa$"
)
VERSION = re.compile(r"\d+")
# Amazon Bedrock's ids: the publisher, where inference profiles have a region in front, and versions at the end.
BEDROCK = re.compile(
    r"(?:(?:us|eu|apac|ap|jp|au|ca|sa|us-gov|global)\.)?"
    r"(ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen|writer|xai|zai)"
    r"\.([a-z][\w.-]*?)(?:-v\d+|-\d+(?=:))?(?::\d+k?)*"
)
NUMBERED = re.compile(r"[rv]\d")  # what Bedrock calls a model whose name begins with its publisher's
# Elements of an id that name a way to a model and not who made it: LiteLLM's routes, Vertex, Fireworks, Gemini.
WAYS = frozenset(
    {"accounts", "locations", "models", "azure", "azure_ai", "bedrock", "fireworks", "fireworks_ai", "gemini"}
    | {"groq", "litellm", "openrouter", "together", "together_ai", "vertex_ai"}
)
REGIONAL = re.compile(r"(?:(?:us|eu|apac|jp|au|ca|us-gov|global|regional)\.)?([a-z0-9-]+)\.(?=[a-z])")
REVISION = re.compile(r"@.*$|-v\d+(?::\d+)?$")  # of Vertex and Bedrock


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyId:
    """An id taken apart: who made the model, "" where the id does not say, and its name without any decoration."""

    publisher: str
    name: str

    @classmethod
    def of(cls, model: str) -> Self:
        """Reads `vendor/model`, `us.vendor.model-v1:0`, `publishers/vendor/models/model@date` and plain names."""
        *before, last = model.casefold().lstrip("~").split("/")
        makers = [word for word in before if word not in WAYS and word != "publishers"]
        if "publishers" in before[:-1]:
            makers = [before[before.index("publishers") + 1]]
        if dotted := REGIONAL.match(last):
            makers, last = [dotted[1]], last[dotted.end() :]
        return cls(publisher=makers[-1] if makers else "", name=REVISION.sub("", last))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagship:
    """A name people type, and the ids it stands for.

    `patterns` are regular expressions over whole names, the best line of models first; the first group is the version.
    The newest generation (its first number) wins, in it the better line, and in that the newest version. If lines are
    `ranked`, the better line wins over a newer generation. An id that names its maker counts only if that is among
    `publishers`. `model` is the id that is used while no listing names a better one; without a digit ("grok-latest") it
    is the vendor's own alias and wins wherever it is listed.
    """

    name: str
    patterns: tuple[str, ...]
    model: str = ""
    aliases: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    ranked: bool = False

    def pick(self, rows: Sequence[Listing]) -> Listing | None:
        """The row this name stands for, None when none matches."""
        ranked = [(rank, row) for row in rows if (rank := self._rank(row))]
        return max(ranked, key=lambda pair: pair[0])[1] if ranked else None

    def _rank(self, row: Listing) -> tuple[bool, int, int, tuple[int, ...], int] | None:
        """The greater the better; among equals the plainer id."""
        id = FamilyId.of(row.base or row.id)
        if id.publisher and self.publishers and id.publisher not in self.publishers:
            return None
        if self.model and id.name == bare_id(self.model) and not VERSION.search(id.name):
            return True, 0, 0, (), 0
        for place, pattern in enumerate(self.patterns):
            if found := re.fullmatch(pattern, id.name):
                version = found.group(1) if found.re.groups else ""
                numbers = tuple(int(part) for part in VERSION.findall(version or ""))
                generation = 0 if self.ranked else next(iter(numbers), 0)
                return False, generation, -place, numbers, -len(row.id)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """A source of models. `off` says what to set before the endpoint can be asked; "" when it can.

    `price` is the operator's, for every model there that has none of its own; `free` endpoints cost nothing
    where nobody names a price. `searching` says by dialect ("": the usual one) which models (a pattern) the endpoint
    searches the web for. `title` and `key` are for messages: what people call it, and the variable that holds its
    key.
    """

    name: str
    title: str = ""
    key: str = ""
    flagships: tuple[Flagship, ...] = ()
    local: bool = False  # models run on the operator's machine: small windows, slow first answers
    stopgap: bool = False  # only there while nothing else is set up
    by_chance: bool = False  # nobody set it up: it counts once it answers
    off: str = ""
    price: Price | None = None
    free: bool = False
    searching: Mapping[str, str] = field(default_factory=dict, hash=False)

    def searches(self, dialect: str, model: str) -> bool:
        """Whether the endpoint searches the web itself for this model; dialect "" is the usual one."""
        models = self.searching.get(dialect)
        return models is not None and bool(re.match(models, bare_id(model)))


def bare_id(model: str) -> str:
    """An id in lower case without what a platform adds: "vendor/" in front, Bedrock's publisher, region and version, and
    the "-maas" of Vertex AI.
    """
    name = model.casefold().rsplit("/", 1)[-1].removesuffix("-maas")
    if found := BEDROCK.fullmatch(name):
        publisher, name = found.groups()
        name = f"{publisher}-{name}" if NUMBERED.match(name) else name
    return name


def can_chat(row: Listing) -> bool:
    """Whether a listed model answers in text."""
    return row.chat if row.chat is not None else not OTHER_TRADES.search((row.base or row.id).casefold())
