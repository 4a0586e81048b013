# SPDX-License-Identifier: GPL-2.0-only
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.apply import apply_series
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.event import Event
from kpatch_tools.model.series import ApplyState, Series
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for

Git = Callable[..., str]
Tree = Callable[..., Path]

LINES = b"".join(b"line %d\n" % number for number in range(1, 41))
FILES = {
    ".gitignore": b"/*\n*.gen\n",
    "Makefile": b"all:\n",
    "mm/a.c": LINES,
    "mm/b.c": LINES.replace(b"line", b"row"),
    "mm/deep/er/c.c": LINES,
    "doc/logo.png": bytes(range(256)),
    "doc/only.rst": b"title\n=====\n",
    "run.sh": b"#!/bin/sh\n",
    "name with blank.txt": b"x\n",
}
COMMITTER = {"GIT_COMMITTER_NAME": "kvet", "GIT_COMMITTER_EMAIL": "kvet@localhost"}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def fingerprint(folder: Path) -> str:
    """Everything in a folder, .git included: names, modes, times and contents.

    Not the times of objects: git renews them on a borrowed object, so that no gc takes it away.
    """
    digest = hashlib.sha256()
    for root, _folders, files in sorted(os.walk(folder)):
        for name in sorted(files):
            path = Path(root) / name
            status = path.lstat()
            time = 0 if ".git/objects" in root else status.st_mtime_ns
            digest.update(f"{path} {status.st_mode} {time}".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def post(git: Git, work: Path, out: Path, base: str, *options: str) -> Series:
    """The commits since ``base`` as a series, read back from an mbox."""
    mails = git(work, "format-patch", "--stdout", "--binary", "-M", "-n", *options, f"{base}..HEAD")
    out.write_bytes(mails.encode() + b"\n")
    return load_series(str(out))


def commit(git: Git, work: Path, message: str, **env: str) -> None:
    git(work, "add", "--force", "--all")
    git(work, "commit", "--quiet", "--file=-", env=env, stdin=message.encode())


@pytest.fixture
def rich(git: Git, git_tree: Tree, tmp_path: Path) -> tuple[Path, Series]:
    """A tree, and a series with every kind of change that a mail can carry."""
    base = git_tree(FILES)
    work = tmp_path / "work"
    git(tmp_path, "clone", "--quiet", str(base), str(work))
    edit(work / "mm/a.c", "line 3\n", "line three\n")
    (work / "new.gen").write_bytes(b"ignored by .gitignore\n")
    commit(
        git,
        work,
        "mm: first, with a body\n\nFrom here on it differs.\n\n  Indented   \n\n\n\nNo more.\n\nLink: x\n",
        GIT_AUTHOR_NAME="J\u00f6rg \u015awi\u0119tek",
        GIT_AUTHOR_DATE="Tue, 2 Jul 2024 23:59:59 -0730",
    )
    (work / "mm/b.c").rename(work / "mm/moved.c")
    edit(work / "mm/moved.c", "row 20\n", "row twenty\n")
    (work / "doc/only.rst").unlink()
    (work / "run.sh").chmod(0o755)
    commit(
        git,
        work,
        "[kvm] move: \u00e4\u00f6\u00fc \u2014 in the subject, which is long enough for a folded header line",
    )
    (work / "doc/logo.png").write_bytes(bytes(reversed(range(256))))
    (work / "brand/new/folder").mkdir(parents=True)
    (work / "brand/new/folder/n\u00e4w file.txt").write_text("no end of line")
    (work / "empty").write_bytes(b"")
    (work / "link").symlink_to("mm/a.c")
    commit(git, work, "binary and new files\n")
    (work / "empty").unlink()
    edit(work / "mm/a.c", "line 3", "line 333")
    edit(work / "mm/deep/er/c.c", "line 40\n", "line forty")
    edit(work / "name with blank.txt", "x", "y\tz")
    commit(
        git,
        work,
        "touch what was touched\n",
        GIT_AUTHOR_NAME='B. "Q" (c), d',
        GIT_AUTHOR_EMAIL="q@example.org",
    )
    return base, post(git, work, tmp_path / "rich.mbox", "HEAD~4")


def test_same_commits_as_git_am(git: Git, rich: tuple[Path, Series], tmp_path: Path) -> None:
    base, series = rich
    judge = tmp_path / "judge"
    git(tmp_path, "clone", "--quiet", str(base), str(judge))
    git(judge, "am", "--quiet", "--committer-date-is-author-date", str(tmp_path / "rich.mbox"), env=COMMITTER)
    expected = git(judge, "rev-list", "--reverse", "HEAD~4..HEAD").split()
    events: list[Event] = []
    applied = apply_series(series, tree=base, sink=events.append)
    assert applied.state is ApplyState.APPLIED
    assert applied.tree == git(judge, "rev-parse", "HEAD^{tree}")
    assert list(applied.commits) == expected
    assert applied.head == expected[-1]
    assert events[-1].done == events[-1].total == 4


def test_the_tree_is_left_alone_byte_for_byte(rich: tuple[Path, Series], git: Git, tmp_path: Path) -> None:
    base, series = rich
    (base / "mm/a.c").write_text("edited, not committed\n")
    before = fingerprint(base)
    store = store_for(base)
    in_store = apply_series(series, tree=base, objects=store)
    in_passing = apply_series(series, tree=base)
    assert in_store.commits == in_passing.commits
    assert fingerprint(base) == before
    assert git(store, "cat-file", "-t", in_store.head) == "commit"
    with pytest.raises(Exception, match="git cat-file"):
        git(base, "cat-file", "-t", in_store.head)


def test_hooks_and_filters_of_the_tree_do_not_run(
    rich: tuple[Path, Series], git: Git, tmp_path: Path
) -> None:
    base, series = rich
    trap = tmp_path / "trap"
    script = f"#!/bin/sh\necho ran >> {trap}\ncat\n"
    for name in ("post-commit", "reference-transaction", "applypatch-msg", "post-index-change", "pre-commit"):
        hook = base / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(script)
        hook.chmod(0o755)
    tool = tmp_path / "tool"
    tool.write_text(script)
    tool.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "filter.f.smudge", "filter.f.clean", "merge.m.driver"):
        git(base, "config", key, str(tool))
    (base / ".git/info").mkdir(exist_ok=True)
    (base / ".git/info/attributes").write_text("* filter=f merge=m diff=f\n")
    applied = apply_series(series, tree=base, branch="made")
    assert applied.state is ApplyState.APPLIED
    assert not trap.exists()


