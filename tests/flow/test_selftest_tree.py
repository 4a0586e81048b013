# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the tree itself, built by its own Makefile: on a tree that is made up, with a make that works."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.flow import selftest as flow
from kpatch_tools.model.event import silent

MAKEFILE = b"""
$(OUTPUT)/%: %.c
\tmkdir -p $(dir $@)
\tgcc $(EXTRA_CFLAGS) -I. -I$(<D) $< -o $@
"""
HEADERS = b"headers:\n\tmkdir -p $(O)/usr/include\n"


@pytest.fixture
def tree(git_tree: Callable[..., Path]) -> Path:
    place = flow.SELFTESTS
    return git_tree(
        {
            "Makefile": HEADERS,
            f"{place}/Makefile": MAKEFILE,
            f"{place}/x86/good_test.c": b'#include "local.h"\nint main(void) { return CODE; }\n',
            f"{place}/x86/local.h": b"#define CODE 0\n",
            f"{place}/plain_test.c": b"int main(void) { int unused; return 0; }\n",
            f"{place}/bad_test.c": b"int main(void) { return nothing; }\n",
        }
    )


@pytest.fixture
def build(tree: Path, git: Callable[..., str], tmp_path: Path) -> Callable[[str], flow.SelftestResult]:
    commit = git(tree, "rev-parse", "HEAD")

    def call(name: str) -> flow.SelftestResult:
        return flow.build_tree_test(tree, commit, name, sink=silent, state=tmp_path / "logs")

    return call


@pytest.mark.parametrize("name", ["x86/good_test", "x86_64/good_test"])
def test_a_test_with_a_header_beside_it_by_either_name_of_its_folder(build, name: str) -> None:
    built = build(name)
    assert built.findings == ()
    ((source, binary),) = built.binaries.items()
    assert source == "x86/good_test.c"
    assert binary.stat().st_mode & 0o111
    again = build(name)
    assert again.cached
    assert again.binaries == built.binaries


def test_a_warning_of_the_tree_is_not_ours(build) -> None:
    assert build("plain_test").binaries


def test_one_that_does_not_build(build) -> None:
    built = build("bad_test")
    assert built.binaries == {}
    (finding,) = built.findings
    assert finding.message == "bad_test does not build"
    assert "nothing" in finding.detail
    assert not build("bad_test").cached


def test_one_that_is_not_there(build) -> None:
    built = build("x86_64/none_test")
    assert built.binaries == {}
    assert built.findings[0].message.startswith("this tree has no test x86_64/none_test")
