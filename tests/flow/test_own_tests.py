# SPDX-License-Identifier: GPL-2.0-only
"""The selftests that a series brings: compiled at its end, run, and judged; never a pass without proof."""

import shutil
from pathlib import Path

import pytest

from kpatch_tools.flow import own_tests as flow
from kpatch_tools.flow.own_programs import FOLDER
from kpatch_tools.model.event import silent
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import Status
from kpatch_tools.model.run import Ended
from kpatch_tools.model.test import Verdict
from kpatch_tools.model.vm import Backend, Evidence, GuestRecord, GuestTest, TestOutput
from kpatch_tools.tools import kbuild, probe
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Boot
from tests.stepped import stepped

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name) for name in ("make", "gcc", "ld", "git")), reason="needs make, gcc, ld and git"
)

MAKEFILE = b"headers:\n\t@mkdir -p $(O)/usr/include/linux\n"
TESTS = b"$(OUTPUT)/%: %.c\n\t@mkdir -p $(@D)\n\t$(CC) -Wall $(EXTRA_CFLAGS) -o $@ $<\n"
GOOD = "int main(void)\n{\n\treturn 0;\n}\n"
BAD = "int main(void)\n{\n\treturn nothing;\n}\n"
UNUSED = "int main(void)\n{\n\tint old;\n\treturn 0;\n}\n"
KERNEL = Kernel(image=Path("bzImage"), release="6.1.0")
ONE, TWO = "x86_64/one_test", "two_test"


@pytest.fixture
def machine(monkeypatch):
    """Boots in which program number n ends as ``machine.ends[n - 1]``: (exit code or None, stdout)."""

    class Seen(list):
        ends = ((0, ""),)
        console = ""

    seen = Seen()

    def boot(made, programs, *, logs, sink, backend):
        assert backend is Backend.DIRECT
        assert dict(made.mode) == {}
        seen.append([program.name for program in programs])
        ends = seen.ends[: len(programs)]
        record = GuestRecord(
            started=True, done=not seen.console, release="6.1.0", kvm=True,
            parameters={"kvm_amd.npt": "Y"}, cpu=frozenset({"svm", "npt"}), taint_before=0, taint_after=0,
            tests=tuple(
                GuestTest(index=at, code=code, ended=1.0, limit=9.0)
                for at, (code, _out) in enumerate(ends, 1)
            ),
        )  # fmt: skip
        evidence = Evidence(
            ended=Ended.EXITED, returncode=0, elapsed=1.0, timeout=9.0, console=seen.console, record=record,
            outputs=tuple(
                TestOutput(name=program.name, stdout=out)
                for program, (_code, out) in zip(programs, ends, strict=True)
            ),
        )  # fmt: skip
        return Boot(evidence=evidence, command="", console_log=logs / "console.log", output_log=logs / "o")

    monkeypatch.setattr(flow, "boot", boot)
    monkeypatch.setattr(kbuild, "HEADERS_PROGRAMS", {"make": "make"})
    engine = probe.Acceleration(engine=probe.Engine.TCG, vendor="amd", evidence="")
    monkeypatch.setattr(probe, "acceleration", lambda: engine)
    return seen


@pytest.fixture
def checked(git, git_tree, tmp_path, machine):
    """``checked({path: text}, ...)``: what a series comes to, a patch for each of the steps."""

    def check(*steps, before=None, kernel=KERNEL):
        old = {path: text.encode() for path, text in (before or {}).items()}
        tree = git_tree({"Makefile": MAKEFILE, f"{FOLDER}Makefile": TESTS, **old})
        return flow.check_own_tests(
            *stepped(git, tree, steps, tmp_path / "series.mbox"), tree=tree, kernel=kernel, sink=silent,
            logs=tmp_path / "logs",
        )  # fmt: skip

    return check


def test_a_series_without_a_test_is_skipped_and_nothing_is_booted(checked, machine):
    done = checked({"virt/a.c": "int a;\n", f"{FOLDER}lib/x.c": "int helper;\n"})
    assert (done.status, done.reason, machine) == (Status.SKIP, flow.NONE, [])


def test_a_test_that_ends_well_passes_in_one_boot_with_the_others(checked, machine):
    machine.ends = ((0, ""), (0, "TAP version 13\n1..2\nok 1 a\nok 2 b\n"))
    done = checked({f"{FOLDER}{ONE}.c": GOOD}, {f"{FOLDER}{TWO}.c": GOOD})
    assert machine == [[ONE, TWO]]
    assert (done.status, done.findings) == (Status.PASS, ())
    assert done.reason == f"series' own test {ONE}: 1 of 1 pass; series' own test {TWO}: 2 of 2 pass"
    assert [test.name for test in done.tests] == [ONE, f"{TWO}: a", f"{TWO}: b"]


def test_a_test_that_fails_is_a_finding_at_the_patch_that_brings_it(checked, machine):
    machine.ends = ((0, "TAP version 13\n1..1\nok 1 a\n"), (1, "TAP version 13\n1..2\nok 1 a\nnot ok 2 b\n"))
    done = checked({f"{FOLDER}{ONE}.c": GOOD}, {f"{FOLDER}{TWO}.c": GOOD})
    assert done.status is Status.FAIL
    (found,) = done.findings
    assert found.severity is Severity.ERROR
    assert (found.location.path, found.location.patch) == (f"{FOLDER}{TWO}.c", 2)
    assert found.message.startswith(f"the series' own test {TWO}: b: FAIL")
    assert f"{TWO}: 1 of 2 pass" in done.reason


