# SPDX-License-Identifier: GPL-2.0-only
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.errors import UserError
from kpatch_tools.flow.base import apply_to, find_base
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.series import ApplyState, BaseFound, Series

Git = Callable[..., str]
Tree = Callable[..., Path]

LINES = "".join(f"line {number}\n" for number in range(1, 61))


@pytest.fixture
def moved(git: Git, git_tree: Tree, tmp_path: Path) -> tuple[Path, Series]:
    """A tree whose main branch went on after a series was made for it, in mails with a recorded base."""
    tree = git_tree({"f": LINES.encode(), "g": b"x\n"})
    git(tree, "tag", "start")
    change(git, tree, "f", "line 30\n", "line thirty\n", "f: thirty")
    change(git, tree, "g", "x\n", "y\n", "g: y")
    git(tree, "format-patch", "--quiet", "--base=start", "-o", str(tmp_path / "mails"), "start")
    git(tree, "reset", "--quiet", "--hard", "start")
    git(tree, "tag", "--delete", "start")
    change(git, tree, "f", "line 30\n", "line XXX\n", "f: another line 30")
    return tree, load_series(str(tmp_path / "mails"))


def change(git: Git, tree: Path, name: str, old: str, new: str, subject: str) -> None:  # noqa: PLR0917 - as read
    text = (tree / name).read_text()
    assert old in text
    (tree / name).write_text(text.replace(old, new, 1))
    git(tree, "commit", "--quiet", "-am", subject)


def ways(found: BaseFound) -> list[tuple[str, bool]]:
    return [(item.way, item.taken) for item in found.tries]


def test_the_recorded_base_is_the_first_step(moved: tuple[Path, Series], git: Git) -> None:
    tree, series = moved
    found = find_base(series, tree)
    assert (found.commit, found.state) == (git(tree, "rev-parse", "HEAD~1"), None)
    assert ways(found) == [("base-commit", True)]


def test_blob_ids_when_the_recorded_base_is_not_here(moved: tuple[Path, Series], git: Git) -> None:
    tree, series = moved
    found = find_base(replace(series, base_commit="1" * 40), tree)
    assert found.commit == git(tree, "rev-parse", "HEAD~1")
    assert ways(found) == [("base-commit", False), ("prerequisite-patch-id", False), ("blob ids", True)]
    assert found.tries[0].reason == "that commit is not in this repository"


def unrecorded(series: Series) -> Series:
    """The series without anything that points to its base."""
    patches = tuple(
        replace(
            patch,
            diff=patch.diff.replace("index ", "index 1", 1),
            files=tuple(replace(change, old_blob="1" * 12) for change in patch.files),
        )
        for patch in series.patches
    )
    return replace(series, base_commit="", patches=patches)


def test_branches_in_their_order_then_head(moved: tuple[Path, Series], git: Git) -> None:
    tree, series = moved
    series = unrecorded(series)
    unknown = find_base(series, tree)
    assert (unknown.state, unknown.commit) == (ApplyState.BASE_UNKNOWN, git(tree, "rev-parse", "HEAD"))
    assert ways(unknown)[-2:] == [("blob ids", False), ("HEAD", False)]
    assert "does not apply at f:27" in unknown.tries[-1].reason
    git(tree, "branch", "old", "HEAD~1")
    assert ways(find_base(series, tree))[-1] == ("branch", True)
    assert find_base(series, tree).tries[-1].what == "old"
    assert find_base(series, tree, branches=("main",)).state is ApplyState.BASE_UNKNOWN
    with pytest.raises(UserError, match="names no commit"):
        find_base(series, tree, branches=("none",))


def test_a_base_that_has_the_series_is_taken_last(moved: tuple[Path, Series], git: Git) -> None:
    tree, series = moved
    git(tree, "reset", "--quiet", "--hard", "HEAD~1")
    applied, _found = apply_to(series, tree=tree, branch="topic")
    git(tree, "checkout", "--quiet", "topic")
    git(tree, "branch", "--delete", "--force", "main")
    applied, found = apply_to(unrecorded(series), tree=tree, onto="auto")
    assert applied.state is ApplyState.ALREADY_APPLIED
    assert found is not None
    assert found.state is None


@pytest.fixture
def stacked(git: Git, git_tree: Tree, tmp_path: Path) -> tuple[Path, Series, Path]:
    """A series that was made on two patches which are not in the tree, and those two as mails."""
    tree = git_tree({"f": LINES.encode()})
    git(tree, "tag", "start")
    change(git, tree, "f", "line 29\n", "line A\n", "first below")
    change(git, tree, "f", "line 31\n", "line B\n", "second below")
    git(tree, "tag", "below")
    change(git, tree, "f", "line 30\n", "line C\n", "on top")
    git(tree, "format-patch", "--quiet", "--base=start", "-o", str(tmp_path / "top"), "below")
    git(tree, "format-patch", "--quiet", "-o", str(tmp_path / "below"), "start..below")
    git(tree, "reset", "--quiet", "--hard", "start")
    return tree, load_series(str(tmp_path / "top")), tmp_path / "below"


