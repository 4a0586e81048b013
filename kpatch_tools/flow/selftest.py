# SPDX-License-Identifier: GPL-2.0-only
"""Builds KVM selftests, generated ones and the tree's own, against a commit's library and outside of it.

Three caches, each keyed by what goes into it: the user-space headers (by the objects of include/uapi and what
makes headers of it), the library with its objects, and the finished programs. A program that is in the cache
needs neither checkout nor compiler.
"""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import ToolFailed
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.parse.gcc import parse_build
from kpatch_tools.tools import kbuild, kept
from kpatch_tools.tools.files import cache_dir, locked
from kpatch_tools.tools.git import Repository

SELFTESTS = "tools/testing/selftests/kvm"
HEADER_INPUTS = (
    "Makefile",
    "scripts",
    "usr/include",
    "include/uapi",
    "include/asm-generic/Kbuild",
    "arch/x86/Makefile",
    "arch/x86/include/asm/Kbuild",
    "arch/x86/include/uapi",
    "arch/x86/entry/syscalls",
)
LIBRARY_INPUTS = (
    SELFTESTS,
    "tools/testing/selftests/rseq",
    "tools/testing/selftests/cgroup/lib",
    "tools/testing/selftests/lib.mk",
    "tools/testing/selftests/kselftest.h",
    "tools/testing/selftests/kselftest_harness.h",
    "tools/include",
    "tools/arch/x86/include",
    "tools/scripts",
)
TEST_FLAGS = ("-static", "-Werror")
LIBRARY_FLAGS = ("-static",)
# Building this brings the whole library, under the tree's own flags: a warning in there is not our fault.
_EMPTY = "int main(void)\n{\n\treturn 0;\n}\n"
_EMPTY_NAME = "kvet_library"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """Installed user-space headers: the include folder, and the compiler that is part of their key."""

    include: Path
    compiler: str
    cached: bool


def installed_headers(tree: Path, commit: str, *, sink: Sink, state: Path | None = None) -> Headers:
    """The user-space headers of ``commit`` (a full id in ``tree`` or its store), made when not in the cache.

    Making them takes the kept checkout and runs the tree's own ``make headers``, its log goes to ``state``.
    Raises EnvironmentFault when a program is missing, ToolFailed when the tree does not make its headers.
    """
    kbuild.need_programs({"gcc": "gcc"})
    compiler = kbuild.compiler_version()
    key = _ids(Repository.open(kept.store_for(tree)), commit, HEADER_INPUTS, compiler)
    place = cache_dir("headers", key)
    include = place / "include"
    cached = include.is_dir()
    if not cached:
        kbuild.need_programs(kbuild.HEADERS_PROGRAMS)
        kbuild.need_plain_path(place)
        log = (state or cache_dir("logs")) / f"headers-{commit[:12]}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with kept.worktree(tree, commit, sink) as source:
            include = _headers(source, place, log, sink)
    return Headers(include=include, compiler=compiler.partition(";")[0], cached=cached)


