"""What a server says that it offers, as definitions, within limits. Pure."""

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from bot.domain.formatting import strip_controls, whole
from bot.domain.tools import ToolDefinition

log = logging.getLogger(__name__)
TOOLS = 200
NAME_SIGNS, DESCRIPTION_SIGNS, SCHEMA_SIGNS = 128, 4_000, 20_000


class Offered(Protocol):
    """One tool as a server lists it."""

    @property
    def name(self) -> str: ...

    @property
    def description(self) -> str | None: ...

    @property
    def input_schema(self) -> dict[str, Any]: ...

    @property
    def read_only(self) -> bool: ...


def definitions(server: str, listed: Iterable[Offered]) -> tuple[ToolDefinition, ...]:
    """The first TOOLS that can be offered at all; what is left out is in the log."""
    found: dict[str, ToolDefinition] = {}
    left_out = 0
    for tool in listed:
        if len(found) >= TOOLS or tool.name in found or not _bearable(tool.name, tool.input_schema):
            left_out += 1
            continue
        found[tool.name] = ToolDefinition(
            server=server,
            name=tool.name,
            description=_shown(tool.description or ""),
            parameters=tool.input_schema,
            read_only=tool.read_only,
        )
    if left_out:
        log.warning(
            "%s: %d of its tools are not offered (too many, twice the same, or too large)", server, left_out
        )
    return tuple(found.values())


def _bearable(name: str, schema: Mapping[str, Any]) -> bool:
    if not 0 < len(name) <= NAME_SIGNS or not name.isprintable() or name != name.strip():
        return False
    try:
        return len(json.dumps(schema)) <= SCHEMA_SIGNS
    except (ValueError, RecursionError):
        return False


def _shown(description: str) -> str:
    clean = whole(strip_controls(description[: 2 * DESCRIPTION_SIGNS])).strip()
    return clean if len(clean) <= DESCRIPTION_SIGNS else f"{clean[: DESCRIPTION_SIGNS - 1]}…"
