# SPDX-License-Identifier: GPL-2.0-only
"""`kvet gen`, as typed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.flow.dialect import SELFTESTS

NAME = "x86_64/kvm_map_memory_gen_test"
FILES = {
    "Makefile": b"VERSION = 6\nPATCHLEVEL = 1\n",
    f"{SELFTESTS}/Makefile": b"TEST_GEN_PROGS_x86_64 = x86_64/cpuid_test\n",
    f"{SELFTESTS}/.gitignore": b"/x86_64/cpuid_test\n",
    f"{SELFTESTS}/include/kvm_util_base.h": (
        b"vm_create_with_one_vcpu(struct kvm_vcpu **vcpu)\n"
        b"read_stat_data(int stats_fd, struct kvm_stats_header *h)\n"
    ),
}
GitTree = Callable[..., Path]
Git = Callable[..., str]


@pytest.fixture
def tree(git_tree: GitTree, git: Git) -> Path:
    folder = git_tree(FILES)
    git(folder, "config", "user.name", "J\u00f6rg D\u00f6")
    git(folder, "config", "user.email", "joerg@example.org")
    return folder


def gen(tree: Path, *arguments: str) -> int:
    return run(["gen", "kvm_map_memory", "--tree", str(tree), *arguments])


def test_it_writes_and_checks_a_folder(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()

    assert gen(tree, "--check", str(out)) == 1
    assert f"{NAME}.c is not there" in capsys.readouterr().err
    assert gen(tree, "--out", str(out)) == 0
    written = capsys.readouterr()
    assert written.out == ""
    assert "kvm_map_memory_gen_test.c" in written.err
    assert gen(tree, "--check", str(out)) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "1 of 1 files are current" in shown.err


def test_check_shows_the_difference(tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gen(tree, "--out", str(tmp_path / "out"))
    copy = tmp_path / "out" / f"{NAME}.c"
    text = copy.read_text()
    copy.write_text(text.replace("#include <stddef.h>\n", "\x1b[31m#include <nothing.h>\n"))
    capsys.readouterr()

    assert gen(tree, "--check", str(copy)) == 1
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[:2] == [f"--- {copy}", f"+++ {copy} (generated)"]
    assert "-\\x1b[31m#include <nothing.h>" in lines
    assert "+#include <stddef.h>" in lines
    assert "is not what would be generated" in shown.err
    copy.write_text(text)
    assert gen(tree, "--check", str(copy)) == 0


def test_check_knows_a_kernel_tree_and_takes_its_dialect(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gen(tree, "--out", str(tree / SELFTESTS)) == 0

    assert run(["gen", "kvm_map_memory", "--check", str(tree)]) == 0
    (tree / SELFTESTS / f"{NAME}.c").write_text("")
    assert run(["gen", "kvm_map_memory", "--check", str(tree)]) == 1
    assert run(["gen", "kvm_map_memory", "--check", str(tree / "nowhere")]) == 2
    capsys.readouterr()


def test_a_patch_applies_and_touches_nothing(
    tree: Path, tmp_path: Path, git: Git, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path for path in tree.rglob("*") if path.is_file())

    assert gen(tree, "--patch") == 0
    mail = capsys.readouterr().out
    assert sorted(path for path in tree.rglob("*") if path.is_file()) == before
    assert mail.startswith("From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n")
    assert "Signed-off-by: J\u00f6rg D\u00f6 <joerg@example.org>\n---\n" in mail
    assert "\nDate: " not in mail
    git(tree, "am", stdin=mail.encode())
    assert git(tree, "log", "-1", "--format=%an <%ae>") == "J\u00f6rg D\u00f6 <joerg@example.org>"
    assert git(tree, "show", "--format=", "--name-status", "HEAD").split() == [
        "M", f"{SELFTESTS}/.gitignore", "M", f"{SELFTESTS}/Makefile", "A", f"{SELFTESTS}/{NAME}.c",
    ]  # fmt: skip
    assert (tree / SELFTESTS / ".gitignore").read_text() == f"/x86_64/cpuid_test\n/{NAME}\n"
    assert f"TEST_GEN_PROGS_x86_64 += {NAME}\n" in (tree / SELFTESTS / "Makefile").read_text()

    assert run(["gen", "kvm_map_memory", "--check", str(tree)]) == 0
    assert gen(tree, "--patch") == 0
    again = capsys.readouterr()
    assert again.out == ""
    assert "has this test already" in again.err


def test_a_second_patch_brings_the_test_up_to_date(
    tree: Path, tmp_path: Path, git: Git, capsys: pytest.CaptureFixture[str]
) -> None:
    gen(tree, "--patch", "-o", str(tmp_path / "first.patch"))
    git(tree, "am", str(tmp_path / "first.patch"))
    source = tree / SELFTESTS / f"{NAME}.c"
    source.write_text("/* old */\n")
    git(tree, "commit", "--quiet", "--all", "--message=old")

    assert gen(tree, "--patch", "-o", str(tmp_path / "second.patch")) == 0
    assert "wrote" in capsys.readouterr().err
    mail = (tmp_path / "second.patch").read_text()
    assert "Subject: [PATCH] KVM: selftests: Bring the KVM_MAP_MEMORY test up to date\n" in mail
    git(tree, "am", str(tmp_path / "second.patch"))
    assert git(tree, "show", "--format=", "--name-only", "HEAD") == f"{SELFTESTS}/{NAME}.c"


def test_same_tree_same_mail(tree: Path, git: Git, capsys: pytest.CaptureFixture[str]) -> None:
    gen(tree, "--patch")
    first = capsys.readouterr().out
    git(tree, "config", "diff.noprefix", "true")
    git(tree, "config", "format.signature", "somebody")
    gen(tree, "--patch")

    assert capsys.readouterr().out == first


def test_a_patch_needs_a_name_and_a_list(
    git_tree: GitTree, git: Git, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nameless = git_tree(FILES, "nameless")
    assert gen(nameless, "--patch") == 3
    assert "git config --global user.name" in capsys.readouterr().err
    other = f"{SELFTESTS}/Makefile"
    odd = git_tree({**FILES, other: b"TEST_GEN_PROGS_x86_64 = $(ALL)/x $(MORE)\n"}, "odd")
    assert gen(odd, "--patch") == 2
    assert "no place to enter" in capsys.readouterr().err
    plain = tmp_path / "plain"
    (plain / SELFTESTS).mkdir(parents=True)
    assert gen(plain, "--patch") == 2
    assert "is not a git tree" in capsys.readouterr().err


def test_explain_needs_no_contract(tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gen", "--explain", "--tree", str(tree)]) == 0
    shown = capsys.readouterr().out
    assert "kselftest-6.1: KVM selftest library as of 6.1 (classic): fits\n" in shown
    assert f"       {SELFTESTS}/Makefile:1: TEST_GEN_PROGS_x86_64 = x86_64/cpuid_test\n" in shown
    (tree / SELFTESTS / "Makefile").write_text("\x1b[31m\n")
    assert run(["gen", "--explain", "--tree", str(tree)]) == 1
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "which contract?"),
        (["kvm_map_memory", "--patch", "--check", "x"], "exclude each other"),
        (["kvm_map_memory", "-o", "x"], "-o belongs to --patch"),
        (["nope"], "cure: name one of"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], words: str, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["gen", *arguments, "--tree", str(tree)]) == 2
    assert words in capsys.readouterr().err


def test_a_folder_that_is_no_tree_and_a_contract_that_is_none(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert gen(empty) == 2
    assert "no kernel tree" in capsys.readouterr().err
    bad = tmp_path / "bad.toml"
    bad.write_text("schema = 2\nnmae = 3\n")
    assert run(["gen", str(bad), "--tree", str(tree)]) == 2
    assert "faults in this contract" in capsys.readouterr().err


@pytest.fixture
def series(tree: Path, git: Git, tmp_path: Path) -> Path:
    """Moves the library's list to another place in the Makefile, as a mail; the tree is as before."""
    start = git(tree, "rev-parse", "HEAD").strip()
    makefile = tree / SELFTESTS / "Makefile"
    makefile.write_bytes(makefile.read_bytes() + b"TEST_GEN_PROGS_x86_64 += x86_64/own_test\n")
    git(tree, "commit", "-qam", "selftests: Add a test")
    mail = tmp_path / "series.mbox"
    mail.write_text(git(tree, "format-patch", "--stdout", "-1"))
    git(tree, "reset", "-q", "--hard", start)
    return mail


