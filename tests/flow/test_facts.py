# SPDX-License-Identifier: GPL-2.0-only
"""Facts of commits, of the index and of folders, and their cache; then documents held against them."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kpatch_tools.errors import ToolFailed
from kpatch_tools.flow import facts as flow_facts
from kpatch_tools.flow.docs_files import DEFAULT_PATH, Against, check_files
from kpatch_tools.flow.docs_series import check_series
from kpatch_tools.flow.facts import facts_of, facts_of_index
from kpatch_tools.model.report import Status
from kpatch_tools.tools import kernelfacts
from kpatch_tools.tools.files import cache_dir, data_dir
from kpatch_tools.tools.git import Repository

TREES = data_dir("docs-check") / "corpus" / "tree"
KVM_H = "include/uapi/linux/kvm.h"
MAIN = "virt/kvm/kvm_main.c"
BASE = "4. API\n======\n\nText.\n"


def section(name: str, capability: str) -> str:
    return (
        f"\n4.1 {name}\n{'-' * (len(name) + 4)}\n\n:Capability: {capability}\n:Architectures: all\n"
        f":Type: vm ioctl\n:Parameters: struct kvm_zone (in)\n:Returns: 0\n"
    )


@pytest.fixture
def kernel(git_tree) -> Path:
    """The small kernel tree with a document, in git."""
    found = {path.relative_to(TREES / "small").as_posix(): path for path in (TREES / "small").rglob("*.*")}
    files = {name: path.read_bytes() for name, path in found.items() if path.is_file()}
    files["Makefile"] = (TREES / "small" / "Makefile").read_bytes()
    files[DEFAULT_PATH] = BASE.encode()
    return git_tree(files, "kernel")


def grow(kernel: Path) -> None:
    shutil.copytree(TREES / "small-next", kernel, dirs_exist_ok=True)


def rules(report) -> list[tuple[str, str, int]]:
    return [(one.rule, one.location.path, one.location.patch) for one in report.findings]


def counted(monkeypatch) -> list[int]:
    calls: list[int] = []
    real = flow_facts.parse_facts

    def parse(texts):
        calls.append(1)
        return real(texts)

    monkeypatch.setattr(flow_facts, "parse_facts", parse)
    return calls


def test_a_commit_the_index_and_the_folder_say_the_same_and_are_read_once(kernel, monkeypatch):
    calls = counted(monkeypatch)
    repository = Repository.open(kernel)
    first = facts_of(repository)
    assert first is not None
    assert "KVM_SET_PAIR" in first.ioctls
    assert first == facts_of(repository, "main") == facts_of_index(repository) == facts_of(kernel)
    assert first.label == facts_of(kernel).label == "Linux 9.1.0"
    assert len(calls) == 1


def test_each_of_the_three_sees_its_own_change(kernel, git):
    repository = Repository.open(kernel)
    grow(kernel)
    assert "KVM_DRAIN_ZONE" in facts_of(kernel).ioctls
    assert "KVM_DRAIN_ZONE" not in facts_of_index(repository).ioctls
    git(kernel, "add", "--all")
    assert "KVM_DRAIN_ZONE" in facts_of_index(repository).ioctls
    assert "KVM_DRAIN_ZONE" not in facts_of(repository).ioctls
    git(kernel, "commit", "-qm", "grow")
    assert "KVM_DRAIN_ZONE" in facts_of(repository).ioctls
    assert "KVM_DRAIN_ZONE" not in facts_of(repository, "HEAD~").ioctls


def test_a_damaged_cache_is_read_anew(kernel, monkeypatch):
    repository = Repository.open(kernel)
    good = facts_of(repository)
    calls = counted(monkeypatch)
    for number, damage in enumerate((b"", b"x" * 40, b"\xff" * 4000), 1):
        for path in cache_dir("facts").iterdir():
            path.write_bytes(damage)
        assert facts_of(repository) == good
        assert len(calls) == number
    for path in cache_dir("facts").iterdir():
        path.unlink()
    assert facts_of(repository) == good


def test_several_at_once(kernel):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: facts_of(Repository.open(kernel)), range(8)))
    assert all(facts == found[0] for facts in found)


def test_the_cache_keeps_the_newest(kernel, monkeypatch):
    monkeypatch.setattr(kernelfacts, "_KEPT", 2)
    for number in range(4):
        (kernel / "Makefile").write_text(f"VERSION = {number}\nPATCHLEVEL = 0\nSUBLEVEL = 0\n")
        assert facts_of(kernel).label == f"Linux {number}.0.0"
    assert len(list(cache_dir("facts").glob("*.facts"))) == 2


def test_without_kvm_there_are_none(git_tree, tmp_path):
    tree = git_tree({"README": b"x\n"})
    repository = Repository.open(tree)
    assert facts_of(repository) is facts_of_index(repository) is facts_of(tree) is None
    assert facts_of(repository, "no-such-ref") is None
    assert facts_of(tmp_path / "no-such-folder") is None


def test_a_tree_that_lacks_objects_is_no_tree_without_names(kernel, git):
    name = git(kernel, "rev-parse", f"HEAD:{MAIN}")
    (kernel / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(ToolFailed, match=MAIN):
        facts_of(Repository.open(kernel))


def test_the_work_tree_is_held_against_its_own_headers(kernel):
    (kernel / DEFAULT_PATH).write_text(BASE + section("KVM_DRAIN_ZONE", "KVM_CAP_DRAIN_ZONE"))
    report = check_files((), tree=kernel)
    assert {rule for rule, *_ in rules(report)} == {"docs/unknown-name", "docs/capability-unknown"}
    assert "code of Linux 9.1.0" in dict(report.checks[0].facts)[DEFAULT_PATH]
    grow(kernel)
    assert check_files((), tree=kernel).findings == ()


def test_what_is_staged_is_held_against_the_staged_headers(kernel, git):
    (kernel / DEFAULT_PATH).write_text(BASE + section("KVM_DRAIN_ZONE", "KVM_CAP_DRAIN_ZONE"))
    git(kernel, "add", DEFAULT_PATH)
    grow(kernel)
    assert len(check_files((), tree=kernel, against=Against.INDEX).findings) == 2
    git(kernel, "add", "--all")
    assert check_files((), tree=kernel, against=Against.INDEX).findings == ()


def test_an_added_ioctl_without_a_section_is_a_finding_though_the_document_is_as_it_was(kernel):
    grow(kernel)
    report = check_files((), tree=kernel)
    assert rules(report) == [("docs/coverage", KVM_H, 0)] * 2
    assert check_files((), tree=kernel, against=Against.NOTHING).findings == ()


def test_a_document_without_a_tree_says_that_names_were_not_checked(git_tree):
    tree = git_tree({DEFAULT_PATH: (BASE + section("KVM_NOBODY", "KVM_CAP_NOBODY")).encode()})
    report = check_files((), tree=tree, against=Against.NOTHING)
    assert report.findings == ()
    assert "not checked" in dict(report.checks[0].facts)[DEFAULT_PATH]


@pytest.fixture
def posted(kernel, git, tmp_path):
    """A function that commits each change with its message and gives the folder of patches."""

    def make(*changes) -> str:
        for number, change in enumerate(changes, 1):
            change()
            git(kernel, "add", "--all")
            git(kernel, "commit", "-qsm", f"KVM: change {number}")
        git(kernel, "format-patch", "-q", "-o", str(tmp_path / "patches"), f"HEAD~{len(changes)}")
        git(kernel, "reset", "-q", "--hard", f"HEAD~{len(changes)}")
        return str(tmp_path / "patches")

    return make


def test_patch_1_may_describe_what_patch_2_defines(kernel, posted):
    document = BASE + section("KVM_DRAIN_ZONE", "KVM_CAP_DRAIN_ZONE")
    series = posted(lambda: (kernel / DEFAULT_PATH).write_text(document), lambda: grow(kernel))
    report = check_series(series, (), tree=kernel)
    assert report.findings == ()
    assert report.verdict is Status.PASS


def test_what_no_patch_defines_is_a_finding(kernel, posted):
    document = BASE + section("KVM_DRAIN_ZONE", "KVM_CAP_DRAIN_ZONE") + "\nSee KVM_DRAIN_ALL_ZONES.\n"
    series = posted(lambda: grow(kernel), lambda: (kernel / DEFAULT_PATH).write_text(document))
    assert rules(check_series(series, (), tree=kernel)) == [("docs/unknown-name", DEFAULT_PATH, 2)]


def test_a_series_that_describes_nothing_is_told_so_and_which_patch_adds_it(kernel, posted):
    series = posted(lambda: (kernel / "README").write_text("x\n"), lambda: grow(kernel))
    assert rules(check_series(series, (), tree=kernel)) == [("docs/coverage", KVM_H, 2)] * 2
