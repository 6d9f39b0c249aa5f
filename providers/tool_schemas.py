"""The schemas of tools, as vendors take them. They are other people's: of any size, with references, of any draft.

What cannot be told as a schema is told in words: the tool takes any object then, and its schema stands in the description.
The arguments are checked against the original by whoever runs the tool. Sources: platform.openai.com/docs/guides/function-calling,
docs.anthropic.com/en/docs/agents-and-tools/tool-use, ai.google.dev/api/caching#FunctionDeclaration (`parametersJsonSchema`).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.domain.prompt import Tool
from providers.lenient_json import as_json, as_list, as_object

DEEPEST: Final = 24  # levels; what lies deeper may be anything
MOST: Final = 4_000  # values of a whole schema with its references in place
WORDS: Final = 4_000  # characters of a schema that is told in words
CHOICES: Final = ("allOf", "anyOf", "oneOf")
REFERENCES: Final = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
KEY: Final = re.compile(r"[a-zA-Z0-9_.-]{1,64}")  # a property's name, where Anthropic takes it
ROOT: Final = frozenset(
    {*CHOICES, "not", "enum", "const", "if", "then", "else", "$schema", "$id", "$defs", "definitions"}
)
PLAIN: Final = frozenset(  # what Google documents for `parametersJsonSchema`
    [
        "type",
        "format",
        "title",
        "description",
        "enum",
        "items",
        "prefixItems",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "anyOf",
        "oneOf",
        "properties",
        "additionalProperties",
        "required",
    ]
)
MAPS: Final = frozenset({"properties", "patternProperties", "dependentSchemas"})  # of names to schemas
VALUES: Final = frozenset(
    {"enum", "const", "default", "examples", "example", "required"}
)  # no schemas inside


def told_tool(tool: Tool, *, plain: bool = False) -> Tool:
    """The tool with a schema that is an object without references. `plain`: with documented keywords only."""
    try:
        schema = _Reader(tool.parameters, plain=plain).whole()
    except ValueError:
        return loose_tool(tool)
    return replace(tool, parameters=schema)


def loose_tool(tool: Tool) -> Tool:
    """The tool as one that takes any object."""
    said = as_json(tool.parameters)[:WORDS]
    words = f"{tool.description}\n\nThe arguments are a JSON object that fits this JSON Schema: {said}"
    return replace(tool, description=words.strip(), parameters={"type": "object", "properties": {}})


class _Reader:
    """Puts what is referred to in its place, and leaves out what vendors refuse."""

    def __init__(self, schema: Mapping[str, Any], *, plain: bool) -> None:
        self._schema = schema
        self._plain = plain
        self._count = 0

    def whole(self) -> dict[str, Any]:
        root = self._read(self._schema, (), 0)
        if not isinstance(root, dict) or root.get("type", "object") not in ("object", ["object"]):
            raise ValueError("no object")
        root = _united(root)
        properties = as_object(root.get("properties"))
        if not all(KEY.fullmatch(name) for name in properties):
            raise ValueError("names that are refused")
        kept = {key: value for key, value in root.items() if key not in ROOT}
        required = [name for name in _names(as_list(kept.pop("required", None))) if name in properties]
        whole = {**kept, "type": "object", "properties": properties}
        return {**whole, "required": required} if required else whole

    def _read(self, schema: Any, within: tuple[str, ...], depth: int) -> Any:
        self._count += 1
        if self._count > MOST:
            raise ValueError("too large")
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, Mapping) or depth > DEEPEST:
            return {}
        if refers := next((key for key in REFERENCES if isinstance(schema.get(key), str)), ""):
            beside = {key: value for key, value in schema.items() if key not in REFERENCES}
            there = schema[refers]
            if there in within:  # it holds itself: anything fits, further down
                return self._read(beside, within, depth + 1)
            return self._read({**self._found(there), **beside}, (*within, there), depth + 1)
        if self._plain and as_list(schema.get("allOf")):
            return self._read(self._joined(schema), within, depth + 1)
        if self._plain and "const" in schema:
            schema = {**schema, "enum": [schema["const"]]}
        return {
            key: self._value(key, value, within, depth)
            for key, value in schema.items()
            if self._kept(key, depth)
        }

    def _joined(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """All of `allOf` as one; what stands beside it wins."""
        joined: dict[str, Any] = {}
        beside = {key: value for key, value in schema.items() if key != "allOf"}
        for branch in map(self._followed, (*schema["allOf"], beside)):
            both = {**as_object(joined.get("properties")), **as_object(branch.get("properties"))}
            required = _names([*as_list(joined.get("required")), *as_list(branch.get("required"))])
            joined = {**joined, **branch}
            joined |= {"properties": both} if both else {}
            joined |= {"required": required} if required else {}
        return joined

    def _kept(self, key: str, depth: int) -> bool:
        if key in {"$defs", "definitions", "$schema", "$id", "$comment", "$anchor"}:
            return False
        return not self._plain or key in PLAIN or (depth == 0 and key in ROOT)

    def _value(self, key: str, value: Any, within: tuple[str, ...], depth: int) -> Any:
        if key in MAPS and isinstance(value, Mapping):
            return {str(name): self._read(inner, within, depth + 1) for name, inner in value.items()}
        if key in VALUES:
            return value
        if isinstance(value, Mapping):
            return self._read(value, within, depth + 1)
        if isinstance(value, list) and key not in {"type"}:
            return [self._read(one, within, depth + 1) if isinstance(one, Mapping) else one for one in value]
        return value

    def _followed(self, branch: Any) -> dict[str, Any]:
        """What a branch refers to, with what it says itself."""
        followed = as_object(branch)
        for _ in range(DEEPEST):
            if not isinstance(followed.get("$ref"), str):
                break
            beside = {key: value for key, value in followed.items() if key != "$ref"}
            followed = {**self._found(followed["$ref"]), **beside}
        return followed

    def _found(self, reference: str) -> Mapping[str, Any]:
        """What a reference within the schema points to; others are never fetched."""
        if not reference.startswith("#"):
            raise ValueError("elsewhere")
        place: Any = self._schema
        for step in reference[1:].split("/")[1:]:
            place = as_object(place).get(step.replace("~1", "/").replace("~0", "~"))
        found = as_object(place)
        if not found:
            raise ValueError("nowhere")
        return found


def _united(root: dict[str, Any]) -> dict[str, Any]:
    """Choices of whole argument lists are refused at the top: all their properties are offered instead, and those required
    that each wants.
    """
    for key in CHOICES:
        branches = [one for one in as_list(root.get(key)) if isinstance(one, dict)]
        if not branches:
            continue
        properties = dict(as_object(root.get("properties")))
        for branch in branches:
            properties = {**as_object(branch.get("properties")), **properties}
        wanted = [set(_names(as_list(branch.get("required")))) for branch in branches]
        common = set.union(*wanted) if key == "allOf" else set.intersection(*wanted)
        required = _names([*as_list(root.get("required")), *sorted(common)])
        root = {**root, "properties": properties, "required": required}
    return root


def _names(values: list[Any]) -> list[str]:
    return list(dict.fromkeys(value for value in values if isinstance(value, str)))
