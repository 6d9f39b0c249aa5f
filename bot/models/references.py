"""Checks the references of the file's entries to each other and to providers, once those are known."""

from collections.abc import Iterator, Sequence

from bot.domain.auto_entry import AUTO
from bot.domain.errors import SettingsError
from bot.models.reach import set_up
from bot.models.sources import ModelSource
from bot.settings.config_errors import nearest
from bot.settings.config_file import ConfigFile

ROLES = ("vision", "long", "code", "models")  # of [auto]


def check_references(
    file: ConfigFile, sources: Sequence[ModelSource], *, place: str = "switchboard.toml"
) -> None:
    """Raises SettingsError with every broken reference, one line each.

    A model that only an endpoint's listing names is not known at the start, so it is written
    `provider:model`.
    """
    faults = [*_providers(file, sources), *_names(file, sources), *_default(file, sources), *_tools(file)]
    if faults:
        raise SettingsError("\n".join(f"{place}: {fault}" for fault in faults))


def _providers(file: ConfigFile, sources: Sequence[ModelSource]) -> Iterator[str]:
    known = [source.name for source in sources]
    for entry in file.models:
        if entry.provider not in known:
            hint = nearest(entry.provider, known) or f" Known here: {', '.join(known)}."
            yield f'[[models]] {entry.name}: provider "{entry.provider}" is not known.{hint}'


def _names(file: ConfigFile, sources: Sequence[ModelSource]) -> Iterator[str]:
    taken = set_up(file, sources)
    stopgaps = [source for source in sources if source.stopgap and taken]
    known = _known(file, [source for source in sources if source not in stopgaps])
    gone = {word for source in stopgaps for word in typed_names(source)}
    references = [
        *((f"[[models]] {entry.name}: fallback", name) for entry in file.models for name in entry.fallback),
        *((f"[[agents]] {entry.name}: model", entry.model) for entry in file.agents),
        *((f"[auto] {role}", name) for role in ROLES for name in getattr(file.auto, role)),
        *([("default =", file.default)] if file.default and not _chooses(file.default) else []),
    ]
    providers = {source.name for source in sources}
    for place, name in references:
        provider, colon, _ = name.partition(":")
        if name.casefold() in gone - known:
            yield f'{place} "{name}": it answers only while nothing else is set up. Name one of your models.'
        elif _chooses(name) and AUTO not in known:
            yield f'{place} "{name}": it is no model, it chooses one for each question. Name one of your models.'
        elif name.casefold() not in known and not (colon and provider in providers):
            hint = nearest(name, known) or ' A model that only a listing names is written "provider:model".'
            yield f'{place} "{name}": no such model.{hint}'


def _default(file: ConfigFile, sources: Sequence[ModelSource]) -> Iterator[str]:
    """A default that cannot answer stops the start; otherwise another model would silently answer."""
    wanted = file.default.casefold()
    job = next((a.model for a in file.agents if wanted in {w.casefold() for w in (a.name, *a.aliases)}), "")
    wanted = job.casefold() or wanted
    entry = next((m for m in file.models if wanted in {w.casefold() for w in (m.name, *m.aliases)}), None)
    if entry:
        homes = [source for source in sources if source.name == entry.provider]
    else:
        homes = [source for source in sources if wanted in typed_names(source)]
    if homes and all(source.off for source in homes):
        ways = [homes[0].off, *(source.off.removeprefix("set ") for source in homes[1:])]
        yield f'default = "{file.default}": {" or ".join(ways)}.'


def _chooses(name: str) -> bool:
    return name.strip().casefold() == AUTO


def _tools(file: ConfigFile) -> Iterator[str]:
    for entry in file.agents:
        for name in entry.tools or ():
            if name not in file.tools:
                hint = nearest(name, list(file.tools)) or f" Add [tools.{name}]."
                yield f'[[agents]] {entry.name}: tools "{name}": there is no such tool server.{hint}'


def _known(file: ConfigFile, sources: Sequence[ModelSource]) -> set[str]:
    own = {word.casefold() for entry in (*file.models, *file.agents) for word in (entry.name, *entry.aliases)}
    return own.union(*(typed_names(source) for source in sources))


def typed_names(source: ModelSource) -> set[str]:
    """What people type for its well-known models."""
    return {word for flagship in source.flagships for word in (flagship.name, *flagship.aliases)}
