"""Reads what our manifests use of YAML, so that no YAML library is needed to check them."""

import json
from typing import Any


def read_yaml(source: str) -> Any:
    """One document: block mappings and lists, JSON scalars, comments behind two blanks."""
    lines = [line.split("  # ")[0] for line in source.splitlines() if not line.startswith("#")]
    return _block([(len(line) - len(line.lstrip()), line.strip()) for line in lines if line])


def _block(lines: list[tuple[int, str]]) -> Any:
    if len(lines) == 1 and lines[0][1][0] not in "-" and not lines[0][1].partition(":")[1]:
        return json.loads(lines[0][1])
    indent, items, pairs = lines[0][0], [], {}
    while lines:
        end = next((at for at, (depth, _) in enumerate(lines) if at and depth == indent), len(lines))
        (_, head), inner, lines = lines[0], lines[1:end], lines[end:]
        if head.startswith("- "):
            items.append(json.loads(head[2:]) if head[2] == '"' else _block([(indent + 2, head[2:]), *inner]))
        else:
            key, _, value = head.partition(":")
            pairs[key] = json.loads(value) if value else _block(inner)
    return items or pairs
