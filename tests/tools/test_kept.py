# SPDX-License-Identifier: GPL-2.0-only
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.model.event import Event
from kpatch_tools.tools import kept

Git = Callable[..., str]
Tree = Callable[..., Path]


@pytest.fixture
def two(git: Git, git_tree: Tree) -> tuple[Path, str, str]:
    """A tree and two of its commits, which differ in one file."""
    tree = git_tree({"same": b"1\n", "sub/changed": b"old\n", ".gitignore": b"*.o\n"})
    old = git(tree, "rev-parse", "HEAD")
    (tree / "sub/changed").write_text("new\n")
    git(tree, "commit", "--quiet", "-am", "new")
    return tree, old, git(tree, "rev-parse", "HEAD")


def test_only_files_that_differ_are_written(two: tuple[Path, str, str], git: Git) -> None:
    tree, old, new = two
    with kept.worktree(tree, old) as place:
        assert (place / "sub/changed").read_text() == "old\n"
        times = {name: (place / name).stat().st_mtime_ns for name in ("same", "sub/changed")}
    with kept.worktree(tree, new) as again:
        assert again == place
        assert (place / "sub/changed").read_text() == "new\n"
        assert (place / "same").stat().st_mtime_ns == times["same"]
        assert (place / "sub/changed").stat().st_mtime_ns != times["sub/changed"]
        assert git(place, "rev-parse", "HEAD") == new
        assert git(place, "status", "--porcelain", "--ignored") == ""
    assert git(tree, "worktree", "list").count("\n") == 0


def test_whatever_was_left_behind_is_put_right(two: tuple[Path, str, str], git: Git) -> None:
    tree, old, new = two
    with kept.worktree(tree, old) as place:
        git_dir = Path(git(place, "rev-parse", "--absolute-git-dir"))
    (git_dir / "index.lock").write_bytes(b"half")
    (git_dir / "HEAD.lock").write_bytes(b"")
    (place / "same").write_text("edited\n")
    (place / "sub/changed").unlink()
    (place / "stray.o").write_text("ignored by .gitignore\n")
    (place / "extra").mkdir()
    (place / "extra/file").write_text("x")
    with kept.worktree(tree, new):
        assert (place / "same").read_text() == "1\n"
        assert (place / "sub/changed").read_text() == "new\n"
        assert git(place, "status", "--porcelain", "--ignored") == ""


@pytest.mark.parametrize(
    "damage", ["empty index", "junk index", "no link", "no git dir", "half first checkout"]
)
def test_a_checkout_beyond_repair_is_made_anew(two: tuple[Path, str, str], git: Git, damage: str) -> None:
    tree, old, new = two
    with kept.worktree(tree, old) as place:
        git_dir = Path(git(place, "rev-parse", "--absolute-git-dir"))
    if damage == "empty index":
        (git_dir / "index").write_bytes(b"")
    elif damage == "junk index":
        (git_dir / "index").write_bytes(b"junk" * 100)
    elif damage == "no link":
        (place / ".git").unlink()
    elif damage == "no git dir":
        shutil.rmtree(git_dir)
    else:
        git(place, "read-tree", "HEAD")
        (place / "same").unlink()
        (git_dir / "index.lock").write_bytes(b"")
    with kept.worktree(tree, new):
        assert (place / "sub/changed").read_text() == "new\n"
        assert git(place, "status", "--porcelain", "--ignored") == ""
        assert git(place, "rev-parse", "HEAD") == new


def test_a_checkout_with_folders_too_deep_for_rmtree_is_made_anew(
    two: tuple[Path, str, str], git: Git
) -> None:
    tree, old, _new = two
    blob = git(tree, "rev-parse", "HEAD:same")
    git(tree, "update-index", "--add", "--cacheinfo", f"100644,{blob},{'d/' * 1100}file")
    git(tree, "commit", "--quiet", "--message=deep")
    with kept.worktree(tree, git(tree, "rev-parse", "HEAD")) as place:
        assert (place / "d/d/d").is_dir()
    (place / ".git").unlink()
    with kept.worktree(tree, old):
        assert not (place / "d").exists()


