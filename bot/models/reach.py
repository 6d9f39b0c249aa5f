"""Whether the endpoints that were set up can be asked, and what to do where none can. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.catalog import NOBODY, UNREACHED, Catalog
from bot.domain.errors import (
    Auth,
    Connection,
    ModelError,
    ModelNotFound,
    Quota,
    RegionBlocked,
    Timeout,
    cause_of,
)
from bot.domain.formatting import number_of
from bot.domain.health import HealthState, ModelHealth
from bot.domain.readiness import Trouble
from bot.models.sources import ModelSource
from bot.settings.config_file import ConfigFile

ACCOUNT = {
    kind.__name__.lower() for kind in (Auth, RegionBlocked, Quota)
}  # errors that all models of a key share
SHORTEST = 0.1  # seconds that are told apart
SOON = "Ask again in a minute"
LATER = f"{SOON}; if it stays so, whoever runs Switchboard finds the reason with switchboard check"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingResult:
    """The last result of one endpoint's listing. `error` is None when it could be read."""

    source: ModelSource
    models: int = 0
    error: ModelError | None = None
    at: float = 0.0


def set_up(file: ConfigFile, sources: Sequence[ModelSource]) -> Sequence[ModelSource]:
    """The endpoints that an operator has set up, also those whose key is missing. With one of them there is no stopgap."""
    named = {*file.providers, *(entry.provider for entry in file.models)}
    return [
        source
        for source in sources
        if not source.stopgap and (source.name in named or not (source.off or source.by_chance))
    ]


def reach_word(found: ListingResult | None) -> str:
    """Why an endpoint cannot be asked, in two words; "" where its listing came, or where it has none."""
    if found is None:
        return UNREACHED
    match found.error:
        case None | ModelNotFound():
            return ""
        case RegionBlocked() | Connection() | Timeout():
            return UNREACHED
        case Auth():
            return "key refused"
        case Quota():
            return "no credit"
        case _:
            return f"{UNREACHED}: {found.error.cause}"


def health_words(condition: ModelHealth, reach: str) -> str:
    """How a model is: by its last answers, else by whether its endpoint was reached; "up" when both are well."""
    if condition.state is HealthState.UP:
        return reach or "up"
    since = datetime.fromtimestamp(condition.since, UTC).strftime("%H:%M UTC")
    return f"{condition.state.value} since {since}: {cause_of(condition.why)}"


def lately_words(condition: ModelHealth) -> str:
    """How it did in the last ten minutes, where somebody asked it; "" where nobody did."""
    parts = []
    if (first := condition.first_word) is not None:
        parts.append(f"first word {first:.1f} s" if first >= SHORTEST else f"first word under {SHORTEST} s")
    if condition.errors:
        parts.append(f"{number_of(condition.errors, 'error')} in 10 min")
    return " · ".join(parts)


def what_ails(source: ModelSource, found: ListingResult | None) -> Trouble:
    """Why an endpoint gives no model, and what to do about it."""
    name = source.title or source.name
    if source.off:
        return Trouble(what=f"{name} is not set up", remedy=f"Whoever runs Switchboard has to {source.off}")
    if found is None:
        return Trouble(what=f"{name} has not told its models yet", remedy=SOON)
    match found.error:
        case None:
            remedy = "Whoever runs Switchboard loads one there, or names one under [[models]]"
            return Trouble(what=f"{name} lists no model that can chat", remedy=remedy)
        case ModelNotFound():
            remedy = "Whoever runs Switchboard names them under [[models]]"
            return Trouble(what=f"{name} has no list of its models", remedy=remedy)
        case Auth() as error if source.key and not isinstance(error, RegionBlocked) and error.status:
            return Trouble(
                what=f"{name} refused its key", remedy=f"Whoever runs Switchboard replaces {source.key}"
            )
        case Auth() | Quota() as error:
            return Trouble(what=f"{name} {error.cause}", remedy=f"Whoever runs Switchboard: {error.mend}")
        case error:
            return Trouble(what=f"{name} {error.cause}", remedy=LATER)


def absence(wanted: Sequence[ModelSource], found: Mapping[str, ListingResult]) -> str:
    """Why there is no model at all, for the person who asks."""
    if not wanted:
        return NOBODY
    ails = (str(what_ails(source, found.get(source.name))) for source in wanted)
    return " ".join(["No model can be asked now.", *ails])


def none_can_be_asked(
    wanted: Sequence[ModelSource],
    found: Mapping[str, ListingResult],
    catalog: Catalog,
    conditions: Mapping[str, ModelHealth],
) -> Sequence[Trouble]:
    """A trouble for each endpoint that was set up, where no model of any can be asked; else nothing."""
    default = catalog.default
    asked = conditions.get(default.key, ModelHealth()) if default else ModelHealth()
    refused = default.provider if default and asked.state is HealthState.DOWN and asked.why in ACCOUNT else ""
    offered = {model.provider for model in catalog.models}
    if any(name != refused and _answers(found.get(name)) for name in offered):
        return []
    return [
        _refused(source)
        if source.name == refused and _answers(found.get(source.name))
        else what_ails(source, found.get(source.name))
        for source in wanted
    ]


def _answers(found: ListingResult | None) -> bool:
    """Whether its models can be asked as far as the listing tells. A key may have no right to list, and yet be good."""
    match found.error if found else None:
        case RegionBlocked() | Quota() | Connection() | Timeout():
            return False
        case Auth(status=status):
            return status == 403
        case _:
            return True


def _refused(source: ModelSource) -> Trouble:
    """What is known where a question was refused, and the listing came."""
    key = source.key or "its key"
    return Trouble(
        what=f"{source.title or source.name} refuses its key, or the account behind it",
        remedy=f"Whoever runs Switchboard replaces {key}, or tops up the account: switchboard check",
    )
