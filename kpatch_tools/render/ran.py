# SPDX-License-Identifier: GPL-2.0-only
"""What was run, as a remark needs it: the modes of the kernel, and what became of a case patch by patch."""

from collections.abc import Collection
from dataclasses import dataclass

from kpatch_tools.model.perpatch import PatchRow
from kpatch_tools.model.report import Report
from kpatch_tools.model.test import Verdict

Mode = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The patch from which on a case shows a defect, up to the end of the series; 0 is the base.

    ``before`` is what the case came to on the kernel of the patch just before, None where that is not known.
    """

    patch: int
    before: Verdict | None = None

    @property
    def brought(self) -> bool:
        """The patch is proven to bring it: without it the case passes."""
        return self.before is not None and self.before.good

    def words(self, patch: int) -> str:
        """What that says in a remark to ``patch`` (0: to the series)."""
        this = "this patch" if self.patch == patch else f"patch {self.patch}"
        if not self.patch:
            return "The kernel without the series shows it too."
        if self.before is None:
            return f"Tested patch by patch, it shows from {this} on."
        if self.brought:
            return f"Brought by {this}: without it the test passes."
        if self.before is Verdict.SKIP:
            return f"It shows from {this} on, the first where the test can run."
        return f"Tested patch by patch, it shows from {this} on; before it the test fails in another way."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """The modes that tests ran in, each as "npt=1, tdp_mmu=1", and the rows of a run patch by patch."""

    modes: tuple[str, ...] = ()
    rows: tuple[PatchRow, ...] = ()

    def where(self, seen: Collection[str]) -> str:
        """Some of the modes in words: "in both modes with npt=1"; "" for all that ran, or none."""
        every, wanted = [_mode(one) for one in self.modes], {_mode(one) for one in seen}
        if not wanted or wanted == set(every):
            return ""
        for word in dict.fromkeys(word for one in seen for word in one.split(", ")):
            if wanted == {mode for mode in every if word in mode}:
                count = {1: "with", 2: "in both modes with"}.get(
                    len(wanted), f"in all {len(wanted)} modes with"
                )
                return f"{count} {word}"
        return f"with {' and with '.join(one.replace(', ', ' ') for one in dict.fromkeys(seen))}"

    def first(self, case: str) -> First | None:
        """From which patch on ``case`` shows its defect; None where nobody looked, or it is not sure."""
        known = [(row, found) for row in self.rows if (found := _result(row, case))]
        at = len(known)
        while at and known[at - 1][1] is Verdict.KNOWN_BUG:
            at -= 1
        if at == len(known) or any(case in map(_case, row.flaky) for row in self.rows):
            return None
        row = known[at][0]
        before = known[at - 1] if at else None
        near = before is not None and before[0].number == row.number - 1
        return First(patch=row.number, before=before[1] if before and near else None)


NOTHING_RAN = Ran()


def what_ran(report: Report) -> Ran:
    """What the tests of a report ran in, and its rows patch by patch."""
    tests = (test for check in report.checks for test in check.tests)
    modes = (", ".join(f"{key}={value}" for key, value in test.mode.items()) for test in tests)
    rows = (row for check in report.checks for row in check.patches)
    return Ran(modes=tuple(dict.fromkeys(filter(None, modes))), rows=tuple(rows))


def _mode(text: str) -> Mode:
    return frozenset(text.split(", "))


def _result(row: PatchRow, case: str) -> Verdict | None:
    """What a case came to on a row's kernel, in whatever mode: the defect where one shows it."""
    found = [result for name, result in row.cases.items() if _case(name) == case]
    if Verdict.KNOWN_BUG in found:
        return Verdict.KNOWN_BUG
    ran = [result for result in found if result is not Verdict.SKIP]
    return next((result for result in ran if not result.good), next(iter(ran or found), None))


def _case(name: str) -> str:
    """The case of a row's key: "kvm_map_memory: one_page (npt=0)"."""
    return name.rpartition(": ")[2].partition(" (")[0].rpartition(".")[2]
