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
from kpatch_tools.flow.docs_range import is_range, read_range
from kpatch_tools.flow.docs_staged import Staged, read_staged
from kpatch_tools.flow.facts import facts_of, facts_of_index
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.kernelfacts import KernelFacts
from kpatch_tools.model.profile import DocsProfile
from kpatch_tools.model.report import CheckResult, Report, TreeId, status_of
from kpatch_tools.parse.rst_limits import MAX_BYTES
from kpatch_tools.tools.git import Repository

_TOOL = f"kvet {__version__}"
_MANY = 3
DEFAULT_PATH = "Documentation/virt/kvm/api.rst"
_WHICH = "name a kernel tree, --tree ~/linux or --tree debian:6.1, or an .rst file"


class Against(Enum):
    """What a file is held against."""

    DEFAULT = "HEAD, or nothing where there is no git"
    NOTHING = "nothing: all findings count"
    REF = "a commit or branch, or two of them (A..B, A...B): then no file on disk is looked at"
    INDEX = "HEAD, with the staged content as the new one"


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A document to check: its place on disk, its name in findings, and its repository if it has one.

    ``top`` is the folder that ``name`` is relative to, None where the path does not tell.
    """

    place: Path
    name: str
    repository: Repository | None
    top: Path | None = None


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
    found: list[Finding] = []
    facts: list[tuple[str, str]] = []
    remarks: list[str] = []
    off = 0
    place: TreeId | None = None
    for one in documents(paths, tree=tree, against=against, ref=ref, sink=sink):
        judged = docs.judged_of(
            one.before,
            one.content,
            path=one.name,
            profile=one.profile,
            facts=one.facts,
            facts_before=one.facts_before,
        )
        found += judged.findings
        off += judged.switched_off
        place = place if facts else _tree_of(one)
        words = (docs.rules_of(one.profile), one.what, docs.compared_with(one.profile, one.facts))
        facts.append((one.name, ", ".join(filter(None, words))))
        remarks += [one.remark] if one.remark else []
    if len(facts) > _MANY:
        facts = [("documents", f"{len(facts)}, {facts[0][1].partition(', ')[2]}")]
    if off:
        facts.append(("in the text", docs.switched_off(off)))
    result = CheckResult(
        check=docs.CHECK,
        status=status_of(tuple(found), fail_on),
        reason="; ".join(dict.fromkeys(remarks)),
        findings=tuple(found),
        elapsed=time.monotonic() - started,
        facts=tuple(facts),
    )
    return Report(tool=_TOOL, tree=place, checks=(result,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as it is and as it was (None: nothing to compare with), and what its rules may look at.

    ``name`` is its path in findings, ``place`` where it lies on disk; ``what`` says in words what counts,
    ``remark`` where that is not what was asked for. ``head`` is the commit of HEAD, "" when nobody asked yet.
    """

    name: str
    place: Path
    repository: Repository | None
    before: bytes | None
    content: bytes
    profile: DocsProfile | None
    facts: KernelFacts | None
    facts_before: KernelFacts | None
    what: str
    remark: str
    head: str = ""


def documents(
    paths: tuple[str, ...],
    *,
    tree: Path | None = None,
    against: Against = Against.DEFAULT,
    ref: str = "HEAD",
    sink: Sink = silent,
) -> Iterator[Document]:
    """The documents that check_files() checks, with everything that this takes; raises what it raises."""
    files = [file for path in paths for file in _files(path, tree)] or [_default_file(tree)]
    known = docs.profiles()
    for done, file in enumerate(files):
        sink(Event(docs.CHECK, file.name, done, len(files)))
        old = _before(file, against, ref)
        content = _content(file, old, against)
        profile = docs.profile_for(file.name, known)
        now, then = _facts(file, old, against) if profile else (None, None)
        yield Document(
            name=file.name,
            place=file.place,
            repository=file.repository,
            before=old.content,
            content=content,
            profile=profile,
            facts=now,
            facts_before=then,
            what=old.what,
            remark=old.remark,
            head=old.commit if ref == "HEAD" else "",
        )


def _default_file(tree: Path | None) -> _File:
    repository = _repository(tree or Path())
    top = tree or (repository.top if repository and repository.top else Path())
    place = top / DEFAULT_PATH
    if not place.is_file():
        raise UserError(f"{top}: there is no {DEFAULT_PATH}", cure=_WHICH)
    return _named(place, repository)


def _files(path: str, tree: Path | None) -> Iterator[_File]:
    candidates = [tree / path, Path(path)] if tree else [Path(path)]
    place = next((candidate for candidate in candidates if _is_there(candidate)), None)
    if place is None:
        cure = "name an .rst file; without one, the KVM API is checked"
        raise UserError(f"{candidates[0]}: no such file", cure=cure)
    if place.is_dir():
        below = sorted(_below(place))
        if not below:
            raise UserError(
                f"{place}: there is no {docs.SUFFIX} file below this folder",
                cure="name an .rst file, or a folder that holds some",
            )
        repository = _repository(place)
        yield from (_named(file, repository) for file in below)
    elif place.suffix != docs.SUFFIX or not place.is_file():
        raise UserError(f"{place}: not an {docs.SUFFIX} file", cure="name a reStructuredText document")
    else:
        yield _named(place, _repository(place.parent))


