# SPDX-License-Identifier: GPL-2.0-only
"""Kernels for a commit, cached by content: the same tree, configuration and compiler are built once.

A cached kernel needs no checkout at all. What is built anew uses the kept checkout of the tree and the kept
object folder, so the next patch of a series costs seconds.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kpatch_tools.checks.limit import over_limit
from kpatch_tools.errors import EnvironmentFault, SandboxLimit
from kpatch_tools.flow.kconfig import explain_unmet
from kpatch_tools.flow.site import build_site, forget_objects
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Status, status_of
from kpatch_tools.parse.gcc import make_failures, parse_build
from kpatch_tools.tools import addresses, ccache, kbuild, kept, origins, outputs
from kpatch_tools.tools.files import cache_dir, locked, write_atomic
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kernels import Kernel, image_release

NEEDED_FREE_BYTES = 3 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """A kernel, or why there is none.

    ``image`` is None when the build failed; ``findings`` are the compiler's words; ``log`` is the full
    output of make; ``left_out`` names optional configuration lines that this kernel does not know;
    ``elapsed`` is in seconds; ``configuration`` names the fragments of it.
    """

    image: Path | None
    config: Path | None
    release: str
    findings: tuple[Finding, ...]
    elapsed: float
    log: Path
    cached: bool
    compiler: str
    left_out: tuple[str, ...] = ()
    configuration: str = ""

    @property
    def objects(self) -> tuple[str, ...] | None:
        """What was compiled from C, as make names it; None for no kernel, and for one without that list."""
        listed = self.image.parent / "objects" if self.image else None
        return tuple(read_text_lossy(listed).split()) if listed and listed.is_file() else None

    @property
    def kernel(self) -> Kernel | None:
        """The kernel as flow.test takes it."""
        if self.image is None:
            return None
        tables = self.image.parent / addresses.NAME
        return Kernel(
            image=self.image,
            release=self.release,
            origin="built",
            tables=tables if tables.is_file() else None,
        )


def build_kernel(  # noqa: PLR0913 - what, of which commit, how, where to
    tree: Path,
    commit: str,
    *,
    sink: Sink,
    jobs: int | None = None,
    state: Path | None = None,
    config: Sequence[str] = (),
) -> BuildResult:
    """The kernel of ``commit`` (a full id in ``tree`` or in its store), from the fragments of ci/kernel.

    ``state`` is the folder that receives the log of make; ``config`` names more fragments (a path, or
    "debug"). A kernel that does not compile is a result with findings; raises UserError for a fragment that
    is none, EnvironmentFault when a program or room on the disk is missing.
    """
    started = time.monotonic()
    wanted = kbuild.fragments(extra=config)
    kbuild.need_programs(kbuild.PROGRAMS)
    compiler = kbuild.compiler_version()
    root = Repository.open(kept.store_for(tree)).tree_id(commit)
    origin = origins.origin_of(tree, commit)
    own = (origin.owner,) if origin else ()
    key = _key(root, wanted.digest, compiler, kbuild.ARCH, kbuild.recipe(), *own)
    place = cache_dir("kernels", "built") / key
    log = (state or cache_dir("logs")) / f"build-{commit[:12]}.log"
    busy = partial(sink, Event("build", f"waits for another run building {commit[:12]}"))
    with locked(place.parent / f".{key}.lock", busy):
        cached = place.is_dir()
        if cached:
            sink(Event("build", f"the kernel of {commit[:12]} is in the cache"))
            log = place / "build.log"
            roots = tuple(read_text_lossy(place / "roots").split("\n"))
            findings = parse_build(read_text_lossy(log), roots=roots)
        else:
            log.parent.mkdir(parents=True, exist_ok=True)
            if origin and origin.base and not (cache_dir("obj") / _objects_key(tree, wanted)).is_dir():
                # Every series on this base begins with its objects.
                build_kernel(tree, origin.base, sink=sink, jobs=jobs, state=state, config=config)
            log.write_bytes(b"")
            count = jobs or os.cpu_count() or 1
            findings = _build(tree, commit, _Order(wanted=wanted, place=place, log=log, jobs=count), sink)
    image = place / "bzImage"
    return BuildResult(
        image=image if image.is_file() else None,
        config=place / "config" if image.is_file() else None,
        release=image_release(image) if image.is_file() else "",
        findings=findings,
        elapsed=time.monotonic() - started,
        log=log,
        cached=cached,
        compiler=compiler,
        left_out=tuple(read_text_lossy(place / "left-out").split()) if image.is_file() else (),
        configuration=wanted.name,
    )


def check_build(result: BuildResult, told: Collection[str] = ()) -> CheckResult:
    """The build as a check: FAIL without an image, or with a warning of the compiler.

    Warnings in the files ``told`` are left to the check of that name (flow.warnings).
    """
    findings = tuple(
        item
        for item in result.findings
        if item.severity is Severity.ERROR or not item.location or item.location.path not in told
    )
    status = status_of(findings) if result.image else Status.FAIL
    facts = [
        ("architecture", kbuild.ARCH),
        ("compiler", result.compiler),
        ("cached", "yes" if result.cached else "no"),
    ]
    if result.configuration:
        facts.insert(1, ("configuration", result.configuration))
    if result.release:
        facts.insert(0, ("kernel", result.release))
    if result.left_out:
        facts.append(("options that only later kernels have", " ".join(result.left_out)))
    return CheckResult(
        check="build",
        status=status,
        reason="" if result.image else "the kernel does not build",
        findings=findings,
        elapsed=result.elapsed,
        logs=(str(result.log),),
        facts=tuple(facts),
    )


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What to build and where to: inputs of one build that is not in the cache."""

    wanted: kbuild.Fragments
    place: Path
    log: Path
    jobs: int


