# SPDX-License-Identifier: GPL-2.0-only
"""The main job: a series in, one report out, every stage from evidence.

A stage that cannot run says so and why; the ones after it still run where they can.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from kpatch_tools import __version__
from kpatch_tools.checks import behaviour
from kpatch_tools.errors import ToolFailed, ToolkitError
from kpatch_tools.flow import (
    abi,
    b4,
    btf,
    build,
    contract,
    docs_series,
    generate,
    ledger,
    patches,
    per_patch,
    warnings,
)
from kpatch_tools.flow import test as tests
from kpatch_tools.flow.base import AUTO, apply_to
from kpatch_tools.flow.prepare import check_applied, load, need_kernel_tree, run_folder, series_id, tried
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import CheckResult, Report, Status, TreeId
from kpatch_tools.model.series import Applied, Series
from kpatch_tools.render import html, json_v1
from kpatch_tools.tools.files import write_atomic
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for
from kpatch_tools.tools.kernels import Kernel

_MAKEFILE_VERSION = re.compile(rb"^(VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)$", re.MULTILINE)
RULES_BEHAVIOUR = (behaviour.RULE, behaviour.KNOWN_BUG_RULE)
NO_KERNEL = "left out by --no-kernel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user chose. ``kernel`` False leaves out what needs a built kernel; the report says so.

    ``per_patch`` goes through the series patch by patch as well, with ``patch_modes`` for each kernel there.
    """

    onto: str = "HEAD"
    kernel: bool = True
    fail_on: Severity = Severity.WARNING
    modes: tuple[dict[str, str], ...] = ({}, {"npt": "0"}, {"tdp_mmu": "0"})
    jobs: int | None = None
    per_patch: bool = False
    patch_modes: tuple[dict[str, str], ...] = ({},)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """The report and the folder that holds it (report.json, report.html, logs/)."""

    report: Report
    folder: Path


@dataclass(slots=True, kw_only=True)
class _Run:
    """What the stages of one run share; ``checks`` grows as they end."""

    series: Series
    tree: Path
    options: Options
    folder: Path
    state: Path
    sink: Sink
    applied: Applied | None = None
    checks: list[CheckResult] = field(default_factory=list)

    def stage(self, name: str, work: Callable[[], CheckResult]) -> CheckResult:
        """Run one stage; what keeps it from running becomes DID_NOT_RUN with the cure.

        A UserError is caught too: deep in a run it speaks of the tree (no harness that kvet knows, say), and
        the stages that did run must not be lost for it.
        """
        started = time.monotonic()
        self.sink(Event(name, "starts"))
        try:
            result = work()
        except ToolkitError as error:
            result = CheckResult(check=name, reason=_why(error))
        result = replace(result, check=name, elapsed=time.monotonic() - started)
        self.checks.append(result)
        return result

    def skip(self, name: str, reason: str, status: Status = Status.DID_NOT_RUN) -> None:
        """Enter a stage that has nothing to work on."""
        self.checks.append(CheckResult(check=name, status=status, reason=reason))


def review(
    spec: str, *, tree: str | None, state: Path, options: Options | None = None, sink: Sink = silent
) -> Reviewed:
    """Take the series ``spec`` to a verdict on ``tree`` (a path or a word for find_tree()).

    Leaves report.json, report.html and logs/ in a new folder below ``state``/runs. Raises UserError for a
    series, a tree or a commit that cannot be read, EnvironmentFault when there is no tree, both before
    anything is written; what goes wrong after that stands in the report.
    """
    chosen = options or Options()
    series, found = load(spec, tree, sink)
    store = Repository.open(store_for(found.path))
    if chosen.onto != AUTO:
        Repository.open(found.path).resolve(chosen.onto)
    need_kernel_tree(series, found.path, chosen.onto)
    for one in contracts_of(series) if chosen.kernel else ():
        ledger.check_ledger(state, one)
    run = _Run(
        series=series,
        tree=found.path,
        options=chosen,
        folder=run_folder(state, series.name),
        state=state,
        sink=sink,
    )
    run.stage("apply", partial(_apply, run, store, found.note))
    applied = run.applied
    if applied is not None:
        told = partial(patches.check_patches, series, applied, store, fail_on=chosen.fail_on, sink=sink)
        run.stage("patches", told)
    if applied is None or not applied.state.good:
        stages = ("docs", "contract", "layout", "build", warnings.CHECK, "tests", "conformance")
        for name in (*stages, per_patch.CHECK) if chosen.per_patch else stages:
            run.skip(name, "the series does not apply" if applied else "the series could not be applied")
    else:
        run.stage("docs", partial(docs_series.check_applied, series, applied, store, fail_on=chosen.fail_on))
        if chosen.per_patch:
            # Before the build of the end: the kept checkout then goes forward only.
            run.stage(per_patch.CHECK, partial(_per_patch, run, applied, store))
        _contracts(run, applied, store)
    report = Report(
        tool=f"kvet {__version__}",
        tree=TreeId(
            path=str(found.path),
            base=applied.base if applied else found.commit,
            head=applied.head if applied and applied.state.good else "",
        ),
        series=series_id(series),
        checks=per_patch.told_once(run.checks),
    )
    write_atomic(run.folder / "report.json", json_v1.render(report))
    write_atomic(run.folder / "report.html", html.render(report))
    b4.remember(series, report)
    return Reviewed(report=report, folder=run.folder)


