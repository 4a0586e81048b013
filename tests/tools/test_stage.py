# SPDX-License-Identifier: GPL-2.0-only
"""What a stage notes is nowhere before finish(), and all of it is there after."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.errors import ToolFailed
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.series import Patch
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.stage import Stage

Git = Callable[..., str]
Tree = Callable[..., Path]


@pytest.fixture
def stage(git: Git, git_tree: Tree, tmp_path: Path) -> tuple[Stage, Repository, Patch]:
    """One patch applied, nothing stored yet; with the store."""
    tree = git_tree({"dir/a": b"1\n", "b": b"2\n"})
    source = Repository.open(tree)
    base = source.head()
    (tree / "dir/a").write_text("one\n")
    git(tree, "commit", "-qam", "dir: change a")
    mail = tmp_path / "one.patch"
    mail.write_text(git(tree, "format-patch", "--stdout", "-1") + "\n")
    (patch,) = load_series(str(mail)).patches
    store = Repository.create(tmp_path / "store.git", borrow=source)
    made = Stage(store=store, source=source, base=base, paths=("dir/a",), folder=tmp_path)
    assert made.apply(patch) == ""
    return made, store, patch


def kinds(store: Repository) -> set[str]:
    """The kinds of objects that the store itself holds."""
    listed = store.ask("cat-file", "--batch-check", "--batch-all-objects", "--unordered").text
    own = {path.parent.name + path.name for path in store.objects.glob("??/*")}
    return {line.split()[1] for line in listed.splitlines() if line.split()[0] in own}


def test_nothing_is_there_before_finish_and_all_of_it_after(stage):
    made, store, patch = stage
    assert made.commit(patch)
    assert kinds(store) <= {"blob"}
    (commit,), tree = made.finish()
    assert store.read_blob(commit, "dir/a") == b"one\n"
    assert store.read_blob(commit, "b") == b"2\n"
    assert store.tree_id(commit) == tree
    assert store.run("fsck", "--strict", commit).ok
    assert store.ask("for-each-ref").text == ""


def test_a_patch_that_changes_nothing_makes_no_commit(stage):
    made, _store, patch = stage
    assert made.commit(patch)
    assert not made.commit(patch)
    assert len(made.finish()[0]) == 1


def test_a_store_that_cannot_be_written_is_told(stage):
    made, store, patch = stage
    assert made.commit(patch)
    (store.objects / "pack").rmdir()
    (store.objects / "pack").write_text("in the way")
    with pytest.raises(ToolFailed, match="cannot store the commits"):
        made.finish()
