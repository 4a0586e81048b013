# SPDX-License-Identifier: GPL-2.0-only
"""What became of the findings on an earlier version of a series, as lines for a terminal."""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from kpatch_tools.model.finding import Finding
from kpatch_tools.model.report import Report
from kpatch_tools.model.told import Told
from kpatch_tools.render.columns import WIDTH, cut, width, wrap

_STATE = 12


def lines(report: Report, plain: Callable[[str], str], *, whole: bool = False) -> list[str]:
    """A line that counts, then one for each finding that is gone; none for a report without a past.

    ``plain`` makes text harmless and keeps it from looking like a place to jump to. ``whole`` also gives a
    line to each finding that is there, which a report shows by itself.
    """
    found = report.told
    if found is None or report.since is None:
        return []
    shown = [f"since v{found.version}: {summary(found)}"]
    shown += [cut(f"  {'told in':<{_STATE}}{plain(source)}") for source in report.since.sources]
    for note in report.since.notes:
        shown += _wrapped("note", plain(note))
    shown += _lines("answered", (item.finding for item in found.answered), plain)
    for reason in dict.fromkeys(item.reason for item in found.unproven):
        shown += _wrapped("not proven", plain(reason))
        shown += _lines("", (item.finding for item in found.unproven if item.reason == reason), plain)
    if whole:
        shown += _lines("still there", found.still, plain) + _lines("new", found.new, plain)
    return shown


def summary(found: Told) -> str:
    """The counts in words: "12 answered, 0 still there, 3 new"; what is not proven where there is some."""
    counts = [(len(found.answered), "answered"), (len(found.still), "still there"), (len(found.new), "new")]
    if found.unproven:
        counts.append((len(found.unproven), "not proven"))
    return ", ".join(f"{count} {word}" for count, word in counts)


def _lines(state: str, findings: Iterable[Finding], plain: Callable[[str], str]) -> list[str]:
    """One line for each finding, equal ones once with their number.

    A long one is cut in the middle: what it is about and its rule are never lost.
    """
    counts = Counter((finding.rule, _place(finding), finding.message) for finding in findings)
    shown = []
    for (rule, place, message), count in counts.items():
        times = f"{count} x " if count > 1 else ""
        head = f"  {state:<{_STATE}}{times}{plain(place)}{plain(message)}"
        tail = f" [{plain(rule)}]"
        shown.append(f"{cut(head, WIDTH - width(tail))}{tail}")
    return shown


def _place(finding: Finding) -> str:
    place = finding.location
    if place is None:
        return ""
    return f"{PurePosixPath(place.path).name}: " if place.path else f"patch {place.patch}: "


def _wrapped(state: str, text: str) -> list[str]:
    return list(wrap(text, first=f"  {state:<{_STATE}}", rest=" " * (_STATE + 2)))
