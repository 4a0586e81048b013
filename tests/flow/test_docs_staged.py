# SPDX-License-Identifier: GPL-2.0-only
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.flow.docs_files import DEFAULT_PATH as DOC
from kpatch_tools.flow.docs_files import Against, check_files
from kpatch_tools.flow.docs_staged import read_staged
from kpatch_tools.tools.git import Repository

Tree = Callable[..., Path]
Git = Callable[..., str]
HEADER = "include/uapi/linux/kvm.h"


@pytest.fixture
def tree(git_tree: Tree) -> Path:
    return git_tree({DOC: b"old\n", HEADER: b"#define KVM_X 1\n", "fs/x.c": b"1\n"})


def staged(tree: Path, name: str = DOC):
    repository = Repository.open(tree)
    return read_staged(repository, repository.head(), name, {})


def stage(tree: Path, git: Git, path: str, content: bytes) -> None:
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    (tree / path).write_bytes(content)
    git(tree, "add", path)


def test_what_is_staged_and_not_what_lies_on_disk(tree: Path, git: Git) -> None:
    stage(tree, git, DOC, b"new\n")
    (tree / DOC).write_bytes(b"newer\n")
    found = staged(tree)
    assert (found.before, found.content, found.same_code) == (b"old\n", b"new\n", True)


def test_a_document_that_is_as_it_was(tree: Path, git: Git) -> None:
    stage(tree, git, "fs/x.c", b"2\n")
    found = staged(tree)
    assert (found.before, found.content, found.same_code) == (b"old\n", b"old\n", True)


@pytest.mark.parametrize("path", [HEADER, "arch/x86/kvm/x.c", "virt/kvm/new.c"])
def test_code_that_is_staged_too(tree: Path, git: Git, path: str) -> None:
    stage(tree, git, DOC, b"new\n")
    stage(tree, git, path, b"int x;\n")
    assert not staged(tree).same_code


def test_an_added_document_has_nothing_before(tree: Path, git: Git) -> None:
    stage(tree, git, "Documentation/a b\u00e9.rst", b"text\n")
    found = staged(tree, "Documentation/a b\u00e9.rst")
    assert (found.before, found.content) == (None, b"text\n")


def test_what_is_not_plainly_staged_is_left_to_git(tree: Path, git: Git) -> None:
    assert staged(tree, "nowhere.rst") is None
    git(tree, "rm", "--quiet", "--cached", DOC)
    assert staged(tree) is None


def test_a_conflict_is_left_to_git(tree: Path, git: Git) -> None:
    blob = git(tree, "hash-object", "-w", "--stdin", stdin=b"theirs\n")
    entries = f"0 {'0' * 40}\t{DOC}\n" + "".join(f"100644 {blob} {n}\t{DOC}\n" for n in (1, 2, 3))
    git(tree, "update-index", "--index-info", stdin=entries.encode())
    assert staged(tree) is None


def test_a_hook_reads_the_index_once(tree: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(tree, git, DOC, b"a `b` c\n")
    asked: list[str] = []
    run = Repository.run

    def watch(self, *args, **options):
        asked.append(args[0])
        return run(self, *args, **options)

    monkeypatch.setattr(Repository, "run", watch)
    report = check_files((str(tree / DOC),), against=Against.INDEX)
    assert [finding.rule for finding in report.findings] == ["docs/single-backtick"]
    assert asked.count("diff-index") == 1
    assert not {"ls-files"} & set(asked)
    assert len(asked) <= 6
