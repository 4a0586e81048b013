# SPDX-License-Identifier: GPL-2.0-only
"""The rows of a series patch by patch: the words of each cell, and the table for a terminal."""

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest

from kpatch_tools.model.perpatch import KernelState, PatchRow, ProgramState
from kpatch_tools.model.test import Verdict

HEADINGS = ("patch", "subject", "kernel", "documents", "tests", "time")
_WIDTHS = (5, 30, 16, 12, 20, 5)
_GAP = "  "
_ALWAYS = (0, 1, 2)
# Failures of one patch that are shown with their words; the report has them all.
_MOST_CASES = 6


def cells(row: PatchRow) -> tuple[str, ...]:
    """The words of a row under HEADINGS; hostile text is as it came."""
    number = str(row.number) if row.number else "base"
    return number, row.subject if row.number else "", _kernel(row), _docs(row), _tests(row), _time(row)


def table(rows: Sequence[PatchRow], safe: Callable[[str], str]) -> list[str]:
    """The rows as lines of no more than 100 columns; ``safe`` makes a text harmless before it is measured.

    Columns in which nothing stands are left out, and the subjects get their room.
    """
    body = [tuple(safe(cell) for cell in cells(row)) for row in rows]
    filled = [at for at in range(len(HEADINGS)) if at in _ALWAYS or any(texts[at] for texts in body)]
    spare = sum(_WIDTHS[at] + len(_GAP) for at in range(len(HEADINGS)) if at not in filled)
    widths = [_WIDTHS[at] + (spare if HEADINGS[at] == "subject" else 0) for at in filled]
    lines: list[str] = []
    for texts in (HEADINGS, *body):
        lines += _lines([texts[at] for at in filled], widths)
    lines[1:1] = _lines(["-" * width for width in widths], widths)
    return lines


def remarks(rows: Sequence[PatchRow]) -> Iterator[str]:
    """Why rows are not there yet, and each failure where it is first seen, with what the case said.

    A line each; hostile text is as it came.
    """
    waiting = [row for row in rows if row.not_yet]
    for reason in dict.fromkeys(row.reason for row in waiting):
        yield f"not there yet ({_named([row for row in waiting if row.reason == reason])}): {reason}"
    before: Mapping[str, Verdict] = {}
    for row in rows:
        cases = row.cases if row.boot is not None else {}
        new = [case for case in cases if _failed(cases[case]) and before.get(case) is not cases[case]]
        for case in new[:_MOST_CASES]:
            said = f": {row.reasons[case]}" if case in row.reasons else ""
            yield f"{row.name}: {case}: {cases[case].value}{said}"
        if len(new) > _MOST_CASES:
            left = len(new) - _MOST_CASES
            yield f"{row.name}: {left} more {'case fails' if left == 1 else 'cases fail'}"
        before = cases


def _named(rows: Sequence[PatchRow]) -> str:
    """The names of rows; of those that follow on each other the first and the last."""
    first, last = rows[0], rows[-1]
    if len(rows) > 1 and last.number - first.number == len(rows) - 1:
        return f"{first.name} to {last.name}"
    return ", ".join(row.name for row in rows)


def _failed(result: Verdict) -> bool:
    return not result.good and result not in (Verdict.SKIP, Verdict.KNOWN_BUG)


def _kernel(row: PatchRow) -> str:
    other = "the base" if row.same_as == 0 else f"patch {row.same_as}"
    words = {
        KernelState.BUILT: "built",
        KernelState.CACHED: "from the cache",
        KernelState.SAME: f"same as {other}",
        KernelState.FAILS: "DOES NOT BUILD" if row.same_as is None else f"FAILS as {other}",
        KernelState.NOT_RUN: "",
    }
    parts = [words[row.kernel]]
    if row.warnings:
        parts.append(f"{row.warnings} new warning{'s' if row.warnings > 1 else ''}")
    programs = {ProgramState.COMPILE: "own test compiles", ProgramState.FAIL: "OWN TEST DOES NOT COMPILE"}
    parts.append(programs.get(row.programs, ""))
    return ", ".join(filter(None, parts))


def _docs(row: PatchRow) -> str:
    if row.docs_new is None:
        return ""
    if not row.docs_new:
        return "-"
    return f"{row.docs_new} new" + (f", {row.docs_mended} mended later" if row.docs_mended else "")


def _tests(row: PatchRow) -> str:
    if row.boot is None:
        return ""
    if row.kernel is KernelState.SAME:
        return "as there"
    sound = row.boot in (Verdict.PASS, Verdict.XFAIL, Verdict.SKIP, Verdict.FAIL, Verdict.KNOWN_BUG)
    words = row.told if sound else f"{row.boot.value}: {row.told}"
    words += f" (+{row.settled})" if row.settled and row.number else ""
    return f"{words}, {len(row.flaky)} flaky" if row.flaky else words


def _time(row: PatchRow) -> str:
    return f"{row.elapsed:.0f} s" if row.elapsed >= 0.5 else ""


def _lines(texts: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    columns = [
        textwrap.wrap(text, width, break_on_hyphens=False) or [""]
        for text, width in zip(texts, widths, strict=True)
    ]
    for parts in zip_longest(*columns, fillvalue=""):
        padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
        yield f"  {_GAP.join(padded)}".rstrip()
