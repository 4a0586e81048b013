# SPDX-License-Identifier: GPL-2.0-only
"""Builds KVM selftests, generated ones and the tree's own, against a commit's library and outside of it.

Three caches, each keyed by what goes into it: the user-space headers (by the objects of include/uapi and what
makes headers of it), the library with its objects, and the finished programs. A program that is in the cache
needs neither checkout nor compiler.
"""

import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.flow.selftest_library import (
    LIBRARY_FLAGS,
    Keys,
    Library,
    digest,
    forget,
    library,
    library_in_checkout,
    library_keys,
)
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.parse.gcc import parse_build
from kpatch_tools.tools import kbuild, kept, outputs
from kpatch_tools.tools.files import cache_dir, locked
from kpatch_tools.tools.git import Repository

SELFTESTS = "tools/testing/selftests/kvm"
TEST_FLAGS = ("-static", "-Werror")


@dataclass(frozen=True, slots=True, kw_only=True)
class SelftestResult:
    """Programs by the name of their source ("x86_64/foo_test.c"), or why there are none.

    ``findings`` are the compiler's words on the generated source; ``log`` is the full output of make.
    """

    binaries: Mapping[str, Path]
    findings: tuple[Finding, ...]
    elapsed: float
    log: Path
    cached: bool


def build_selftest(
    tree: Path, commit: str, sources: Mapping[str, str], *, sink: Sink, state: Path | None = None
) -> SelftestResult:
    """Build ``sources`` ("x86_64/foo_test.c" -> C text) with -Werror, static, against ``commit``.

    A source that does not compile is a result with findings. Raises EnvironmentFault when a program is
    missing, ToolFailed when the tree's own headers or library do not build.
    """
    started = time.monotonic()
    kbuild.need_programs({**kbuild.HEADERS_PROGRAMS, "ld": "binutils"})
    keys = library_keys(tree, commit)
    texts = (f"{name}\0{text}" for name, text in sorted(sources.items()))
    return _cached(
        digest(keys.harness, *TEST_FLAGS, *texts),
        {name: _program(name) for name in sources},
        lambda place, log: _build(tree, sources, place, keys=keys, log=log, sink=sink),
        log=(state or cache_dir("logs")) / f"selftests-{commit[:12]}.log",
        sink=sink,
        started=started,
    )


def build_tree_test(
    tree: Path, commit: str, name: str, *, sink: Sink, state: Path | None = None
) -> SelftestResult:
    """Build a test that the tree has ("x86_64/svm_vmcall_test"), static, as its own Makefile does.

    x86_64/ and x86/ stand for each other: the folder was renamed in 6.14. The result is as that of
    build_selftest(), with one program; a tree without this test is a finding.
    """
    started = time.monotonic()
    kbuild.need_programs({**kbuild.HEADERS_PROGRAMS, "ld": "binutils"})
    repository = Repository.open(kept.store_for(tree))
    keys = library_keys(tree, commit)
    known = next((item for item in _spellings(name) if _in_tree(repository, commit, item)), "")
    log = (state or cache_dir("logs")) / f"selftests-{commit[:12]}.log"
    if not known:
        message = f"this tree has no test {name}: {SELFTESTS}/{name}.c is not there"
        found = Finding(rule="build/selftest", severity=Severity.ERROR, message=message)
        return SelftestResult(binaries={}, findings=(found,), elapsed=0.0, log=log, cached=False)
    return _cached(
        digest(keys.harness, "of the tree", known, *LIBRARY_FLAGS),
        {f"{known}.c": known},
        lambda place, full: _build_own(tree, known, place, keys=keys, log=full, sink=sink),
        log=log,
        sink=sink,
        started=started,
    )


