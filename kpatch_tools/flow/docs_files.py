# SPDX-License-Identifier: GPL-2.0-only
"""`kvet docs check` on a work tree: which files, against what, and one report on them."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from kpatch_tools import __version__
from kpatch_tools.errors import UserError
from kpatch_tools.flow import docs
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Report, TreeId, status_of
from kpatch_tools.tools.git import Repository

_TOOL = f"kvet {__version__}"
_MANY = 3
DEFAULT_PATH = "Documentation/virt/kvm/api.rst"


class Against(Enum):
    """What a file is held against."""

    DEFAULT = "HEAD, or nothing where there is no git"
    NOTHING = "nothing: all findings count"
    REF = "a commit or branch"
    INDEX = "HEAD, with the staged content as the new one"


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A document to check: its place on disk, its name in findings, and its repository if it has one."""

    place: Path
    name: str
    repository: Repository | None


def check_files(  # noqa: PLR0913 - the options of a command
    paths: tuple[str, ...],
    *,
    tree: Path | None = None,
    against: Against = Against.DEFAULT,
    ref: str = "HEAD",
    fail_on: Severity = Severity.WARNING,
    sink: Sink = silent,
) -> Report:
    """Check documents of a work tree (or, for Against.INDEX, what is staged in it).

    ``paths`` are files, or folders of files, taken from ``tree`` or else from the current folder; none
    means the KVM API document. A file outside of git has nothing to compare with: all its findings count,
    and the check's reason says so. Raises UserError for a file that is not there or is no text, and for a
    ref that names no commit.
    """
    started = time.monotonic()
    files = [file for path in paths for file in _files(path, tree)] or [_default_file(tree)]
    known = docs.profiles()
    found: list[Finding] = []
    facts: list[tuple[str, str]] = []
    remarks: list[str] = []
    for done, file in enumerate(files):
        sink(Event(docs.CHECK, file.name, done, len(files)))
        old = _before(file, against, ref)
        new = _staged(file) if against is Against.INDEX else _read(file.place)
        profile = docs.profile_for(file.name, known)
        found += docs.findings_of(old.content, new, path=file.name, profile=profile)
        facts.append((file.name, f"{docs.rules_of(profile)}, {old.what}"))
        remarks += [old.remark] if old.remark else []
    if len(files) > _MANY:
        facts = [("documents", f"{len(files)}, {facts[0][1].partition(', ')[2]}")]
    result = CheckResult(
        check=docs.CHECK,
        status=status_of(tuple(found), fail_on),
        reason="; ".join(dict.fromkeys(remarks)),
        findings=tuple(found),
        elapsed=time.monotonic() - started,
        facts=tuple(facts),
    )
    return Report(tool=_TOOL, tree=_tree_of(files[0]), checks=(result,))


def _default_file(tree: Path | None) -> _File:
    repository = _repository(tree or Path())
    top = tree or (repository.top if repository and repository.top else Path())
    place = top / DEFAULT_PATH
    if not place.is_file():
        raise UserError(f"{top}: there is no {DEFAULT_PATH}", cure="name a file, or a kernel tree: --tree T")
    return _named(place, repository)


def _files(path: str, tree: Path | None) -> Iterator[_File]:
    candidates = [tree / path, Path(path)] if tree else [Path(path)]
    place = next((candidate for candidate in candidates if candidate.exists()), None)
    if place is None:
        cure = "name an .rst file; without one, the KVM API is checked"
        raise UserError(f"{candidates[0]}: no such file", cure=cure)
    if place.is_dir():
        below = sorted(file for file in place.rglob(f"*{docs.SUFFIX}") if file.is_file())
        if not below:
            raise UserError(f"{place}: there is no {docs.SUFFIX} file below this folder")
        repository = _repository(place)
        yield from (_named(file, repository) for file in below)
    elif place.suffix != docs.SUFFIX or not place.is_file():
        raise UserError(f"{place}: not an {docs.SUFFIX} file", cure="name a reStructuredText document")
    else:
        yield _named(place, _repository(place.parent))


def _named(place: Path, repository: Repository | None) -> _File:
    real = place.resolve()
    if repository and repository.top and real.is_relative_to(repository.top.resolve()):
        name = real.relative_to(repository.top.resolve()).as_posix()
        return _File(place=place, name=name, repository=repository)
    # Outside of git the end of the path tells the document.
    name = next(
        (profile.path for profile in docs.profiles() if real.as_posix().endswith(f"/{profile.path}")),
        str(place),
    )
    return _File(place=place, name=name, repository=None)


def _repository(folder: Path) -> Repository | None:
    try:
        return Repository.discover(folder)
    except UserError:
        return None


def _tree_of(file: _File) -> TreeId | None:
    if file.repository is None:
        return None
    commit = file.repository.run("rev-parse", "--verify", "--quiet", "HEAD").text.strip()
    return TreeId(path=str(file.repository.path), base=commit)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """The older version (None: there is none), what it is, and a remark where that is not what was asked."""

    content: bytes | None
    what: str
    remark: str = ""


def _before(file: _File, against: Against, ref: str) -> _Before:
    everything = "all findings"
    if against is Against.NOTHING:
        return _Before(content=None, what=everything)
    repository = file.repository
    if repository is None:
        if against is not Against.DEFAULT:
            message = f"{file.place}: not in a git tree, so there is nothing to compare with"
            raise UserError(message, cure="--all")
        remark = f"{file.place.parent} is not in a git tree: all findings count"
        return _Before(content=None, what=everything, remark=remark)
    name = ref if against is Against.REF else "HEAD"
    if name == "HEAD" and not repository.run("rev-parse", "--verify", "--quiet", "HEAD").ok:
        remark = f"{repository.path} has no commit yet: all findings count"
        return _Before(content=None, what=everything, remark=remark)
    commit = repository.resolve(name)
    content = repository.read_blob(commit, file.name)
    verb = "staged" if against is Against.INDEX else "new"
    what = f"what is {verb} against {name} ({commit[:12]})"
    return _Before(content=content, what=what if content is not None else f"{what}, which has no such file")


def _staged(file: _File) -> bytes:
    # `git commit FILE` gives its hooks an index of its own, named in the environment.
    index = os.environ.get("GIT_INDEX_FILE")
    env = {"GIT_INDEX_FILE": str(Path(index).absolute())} if index else {}
    shown = file.repository.run("cat-file", "blob", f":{file.name}", env=env) if file.repository else None
    if shown is None or not shown.ok:
        raise UserError(f"{file.name}: nothing of this name is staged", cure=f"git add {file.name}")
    return shown.stdout


def _read(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as error:
        raise UserError(f"{place}: cannot be read: {error.strerror}") from error
