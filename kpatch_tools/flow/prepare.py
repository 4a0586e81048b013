# SPDX-License-Identifier: GPL-2.0-only
"""What `build` and `test` work on: a commit of a tree, with or without a series on top of it."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow.base import AUTO, apply_to
from kpatch_tools.flow.series import load_series, needs_tree
from kpatch_tools.flow.tree import FoundTree, find_tree, resolve_tree
from kpatch_tools.model.event import Sink
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, SeriesId, Status, TreeId
from kpatch_tools.model.series import Applied, ApplyState, BaseFound, Patch, Series
from kpatch_tools.parse.mail import recorded_change_id
from kpatch_tools.tools.git import NAME_A_TREE, Repository
from kpatch_tools.tools.kept import store_for

_VERSION = re.compile(rb"^(?:VERSION|PATCHLEVEL) = \d+$", re.MULTILINE)
_MISFITS = frozenset({ApplyState.CONFLICT, ApplyState.NEEDS_PREREQUISITE, ApplyState.BASE_UNKNOWN})
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The commit to work on. ``apply`` is the check of the series, None without one.

    ``commit`` is "" when the series does not apply; ``apply`` then says why. ``series`` and ``applied`` are
    what was read and where it went, None without a series.
    """

    tree: Path
    commit: str
    tree_id: TreeId
    series_id: SeriesId | None = None
    apply: CheckResult | None = None
    series: Series | None = None
    applied: Applied | None = None


def prepare(tree: str | None, series: str | None, *, onto: str, sink: Sink) -> Prepared:
    """Find the tree, and apply the series to ``onto`` into the kept store when one is given.

    Raises UserError for a tree, a series or a commit that does not exist.
    """
    if series is None:
        path = resolve_tree(tree, sink)
        commit = Repository.open(path).resolve(onto)
        return Prepared(tree=path, commit=commit, tree_id=TreeId(path=str(path), base=commit))
    loaded, found = load(series, tree, sink)
    path = found.path
    need_kernel_tree(loaded, path, onto)
    applied, base = apply_to(loaded, tree=path, onto=onto, objects=store_for(path), sink=sink)
    good = applied.state.good
    return Prepared(
        tree=path,
        commit=applied.head if good else "",
        tree_id=TreeId(path=str(path), base=applied.base, head=applied.head if good else ""),
        series_id=series_id(loaded),
        apply=check_applied(loaded, applied, facts=tried(base)),
        series=loaded,
        applied=applied,
    )


def need_kernel_tree(series: Series, tree: Path, onto: str) -> None:
    """UserError when ``series`` does not apply to ``tree`` because that is no kernel at all.

    A kernel's top Makefile names its version. Any other tree may take a series too: only where it does not
    apply is "the series conflicts" the wrong answer.
    """
    repository = Repository.open(tree)
    commit = repository.head() if onto == AUTO else repository.resolve(onto)
    if _VERSION.search(repository.read_blob(commit, "Makefile") or b""):
        return
    applied, _base = apply_to(series, tree=tree, onto=onto)
    if applied.state in _MISFITS:
        raise UserError(
            f"{tree} at {commit[:12]} is no Linux kernel tree, and the series does not apply to it",
            cure=NAME_A_TREE,
        )


def load(spec: str, tree: str | None, sink: Sink) -> tuple[Series, FoundTree]:
    """The series and the tree (None: the one around the current directory).

    A mistake in the series' name is told before a tree is brought; a range of commits needs the tree first.
    """
    series = None if needs_tree(spec) else load_series(spec)
    if tree is None:
        path = resolve_tree(None, sink)
        found = FoundTree(path=path, commit=Repository.open(path).head())
    else:
        found = find_tree(tree, sink)
    return series or load_series(spec, tree=found.path), found


def tried(base: BaseFound | None) -> tuple[tuple[str, str], ...]:
    """How ``--onto auto`` came to its base, as facts: every try and why it was refused."""
    if base is None:
        return ()
    return tuple(
        ("base " + ("taken" if item.taken else "refused"), f"{item.way} {item.what}: {item.reason}")
        for item in base.tries
    )


def series_id(series: Series) -> SeriesId:
    """How reports name a series."""
    mails = (*((series.cover,) if series.cover else ()), *series.patches)
    return SeriesId(
        name=series.name,
        version=series.version,
        message_id=series.message_id,
        patches=len(series.patches),
        hashes=tuple(hashlib.sha256(patch.raw).hexdigest() for patch in series.patches),
        contents=tuple(map(_content, mails)),
        author=str(mails[0].author) if mails else "",
        change_id=recorded_change_id(mails[0].raw) if mails else "",
        subjects=tuple((mail.number, mail.subject) for mail in mails),
    )


def _content(mail: Patch) -> str:
    """A hash of what a mail says, not of its way here (Received, a mailbox's own lines) nor of line ends."""
    said = (mail.message_id, str(mail.author), mail.subject, mail.body, mail.diff)
    text = "\0".join(part.replace("\r\n", "\n").rstrip("\n") for part in said)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def check_applied(
    series: Series, applied: Applied, *, facts: tuple[tuple[str, str], ...] = ()
) -> CheckResult:
    """What applying came to, as a check; a conflict names patch, file and hunk."""
    good = applied.state.good
    remark = f"; {applied.reason}" if applied.reason else ""
    return CheckResult(
        check="apply",
        status=Status.PASS if good else Status.FAIL,
        reason=f"{len(series.patches)} patches {applied.state.value}{remark}",
        findings=() if good else (_refusal(applied),),
        facts=facts,
    )


def _refusal(applied: Applied) -> Finding:
    conflict = applied.conflict
    if conflict is None:
        return Finding(rule=f"apply/{applied.state.value}", severity=Severity.ERROR, message=applied.reason)
    return Finding(
        rule=f"apply/{applied.state.value}",
        severity=Severity.ERROR,
        message=f'patch {conflict.patch} "{conflict.subject}" does not apply, hunk {conflict.hunk or "none"}',
        location=Location(path=conflict.path, line=conflict.line, patch=conflict.patch),
        detail=conflict.detail,
    )


def now() -> str:
    """The time as a report gives it: RFC 3339, UTC, in seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def run_folder(state: Path, name: str, *, kind: str = "runs") -> Path:
    """A new folder below ``state``/``kind`` for one run; two runs in the same second do not meet."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    plain = _UNSAFE.sub("-", name).strip("-.")[:60] or "run"
    for attempt in range(100):
        folder = state / kind / (f"{stamp}-{plain}" + (f"-{attempt}" if attempt else ""))
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise EnvironmentFault(f"{folder}: {error.strerror}", cure="name another with --state") from error
        return folder
    raise EnvironmentFault(
        f"{state}/{kind}: cannot make a folder for this run", cure="name another with --state"
    )
