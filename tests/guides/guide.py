"""Reads a worked example out of a guide and does in a copy of the project what the guide says.

A fenced block is part of an example when its first line is a comment that says where it goes:

    # providers/tape.py                          a new file
    # providers/vendors.py, at the end of VENDORS    the last entries of what has that name
    # bot/platforms.py, above the line PLATFORMS = (   before the one line that begins like that ("below" goes behind)
    # .env.example, at the end                   the last lines of a file
    # in the repository                          commands, run there from top to bottom

Every other block is only there to be read.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

ROOT = Path(__file__).parents[2]
PARTS = (
    "adapters", "bot", "manifests", "providers", "tests",
    ".ci", ".env.example", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "LICENSE", "README.md", "pyproject.toml",
    "requirements.txt",
)  # fmt: skip
SECONDS = 120
COMMANDS = "in the repository"
HEADER = re.compile(
    r"# (?P<path>[\w./-]+?)(?:, (?P<where>at the end|(?:at the end of|above the line|below the line) .+))?"
)
FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One block. `where` is "" for a new file."""

    path: str
    where: str
    text: str


def read_example(guide: Path, heading: str) -> list[Step]:
    """The steps under one heading, up to the next of the same level."""
    text = guide.read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    steps = []
    for block in FENCED.findall(section):
        first, _, rest = block.partition("\n")
        if first == f"# {COMMANDS}":
            steps.append(Step(path=COMMANDS, where="", text=rest))
        elif (found := HEADER.fullmatch(first)) and ("/" in found["path"] or "." in found["path"]):
            steps.append(Step(path=found["path"], where=found["where"] or "", text=rest))
    return steps


def copy_project(folder: Path) -> Path:
    """A copy to change. What is compiled goes along: nothing has to be compiled twice."""
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        elif source.exists():
            shutil.copy2(source, folder / name)
    return folder


def follow_example(steps: Sequence[Step], folder: Path) -> str:
    """Does everything in order; returns what the commands printed."""
    said = ""
    for step in steps:
        if step.path == COMMANDS:
            said += run(folder, step.text)
        elif step.where:
            path = folder / step.path
            path.write_text(inserted(path.read_text(encoding="utf-8"), step), encoding="utf-8")
        else:
            path = folder / step.path
            assert not path.exists(), f"{step.path} is there already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text.lstrip("\n"), encoding="utf-8")
    return said


def run(folder: Path, commands: str) -> str:
    """`python` is the interpreter of these tests. Nothing of the operator's own settings gets in."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    with tempfile.TemporaryDirectory(
        prefix="sb-"
    ) as short:  # what tests leave; a socket's path must be short
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],  # noqa: S607 - found as an operator's shell finds it
            cwd=folder,
            env={**kept, "PATH": path, "PYTEST_ADDOPTS": "-n0", "PYTHONUTF8": "1", "TMPDIR": short},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def inserted(source: str, step: Step) -> str:
    """The file's text with the block in its place."""
    if step.where == "at the end":
        return f"{source.rstrip()}\n{step.text}"
    if step.where.startswith("at the end of "):
        return _extended(source, step.where.removeprefix("at the end of "), step)
    kind, _, name = step.where.partition(" line ")
    lines = source.splitlines(keepends=True)
    (at,) = [at for at, line in enumerate(lines) if line.strip().startswith(name)]
    space = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    block = indent(step.text, space) if space else step.text
    return "".join([*lines[: at + kind.startswith("below")], block, *lines[at + kind.startswith("below") :]])


def _extended(source: str, name: str, step: Step) -> str:
    """Before the bracket that closes the one value with that name."""
    (value,) = [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and name in _names(node)
    ]
    lines = source.splitlines(keepends=True)
    row, column = (value.end_lineno or 0) - 1, (value.end_col_offset or 0) - 1
    before, after = lines[row].encode()[:column].decode(), lines[row].encode()[column:].decode()
    if before.strip():  # all on one line
        lines[row] = f"{before}, {step.text.strip().removesuffix(',')}{after}"
    else:
        lines[row] = indent(step.text, f"{before}    ") + before + after
    return "".join(lines)


def _names(node: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {ast.unparse(target) for target in targets}
