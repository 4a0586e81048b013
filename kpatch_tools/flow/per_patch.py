# SPDX-License-Identifier: GPL-2.0-only
"""`kvet review --per-patch`: the base and every patch of a series, each built, booted and tested.

The kept checkout goes from the base to the end once, so that make builds only what a patch touches. A kernel
is booted where it differs from all before it: where a patch changes no file that a build reads, or the image
comes out byte for byte as another, the row takes over what that kernel did and says so.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kpatch_tools.checks import per_patch as rules
from kpatch_tools.checks.per_patch_offer import not_yet
from kpatch_tools.errors import ToolkitError, UserError
from kpatch_tools.flow.build import BuildResult, build_kernel
from kpatch_tools.flow.per_patch_docs import PatchDocs, check_patches
from kpatch_tools.flow.per_patch_programs import compile_programs
from kpatch_tools.flow.per_patch_progress import BASE, STAGE, Progress
from kpatch_tools.flow.per_patch_tests import Outcome, Programs, build_programs, confirmed, run_programs
from kpatch_tools.flow.per_patch_warnings import Warnings
from kpatch_tools.flow.prepare import Prepared
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.event import Sink, silent
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.perpatch import KernelState, PatchRow, ProgramState, Step
from kpatch_tools.model.report import CheckResult, Status, status_of
from kpatch_tools.model.series import Applied, Series
from kpatch_tools.model.test import Verdict
from kpatch_tools.tools.buildinputs import changed_inputs
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for

CHECK = STAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to do with each patch. ``contracts`` are the tests to run; none: no machine is booted.

    ``kernel`` False builds nothing, ``docs`` False checks no document. ``modes`` are KVM parameters, {} the
    kernel's default. ``jobs`` is the number of compiler jobs, ``config`` names more fragments. ``patches``
    are the numbers of those to do, () for all; each is held against the step before it, which is done too.
    """

    contracts: tuple[Contract, ...] = ()
    kernel: bool = True
    docs: bool = True
    modes: tuple[Mapping[str, str], ...] = ({},)
    fail_on: Severity = Severity.WARNING
    jobs: int | None = None
    config: tuple[str, ...] = ()
    patches: tuple[int, ...] = ()

    def steps(self, patches: int) -> tuple[int, ...]:
        """The numbers of the rows to make, in order, of a series of that many patches; 0 is the base.

        Raises UserError as need_patches().
        """
        need_patches(self.patches, patches)
        if not self.patches:
            return tuple(range(patches + 1))
        return tuple(sorted({step for number in self.patches for step in (number - 1, number)}))


def need_patches(wanted: tuple[int, ...], patches: int) -> None:
    """UserError for the number of a patch that a series of that many patches has not."""
    for number in wanted:
        if not 0 < number <= patches:
            there = "one patch" if patches == 1 else f"{patches} patches"
            raise UserError(
                f"--patch {number}: the series has {there}", cure=f"give a number from 1 to {patches}"
            )


def build_each(
    prepared: Prepared, *, sink: Sink, logs: Path, jobs: int | None = None, config: tuple[str, ...] = ()
) -> CheckResult:
    """`kvet build --per-patch`: check_series() for the builds alone, of a series that applies."""
    if prepared.series is None or prepared.applied is None:
        return CheckResult(check=CHECK, status=Status.SKIP, reason="there is no series")
    return check_series(
        prepared.series,
        prepared.applied,
        Repository.open(store_for(prepared.tree)),
        tree=prepared.tree,
        wanted=Wanted(docs=False, jobs=jobs, config=config),
        logs=logs,
        sink=sink,
    )


def check_series(  # noqa: PLR0913 - what, where it went, what to do, where to
    series: Series,
    applied: Applied,
    store: Repository,
    *,
    tree: Path,
    wanted: Wanted,
    logs: Path,
    sink: Sink = silent,
) -> CheckResult:
    """Take the base and each patch of an applied series to a row, and judge the rows together.

    ``store`` holds the commits of ``applied``; ``logs`` receives a folder a row. Raises EnvironmentFault for
    what this machine lacks to build or boot at all; what a patch does wrong is a finding.
    """
    started = time.monotonic()
    if not applied.commits:
        return CheckResult(check=CHECK, status=Status.SKIP, reason="the series is in the base already")
    run = _Run(
        series=series,
        applied=applied,
        store=store,
        tree=tree,
        wanted=wanted,
        logs=logs,
        progress=Progress(sink, len(applied.commits)),
        warnings=Warnings(store, applied),
    )
    run.all()
    return replace(run.result(), elapsed=time.monotonic() - started)


