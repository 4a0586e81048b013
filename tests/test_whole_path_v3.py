# SPDX-License-Identifier: GPL-2.0-only
"""The other end of the loop: our v3 answers the review of v2, so the review of v3 has nothing to say.

What it holds v3 against is a contract of its own, found by what v3's header says; every case of it has to
come out as written, in every mode, on the kernel that the series makes.
"""

from pathlib import Path

import pytest

from kpatch_tools.cli import app
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import Report, Status
from kpatch_tools.model.test import Verdict
from kpatch_tools.parse.report_json import parse_report

pytestmark = [pytest.mark.kernel, pytest.mark.vm, pytest.mark.timeout(2400)]

CONTRACT = load_contract("kvm_map_memory_v3")
# What no machine here can make happen; anything else that a case skips wants a reason of the machine.
HONEST = {"kvm/base", "conformance/unprovoked"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Report, Path]:
    """One review of our v3: exit code, report and the run's folder."""
    state = tmp_path_factory.mktemp("state")
    code = app.run(["review", "kvm-map-memory/v3", "--tree", "debian:6.1", "--state", str(state)])
    (folder,) = (state / "runs").iterdir()
    return code, parse_report((folder / "report.json").read_text()), folder


def test_every_stage_passes(run: tuple[int, Report, Path]) -> None:
    code, report, _folder = run

    assert {check.check: check.status for check in report.checks} == dict.fromkeys(
        (
            "apply",
            "patches",
            "docs",
            "build",
            "warnings",
            "selftests",
            "contract",
            "layout",
            "tests",
            "conformance",
        ),
        Status.PASS,
    )
    assert (code, report.verdict) == (0, Status.PASS)


def test_nothing_is_left_to_mend(run: tuple[int, Report, Path]) -> None:
    """What notes there are say what cannot be shown, and why."""
    findings = run[1].findings

    assert [str(one) for one in findings if one.severity is not Severity.NOTE] == []
    assert {one.rule for one in findings} <= HONEST
    unshown = {one.message.split()[6].rstrip(":") for one in findings if one.rule == "conformance/unprovoked"}
    excused = {error.errno for error in CONTRACT.error if CONTRACT.reason_unprovoked(error)}
    assert unshown <= excused


def test_every_case_has_passed_on_the_kernel_in_some_mode(run: tuple[int, Report, Path]) -> None:
    """A case that is skipped everywhere would promise what nobody has seen."""
    (tests,) = [check for check in run[1].checks if check.check == "tests"]
    by_status: dict[Verdict, set[str]] = {}
    for test in tests.tests:
        by_status.setdefault(test.status, set()).add(test.name)

    assert set(by_status) == {Verdict.PASS, Verdict.SKIP}
    # The page of 1 GiB wants a host with memory to spare.
    assert {case.name for case in CONTRACT.case} - by_status[Verdict.PASS] <= {"hugetlb_1g_inside"}


def test_the_defects_of_v2_are_gone(run: tuple[int, Report, Path]) -> None:
    """Each case by which v2 shows a known bug passes on v3, with the same expectation or a stricter one."""
    (tests,) = [check for check in run[1].checks if check.check == "tests"]
    passed = {test.name for test in tests.tests if test.status is Verdict.PASS}
    shown = {case for bug in load_contract("kvm_map_memory").known_bug for case in bug.cases}

    assert shown - passed <= {"hugetlb_1g_inside"}


def test_the_contract_of_v2_does_not_fit(run: tuple[int, Report, Path], tmp_path: Path, capsys) -> None:
    """That v3 passes is due to v3's own contract: v2's finds another struct behind the number."""
    words = ["--tree", "debian:6.1", "--series", "kvm-map-memory/v3", "--state", str(tmp_path)]

    assert app.run(["contract", "check", "kvm_map_memory", *words, "--format", "json"]) == 1
    rules = {one.rule for one in parse_report(capsys.readouterr().out).findings}
    assert {"contract/header-ioctl", "contract/header-struct"} & rules
    assert app.run(["contract", "check", "kvm_map_memory_v3", *words]) in (0, 3)
