# SPDX-License-Identifier: GPL-2.0-only
"""Where a new test is entered in a tree's lists, and what its patch says."""

import msgspec
import pytest

from kpatch_tools.flow.generate import contract_names, load_contract
from kpatch_tools.generate.patch import MAIL_WIDTH, SUBJECT_WIDTH, body, ignored, listed, subject

MAKEFILE = """\
TEST_GEN_PROGS_x86_64 = x86_64/cpuid_test
TEST_GEN_PROGS_x86_64 += x86_64/kvm_clock_test
TEST_GEN_PROGS_x86_64 += x86_64/kvm_pv_test
TEST_GEN_PROGS_x86_64 += x86_64/amx_test
TEST_GEN_PROGS_x86_64 += demand_paging_test

TEST_GEN_PROGS_aarch64 += aarch64/psci_test
"""
VARIABLE = "TEST_GEN_PROGS_x86_64"


def added(old: str, new: str) -> tuple[int, str]:
    """Number from 1 and text of the one line that came in."""
    before, after = old.split("\n"), new.split("\n")
    at = next(index for index, line in enumerate(after) if line != before[index])
    assert after[:at] + after[at + 1 :] == before
    return at + 1, after[at]


@pytest.mark.parametrize(
    ("program", "line"),
    [("x86_64/kvm_map_gen_test", 3), ("x86_64/a_test", 5), ("x86_64/zz_test", 4), ("steal_test", 6)],
)
def test_a_test_goes_behind_the_name_before_it(program: str, line: int) -> None:
    text = listed(MAKEFILE, VARIABLE, program)

    assert added(MAKEFILE, text) == (line, f"{VARIABLE} += {program}")
    assert listed(text, VARIABLE, program) == text


def test_a_list_that_does_not_end_in_a_line_break() -> None:
    assert listed("L = x86/a", "L", "x86/b") == "L = x86/a\nL += x86/b\n"


def test_a_list_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="TEST_GEN_PROGS_x86"):
        listed(MAKEFILE, "TEST_GEN_PROGS_x86", "x86/b_test")


def test_programs_are_ignored_one_by_one_or_all() -> None:
    by_name = "/aarch64/psci_test\n/x86_64/kvm_clock_test\n/x86_64/kvm_pv_test\n/steal_time\n"

    assert added(by_name, ignored(by_name, "x86_64/kvm_map_gen_test")) == (3, "/x86_64/kvm_map_gen_test")
    assert ignored("*\n!/**/\n!*.c\n", "x86_64/kvm_map_gen_test") == "*\n!/**/\n!*.c\n"
    with pytest.raises(ValueError, match="no line matches"):
        ignored("# nothing\n", "x86_64/kvm_map_gen_test")


@pytest.mark.parametrize("name", contract_names())
@pytest.mark.parametrize("replaces", [False, True])
def test_the_words_fit_into_a_mail(name: str, *, replaces: bool) -> None:
    contract = load_contract(name)
    title, text = subject(contract, replaces=replaces), body(contract, replaces=replaces)

    assert title.startswith("KVM: selftests: ")
    assert contract.ioctl.name in title
    assert len(f"[PATCH] {title}") <= SUBJECT_WIDTH
    assert all(len(line) <= MAIL_WIDTH for line in text.split("\n"))
    assert f"{len(contract.case)} cases" in text.replace("\n", " ")
    assert ("has changed since" in text.replace("\n", " ")) is replaces


def test_a_long_name_is_cut() -> None:
    contract = load_contract("kvm_map_memory")
    long = msgspec.structs.replace(contract, ioctl=msgspec.structs.replace(contract.ioctl, name="K" * 60))

    assert len(subject(long, replaces=True)) == SUBJECT_WIDTH
