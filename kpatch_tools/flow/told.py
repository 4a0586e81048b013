# SPDX-License-Identifier: GPL-2.0-only
"""The reports that earlier runs have left on a series, and a new one held against an older version."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kpatch_tools.checks.told import marked, told
from kpatch_tools.errors import UserError
from kpatch_tools.flow.prepare import series_id
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status
from kpatch_tools.model.series import Series
from kpatch_tools.parse.report_json import parse_report, parse_series
from kpatch_tools.tools.files import read_text

REPORT = "report.json"
# Marks the folder of a run that ended before its report.
CUT_OFF = "CUT-OFF"
NONE = "none"
# Names that say where a series was read, not which one it is.
_PLACES = re.compile(r"stdin|e?mails?|mbox|threads?|series|patch(?:es)?|v?\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A report and the file that holds it."""

    path: Path
    report: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The earlier reports that a new one is to be held against; none for no comparison."""

    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """The reports on two versions, None for one without a report; ``kept`` are the files of the older."""

    old: Report | None
    new: Report | None
    kept: tuple[Kept, ...] = ()

    def marked(self) -> Report | None:
        """The newer report held against the older, None where one of them is lacking."""
        if self.old is None or self.new is None:
            return None
        return marked(
            self.new,
            told(self.old, self.new),
            sources=tuple(str(item.path) for item in self.kept),
            notes=tuple(_notes(self.old, self.new)),
        )


def reports_on(old: Series, new: Series, state: Path, named: tuple[str, str] | None = None) -> Reports:
    """The reports on two versions: those that are ``named``, else what the runs below ``state`` hold.

    A report counts only when it was made of these very mails. Raises UserError for a named one that was not,
    or that is no report on a series.
    """
    ids = series_id(old), series_id(new)
    if named is None:
        found = [latest(one, state) for one in ids]
    else:
        found = [[_on(one, read_kept(Path(name)))] for one, name in zip(ids, named, strict=True)]
    before, after = found
    return Reports(
        old=_together(before) if before else None,
        new=_together(after) if after else None,
        kept=tuple(before),
    )


def _on(series: SeriesId, kept: Kept) -> Kept:
    about = kept.report.series
    if about is None or not about.same_mails(series):
        raise UserError(
            f"{kept.path}: this report was not made of the mails of {series.name} v{series.version}",
            cure="review that version again",
        )
    return kept


def since_earlier(report: Report, state: Path, past: Past | None = None) -> Report:
    """The report with what it says again, what is answered and what is new since an earlier version.

    Without ``past`` that is what the runs below ``state`` hold: of the newest earlier version of this series,
    the last time that each check ran. A report that has no such past comes back as it is.
    """
    if report.series is None:
        return report
    kept = list(past.kept) if past else earlier(report.series, state)
    if not kept:
        return report
    older = _together(kept)
    return marked(
        report,
        told(older, report),
        sources=tuple(str(item.path) for item in kept),
        notes=tuple(_notes(kept[0].report, report)),
    )


def read_past(choice: str | None) -> Past | None:
    """What the user chose to compare with: a report's file or its run's folder, "none", None for no choice.

    To be read before a run: UserError for a choice that is no report on a series.
    """
    if choice is None:
        return None
    return Past(kept=() if choice == NONE else (read_kept(Path(choice)),))


def read_kept(place: Path) -> Kept:
    """The report in a file or a run's folder. Raises UserError for one that is none, or is on no series."""
    path = place / REPORT if place.is_dir() else place
    if (path.parent / CUT_OFF).is_file() and not path.is_file():
        raise UserError(
            f"{path.parent}: this run was cut off before its report", cure="name another, or review again"
        )
    report = parse_report(read_text(path, "report"), name=str(path))
    if report.series is None:
        raise UserError(f"{path}: this report is on no series", cure="name one that `kvet review` has left")
    return Kept(path=path, report=report)


def earlier(series: SeriesId, state: Path) -> list[Kept]:
    """The reports on the newest version before ``series``, the last run first, each of use for some check."""
    found = [item for item in runs(state) if _same(item[1], series) and item[1].version < series.version]
    newest = max((known.version for _path, known in found), default=0)
    return _of_use(_read(path for path, known in found if known.version == newest))


def latest(series: SeriesId, state: Path) -> list[Kept]:
    """The reports on these very mails, the last run first, each of use for some check."""
    return _of_use(_read(path for path, known in runs(state) if known.same_mails(series)))


def runs(state: Path) -> Iterator[tuple[Path, SeriesId]]:
    """The reports on a series below ``state``, the last run first; what cannot be read is passed over."""
    for path in sorted((state / "runs").glob(f"*/{REPORT}"), reverse=True):
        try:
            series = parse_series(path.read_bytes())
        except OSError:
            continue
        if series is not None:
            yield path, series


def _read(paths: Iterator[Path]) -> Iterator[Kept]:
    for path in paths:
        try:
            yield read_kept(path)
        except UserError:
            # A run that was cut off, or a report of another kvet: no choice of the user's.
            continue


def _of_use(found: Iterator[Kept]) -> list[Kept]:
    """Those in which a check ran that did not in a later one."""
    kept: list[Kept] = []
    seen: set[str] = set()
    for item in found:
        ran = {check.check for check in item.report.checks if _ran(check)}
        if ran - seen:
            kept.append(item)
            seen |= ran
    return kept


def _together(kept: Sequence[Kept]) -> Report:
    """One report of several on the same version: each check as it ran last."""
    checks: dict[str, CheckResult] = {}
    for item in kept:
        for check in item.report.checks:
            if check.check not in checks or (_ran(check) and not _ran(checks[check.check])):
                checks[check.check] = check
    return replace(kept[0].report, checks=tuple(checks.values()))


def _ran(check: CheckResult) -> bool:
    return check.status in (Status.PASS, Status.FAIL)


def _same(one: SeriesId, other: SeriesId) -> bool:
    """Whether two reports are on versions of one series: by change-id, else by its name, subject and author.

    One of the three may change from version to version: somebody else may send it, or from another file.
    """
    if one.change_id and other.change_id:
        return one.change_id == other.change_id
    name = one.name == other.name and not _PLACES.fullmatch(one.name)
    subject = _subject(one) == _subject(other)
    if not (_subject(one) and _subject(other)):
        return name
    return name + subject + (one.author == other.author) > 1


def _subject(series: SeriesId) -> str:
    """The subject of the cover letter, or of the first patch."""
    return next((subject for _number, subject in series.subjects), "")


def _notes(older: Report, newer: Report) -> Iterator[str]:
    if older.series and newer.series and not _same(older.series, newer.series):
        yield f"told of {older.series.name}, which is another series by name, subject and author"
    bases = [report.tree.base if report.tree else "" for report in (older, newer)]
    if bases[0] != bases[1]:
        yield f"told on another base: {bases[0][:12] or 'unknown'}, now {bases[1][:12] or 'unknown'}"
    if older.tool != newer.tool:
        yield f"told by {older.tool}, now {newer.tool}: a rule may have changed its words"
