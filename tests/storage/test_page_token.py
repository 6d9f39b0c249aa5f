"""The secret in the page's address: kept for this user alone, the same for everybody who starts at once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.storage.page_token import NAME, page_token


def test_it_is_long_random_and_readable_by_this_user_only(tmp_path: Path) -> None:
    one, other = page_token(tmp_path / "a"), page_token(tmp_path / "b")

    assert len(one) == 43
    assert one != other
    assert stat.S_IMODE((tmp_path / "a" / NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


def test_it_is_the_same_at_the_next_start(tmp_path: Path) -> None:
    assert page_token(tmp_path) == page_token(tmp_path)


def test_all_who_start_at_once_have_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        found = set(threads.map(page_token, [tmp_path] * 64))

    assert len(found) == 1
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def readable(path: Path) -> None:
    path.chmod(0o644)


def shortened(path: Path) -> None:
    path.write_text("abc")


def emptied(path: Path) -> None:
    path.write_text("")


@pytest.mark.parametrize("harm", [readable, shortened, emptied])
def test_one_that_others_could_know_or_guess_is_replaced(tmp_path: Path, harm: object) -> None:
    old = page_token(tmp_path)
    assert callable(harm)
    harm(tmp_path / NAME)
    new = page_token(tmp_path)

    assert new != old
    assert len(new) == 43
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_a_link_that_was_put_there_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("A" * 43)
    (tmp_path / "theirs").chmod(0o600)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / NAME).symlink_to(tmp_path / "theirs")

    assert page_token(tmp_path / "data") != "A" * 43


def test_where_nothing_can_be_kept_there_is_one_for_this_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert len(page_token(tmp_path / "file" / "data")) == 43
