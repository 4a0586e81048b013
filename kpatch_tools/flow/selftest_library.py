# SPDX-License-Identifier: GPL-2.0-only
"""What generated selftests are built with: the user-space headers and the selftest library of a commit.

Both are cached under what goes into them. The library's sources lie beside its objects, written from git
objects, so that a test which is new needs neither the checkout of the whole tree nor to wait for a kernel
build that holds it.
"""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import ToolFailed
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.tools import kbuild, kept, origins, outputs
from kpatch_tools.tools.export import export
from kpatch_tools.tools.files import cache_dir, locked, write_atomic
from kpatch_tools.tools.git import Repository

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
    "tools/testing/selftests/kvm",
    "tools/testing/selftests/rseq",
    "tools/testing/selftests/cgroup/lib",
    "tools/testing/selftests/lib.mk",
    "tools/testing/selftests/kselftest.h",
    "tools/testing/selftests/kselftest_harness.h",
    "tools/build",
    "tools/include",
    "tools/arch/x86/include",
    "tools/lib",
    "tools/scripts",
    "scripts/subarch.include",
)
LIBRARY_FLAGS = ("-static",)
# Building this brings the whole library, under the tree's own flags: a warning in there is not our fault.
_EMPTY = "int main(void)\n{\n\treturn 0;\n}\n"
_EMPTY_NAME = "kvet_library"


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """Installed user-space headers: the include folder, and the compiler that is part of their key."""

    include: Path
    compiler: str
    cached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What the caches call the headers of a commit, and the library of its selftests.

    ``commit`` is the one to take them from: the base where a series changes nothing of them. ``ccache`` is a
    folder of the owner's for a stranger's code.
    """

    headers: str
    harness: str
    commit: str
    ccache: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A library that is built, held by a lock: where make works, and the headers that belong to it."""

    site: kbuild.Site
    include: Path
    scratch: Path


def installed_headers(tree: Path, commit: str, *, sink: Sink, state: Path | None = None) -> Headers:
    """The user-space headers of ``commit`` (a full id in ``tree`` or its store), made when not in the cache.

    Making them takes the kept checkout and runs the tree's own ``make headers``, its log goes to ``state``.
    Raises EnvironmentFault when a program is missing, ToolFailed when the tree does not make its headers.
    """
    kbuild.need_programs({"gcc": "gcc"})
    compiler = kbuild.compiler_version()
    keys = library_keys(tree, commit)
    cached = (cache_dir("headers", keys.headers) / "include").is_dir()
    log = (state or cache_dir("logs")) / f"headers-{commit[:12]}.log"
    include = _headers_of(tree, keys, log, sink)
    return Headers(include=include, compiler=compiler.partition(";")[0], cached=cached)


def library_keys(tree: Path, commit: str) -> Keys:
    """The keys of ``commit``, with the compiler of this machine.

    What a stranger's Makefiles made is that owner's alone. A series that changes nothing of all this has the
    base's, made of the base: other files of the series could take part where these are made of its commit.
    """
    compiler = kbuild.compiler_version()
    repository = Repository.open(kept.store_for(tree))
    plain = _plain_keys(repository, commit, compiler)
    origin = origins.origin_of(tree, commit)
    if origin is None:
        return plain
    base = _plain_keys(repository, origin.base, compiler) if origin.base else None
    if base and (base.headers, base.harness) == (plain.headers, plain.harness):
        return base
    return Keys(
        headers=digest(plain.headers, origin.owner),
        harness=digest(plain.harness, origin.owner),
        commit=commit,
        ccache=origins.folder_of(origin, "ccache"),
    )


def _plain_keys(repository: Repository, commit: str, compiler: str) -> Keys:
    headers = _ids(repository, commit, HEADER_INPUTS, compiler)
    harness = digest(headers, _ids(repository, commit, LIBRARY_INPUTS, compiler))
    return Keys(headers=headers, harness=harness, commit=commit)


