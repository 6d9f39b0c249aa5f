"""What a model wants to hand to a tool: read once, so that what is shown is what runs."""

import json
import math
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from bot.domain.formatting import clip

LONGEST: Final = 100_000  # characters of one call's arguments
DEEPEST: Final = 40
UNCHECKED: Final = frozenset(
    {"pattern", "patternProperties", "format", "$ref", "$dynamicRef", "$schema", "$id"}
)
"""Of a schema: expressions that somebody else wrote would run here, and references lead elsewhere."""
SAID: Final = 300  # characters of a fault


class BadArguments(ValueError):
    """Why a call cannot be made, for the model."""


def canonical(args: str) -> str:
    """The same arguments as JSON with sorted names, each once. Raises BadArguments."""
    if len(args) > LONGEST:
        raise BadArguments(f"The arguments are longer than {LONGEST:,} characters.")
    try:
        read = json.loads(args or "{}", object_pairs_hook=_once, parse_constant=_refused, parse_float=_finite)
    except BadArguments:
        raise
    except (ValueError, RecursionError) as error:
        raise BadArguments(f"The arguments are not valid JSON: {str(error)[:SAID]}") from None
    if not isinstance(read, dict):
        raise BadArguments("The arguments must be a JSON object.")
    _bounded(read)
    return json.dumps(read, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace").decode()


def checked(args: str, schema: Mapping[str, Any]) -> None:
    """Raises BadArguments where canonical arguments do not fit the tool's schema."""
    # Comes with what speaks to servers, and is heavy: only where a tool is called.
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - see above
    from jsonschema.exceptions import SchemaError, ValidationError  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415

    try:
        # An empty registry of its own: the usual one would fetch what a schema refers to.
        Draft202012Validator(_plain(schema), registry=Registry()).validate(json.loads(args))
    except ValidationError as error:
        where = "/".join(map(str, error.absolute_path))
        raise BadArguments(
            f"The arguments do not fit{f' at {where}' if where else ''}: {error.message[:SAID]}"
        ) from None
    except (SchemaError, TypeError, ValueError, RecursionError):
        return  # a schema that is none checks nothing; the server does


def _plain(schema: object) -> Any:
    if isinstance(schema, Mapping):
        return {
            key: _plain(value)
            for key, value in schema.items()
            if key not in UNCHECKED or not isinstance(value, str | dict)
        }
    return [_plain(one) for one in schema] if isinstance(schema, list | tuple) else schema


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadArguments("The arguments name the same thing twice.")
    return found


def _refused(word: str) -> NoReturn:
    raise BadArguments(f"The arguments hold {word}, which is not a number that JSON can tell.")


def _finite(word: str) -> float:
    """JSON has no word for what is beyond all numbers: what is sent would be another thing than what is shown."""
    number = float(word)
    return number if math.isfinite(number) else _refused(clip(word, SAID))


def _bounded(value: object, depth: int = 0) -> None:
    if depth > DEEPEST:
        raise BadArguments("The arguments are nested too deep.")
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _bounded(one, depth + 1)
