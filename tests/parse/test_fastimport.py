# SPDX-License-Identifier: GPL-2.0-only
"""The stream is fed to git itself: what comes out is read back with git's own commands."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpatch_tools.errors import ToolFailed
from kpatch_tools.model.run import Command, RunResult
from kpatch_tools.parse.fastimport import NewCommit, read_answer, stream
from kpatch_tools.parse.gittree import Entry
from kpatch_tools.tools import process

WHO = "A <a@b> 1712873243 -0700"
NAMES = st.text(st.sampled_from('ab"\\ é\n.'), min_size=1, max_size=5).filter(
    lambda name: name.strip(". ") == name
)


def git(*args: str, cwd: Path, stdin: bytes = b"") -> RunResult:
    identity = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = Command(argv=("git", *args), timeout=60.0, cwd=cwd, stdin=stdin, env=identity)
    return process.run(command).ok_or_raise(f"git {args[0]}")


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    git("init", "-q", "--bare", ".", cwd=folder)
    return folder


def blob(store: Path, text: bytes = b"text\n") -> Entry:
    made = git("hash-object", "-w", "--stdin", cwd=store, stdin=text).text.strip()
    return Entry(mode="100644", id=made)


def base(store: Path) -> str:
    tree = git("mktree", cwd=store).text.strip()
    return git("commit-tree", tree, cwd=store, stdin=b"base\n").text.strip()


def imported(store: Path, *commits: NewCommit) -> tuple[tuple[str, ...], str]:
    answer = git("fast-import", "--quiet", cwd=store, stdin=stream(base(store), commits)).text
    return read_answer(answer, len(commits))


def commit(changes: dict[str, Entry | None], message: bytes = b"m\n") -> NewCommit:
    return NewCommit(author=WHO, committer=WHO, message=message, changes=changes)


def files(store: Path, name: str) -> dict[str, str]:
    shown = git("ls-tree", "-r", "-z", name, cwd=store).stdout.decode()
    entries = (record.partition("\t") for record in shown.split("\0") if record)
    return {path: head.split()[2] for head, _tab, path in entries}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES, min_size=1, max_size=4, unique=True), message=st.binary(max_size=30))
def test_any_name_and_any_message_arrive(store: Path, names: list[str], message: bytes):
    entry = blob(store)
    (made,), tree = imported(store, commit({f"dir/{name}": entry for name in names}, message))
    assert files(store, made) == {f"dir/{name}": entry.id for name in names}
    assert git("rev-parse", f"{made}^{{tree}}", cwd=store).text.strip() == tree
    raw = git("cat-file", "commit", made, cwd=store).stdout
    assert raw.partition(b"\n\n")[2] == message
    assert f"author {WHO}\ncommitter {WHO}".encode() in raw


def test_commits_stand_on_each_other_and_no_ref_is_left(store: Path):
    first, second = blob(store), blob(store, b"other\n")
    made, tree = imported(
        store, commit({"a/b": first, "c": first}), commit({"a/b": None, "a": second, "c": None})
    )
    assert files(store, made[0]) == {"a/b": first.id, "c": first.id}
    assert files(store, made[1]) == files(store, tree) == {"a": second.id}
    assert git("rev-parse", f"{made[1]}^", cwd=store).text.strip() == made[0]
    assert git("for-each-ref", cwd=store).text == ""


def test_a_file_becomes_a_folder(store: Path):
    entry = blob(store)
    made, _tree = imported(store, commit({"a": entry}), commit({"a/b": entry, "a": None}))
    assert files(store, made[1]) == {"a/b": entry.id}


def test_the_last_file_goes(store: Path):
    made, tree = imported(store, commit({"a": blob(store)}), commit({"a": None}))
    assert files(store, made[1]) == {}
    assert tree in {"", git("rev-parse", f"{made[1]}^{{tree}}", cwd=store).text.strip()}


def test_a_message_can_give_no_orders(store: Path):
    hostile = b"m\n\ncommit refs/heads/evil\nreset refs/heads/evil\nfrom HEAD\n"
    (made,), _tree = imported(store, commit({"a": blob(store)}, hostile))
    assert git("for-each-ref", cwd=store).text == ""
    assert git("cat-file", "commit", made, cwd=store).stdout.endswith(hostile)


@pytest.mark.parametrize("answer", ["", "040000 tree 12\t\n", "a\nb\nc\n040000 tree 12\t\n"])
def test_another_count_of_commits_is_an_error(answer: str):
    with pytest.raises(ToolFailed, match="of 2"):
        read_answer(answer, 2)
