# SPDX-License-Identifier: GPL-2.0-only
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.flow.apply import apply_series
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.series import ApplyState, Conflict
from kpatch_tools.parse.hunk import nearest, old_lines
from kpatch_tools.render import applied as render

Git = Callable[..., str]
Tree = Callable[..., Path]

BODY = "".join(f"\tstep({number});\n" for number in range(1, 41))


@pytest.fixture
def tree(git_tree: Tree) -> Path:
    return git_tree({"f.c": BODY.encode(), "other": b"1\n"})


def stuck(git: Git, tree: Path, tmp_path: Path, patched: str, here: str | None) -> Conflict:
    """The conflict of a patch that turns f.c into ``patched``, in a tree where it became ``here``."""
    (tree / "f.c").write_text(patched)
    git(tree, "commit", "--quiet", "-am", "posted")
    git(tree, "format-patch", "--quiet", "-o", str(tmp_path / "m"), "HEAD~1")
    git(tree, "reset", "--quiet", "--hard", "HEAD~1")
    if here is None:
        (tree / "f.c").unlink()
    else:
        (tree / "f.c").write_text(here)
    git(tree, "commit", "--quiet", "-am", "the culprit")
    git(tree, "commit", "--quiet", "--allow-empty", "-m", "later")
    series = load_series(str(tmp_path / "m"))
    applied = apply_series(series, tree=tree)
    assert applied.state is ApplyState.CONFLICT
    assert applied.conflict is not None
    assert render.text(applied, series)
    return applied.conflict


def test_the_hunk_beside_the_tree(git: Git, tree: Path, tmp_path: Path) -> None:
    here = "/* new */\n/* head */\n" + BODY.replace("step(20)", "step(20, flags)")
    conflict = stuck(git, tree, tmp_path, BODY.replace("step(20)", "twenty()"), here)
    assert conflict.wanted[3] == "\tstep(20);"
    assert conflict.found[3] == "\tstep(20, flags);"
    assert conflict.found_line == 19
    assert conflict.changed_by.endswith("the culprit")


def test_a_file_that_is_gone(git: Git, tree: Path, tmp_path: Path) -> None:
    conflict = stuck(git, tree, tmp_path, BODY.replace("step(20)", "twenty()"), None)
    assert conflict.remark == "f.c is not in the tree"
    assert conflict.changed_by.endswith("the culprit")


def test_blanks_for_tabs_are_told(git: Git, tree: Path, tmp_path: Path) -> None:
    here = BODY.replace("\t", "        ")
    conflict = stuck(git, tree, tmp_path, BODY.replace("step(20)", "twenty()"), here)
    assert "blanks and tabs alone" in conflict.remark


def test_nothing_alike(git: Git, tree: Path, tmp_path: Path) -> None:
    conflict = stuck(git, tree, tmp_path, BODY.replace("step(20)", "twenty()"), "unrelated\n")
    assert (conflict.found, conflict.found_line) == ((), 0)
    assert conflict.remark == "no line of the tree's file is like the hunk's"


def test_a_file_that_is_there_already(git: Git, tree: Path, tmp_path: Path) -> None:
    (tree / "new").write_text("a\n")
    git(tree, "add", "--force", "new")
    git(tree, "commit", "--quiet", "-m", "posted")
    git(tree, "format-patch", "--quiet", "-o", str(tmp_path / "m"), "HEAD~1")
    git(tree, "reset", "--quiet", "--hard", "HEAD~1")
    (tree / "new").write_text("b\n")
    git(tree, "add", "--force", "new")
    git(tree, "commit", "--quiet", "-m", "somebody else's")
    applied = apply_series(load_series(str(tmp_path / "m")), tree=tree)
    assert applied.conflict is not None
    assert applied.conflict.changed_by.endswith("somebody else's")


def test_old_lines_and_nearest() -> None:
    diff = "--- a/x\n+++ b/x\n@@ -5,3 +5,3 @@ f\n one\n-two\n+2\n three\n@@ -50 +50 @@\n-far\n+away\n"
    assert old_lines(diff, "x", 5) == ("one", "two", "three")
    assert old_lines(diff, "x", 50) == ("far",)
    assert old_lines(diff, "x", 6) == old_lines(diff, "y", 5) == ()
    lines = ["one", "x", "three", "", "one", "2", "  three", "}"]
    assert nearest(("one", "two", "three"), lines, 5) == 4
    assert nearest(("one", "two", "three"), lines, 1) == 0
    assert nearest(("}", ""), lines, 1) is None
