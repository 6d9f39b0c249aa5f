"""No more answers at once than fit into the memory there is."""

from pathlib import Path

import pytest

from bot.serving.memory import answers_that_fit, available

MEGABYTE = 1 << 20


@pytest.mark.parametrize(("megabytes", "answers"), [(4096, 256), (512, 256), (256, 128), (64, 32), (1, 1)])
def test_a_small_container_takes_on_fewer_answers(megabytes: int, answers: int) -> None:
    assert answers_that_fit(256, memory=megabytes * MEGABYTE) == answers


def test_a_containers_limit_counts(tmp_path: Path) -> None:
    whole = available(tmp_path)
    (tmp_path / "memory.max").write_text("max\n")
    assert available(tmp_path) == whole
    (tmp_path / "memory.max").write_text(f"{300 * MEGABYTE}\n")

    assert available(tmp_path) == 300 * MEGABYTE
