"""A table of switchboard.toml, and the values in it."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.settings.config_errors import unknown_keys

Dollars = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]


def sendable(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Validates a table that goes into a request's body. Raises ValueError."""
    try:
        json.dumps(table, allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError(
            "must hold what JSON can: texts, numbers, true or false, lists and tables of them"
        ) from None
    return table


class TomlTable(BaseModel):
    """A table of the file. An unknown key is an error that names the nearest known one."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, table: object) -> object:
        if isinstance(table, Mapping) and (complaint := unknown_keys(table, cls.model_fields)):
            raise ValueError(complaint)
        return table
