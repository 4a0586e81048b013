# SPDX-License-Identifier: GPL-2.0-only
"""What jobs left becomes the report of one machine, and what they did not leave is not forgotten."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from kpatch_tools.cli import app
from kpatch_tools.errors import UserError
from kpatch_tools.flow.collect import collect
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.perpatch import KernelState, PatchRow
from kpatch_tools.model.plan import Job, Plan
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status, TreeId
from kpatch_tools.model.test import Verdict
from kpatch_tools.render import json_v1
from kpatch_tools.render import plan as render_plan

SERIES = SeriesId(name="s", version=2, message_id="1@example.org", patches=2, hashes=("a", "b"))
TREE = TreeId(path="/t", base="b" * 40, head="h" * 40)
WHOLE = Job(id="kvet-series", name="all", arguments=("review",), stages=("apply", "docs", "tests"))
PASS, FAIL, SKIP = Verdict.PASS, Verdict.FAIL, Verdict.SKIP


def job(patch, mode="default"):
    return Job(
        id=f"kvet-patch-{patch:04d}-{mode.replace('=', '-')}",
        name=f"patch {patch}",
        arguments=("review",),
        stages=("apply", "per-patch"),
        patches=(patch,),
        modes=(mode,),
    )


JOBS = tuple(job(patch, mode) for patch in (1, 2) for mode in ("default", "npt=0"))
PLAN = Plan(tool="kvet 0", series=SERIES, jobs=(WHOLE, *JOBS))


def row(number, cases, **more):
    cases = {name: Verdict(result) for name, result in cases.items()}
    given = {"kernel": KernelState.BUILT, "boot": PASS, **more}
    return PatchRow(number=number, subject=f"p{number}", commit="c", cases=cases, elapsed=1.0, **given)


def rows(before, after, number=1, mode="", **more):
    """The rows of one job: the step before and its own, each case with its mode."""
    named = [{f"{name}{mode}": result for name, result in cases.items()} for cases in (before, after)]
    return row(number - 1, named[0]), row(number, named[1], **more)


GOOD = {
    "kvet-patch-0001-default": rows({"x": SKIP}, {"x": SKIP}, 1),
    "kvet-patch-0001-npt-0": rows({"x": SKIP}, {"x": SKIP}, 1, " (npt=0)"),
    "kvet-patch-0002-default": rows({"x": SKIP}, {"x": PASS}, 2),
    "kvet-patch-0002-npt-0": rows({"x": SKIP}, {"x": PASS}, 2, " (npt=0)"),
}


@pytest.fixture
def left(tmp_path):
    """``left({id: rows})``: every job with rows left a report, the series' own too; returns the folder."""

    def make(made, *, whole=True, findings=None, series=SERIES, trees=None, status=Status.PASS):
        def write(name, checks):
            tree = (trees or {}).get(name, TREE)
            report = Report(tool="kvet 0", tree=tree, series=series, checks=checks)
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / name / "report.json").write_text(json_v1.render(report))

        ok = CheckResult(check="apply", status=Status.PASS)
        if whole:
            write(WHOLE.id, tuple(replace(ok, check=name) for name in WHOLE.stages))
        for name, patches in made.items():
            told = (findings or {}).get(name, ())
            check = CheckResult(check="per-patch", status=status, findings=told, patches=patches, elapsed=2.0)
            write(name, (ok, check))
        return tmp_path

    return make


def per_patch(report):
    return next(check for check in report.checks if check.check == "per-patch")


def test_all_that_is_left_is_one_report(left):
    report = collect(PLAN, left(GOOD))
    assert [check.check for check in report.checks] == ["apply", "docs", "per-patch", "tests"]
    assert report.verdict is Status.PASS
    assert (report.series, report.tree) == (SERIES, TREE)
    check = per_patch(report)
    assert [one.number for one in check.patches] == [0, 1, 2]
    assert check.patches[2].cases == {"x": PASS, "x (npt=0)": PASS}
    assert check.patches[2].settled == 2
    assert check.patches[2].elapsed == 2.0
    assert check.elapsed == 8.0
    assert "the test passes from patch 2 on" in check.reason
    assert dict(check.facts)["jobs"] == "4 of 4 left a report"


def test_a_job_without_a_report_is_no_pass_and_is_named(left):
    report = collect(PLAN, left({name: GOOD[name] for name in list(GOOD)[:3]}))
    (lost,) = [check for check in report.checks if check.check == "jobs"]
    assert lost.status is Status.DID_NOT_RUN
    assert lost.reason == "1 of 4 left no report: patch-0002-npt-0"
    # The row lacks a mode; nobody is accused for what did not run.
    assert per_patch(report).findings == ()
    assert report.verdict is Status.DID_NOT_RUN


def test_without_the_job_of_the_series_its_stages_did_not_run(left):
    report = collect(PLAN, left(GOOD, whole=False))
    states = {check.check: check.status for check in report.checks}
    assert states["apply"] is Status.PASS
    assert states["docs"] is states["tests"] is Status.DID_NOT_RUN
    assert per_patch(report).status is Status.PASS