def _is_there(place: Path) -> bool:
    try:
        return place.exists()
    except OSError as error:
        raise UserError(
            f"{place}: cannot be read: {error.strerror}", cure="name an .rst file, or a folder of them"
        ) from error


def _below(folder: Path) -> Iterator[Path]:
    # Path.rglob() would pass over what it may not read, and nobody would know.
    def refuse(error: OSError) -> None:
        raise UserError(
            f"{error.filename}: cannot be read: {error.strerror}",
            cure="name an .rst file, or a folder of them",
        ) from error

    for name, _folders, files in os.walk(folder, onerror=refuse):
        yield from (
            place for file in files if file.endswith(docs.SUFFIX) and (place := Path(name, file)).is_file()
        )


def _named(place: Path, repository: Repository | None) -> _File:
    real = place.resolve()
    if repository and repository.top and place.is_symlink():
        _stay_inside(place, real, repository.top.resolve())
    if repository and repository.top and real.is_relative_to(repository.top.resolve()):
        name = real.relative_to(repository.top.resolve()).as_posix()
        return _File(place=place, name=name, repository=repository, top=repository.top)
    # Outside of git the end of the path tells the document.
    for profile in docs.profiles():
        if real.as_posix().endswith(f"/{profile.path}"):
            top = Path(real.as_posix().removesuffix(profile.path))
            return _File(place=place, name=profile.path, repository=None, top=top)
    return _File(place=place, name=str(place), repository=None)


def _stay_inside(place: Path, real: Path, top: Path) -> None:
    """UserError for a link of a tree to what is none of its documents: reports quote what they read."""
    if not real.is_relative_to(top) or ".git" in real.relative_to(top).parts:
        raise UserError(
            f"{place}: a link that leads out of the tree", cure="remove it, or name the document itself"
        )


def _repository(folder: Path) -> Repository | None:
    try:
        return Repository.discover(folder)
    except UserError:
        return None


def _tree_of(document: Document) -> TreeId | None:
    repository = document.repository
    if repository is None:
        return None
    return TreeId(path=str(repository.path), base=document.head or _head(repository))


def _head(repository: Repository) -> str:
    # "" where there is no commit yet.
    return repository.run("rev-parse", "--verify", "--quiet", "HEAD").text.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """The older version (None: there is none), what it is, and a remark where that is not what was asked.

    ``commit`` is the one that the older version stands in, ``head`` that of the newer one, "" for a file on
    disk or in the index. ``staged`` is both versions where git could be asked for them at once.
    """

    content: bytes | None
    what: str
    commit: str = ""
    head: str = ""
    remark: str = ""
    staged: Staged | None = None


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
    if against is Against.REF and is_range(ref):
        two = read_range(repository, ref)
        content = repository.read_blob(two.base, file.name)
        return _Before(content=content, what=two.what, commit=two.base, head=two.head, remark=two.remark)
    name = ref if against is Against.REF else "HEAD"
    commit = _head(repository) if name == "HEAD" else repository.resolve(name)
    if not commit:
        remark = f"{repository.path} has no commit yet: all findings count"
        return _Before(content=None, what=everything, remark=remark)
    staged = read_staged(repository, commit, file.name, _index()) if against is Against.INDEX else None
    content = staged.before if staged else repository.read_blob(commit, file.name)
    verb = "staged" if against is Against.INDEX else "new"
    what = f"what is {verb} against {name} ({commit[:12]})"
    what = what if content is not None else f"{what}, which has no such file"
    return _Before(content=content, what=what, commit=commit, staged=staged)


def _facts(file: _File, old: _Before, against: Against) -> tuple[KernelFacts | None, KernelFacts | None]:
    """What the trees of both versions say: the one that is checked, and the one it is compared with."""
    then = facts_of(file.repository, old.commit) if file.repository and old.commit else None
    if old.head and file.repository:
        return facts_of(file.repository, old.head), then
    if old.staged and old.staged.same_code:
        return then, then
    if against is Against.INDEX and file.repository:
        return facts_of_index(file.repository, _index()), then
    return facts_of(file.top) if file.top else None, then


def _content(file: _File, old: _Before, against: Against) -> bytes:
    if old.head and file.repository:
        content = file.repository.read_blob(old.head, file.name)
        if content is None:
            raise UserError(f"{file.name}: {old.head[:12]} has no such file", cure="name one that it has")
        return content
    if old.staged:
        return old.staged.content
    return _staged(file) if against is Against.INDEX else _read(file.place)


def _staged(file: _File) -> bytes:
    shown = (
        file.repository.run("cat-file", "blob", f":{file.name}", env=_index()) if file.repository else None
    )
    if shown is None or not shown.ok:
        raise UserError(f"{file.name}: nothing of this name is staged", cure=f"git add {file.name}")
    return shown.stdout


def _index() -> dict[str, str]:
    # `git commit FILE` gives its hooks an index of its own, named in the environment.
    index = os.environ.get("GIT_INDEX_FILE")
    return {"GIT_INDEX_FILE": str(Path(index).absolute())} if index else {}


def _read(place: Path) -> bytes:
    try:
        with place.open("rb") as stream:
            # One byte more tells that it is too much, however large the file is.
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(
            f"{place}: cannot be read: {error.strerror}", cure="name an .rst file, or a folder of them"
        ) from error
