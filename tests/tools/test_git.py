# SPDX-License-Identifier: GPL-2.0-only
import io
from collections.abc import Callable
from pathlib import Path

import git as gitpython
import pytest

from kpatch_tools.errors import EnvironmentFault, ToolFailed, UserError
from kpatch_tools.model.run import Command, Ended, RunResult
from kpatch_tools.tools import git as git_tool
from kpatch_tools.tools.git import Repository

Git = Callable[..., str]
Tree = Callable[..., Path]


def test_what_a_repository_answers(git: Git, git_tree: Tree) -> None:
    tree = git_tree({"d/x": b"one\n", "bin": b"\0\xff"})
    repository = Repository.open(tree)
    head = git(tree, "rev-parse", "HEAD")
    assert repository.path == repository.top == tree
    assert repository.head() == repository.resolve("main") == repository.resolve(head[:10]) == head
    assert repository.tree_id(head) == git(tree, "rev-parse", "HEAD^{tree}")
    assert repository.read_blob(head, "d/x") == b"one\n"
    assert repository.read_blob(head, "bin") == b"\0\xff"
    assert repository.read_blob(head, "absent") is None
    assert repository.read_blob(head, "d") is None
    with pytest.raises(UserError, match="line break"):
        repository.read_blob(head, "a\nb")


def test_a_tag_is_the_commit_it_names(git: Git, git_tree: Tree) -> None:
    tree = git_tree({"x": b"1"})
    git(tree, "tag", "-a", "-m", "t", "v1")
    assert Repository.open(tree).resolve("v1") == git(tree, "rev-parse", "HEAD")


def test_worktrees_bare_repositories_and_git_folders(git: Git, git_tree: Tree, tmp_path: Path) -> None:
    tree = git_tree({"x": b"1"})
    linked = tmp_path / "linked"
    git(tree, "worktree", "add", "--quiet", "--detach", str(linked))
    git(tmp_path, "clone", "--quiet", "--bare", str(tree), str(tmp_path / "bare.git"))
    (tmp_path / "link").symlink_to(tree)
    for path, top in (
        (linked, linked),
        (tmp_path / "bare.git", None),
        (tree / ".git", tree),
        (tmp_path / "link", tree),
    ):
        repository = Repository.open(path)
        assert repository.top == top
        assert repository.head() == git(tree, "rev-parse", "HEAD")
    assert Repository.open(linked).common_dir == Repository.open(tree).common_dir == tree / ".git"


def test_a_folder_inside_a_tree_is_found_only_when_asked(git_tree: Tree) -> None:
    tree = git_tree({"d/e/x": b"1"})
    assert Repository.discover(tree / "d/e").path == tree
    with pytest.raises(UserError, match="it lies inside") as caught:
        Repository.open(tree / "d")
    assert str(tree) in caught.value.cure


def test_what_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path, words in (
        (tmp_path, "not a git tree"),
        (tmp_path / "file", "not a folder"),
        (tmp_path / "absent", "does not exist"),
        (tmp_path / ("x" * 5000), "too long"),
    ):
        with pytest.raises(UserError, match=words):
            Repository.open(path)


def test_a_tree_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(command: Command) -> RunResult:
        words = b"fatal: detected dubious ownership in repository at '/x'\n"
        return RunResult(command=command, ended=Ended.EXITED, returncode=128, stderr=words)

    monkeypatch.setattr(git_tool.process, "run", refuse)
    with pytest.raises(UserError, match="another user") as caught:
        Repository.open(tmp_path)
    assert "safe.directory" in caught.value.cure


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="git is not installed"):
        Repository.open(tmp_path)


def test_gitpython_runs_through_our_process_layer(
    git: Git, git_tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = git_tree({"x": b"1\n"})
    seen: list[Command] = []
    real = git_tool.process.run

    def watch(command: Command) -> RunResult:
        seen.append(command)
        return real(command)

    monkeypatch.setattr(git_tool.process, "run", watch)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    repository = Repository.open(tree).repo
    assert repository.git.rev_parse("HEAD") == git(tree, "rev-parse", "HEAD")
    assert (
        repository.git.hash_object("--stdin", istream=io.BytesIO(b""))
        == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    )
    status, _out, words = repository.git.rev_parse("nope", with_extended_output=True, with_exceptions=False)
    assert status != 0
    assert "nope" in words
    with pytest.raises(gitpython.GitCommandError):
        repository.git.rev_parse("nope")
    with pytest.raises(NotImplementedError):
        repository.git.cat_file("--batch", as_process=True)
    assert all(
        "core.hooksPath=/dev/null" in command.argv for command in seen if "rev-parse" not in command.argv[1]
    )


def test_damaged_answers_are_faults(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="less than it announced"):
        list(git_tool._batch(b"1234 blob 9\nshort\n", 1, tmp_path))
    with pytest.raises(ToolFailed, match="answered"):
        list(git_tool._batch(b"fatal: what\n", 1, tmp_path))


def test_a_borrowed_store_follows_its_owner(git: Git, git_tree: Tree, tmp_path: Path) -> None:
    tree = git_tree({"x": b"1"})
    owner = Repository.open(tree)
    store = Repository.create(tmp_path / "store.git", borrow=owner)
    head = owner.head()
    assert store.read_blob(head, "x") == b"1"
    alternates = tmp_path / "store.git/objects/info/alternates"
    before = alternates.stat().st_mtime_ns
    store.borrow(owner)
    assert alternates.stat().st_mtime_ns == before


def test_a_folder_that_may_not_be_read_is_no_want_of_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started in such a folder, git is not found by the system: it cannot go there."""
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    with pytest.raises(UserError, match="you may not read it"):
        Repository.open(tmp_path)