def test_the_cache_may_be_deleted(two: tuple[Path, str, str]) -> None:
    tree, old, _new = two
    for victim in ("store.git", "tree", ""):
        with kept.worktree(tree, old) as place:
            assert (place / "same").is_file()
        shutil.rmtree(kept.work_dir(tree) / victim)
    with kept.worktree(tree, old) as place:
        assert (place / "same").is_file()


def test_the_first_checkout_tells_its_progress(
    two: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, old, new = two
    monkeypatch.setattr(kept, "BATCH", 1)
    events: list[Event] = []
    with kept.worktree(tree, old, events.append):
        pass
    assert [(event.done, event.total) for event in events if event.total] == [(0, 3), (1, 3), (2, 3)]
    events.clear()
    with kept.worktree(tree, new, events.append):
        pass
    assert not [event for event in events if event.total]


def test_worktrees_of_one_repository_share_a_store(
    two: tuple[Path, str, str], git: Git, tmp_path: Path, git_tree: Tree
) -> None:
    tree, _old, _new = two
    git(tree, "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    assert kept.store_for(tree) == kept.store_for(tmp_path / "linked")
    assert kept.store_for(tree) != kept.store_for(git_tree({"x": b"1"}, "other"))


def test_two_runs_take_turns(two: tuple[Path, str, str]) -> None:
    tree, old, new = two
    inside: list[str] = []
    faults: list[str] = []

    def hold(commit: str, expected: str) -> None:
        with kept.worktree(tree, commit) as place:
            inside.append(commit)
            if len(inside) != 1 or (place / "sub/changed").read_text() != expected:
                faults.append(commit)
            inside.remove(commit)

    threads = [threading.Thread(target=hold, args=pair) for pair in [(old, "old\n"), (new, "new\n")] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_commits_and_trees_that_are_not_there(two: tuple[Path, str, str], tmp_path: Path) -> None:
    tree, _old, _new = two
    with pytest.raises(EnvironmentFault, match="is neither in"), kept.worktree(tree, "1" * 40):
        pass
    with pytest.raises(UserError, match="not a git tree"):
        kept.store_for(tmp_path)


def test_a_git_that_outlived_its_run_is_waited_for(
    two: tuple[Path, str, str], git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, old, new = two
    with kept.worktree(tree, old) as place:
        git_dir = Path(git(place, "rev-parse", "--absolute-git-dir"))
    (git_dir / "index.lock").write_bytes(b"")
    monkeypatch.setattr(kept, "POLL_S", 0.01)
    orphan = threading.Thread(target=git, args=(place, "-c", "alias.slow=!sleep 1", "slow"))
    orphan.start()
    while not kept._git_in(place):
        pass
    monkeypatch.setattr(kept, "ORPHAN_S", -1.0)
    with pytest.raises(EnvironmentFault, match="still works in"), kept.worktree(tree, new):
        pass
    monkeypatch.setattr(kept, "ORPHAN_S", 60.0)
    with kept.worktree(tree, new):
        assert not kept._git_in(place)
        assert (place / "sub/changed").read_text() == "new\n"
    orphan.join()


def test_many_packs_become_one_and_nothing_is_lost(
    two: tuple[Path, str, str], git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, _old, new = two
    monkeypatch.setattr(kept, "MAX_PACKS", 1)
    store = kept.store_for(tree)
    made = []
    for number in range(3):
        text = f"content {number}\n".encode()
        stream = b"blob\nmark :1\ndata %d\n%s\nget-mark :1\n" % (len(text), text)
        asked = git(store, "-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", stdin=stream)
        made.append(asked)
    loose = git(store, "hash-object", "-w", "--stdin", stdin=b"loose\n")
    packs = store / "objects/pack"
    assert len(list(packs.glob("*.pack"))) == 3
    assert kept.store_for(tree) == store
    assert len(list(packs.glob("*.pack"))) == 1
    assert [git(store, "cat-file", "-t", name) for name in (*made, loose)] == ["blob"] * 4
    # What the user's repository has is borrowed still, not copied.
    shutil.move(tree / ".git/objects", tree / "away")
    with pytest.raises(Exception, match="cat-file"):
        git(store, "cat-file", "-t", new)
