# SPDX-License-Identifier: GPL-2.0-only
"""The stages of a review that need a kernel or a contract: build, warnings, layout, tests, conformance."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from kpatch_tools.checks import behaviour
from kpatch_tools.flow import abi, btf, build, contract, docs, ledger, own_tests, warnings
from kpatch_tools.flow import test as tests
from kpatch_tools.flow.review_run import NO_KERNEL, Run, contracts_of
from kpatch_tools.flow.stages import BUILD, OF_CONTRACTS
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.model.series import Applied
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for
from kpatch_tools.tools.kernels import Kernel

RULES_BEHAVIOUR = (behaviour.RULE, behaviour.KNOWN_BUG_RULE)


def kernel_stages(run: Run, applied: Applied, store: Repository) -> None:
    """Every stage that needs a kernel or a contract; without a contract they say so and claim nothing."""
    commit, options = applied.head, run.options
    kernel: Kernel | None = None
    if options.kernel:
        result: list[build.BuildResult] = []
        run.stage(BUILD, partial(_build, run, commit, result))
        kernel = result[0].kernel if result else None
        if result:
            run.stage(warnings.CHECK, partial(_warnings, run, applied, result[0]))
        else:
            run.skip(warnings.CHECK, "the kernel was not built")
    else:
        run.skip(BUILD, NO_KERNEL, Status.SKIP)
        run.skip(warnings.CHECK, NO_KERNEL, Status.SKIP)
    if options.kernel:
        run.stage(own_tests.CHECK, partial(_own_tests, run, applied, store, kernel))
    else:
        # Their Makefile is the series'.
        run.skip(own_tests.CHECK, NO_KERNEL, Status.SKIP)
    found = contracts_of(run.series)
    if not found:
        for name in OF_CONTRACTS:
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
        judged = run.stage(f"conformance{label}", partial(_conformance, run, one, store, applied, ran))
        run.checks[run.checks.index(ran)] = _told_once(ran, judged)


def _warnings(run: Run, applied: Applied, built: build.BuildResult) -> CheckResult:
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


def _own_tests(run: Run, applied: Applied, store: Repository, kernel: Kernel | None) -> CheckResult:
    return own_tests.check_own_tests(
        run.series,
        applied,
        store,
        tree=run.tree,
        kernel=kernel,
        sink=run.sink,
        logs=run.folder / "logs",
        fail_on=run.options.fail_on,
    )


def _layout(run: Run, one: Contract, read: Callable[[str], bytes | None], commit: str) -> CheckResult:
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
    run: Run, one: Contract, store: Repository, applied: Applied, ran: CheckResult
) -> CheckResult:
    judged = _held(run, one, partial(store.read_blob, applied.head), ran)
    findings = judged.findings
    for path in sorted({found.location.path for found in findings if found.location}):
        before, *steps = [store.read_blob(commit, path) for commit in (applied.base, *applied.commits)]
        findings = docs.name_patches(findings, path, before, steps)
    # Whoever wrote the section did not write what the kernel does wrong.
    pairs = zip(judged.findings, findings, strict=True)
    kept = (old if _by_kernel(old, one.document) else new for old, new in pairs)
    return replace(judged, findings=tuple(kept))


def _by_kernel(finding: Finding, document: str) -> bool:
    """A fault of the kernel that stands at the document for want of a line of code."""
    place = finding.location
    return finding.rule in RULES_BEHAVIOUR and place is not None and place.path == document


def _held(run: Run, one: Contract, read: Callable[[str], bytes | None], ran: CheckResult) -> CheckResult:
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
    told = {case for one in judged.findings if one.rule in RULES_BEHAVIOUR for case in one.cases}
    failed = {test.name.rpartition(".")[2] for test in ran.tests if not test.status.good}
    named = told & failed
    kept = tuple(
        finding
        for finding in ran.findings
        if finding.message.partition(":")[0].rpartition(".")[2] not in named
    )
    return replace(ran, findings=kept)


def _build(run: Run, commit: str, result: list[build.BuildResult]) -> CheckResult:
    built = build.build_kernel(
        run.tree, commit, sink=run.sink, jobs=run.options.jobs, state=run.folder / "logs"
    )
    applied = run.applied
    if applied:
        built = warnings.with_patches(run.tree, applied.base, applied.commits, built)
    result.append(built)
    return build.check_build(built)


def _test(run: Run, one: Contract, commit: str, kernel: Kernel) -> CheckResult:
    ran = tests.run_contract(
        one,
        tree=run.tree,
        commit=commit,
        kernel=kernel,
        modes=run.options.modes,
        settings=tests.Settings(backend=run.options.backend),
        sink=run.sink,
        logs=run.folder / "logs",
    )
    read = partial(Repository.open(store_for(run.tree)).read_blob, commit)
    named = f"{run.series.name} v{run.series.version}"
    made = ledger.Made(base=run.applied.base if run.applied else "", head=commit, series=named)
    ran = btf.with_btf(one, ran, kernel, read)
    return ledger.remember(run.state, one, ran, kernel, read=read, made=made)
