"""Turns pydantic's errors about the file into lines an operator can act on: key, reason, remedy."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

_REMEDIES = {
    "api_key": "keys do not belong in the file: set a variable and name it in api_key_env",
    "key": "keys do not belong in the file: set a variable and name it in api_key_env",
}
_KINDS = {
    **dict.fromkeys(("int_type", "int_from_float"), "must be a whole number without quotes, such as 5"),
    "float_type": "must be a number without quotes, such as 5.0",
    "bool_type": "must be true or false, without quotes",
    "string_type": 'must be text in quotes: "..."',
    "tuple_type": 'must be a list: ["..."]',
    **dict.fromkeys(
        ("model_type", "dict_type", "mapping_type"), "must be a table: [its name] once, its keys below"
    ),
}
"""What TOML calls what Python names otherwise."""
_TABLES = ("models", "agents", "budgets")


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?`, or "" when nothing known is close. Starts with a blank."""
    close = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.6)
    return f' Did you mean "{close[0]}"?' if close else ""


def unknown_keys(table: Mapping[Any, Any], known: Iterable[str]) -> str:
    """The complaint about the first unknown key; "" when all are known."""
    names = sorted(known)
    for key in map(str, table):
        if key not in names:
            remedy = _REMEDIES.get(key) if "api_key_env" in names else None
            hint = (
                f": {remedy}"
                if remedy
                else "." + (nearest(key, names) or f" Known here: {', '.join(names)}.")
            )
            return f'unknown key "{key}"{hint}'
    return ""


def complain(error: ValidationError, document: Mapping[str, Any], source: str) -> str:
    """Every problem on a line of its own."""
    lines = [f"{source}: {_place(problem['loc'], document)}{_reason(problem)}" for problem in error.errors()]
    return "\n".join(line if line.endswith(("?", ".")) else f"{line}." for line in lines)


def _place(path: Sequence[int | str], document: Mapping[str, Any]) -> str:
    """`[[models]] grok: price.input `, as it would be looked for in the file."""
    match path:
        case ["models" | "agents" | "budgets" as table, int(index), *rest]:
            entry = document[table][index]
            name = (
                entry.get("name", f"number {index + 1}")
                if isinstance(entry, Mapping)
                else f"number {index + 1}"
            )
            head = f"[[{table}]] {name}: "
        case ["providers", name, *rest]:
            head = f"[providers.{name}] "
        case ["policy", "channels" | "workspaces" as table, name, *rest]:
            head = f"[policy.{table}.{name}] "
        case ["policy" | "limits" | "auto" | "council" | "search" as table, *rest]:
            head = f"[{table}] "
        case _:
            head, rest = "", list(path)
    keys = ".".join(str(part) for part in rest if isinstance(part, str))
    return head + (f"{keys} " if keys else "")


def _reason(problem: ErrorDetails) -> str:
    given = problem["input"]
    match problem["type"]:
        case "value_error":
            return str(problem["ctx"]["error"])
        case "missing":
            return "is missing: add it"
        case "literal_error":
            allowed = problem["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
            hint = nearest(given, allowed.split(", ")) if isinstance(given, str) else ""
            return f"must be one of {allowed}.{hint}"
        case "tuple_type" if len(problem["loc"]) == 1 and problem["loc"][0] in _TABLES:
            return f"must be a list of tables: begin each with [[{problem['loc'][-1]}]]"
        case kind:
            return _KINDS.get(kind) or problem["msg"].replace("Input should be", "must be")


def misspelt(values: Mapping[str, str], known: Iterable[str]) -> Iterator[str]:
    """Unknown names with the prefix SWITCHBOARD_: a typo there would silently change what runs."""
    for name in values:
        if name.startswith("SWITCHBOARD_") and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            yield f"{name} is no setting of Switchboard. Write {near[0] if near else 'a name'} from .env.example."
