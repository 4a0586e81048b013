# SPDX-License-Identifier: GPL-2.0-only
"""Files that a build left, among them links, pipes and folders that it set as traps."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from kpatch_tools.model.run import Command
from kpatch_tools.tools import outputs, process


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
NO_NAMES = ("a" * 4000, "a/" * 3000, "sub/\0")


def test_a_plain_file_is_read_and_copied(trapped: Path, tmp_path: Path) -> None:
    assert outputs.is_plain(trapped, "sub/good")
    assert outputs.size_of(trapped, "sub/good") == 5
    assert outputs.read_bytes(trapped, "sub/good", 3) == b"goo"
    assert outputs.copy_out(trapped, "sub/good", tmp_path / "to/here")
    assert (tmp_path / "to/here").read_text() == "good\n"


@pytest.mark.parametrize("name", [*TRAPS, *NO_NAMES])
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


DEEP = "d" * 9


def deep(folder: Path) -> None:
    """1200 levels, with a file at the end whose path no system call takes."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir(DEEP, dir_fd=here)
        below = os.open(DEEP, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def test_a_folder_of_any_depth_goes_away(trapped: Path, tmp_path: Path) -> None:
    (trapped / "deep").mkdir()
    deep(trapped / "deep")
    (trapped / "deep" / DEEP / "beside").mkdir()
    outputs.remove(trapped, "deep")
    assert not (trapped / "deep").exists()
    outputs.remove_tree(trapped)
    outputs.remove_tree(trapped)
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def close(folder: Path, target: Path) -> None:
    """Take all permission bits from folders, the lowest of which holds a link."""
    (folder / "one/two").mkdir(parents=True)
    (folder / "one/two/link").symlink_to(target)
    for name in ("one/two", "one"):
        (folder / name).chmod(0)


CLOSED = """
import os, sys
from pathlib import Path
from kpatch_tools.tools import outputs
from tests.tools.test_outputs import close
os.setgid(1000)
os.setuid(1000)
place, key = Path(sys.argv[1]), Path(sys.argv[2])
for name in ("first", "second"):
    (place / name).mkdir()
    close(place / name, key)
outputs.remove_tree(place / "first")
try:
    with outputs.scratch(place, "third-") as third:
        close(third, key)
finally:
    outputs.remove(place, "second")
print(sorted(os.listdir(place)), oct(key.stat().st_mode & 0o777))
"""


def test_closed_folders_go_away_and_no_link_is_given_bits() -> None:
    """As root nothing is closed, so another user tries it where that can be."""
    script = CLOSED if os.geteuid() == 0 else CLOSED.replace("os.setgid(1000)\nos.setuid(1000)\n", "")
    # Not below tmp_path, where no other user gets to.
    with tempfile.TemporaryDirectory() as folder:
        place, key = Path(folder, "place"), Path(folder, "key")
        place.mkdir()
        key.touch()
        key.chmod(0o440)
        if os.geteuid() == 0:
            for path in (Path(folder), place, key):
                os.chown(path, 1000, 1000)
        argv = (sys.executable, "-c", script, str(place), str(key))
        top = Path(__file__).parent.parent.parent
        done = process.run(Command(argv=argv, timeout=60, cwd=top))
        if "PermissionError" in done.error_text and not done.text and os.geteuid() == 0:
            pytest.skip(f"another user cannot read {top}")
        assert done.text == "[] 0o440\n", done.error_text


def test_a_folder_is_taken_but_no_link(trapped: Path, tmp_path: Path) -> None:
    for name in ("away", "link", "none", "away/key", "sub/good", "../secret", "sub/../../secret"):
        assert not outputs.take_folder(trapped, name, tmp_path / "taken")
        assert not (tmp_path / "taken").exists()
    (tmp_path / "secret/include").mkdir()
    assert not outputs.take_folder(trapped, "away/include", tmp_path / "taken")
    assert outputs.take_folder(trapped, "sub", tmp_path / "taken")
    assert (tmp_path / "taken/good").read_text() == "good\n"
    assert sorted(path.name for path in (tmp_path / "secret").iterdir()) == ["include", "key"]


def test_files_are_listed_without_following(trapped: Path) -> None:
    deep(trapped / "sub")
    (trapped / ".a.o.cmd").touch()
    (trapped / "sub/.b.o.cmd").touch()
    (trapped / "link.o.cmd").symlink_to(".a.o.cmd")
    (trapped / "folder.o.cmd").mkdir()
    (trapped / "loop").symlink_to(".")
    assert sorted(outputs.files_below(trapped, ".o.cmd")) == [".a.o.cmd", "sub/.b.o.cmd"]
    assert "sub/good" in set(outputs.files_below(trapped, ""))
    outputs.remove(trapped, "sub")
