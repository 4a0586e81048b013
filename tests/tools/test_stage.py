# SPDX-License-Identifier: GPL-2.0-only
"""What git stores is compared with what was computed; the comparison can fail."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.errors import ToolFailed
from kpatch_tools.flow.series import load_series
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.stage import Stage

Git = Callable[..., str]
Tree = Callable[..., Path]


@pytest.fixture
def stage(git: Git, git_tree: Tree, tmp_path: Path) -> tuple[Stage, Repository, str]:
    """One patch applied and committed, nothing stored yet; with the store and the commit's id."""
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
    return made, store, made.commit(patch, made.tree(), base)


def test_nothing_is_there_before_keep_and_all_of_it_after(stage):
    made, store, commit = stage
    assert not store.run("cat-file", "-e", commit).ok
    made.keep()
    assert store.read_blob(commit, "dir/a") == b"one\n"
    assert store.read_blob(commit, "b") == b"2\n"
    assert store.run("fsck", "--strict", commit).ok


@pytest.mark.parametrize(("part", "words"), [("_top", "tree"), ("_commits", "commits")])
def test_another_id_than_git_s_is_an_error(stage, part: str, words: str):
    made, _store, commit = stage
    data = made._commits[0][1]
    setattr(made, part, {"_top": "0" * 40, "_commits": [("0" * 40, data)]}[part])
    with pytest.raises(ToolFailed, match=f"git stored the {words}") as error:
        made.keep()
    assert commit in str(error.value) or part == "_top"