def test_prerequisites_from_mails(stacked: tuple[Path, Series, Path], git: Git) -> None:
    tree, series, below = stacked
    git(tree, "tag", "--delete", "below")
    assert len(series.prerequisites) == 2
    lacking = find_base(series, tree)
    assert lacking.state is ApplyState.NEEDS_PREREQUISITE
    assert "2 prerequisite patches are missing" in lacking.reason
    applied, found = apply_to(series, tree=tree, onto="auto", prerequisites=below, branch="made")
    assert applied.state is ApplyState.APPLIED
    assert found is not None
    assert [patch.subject for patch in found.prerequisites] == ["first below", "second below"]
    assert (len(applied.commits), len(applied.below), applied.base) == (1, 2, applied.below[-1])
    assert git(tree, "log", "--format=%s", "made").splitlines() == [
        "on top",
        "second below",
        "first below",
        "base",
    ]
    plain, none = apply_to(series, tree=tree, prerequisites=below)
    assert (plain.head, none) == (applied.head, None)
    (below / "0001-first-below.patch").unlink()
    lacking_one, _none = apply_to(series, tree=tree, prerequisites=below)
    assert lacking_one.state is ApplyState.NEEDS_PREREQUISITE


def test_prerequisites_from_commits(stacked: tuple[Path, Series, Path], git: Git) -> None:
    tree, series, _below = stacked
    # The same changes, committed by somebody else on another base.
    git(tree, "checkout", "--quiet", "-b", "theirs")
    git(tree, "commit", "--quiet", "--allow-empty", "-m", "something else")
    git(tree, "cherry-pick", "start..below")
    git(tree, "tag", "--delete", "below")
    git(tree, "checkout", "--quiet", "main")
    found = find_base(series, tree)
    assert found.commit == git(tree, "rev-parse", "theirs")
    assert ways(found) == [("base-commit", False), ("prerequisite-patch-id", True)]


def test_prerequisites_that_do_not_apply(stacked: tuple[Path, Series, Path], git: Git) -> None:
    tree, series, below = stacked
    change(git, tree, "f", "line 29\n", "line Z\n", "in the way")
    applied, _found = apply_to(series, tree=tree, prerequisites=below)
    assert applied.state is ApplyState.NEEDS_PREREQUISITE
    assert "a prerequisite does not apply here: patch 1" in applied.reason
    assert applied.conflict is not None
    assert applied.conflict.subject == "first below"


def test_the_command_tells_each_try(
    moved: tuple[Path, Series], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tree, mails = str(moved[0]), str(tmp_path / "mails")
    assert run(["apply", mails, "--tree", tree]) == 1
    captured = capsys.readouterr()
    assert "    - line 30" in captured.out
    assert "    + line XXX" in captured.out
    assert "f: another line 30" in captured.out
    assert "--onto auto" in captured.err
    assert run(["apply", mails, "--tree", tree, "--onto", "auto"]) == 0
    assert "taken: the series applies" in capsys.readouterr().out
    assert run(["apply", mails, "--tree", tree, "--onto", "auto", "--format", "json", "--check"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["base_tries"]
    assert (row["way"], row["taken"]) == ("base-commit", True)
    assert run(["apply", mails, "--tree", tree, "--base-branch", "main"]) == 2
    assert run(["apply", mails, "--tree", tree, "--onto", "auto", "--prerequisites", tree]) == 2


def test_what_head_has_already_is_taken_to_its_own_base(git: Git, git_tree: Tree, tmp_path: Path) -> None:
    """As in the tree of the author, where the patches are commits."""
    tree = git_tree({"f": LINES.encode()})
    start = git(tree, "rev-parse", "HEAD")
    change(git, tree, "f", "line 30\n", "line thirty\n", "f: thirty")
    series = load_series(f"{start}..HEAD", tree=tree)
    applied, found = apply_to(series, tree=tree)
    assert (applied.state, applied.base, found) == (ApplyState.APPLIED, start, None)
    assert "HEAD has every patch already" in applied.reason
    # Where somebody names the commit, or no base is recorded, it is what it is.
    for one, onto in ((series, git(tree, "rev-parse", "HEAD")), (replace(series, base_commit=""), "HEAD")):
        applied, _found = apply_to(one, tree=tree, onto=onto)
        assert applied.state is ApplyState.ALREADY_APPLIED
    assert "--onto auto" in applied.reason
    # A base that HEAD does not hold says nothing about HEAD.
    git(tree, "checkout", "--quiet", "--orphan", "other")
    git(tree, "commit", "--quiet", "-m", "all at once")
    assert apply_to(series, tree=tree)[0].state is ApplyState.ALREADY_APPLIED
