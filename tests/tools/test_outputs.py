# SPDX-License-Identifier: GPL-2.0-only
"""Files that a build left, among them links, pipes and folders that it set as traps."""

import os
from pathlib import Path

import pytest

from kpatch_tools.tools import outputs


@pytest.fixture
def trapped(tmp_path: Path) -> Path:
    """A folder with one good file, and traps that lead to a secret beside it."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_text("key\n")
    folder = tmp_path / "out"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub/good").write_text("good\n")
    (folder / "link").symlink_to("../secret/key")
    (folder / "away").symlink_to("../secret")
    (folder / "within").symlink_to("sub/good")
    os.mkfifo(folder / "pipe")
    return folder


TRAPS = ("link", "away/key", "within", "pipe", "sub", "none", "sub/../../secret/key", "../secret/key")


def test_a_plain_file_is_read_and_copied(trapped: Path, tmp_path: Path) -> None:
    assert outputs.is_plain(trapped, "sub/good")
    assert outputs.size_of(trapped, "sub/good") == 5
    assert outputs.read_bytes(trapped, "sub/good", 3) == b"goo"
    assert outputs.copy_out(trapped, "sub/good", tmp_path / "to/here")
    assert (tmp_path / "to/here").read_text() == "good\n"


@pytest.mark.parametrize("name", TRAPS)
def test_no_trap_is_followed_and_none_blocks(name: str, trapped: Path, tmp_path: Path) -> None:
    assert not outputs.is_plain(trapped, name)
    assert outputs.read_bytes(trapped, name, 100) is None
    assert not outputs.copy_out(trapped, name, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_what_is_removed_is_what_lies_there(trapped: Path, tmp_path: Path) -> None:
    for name in ("link", "away/key", "away", "pipe", "sub", "none", "none/below", "sub/good/below"):
        outputs.remove(trapped, name)
    assert [path.name for path in trapped.iterdir()] == ["within"]
    assert (tmp_path / "secret/key").read_text() == "key\n"


def test_a_folder_is_made_where_a_link_stood(trapped: Path, tmp_path: Path) -> None:
    outputs.make_folder(trapped, "away/x86")
    outputs.make_folder(trapped, "sub/x86")
    assert (trapped / "away/x86").is_dir()
    assert not (trapped / "away").is_symlink()
    assert (trapped / "sub/good").is_file()
    assert [path.name for path in (tmp_path / "secret").iterdir()] == ["key"]


@pytest.mark.parametrize("name", ["..", "sub/..", "../..", "../out", "/", "sub/../.."])
def test_a_name_that_leaves_the_folder_removes_and_makes_nothing(
    name: str, trapped: Path, tmp_path: Path
) -> None:
    """A series may bring a file "...c": the program made of it would be called ".."."""
    before = sorted(tmp_path.rglob("*"))
    outputs.remove(trapped, name)
    assert sorted(tmp_path.rglob("*")) == before
    assert outputs.size_of(trapped, name) is None
    with pytest.raises(FileNotFoundError):
        outputs.make_folder(trapped, f"{name}/made")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["", "."])
def test_the_folder_itself_stays(name: str, trapped: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    outputs.remove(trapped, name)
    outputs.make_folder(trapped, name)
    assert sorted(tmp_path.rglob("*")) == before
