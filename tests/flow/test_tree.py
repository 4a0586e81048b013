# SPDX-License-Identifier: GPL-2.0-only
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, ToolFailed, UserError
from kpatch_tools.flow.tree import _version_key, find_tree, resolve_tree
from kpatch_tools.tools import apt, trees
from kpatch_tools.tools.files import cache_dir

Git = Callable[..., str]
Tree = Callable[..., Path]


class World:
    """Apt and dpkg as a test wants them; notes what was brought."""

    def __init__(self) -> None:
        self.candidate = "6.1.10-1"
        self.installed: tuple[str, Path] | None = None
        self.network = True
        self.made: list[tuple[str, str]] = []


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, git: Git) -> World:
    state = World()

    def download(package, version, folder, sink):
        if not state.network:
            raise ToolFailed("cannot download it")
        return folder / "fetched.tar.xz"

    def unpack(tarball, target, message, sink):
        target.mkdir()
        (target / "Makefile").write_text("PATCHLEVEL = 1\n")
        git(target, "init", "--quiet")
        git(target, "add", "--all")
        git(target, "commit", "--quiet", "-m", message)
        state.made.append((tarball.name, message))

    monkeypatch.setattr(trees, "candidate_version", lambda package: state.candidate)
    monkeypatch.setattr(apt, "known_versions", lambda before: ())
    monkeypatch.setattr(trees, "installed_tarball", lambda package: state.installed)
    monkeypatch.setattr(trees, "download_tarball", download)
    monkeypatch.setattr(trees, "tree_from_tarball", unpack)
    return state


def test_debian_is_downloaded_once(world: World, git: Git) -> None:
    found = find_tree("debian:6.1")
    assert found.path == cache_dir("trees") / "debian-6.1-6.1.10-1"
    assert found.commit == git(found.path, "rev-parse", "HEAD")
    assert found.note == ""
    assert world.made == [("fetched.tar.xz", "linux-source-6.1 6.1.10-1")]
    assert resolve_tree("debian:6.1") == found.path
    assert len(world.made) == 1
    assert not list(cache_dir("trees").glob(".download-*"))


def test_an_installed_package_of_that_version_is_used(world: World, tmp_path: Path) -> None:
    world.installed = ("6.1.10-1", tmp_path / "installed.tar.xz")
    find_tree("debian:6.1")
    assert world.made == [("installed.tar.xz", "linux-source-6.1 6.1.10-1")]


def test_an_installed_package_serves_without_package_lists(world: World, tmp_path: Path) -> None:
    world.candidate = ""
    world.installed = ("6.1.9-1", tmp_path / "installed.tar.xz")
    assert find_tree("debian:6.1").path.name == "debian-6.1-6.1.9-1"


def test_with_no_network_the_newest_in_the_cache_serves_and_this_is_said(world: World) -> None:
    for version in ("6.1.9-1", "6.1.10-1"):
        world.candidate = version
        find_tree("debian:6.1")
    world.candidate = ""
    found = find_tree("debian:6.1")
    assert found.path.name == "debian-6.1-6.1.10-1"
    assert "apt knows no linux-source-6.1 here; using debian-6.1-6.1.10-1" in found.note
    world.candidate, world.network = "6.1.11-1", False
    found = find_tree("debian:6.1")
    assert found.path.name == "debian-6.1-6.1.10-1"
    assert "6.1.11-1 could not be brought (cannot download it)" in found.note


def test_with_nothing_at_all_it_is_a_fault_of_the_machine(world: World) -> None:
    world.network = False
    with pytest.raises(ToolFailed, match="cannot download"):
        find_tree("debian:6.1")
    world.candidate = ""
    with pytest.raises(EnvironmentFault, match=r"apt knows no linux-source-6\.1") as caught:
        find_tree("debian:6.1")
    assert "--tree" in caught.value.cure


