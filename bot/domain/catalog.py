"""The models people can pick, and how a typed name finds one.

Where the entries come from (configuration, endpoints' own listings, bundled facts) is bot.models.assembly's
business; what one costs is bot.models.pricing's.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from bot.domain.auto_entry import AutoEntry
from bot.domain.errors import SettingsError
from bot.domain.spelling import letters_of, spelt


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Seconds: until the first part of the stream, between two bytes, for the whole answer."""

    first: float = 40.0
    idle: float = 45.0
    total: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD per million tokens: read, written, read from the vendor's cache, and kept in it; None costs as `input`. `search` is USD
    for one search of the web; None: as its vendor usually charges.
    """

    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None
    search: float | None = None


FREE = Price(input=0.0, output=0.0, search=0.0)
SEARCHED = 200  # characters of what is typed, and of a description, that are looked at
UNREACHED = "not reached"
NOBODY = (
    "There is no model to ask. Whoever runs Switchboard sets a vendor's key, or adds [[models]] to its file."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One entry people can pick: a model, or an agent (a model with a job).

    `name` is what people type; `provider` names an endpoint; `model` is the vendor's id or a deployment name.
    Capabilities belong here, not to the vendor: two deployments of one resource differ in all of them.
    """

    name: str
    provider: str
    model: str
    base: str = ""  # the vendor's id of the model behind a deployment, where `model` is only a given name
    dialect: str = ""  # "" means the provider's own
    aliases: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    vision: bool = False
    documents: bool = False  # reads PDF itself
    tools: bool = False
    reasoning: bool = False
    context: int = 32_000  # tokens of input
    max_output: int = 8_192  # tokens
    effort: str = ""  # how long it may think: low, medium, high; "" leaves it to the vendor
    temperature: float | None = None
    limit: int | None = None  # tokens of an answer, where the operator set it; sent in every dialect
    search: bool | None = (
        None  # the web: True when it likes to, False never, None only when somebody asks for it
    )
    searches: bool = False  # its endpoint searches the web itself
    search_tool: str = ""  # the tool it searches with where its endpoint does not
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)  # the operator's own, for the body
    price: Price | None = None
    deadlines: Deadlines = field(default_factory=Deadlines)
    description: str = ""
    instructions: str = ""  # an agent's job; "" for a plain model
    prompts: tuple[str, ...] = ()  # suggested starters
    agent: str = ""  # a Foundry agent's name: its own model and instructions apply
    note: str = ""  # where this entry came from, for `switchboard models`
    featured: bool = True  # worth a place in a short picker; the others are found by name
    verified: bool = True  # the endpoint's own listing, or the configuration, names it
    servers: tuple[str, ...] | None = None  # tool servers it may use of those there are for it; None: all
    audience: str = ""  # of an agent made in chat: "me", "channel" or "workspace"
    stands_for: tuple[
        str, ...
    ] = ()  # ... the names of its model, by which rules judge it; first the one people type
    obstacle: str = ""  # why it cannot be asked, in words that go on after its name

    @property
    def key(self) -> str:
        """`provider:model`, the name used in logs and for health."""
        return f"{self.provider}:{self.model}"

    @property
    def can_search(self) -> bool:
        """Whether the web can be searched with it, when somebody asks for that."""
        return self.search is not False and bool(self.searches or self.search_tool)


Entry = Model | AutoEntry
"""What people can pick."""


def allows(patterns: Iterable[str], model: Model) -> bool:
    """Whether an allow-list admits a model: shell patterns (`*`, `?`) for name, alias or `provider:model`."""
    names = model.stands_for or (model.name, *model.aliases)
    words = [word.casefold() for word in (*names, model.key)]
    return any(fnmatchcase(word, pattern.casefold()) for pattern in patterns for word in words)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """One snapshot of the catalogue: the entries, and every way to spell them."""

    models: tuple[Model, ...]
    default: Model | None
    absent: str
    reach: Mapping[str, str]
    names: Mapping[str, Model]  # names and aliases first, `provider:model` and bare ids after them
    loose: Mapping[str, Model | None]  # letters and digits only; None where two entries would match
    auto: AutoEntry | None
    default_name: str


