# SPDX-License-Identifier: GPL-2.0-only
"""Findings -> the files of a b4 review directory, as `b4 review` takes them from an agent.

b4 0.16 reads .git/b4-review/<HEAD>/ (review/_review.py, _integrate_agent_reviews): identity.txt with a name
and an address, series.txt, and NNNN.txt a patch: a note, then the whole diff with "> " in front of each
line, and comments unquoted below the line that they are about. Nothing is sent by that: a comment stays
read-only until a maintainer adopts it.
"""

from collections.abc import Mapping, Sequence

from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import Report
from kpatch_tools.model.series import Patch, Series
from kpatch_tools.parse.patch_lines import DiffLine, diff_lines
from kpatch_tools.render.escape import terminal
from kpatch_tools.render.severity import by_weight, counted

IDENTITY = "kvet <kvet@localhost>"


def render(report: Report, series: Series) -> dict[str, str]:
    """File name to text. A patch without findings has no file; notes are left out, as in a mail.

    A finding whose line the diff of its patch does not show stands in the note above that diff.
    """
    findings = tuple(one for one in by_weight(report.findings) if one.severity is not Severity.NOTE)
    files = {"identity.txt": f"{IDENTITY}\n", "series.txt": _series(report, findings)}
    for patch in series.patches:
        mine = [one for one in findings if one.location and one.location.patch == patch.number]
        if mine:
            files[f"{patch.number:04}.txt"] = _patch(patch, mine)
    return files


def _series(report: Report, findings: tuple[Finding, ...]) -> str:
    base = f" on {report.tree.base[:12]}" if report.tree else ""
    lines = [f"{report.verdict.value}: {counted(findings) or 'nothing found'} ({report.tool}{base})", ""]
    for check in report.checks:
        reason = f": {terminal(check.reason)}" if check.reason else ""
        lines.append(f"{check.check}: {check.status.value}{reason}")
    loose = [one for one in findings if not (one.location and one.location.patch)]
    for one in loose:
        lines += ["", *_comment(one)]
    return "\n".join(lines) + "\n"


def _patch(patch: Patch, findings: Sequence[Finding]) -> str:
    lines = diff_lines(patch.diff, patch.source)
    places = _places(lines)
    below: dict[int, list[Finding]] = {}
    note: list[Finding] = []
    for one in findings:
        place = one.location
        index = places.get((place.path, place.line)) if place and place.path else None
        if index is None:
            note.append(one)
        else:
            below.setdefault(index, []).append(one)
    text: list[str] = []
    for one in note:
        text += [*_comment(one, located=True), ""]
    text += _quoted(patch, lines, below)
    return "\n".join(text) + "\n"


def _places(lines: Sequence[DiffLine]) -> Mapping[tuple[str, int], int]:
    """Where each line of a patched file is in the diff; an added line before one of context."""
    places: dict[tuple[str, int], int] = {}
    for mark in (" ", "+"):
        places.update({(line.path, line.line): line.index for line in lines if line.mark == mark})
    return places


def _quoted(patch: Patch, lines: Sequence[DiffLine], below: Mapping[int, list[Finding]]) -> list[str]:
    shown = {line.index for line in lines}
    text: list[str] = []
    for index, raw in enumerate(patch.diff.split("\n")):
        if index not in shown and not raw.startswith("\\ "):
            continue
        text.append(f"> {_one_line(raw)}")
        for one in below.get(index, []):
            text += ["", *_comment(one)]
        text += [""] if index in below else []
    return text


def _one_line(raw: str) -> str:
    """A line that stays one: b4 splits at form feeds too, and what follows would be a comment of ours.

    A lone surrogate stands for a byte that is no UTF-8, which cannot be written.
    """
    return " ".join(raw.encode("utf-8", "replace").decode().splitlines())


def _comment(finding: Finding, *, located: bool = False) -> list[str]:
    place = finding.location
    where = f"{terminal(str(place))}: " if located and place and place.path else ""
    lines = [f"{where}{finding.severity.value}: {terminal(finding.message)} [{finding.rule}]"]
    return lines + [f"  {terminal(line)}" for line in finding.hint.splitlines()]
