# SPDX-License-Identifier: GPL-2.0-only
from pathlib import Path

import pytest

from kpatch_tools.tools.private import private_folder, sweep
from tests.tools.test_outputs import deep


def test_gone_after_use_and_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with private_folder("kvet-x-") as folder:
        assert folder.parent == tmp_path
    assert not folder.exists()
    with pytest.raises(ZeroDivisionError), private_folder("kvet-x-") as folder:
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_plain_path_even_below_an_odd_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "it's, odd"
    odd.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(odd))
    with private_folder("kvet-x-") as folder:
        assert odd not in folder.parents


def test_what_a_killed_run_left_is_removed_and_a_living_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / "kvet-x-left"
    left.mkdir()
    (left / ".lock").touch()
    (left / "file").touch()
    young = tmp_path / "kvet-x-young"
    young.mkdir()
    other = tmp_path / "kvet-y-left"
    other.mkdir()
    (other / ".lock").touch()
    with private_folder("kvet-x-") as living:
        assert not left.exists()
        assert young.exists(), "it may be without its lock because it is being made this moment"
        sweep(tmp_path, "kvet-x-", older_than=-1)
        assert living.exists()
    assert not young.exists()
    assert other.exists()


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    left = tmp_path / "kvet-x-left"
    left.mkdir()
    (tmp_path / "target").touch()
    (left / ".lock").symlink_to(tmp_path / "target")
    sweep(tmp_path, "kvet-x-", older_than=-1)
    assert left.exists()


def test_what_no_other_tool_removes_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's program that was killed may have left folders by the thousand, one in the other."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / "kvet-x-left"
    left.mkdir()
    (left / ".lock").touch()
    deep(left)
    with private_folder("kvet-x-") as folder:
        assert not left.exists()
        deep(folder)
    assert list(tmp_path.iterdir()) == []
