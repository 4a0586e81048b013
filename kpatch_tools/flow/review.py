# SPDX-License-Identifier: GPL-2.0-only
"""The main job: a series in, one report out, every stage from evidence.

A stage that cannot run says so and why; the ones after it still run where they can.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kpatch_tools import __version__
from kpatch_tools.checks.fold import folded
from kpatch_tools.flow import b4, docs_series, ledger, patches, per_patch, reply
from kpatch_tools.flow.base import AUTO, apply_to
from kpatch_tools.flow.excerpts import Sources, with_excerpts
from kpatch_tools.flow.per_patch_told import told_once
from kpatch_tools.flow.prepare import (
    check_applied,
    load,
    need_kernel_tree,
    now,
    run_folder,
    series_id,
    tried,
)
from kpatch_tools.flow.review_kernel import kernel_stages
from kpatch_tools.flow.review_run import Options, Run, contracts_of
from kpatch_tools.flow.stages import APPLY, DOCS, OF_APPLIED, PATCHES
from kpatch_tools.flow.told import CUT_OFF, REPORT, read_past, since_earlier
from kpatch_tools.model.event import Sink, silent
from kpatch_tools.model.report import CheckResult, Report, TreeId
from kpatch_tools.model.series import Applied
from kpatch_tools.render import html, json_v1
from kpatch_tools.tools import sandbox
from kpatch_tools.tools.files import write_atomic
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for

_MAKEFILE_VERSION = re.compile(rb"^(VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """The report and the folder that holds it (report.json, report.html, series.mbox, logs/).

    ``replies`` are the mails of reply.mbox there; without any there is no such file.
    """

    report: Report
    folder: Path
    replies: reply.Replies


def review(
    spec: str, *, tree: str | None, state: Path, options: Options | None = None, sink: Sink = silent
) -> Reviewed:
    """Take the series ``spec`` to a verdict on ``tree`` (a path or a word for find_tree()).

    Leaves report.json, report.html, series.mbox, reply.mbox and logs/ in a new folder below ``state``/runs.
    Raises UserError for a series, a tree or a commit that cannot be read, EnvironmentFault when there is no
    tree, both before anything is written; what goes wrong after that stands in the report. A run that is cut
    off leaves its logs without a report, and the exception has a note that says where.
    """
    started, chosen = now(), options or Options()
    past = read_past(chosen.since)
    series, found = load(spec, tree, sink)
    per_patch.need_patches(chosen.patches, len(series.patches))
    store = Repository.open(store_for(found.path))
    if chosen.onto != AUTO:
        Repository.open(found.path).resolve(chosen.onto)
    need_kernel_tree(series, found.path, chosen.onto)
    for one in contracts_of(series) if chosen.kernel else ():
        ledger.check_ledger(state, one)
    run = Run(
        series=series,
        tree=found.path,
        options=chosen,
        folder=run_folder(state, series.name),
        state=state,
        sink=sink,
    )
    with _marked(run.folder):
        _stages(run, store, found.note)
        applied = run.applied
        report = Report(
            tool=f"kvet {__version__}",
            tree=TreeId(
                path=str(found.path),
                base=applied.base if applied else found.commit,
                head=applied.head if applied and applied.state.good else "",
            ),
            series=series_id(series),
            checks=folded(with_excerpts(told_once(run.checks), _sources(run, store, found.commit))),
            folder=str(run.folder.resolve()),
            started=started,
            unprotected=sandbox.OFF.get(),
        )
        report = since_earlier(report, state, past)
        document, page = json_v1.render(report), html.render(report)
        replies = reply.leave(run.folder, series, report, applied=applied, store=store)
        write_atomic(run.folder / "report.html", page)
        # The last of all: a later run takes a folder that has it for whole.
        write_atomic(run.folder / REPORT, document)
    b4.remember(series, report)
    return Reviewed(report=report, folder=run.folder, replies=replies)


@contextlib.contextmanager
def _marked(folder: Path) -> Iterator[None]:
    """Mark ``folder`` as cut off when whatever ends this early; the exception says so in a note."""
    try:
        yield
    except BaseException as error:
        with contextlib.suppress(OSError):
            write_atomic(folder / CUT_OFF, "This run ended before its report: here are only logs.\n")
        error.add_note(f"{folder} holds the logs of what was done, and no report")
        raise


def _stages(run: Run, store: Repository, note: str) -> None:
    """Every stage that was chosen, each entered into the run; what cannot run says why."""
    series, chosen = run.series, run.options
    run.stage(APPLY, partial(_apply, run, store, note))
    applied = run.applied
    if applied is not None and not chosen.patches:
        told = partial(patches.check_patches, series, applied, store, fail_on=chosen.fail_on, sink=run.sink)
        run.stage(PATCHES, told)
    if applied is None or not applied.state.good:
        stages = () if chosen.patches else OF_APPLIED
        for name in (*stages, per_patch.CHECK) if chosen.per_patch else stages:
            run.skip(name, "the series does not apply" if applied else "the series could not be applied")
    elif chosen.patches:
        run.stage(per_patch.CHECK, partial(_per_patch, run, applied, store))
    else:
        run.stage(DOCS, partial(docs_series.check_applied, series, applied, store, fail_on=chosen.fail_on))
        if chosen.per_patch:
            # Before the build of the end: the kept checkout then goes forward only.
            run.stage(per_patch.CHECK, partial(_per_patch, run, applied, store))
        kernel_stages(run, applied, store)


def _sources(run: Run, store: Repository, commit: str) -> Sources:
    applied = run.applied
    head = applied.head if applied and applied.state.good else commit
    return Sources(
        read=partial(store.read_blob, head),
        folder=run.folder,
        series=run.series,
        contracts=contracts_of(run.series),
    )


def _apply(run: Run, store: Repository, note: str) -> CheckResult:
    applied, base = apply_to(
        run.series, tree=run.tree, onto=run.options.onto, objects=store.path, sink=run.sink
    )
    run.applied = applied
    facts = [("base", f"{_kernel_version(store, applied.base)} ({applied.base[:12]})")]
    if applied.commits:
        facts.append(("head", applied.head))
    if note:
        facts.append(("tree", note))
    facts += [("series", remark) for remark in run.series.notes]
    facts += tried(base)
    return check_applied(run.series, applied, facts=tuple(facts))


def _per_patch(run: Run, applied: Applied, store: Repository) -> CheckResult:
    options = run.options
    return per_patch.check_series(
        run.series,
        applied,
        store,
        tree=run.tree,
        wanted=per_patch.Wanted(
            contracts=contracts_of(run.series),
            kernel=options.kernel,
            modes=options.patch_modes,
            fail_on=options.fail_on,
            jobs=options.jobs,
            patches=options.patches,
        ),
        logs=run.folder / "logs",
        sink=run.sink,
    )


def _kernel_version(store: Repository, commit: str) -> str:
    """The version that the top Makefile of a commit names, "unknown version" when it names none."""
    makefile = store.read_blob(commit, "Makefile") or b""
    found = {key: value.decode() for key, value in _MAKEFILE_VERSION.findall(makefile)}
    words = [found.get(key, "") for key in (b"VERSION", b"PATCHLEVEL", b"SUBLEVEL")]
    return f"Linux {'.'.join(words)}" if all(words) else "unknown version"