@dataclass(slots=True, kw_only=True)
class _Run:
    """The rows as they grow, and what they share."""

    series: Series
    applied: Applied
    store: Repository
    tree: Path
    wanted: Wanted
    logs: Path
    progress: Progress
    warnings: Warnings
    steps: list[Step] = field(default_factory=list)
    images: dict[str, int] = field(default_factory=dict)
    notes: list[Finding] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    programs: Programs = field(default_factory=lambda: Programs(binaries={}))

    def all(self) -> None:
        """Make every row."""
        every = (self.applied.base, *self.applied.commits)
        numbers = self.wanted.steps(len(self.applied.commits))
        commits = [every[number] for number in numbers]
        own = [self._differs(commits, at) for at in range(len(commits))]
        docs = self._docs()
        self._make_programs()
        for at, number in enumerate(numbers):
            self.progress.start(number, sum(own[at:]))
            subject = self.series.patches[number - 1].subject if number else BASE
            row = PatchRow(number=number, subject=subject, commit=commits[at])
            step = Step(row=self._with_docs(row, docs))
            started = time.monotonic()
            if self.wanted.kernel:
                step = self._built(step) if own[at] else self._same(step, self.steps[-1].row.number)
                step = self._with_programs(step)
            self.steps.append(_timed(step, time.monotonic() - started))
            self.progress.done(worked=own[at])

    def result(self) -> CheckResult:
        """The rows judged together."""
        whole = not self.wanted.patches
        judged = not_yet(self.steps, len(self.applied.commits))
        rows = tuple(step.row for step in judged)
        rows = rules.settled(rows) if whole else rows
        steps = [replace(step, row=row) for step, row in zip(judged, rows, strict=True)]
        if self.programs.binaries:
            end = "the end of the series" if whole else rows[-1].name
            ends = {rows[0].name: rows[0], end: rows[-1]}
            silent_ends = [name for name, row in ends.items() if not rules.has_results(row)]
            self.open += [f"the tests have no result on {name}" for name in silent_ends]
        findings = (*rules.judge_steps(steps, whole=whole), *self.notes)
        status = status_of(findings, self.wanted.fail_on)
        if not self.wanted.kernel and status is Status.PASS:
            status = Status.SKIP
        elif self.open and status is Status.PASS:
            status = Status.DID_NOT_RUN
        summary = rules.summary(rows) if whole else ""
        words = [summary or ("" if self.wanted.kernel else "no kernel was built"), *self.open]
        return CheckResult(
            check=CHECK,
            status=status,
            reason="; ".join(filter(None, dict.fromkeys(words))),
            findings=findings,
            logs=tuple(dict.fromkeys(self.shown)),
            facts=() if whole else (("patches", self._asked()),),
            partial=bool(self.open) or not whole,
            patches=rows,
        )

    def _asked(self) -> str:
        numbers = ", ".join(str(number) for number in sorted(set(self.wanted.patches)))
        return f"only {numbers} of {len(self.applied.commits)}, against the one before"

    def _differs(self, commits: Sequence[str], at: int) -> bool:
        """The row needs a build: it has files that the build reads and that the row before it has not."""
        return not at or bool(changed_inputs(self.store, commits[at - 1], commits[at]))

    def _docs(self) -> tuple[PatchDocs, ...]:
        if not self.wanted.docs:
            return ()
        self.progress.start(0, 0)
        return check_patches(self.series, self.applied, self.store, sink=self.progress.relay)

    def _with_docs(self, row: PatchRow, docs: Sequence[PatchDocs]) -> PatchRow:
        if not row.number or not docs:
            return row
        mine = docs[row.number - 1]
        self.notes += mine.mended
        return replace(row, docs_new=mine.new, docs_mended=len(mine.mended), reason=mine.unread)

    def _make_programs(self) -> None:
        """The test programs, made at the end of the series; without them the rows are built only."""
        if not (self.wanted.kernel and self.wanted.contracts):
            return
        try:
            self.programs = build_programs(
                self.wanted.contracts,
                self.tree,
                self.applied.head,
                sink=self.progress.relay,
                logs=self.logs,
            )
        except ToolkitError as error:
            self.open.append(f"no test ran: {error.message}")
            return
        if not self.programs.binaries:
            self.notes += self.programs.findings
            self.shown.append(self.programs.log)
            self.open.append("no test ran: the generated selftest does not compile after the last patch")

    def _same(self, step: Step, number: int) -> Step:
        """The row has the kernel of row ``number``, or of the one that this one has it from."""
        other = next(one for one in self.steps if one.row.number == number)
        origin = other.row.same_as if other.row.same_as is not None else number
        fails = other.row.kernel is KernelState.FAILS
        row = replace(
            step.row,
            kernel=KernelState.FAILS if fails else KernelState.SAME,
            same_as=origin,
            boot=other.row.boot,
            cases=other.row.cases,
            flaky=other.row.flaky,
            reasons=other.row.reasons,
            reason=step.row.reason or other.row.reason,
        )
        return replace(step, row=row, errors=other.errors, unoffered=other.unoffered)

    def _built(self, step: Step) -> Step:
        self.progress.tell("building")
        place = self._place(step.row)
        built = build_kernel(
            self.tree,
            step.row.commit,
            sink=self.progress.relay,
            jobs=self.wanted.jobs,
            state=place,
            config=self.wanted.config,
        )
        # What the first row says was there before the patches that are asked for.
        brought = self.warnings.brought(step.row.number if self.steps else 0, step.row.commit, built)
        self.notes += brought
        if built.kernel is None or built.image is None:
            self.shown.append(str(built.log))
            first = next((one.message for one in built.findings if one.severity is Severity.ERROR), "")
            row = replace(step.row, kernel=KernelState.FAILS, warnings=len(brought), reason=first)
            return replace(step, row=row, errors=built.findings)
        state = KernelState.CACHED if built.cached else KernelState.BUILT
        row = replace(step.row, kernel=state, warnings=len(brought))
        digest = hashlib.sha256(built.image.read_bytes()).hexdigest()
        known = self.images.setdefault(digest, row.number)
        if known != row.number:
            return self._same(replace(step, row=row), known)
        return self._tested(replace(step, row=row), built, place)

    def _tested(self, step: Step, built: BuildResult, place: Path) -> Step:
        if not self.programs.binaries or built.kernel is None:
            return step
        self.progress.tell("booting")
        kernel, known = built.kernel, [one.row for one in self.steps if rules.has_results(one.row)]

        def run(attempt: int) -> Outcome:
            if attempt:
                self.progress.tell(f"booting once more, to be sure ({attempt + 1})")
            logs = place if not attempt else place / f"again-{attempt}"
            return run_programs(self.programs, kernel, self.wanted.modes, logs=logs, sink=self.progress.relay)

        done = confirmed(run, known[-1].cases if known else {})
        reasons = {case: done.reasons.get(case, "") for case, result in done.cases.items() if not result.good}
        row = replace(
            step.row,
            boot=done.verdict,
            cases=done.cases,
            flaky=done.flaky,
            reasons={case: why for case, why in reasons.items() if why},
            reason=done.reason,
        )
        if done.verdict in (Verdict.INFRA, Verdict.NO_VERDICT):
            self.open.append(f"{row.name} could not be tested: {done.reason}")
        if done.flaky or not rules.has_results(row):
            self.shown += done.consoles
        return replace(step, row=row, unoffered=done.unoffered, booted=done.booted)

    def _with_programs(self, step: Step) -> Step:
        """The series' own test programs, where the patch touches one, compiled at that patch."""
        if not step.row.number:
            return step
        patch = self.series.patches[step.row.number - 1]
        done = compile_programs(
            patch, step.row.commit, self.tree, sink=self.progress.relay, logs=self._place(step.row)
        )
        self.notes += done.findings
        if done.state is ProgramState.FAIL:
            self.shown.append(done.log)
        return replace(step, row=replace(step.row, programs=done.state))

    def _place(self, row: PatchRow) -> Path:
        return self.logs / "per-patch" / f"{row.number:04d}"


def _timed(step: Step, elapsed: float) -> Step:
    return replace(step, row=replace(step.row, elapsed=elapsed))
