# SPDX-License-Identifier: GPL-2.0-only
"""Findings as lines for a terminal, the way gcc prints them."""

import re
from collections.abc import Iterator

from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.render.alike import Group, again, places
from kpatch_tools.render.columns import fold, wrap
from kpatch_tools.render.escape import terminal
from kpatch_tools.render.evidence import readable
from kpatch_tools.render.plain import plain

_INDENT = "    "
# Lines that are shown of an error where a page has all of them: one call of a test, some of a log.
_MOST_CALLS, _MOST_OF_LOG = 1, 6
_RAN = re.compile(r"^(?:case \w+|observed\b)")
_CONTRACT = re.compile(r"^(?:clause [\w-]+|case): ")


def lines(group: Group, room: int, *, whole: bool) -> Iterator[str]:
    """A group of findings: the first with its place, its evidence and its hint, and where the others are.

    Without ``whole`` some lines of the evidence stand for all of it.
    """
    finding, place = group.first, group.first.location
    by = f", patch {place.patch}" if place and place.path and place.patch else ""
    by += f", told for v{finding.told}" if finding.told else ""
    first = f"{f'{terminal(str(place))}: ' if place else ''}{finding.severity.value}: "
    yield from wrap(f"{plain(finding.message)} [{plain(finding.rule)}{by}]", room, first=first, rest=_INDENT)
    yield from _evidence(finding, room, whole=whole)
    yield from _hint(finding, room, whole=whole)
    yield from _others(group, room)


def _evidence(finding: Finding, room: int, *, whole: bool) -> Iterator[str]:
    shown, left = readable(finding.detail), 0
    if not whole:
        every = [line for line in shown if not _CONTRACT.match(line)]
        calls = [line for line in every if _RAN.match(line)]
        most = _MOST_CALLS if calls else _MOST_OF_LOG
        shown = (calls or every)[:most] if finding.severity is Severity.ERROR else []
        left = len(calls or every) - len(shown) if shown else 0
    more = f" (and {left} more)" if left else ""
    for line in shown:
        yield from fold(
            f"{_INDENT}{plain(line)}{more if line is shown[-1] else ''}", room, indent=_INDENT * 2
        )


def _hint(finding: Finding, room: int, *, whole: bool) -> Iterator[str]:
    if not finding.hint or (finding.severity is Severity.NOTE and not whole):
        return
    first, *more = finding.hint.splitlines()
    left = f" ({len(more)} lines, in report.html)" if more and not whole else ""
    yield from wrap(f"hint: {plain(first)}{left}", room, first=_INDENT, rest=_INDENT)
    for line in more if whole else ():
        yield from fold(_INDENT + plain(line), room, indent=_INDENT * 2)


def _others(group: Group, room: int) -> Iterator[str]:
    """Where it is said again, with the names that differ; how often, where it is in no line."""
    if not group.others:
        return
    if not group.placed:
        yield f"{_INDENT}{again(group)}"
        return
    shown = [
        f"{other.location.line if other.location else 0}{f' ({name})' if name else ''}"
        for other, name in places(group)
    ]
    word = "line" if len(shown) == 1 else "lines"
    yield from wrap(plain(f"the same in {word} {', '.join(shown)}"), room, first=_INDENT, rest=_INDENT * 2)