class Catalog:
    """The models people can pick right now, best first.

    One object for the life of the process: `replace` swaps the whole content in one step when discovery finds
    more, and every method answers from one state. Models taken out of it stay valid: they are values.
    """

    def __init__(
        self,
        models: Sequence[Model],
        *,
        default: str = "",
        absent: str = NOBODY,
        reach: Mapping[str, str] | None = None,
        auto: AutoEntry | None = None,
    ) -> None:
        self.replace(models, default=default, absent=absent, reach=reach, auto=auto)

    def replace(
        self,
        models: Sequence[Model],
        *,
        default: str = "",
        absent: str = NOBODY,
        reach: Mapping[str, str] | None = None,
        auto: AutoEntry | None = None,
    ) -> None:
        """`absent` says why there is no model, and what to do; `reach` why a provider cannot be asked, in two words. A model
        that is named like `auto` is meant by that name.
        """
        self._shelf = _shelve(models, default, absent, reach or {}, auto)

    @property
    def models(self) -> tuple[Model, ...]:
        """Everything, configured entries and flagships first."""
        return self._shelf.models

    @property
    def featured(self) -> tuple[Model, ...]:
        """What a picker shows: few enough to read."""
        shelf = self._shelf
        return tuple(model for model in shelf.models if model.featured) or shelf.models

    @property
    def auto(self) -> AutoEntry | None:
        """None where there is nothing to choose from."""
        return self._shelf.auto

    @property
    def default(self) -> Model | None:
        """Who answers when nobody chose anything, or the first where auto is to choose; None while there is no model."""
        return self._shelf.default

    @property
    def default_name(self) -> str:
        """What counts when nobody chose anything: a model's name, or auto's; "" while there is no model."""
        return self._shelf.default_name

    @property
    def absent(self) -> str:
        """Why there is no model, for the person who asks."""
        return self._shelf.absent

    def reach(self, model: Model) -> str:
        """Why nobody knows whether it can be asked ("not reached"); "" where its provider's listing names it."""
        return self._shelf.reach.get(model.provider, "") or ("" if model.verified else UNREACHED)

    def find(self, text: str) -> Model | None:
        """The entry somebody means by a name, an alias, `provider:model` or a vendor's id.

        Case does not matter; "Claude Sonnet 5.5" finds claude-sonnet-5-5 if only one entry reads like it.
        """
        shelf = self._shelf
        return shelf.names.get(text.strip().casefold()) or shelf.loose.get(letters_of(text))

    def entry(self, text: str) -> Entry | None:
        """The same, or auto."""
        auto = self._shelf.auto
        return auto if auto and text.strip().casefold() == auto.name else self.find(text)

    def hides(self, text: str) -> bool:
        """Whether a name belongs to something that others see and the person of the event in hand does not."""
        return False

    def near(self, text: str, *, limit: int = 3, among: Collection[Entry] | None = None) -> tuple[str, ...]:
        """Names that somebody may have meant, likeliest first; only those of `among` when it is given."""
        wanted = text.strip().casefold()
        spellings: dict[str, str] = {}
        auto = (self._shelf.auto,) if self._shelf.auto else ()
        for model in (*auto, *self.models) if among is None else among:
            for word in (model.name, *model.aliases):
                spellings.setdefault(word.casefold(), model.name)
        starts = [
            word for word in spellings if wanted and (word.startswith(wanted) or wanted.startswith(word))
        ]
        close = difflib.get_close_matches(wanted, spellings, n=limit * 3, cutoff=0.5)
        inside = [word for word in spellings if len(wanted) > 2 and wanted in word]
        names = dict.fromkeys(spellings[word] for word in (*starts, *close, *inside))
        return tuple(names)[:limit]

    def search(self, text: str, *, among: Collection[Entry]) -> tuple[Entry, ...]:
        """Those of `among` that have every typed word in name, alias, `provider:model` or description, likeliest first."""
        phrase = spelt(text[:SEARCHED])
        words = [word for typed in text[:SEARCHED].split() if (word := spelt(typed))]
        found = []
        for place, model in enumerate(among):
            all_of_it = _haystack(model)
            if all(word in all_of_it for word in words):
                name = spelt(model.name)
                likely = (phrase == name, name.startswith(phrase), phrase in name, model.featured)
                found.append((tuple(not each for each in likely), place, model))
        return tuple(model for _, _, model in sorted(found, key=lambda each: each[:2]))

    def fallbacks(self, model: Model) -> tuple[Model, ...]:
        """A model's fallbacks, in order, as far as they can be picked now. They take on an agent's job."""
        found = (self.find(name) for name in model.fallback)
        others = dict.fromkeys(other for other in found if other and other.key != model.key)
        if not model.instructions:
            return tuple(others)
        return tuple(
            replace(other, instructions=other.instructions or model.instructions, servers=model.servers)
            for other in others
        )


def _shelve(
    models: Sequence[Model], default: str, absent: str, reach: Mapping[str, str], auto: AutoEntry | None
) -> _Shelf:
    names: dict[str, Model] = {}
    for spell in (lambda model: (model.name,), lambda model: model.aliases, _identified):
        for model in models:
            for word in spell(model):
                names.setdefault(word.casefold(), model)
    loose: dict[str, Model | None] = {}
    for word, model in names.items():
        letters = letters_of(word)
        loose[letters] = model if loose.get(letters, model) is model else None
    wanted = default.strip().casefold()
    taken = {word.casefold() for model in models for word in (model.name, *model.aliases)}
    auto = None if auto and auto.name in taken else auto
    chooses = auto is not None and wanted == auto.name
    chosen = names.get(wanted) if wanted and not chooses else next(iter(models), None)
    if chosen is None and models:
        raise SettingsError(f'default = "{default}": no such model. Write one of: {_some(models)}.')
    return _Shelf(
        models=tuple(models),
        default=chosen,
        absent=absent,
        reach=reach,
        names=names,
        loose=loose,
        auto=auto,
        default_name=auto.name if auto and chooses else chosen.name if chosen else "",
    )


def _identified(model: Model) -> tuple[str, ...]:
    if model.instructions or model.agent:
        return ()
    return model.key, f"{model.provider}:{model.name}", model.model


def _haystack(entry: Entry) -> str:
    ids = (entry.key, entry.base) if isinstance(entry, Model) else ()
    return spelt(" ".join((entry.name, *entry.aliases, *ids, entry.description[:SEARCHED])))


def _some(models: Sequence[Model]) -> str:
    return ", ".join(model.name for model in models[:12])