def test_a_callers_git_environment_is_not_heard(
    rich: tuple[Path, Series], git_tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base, series = rich
    expected = apply_series(series, tree=base).commits
    other = git_tree({"x": b"1"}, "other")
    for name in ("GIT_DIR", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "stray-index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "stray-objects"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.bare'='true'")
    assert apply_series(series, tree=base).commits == expected
    assert not (tmp_path / "stray-index").exists()


def test_branch_is_made_and_nothing_else(rich: tuple[Path, Series], git: Git) -> None:
    base, series = rich
    watched = [base / ".git/HEAD", base / ".git/index", base / "mm/a.c", base / ".git/refs/heads/main"]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in watched]
    applied = apply_series(series, tree=base, branch="topic/kvm")
    assert git(base, "rev-parse", "topic/kvm") == applied.head
    assert git(base, "fsck", "--strict", "--no-dangling") == ""
    assert git(base, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in watched] == before
    for taken in ("topic/kvm", "main"):
        with pytest.raises(UserError, match="exists already"):
            apply_series(series, tree=base, branch=taken)
    for bad in ("a..b", "-x", "", "a b", "@{-1}"):
        with pytest.raises(UserError, match="no good name"):
            apply_series(series, tree=base, branch=bad)


def test_a_linked_worktree_and_a_bare_repository_serve(
    rich: tuple[Path, Series], git: Git, tmp_path: Path
) -> None:
    base, series = rich
    expected = apply_series(series, tree=base).commits
    git(base, "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    git(tmp_path, "clone", "--quiet", "--bare", str(base), str(tmp_path / "bare.git"))
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{base}", str(tmp_path / "shallow"))
    for tree in ("linked", "bare.git", "shallow"):
        assert apply_series(series, tree=tmp_path / tree).commits == expected
    made = apply_series(series, tree=tmp_path / "shallow", branch="b")
    assert git(tmp_path / "shallow", "rev-parse", "b") == made.head


def test_sha256_repositories(git: Git, tmp_path: Path) -> None:
    tree = tmp_path / "sha256"
    tree.mkdir()
    git(tree, "init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    (tree / "d").mkdir()
    (tree / "d/x").write_bytes(LINES)
    commit(git, tree, "base")
    edit(tree / "d/x", "line 3\n", "line three\n")
    commit(git, tree, "change")
    series = post(git, tree, tmp_path / "x.mbox", "HEAD~1")
    applied = apply_series(series, tree=tree, onto="HEAD~1")
    assert applied.tree == git(tree, "rev-parse", "HEAD^{tree}")


def test_already_applied_wholly_and_in_part(rich: tuple[Path, Series], git: Git) -> None:
    base, series = rich
    applied = apply_series(series, tree=base, branch="done")
    again = apply_series(series, tree=base, onto="done")
    assert (again.state, again.commits, again.head) == (ApplyState.ALREADY_APPLIED, (), applied.head)
    assert again.tree == applied.tree
    part = apply_series(series, tree=base, onto=applied.commits[1])
    assert part.state is ApplyState.APPLIED
    assert part.reason == "already in the base: 1/4, 2/4"
    assert part.commits == (applied.commits[1], applied.commits[1], *applied.commits[2:])


def test_a_patch_in_the_middle_that_is_there_is_passed_over(git: Git, git_tree: Tree, tmp_path: Path) -> None:
    base = git_tree({"a": LINES, "b": LINES})
    for name, old in (("a", "line 5\n"), ("b", "line 6\n"), ("a", "line 35\n")):
        edit(base / name, old, f"{old.strip()} changed\n")
        commit(git, base, f"change {old}")
    series = post(git, base, tmp_path / "x.mbox", "HEAD~3")
    git(base, "checkout", "--quiet", "-b", "picked", "HEAD~3")
    git(base, "cherry-pick", "main~1")
    applied = apply_series(series, tree=base)
    assert applied.state is ApplyState.APPLIED
    assert applied.reason == "already in the base: 2/3"
    assert applied.commits[1] == applied.commits[0]
    assert applied.tree == git(base, "rev-parse", "main^{tree}")


def test_offsets_and_three_way_merges(git: Git, git_tree: Tree, tmp_path: Path) -> None:
    base = git_tree({"a": LINES})
    edit(base / "a", "line 20\n", "line twenty\n")
    commit(git, base, "change")
    series = post(git, base, tmp_path / "x.mbox", "HEAD~1", "--full-index")
    git(base, "checkout", "--quiet", "-b", "offset", "HEAD~1")
    edit(base / "a", "line 1\n", "line 0\nline 0\nline 1\n")
    commit(git, base, "shift")
    assert apply_series(series, tree=base).reason == ""
    edit(base / "a", "line 22\n", "line near\n")
    commit(git, base, "context")
    merged = apply_series(series, tree=base)
    assert (merged.state, merged.reason) == (ApplyState.APPLIED, "applied by a three-way merge: 1/1")
    blob = Repository.open(base)
    made = apply_series(series, tree=base, branch="merged")
    text = blob.read_blob(made.head, "a")
    assert text is not None
    assert b"line twenty\nline 21\nline near\n" in text


def test_a_conflict_names_patch_file_hunk_and_line(git: Git, git_tree: Tree, tmp_path: Path) -> None:
    base = git_tree({"mm/a.c": LINES, "b": b"1\n"})
    edit(base / "b", "1", "2")
    commit(git, base, "fits")
    edit(base / "mm/a.c", "line 5\n", "line five\n")
    edit(base / "mm/a.c", "line 30\n", "line thirty\n")
    commit(git, base, "does not fit")
    series = post(git, base, tmp_path / "x.mbox", "HEAD~2", "--full-index")
    git(base, "checkout", "--quiet", "-b", "other", "HEAD~2")
    edit(base / "mm/a.c", "line 30\n", "line else\n")
    commit(git, base, "other")
    before = fingerprint(base)
    applied = apply_series(series, tree=base, branch="never")
    assert applied.state is ApplyState.CONFLICT
    assert (applied.commits, applied.tree, applied.head) == ((), "", applied.base)
    conflict = applied.conflict
    assert conflict is not None
    assert (conflict.patch, conflict.subject) == (2, "does not fit")
    assert (conflict.path, conflict.line) == ("mm/a.c", 27)
    assert conflict.hunk.startswith("@@ -27,7 +27,7 @@")
    assert "error: patch failed: mm/a.c:27" in conflict.detail
    assert applied.reason.startswith("patch 2/2 does not apply at mm/a.c:27; it was made for another version")
    assert fingerprint(base) == before


def test_a_missing_file_is_a_conflict_too(git: Git, git_tree: Tree, tmp_path: Path) -> None:
    base = git_tree({"a": LINES, "b": b"1\n"})
    edit(base / "b", "1", "2")
    commit(git, base, "change b")
    series = post(git, base, tmp_path / "x.mbox", "HEAD~1")
    git(base, "checkout", "--quiet", "-b", "other", "HEAD~1")
    git(base, "rm", "--quiet", "b")
    git(base, "commit", "--quiet", "-m", "gone")
    conflict = apply_series(series, tree=base).conflict
    assert conflict is not None
    assert (conflict.path, conflict.line, conflict.hunk) == ("b", 0, "")
    assert "does not exist" in conflict.detail


@pytest.mark.parametrize("in_the_way", ["file where a folder must be", "folder where a file must be", "link"])
def test_what_stands_in_the_way_is_seen(git: Git, git_tree: Tree, tmp_path: Path, in_the_way: str) -> None:
    base = git_tree({"x": b"x\n"})
    new = "dir/new" if in_the_way != "folder where a file must be" else "new"
    (base / new).parent.mkdir(exist_ok=True)
    (base / new).write_text("new\n")
    commit(git, base, "add")
    series = post(git, base, tmp_path / "x.mbox", "HEAD~1")
    git(base, "checkout", "--quiet", "-b", "other", "HEAD~1")
    if in_the_way == "link":
        (base / "dir").symlink_to("/etc")
    elif new == "new":
        (base / "new").mkdir()
        (base / "new/inner").write_text("1\n")
    else:
        (base / "dir").write_text("1\n")
    commit(git, base, "in the way")
    assert apply_series(series, tree=base).state is ApplyState.CONFLICT


def test_a_file_may_become_a_folder_within_a_series(git: Git, git_tree: Tree, tmp_path: Path) -> None:
    base = git_tree({"a": b"1\n", "keep": b"1\n"})
    (base / "a").unlink()
    commit(git, base, "remove")
    (base / "a").mkdir()
    (base / "a/b").write_text("2\n")
    commit(git, base, "add below")
    series = post(git, base, tmp_path / "x.mbox", "HEAD~2")
    applied = apply_series(series, tree=base, onto="HEAD~2")
    assert applied.tree == git(base, "rev-parse", "HEAD^{tree}")


def test_an_incomplete_series_is_not_tried(rich: tuple[Path, Series], tmp_path: Path) -> None:
    base, _series = rich
    whole = (tmp_path / "rich.mbox").read_text()
    (tmp_path / "part.mbox").write_text(whole[: whole.rindex("\nFrom ") + 1])
    applied = apply_series(load_series(str(tmp_path / "part.mbox")), tree=base)
    assert (applied.state, applied.reason) == (ApplyState.INCOMPLETE, "1 of 4 patches missing: 4/4")
    assert applied.commits == ()


def test_mails_without_a_usable_date_or_author(git_tree: Tree, git: Git, tmp_path: Path) -> None:
    base = git_tree({"x": b"a\n"})
    diff = "---\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    for date in ("", "Date: the day after\n"):
        (tmp_path / "m.patch").write_text(f"From: A <a@b>\n{date}Subject: [PATCH] s\n\n{diff}")
        applied = apply_series(load_series(str(tmp_path / "m.patch")), tree=base, objects=store_for(base))
        shown = git(store_for(base), "log", "-1", "--format=%at %ct %cn", applied.head)
        assert shown == "0 0 kvet"
    (tmp_path / "m.patch").write_text(f"From: <>\nSubject: [PATCH] s\n\n{diff}")
    with pytest.raises(UserError, match="no author"):
        apply_series(load_series(str(tmp_path / "m.patch")), tree=base)


def test_trees_and_commits_that_are_none(rich: tuple[Path, Series], git: Git, tmp_path: Path) -> None:
    base, series = rich
    (tmp_path / "plain").mkdir()
    (tmp_path / "unborn").mkdir()
    git(tmp_path / "unborn", "init", "--quiet")
    for tree, onto, words in (
        (tmp_path / "plain", "HEAD", "is not a git tree"),
        (tmp_path / "absent", "HEAD", "does not exist"),
        (base / "mm", "HEAD", "is not the top of a git tree"),
        (base, "no-such-ref", "names no commit"),
        (base, "--all", "names no commit"),
        (tmp_path / "unborn", "HEAD", "without a commit"),
    ):
        with pytest.raises(UserError, match=words):
            apply_series(series, tree=tree, onto=onto)


def edited(git: Git, work: Path, *changes: tuple[str, bytes | None]) -> None:
    """One commit for each change: a path and its new content, None to remove it."""
    for number, (path, content) in enumerate(changes):
        if content is None:
            git(work, "rm", "-q", path)
        else:
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_bytes(content)
            git(work, "add", "-f", path)
        commit(git, work, f"change {number}")


@pytest.mark.parametrize(
    "changes",
    [
        (("a", b"1\n"), ("b", b"2\n"), ("c", b"3\n")),
        (("a", b"1\n"), ("a", b"2\n"), ("b", b"3\n"), ("a", b"4\n")),
        # A file makes room for a folder of its name, and the other way round.
        (("b", b"1\n"), ("a", None), ("a/x", b"2\n"), ("a/x", None), ("a", b"3\n")),
    ],
)
def test_patches_that_go_in_together_make_the_commits_of_git_am(
    git: Git, git_tree: Tree, tmp_path: Path, changes: tuple[tuple[str, bytes | None], ...]
) -> None:
    tree = git_tree({"a": b"a\n", "b": b"b\n"})
    base = git(tree, "rev-parse", "HEAD")
    edited(git, tree, *changes)
    series = post(git, tree, tmp_path / "s.mbox", base)
    git(tree, "checkout", "-q", "--detach", base)
    applied = apply_series(series, tree=tree, objects=store_for(tree))
    git(tree, "am", "-q", "--committer-date-is-author-date", str(tmp_path / "s.mbox"), env=COMMITTER)
    assert list(applied.commits) == git(tree, "rev-list", "--reverse", f"{base}..HEAD").split()


def test_a_conflict_among_patches_of_other_files_is_the_right_one(
    git: Git, git_tree: Tree, tmp_path: Path
) -> None:
    tree = git_tree({"a": b"a\n", "b": b"b\n", "c": b"c\n"})
    base = git(tree, "rev-parse", "HEAD")
    edited(git, tree, ("a", b"1\n"), ("b", b"2\n"), ("c", b"3\n"))
    series = post(git, tree, tmp_path / "s.mbox", base)
    git(tree, "checkout", "-q", "--detach", base)
    edited(git, tree, ("b", b"other\n"))
    applied = apply_series(series, tree=tree)
    assert applied.state is ApplyState.CONFLICT
    assert applied.conflict
    assert (applied.conflict.patch, applied.conflict.path) == (2, "b")
