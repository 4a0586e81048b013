# SPDX-License-Identifier: GPL-2.0-only
"""Judges whether a test noticed a mutant: by what fails beyond the runs without one.

A failure that is there without a mutant proves nothing, and neither does a case that is skipped or a machine
that could not be had. What counts is a case that fails, hangs or crashes now and did neither before, and a
kernel that warns, panics or stops now and did not before.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.test import TestResult, Verdict

# NO-VERDICT is among them: a case that is never reached has not passed, and did so without the mutant.
BROKEN = frozenset(
    {Verdict.FAIL, Verdict.CRASH, Verdict.SPLAT, Verdict.HANG, Verdict.PANIC, Verdict.NO_VERDICT}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One program in one boot: its verdict, why, and its cases."""

    verdict: Verdict
    reason: str = ""
    tests: tuple[TestResult, ...] = ()

    @property
    def broken(self) -> dict[str, Verdict]:
        """The cases that failed in any way, in their order."""
        return {test.name: test.status for test in self.tests if test.status in BROKEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseLine:
    """A program without a mutant, run as often as was asked for.

    ``broken`` are the cases that failed in any of the runs, ``unsteady`` those that failed in some only.
    """

    runs: tuple[Ran, ...]

    @property
    def broken(self) -> frozenset[str]:
        """Cases whose failure proves nothing."""
        return frozenset(name for run in self.runs for name in run.broken)

    @property
    def unsteady(self) -> frozenset[str]:
        """Cases that failed in one run and not in another."""
        return frozenset(name for name in self.broken if any(name not in run.broken for run in self.runs))

    @property
    def verdicts(self) -> frozenset[Verdict]:
        """What the runs came to as a whole."""
        return frozenset(run.verdict for run in self.runs)

    def need_cases(self, name: str) -> None:
        """Raise EnvironmentFault when no case came to a good end: then nothing can be judged by it."""
        if not any(test.status.good for run in self.runs for test in run.tests):
            reason = next((run.reason for run in self.runs if run.reason), "no case ran")
            raise EnvironmentFault(f"{name}: no case passes even without a mutant: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Whether a test noticed the mutant, and by what ("case", or "case (HANG)"); or why it did not.

    ``decided`` is False when the machine could not be had: neither killed nor survived.
    """

    killed: bool
    by: tuple[str, ...] = ()
    why_not: str = ""
    decided: bool = True

    @property
    def shown(self) -> str:
        """One line for the table."""
        if not self.killed:
            return ("survives" if self.decided else "undecided") + (
                f": {self.why_not}" if self.why_not else ""
            )
        first, *more = self.by
        return f"{first}, {len(more)} more" if more else first


def compare(base: BaseLine, ran: Ran) -> Outcome:
    """Hold a run with a mutant against the runs without."""
    if ran.verdict is Verdict.INFRA:
        return Outcome(killed=False, why_not=ran.reason, decided=False)
    by = tuple(_new(base, ran))
    if by:
        return Outcome(killed=True, by=by)
    # Worse than any case of it, and than the base line: the kernel itself complained.
    if ran.verdict in BROKEN and ran.verdict not in {*base.verdicts, *ran.broken.values()}:
        return Outcome(killed=True, by=(f"{ran.verdict.value}: {ran.reason}",))
    return Outcome(killed=False, why_not=_why_not(base, ran))


def _new(base: BaseLine, ran: Ran) -> Iterator[str]:
    """What fails beyond the base line; of a machine that stopped, only the case in which it did."""
    for name, verdict in ran.broken.items():
        if name in base.broken:
            continue
        yield name if verdict is Verdict.FAIL else f"{name} ({verdict.value})"
        if verdict in {Verdict.PANIC, Verdict.NO_VERDICT}:
            return


def _why_not(base: BaseLine, ran: Ran) -> str:
    good = [test for test in ran.tests if test.status.good]
    if ran.verdict is Verdict.SKIP and not good:
        return f"skipped ({ran.reason})" if ran.reason else "skipped"
    if not any(test.status.good for run in base.runs for test in run.tests):
        return "fails without it too"
    return ""