def contracts_of(series: Series) -> tuple[Contract, ...]:
    """The shipped contracts whose ioctl the series defines (an added ``#define NAME`` in a uapi header)."""
    added = {
        line[1:].split()[1]
        for patch in series.patches
        for line in patch.diff.splitlines()
        if line.startswith("+#define ") and len(line.split()) > 1
    }
    known = (generate.load_contract(name) for name in generate.contract_names())
    return tuple(one for one in known if one.ioctl.name in added)


def _apply(run: _Run, store: Repository, note: str) -> CheckResult:
    applied, base = apply_to(
        run.series, tree=run.tree, onto=run.options.onto, objects=store.path, sink=run.sink
    )
    run.applied = applied
    facts = [("base", f"{_kernel_version(store, applied.base)} ({applied.base[:12]})")]
    if applied.commits:
        facts.append(("head", applied.head))
    if note:
        facts.append(("tree", note))
    facts += [("series", remark) for remark in run.series.notes]
    facts += tried(base)
    return check_applied(run.series, applied, facts=tuple(facts))


def _contracts(run: _Run, applied: Applied, store: Repository) -> None:
    """Every stage that needs a kernel or a contract; without a contract they say so and claim nothing."""
    commit, options = applied.head, run.options
    kernel: Kernel | None = None
    if options.kernel:
        result: list[build.BuildResult] = []
        run.stage("build", partial(_build, run, commit, result))
        kernel = result[0].kernel if result else None
        if result:
            run.stage(warnings.CHECK, partial(_warnings, run, applied, result[0]))
        else:
            run.skip(warnings.CHECK, "the kernel was not built")
    else:
        run.skip("build", NO_KERNEL, Status.SKIP)
        run.skip(warnings.CHECK, NO_KERNEL, Status.SKIP)
    found = contracts_of(run.series)
    if not found:
        for name in ("contract", "layout", "tests", "conformance"):
            run.skip(name, "the series adds no ioctl that kvet has a contract for", Status.SKIP)
    for one in found:
        label = f" {one.ioctl.name}" if len(found) > 1 else ""
        read = partial(store.read_blob, commit)
        static = partial(contract.check_static, one, read, fail_on=options.fail_on)
        text = run.stage(f"contract{label}", static)
        layout = run.stage(f"layout{label}", partial(_layout, run, one, read, commit))
        run.checks[run.checks.index(text)] = contract.settled(text, layout, options.fail_on)
        if kernel is None:
            reason = "there is no kernel to boot" if options.kernel else NO_KERNEL
            run.skip(f"tests{label}", reason, Status.DID_NOT_RUN if options.kernel else Status.SKIP)
            ran = run.checks[-1]
        else:
            ran = run.stage(f"tests{label}", partial(_test, run, one, commit, kernel))
        judged = run.stage(f"conformance{label}", partial(_conformance, run, one, read, ran))
        run.checks[run.checks.index(ran)] = _told_once(ran, judged)


