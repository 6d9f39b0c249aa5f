"""Assembles the catalogue from the operator's file, the endpoints' listings, and the bundled facts.

Pure. For every property the operator's value comes first, then the endpoint's listing, then bundled facts,
then a cautious default.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.domain.auto_entry import AUTO, AutoEntry
from bot.domain.catalog import FREE, Catalog, Deadlines, Model, Price, allows
from bot.domain.listings import Listing
from bot.models.auto_line import auto_of
from bot.models.facts import Facts
from bot.models.reach import set_up
from bot.models.sources import Flagship, ModelSource, bare_id, can_chat
from bot.settings.config_file import AgentEntry, ConfigFile, DeadlinesEntry, ModelEntry
from bot.settings.requests import Tuned


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLimits:
    """Tokens."""

    context: int
    max_output: int


SHOWN = 12  # models of an endpoint without flagships that a picker shows
HOSTED = TokenLimits(context=32_000, max_output=8_192)
LOCAL = TokenLimits(context=8_192, max_output=4_096)
PATIENT = 180.0  # seconds until a reasoning model's first part
LOADING = 300.0  # the same for a local model, which may have to be loaded from disk first

Window = Callable[[str, str], int | None]
"""(provider, model id) -> tokens of context, where the price data has them."""


def no_window(_provider: str, _model: str) -> int | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """A catalogue's content. `default` is the name of one of `models`, or of `auto`."""

    models: tuple[Model, ...]
    default: str
    auto: AutoEntry | None = None


def assemble(
    file: ConfigFile,
    sources: Sequence[ModelSource],
    listings: Mapping[str, Sequence[Listing]],
    *,
    facts: Facts,
    window: Window = no_window,
) -> Assembled:
    """`listings` holds the listings read so far; an endpoint that is missing has not answered yet."""
    on = [source for source in sources if not source.off]
    stopgaps = not set_up(file, sources)
    bench = _Bench(facts=facts, window=window)
    bench.names.update(word.casefold() for entry in file.agents for word in (entry.name, *entry.aliases))
    bench.names.add(AUTO)
    for entry in file.models:
        source = next((source for source in on if source.name == entry.provider), None)
        if source:
            bench.configure(entry, source, listings.get(source.name, ()))
    for source in on if stopgaps else (source for source in on if not source.stopgap):
        bench.discover(source, listings.get(source.name))
    found = [*bench.flagships, *bench.agents, *bench.others]
    jobs = _with_a_job(file.agents, [*bench.configured, *found])
    models = _without_stopgaps([*bench.configured, *jobs, *found], on, file.default)
    models = tuple(_with_search_tool(models, file))
    auto = auto_of(file, models)
    return Assembled(models=models, default=_default(file, models, listings, auto), auto=auto)


@dataclass(slots=True)
class _Bench:
    """The entries while they are collected. A name, and a plain model's `provider:model`, is used once."""

    facts: Facts
    window: Window
    configured: list[Model] = field(default_factory=list)
    flagships: list[Model] = field(default_factory=list)
    agents: list[Model] = field(default_factory=list)
    others: list[Model] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)

    def configure(self, entry: ModelEntry, source: ModelSource, rows: Sequence[Listing]) -> None:
        row = next((row for row in rows if row.id == (entry.agent or entry.model)), None)
        model = self._describe(source, entry.model or entry.agent, row, entry)
        self._add(
            self.configured,
            replace(
                model,
                name=entry.name,
                aliases=entry.aliases,
                fallback=entry.fallback,
                description=entry.description or model.description,
                agent=entry.agent,
                note="configured",
            ),
        )

    def discover(self, source: ModelSource, rows: Sequence[Listing] | None) -> None:
        talking = [row for row in rows or () if can_chat(row)]
        plain = [row for row in talking if row.kind != "agent"]
        found = [
            self._flagship(source, flagship, plain, read=rows is not None) for flagship in source.flagships
        ]
        featured = 0 if any(found) else SHOWN
        for row in sorted(plain, key=lambda row: -row.created):
            model = self._named(source, row)
            self._add(self.others, replace(model, featured=featured > 0 and row.kind != "base"))
            featured -= 1
        for row in talking:
            if row.kind == "agent":
                model = replace(self._named(source, row), agent=row.id, dialect="openai-responses")
                self._add(self.agents, replace(model, note=f"an agent of {source.name}"))

    def _flagship(
        self, source: ModelSource, flagship: Flagship, rows: Sequence[Listing], *, read: bool
    ) -> bool:
        """Gives a flagship's name to the best row (then True), or to the vendor's usual id, unverified."""
        row = flagship.pick(rows)
        if flagship.name in self.names or not (row or flagship.model):
            return False
        model = self._describe(source, row.id if row else flagship.model, row)
        if model.key in self.keys:
            self._also_called(model.key, flagship.name)
            return True
        why = f"listed by {source.name}"
        if not row:
            why = f"not in {source.name}'s listing" if read else f"{source.name}'s listing was not read yet"
        self._add(
            self.flagships,
            replace(
                model,
                name=flagship.name,
                aliases=tuple(alias for alias in flagship.aliases if alias not in self.names),
                verified=row is not None and row.kind != "base",
                note=why,
            ),
        )
        return row is not None

    def _also_called(self, key: str, name: str) -> None:
        """The operator's own entry for a flagship is also found by the flagship's name."""
        for place, model in enumerate(self.configured):
            if model.key == key and not model.agent:
                self.configured[place] = replace(model, aliases=(*model.aliases, name))
                self.names.add(name)
                return

    def _named(self, source: ModelSource, row: Listing) -> Model:
        """A row under its own id, or under `provider:id` when that name is taken."""
        short = row.id.removesuffix(":latest").replace(":", "-")
        name = f"{source.name}:{short}" if short.casefold() in self.names else short
        model = self._describe(source, row.id, row)
        return replace(model, name=name, verified=row.kind != "base", note=f"listed by {source.name}")

    def _add(self, shelf: list[Model], model: Model) -> bool:
        is_new = model.name.casefold() not in self.names and (model.agent or model.key not in self.keys)
        if shelf is self.configured or is_new:
            shelf.append(model)
            self.names.update(word.casefold() for word in (model.name, *model.aliases))
            self.keys.add(model.key)
            return True
        return False

    def _describe(
        self, source: ModelSource, model: str, row: Listing | None, entry: ModelEntry | None = None
    ) -> Model:
        """All properties of a model but its name."""
        row = row or Listing(id=model)
        known = self.facts.about(row.base or model)
        standard = LOCAL if source.local else HOSTED

        def say(name: str) -> Any:
            said = (getattr(teller, name, None) for teller in (entry, row, known))
            return next((value for value in said if value is not None), None)

        reasoning = bool(say("reasoning"))
        patience = LOADING if source.local else PATIENT if reasoning else Deadlines().first
        return Model(
            name=bare_id(model),
            provider=source.name,
            model=model,
            base=row.base,
            dialect=(entry and entry.dialect) or row.dialect,
            vision=bool(say("vision")),
            documents=bool(say("documents")),
            tools=bool(say("tools")),
            reasoning=reasoning,
            context=say("context") or self.window(source.name, row.base or model) or standard.context,
            max_output=say("max_output") or standard.max_output,
            price=_price(source, row, entry),
            searches=not (entry and entry.agent)
            and row.kind != "agent"
            and source.searches((entry and entry.dialect) or row.dialect, row.base or model),
            **(_tuned(entry) if entry else {}),
            deadlines=(entry.deadlines if entry else DeadlinesEntry()).over(Deadlines(first=patience)),
            description=row.description,
        )


