# SPDX-License-Identifier: GPL-2.0-only
"""`kvet docs check --series`: what a series adds to documents, on git objects alone."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from kpatch_tools import __version__
from kpatch_tools.errors import UserError
from kpatch_tools.flow import docs
from kpatch_tools.flow.apply import apply_series
from kpatch_tools.flow.facts import facts_of
from kpatch_tools.flow.prepare import series_id
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.profile import DocsProfile
from kpatch_tools.model.report import CheckResult, Report, Status, TreeId
from kpatch_tools.model.series import Applied, Series
from kpatch_tools.parse.kernelfacts_paths import is_uapi
from kpatch_tools.tools.git import Repository


def check_series(
    spec: str,
    paths: tuple[str, ...],
    *,
    tree: Path,
    fail_on: Severity = Severity.WARNING,
    sink: Sink = silent,
) -> Report:
    """Check what a series adds to documents, on top of the HEAD of ``tree``; nothing is left in the tree.

    ``paths`` are relative to the top of the tree; none means every .rst file that the series touches. A
    series that does not apply gives DID_NOT_RUN with the reason.
    """
    started = time.monotonic()
    series = load_series(spec, tree=tree)
    source = Repository.open(tree)
    with tempfile.TemporaryDirectory(prefix="kvet-docs-", ignore_cleanup_errors=True) as name:
        store = Repository.create(Path(name) / "store.git", borrow=source)
        applied = apply_series(series, tree=source.path, objects=store.path, sink=sink)
        place = TreeId(path=str(source.path), base=applied.base, head=applied.head)
        report = Report(tool=f"kvet {__version__}", tree=place, series=series_id(series))
        result = check_applied(series, applied, store, paths=paths, fail_on=fail_on, sink=sink)
    return replace(report, checks=(replace(result, elapsed=time.monotonic() - started),))


def check_applied(  # noqa: PLR0913 - a series, where it went, and settings with defaults
    series: Series,
    applied: Applied,
    store: Repository,
    *,
    paths: tuple[str, ...] = (),
    fail_on: Severity = Severity.WARNING,
    sink: Sink = silent,
) -> CheckResult:
    """Check what an applied series adds to documents; ``store`` holds its commits.

    ``paths`` limits it to these documents; none means every .rst file that the series touches, and the
    document of the interface when it touches that. A document with a profile is held against the code after
    the whole series: patch 1 may describe what patch 2 defines. A series
    that is in the base already adds nothing, which is said and is no pass. Raises UserError for a path
    that is not in the resulting tree.
    """
    if not applied.commits:
        return docs.not_run(f"the series is not applied: {applied.reason}")
    known = docs.profiles()
    touched = paths or documents_of(series, known)
    if not touched:
        reason = f"the series touches no {docs.SUFFIX} file"
        return CheckResult(check=docs.CHECK, status=Status.SKIP, reason=reason)
    results = []
    for done, path in enumerate(touched):
        sink(Event(docs.CHECK, path, done, len(touched)))
        before, *steps = [store.read_blob(commit, path) for commit in (applied.base, *applied.commits)]
        if steps[-1] is not None:
            profile = docs.profile_for(path, known)
            result = docs.check_document(
                before,
                steps[-1],
                path=path,
                profile=profile,
                steps=steps,
                facts=facts_of(store, applied.commits[-1]) if profile else None,
                facts_before=facts_of(store, applied.base) if profile else None,
                fail_on=fail_on,
            )
            results.append(_patches_of_headers(result, path, applied, store))
        elif path in paths:
            raise UserError(
                f"{path}: not in the tree that the series leads to",
                cure="name a file that is there once the series is applied, from the top of the tree",
            )
    return docs.merged(results)


def documents_of(series: Series, known: tuple[DocsProfile, ...]) -> tuple[str, ...]:
    """The documents that a series has to do with: those that it touches, and those of what it touches."""
    touched = {change.path for patch in series.patches for change in patch.files}
    documents = {path for path in touched if path.endswith(docs.SUFFIX)}
    if any(is_uapi(path) for path in touched):
        # What the series adds to the interface needs text, also when it brings none.
        documents |= {profile.path for profile in known}
    return tuple(sorted(documents))


def _patches_of_headers(
    result: CheckResult, document: str, applied: Applied, store: Repository
) -> CheckResult:
    # A finding may stand in the header that defines what the document lacks.
    findings = result.findings
    for path in sorted({one.location.path for one in findings if one.location} - {document}):
        before, *steps = [store.read_blob(commit, path) for commit in (applied.base, *applied.commits)]
        findings = docs.name_patches(findings, path, before, steps)
    return replace(result, findings=findings)
