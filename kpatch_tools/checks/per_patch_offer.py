# SPDX-License-Identifier: GPL-2.0-only
"""Tests on a kernel that does not offer their capability yet: they judge nothing there.

A series may bring its ioctl patch by patch and its capability last: until then KVM_CHECK_EXTENSION says that
the interface is not there, and whatever the half of an ioctl does is no failure. Offered is another matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kpatch_tools.checks.per_patch import has_results
from kpatch_tools.model.perpatch import PatchRow, Step, Unoffered
from kpatch_tools.model.test import Verdict, worst


def not_yet(steps: Sequence[Step], patches: int) -> tuple[Step, ...]:
    """The steps, in which cases whose capability comes with a later patch are skipped, with the reason.

    ``patches`` is how many the series has: what lies behind the last of ``steps`` may bring it too. Where
    the capability never comes the results stay. So do, in each step, a crash or a hang, which need no
    promise to be wrong, and a pass that the base has already, which is told of the test.
    """
    base = steps[0].row if steps and not steps[0].row.number else None
    already = {case for case, result in base.cases.items() if result.good} if base else set()
    more = bool(steps) and steps[-1].row.number < patches
    made: list[Step] = []
    for at, step in enumerate(steps):
        later = [one for one in steps[at + 1 :] if has_results(one.row)]
        waiting = {
            case: lack
            for case, lack in step.unoffered.items()
            if case not in already and (more or any(_offers(one, lack) for one in later))
        }
        made.append(replace(step, row=_skipped(step.row, waiting)))
    return tuple(made)


def _offers(step: Step, lack: Unoffered) -> bool:
    return lack not in step.unoffered.values()


def _skipped(row: PatchRow, waiting: Mapping[str, Unoffered]) -> PatchRow:
    cases = {case: lack for case, lack in waiting.items() if case in row.cases and row.cases[case].settled}
    if not cases:
        return row
    results = {case: Verdict.SKIP if case in cases else result for case, result in row.cases.items()}
    # The verdict of the boot is that of its cases, where it is not the console's.
    judged = row.boot is not None and row.boot.settled
    names = ", ".join(dict.fromkeys(lack.capability for lack in cases.values()))
    return replace(
        row,
        cases=results,
        boot=worst(tuple(results.values())) if judged else row.boot,
        not_yet=len(cases),
        reasons={case: why for case, why in row.reasons.items() if case not in cases},
        reason=f"{names} is not offered yet" if judged else row.reason,
    )
