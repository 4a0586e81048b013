# SPDX-License-Identifier: GPL-2.0-only
"""What the compiler with W=1 and sparse say of the files that a series touches, held against its base.

The objects are compiled in a folder of their own, each time anew: a warning of a file that is up to date
would never be seen. What was said of a commit is kept, so the base is asked once a list of files.
"""

import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kpatch_tools.checks.warnings import from_extra, from_sparse, new_warnings
from kpatch_tools.flow.build import BuildResult, build_kernel, check_build, read_text_lossy
from kpatch_tools.flow.kconfig import explain_unmet
from kpatch_tools.flow.site import build_site
from kpatch_tools.flow.touched import UNTOUCHED, Touched, touched_objects
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Status, status_of
from kpatch_tools.parse.gcc import make_failures, parse_build
from kpatch_tools.tools import blame, kbuild, kcheck, kept, origins
from kpatch_tools.tools.files import cache_dir, locked, write_atomic
from kpatch_tools.tools.git import Repository

CHECK = "warnings"
# Warnings must not end the compiler's work here, whatever the fragments say.
NOT_ERRORS = "\n# CONFIG_KVM_WERROR is not set\n# CONFIG_WERROR is not set\n"
NO_SPARSE = "not installed (apt-get install -y sparse)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """The check, and the files whose warnings it told: they need not be told with the build as well."""

    check: CheckResult
    files: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What is asked of both commits."""

    tree: Path
    store: Repository
    wanted: kbuild.Fragments
    compiler: str
    sparse: str
    jobs: int
    logs: Path
    sink: Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What one commit came to: gcc's words with W=1 and sparse's, or why there is nothing to say.

    ``refused`` is what the configuration lacks; ``stopped`` says that make made no object, and no error of a
    compiler explains it.
    """

    gcc: tuple[Finding, ...] = ()
    sparse: tuple[Finding, ...] = ()
    refused: tuple[Finding, ...] = ()
    stopped: str = ""


def check_warnings(  # noqa: PLR0913 - what, between which commits, built how, where to
    tree: Path,
    base: str,
    commits: Sequence[str],
    *,
    built: BuildResult,
    sink: Sink,
    logs: Path,
    jobs: int | None = None,
    config: Sequence[str] = (),
    fail_on: Severity = Severity.WARNING,
) -> Warned:
    """The warnings that the commits after ``base`` bring, as a check of its own.

    ``commits`` are the series', one a patch, as Applied has them; ``built`` is the kernel of the last one: it
    says which files are compiled at all. Raises as build_kernel().
    """
    if not built.image:
        return Warned(check=CheckResult(check=CHECK, reason="the kernel does not build"))
    if built.objects is None:
        reason = f"this kernel has no list of its objects; rm -r {built.image.parent} builds it again"
        return Warned(check=CheckResult(check=CHECK, reason=reason))
    head = commits[-1] if commits else base
    store = Repository.open(kept.store_for(tree))
    touched = touched_objects(store, base, head, built)
    if not touched.goals:
        left = CheckResult(check=CHECK, status=Status.SKIP, reason=touched.reason, facts=touched.facts)
        left = replace(left, debts=_debts({"the build": touched.old}))
        # Where the kernel is the same as before, whatever the build complains of is old.
        complained = {one.location.path for one in built.findings if one.location}
        return Warned(check=left, files=frozenset(complained if touched.reason == UNTOUCHED else ()))
    wanted = kbuild.fragments(extra=config)
    off = {"CONFIG_KVM_WERROR", "CONFIG_WERROR"}
    job = _Job(
        tree=tree,
        store=store,
        wanted=replace(
            wanted,
            text=wanted.text + NOT_ERRORS,
            wanted={name: value for name, value in wanted.wanted.items() if name not in off},
        ),
        compiler=built.compiler,
        sparse=kcheck.sparse_version(),
        jobs=jobs or os.cpu_count() or 1,
        logs=logs,
        sink=sink,
    )
    # The base first: the kept checkout then stays at the last commit, where the next stage wants it.
    before = _ask(job, base, touched.at_base, extra=True)
    after = _ask(job, head, touched.goals, extra=True)
    return _judged(job, touched, before, after, (base, *commits), fail_on)


def with_patches(tree: Path, base: str, commits: Sequence[str], built: BuildResult) -> BuildResult:
    """The build with the patch at each of the compiler's errors whose line a patch of the series wrote."""
    errors = [one for one in built.findings if one.severity is Severity.ERROR and one.location]
    if not errors or not commits:
        return built
    writer = patch_of(Repository.open(kept.store_for(tree)), base, *commits)
    return replace(built, findings=tuple(_by_patch(one, writer) for one in built.findings))


