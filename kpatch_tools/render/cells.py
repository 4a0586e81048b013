# SPDX-License-Identifier: GPL-2.0-only
"""The report of a test matrix as one table: tests and modes down, kernels across."""

from collections.abc import Iterator, Sequence
from string import ascii_uppercase

from kpatch_tools.model.cell import Cell
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render.columns import WIDTH, wrap
from kpatch_tools.render.escape import terminal
from kpatch_tools.render.severity import by_weight

_LEFT_MOST, _COLUMN = 44, 14
_MOST_FINDINGS = 5
_WORDS = {"INFRA": "NOT-RUN"}
_CELLS = "/cells/"


def render(report: Report, room: int = WIDTH) -> str:
    """The kernels, the table (several, where they do not fit side by side), and what is not as expected.

    All in lines of ``room`` columns, but for what has to be copied whole.
    """
    cells = {_place(check): check for check in report.checks if _place(check)}
    kernels = list(dict.fromkeys(place[2] for place in cells))
    rows = list(dict.fromkeys(place[:2] for place in cells))
    whole = next((check for check in report.checks if check.check == "matrix"), None)
    lines = [*_head(whole, room), *_kernels(kernels, cells, room)]
    left = min(_LEFT_MOST, room // 2, max((len(word) + 4 for row in rows for word in row), default=0))
    at_once = max(1, (room - left) // _COLUMN)
    for start in range(0, len(kernels), at_once):
        part = slice(start, start + at_once)
        lines += ["", *_table(rows, cells, kernels, part, left, room)]
    lines += ["", "CAPITALS: not what is expected; -: excluded."]
    lines += _bad(report, room)
    lines += ["", *wrap(_sum(cells, whole), room, rest="  ")]
    return "\n".join(terminal(line).rstrip() for line in lines) + "\n"


def render_plan(cells: Sequence[Cell], *, title: str, excluded: int, times: Sequence[float]) -> str:
    """What would be run, a line a cell; ``times`` are seconds that each took the last time, 0: not known."""
    lines = [title, "", f"{'test':<34} {'mode':<24} {'kernel':<22} {'expected':<9} {'took':>7}"]
    for cell, seconds in zip(cells, times, strict=True):
        took = f"{seconds:.0f} s" if seconds else "?"
        lines.append(
            f"{_cut(cell.test.label, 34):<34} {_cut(cell.point.label, 24):<24} "
            f"{_cut(cell.kernel.label, 22):<22} {cell.expect.value:<9} {took:>7}"
        )
    out = f", {excluded} excluded" if excluded else ""
    lines += ["", f"{len(cells)} cells{out}"]
    return "\n".join(terminal(line).rstrip() for line in lines) + "\n"


def _place(check: CheckResult) -> tuple[str, ...]:
    facts = dict(check.facts)
    axes = ("test", "mode", "kernel", "verdict")
    return (facts["test"], facts["mode"], facts["kernel"]) if all(axis in facts for axis in axes) else ()


def _head(whole: CheckResult | None, room: int) -> Iterator[str]:
    facts = dict(whole.facts) if whole else {}
    for name in ("matrix", "acceleration"):
        if name in facts:
            yield from wrap(facts[name], room)


def _kernels(kernels: Sequence[str], cells: dict[tuple[str, ...], CheckResult], room: int) -> Iterator[str]:
    for index, kernel in enumerate(kernels):
        releases = dict.fromkeys(
            dict(check.facts).get("release", "") for place, check in cells.items() if place[2] == kernel
        )
        told = ", ".join(release for release in releases if release) or "was not booted"
        yield _cut(f"{_mark(index):>3}  {_cut(terminal(kernel), 52):<30}  {terminal(told)}", room)


def _mark(index: int) -> str:
    more, letter = divmod(index, len(ascii_uppercase))
    return (_mark(more - 1) if more else "") + ascii_uppercase[letter]


def _table(  # noqa: PLR0913, PLR0917 - what, and where it has to fit in
    rows: Sequence[tuple[str, ...]],
    cells: dict[tuple[str, ...], CheckResult],
    kernels: Sequence[str],
    part: slice,
    left: int,
    room: int,
) -> Iterator[str]:
    marks = [_mark(index) for index in range(len(kernels))][part]
    yield " " * left + "".join(f"{mark:<{_COLUMN}}" for mark in marks)
    before = ""
    for row in rows:
        shown = [cells.get((*row, kernel)) for kernel in kernels[part]]
        if not any(shown):
            continue
        if row[0] != before:
            before = row[0]
            yield _cut(terminal(before), room)
        words = "".join(f"{_cut(_shown(check), _COLUMN):<{_COLUMN}}" for check in shown)
        yield f"  {_cut(terminal(row[1]), left - 2):<{left - 2}}{words}"


def _shown(check: CheckResult | None) -> str:
    """In small letters what did as it should."""
    if check is None:
        return "-"
    verdict = dict(check.facts)["verdict"]
    took = f" {check.elapsed:.0f}s" if check.elapsed else ""
    if check.status in {Status.PASS, Status.SKIP}:
        return f"{verdict.lower()}{took}"
    return f"{_WORDS.get(verdict, verdict)}{took}"


def _bad(report: Report, room: int) -> Iterator[str]:
    bad = [
        check
        for check in report.checks
        if check.status in {Status.FAIL, Status.DID_NOT_RUN} and check.check != "matrix"
    ]
    if bad:
        yield ""
        yield "not as expected:"
    for check, then in zip(bad, (*bad, None)[1:], strict=True):
        # One cause often takes many cells: they stand together, and it is told once.
        yield from _one_bad(check, room, last=then is None or _cause(then) != _cause(check))
    places = {
        log.partition(_CELLS)[0] + _CELLS.rstrip("/") for check in bad for log in check.logs if _CELLS in log
    }
    for place in sorted(places):
        yield ""
        # Not wrapped: it is there to be copied.
        yield f"the logs of cells are below {place}"


def _cause(check: CheckResult) -> tuple[object, ...]:
    """The same for cells that could not run for the same reason; all others are alone."""
    if check.status is Status.DID_NOT_RUN and not check.logs:
        return (check.reason,)
    return (check.check, check.reason)


def _one_bad(check: CheckResult, room: int, *, last: bool) -> Iterator[str]:
    cell = bool(_place(check))
    verdict = dict(check.facts)["verdict"] if cell else check.status.value
    yield f"  {_WORDS.get(verdict, verdict)}  {check.check}"
    if not last:
        return
    yield from _indented(check.reason, room)
    # What a test of a cell came to is its reason.
    told = ("matrix/", "test/") if cell else ()
    findings = [one for one in by_weight(check.findings) if not one.rule.startswith(told)]
    for finding in findings[:_MOST_FINDINGS]:
        where = f"{finding.location}: " if finding.location else ""
        yield from _indented(f"{where}{finding.severity.value}: {finding.message} [{finding.rule}]", room)
    if len(findings) > _MOST_FINDINGS:
        yield from _indented(f"and {len(findings) - _MOST_FINDINGS} more findings, see the report", room)
    for log in check.logs:
        if not cell:
            yield f"      {log}"
        elif log.endswith("console.log"):
            yield f"      {log.partition(_CELLS)[2] or log}"


def _indented(text: str, room: int) -> Iterator[str]:
    return wrap(text, room, first="      ", rest="      ") if text else iter(())


def _sum(cells: dict[tuple[str, ...], CheckResult], whole: CheckResult | None) -> str:
    verdicts = [dict(check.facts)["verdict"] for check in cells.values()]
    flaky = sum(verdict == "FLAKY" for verdict in verdicts)
    failed = sum(check.status is Status.FAIL for check in cells.values()) - flaky
    missing = sum(check.status is Status.DID_NOT_RUN for check in cells.values())
    good = len(cells) - flaky - failed - missing
    words = [f"{good} as expected"]
    words += [f"{failed} not"] if failed else []
    words += [f"{flaky} flaky"] if flaky else []
    words += [f"{missing} could not run"] if missing else []
    text = f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'}: {', '.join(words)}"
    if whole:
        most = dict(whole.facts).get("machines at once", "")
        text += f"; {_minutes(whole.elapsed)}{f', {most} at once' if most not in {'', '0'} else ''}"
        text += f"; {whole.reason}" if whole.reason else ""
    return text


def _minutes(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{seconds:.1f} s"


def _cut(text: str, width: int) -> str:
    """At most width - 1 characters."""
    return text if len(text) < width else f"{text[: width - 2]}~"