def digest(*parts: str) -> str:
    """A name for a cache folder."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


@contextlib.contextmanager
def library(tree: Path, *, keys: Keys, program: str, log: Path, sink: Sink) -> Iterator[Library]:
    """Hold the library that ``program`` ("x86_64/foo_test") is linked with, built when it is not there.

    Its sources are those beside its objects; where a tree's library needs more than LIBRARY_INPUTS, the kept
    checkout. ``scratch`` goes away with the lock. Raises ToolFailed when the library does not build.
    """
    place = cache_dir("library", keys.harness)
    kbuild.need_plain_path(place)
    include = _headers_of(tree, keys, log, sink)
    whole = place / "whole"
    if not whole.is_file():
        with _held(place) as scratch:
            source = _sources(tree, keys.commit, place)
            site = kbuild.Site(source=source, objects=place / "out", log=log, ccache=keys.ccache)
            held = Library(site=site, include=include, scratch=scratch)
            # Here alone: what the checkout's other files bring to a library is not in its key.
            ready = place / f"ready-{program.rpartition('/')[0].replace('/', '-')}"
            if ready.is_file() or _build(held, program, sink) is None:
                write_atomic(ready, "")
                yield held
                return
        write_atomic(whole, f"it does not build with {' '.join(LIBRARY_INPUTS)} alone\n")
    with library_in_checkout(tree, keys=keys, log=log, sink=sink) as held:
        failed = _build(held, program, sink)
        if failed is not None:
            message = "the tree's own KVM selftest library does not build"
            raise ToolFailed(message, tail=failed, log=str(log))
        yield held


@contextlib.contextmanager
def library_in_checkout(tree: Path, *, keys: Keys, log: Path, sink: Sink) -> Iterator[Library]:
    """Hold the library's folder together with the kept checkout, for make to build in; builds nothing."""
    place = cache_dir("library", keys.harness)
    kbuild.need_plain_path(place)
    include = _headers_of(tree, keys, log, sink)
    # The checkout first, always: two locks in two orders would wait for each other.
    with kept.worktree(tree, keys.commit, sink) as source, _held(place) as scratch:
        site = kbuild.Site(source=source, objects=place / "out", log=log, ccache=keys.ccache)
        yield Library(site=site, include=include, scratch=scratch)


@contextlib.contextmanager
def _held(place: Path) -> Iterator[Path]:
    with locked(place / ".lock"), tempfile.TemporaryDirectory(prefix=".gen-", dir=place) as name:
        yield Path(name)


def _ids(repository: Repository, commit: str, paths: Sequence[str], compiler: str) -> str:
    """Identity of those paths at ``commit``: git's own object ids."""
    return digest(compiler, repository.ask("ls-tree", commit, "--", *paths).text)


def _sources(tree: Path, commit: str, place: Path) -> Path:
    """The library's sources as files; they never change, for the folder is named after them."""
    sources = place / "source"
    if not sources.is_dir():
        with tempfile.TemporaryDirectory(prefix=".new-", dir=place) as name:
            made = Path(name) / "source"
            export(Repository.open(kept.store_for(tree)), commit, LIBRARY_INPUTS, made)
            made.rename(sources)
    return sources


def _headers_of(tree: Path, keys: Keys, log: Path, sink: Sink) -> Path:
    place = cache_dir("headers", keys.headers)
    include = place / "include"
    if include.is_dir() and not include.is_symlink():
        return include
    kbuild.need_programs(kbuild.HEADERS_PROGRAMS)
    kbuild.need_plain_path(place)
    log.parent.mkdir(parents=True, exist_ok=True)
    with kept.worktree(tree, keys.commit, sink) as source, locked(place / ".lock"):
        if not include.is_dir() or include.is_symlink():
            sink(Event("selftest", "making the kernel's user-space headers"))
            include.unlink(missing_ok=True)
            with outputs.scratch(place, ".new-") as folder:
                kbuild.install_headers(
                    kbuild.Site(source=source, objects=folder, log=log, ccache=keys.ccache)
                )
                # A stranger's make may leave a link in its place, to a folder of the user's.
                if not outputs.take_folder(folder, "usr/include", include):
                    raise ToolFailed(
                        "make headers left no folder usr/include",
                        log=str(log),
                        cure="look at what the series changes in the Makefiles",
                    )
    return include


def _build(held: Library, program: str, sink: Sink) -> str | None:
    """Build the library for the folder of ``program``; None when that works, else make's words."""
    sink(Event("selftest", "building the KVM selftest library"))
    folder, slash, _name = program.rpartition("/")
    empty = f"{folder}{slash}{_EMPTY_NAME}"
    source = held.scratch / f"{empty}.c"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(_EMPTY, encoding="utf-8")
    forget(held.site, empty)
    result = kbuild.build_selftest(held.site, held.scratch, empty, headers=held.include, flags=LIBRARY_FLAGS)
    forget(held.site, empty)
    return None if result.ok else result.tail


def forget(site: kbuild.Site, program: str) -> None:
    """Remove an older program with its parts: its list of dependencies names a source that is gone."""
    for suffix in ("", ".o", ".d"):
        outputs.remove(site.objects, f"{program}{suffix}")