def build_selftest(
    tree: Path, commit: str, sources: Mapping[str, str], *, sink: Sink, state: Path | None = None
) -> SelftestResult:
    """Build ``sources`` ("x86_64/foo_test.c" -> C text) with -Werror, static, against ``commit``.

    A source that does not compile is a result with findings. Raises EnvironmentFault when a program is
    missing, ToolFailed when the tree's own headers or library do not build.
    """
    started = time.monotonic()
    kbuild.need_programs({**kbuild.HEADERS_PROGRAMS, "ld": "binutils"})
    compiler = kbuild.compiler_version()
    keys = _keys(Repository.open(kept.store_for(tree)), commit, compiler)
    place = cache_dir(
        "selftests", _digest(keys[1], *TEST_FLAGS, *(f"{k}\0{v}" for k, v in sorted(sources.items())))
    )
    log = (state or cache_dir("logs")) / f"selftests-{commit[:12]}.log"
    with locked(place.parent / f".{place.name}.lock"):
        findings: tuple[Finding, ...] = ()
        cached = (place / "done").is_file()
        if cached:
            sink(Event("selftest", "the test programs are in the cache"))
            log = place / "build.log"
        else:
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_bytes(b"")
            findings = _build(tree, commit, sources, place, keys=keys, log=log, sink=sink)
    done = (place / "done").is_file()
    return SelftestResult(
        binaries={name: place / _program(name) for name in sources} if done else {},
        findings=findings,
        elapsed=time.monotonic() - started,
        log=log,
        cached=cached,
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
    keys = _keys(repository, commit, kbuild.compiler_version())
    known = next((item for item in _spellings(name) if _in_tree(repository, commit, item)), "")
    log = (state or cache_dir("logs")) / f"selftests-{commit[:12]}.log"
    if not known:
        message = f"this tree has no test {name}: {SELFTESTS}/{name}.c is not there"
        found = Finding(rule="build/selftest", severity=Severity.ERROR, message=message)
        return SelftestResult(binaries={}, findings=(found,), elapsed=0.0, log=log, cached=False)
    place = cache_dir("selftests", _digest(keys[1], "of the tree", known, *LIBRARY_FLAGS))
    findings: tuple[Finding, ...] = ()
    with locked(place.parent / f".{place.name}.lock"):
        cached = (place / "done").is_file()
        if cached:
            sink(Event("selftest", f"{known} is in the cache"))
            log = place / "build.log"
        else:
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_bytes(b"")
            findings = _build_own(tree, commit, known, place, keys=keys, log=log, sink=sink)
    done = (place / "done").is_file()
    return SelftestResult(
        binaries={f"{known}.c": place / known} if done else {},
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
    tree: Path, commit: str, name: str, place: Path, *, keys: tuple[str, str], log: Path, sink: Sink
) -> tuple[Finding, ...]:
    library = cache_dir("library", keys[1])
    kbuild.need_plain_path(library)
    with kept.worktree(tree, commit, sink) as source, locked(library / ".lock"):
        include = _headers(source, cache_dir("headers", keys[0]), log, sink)
        site = kbuild.Site(source=source, objects=library / "out", log=log)
        sink(Event("selftest", f"building {name}"))
        _forget(site.objects / name)
        result = kbuild.build_selftest(site, None, name, headers=include, flags=LIBRARY_FLAGS)
        if result.ok and (site.objects / name).is_file():
            _keep(place, site, (f"{name}.c",))
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


def _keys(repository: Repository, commit: str, compiler: str) -> tuple[str, str]:
    """Of the headers, and of the library that is built with them."""
    headers = _ids(repository, commit, HEADER_INPUTS, compiler)
    return headers, _digest(headers, _ids(repository, commit, LIBRARY_INPUTS, compiler))


def _program(source: str) -> str:
    return source.removesuffix(".c")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _ids(repository: Repository, commit: str, paths: Sequence[str], compiler: str) -> str:
    """Identity of those paths at ``commit``: git's own object ids."""
    listing = repository.ask("ls-tree", commit, "--", *paths).text
    return _digest(compiler, listing)


def _build(  # noqa: PLR0913 - one step, called from one place
    tree: Path,
    commit: str,
    sources: Mapping[str, str],
    place: Path,
    *,
    keys: tuple[str, str],
    log: Path,
    sink: Sink,
) -> tuple[Finding, ...]:
    headers, library = cache_dir("headers", keys[0]), cache_dir("library", keys[1])
    kbuild.need_plain_path(library)
    with (
        kept.worktree(tree, commit, sink) as source,
        locked(library / ".lock"),
        tempfile.TemporaryDirectory(prefix=".gen-", dir=library) as name,
    ):
        generated = Path(name)
        for path, text in {**sources, _empty_for(sources): _EMPTY}.items():
            (generated / path).parent.mkdir(parents=True, exist_ok=True)
            (generated / path).write_text(text, encoding="utf-8")
        include = _headers(source, headers, log, sink)
        site = kbuild.Site(source=source, objects=library / "out", log=log)
        _library(site, generated, _program(_empty_for(sources)), include, sink)
        findings: tuple[Finding, ...] = ()
        for done, path in enumerate(sources):
            sink(Event("selftest", f"compiling {path}", done, len(sources)))
            findings += _compile(site, generated, path, include)
        if not findings:
            _keep(place, site, sources)
    return findings


def _empty_for(sources: Mapping[str, str]) -> str:
    """The empty program lies beside the first source: the folder decides which library is linked."""
    folder = next(iter(sources)).rpartition("/")[0]
    return f"{folder}/{_EMPTY_NAME}.c" if folder else f"{_EMPTY_NAME}.c"


def _headers(source: Path, place: Path, log: Path, sink: Sink) -> Path:
    include = place / "include"
    with locked(place / ".lock"):
        if not include.is_dir():
            sink(Event("selftest", "making the kernel's user-space headers"))
            with tempfile.TemporaryDirectory(prefix=".new-", dir=place) as name:
                made = kbuild.install_headers(kbuild.Site(source=source, objects=Path(name), log=log))
                shutil.move(made, include)
    return include


def _library(site: kbuild.Site, generated: Path, empty: str, include: Path, sink: Sink) -> None:
    sink(Event("selftest", "building the KVM selftest library"))
    _forget(site.objects / empty)
    result = kbuild.build_selftest(site, generated, empty, headers=include, flags=LIBRARY_FLAGS)
    if not result.ok:
        message = "the tree's own KVM selftest library does not build"
        raise ToolFailed(message, tail=result.tail, log=str(site.log))


def _forget(program: Path) -> None:
    """Remove an older program with its parts: its list of dependencies names a source that is gone."""
    for suffix in ("", ".o", ".d"):
        program.with_name(f"{program.name}{suffix}").unlink(missing_ok=True)


def _compile(site: kbuild.Site, generated: Path, path: str, include: Path) -> tuple[Finding, ...]:
    target = _program(path)
    _forget(site.objects / target)
    start = site.log.stat().st_size
    result = kbuild.build_selftest(site, generated, target, headers=include, flags=TEST_FLAGS)
    if result.ok and (site.objects / target).is_file():
        return ()
    output = site.log.read_bytes()[start:].decode(errors="replace")
    roots = (str(generated), *site.roots)
    errors = tuple(item for item in parse_build(output, roots=roots) if item.severity is Severity.ERROR)
    return errors or (_unbuilt(path, result.tail, site.log),)


def _keep(place: Path, site: kbuild.Site, sources: Iterable[str]) -> None:
    for path in sources:
        target = place / _program(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(site.objects / _program(path), target)
        target.chmod(0o755)
    shutil.copyfile(site.log, place / "build.log")
    # Last of all: without it the folder counts as unfinished.
    (place / "done").write_text("", encoding="utf-8")