def _by_patch(finding: Finding, writer: Callable[[Location], int]) -> Finding:
    place = finding.location
    if finding.severity is not Severity.ERROR or not place or not place.line:
        return finding
    return replace(finding, location=replace(place, patch=writer(place)))


def build_series(  # noqa: PLR0913 - what, between which commits, how, where to
    tree: Path,
    base: str,
    commits: Sequence[str],
    *,
    sink: Sink,
    logs: Path,
    jobs: int | None = None,
    config: Sequence[str] = (),
) -> tuple[BuildResult, tuple[CheckResult, ...]]:
    """`kvet build`: the kernel of the last of ``commits`` (none: of ``base``) and the warnings they bring."""
    head = commits[-1] if commits else base
    built = build_kernel(tree, head, sink=sink, jobs=jobs, state=logs, config=config)
    if head == base:
        return built, (check_build(built),)
    built = with_patches(tree, base, commits, built)
    started = time.monotonic()
    warned = check_warnings(tree, base, commits, built=built, sink=sink, logs=logs, jobs=jobs, config=config)
    check = replace(warned.check, elapsed=time.monotonic() - started)
    return built, (check_build(built, warned.files), check)


def _judged(  # noqa: PLR0913, PLR0917 - two sides of one comparison
    job: _Job, touched: Touched, before: _Said, after: _Said, commits: tuple[str, ...], fail_on: Severity
) -> Warned:
    facts = [("compiled with W=1", _files(len(touched.goals))), *touched.facts]
    facts.append(("sparse", job.sparse or NO_SPARSE))
    if before.refused or after.refused:
        return Warned(
            check=CheckResult(check=CHECK, status=Status.FAIL, findings=before.refused or after.refused)
        )
    stopped = after.stopped or before.stopped
    if stopped:
        return Warned(check=CheckResult(check=CHECK, reason=stopped, facts=tuple(facts)))
    patches = patch_of(job.store, *commits), _changed_by(job.store, *commits)
    brought, old = new_warnings(before.gcc, after.gcc, *patches)
    if brought:
        plain = _ask(job, commits[-1], _goals_of(brought, touched.goals), extra=False).gcc
        brought = tuple(from_extra(one, plain) for one in brought)
    sparse, old_sparse = new_warnings(before.sparse, after.sparse, *patches)
    findings = (*brought, *sparse)
    check = CheckResult(
        check=CHECK,
        status=status_of(findings, fail_on),
        findings=findings,
        facts=tuple(facts),
        debts=_debts({"the compiler": old, "sparse": old_sparse}),
        logs=tuple(str(path) for path in sorted(job.logs.glob("warnings-*.log"))),
    )
    compiled = {kbuild.source_of(goal) for goal in touched.goals}
    headers = {one.location.path for one in after.gcc if one.location}
    return Warned(check=check, files=frozenset(compiled | headers))


