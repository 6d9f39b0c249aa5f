"""What a refusal changes in the prompt itself: its system text, what it says of caching, its tools, what is carried.

Sources: the 400s of the vendors' API references, of vLLM, llama.cpp, Ollama and OpenRouter, and of public issues.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.prompt import CallPart, Prompt, Search, TextPart
from providers.tool_schemas import loose_tool
from providers.tool_turns import without_calls

NO_SYSTEM = re.compile(
    r"messages\[0\]\.role|roles must alternate|roles? are supported, got system|invalid message role: system|(system|developer)[ _-]?(role|instruction|message|prompt)s?\b.{0,60}"
    r"(\bnot|n't|\bun)\w* ?(supported|enabled|allowed)|not support.{0,20}\b(system|developer)\b",
    re.IGNORECASE,
)
CACHE = re.compile(r"\bcache_control\b|\bprompt_cache_key\b")
TOOLS = r"\b(?:tools?|tool[ _-]?(?:use|call\w*)|functions?[ _-]?(?:call\w*)|functions)"
NO_TOOLS = re.compile(
    rf"(?:\bnot|n't|\bun)\w{{0,12}} ?support\w{{0,4}}\b[^.\n]{{0,30}}{TOOLS}\b"
    rf"|{TOOLS}['`\"]?[^.\n]{{0,40}}(?:\bnot|n't|\bun)\w{{0,12}} ?(?:be )?(?:support|enabl|allow|availab|permitt|recogni)"
    r"|no endpoints found that support tool use|enable-auto-tool-choice|tools param requires|^tools$"
    r"|unrecognized request arguments? supplied: tools",
    re.IGNORECASE,
)
SEARCH = re.compile(
    r"\bweb[_ -]?search|google_?search|search[ _](tool|grounding)|\bgrounding\b|server[ _]tools?\b"
    r"|built-?in tools? .{0,60}function|supported values are: ['\"`]?function",
    re.IGNORECASE,
)
CARRIED = re.compile(
    r"\bsignature\b|thinking.{0,10}blocks?\b|bound to a different conversation|type 'reasoning'|reasoning items?\b"
    r"|reasoning input|encrypted[_ ]content.{0,60}(?:not|n't|fail|invalid)|reasoning_details|\bextra_content\b"
    r"|messages?[\[.]\d+\]?\.reasoning",
    re.IGNORECASE,
)
ONE_TOOL = re.compile(r"(?:\btools|function_?declarations)[\[.](?P<index>\d{1,3})\b", re.IGNORECASE)
NAMED_TOOL = re.compile(r"schema for (?:function|tool) ['\"`](?P<name>[\w-]+)", re.IGNORECASE)
NESTED = re.compile(r"function_?declarations[\[.](?P<index>\d{1,3})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Concession:
    """One thing that is asked otherwise from now on."""

    def prompt(self, prompt: Prompt) -> Prompt:
        return prompt

    def body(self, body: dict[str, Any]) -> dict[str, Any]:
        return body


@dataclass(frozen=True, slots=True)
class WithoutSystem(Concession):
    """What precedes the prompt stands in its first question."""

    def prompt(self, prompt: Prompt) -> Prompt:
        if not prompt.system:
            return prompt
        first, *rest = prompt.messages
        first = replace(first, parts=(TextPart(text=prompt.system), *first.parts))
        return replace(prompt, system="", messages=(first, *rest))


@dataclass(frozen=True, slots=True)
class WithoutCache(Concession):
    """Nothing is said about caching."""

    def prompt(self, prompt: Prompt) -> Prompt:
        return replace(prompt, conversation="")


@dataclass(frozen=True, slots=True)
class WithoutTools(Concession):
    """No tool is offered."""

    def prompt(self, prompt: Prompt) -> Prompt:
        return without_calls(prompt) if prompt.tools else prompt


@dataclass(frozen=True, slots=True)
class WithLooseTool(Concession):
    """One tool takes any object, and its schema stands in words."""

    name: str

    def prompt(self, prompt: Prompt) -> Prompt:
        tools = tuple(loose_tool(tool) if tool.name == self.name else tool for tool in prompt.tools)
        return replace(prompt, tools=tools)


@dataclass(frozen=True, slots=True)
class WithoutCarried(Concession):
    """The model sees its calls again, and not what it thought before them."""

    def prompt(self, prompt: Prompt) -> Prompt:
        messages = tuple(
            replace(
                one,
                parts=tuple(
                    replace(part, carry="") if isinstance(part, CallPart) else part for part in one.parts
                ),
            )
            for one in prompt.messages
        )
        return replace(prompt, messages=messages)


@dataclass(frozen=True, slots=True)
class WithoutSearch(Concession):
    """The vendor is not asked to search the web."""

    def prompt(self, prompt: Prompt) -> Prompt:
        return replace(prompt, search=Search.NO) if prompt.vendor_search else prompt


def _always(change: Concession) -> Callable[[re.Match[str], Prompt], Iterator[Concession]]:
    return lambda _match, _prompt: iter((change,))


def _one_tool(match: re.Match[str], prompt: Prompt) -> Iterator[Concession]:
    """The tool that is named; when that did not help, none."""
    within = NESTED.search(match.string) or match  # Gemini's tools are all in its first
    said = within.groupdict()
    name = said.get("name") or ""
    if index := said.get("index"):
        name = prompt.tools[int(index)].name if int(index) < len(prompt.tools) else ""
    if any(tool.name == name for tool in prompt.tools):
        yield WithLooseTool(name)
    yield WithoutTools()


OF_PROMPTS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str], Prompt], Iterator[Concession]]]] = (
    (NO_SYSTEM, _always(WithoutSystem())),
    (SEARCH, _always(WithoutSearch())),
    (CACHE, _always(WithoutCache())),
    (ONE_TOOL, _one_tool),
    (NAMED_TOOL, _one_tool),
    (NO_TOOLS, _always(WithoutTools())),
    (CARRIED, _always(WithoutCarried())),
)
"""How a refusal names it, and what to do then, in this order."""


def prompt_changes(said: str, prompt: Prompt) -> Iterator[Concession]:
    """What may be asked otherwise after a refusal with these words, where it changes anything."""
    for named, changes in OF_PROMPTS:
        if match := named.search(said):
            yield from (change for change in changes(match, prompt) if change.prompt(prompt) != prompt)