def test_a_patch_can_go_on_top_of_a_series(
    tree: Path, series: Path, git: Git, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = git(tree, "status", "--porcelain"), git(tree, "for-each-ref"), git(tree, "count-objects")
    mail = tmp_path / "gen.mbox"
    assert gen(tree, "--series", str(series), "--patch", "-o", str(mail)) == 0
    assert (
        git(tree, "status", "--porcelain"),
        git(tree, "for-each-ref"),
        git(tree, "count-objects"),
    ) == before
    # It needs the line of the series around it, and sorts behind neither of the two.
    assert " TEST_GEN_PROGS_x86_64 += x86_64/own_test\n" in mail.read_text()
    for part in (series, mail):
        git(tree, "am", "-q", str(part))
    capsys.readouterr()
    assert run(["gen", "kvm_map_memory", "--check", str(tree)]) == 0


def test_a_series_that_does_not_apply_ends_before_anything_is_written(
    tree: Path, series: Path, git: Git, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / SELFTESTS / "Makefile").write_text("TEST_GEN_PROGS_x86_64 = x86_64/other\n")
    git(tree, "commit", "-qam", "move on")
    out = tmp_path / "out"
    assert gen(tree, "--series", str(series), "--out", str(out)) == 2
    told = capsys.readouterr().err
    assert "does not apply" in told
    assert f"kvet apply {series}" in told
    assert not out.exists()
    assert gen(tree, "--series", str(series), "--check", str(out)) == 2
    assert "leave --series out" in capsys.readouterr().err
