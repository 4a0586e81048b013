# SPDX-License-Identifier: GPL-2.0-only
"""Whose a commit is, and that what a stranger's build leaves serves that stranger alone."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.flow.apply import apply_series
from kpatch_tools.flow.series import load_series
from kpatch_tools.flow.site import build_site, forget_objects
from kpatch_tools.model.event import silent
from kpatch_tools.model.series import Series
from kpatch_tools.tools import ccache, files, kept, origins, sandbox

MAIL = (
    "From: {who}\nSubject: [PATCH v{version}] {title}\nDate: Mon, 1 Jan 2024 10:00:00 +0200\n"
    "Message-ID: <{version}@x>\n\nWords.\n\n---\n f | 2 +-\n\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n"
    "@@ -1 +1 @@\n-a\n+b\n"
)


@pytest.fixture
def posted(tmp_path: Path) -> Callable[..., Series]:
    """``posted(version, who=..., title=...)``: a series of one patch."""

    def make(version: int = 1, who: str = "A <a@x.org>", title: str = "f: say b", text: str = MAIL) -> Series:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        (folder / "0001.patch").write_text(text.format(who=who, version=version, title=title))
        return load_series(str(folder))

    return make


def test_a_series_is_known_by_all_that_it_holds(posted, git_tree) -> None:
    tree = git_tree({"f": b"a\n"})

    def owner(text: str = MAIL, **words: str) -> str:
        applied = apply_series(posted(text=text, **words), tree=tree, objects=kept.store_for(tree))
        return origins.origin_of(tree, applied.head).owner

    assert owner() == owner()
    # What a forger can copy is not what tells: another diff under the same name and title is another series.
    assert owner() != owner(MAIL.replace("+b", "+c"))
    assert owner() != owner(title="f: say c")
    assert owner() != owner(who="B <b@x.org>")


def test_what_is_applied_is_remembered(posted, git_tree, git) -> None:
    tree = git_tree({"f": b"a\n"})
    base = git(tree, "rev-parse", "HEAD")
    applied = apply_series(posted(), tree=tree, objects=kept.store_for(tree))
    found = origins.origin_of(tree, applied.head)
    assert (found.base, found.owner) == (base, applied.head[:24])
    assert origins.origin_of(tree, base) is None
    with sandbox.unprotected():
        assert origins.origin_of(tree, applied.head) is None


def test_a_commit_that_nobody_knows_is_an_owner_by_itself(posted, git_tree, git) -> None:
    tree = git_tree({"f": b"a\n"})
    store = kept.store_for(tree)
    applied = apply_series(posted(), tree=tree, objects=store)
    shutil.rmtree(store.parent / "origins")
    found = origins.origin_of(tree, applied.head)
    assert (found.base, found.owner) == ("", applied.head[:24])


@pytest.fixture
def tree_site(posted, git_tree, tmp_path):
    """A tree, the commit of a series in it, and ``site(commit)``."""
    tree = git_tree({"f": b"a\n"})
    applied = apply_series(posted(), tree=tree, objects=kept.store_for(tree))

    def site(commit: str):
        return build_site(
            tree, commit, source=tree, key="key", log=tmp_path / "log", sink=silent, stage="build"
        )

    return tree, applied.head, site


def test_a_strangers_objects_begin_as_a_copy_and_stay_apart(posted, git, tree_site) -> None:
    tree, head, site = tree_site
    base = git(tree, "rev-parse", "HEAD")
    other = apply_series(posted(1, who="B <b@x.org>"), tree=tree, objects=kept.store_for(tree))

    with site(base) as own:
        (own.objects / "a.o").write_text("good")
        os.utime(own.objects / "a.o", (7, 7))
        assert (own.ccache, own.inside, own.named) == (None, None, own.objects)
    with site(head) as stranger:
        assert (stranger.objects / "a.o").read_text() == "good"
        assert (stranger.objects / "a.o").stat().st_mtime == 7
        assert stranger.named == own.objects != stranger.objects
        (stranger.objects / "a.o").write_text("poison")
    with site(other.head) as third:
        assert (third.objects / "a.o").read_text() == "good"
        assert third.ccache != stranger.ccache
    assert (own.objects / "a.o").read_text() == "good"
    with site(head) as again:
        assert (again.objects / "a.o").read_text() == "poison"
        (again.objects / "trap").symlink_to(own.objects)
        forget_objects(again)
        assert list(again.objects.iterdir()) == []
    assert (own.objects / "a.o").is_file()


def test_of_owners_long_not_seen_nothing_is_kept() -> None:
    for number in range(origins.MOST_OWNERS + 3):
        place = origins.folder_of(origins.Origin(base="", owner=f"{number:02d}"), "obj")
        os.utime(place.parent, (number, number))
    left = sorted(path.name for path in files.cache_dir("owners").iterdir() if path.is_dir())
    assert len(left) == origins.MOST_OWNERS
    assert left[-1] == f"{origins.MOST_OWNERS + 2:02d}"


def test_an_owner_that_is_at_work_is_kept(tree_site) -> None:
    _tree, head, site = tree_site
    with site(head) as busy:
        os.utime(busy.objects.parents[1], (1, 1))
        for number in range(origins.MOST_OWNERS + 3):
            origins.folder_of(origins.Origin(base="", owner=f"{number:02d}"), "obj")
        assert busy.objects.is_dir()
    origins.folder_of(origins.Origin(base="", owner="last"), "obj")
    assert not busy.objects.exists()


def test_a_copy_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    with pytest.raises(EnvironmentFault, match="cannot copy"):
        origins.copied(tmp_path / "none", tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_strangers_build_reads_the_shared_results_and_cannot_write_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ccache.shutil, "which", lambda _name: "/usr/bin/ccache")
    monkeypatch.delenv("CCACHE_DIR", raising=False)
    shared = files.cache_dir("ccache-shared")
    theirs = ccache.use(tmp_path)
    assert theirs.writable == (tmp_path,)
    assert theirs.readable == (shared,)
    assert theirs.env["CCACHE_REMOTE_STORAGE"] == f"file:{shared}|read-only"
    ours = ccache.use()
    assert ours.writable == (files.cache_dir("ccache"), shared)
    assert ours.env["CCACHE_REMOTE_STORAGE"] == f"file:{shared}"
    monkeypatch.setattr(ccache.shutil, "which", lambda _name: None)
    assert ccache.use(tmp_path) == ccache.Results()


def test_what_a_branch_was_made_of_stays_a_strangers(posted, git_tree, git) -> None:
    tree = git_tree({"f": b"a\n"})
    apply_series(posted(), tree=tree, branch="made")
    head = git(tree, "rev-parse", "made")
    found = origins.origin_of(tree, head)
    assert (found.base, found.owner) == (git(tree, "rev-parse", "HEAD"), head[:24])
