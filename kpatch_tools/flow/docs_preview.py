# SPDX-License-Identifier: GPL-2.0-only
"""`kvet docs build`: what a change makes of the page, rendered by Sphinx, and the difference in words."""

import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kpatch_tools import __version__
from kpatch_tools.checks.docs_parts import section_diff
from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow import docs_files
from kpatch_tools.flow.apply import apply_series
from kpatch_tools.flow.docs import SUFFIX, name_patches
from kpatch_tools.flow.docs_files import Against
from kpatch_tools.flow.docs_range import is_range, read_range
from kpatch_tools.flow.docs_select import Subject, select
from kpatch_tools.flow.docs_sphinx import RUNS, Trusted, render, trusted
from kpatch_tools.flow.prepare import series_id
from kpatch_tools.flow.preview_folder import PreviewFolder
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.preview import Conf, DiffPage, Fate, PreviewPage
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status, TreeId, status_of
from kpatch_tools.render import docs_preview
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.private import private_folder
from kpatch_tools.tools.sphinx import find_sphinx

CHECK = "preview"
_TOOL = f"kvet {__version__}"
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to preview. With ``series``, ``tree`` is a git tree and ``paths`` are relative to its top."""

    paths: tuple[str, ...] = ()
    tree: Path | None = None
    against: Against = Against.DEFAULT
    ref: str = "HEAD"
    series: str | None = None
    sections: tuple[str, ...] = ()
    conf: Conf = Conf.AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The report, and the pages that were written: each document's own, then its difference."""

    report: Report
    pages: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Input:
    """The documents to show, where they come from, and whose Sphinx configuration may be run."""

    subjects: tuple[Subject, ...]
    trusted: Trusted
    tree: TreeId | None = None
    series: SeriesId | None = None
    refused: str = ""


def build_preview(
    wanted: Wanted, *, out: Path | None = None, fail_on: Severity = Severity.WARNING, sink: Sink = silent
) -> Preview:
    """Render what a change touches and write the pages to ``out``, or to a new folder in .kvet/preview/.

    What Sphinx says of the new text, and did not say of the old, are findings of the rule docs/sphinx at
    lines of the real file. A change that touches no section gives a SKIP and no page; a series that does not
    apply gives DID_NOT_RUN. Raises EnvironmentFault where there is no Sphinx, UserError for what
    check_files() refuses, for a section that is not there and for a folder that is not ours.
    """
    started = time.monotonic()
    sphinx = find_sphinx()
    folder = PreviewFolder.choose(out)
    with _input(wanted, sink) as given:
        report = Report(tool=_TOOL, tree=given.tree, series=given.series)
        if given.refused:
            return Preview(report=replace(report, checks=(CheckResult(check=CHECK, reason=given.refused),)))
        subjects = [select(subject, wanted.sections) for subject in given.subjects]
        shown = [subject for subject in subjects if subject.parts]
        if not shown:
            result = CheckResult(check=CHECK, status=Status.SKIP, reason=_nothing(subjects, given.series))
            return Preview(report=replace(report, checks=(result,)))
        sink(Event(CHECK, f"Sphinx {sphinx.version} on {len(shown)} document(s)"))
        with private_folder("kvet-docs-") as work:
            rendered = render(sphinx, shown, given.trusted, wanted.conf, work)
        findings = tuple(
            finding
            for subject, found in zip(shown, rendered.findings, strict=True)
            for finding in name_patches(found, subject.path, subject.old_bytes, subject.steps)
        )
    files, pages = _pages(shown, rendered.bodies, rendered.style, rendered.conf, findings)
    place = folder.write(files, name=Path(shown[0].path).stem)
    remarks = dict.fromkeys(subject.remark for subject in shown if subject.remark)
    result = CheckResult(
        check=CHECK,
        status=status_of(findings, fail_on),
        reason="; ".join(remarks),
        findings=findings,
        elapsed=time.monotonic() - started,
        facts=(
            *((subject.path, _told(subject)) for subject in shown),
            ("built with", rendered.conf),
            *(("page", str(place / name)) for name in pages),
        ),
    )
    return Preview(report=replace(report, checks=(result,)), pages=tuple(place / name for name in pages))