def test_cases_of_one_name_are_told_of_the_program_that_fails(checked, machine):
    good, bad = (0, "TAP version 13\n1..1\nok 1 a\n"), (1, "TAP version 13\n1..1\nnot ok 1 a\n")
    machine.ends = (good, bad)
    one, two = {f"{FOLDER}{ONE}.c": GOOD}, {f"{FOLDER}{TWO}.c": GOOD}
    assert [found.location.patch for found in checked(one, two).findings] == [2]


def test_cases_of_one_name_that_fail_in_two_programs_are_told_twice(checked, machine):
    bad = (1, "TAP version 13\n1..1\nnot ok 1 a\n")
    machine.ends = (bad, bad)
    done = checked({f"{FOLDER}{ONE}.c": GOOD}, {f"{FOLDER}{TWO}.c": GOOD})
    assert [(one.location.patch, one.cases) for one in done.findings] == [
        (1, (f"{ONE}: a",)),
        (2, (f"{TWO}: a",)),
    ]


def test_a_test_without_a_verdict_is_no_pass(checked, machine):
    machine.ends = ((None, ""),)
    done = checked({f"{FOLDER}{ONE}.c": GOOD})
    assert done.status is Status.FAIL
    assert [test.status for test in done.tests] == [Verdict.NO_VERDICT]
    assert f"{ONE}: 0 of 1 pass" in done.reason
    assert done.findings[0].rule == "test/no-verdict"


def test_a_test_that_skips_itself_is_no_pass_and_no_fault(checked, machine):
    machine.ends = ((4, "1..0 # SKIP - no such capability\n"),)
    done = checked({f"{FOLDER}{ONE}.c": GOOD})
    assert (done.status, done.findings) == (Status.SKIP, ())
    assert "no such capability" in done.reason


def test_what_the_kernel_complains_of_is_told_too(checked, machine):
    machine.console = "[    1.0] Kernel panic - not syncing: oh no\n"
    machine.ends = ((None, ""),)
    done = checked({f"{FOLDER}{ONE}.c": GOOD})
    assert done.status is Status.FAIL
    assert "splat/panic" in [one.rule for one in done.findings]


def test_a_test_that_does_not_compile_blocks_with_file_and_line_and_the_others_run(checked, machine):
    done = checked({f"{FOLDER}{ONE}.c": GOOD}, {f"{FOLDER}{TWO}.c": BAD})
    assert machine == [[ONE]]
    assert done.status is Status.FAIL
    (found,) = done.findings
    assert (found.rule, found.severity) == ("series/program", Severity.ERROR)
    assert (found.location.path, found.location.line, found.location.patch) == (f"{FOLDER}{TWO}.c", 3, 2)
    assert f"{TWO}: does not compile" in done.reason


def test_a_warning_is_told_where_the_series_wrote_the_line_again_from_the_cache(checked, machine):
    for _run in range(2):
        done = checked({f"{FOLDER}{ONE}.c": UNUSED})
        assert done.status is Status.FAIL
        (found,) = done.findings
        assert (found.rule, found.severity) == ("gcc/-Wunused-variable", Severity.WARNING)
        assert (found.location.path, found.location.line, found.location.patch) == (f"{FOLDER}{ONE}.c", 3, 1)


def test_a_warning_on_an_older_line_is_not_told(checked, machine):
    path = f"{FOLDER}{ONE}.c"
    done = checked({path: UNUSED + "/* more */\n"}, before={path: UNUSED})
    assert (done.status, done.findings) == (Status.PASS, ())


def test_without_a_kernel_nothing_is_proven(checked, machine):
    done = checked({f"{FOLDER}{ONE}.c": GOOD}, kernel=None)
    assert (done.status, machine) == (Status.DID_NOT_RUN, [])
    assert done.reason == f"series' own test {ONE}: not run; {flow.NO_MACHINE}"


def test_what_the_compiler_says_is_told_where_no_machine_can_be_made(checked, monkeypatch):
    none = probe.Acceleration(engine=probe.Engine.NONE, vendor="amd", evidence="")
    monkeypatch.setattr(probe, "acceleration", lambda: none)
    done = checked({f"{FOLDER}{ONE}.c": GOOD}, {f"{FOLDER}{TWO}.c": BAD})
    assert done.status is Status.FAIL
    assert [one.rule for one in done.findings] == ["series/program"]
    assert "nested paging" in done.reason


def test_without_a_machine_nothing_is_proven(checked, monkeypatch):
    none = probe.Acceleration(engine=probe.Engine.NONE, vendor="amd", evidence="")
    monkeypatch.setattr(probe, "acceleration", lambda: none)
    done = checked({f"{FOLDER}{ONE}.c": GOOD})
    assert (done.status, done.findings) == (Status.DID_NOT_RUN, ())
    assert f"{ONE}: not run; " in done.reason


def test_tests_of_other_folders_are_named(checked, machine):
    other = "tools/testing/selftests/mm/a.c"
    done = checked({other: GOOD})
    assert done.status is Status.SKIP
    assert done.facts == (("not compiled", other),)
