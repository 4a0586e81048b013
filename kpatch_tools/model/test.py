# SPDX-License-Identifier: GPL-2.0-only
"""Results of tests and of the virtual machines they ran in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What a test, or a whole VM run, came to; ``worst`` knows the order."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    XFAIL = "XFAIL"
    SKIP = "SKIP"
    KNOWN_BUG = "KNOWN-BUG"
    FAIL = "FAIL"
    CRASH = "CRASH"
    SPLAT = "SPLAT"
    HANG = "HANG"
    FLOOD = "FLOOD"
    PANIC = "PANIC"
    NO_VERDICT = "NO-VERDICT"
    INFRA = "INFRA"

    @property
    def good(self) -> bool:
        """Proven: only PASS and the expected failure are; a skip is not."""
        return self in (Verdict.PASS, Verdict.XFAIL)

    @property
    def settled(self) -> bool:
        """The case came to its end, or was left out on purpose: nothing cut it or its machine off."""
        return self.good or self in (Verdict.SKIP, Verdict.KNOWN_BUG, Verdict.FAIL)


def worst(verdicts: tuple[Verdict, ...]) -> Verdict:
    """The worst of several; NO-VERDICT for none at all, since silence proves nothing."""
    order = list(Verdict)
    return max(verdicts, key=order.index, default=Verdict.NO_VERDICT)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """One test line with what was observed; NO-VERDICT until a result line proves otherwise.

    ``program`` is the one that printed it, "" where that is not known. ``observed`` holds the values that the
    test itself printed ("ret", "errno", "advanced", "left", "pages_4k"); ``clause`` names the contract's
    clause that the test provokes; ``mode`` the kernel parameters of the run ("npt": "1"), ``kernel`` which
    kernel it was where results of several are together.
    """

    __test__ = False

    name: str
    status: Verdict = Verdict.NO_VERDICT
    reason: str = ""
    program: str = ""
    clause: str = ""
    kernel: str = ""
    mode: Mapping[str, str] = field(default_factory=dict)
    observed: Mapping[str, str | int] = field(default_factory=dict)
    children: tuple["TestResult", ...] = ()
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VmRun:
    """One boot: its verdict with the reason, its test results, and where its logs lie.

    ``acceleration`` is the evidence of what ran the guest ("tcg svm+npt"); ``elapsed`` in seconds.
    """

    verdict: Verdict
    reason: str
    tests: tuple[TestResult, ...] = ()
    splats: tuple[str, ...] = ()
    kernel: str = ""
    acceleration: str = ""
    console_log: str = ""
    output_log: str = ""
    command: str = ""
    elapsed: float = 0.0
