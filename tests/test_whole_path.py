# SPDX-License-Identifier: GPL-2.0-only
"""The main job as a user types it, on the real kernel: series in, verdict out.

The first run on a machine builds a kernel (minutes); after that the cache serves it.
"""

import sys
from pathlib import Path

import pytest

from kpatch_tools.cli import app
from kpatch_tools.model.report import Report, Status
from kpatch_tools.model.run import Command
from kpatch_tools.model.test import Verdict
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.tools import process
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for

API = "Documentation/virt/kvm/api.rst"

pytestmark = [pytest.mark.kernel, pytest.mark.vm, pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[int, Report, Path]:
    """One review of our v2: exit code, report and the run's folder."""
    state = tmp_path_factory.mktemp("state")
    code = app.run(["review", "kvm-map-memory/v2", "--tree", "debian:6.1", "--state", str(state)])
    (folder,) = (state / "runs").iterdir()
    return code, parse_report((folder / "report.json").read_text()), folder


@pytest.fixture(scope="module")
def lines(run) -> list[str]:
    """api.rst as the series leaves it."""
    tree = run[1].tree
    text = Repository.open(store_for(Path(tree.path))).read_blob(tree.head, API)
    return text.decode().splitlines()


def found(report: Report, rule: str) -> list:
    return [finding for finding in report.findings if finding.rule == rule]


def test_every_stage_ran_and_the_verdict_follows(run):
    code, report, folder = run
    states = {check.check: check.status for check in report.checks}
    assert states == {
        "apply": Status.PASS,
        "patches": Status.PASS,
        "docs": Status.FAIL,
        "build": Status.PASS,
        "warnings": Status.PASS,
        "selftests": Status.PASS,
        "contract": Status.PASS,
        "layout": Status.PASS,
        "tests": Status.FAIL,
        "conformance": Status.FAIL,
    }
    assert (code, report.verdict) == (1, Status.FAIL)
    assert (folder / "report.html").stat().st_size > 10_000
    consoles = [log for check in report.checks for log in check.logs if log.endswith("console.log")]
    # A boot a mode, and that of the series' own test.
    assert len(consoles) == 4
    for console in consoles:
        assert Path(console).is_relative_to(folder)
        assert "Linux version" in Path(console).read_text(errors="replace")


def test_nested_paging_was_proven_in_the_guest(run):
    (tests,) = [check for check in run[1].checks if check.check == "tests"]
    seen: dict[tuple[str, str], list] = {}
    for test in tests.tests:
        seen.setdefault((test.mode["npt"], test.mode["tdp_mmu"]), []).append(test)
    assert set(seen) == {("1", "1"), ("0", "1"), ("1", "0")}
    assert sum(test.status is Verdict.PASS for test in seen["1", "1"]) >= 30
    # Without nested paging three cases decide, and the others say why they do not.
    off = {test.name: test for test in seen["0", "1"] if test.status is not Verdict.SKIP}
    assert set(off) == {"npt_off", "npt_off_flags", "cap_value_tdp_off"}
    assert (off["npt_off"].status, off["npt_off"].observed["errno"]) == (Verdict.PASS, "EOPNOTSUPP")


def test_the_document_says_efault_and_the_kernel_einval(run, lines):
    wrong = [one for one in found(run[1], "conformance/errno-differs") if "memslot" in one.message]
    (finding,) = wrong
    assert "slot" in lines[finding.location.line - 1]
    row = next(number for number in range(finding.location.line, 0, -1) if lines[number - 1][2:3].isupper())
    assert lines[row - 1].startswith("  EFAULT")
    assert "case hole_first" in finding.detail
    assert "errno=EINVAL" in finding.detail
    ran = [test for check in run[1].checks for test in check.tests if test.name == "hole_first"]
    # With and without the TDP MMU; the case needs two-dimensional paging.
    assert [test.observed["errno"] for test in ran if test.status is Verdict.PASS] == ["EINVAL", "EINVAL"]


def test_the_surface_faults_are_found_at_their_lines(run, lines):
    (underline,) = found(run[1], "docs/underline-length")
    assert set(lines[underline.location.line - 1]) == {"-"}
    (field,) = found(run[1], "conformance/architectures")
    assert lines[field.location.line - 1] == ":Architectures: none"
    # What two rules for documents say of the same words is its evidence, and told once.
    assert [one.rule for one in field.folded] == ["docs/field-value", "docs/architecture-contradiction"]
    assert found(run[1], "docs/field-value") == []
    backticks = found(run[1], "docs/single-backtick")
    assert len(backticks) == 7
    for finding in backticks:
        place = finding.location
        assert lines[place.line - 1][place.column - 1] == "`"
        assert place.patch == 1


def test_the_defects_of_v2_are_found_by_themselves(run):
    """D1, D2, D5 and D7 by the cases that show them; D3 is the document's, in a test of its own.

    B4 is the base's own, which the repeated call shows. The page of 1 GiB wants a host with memory to spare.
    """
    broken = {name: one for one in found(run[1], "conformance/known-bug") for name in one.cases}
    defects = {name: one.message.split("known bug ")[1].split(",")[0] for name, one in broken.items()}
    assert defects.pop("hugetlb_1g_inside", "D1_1G") == "D1_1G"
    assert defects == {
        "traced_repeat": "B4",
        "thp_4k_inside": "D1",
        "thp_unaligned": "D1",
        "l2_nested_npt": "D2",
        "stale_root": "D5",
        "cap_value_tdp_off": "D7",
    }
    for name, one in broken.items():
        (own,) = (place for place in one.related if place.own)
        assert own.path == "selftests-gen/contracts/kvm_map_memory.toml"
        assert not one.location.path.startswith("selftests-gen/")
        text = (Path(__file__).parents[1] / own.path).read_text().splitlines()
        assert text[own.line] == f'name = "{name}"'
    assert not found(run[1], "conformance/behaviour")
    # One fault is told once, by the stage that knows the clause.
    assert not found(run[1], "test/fail")
    assert not found(run[1], "test/known-bug")


def test_the_run_is_in_the_ledger_and_the_audit_says_the_same(run, capsys):
    state = run[2].parents[1]
    argv = ["contract", "check", "kvm_map_memory", "--tree", "debian:6.1", "--series", "kvm-map-memory/v2"]
    assert app.run([*argv, "--ledger", "--state", str(state), "--format", "json"]) == 1
    audit = parse_report(capsys.readouterr().out)
    for rule in ("conformance/errno-differs", "conformance/known-bug"):
        assert [str(one.location) for one in found(audit, rule)] == [
            str(one.location) for one in found(run[1], rule)
        ]
    assert found(audit, "conformance/known-bug")
    (layout,) = [check for check in audit.checks if check.check == "layout"]
    assert layout.status is Status.PASS


def test_a_second_run_builds_nothing(run, tmp_path, capsys):
    assert (
        app.run(["build", "--tree", "debian:6.1", "--series", "kvm-map-memory/v2", "--state", str(tmp_path)])
        == 0
    )
    assert "cached: yes" in capsys.readouterr().out


def test_two_reviews_of_one_tree_at_once_say_the_same(run, tmp_path):
    """They share the kept checkout, the store, the object folder and every cache."""
    start = "import sys; from kpatch_tools.cli.app import run; sys.exit(run(sys.argv[1:]))"
    words = ("review", "kvm-map-memory/v2", "--tree", "debian:6.1", "--backend", "direct", "--state")
    names = ("one", "two")
    commands = [
        Command(argv=(sys.executable, "-c", start, *words, str(tmp_path / name)), timeout=1200)
        for name in names
    ]
    assert [result.returncode for result in process.run_each(commands)] == [1, 1]
    for name in names:
        (folder,) = (tmp_path / name / "runs").iterdir()
        report = parse_report((folder / "report.json").read_text())
        assert {item.check: item.status for item in report.checks} == {
            item.check: item.status for item in run[1].checks
        }
        assert told(report) == told(run[1])


def told(report: Report) -> set[tuple[str, str]]:
    """Rule and place of the findings, but for the page of 1 GiB, which two machines at once may not get."""
    return {
        (item.rule, str(item.location)) for item in report.findings if "hugetlb_1g_inside" not in item.message
    }