def _tuned(entry: Tuned) -> dict[str, Any]:
    """What an entry says about how to answer; what it leaves out is left out."""
    said = {
        "effort": entry.effort,
        "temperature": entry.temperature,
        "limit": entry.max_output,
        "search": entry.search,
        "extra": entry.extra,
    }
    return {name: value for name, value in said.items() if value not in (None, {})}


def _price(source: ModelSource, row: Listing, entry: ModelEntry | None) -> Price | None:
    """None: the price data may know it."""
    said = entry.price.price if entry and entry.price else source.price
    return said or row.price or (FREE if source.free else None)


def _with_search_tool(models: Sequence[Model], file: ConfigFile) -> Iterator[Model]:
    """`[search] tool` for those that may use it and whose endpoint does not search."""
    server = file.tools.get(file.search.server)
    for model in models:
        fits = server and model.tools and not model.searches and allows(server.models, model)
        yield replace(model, search_tool=file.search.tool) if fits else model


def _with_a_job(entries: Sequence[AgentEntry], models: Sequence[Model]) -> Iterator[Model]:
    """The file's agents whose model is available: copies of the model with another name and instructions."""
    plain = Catalog(models)
    for entry in entries:
        if model := plain.find(entry.model):
            yield replace(
                model,
                **_tuned(entry),
                max_output=entry.max_output or model.max_output,
                name=entry.name,
                aliases=entry.aliases,
                description=entry.description,
                instructions=entry.instructions or f"You are {entry.name}. {entry.description}".strip(),
                prompts=entry.prompts,
                servers=entry.tools,
                featured=True,
                note=f"{model.name} with a job",
            )


def _without_stopgaps(
    models: Sequence[Model], sources: Sequence[ModelSource], default: str
) -> tuple[Model, ...]:
    """A stopgap (the demo) leaves as soon as there is a real model, but for what the operator makes of it."""
    stopgaps = {source.name for source in sources if source.stopgap}
    if all(model.provider in stopgaps for model in models):
        return tuple(models)
    return tuple(
        model
        for model in models
        if model.provider not in stopgaps
        or model.note == "configured"
        or model.instructions
        or model.name == default
    )


def _default(
    file: ConfigFile,
    models: Sequence[Model],
    listings: Mapping[str, Sequence[Listing]],
    auto: AutoEntry | None,
) -> str:
    """The operator's default; else the first model that is, or may still be, available.

    An agent has a job, so it is the default only where there are only agents, or the operator says so.
    """
    if not models:
        return ""
    if auto and file.default.strip().casefold() == auto.name:
        return auto.name
    chosen = Catalog(models).find(file.default) if file.default else None
    likely = [m for m in models if m.featured and (m.verified or m.provider not in listings)] or [models[0]]
    return (chosen or next((m for m in likely if not m.instructions and not m.agent), likely[0])).name
