# SPDX-License-Identifier: GPL-2.0-only
"""Find or bring a kernel tree: from the word after --tree to a git tree on this disk."""

import hashlib
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, ToolFailed, UserError
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.tools import apt, trees
from kpatch_tools.tools.files import cache_dir, locked
from kpatch_tools.tools.git import NAME_A_TREE, Repository

_DEBIAN = re.compile(r"^debian:(\d{1,2}\.\d{1,3})$")
_URL = re.compile(r"^(?:https?|git|ssh|file)://|^[\w.-]+@[\w.-]+:")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTree:
    """A tree that is there: its top, the commit it is at, and a remark for the reader ("" for none)."""

    path: Path
    commit: str
    note: str = ""


def resolve_tree(spec: str | None, sink: Sink = silent) -> Path:
    """What ``--tree`` means: find_tree() of a word, or the git tree around the current directory.

    Raises UserError when there is neither a word nor a git tree around.
    """
    if spec is not None:
        # Of a local tree nobody asked for the commit.
        return find_tree(spec, sink).path if _is_elsewhere(spec) else _local(spec).path
    here = Path.cwd()
    try:
        return Repository.discover(here).path
    except UserError as error:
        raise UserError(f"there is no tree to work on: {error.message}", cure=NAME_A_TREE) from error


def find_tree(spec: str, sink: Sink = silent) -> FoundTree:
    """The git tree that ``spec`` names.

    ``debian:6.1`` is Debian's linux-source-6.1 at the version apt would install: taken from /usr/src or
    downloaded (nothing is installed), unpacked and committed once, found again after that. With no package
    lists or no network the newest tree in the cache serves, and the note says so. ``URL`` or ``URL#ref`` is
    fetched without history, once. Anything else is the top of a local git tree, used as it is.

    Raises UserError for what is no such thing, EnvironmentFault when it cannot be brought.
    """
    if debian := _DEBIAN.match(spec):
        return _debian(debian.group(1), sink)
    if _URL.match(spec):
        return _url(spec, sink)
    if spec.startswith("debian:"):
        raise UserError(
            f"{spec}: no kernel version after debian:", cure="for example debian:6.1 or debian:6.12"
        )
    repository = _local(spec)
    return FoundTree(path=repository.path, commit=repository.head())


def _is_elsewhere(spec: str) -> bool:
    return spec.startswith("debian:") or _URL.match(spec) is not None


def _local(spec: str) -> Repository:
    return Repository.open(Path(spec).expanduser())


def _debian(kernel: str, sink: Sink) -> FoundTree:
    package = f"linux-source-{kernel}"
    home = cache_dir("trees")
    with locked(home / f".debian-{kernel}.lock"):
        sink(Event(trees.STAGE, f"asking apt for {package}"))
        version = trees.candidate_version(package)
        installed = trees.installed_tarball(package)
        wanted = version or (installed[0] if installed else "")
        if not wanted:
            return _newest_cached(kernel, f"apt knows no {package} here")
        target = home / f"debian-{kernel}-{wanted}"
        if target.exists():
            return _checked(target)
        try:
            _make_debian(package, wanted, installed, target, sink)
        except ToolFailed as error:
            if not _cached(kernel):
                raise
            return _newest_cached(kernel, f"{package} {wanted} could not be brought ({error.message})")
        return _checked(target)


def _make_debian(
    package: str, version: str, installed: tuple[str, Path] | None, target: Path, sink: Sink
) -> None:
    message = f"{package} {version}"
    if installed and installed[0] == version:
        trees.tree_from_tarball(installed[1], target, message, sink)
        return
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=".download-"))
    try:
        tarball = trees.download_tarball(package, version, folder, sink)
        trees.tree_from_tarball(tarball, target, message, sink)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cached(kernel: str) -> list[Path]:
    """The Debian trees of that kernel in the cache, oldest version first."""
    return sorted(cache_dir("trees").glob(f"debian-{kernel}-*"), key=lambda path: _version_key(path.name))


def _newest_cached(kernel: str, reason: str) -> FoundTree:
    cached = _cached(kernel)
    known = () if cached else apt.known_versions("linux-source-")
    if known and kernel not in known:
        raise UserError(
            f"debian:{kernel}: {reason}, only {', '.join(known)}",
            cure=f"--tree debian:{known[-1]}, or a git tree: --tree ~/linux",
        )
    if not cached:
        raise EnvironmentFault(
            f"debian:{kernel}: {reason}",
            cure="apt-get update on Debian or Ubuntu; elsewhere name a git tree: --tree ~/linux",
        )
    return _checked(cached[-1], note=f"{reason}; using {cached[-1].name} from the cache")


def _version_key(name: str) -> list[tuple[int, str]]:
    """Sort 6.1.99 before 6.1.100."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.findall(r"\d+|\D+", name)]


def _checked(path: Path, note: str = "") -> FoundTree:
    """A tree of the cache, if it is a kernel tree with a commit."""
    try:
        repository = Repository.open(path)
        commit = repository.head()
        makefile = repository.read_blob(commit, "Makefile") or b""
    except UserError as error:
        raise EnvironmentFault(
            f"{path} in the cache is damaged: {error.message}", cure=f"rm -r {path}"
        ) from error
    if b"PATCHLEVEL" not in makefile:
        raise EnvironmentFault(f"{path} in the cache holds no kernel", cure=f"rm -r {path}")
    return FoundTree(path=repository.path, commit=commit, note=note)


def _url(spec: str, sink: Sink) -> FoundTree:
    url, _, ref = spec.partition("#")
    if ref.startswith("-"):
        raise UserError(
            f"{spec}: {ref!r} is no branch, tag or commit",
            cure="URL#BRANCH, or the URL alone for the server's HEAD",
        )
    home = cache_dir("trees")
    target = home / f"git-{hashlib.sha256(spec.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"
    with locked(home / f".{target.name}.lock"):
        known = target.exists()
        if not known:
            trees.tree_from_url(url, ref, target, sink)
        repository = Repository.open(target)
        note = f"fetched before; rm -r {target} to fetch anew" if known else ""
        return FoundTree(path=repository.path, commit=repository.head(), note=note)