def _build(tree: Path, commit: str, order: _Order, sink: Sink) -> tuple[Finding, ...]:
    """Build into ``order.place``, all or nothing; returns the findings of the build."""
    root = cache_dir("obj")
    kbuild.need_plain_path(root)
    free = shutil.disk_usage(root).free
    if free < NEEDED_FREE_BYTES:
        raise EnvironmentFault(
            f"{root}: {free >> 20} MB free, a kernel build needs {NEEDED_FREE_BYTES >> 20} MB",
            cure=f"free some, or move the cache: XDG_CACHE_HOME=... (rm -r {root} is safe)",
        )
    with (
        kept.worktree(tree, commit, sink) as source,
        build_site(
            tree,
            commit,
            source=source,
            key=_objects_key(tree, order.wanted),
            log=order.log,
            sink=sink,
            stage="build",
        ) as site,
    ):
        try:
            return _make(site, order, sink)
        except SandboxLimit as fault:
            forget_objects(site)
            return (over_limit(fault),)


def _objects_key(tree: Path, wanted: kbuild.Fragments) -> str:
    return _key(str(kept.work_dir(tree) / "tree"), wanted.digest)


def _make(site: kbuild.Site, order: _Order, sink: Sink) -> tuple[Finding, ...]:
    sink(Event("build", "configuring"))
    fresh = not outputs.is_plain(site.objects, kbuild.IMAGE)
    configured = kbuild.configure(site, order.wanted)
    if configured.unmet:
        return explain_unmet(site.source, configured.unmet, configured.text)
    counter = cache_dir("obj") / f"{order.wanted.digest}.steps"
    expected = _count(counter) if fresh else 0
    sink(Event("build", f"make -j{order.jobs} bzImage, log in {site.log}", 0, expected))
    result, steps = kbuild.build_image(site, jobs=order.jobs, sink=sink, expected=expected)
    output = read_text_lossy(site.log)
    findings = parse_build(output, roots=site.roots)
    if not result.ok or not outputs.is_plain(site.objects, kbuild.IMAGE):
        if not any(item.severity is Severity.ERROR for item in findings):
            findings = (*findings, _unexplained(result.tail, make_failures(output), site.log))
        return findings
    if fresh:
        write_atomic(counter, f"{steps}\n")
    if site.ccache is None:
        ccache.trim()
    _keep(order.place, configured, site)
    return findings


def read_text_lossy(path: Path) -> str:
    """A log as text, whatever bytes a compiler printed into it."""
    return path.read_bytes().decode(errors="replace")


def _count(counter: Path) -> int:
    try:
        return int(counter.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0


def _unexplained(tail: str, failures: tuple[str, ...], log: Path) -> Finding:
    said = failures[0] if failures else "make failed"
    return Finding(
        rule="build/failed",
        severity=Severity.ERROR,
        message=f"the kernel does not build: {said}",
        detail=tail,
        hint=f"the whole log is {log}",
    )


def _keep(place: Path, configured: kbuild.Configured, site: kbuild.Site) -> None:
    """Put a finished kernel into the cache in one step: nobody sees half of it."""
    prefix = f".new-{place.name}-"
    # Whoever made these was killed: the lock of this kernel is ours.
    for left in place.parent.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place.parent) as name:
        made = Path(name) / "kernel"
        made.mkdir()
        outputs.copy_out(site.objects, kbuild.IMAGE, made / "bzImage")
        shutil.copyfile(site.log, made / "build.log")
        (made / "roots").write_text("\n".join(site.roots), encoding="utf-8")
        (made / "config").write_text(configured.text, encoding="utf-8")
        (made / "left-out").write_text(" ".join(configured.left_out), encoding="utf-8")
        (made / "objects").write_text("\n".join(kbuild.built_objects(site)), encoding="utf-8")
        if outputs.is_plain(site.objects, "vmlinux"):
            addresses.keep_tables(site.objects / "vmlinux", made / addresses.NAME)
        made.rename(place)