def _debts(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """What was complained of before the series, by who says it."""
    return tuple((f"warnings of {who}", count) for who, count in counts.items() if count)


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"


def _goals_of(findings: Sequence[Finding], goals: Sequence[str]) -> tuple[str, ...]:
    """The goals whose own source has a finding; all of them where one stands in a header."""
    paths = {one.location.path for one in findings if one.location}
    own = tuple(goal for goal in goals if kbuild.source_of(goal) in paths)
    return own if paths <= {kbuild.source_of(goal) for goal in own} else tuple(goals)


def _numbers(commits: Sequence[str]) -> dict[str, int]:
    # A patch that the base already holds repeats the commit before it.
    return {commit: at for at, commit in reversed(list(enumerate(commits, 1)))}


def patch_of(store: Repository, base: str, *commits: str) -> Callable[[Location], int]:
    """Says of a line after the last of ``commits`` which of them wrote it, by number; 0 for an older one."""
    numbers = _numbers(commits)

    def patch(place: Location) -> int:
        return numbers.get(blame.writer_of(store, base, commits[-1], place.path, place.line), 0)

    return patch


def _changed_by(store: Repository, base: str, *commits: str) -> Callable[[str], int]:
    numbers = _numbers(commits)

    def patch(path: str) -> int:
        changers = blame.changers_of(store, base, commits[-1], path)
        return numbers.get(changers[0], 0) if len(changers) == 1 else 0

    return patch


def _ask(job: _Job, commit: str, goals: Sequence[str], *, extra: bool) -> _Said:
    """What is said of ``goals`` at ``commit``, from the cache where it was asked before."""
    if not goals:
        return _Said()
    root = job.store.tree_id(commit)
    sparse = job.sparse if extra else ""
    origin = origins.origin_of(job.tree, commit)
    parts = (
        root,
        job.wanted.digest,
        job.compiler,
        sparse,
        str(extra),
        origin.owner if origin else "",
        *goals,
    )
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
    folder = cache_dir("warnings", key)
    names = ("gcc", "sparse") if sparse else ("gcc",)
    with locked(folder.parent / f".{key}.lock"):
        if not (folder / "done").is_file():
            refused = _compile(job, commit, goals, folder, sparse=bool(sparse), extra=extra)
            if refused:
                return _Said(refused=refused)
        roots = tuple(read_text_lossy(folder / "roots").split("\n"))
        texts = {name: read_text_lossy(folder / f"{name}.log") for name in names}
        missing = read_text_lossy(folder / "missing").split()
    for name, text in texts.items():
        write_atomic(job.logs / f"warnings-{name}-{commit[:12]}{'' if extra else '-plain'}.log", text)
    said = {name: parse_build(text, roots=roots) for name, text in texts.items()}
    if missing and not any(one.severity is Severity.ERROR for one in said["gcc"]):
        why = make_failures(texts["gcc"])[:1] or (f"make made nothing of {', '.join(missing[:3])}",)
        return _Said(stopped=f"at {commit[:12]}: {why[0]}")
    # Only what proves something is kept.
    write_atomic(folder / "done", "")
    sparse_said = tuple(from_sparse(one) for one in said.get("sparse", ()))
    return _Said(gcc=said["gcc"], sparse=sparse_said)


def _compile(  # noqa: PLR0913 - one run of make and what it is to leave
    job: _Job, commit: str, goals: Sequence[str], folder: Path, *, sparse: bool, extra: bool
) -> tuple[Finding, ...]:
    """Fill ``folder`` with the logs; returns why the configuration was refused, () when it was not."""
    how = "W=1" if extra else "as in the build"
    with kept.worktree(job.tree, commit, job.sink) as source:
        key = hashlib.sha256(f"{source}\0{job.wanted.digest}\0checks".encode()).hexdigest()[:24]
        with build_site(
            job.tree, commit, source=source, key=key, log=folder / "gcc.log", sink=job.sink, stage=CHECK
        ) as site:
            configured = kbuild.configure(replace(site, log=folder / "config.log"), job.wanted)
            if configured.unmet:
                return explain_unmet(source, configured.unmet, configured.text)
            job.sink(Event(CHECK, f"{_files(len(goals))} at {commit[:12]}, {how}"))
            kcheck.compile_objects(site, goals, jobs=job.jobs, extra=extra)
            missing = kcheck.not_made(site, goals)
            if sparse:
                job.sink(Event(CHECK, f"sparse over {_files(len(goals))} at {commit[:12]}"))
                made = [goal for goal in goals if goal not in missing]
                kcheck.run_sparse(replace(site, log=folder / "sparse.log"), made, jobs=job.jobs)
            write_atomic(folder / "roots", "\n".join(site.roots))
            write_atomic(folder / "missing", "\n".join(missing))
    return ()