def _warnings(run: _Run, applied: Applied, built: build.BuildResult) -> CheckResult:
    """What warnings the series brings; those that are old do not count for the build either."""
    told = warnings.check_warnings(
        run.tree,
        applied.base,
        applied.commits,
        built=built,
        sink=run.sink,
        logs=run.folder / "logs",
        jobs=run.options.jobs,
        fail_on=run.options.fail_on,
    )
    before = run.checks[-1]
    run.checks[-1] = replace(build.check_build(built, told.files), elapsed=before.elapsed)
    return told.check


def _per_patch(run: _Run, applied: Applied, store: Repository) -> CheckResult:
    options = run.options
    return per_patch.check_series(
        run.series,
        applied,
        store,
        tree=run.tree,
        wanted=per_patch.Wanted(
            contracts=contracts_of(run.series),
            kernel=options.kernel,
            modes=options.patch_modes,
            fail_on=options.fail_on,
            jobs=options.jobs,
        ),
        logs=run.folder / "logs",
        sink=run.sink,
    )


def _layout(run: _Run, one: Contract, read: Callable[[str], bytes | None], commit: str) -> CheckResult:
    if not run.options.kernel:
        # It may have to run the series' own Makefiles.
        return abi.not_compiled(NO_KERNEL)
    return abi.check_layout(
        one,
        read,
        tree=run.tree,
        commit=commit,
        sink=run.sink,
        state=run.folder / "logs",
        fail_on=run.options.fail_on,
    )


def _conformance(
    run: _Run, one: Contract, read: Callable[[str], bytes | None], ran: CheckResult
) -> CheckResult:
    if ran.tests:
        places = contract.places_of(one.name, one)
        return contract.check_behaviour(one, read, ran.tests, fail_on=run.options.fail_on, places=places)
    result = contract.check_document(one, read, fail_on=run.options.fail_on)
    unproven = Status.SKIP if ran.status is Status.SKIP else Status.DID_NOT_RUN
    if result.status is Status.PASS:
        return replace(result, status=unproven)
    return result


def _told_once(ran: CheckResult, judged: CheckResult) -> CheckResult:
    """The tests without the failures that conformance tells again, with the clause they contradict."""
    told = [finding.message for finding in judged.findings if finding.rule in RULES_BEHAVIOUR]
    failed = {test.name.rpartition(".")[2] for test in ran.tests if not test.status.good}
    named = {name for name in failed if any(f"case {name} " in message for message in told)}
    kept = tuple(
        finding
        for finding in ran.findings
        if finding.message.partition(":")[0].rpartition(".")[2] not in named
    )
    return replace(ran, findings=kept)


def _build(run: _Run, commit: str, result: list[build.BuildResult]) -> CheckResult:
    built = build.build_kernel(
        run.tree, commit, sink=run.sink, jobs=run.options.jobs, state=run.folder / "logs"
    )
    applied = run.applied
    if applied:
        built = warnings.with_patches(run.tree, applied.base, applied.commits, built)
    result.append(built)
    return build.check_build(built)


def _test(run: _Run, one: Contract, commit: str, kernel: Kernel) -> CheckResult:
    ran = tests.run_contract(
        one,
        tree=run.tree,
        commit=commit,
        kernel=kernel,
        modes=run.options.modes,
        sink=run.sink,
        logs=run.folder / "logs",
    )
    read = partial(Repository.open(store_for(run.tree)).read_blob, commit)
    named = f"{run.series.name} v{run.series.version}"
    made = ledger.Made(base=run.applied.base if run.applied else "", head=commit, series=named)
    ran = btf.with_btf(one, ran, kernel, read)
    return ledger.remember(run.state, one, ran, kernel, read=read, made=made)


def _kernel_version(store: Repository, commit: str) -> str:
    """The version that the top Makefile of a commit names, "unknown version" when it names none."""
    makefile = store.read_blob(commit, "Makefile") or b""
    found = {key: value.decode() for key, value in _MAKEFILE_VERSION.findall(makefile)}
    words = [found.get(key, "") for key in (b"VERSION", b"PATCHLEVEL", b"SUBLEVEL")]
    return f"Linux {'.'.join(words)}" if all(words) else "unknown version"


def _why(error: ToolkitError) -> str:
    parts = [error.message]
    if isinstance(error, ToolFailed) and error.log:
        parts.append(f"full log: {error.log}")
    if error.cure:
        parts.append(f"cure: {error.cure}")
    return "; ".join(parts)