@pytest.mark.parametrize("damage", ["no git tree", "no kernel"])
def test_a_damaged_tree_in_the_cache_is_told(world: World, damage: str, git: Git) -> None:
    target = cache_dir("trees", "debian-6.1-6.1.10-1")
    if damage == "no kernel":
        git(target, "init", "--quiet")
        git(target, "commit", "--quiet", "--allow-empty", "-m", "x")
    with pytest.raises(EnvironmentFault, match="in the cache") as caught:
        find_tree("debian:6.1")
    assert caught.value.cure == f"rm -r {target}"


@pytest.mark.parametrize("spec", ["debian:", "debian:sid", "debian:6", "debian:6.1.2", "debian:../../x"])
def test_words_after_debian_that_are_no_version(spec: str) -> None:
    with pytest.raises(UserError, match="no kernel version"):
        find_tree(spec)


def test_a_local_tree_is_used_as_it_is(git_tree: Tree, git: Git, tmp_path: Path) -> None:
    tree = git_tree({"d/x": b"1"})
    found = find_tree(str(tree))
    assert (found.path, found.commit) == (tree, git(tree, "rev-parse", "HEAD"))
    with pytest.raises(UserError, match="lies inside"):
        find_tree(str(tree / "d"))
    with pytest.raises(UserError, match="does not exist"):
        find_tree(str(tmp_path / "absent"))


def test_without_a_word_the_tree_around_is_meant(
    git_tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = git_tree({"d/x": b"1"})
    monkeypatch.chdir(tree / "d")
    assert resolve_tree(None) == tree
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="no tree to work on"):
        resolve_tree(None)


def test_what_is_no_git_tree_is_told_by_what_it_is(git: Git, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a git tree") as caught:
        find_tree(str(tmp_path))
    assert "git init" not in caught.value.cure
    assert "debian:6.1" in caught.value.cure
    (tmp_path / "unborn").mkdir()
    git(tmp_path / "unborn", "init", "--quiet")
    with pytest.raises(UserError, match="without a commit") as caught:
        find_tree(str(tmp_path / "unborn"))
    assert "debian:6.1" in caught.value.cure
    for name in ("Kconfig", "Makefile"):
        (tmp_path / name).touch()
    with pytest.raises(UserError, match="kernel's source, but not a git tree") as caught:
        find_tree(str(tmp_path))
    assert f"cd {tmp_path} && git init" in caught.value.cure


def test_a_version_that_apt_does_not_have_is_told_with_those_that_it_has(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.candidate = ""
    monkeypatch.setattr(apt, "known_versions", lambda before: ("6.1", "6.12"))
    with pytest.raises(UserError, match=r"linux-source-5\.2 here, only 6\.1, 6\.12") as caught:
        find_tree("debian:5.2")
    assert "--tree debian:6.12" in caught.value.cure
    # Known by name, and without a version to install: the lists are damaged.
    with pytest.raises(EnvironmentFault, match="apt knows no"):
        find_tree("debian:6.12")


def test_a_url_is_fetched_once(git_tree: Tree, git: Git) -> None:
    origin = git_tree({"x": b"1"})
    spec = f"file://{origin}#main"
    found = find_tree(spec)
    assert found.commit == git(origin, "rev-parse", "main")
    assert found.note == ""
    git(origin, "commit", "--quiet", "--allow-empty", "-m", "more")
    again = find_tree(spec)
    assert (again.path, again.commit) == (found.path, found.commit)
    assert "to fetch anew" in again.note
    with pytest.raises(UserError, match="no branch"):
        find_tree(f"file://{origin}#--upload-pack=x")


def test_versions_are_compared_as_numbers() -> None:
    names = ["debian-6.1-6.1.9-1", "debian-6.1-6.1.10-1", "debian-6.1-6.1.100-2", "debian-6.1-6.1.100-10"]
    mixed = [names[2], names[0], names[3], names[1]]
    assert sorted(mixed, key=_version_key) == names
