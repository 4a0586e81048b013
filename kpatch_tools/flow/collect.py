# SPDX-License-Identifier: GPL-2.0-only
"""`kvet collect`: the reports of all jobs of a plan become the report that one machine would have made.

A job that left no report, and a check that is not in one, did not run; the report says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kpatch_tools.errors import UserError
from kpatch_tools.flow import per_patch
from kpatch_tools.flow.collect_rows import Part, merged
from kpatch_tools.flow.per_patch_told import told_once
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.plan import Job, Plan
from kpatch_tools.model.report import CheckResult, Report, SeriesId, TreeId
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.tools.files import read_text

REPORT = "report.json"
LOST = "jobs"
_AFTER = "docs"
_MANY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """A job with the report that it left, None for none."""

    job: Job
    report: Report | None


def collect(plan: Plan, folder: Path, *, fail_on: Severity = Severity.WARNING) -> Report:
    """The one report of ``plan``, whose jobs left theirs as ``folder``/ID/report.json.

    Raises UserError for a report that cannot be read, that is of another series, or of another base.
    """
    done = [_Done(job=job, report=_read(folder / job.id / REPORT)) for job in plan.jobs]
    reports = {one.job.id: one.report for one in done if one.report is not None}
    tree = _one_review(plan, reports)
    whole = next((one.report for one in done if one.report and not one.job.patches), None)
    checks = list(whole.checks) if whole else _applied(reports)
    known = {check.check for check in checks}
    checks += [check for check in _lacking(done) if check.check not in known]
    at = next((at for at, check in enumerate(checks, 1) if check.check == _AFTER), len(checks))
    checks[at:at] = _per_patch(done, plan.series.patches, fail_on)
    started = sorted(report.started for report in reports.values() if report.started)
    series = next((report.series for report in reports.values()), plan.series)
    return replace(
        whole or Report(tool=plan.tool, series=series),
        tree=tree,
        checks=told_once(checks),
        # That folder is on another machine.
        folder="",
        started=started[0] if started else "",
    )


def _read(path: Path) -> Report | None:
    if not path.is_file():
        return None
    return parse_report(read_text(path, "report"), name=str(path))


def _one_review(plan: Plan, reports: Mapping[str, Report]) -> TreeId | None:
    """The tree that all reports are about; UserError where one is of something else."""
    tree: TreeId | None = None
    for name, report in reports.items():
        if report.series is None or not _same(report.series, plan.series):
            raise UserError(
                f"{name}: a report of another series than the plan's, or of other patches of it",
                cure="let every job read the series that was planned: an mbox, say",
            )
        found = report.tree
        if found is None or not found.base:
            continue
        if tree and found.base != tree.base:
            raise UserError(
                f"{name}: a report on the base {found.base[:12]}, another has {tree.base[:12]}",
                cure="name the base of all jobs by its commit: --onto COMMIT",
            )
        tree = found if tree is None or not tree.head else tree
    return tree


def _same(one: SeriesId, other: SeriesId) -> bool:
    """The same posting with the same mails, wherever each job read them."""
    ours, theirs = ((it.version, it.message_id, it.patches) for it in (one, other))
    return ours == theirs and one.same_mails(other)


def _applied(reports: Mapping[str, Report]) -> list[CheckResult]:
    """How applying went in some job, where that of the whole series left no report."""
    every = (check for report in reports.values() for check in report.checks)
    return [check for check in every if check.check == "apply"][:1]


def _lacking(done: Sequence[_Done]) -> Iterator[CheckResult]:
    """What was planned of the series as a whole and has no result."""
    for one in done:
        if one.job.patches:
            continue
        there = {check.check.partition(" ")[0] for check in one.report.checks} if one.report else set()
        reason = "its report has no such check" if one.report else "its job left no report"
        for stage in one.job.stages:
            if stage not in there:
                yield CheckResult(check=stage, reason=reason)


def _per_patch(done: Sequence[_Done], patches: int, fail_on: Severity) -> Iterator[CheckResult]:
    """The rows of all jobs as one check, and one that did not run for the jobs that left none."""
    planned = [one.job for one in done if one.job.patches]
    parts = [
        Part(job=one.job, check=check)
        for one in done
        if one.report and one.job.patches
        for check in one.report.checks
        if check.check == per_patch.CHECK
    ]
    there = {part.job.id for part in parts}
    lost = [job.id.removeprefix("kvet-") for job in planned if job.id not in there]
    if parts:
        facts = (("jobs", f"{len(parts)} of {len(planned)} left a report"),)
        yield replace(merged(parts, patches, fail_on, whole=not lost), facts=facts)
    elif planned:
        yield CheckResult(check=per_patch.CHECK, reason="no job left a report")
    if lost and parts:
        listed = ", ".join(lost[:_MANY]) + (f" and {len(lost) - _MANY} more" if len(lost) > _MANY else "")
        said = f"{len(lost)} of {len(planned)} left no report: {listed}"
        yield CheckResult(check=LOST, reason=said)