@contextmanager
def _input(wanted: Wanted, sink: Sink) -> Iterator[_Input]:
    if wanted.series is None:
        found = tuple(
            docs_files.documents(wanted.paths, tree=wanted.tree, against=wanted.against, ref=wanted.ref)
        )
        first = found[0]
        commit, touched = _conf_commit(first.repository, wanted)
        tree = TreeId(path=str(first.repository.path), base=commit) if first.repository else None
        subjects = (
            Subject.read(
                one.name, one.before, one.content, what=one.what, remark=one.remark,
                everything=wanted.against is Against.NOTHING,
            )
            for one in found
        )  # fmt: skip
        yield _Input(
            subjects=tuple(subjects), trusted=trusted(first.repository, commit, touched=touched), tree=tree
        )
        return
    if wanted.tree is None:
        raise EnvironmentFault("a series needs a tree to go on", cure="--tree ~/linux, or --tree debian:6.1")
    series = load_series(wanted.series, tree=wanted.tree)
    source = Repository.open(wanted.tree)
    with tempfile.TemporaryDirectory(prefix="kvet-docs-", ignore_cleanup_errors=True) as name:
        store = Repository.create(Path(name) / "store.git", borrow=source)
        applied = apply_series(series, tree=source.path, objects=store.path, sink=sink)
        changed = {path for patch in series.patches for change in patch.files for path in change.paths}
        given = _Input(
            subjects=(),
            trusted=trusted(store, applied.base, touched=sorted(changed)),
            tree=TreeId(path=str(source.path), base=applied.base, head=applied.head),
            series=series_id(series),
        )
        if not applied.commits:
            yield replace(given, refused=f"the series is not applied: {applied.reason}")
            return
        commits = (applied.base, *applied.commits)
        paths = wanted.paths or sorted(path for path in changed if path.endswith(SUFFIX))
        what = f"what {series.name} v{series.version} adds to {applied.base[:12]}"
        yield replace(given, subjects=tuple(_of_series(store, commits, paths, wanted.paths, what)))


def _conf_commit(repository: Repository | None, wanted: Wanted) -> tuple[str, tuple[str, ...]]:
    """The commit whose configuration may run, and what the change makes of it: the older side is trusted."""
    if repository is None:
        return "", ()
    if wanted.against is not Against.REF:
        return repository.run("rev-parse", "--verify", "--quiet", "HEAD").text.strip(), ()
    if is_range(wanted.ref):
        two = read_range(repository, wanted.ref)
        base, head = two.base, two.head
    else:
        base, head = repository.resolve(wanted.ref), repository.head()
    listed = repository.ask("diff-tree", "-r", "-z", "--name-only", base, head, "--", *RUNS).stdout
    return base, tuple(listed.decode("utf-8", "replace").split("\0")[:-1])


def _of_series(
    store: Repository, commits: Sequence[str], paths: Sequence[str], asked: Sequence[str], what: str
) -> Iterator[Subject]:
    for path in paths:
        before, *steps = [store.read_blob(commit, path) for commit in commits]
        if steps[-1] is not None:
            yield Subject.read(path, before, steps[-1], what=what, steps=tuple(steps))
        elif path in asked:
            raise UserError(
                f"{path}: not in the tree that the series leads to",
                cure="name a file that is there once the series is applied, from the top of the tree",
            )


def _nothing(subjects: Sequence[Subject], series: SeriesId | None) -> str:
    if not subjects:
        return f"the series touches no {SUFFIX} file" if series else f"there is no {SUFFIX} file"
    removed = sum(one.fate is Fate.REMOVED for subject in subjects for one in subject.changes)
    words = f"only removed sections ({removed}), nothing to show" if removed else "no section changed"
    return f"{words}: {subjects[0].what}"


def _told(subject: Subject) -> str:
    if subject.whole:
        return f"the whole document, {subject.what}"
    count = len(subject.changes)
    return f"{count} section{'' if count == 1 else 's'}, {subject.what}"


def _pages(
    shown: Sequence[Subject], bodies: Sequence[str], style: str, conf: str, findings: Sequence[Finding]
) -> tuple[dict[str, str], list[str]]:
    """The files by name, and the names in the order to tell them."""
    files: dict[str, str] = {}
    for subject, body in zip(shown, bodies, strict=True):
        name = _file_name(subject.path, files)
        compared = [] if subject.old is None else [one for one in subject.changes if one.before or one.after]
        diff = f"{name}-diff.html" if compared else ""
        files[f"{name}.html"] = docs_preview.page(
            PreviewPage(
                path=subject.path,
                what=subject.what,
                conf=conf,
                tool=_TOOL,
                changes=() if subject.whole else subject.changes,
                findings=tuple(one for one in findings if one.location and one.location.path == subject.path),
                body=body,
                style=style,
                diff=diff,
                whole=subject.whole,
            )
        )
        if diff:
            sections = tuple(section_diff(subject.old, subject.new, one) for one in compared)
            files[diff] = docs_preview.diff(
                DiffPage(
                    path=subject.path, what=subject.what, tool=_TOOL, sections=sections, page=f"{name}.html"
                )
            )
    return files, list(files)


def _file_name(path: str, taken: dict[str, str]) -> str:
    """A plain file name for a document: its last part, or more of its path where that is taken."""
    parts = [_UNSAFE.sub("-", part).strip("-") for part in path.removesuffix(SUFFIX).split("/")]
    for count in range(1, len(parts) + 1):
        name = "-".join(part for part in parts[-count:] if part)[-100:] or "page"
        if f"{name}.html" not in taken and f"{name}-diff.html" not in taken:
            return name
    return f"page-{len(taken)}"
