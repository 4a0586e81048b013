# SPDX-License-Identifier: GPL-2.0-only
"""The series' own test programs: which files are programs, and what becomes of one that does not compile."""

import shutil

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.per_patch_programs import FOLDER, compile_programs
from kpatch_tools.model.event import silent
from kpatch_tools.model.perpatch import ProgramState
from kpatch_tools.model.series import FileChange
from kpatch_tools.tools import kbuild
from tests.posted import patch

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name) for name in ("make", "gcc", "ld", "git")), reason="needs make, gcc, ld and git"
)

MAKEFILE = b"headers:\n\t@mkdir -p $(O)/usr/include/linux\n"
TESTS = b"$(OUTPUT)/%: %.c\n\t@mkdir -p $(@D)\n\t$(CC) $(EXTRA_CFLAGS) -o $@ $<\n"
GOOD = b"int main(void) { return 0; }\n"
BAD = b"int main(void)\n{\n\treturn nothing;\n}\n"


@pytest.fixture
def compiled(git_tree, git, tmp_path, monkeypatch):
    """``compiled({name: text}, status=...)``: what a patch that touches these files comes to."""
    monkeypatch.setattr(kbuild, "HEADERS_PROGRAMS", {"make": "make"})

    def run(files, status="A"):
        tree = git_tree(
            {
                "Makefile": MAKEFILE,
                f"{FOLDER}Makefile": TESTS,
                **{path if "/" in path and path.startswith("tools") else FOLDER + path: text
                   for path, text in files.items()},
            }
        )  # fmt: skip
        changes = tuple(
            FileChange(path=path if path.startswith("tools") else FOLDER + path, old_path="x", status=status)
            for path in files
        )
        made = patch(number=3)
        one = type(made)(**{name: getattr(made, name) for name in made.__slots__} | {"files": changes})
        return compile_programs(
            one, git(tree, "rev-parse", "HEAD"), tree, sink=silent, logs=tmp_path / "logs"
        )

    return run


def test_a_program_that_compiles(compiled):
    done = compiled({"x86_64/a_test.c": GOOD})
    assert (done.state, done.findings, done.log) == (ProgramState.COMPILE, (), "")


def test_a_program_that_does_not_compile_names_patch_and_line(compiled):
    done = compiled({"x86_64/a_test.c": BAD, "b_test.c": GOOD})
    assert done.state is ProgramState.FAIL
    (found,) = done.findings
    assert found.rule == "series/program"
    assert (found.location.path, found.location.line, found.location.patch) == (
        f"{FOLDER}x86_64/a_test.c", 3, 3,
    )  # fmt: skip
    assert "does not compile at patch 3" in found.message
    assert "undeclared" in found.message
    assert done.log


def test_no_program_is_nothing_to_compile(compiled):
    assert compiled({"lib/x.c": b"int helper;\n"}).state is ProgramState.NONE
    assert compiled({"x86_64/gone.c": GOOD}, status="D").state is ProgramState.NONE


def test_programs_of_other_selftests_are_not_claimed(compiled):
    assert compiled({"tools/testing/selftests/mm/a.c": GOOD}).state is ProgramState.NOT_RUN


@pytest.mark.parametrize("name", ["...c", "x86_64/...c", "..c", ".c"])
def test_a_program_whose_name_would_be_a_folder_is_told_and_not_built(compiled, tmp_path, name):
    """Its log, and all that is removed before it is built, would lie in the folder above."""
    with pytest.raises(UserError, match="brings a program without a name"):
        compiled({name: GOOD})
    assert not (tmp_path / "logs").exists()
