"""Every worked example of the guides, followed to the letter in a copy of the project, and what people then see."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.guides.guide import COMMANDS, ROOT, Step, copy_project, follow_example, read_example, run


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example. `look` is a command, run when all is done, that prints what people see: `sees` is in it. Without
    one, the example's own tests look at the product.
    """

    id: str
    guide: str
    look: str = ""
    sees: str = ""
    needs: tuple[str, ...] = ()  # platforms whose tests it runs

    def steps(self) -> list[Step]:
        return read_example(ROOT / self.guide, self.id)


EXAMPLES = (
    Example(
        id="Adding a command",
        guide="bot/README.md",
        look="python -m bot manifest slack",
        sees='- command: "/recap"',
        needs=("slack", "teams"),
    ),
    Example(
        id="Adding an interceptor",
        guide="bot/README.md",
        look="""python -c 'print("x" * 20_001)' | SWITCHBOARD_DATA_DIR="$TMPDIR/data" python -m bot chat || true""",
        sees="Attach it as a file instead.",
    ),
    Example(
        id="Adding a vendor",
        guide="providers/README.md",
    ),
    Example(
        id="Adding a dialect",
        guide="providers/README.md",
    ),
    Example(
        id="Adding a platform",
        guide="adapters/README.md",
    ),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_an_example_does_what_it_says(example: Example, tmp_path: Path) -> None:
    if missing := [name for name in example.needs if find_spec(f"adapters.{name}") is None]:
        pytest.skip(f"this copy comes without {missing}")
    copy_project(tmp_path)
    steps = example.steps()
    said = follow_example(steps, tmp_path)

    assert any(step.path == COMMANDS for step in steps)
    assert "passed" in said
    assert "failed" not in said
    if example.look:
        assert example.sees in run(tmp_path, example.look)


def test_all_examples_together_keep_the_shape_and_the_style(tmp_path: Path) -> None:
    copy_project(tmp_path)
    steps = [step for example in EXAMPLES for step in example.steps() if step.path != COMMANDS]
    follow_example(steps, tmp_path)
    new = [step.path for step in steps if step.path.endswith(".py") and not step.where]
    changed = sorted({step.path for step in steps if step.path.endswith(".py")})
    run(tmp_path, f"ruff check {' '.join(changed)} && ruff format --check {' '.join(new)}")

    assert "passed" in run(tmp_path, "python -m pytest tests/test_architecture.py")