def test_without_any_report_nothing_ran(tmp_path):
    report = collect(PLAN, tmp_path)
    assert {check.status for check in report.checks} == {Status.DID_NOT_RUN}
    assert {check.check for check in report.checks} == {"apply", "docs", "tests", "per-patch"}
    assert report.series == SERIES


def test_a_planned_check_that_a_report_lacks_did_not_run(left):
    plan = replace(PLAN, jobs=(replace(WHOLE, stages=(*WHOLE.stages, "conformance")), *JOBS))
    report = collect(plan, left(GOOD))
    assert report.checks[-1].check == "conformance"
    assert report.checks[-1].status is Status.DID_NOT_RUN


def test_what_only_all_rows_show_is_found(left):
    made = {**GOOD}
    made["kvet-patch-0001-default"] = rows({"x": PASS}, {"x": PASS}, 1)
    made["kvet-patch-0002-default"] = rows({"x": PASS}, {"x": PASS}, 2)
    (finding,) = per_patch(collect(PLAN, left(made))).findings
    assert finding.rule == "series/not-exercised"


def test_a_jobs_finding_keeps_its_evidence_and_learns_what_mends_it(left):
    broken = {"kernel": KernelState.FAILS, "boot": None}
    plan = replace(PLAN, jobs=(WHOLE, JOBS[0], JOBS[2]))
    made = {
        "kvet-patch-0001-default": (row(0, {"x": SKIP}), row(1, {}, **broken)),
        "kvet-patch-0002-default": (row(1, {}, **broken), row(2, {"x": PASS})),
    }
    told = Finding(
        rule="series/bisect",
        severity=Severity.ERROR,
        message="the series breaks bisection at patch 1: the kernel does not build: no such thing",
        location=Location(path="a.c", line=3, patch=1),
        detail="the compiler's words",
    )
    folder = left(made, findings={"kvet-patch-0001-default": (told,)})
    (finding,) = per_patch(collect(plan, folder)).findings
    assert finding == replace(
        told, hint="patch 2 mends it: what it takes for that belongs into patch 1 or before it"
    )
    assert per_patch(collect(plan, folder)).status is Status.FAIL


def test_two_boots_of_one_kernel_that_differ_are_flaky(left):
    made = {**GOOD, "kvet-patch-0002-default": rows({"x": FAIL}, {"x": PASS}, 2)}
    check = per_patch(collect(PLAN, left(made)))
    assert check.patches[1].flaky == ("x",)
    assert check.patches[1].cases["x"] is FAIL
    assert [finding.rule for finding in check.findings] == ["series/flaky"]


def test_what_two_jobs_tell_is_told_once(left):
    note = Finding(rule="docs/x", severity=Severity.NOTE, message="m", location=Location(path="d", patch=1))
    folder = left(GOOD, findings=dict.fromkeys(GOOD, (note,)))
    assert per_patch(collect(PLAN, folder)).findings == (note,)


@pytest.mark.parametrize("status", [Status.FAIL, Status.DID_NOT_RUN, Status.SKIP])
def test_the_state_of_a_job_is_kept(left, status):
    assert per_patch(collect(PLAN, left(GOOD, status=status))).status is status


def test_reports_of_something_else_are_refused(left, tmp_path):
    other = replace(SERIES, hashes=("a", "c"))
    with pytest.raises(UserError, match="kvet-series: a report of another series"):
        collect(PLAN, left(GOOD, series=other))
    moved = replace(TREE, base="d" * 40)
    with pytest.raises(UserError, match="a report on the base dddddddddddd"):
        collect(PLAN, left(GOOD, trees={"kvet-patch-0002-npt-0": moved}))
    (tmp_path / WHOLE.id / "report.json").write_text("{")
    with pytest.raises(UserError, match="no kvet report"):
        collect(PLAN, tmp_path)


def test_the_same_mails_from_another_mailbox_are_the_same_series(left):
    said = replace(SERIES, contents=("x", "y"))
    folder = left(GOOD, series=replace(said, hashes=("c", "d")))
    assert collect(replace(PLAN, series=said), folder).verdict is Status.PASS
    with pytest.raises(UserError, match="of other patches"):
        collect(replace(PLAN, series=replace(said, contents=("x", "z"))), folder)


def test_the_command_keeps_prints_and_ends_as_the_report_says(left, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(render_plan.as_json(PLAN))
    argv = ["collect", str(left(GOOD)), "--plan", str(plan), "-o", str(tmp_path / "out" / "r.json")]
    done = CliRunner().invoke(app.cli, argv, standalone_mode=False)
    assert done.return_value == 0
    assert "verdict: pass" in done.stdout.lower()
    assert (tmp_path / "out" / "r.json").is_file()
    (tmp_path / JOBS[0].id / "report.json").unlink()
    assert CliRunner().invoke(app.cli, argv, standalone_mode=False).return_value == 3
