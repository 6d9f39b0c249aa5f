"""What models can call, and what came back. Pure.

Everything that a server says about its tools is somebody else's text: fit to be shown and to be told to a model, never to
decide anything by.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDefinition:
    """One tool of one server. `parameters` is the JSON Schema (an object) that its arguments must fit."""

    server: str  # as switchboard.toml names it
    name: str  # as the server names it
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    read_only: bool = False  # the server says so of itself: fit for a label
    signs_in: bool = False  # it is ours: it asks the person to sign in there

    @property
    def full_name(self) -> str:
        """What people read and `run`, `never` and `models` mean: `jira.search_issues`."""
        return f"{self.server}.{self.name}"

    @property
    def fingerprint(self) -> str:
        """Changes with the description or the schema: what was allowed is then asked for again."""
        told = [self.server, self.name, self.description, self.parameters]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


class CallEnd(StrEnum):
    """How a call ended."""

    DONE = "done"
    FAILED = "failed"  # the tool says so, or it was not run at all
    UNKNOWN = "unknown"  # it was sent and no answer came: it may have run


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFile:
    """A picture or a file that a tool gave. Its name and type are the server's words."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a call gave, cut to what is bearable. `text` is material for a model, never instructions."""

    text: str
    end: CallEnd = CallEnd.DONE
    files: tuple[ToolFile, ...] = ()
