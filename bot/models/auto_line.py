"""Which models auto chooses from. Pure."""

from collections.abc import Sequence

from bot.domain.auto_entry import AutoEntry
from bot.domain.catalog import Catalog, Model
from bot.settings.config_file import ConfigFile


def auto_line(auto: AutoEntry, catalog: Catalog) -> tuple[Model, ...]:
    """First choice first: those that are named for it, as far as they can be picked now; else what a picker shows, without
    those that have a job.
    """
    if auto.models:
        return named_models(auto.models, catalog)
    return tuple(model for model in catalog.featured if not (model.instructions or model.agent))


def named_models(names: Sequence[str], catalog: Catalog) -> tuple[Model, ...]:
    """Each once, as far as they can be picked now."""
    return tuple({model.name: model for name in names if (model := catalog.find(name))}.values())


def auto_of(file: ConfigFile, models: Sequence[Model]) -> AutoEntry | None:
    """None where there are not two to choose from, or the name stands for something else."""
    if file.no_auto:
        return None
    auto = file.auto.entry
    catalog = Catalog(models)
    line = {*auto_line(auto, catalog), *named_models(auto.named, catalog)}
    return auto if len(line) > 1 else None
