# SPDX-License-Identifier: GPL-2.0-only
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, ToolFailed
from kpatch_tools.model.event import Event, silent
from kpatch_tools.tools import trees

Git = Callable[..., str]


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def bin_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for stand-in programs, first in PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


@pytest.fixture
def tarball(tmp_path: Path) -> Path:
    """A tiny linux-source tarball, whose .gitignore hides everything as Debian's does."""
    top = tmp_path / "linux-source-6.1"
    (top / "kernel").mkdir(parents=True)
    (top / ".gitignore").write_text("/*\n*.o\n")
    (top / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 1\n")
    (top / "kernel/x.c").write_text("int x;\n")
    (top / "run").write_text("#!/bin/sh\n")
    (top / "run").chmod(0o755)
    (top / "link").symlink_to("Makefile")
    path = tmp_path / "linux-source-6.1.tar.xz"
    with tarfile.open(path, "w:xz") as archive:
        archive.add(top, top.name)
    return path


def test_candidate_version(bin_dir: Path) -> None:
    program(bin_dir, "apt-cache", 'printf "linux:\\n  Installed: 1\\n  Candidate: 6.1.9-1~x\\n"')
    assert trees.candidate_version("linux-source-6.1") == "6.1.9-1~x"
    program(bin_dir, "apt-cache", 'printf "linux:\\n  Installed: (none)\\n  Candidate: (none)\\n"')
    assert trees.candidate_version("linux-source-6.1") == ""
    program(bin_dir, "apt-cache", "exit 100")
    assert trees.candidate_version("linux-source-6.1") == ""


def test_no_apt_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert trees.candidate_version("linux-source-6.1") == ""
    assert trees.installed_tarball("linux-source-6.1") is None
    with pytest.raises(EnvironmentFault, match="apt-get is not installed"):
        trees.download_tarball("linux-source-6.1", "1", tmp_path, silent)


def test_only_a_whole_installed_package_counts(bin_dir: Path) -> None:
    program(bin_dir, "dpkg-query", 'printf "config-files 6.1.1-1"')
    assert trees.installed_tarball("linux-source-0.0") is None
    program(bin_dir, "dpkg-query", 'printf "installed 6.1.1-1"')
    assert trees.installed_tarball("linux-source-0.0") is None


def test_the_tree_s_commit_is_a_function_of_its_content(tarball: Path, tmp_path: Path, git: Git) -> None:
    ids = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        target = tmp_path / name / "tree"
        trees.tree_from_tarball(tarball, target, "linux-source-6.1 6.1.9-1", silent)
        ids.append(git(target, "rev-parse", "HEAD"))
        assert list(target.parent.iterdir()) == [target]
    assert ids[0] == ids[1]
    listed = git(tmp_path / "one/tree", "ls-files", "--stage")
    assert "100755" in listed
    assert "120000" in listed
    assert "kernel/x.c" in listed
    assert git(tmp_path / "one/tree", "status", "--porcelain") == ""


def test_progress_counts_files(tarball: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "_FILES_TOLD", 1)
    events: list[Event] = []
    trees.tree_from_tarball(tarball, tmp_path / "tree", "m", events.append)
    assert [event.done for event in events if event.total] == [1, 2, 3, 4, 5]
    assert {event.total for event in events if event.total} == {5}


def test_a_broken_tarball_leaves_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.tar.xz"
    bad.write_bytes(b"no archive")
    (tmp_path / "out").mkdir()
    with pytest.raises(ToolFailed, match="cannot unpack"):
        trees.tree_from_tarball(bad, tmp_path / "out/tree", "m", silent)
    assert not list((tmp_path / "out").iterdir())


def test_a_full_disk_is_named(bin_dir: Path, tarball: Path, tmp_path: Path) -> None:
    program(bin_dir, "tar", 'echo "tar: x: Cannot write: No space left on device" >&2; exit 2')
    with pytest.raises(ToolFailed, match="the disk is full"):
        trees.tree_from_tarball(tarball, tmp_path / "tree", "m", silent)


def test_download_takes_the_tarball_out_and_installs_nothing(
    bin_dir: Path, tarball: Path, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    program(bin_dir, "apt-get", f'echo "$@" >> {calls}; : > linux-source-6.1_6.1.9-1_all.deb')
    program(bin_dir, "dpkg-deb", f'mkdir -p "$3/usr/src" && cp {tarball} "$3/usr/src/"')
    folder = tmp_path / "download"
    folder.mkdir()
    found = trees.download_tarball("linux-source-6.1", "6.1.9-1", folder, silent)
    assert found.read_bytes() == tarball.read_bytes()
    assert calls.read_text() == "download --quiet linux-source-6.1=6.1.9-1\n"


def test_url_brings_one_commit(git: Git, git_tree: Callable[..., Path], tmp_path: Path) -> None:
    origin = git_tree({"x": b"1"})
    git(origin, "branch", "topic")
    git(origin, "commit", "--quiet", "--allow-empty", "-m", "more")
    trees.tree_from_url(f"file://{origin}", "topic", tmp_path / "got", silent)
    assert git(tmp_path / "got", "rev-parse", "HEAD") == git(origin, "rev-parse", "topic")
    trees.tree_from_url(f"file://{origin}", "", tmp_path / "head", silent)
    assert git(tmp_path / "head", "rev-parse", "HEAD") == git(origin, "rev-parse", "main")
    with pytest.raises(ToolFailed, match="cannot fetch"):
        trees.tree_from_url(f"file://{origin}", "no-such", tmp_path / "none", silent)
    assert not (tmp_path / "none").exists()
