"""What switchboard.toml says about requests: what is added to all of an endpoint, and how a model is to answer."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, field_validator

from bot.settings.toml_table import TomlTable, sendable

CREDENTIALS = frozenset(
    {"authorization", "proxy-authorization", "api-key", "x-api-key", "x-goog-api-key", "cookie"}
)
FRAMING = frozenset(
    [
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)  # another value breaks every request, or its answer
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")

EffortName = Literal["low", "medium", "high"]
Temperature = Annotated[float, Field(strict=True, ge=0, le=2, allow_inf_nan=False)]


def plain_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Validates headers for every request. Raises ValueError, also for one that would hold a key."""
    for name, value in headers.items():
        if name.lower() in CREDENTIALS:
            raise ValueError(f'must not hold "{name}": set a variable and name it in api_key_env')
        if name.lower() in FRAMING:
            raise ValueError(f'must not hold "{name}": Switchboard sets it itself')
        if not TOKEN.fullmatch(name) or not (value.isascii() and value.isprintable()):
            raise ValueError(f'"{name}" must be a header\'s name, with plain text on one line as its value')
    return headers


class Tuned(TomlTable):
    """How a model answers. A None is left to the vendor."""

    effort: EffortName | None = None  # how long it may think
    temperature: Temperature | None = None
    max_output: Annotated[int, Field(strict=True, gt=0)] | None = None  # tokens of an answer
    search: StrictBool | None = None  # the web: true when it likes to, false not even for /search
    extra: Mapping[str, Any] = {}  # merged into the request's body as it is

    _sendable = field_validator("extra")(sendable)