def _cached(  # noqa: PLR0913 - one step of two callers
    key: str,
    programs: Mapping[str, str],
    build: Callable[[Path, Path], tuple[Finding, ...]],
    *,
    log: Path,
    sink: Sink,
    started: float,
) -> SelftestResult:
    """The ``programs`` (source -> path below the cache folder) of that key, built when they are not there."""
    place = cache_dir("selftests", key)
    with locked(place.parent / f".{place.name}.lock"):
        findings: tuple[Finding, ...] = ()
        cached = (place / "done").is_file()
        if cached:
            sink(Event("selftest", "the test programs are in the cache"))
            log = place / "build.log"
        else:
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_bytes(b"")
            findings = build(place, log)
    done = (place / "done").is_file()
    return SelftestResult(
        binaries={name: place / path for name, path in programs.items()} if done else {},
        findings=findings,
        elapsed=time.monotonic() - started,
        log=log,
        cached=cached,
    )


def _spellings(name: str) -> tuple[str, ...]:
    folder, slash, rest = name.partition("/")
    other = {"x86_64": "x86", "x86": "x86_64"}.get(folder) if slash else None
    return (name, f"{other}/{rest}") if other else (name,)


def _in_tree(repository: Repository, commit: str, name: str) -> bool:
    return repository.read_blob(commit, f"{SELFTESTS}/{name}.c") is not None


def _build_own(  # noqa: PLR0913 - one step, called from one place
    tree: Path, name: str, place: Path, *, keys: Keys, log: Path, sink: Sink
) -> tuple[Finding, ...]:
    with library_in_checkout(tree, keys=keys, log=log, sink=sink) as held:
        sink(Event("selftest", f"building {name}"))
        forget(held.site, name)
        result = kbuild.build_selftest(held.site, None, name, headers=held.include, flags=LIBRARY_FLAGS)
        if result.ok and outputs.is_plain(held.site.objects, name):
            _keep(place, held.site, (f"{name}.c",))
            return ()
    return (_unbuilt(name, result.tail, log),)


def _unbuilt(path: str, tail: str, log: Path) -> Finding:
    return Finding(
        rule="build/selftest",
        severity=Severity.ERROR,
        message=f"{path} does not build",
        detail=tail,
        hint=f"the whole log is {log}",
    )


def _program(source: str) -> str:
    return source.removesuffix(".c")


def _build(  # noqa: PLR0913 - one step, called from one place
    tree: Path,
    sources: Mapping[str, str],
    place: Path,
    *,
    keys: Keys,
    log: Path,
    sink: Sink,
) -> tuple[Finding, ...]:
    first = _program(next(iter(sources)))
    with library(tree, keys=keys, program=first, log=log, sink=sink) as held:
        for path, text in sources.items():
            (held.scratch / path).parent.mkdir(parents=True, exist_ok=True)
            (held.scratch / path).write_text(text, encoding="utf-8")
        findings: tuple[Finding, ...] = ()
        for done, path in enumerate(sources):
            sink(Event("selftest", f"compiling {path}", done, len(sources)))
            findings += _compile(held, path)
        if not findings:
            _keep(place, held.site, sources)
    return findings


def _compile(held: Library, path: str) -> tuple[Finding, ...]:
    target, site = _program(path), held.site
    forget(site, target)
    start = site.log.stat().st_size
    result = kbuild.build_selftest(site, held.scratch, target, headers=held.include, flags=TEST_FLAGS)
    if result.ok and outputs.is_plain(site.objects, target):
        return ()
    output = site.log.read_bytes()[start:].decode(errors="replace")
    roots = (str(held.scratch), *site.roots)
    errors = tuple(item for item in parse_build(output, roots=roots) if item.severity is Severity.ERROR)
    return errors or (_unbuilt(path, result.tail, site.log),)


def _keep(place: Path, site: kbuild.Site, sources: Iterable[str]) -> None:
    for path in sources:
        target = place / _program(path)
        outputs.copy_out(site.objects, _program(path), target)
        target.chmod(0o755)
    shutil.copyfile(site.log, place / "build.log")
    # Last of all: without it the folder counts as unfinished.
    (place / "done").write_text("", encoding="utf-8")
