"""No pattern of the tree runs on foreign text for longer than a moment, whatever the text is."""

import ast
import importlib
import pkgutil
import re
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from bot.models.sources import Flagship
from bot.serving.logging import LONGEST as LONGEST_FIELD
from bot.serving.logging import Redaction
from providers.scrubbing import scrubbed
from tests.security.worst_inputs import worst_inputs

ROOT = Path(__file__).parents[2]
TREES = ("bot", "adapters", "providers", "manifests")
SIZE = 64 * 1024
LONGEST = 0.75  # seconds of CPU for one run over SIZE characters; what is not linear takes many times that
SMALL = 1024  # tried first: what is slow here would take minutes there
FUNCTIONS = {"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
METHODS = FUNCTIONS - {"compile"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A pattern, where it stands, and the methods it is run with."""

    place: str
    pattern: re.Pattern[str]
    methods: frozenset[str]


@cache
def patterns() -> tuple[Found, ...]:
    """Every pattern that is written in the tree, compiled ahead or on the spot."""
    return tuple(
        found for tree in TREES for path in sorted((ROOT / tree).rglob("*.py")) for found in _of(path)
    )


def _of(path: Path) -> Iterator[Found]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = dict(pair for node in ast.walk(tree) for pair in _named(node))
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner, method = node.func.value, node.func.attr
        if not (isinstance(owner, ast.Name) and owner.id == "re" and method in FUNCTIONS and node.args):
            continue
        text = _literal(node.args[0])
        if text is None:
            continue
        used = {method} - {"compile"} or _used(names.get(id(node), ""))
        yield Found(
            place=f"{path.relative_to(ROOT)}:{node.lineno}",
            pattern=re.compile(text, _flags(node)),
            methods=frozenset(used or {"search"}),
        )


def _named(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Assign):
        yield from ((id(node.value), target.id) for target in node.targets if isinstance(target, ast.Name))


def _literal(node: ast.expr) -> str | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def _flags(call: ast.Call) -> re.RegexFlag:
    said = [
        *call.args[1:],
        *(keyword.value for keyword in call.keywords if keyword.arg == "flags"),
    ]
    words = {node.attr for one in said for node in ast.walk(one) if isinstance(node, ast.Attribute)}
    found = re.NOFLAG
    for word in words & {"IGNORECASE", "DOTALL", "MULTILINE", "VERBOSE"}:
        found |= re.RegexFlag[word]
    return found


@cache
def _used(name: str) -> frozenset[str]:
    """The methods that are called on a pattern of that name anywhere in the tree."""
    calls = re.compile(rf"\b{re.escape(name)}\.({'|'.join(METHODS)})\(") if name else None
    source = "".join(
        path.read_text(encoding="utf-8") for tree in TREES for path in (ROOT / tree).rglob("*.py")
    )
    return frozenset(calls.findall(source)) if calls else frozenset()


def _run(pattern: re.Pattern[str], method: str, text: str) -> float:
    runs: dict[str, Callable[[], object]] = {
        "sub": lambda: pattern.sub("", text),
        "subn": lambda: pattern.subn("", text),
        "finditer": lambda: list(pattern.finditer(text)),
    }
    run = runs.get(method) or (lambda: getattr(pattern, method)(text))
    began = time.thread_time()
    run()
    return time.thread_time() - began


def slowest(found: Found) -> tuple[float, str]:
    """Seconds of CPU for the worst input, and how that begins. Only what is slow when small is tried large."""
    worst = (0.0, "")
    tried: list[tuple[float, int, str]] = []
    for number, text in enumerate(worst_inputs(found.pattern, SMALL)):
        for method in found.methods:
            seconds = _run(found.pattern, method, text)
            tried.append((seconds, number, method))
            if seconds > LONGEST:
                return seconds, text[:60]
    for size, most in ((8 * SMALL, 80), (SIZE, 20)):
        numbers = {number: method for _, number, method in sorted(tried)[-most:]}
        tried = []
        for number, text in enumerate(worst_inputs(found.pattern, size)):
            if number not in numbers:
                continue
            seconds = _run(found.pattern, numbers[number], text)
            if seconds > LONGEST:  # noise of the machine does not come three times
                seconds = min(seconds, *(_run(found.pattern, numbers[number], text) for _ in range(2)))
            if seconds > LONGEST:
                return seconds, text[:60]
            tried.append((seconds, number, numbers[number]))
            worst = max(worst, (seconds, text[:60]))
    return worst


@pytest.mark.parametrize("found", patterns(), ids=lambda found: found.place)
def test_no_pattern_takes_more_than_a_moment_for_its_worst_input(found: Found) -> None:
    seconds, text = slowest(found)

    assert seconds < LONGEST, f"{found.pattern.pattern!r} on {text!r}..."


def made_elsewhere() -> Iterator[Found]:
    """Patterns that are put together at import, and those that stand in tables."""
    known = {found.pattern for found in patterns()}
    for name in ("providers", "bot", "adapters"):
        for info in pkgutil.walk_packages([str(ROOT / name)], f"{name}."):
            if info.name.endswith("__main__"):
                continue
            for pattern in _held(vars(importlib.import_module(info.name)).values()):
                if pattern not in known:
                    known.add(pattern)
                    yield Found(place=info.name, pattern=pattern, methods=frozenset({"search", "sub"}))
    table = tomllib.loads((ROOT / "bot/models/facts.toml").read_text(encoding="utf-8"))
    for row in table["models"]:
        yield Found(place="facts.toml", pattern=re.compile(row["match"]), methods=frozenset({"match"}))


def _held(values: Iterable[object]) -> Iterator[re.Pattern[str]]:
    for value in values:
        match value:
            case re.Pattern() if isinstance(value.pattern, str):
                yield value
            case Flagship():
                yield from map(re.compile, value.patterns)
            case tuple() | list() | frozenset():
                yield from _held(value)


def test_neither_does_a_pattern_that_is_put_together() -> None:
    found = list(made_elsewhere())

    assert len(found) > 20
    assert [(one, text) for one in found for seconds, text in [slowest(one)] if seconds >= LONGEST] == []


@pytest.mark.parametrize("pattern", [r"(\d+(?:\.\d+)?)(ms|h)", r"\beyJ[\w-]{8,}\.\w", r"\S*\*{3}"])
def test_a_slow_pattern_would_be_found(pattern: str) -> None:
    found = Found(place="here", pattern=re.compile(pattern), methods=frozenset({"search"}))

    assert slowest(found)[0] > LONGEST


def test_the_patterns_are_found() -> None:
    assert len(patterns()) > 60
    assert {
        "bot/serving/logging.py",
        "providers/retry_after.py",
        "adapters/slack/inbound/content/words.py",
    } <= {found.place.partition(":")[0] for found in patterns()}


ALPHABETS = (
    "9",
    "a",
    "-",
    "eyJ-",
    "sk-",
    "xoxb-",
    "Bearer ",
    "://a:",
    "?key=",
    "*",
    " ",
    "\n",
    "secret",
    "a.b",
)


@pytest.mark.parametrize("piece", ALPHABETS)
def test_a_log_line_of_any_length_takes_no_longer_than_a_long_one(piece: str) -> None:
    redact = Redaction(["a-secret-with-hyphens", "secretsecretsecret", "two words"])
    text = piece * (8_000_000 // len(piece))
    began = time.thread_time()

    redact(text)

    assert time.thread_time() - began < LONGEST


SECRETS = (
    "abcdefghijklmnop",
    "two words and more",
    "xoxb-1234567890-0987654321",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.c2ln",
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("before", [" ", "key=", '{"a":"'])
def test_no_half_of_a_secret_is_left_where_a_log_line_is_cut(secret: str, before: str) -> None:
    redact = Redaction([*SECRETS[:2]])
    for inside in range(len(secret) + 1):
        filler = "w " * LONGEST_FIELD
        text = filler[: LONGEST_FIELD - len(before) - inside] + before + secret + " and so on" * 100

        shown, left_out, _ = redact(text).partition(" [")

        assert not [at for at in range(len(secret) - 3) if secret[at : at + 4] in shown], (
            inside,
            shown[-80:],
        )
        assert left_out


@pytest.mark.parametrize("inside", range(60))
def test_no_half_of_a_key_is_left_where_a_vendors_message_is_cut(inside: int) -> None:
    key = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"

    shown = scrubbed("no" + " " * (998 - inside) + key)

    assert not [at for at in range(len(key) - 3) if key[at : at + 4] in shown]
