# SPDX-License-Identifier: GPL-2.0-only
"""What became of a series patch by patch: one row for the base and one after each patch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kpatch_tools.model.finding import Finding
from kpatch_tools.model.test import Verdict


class KernelState(StrEnum):
    """How a row came to its kernel; NOT_RUN is the default: nothing was proven."""

    BUILT = "built"
    CACHED = "cached"
    SAME = "same"
    FAILS = "fails"
    NOT_RUN = "not-run"

    @property
    def good(self) -> bool:
        """There is a kernel."""
        return self in (KernelState.BUILT, KernelState.CACHED, KernelState.SAME)


class ProgramState(StrEnum):
    """What the series' own test programs did at a patch that touches them; NONE: it touches none."""

    NONE = ""
    COMPILE = "compile"
    FAIL = "fail"
    NOT_RUN = "not-run"


_GROUPS = (
    ("pass", "pass", (Verdict.PASS, Verdict.XFAIL)),
    ("known bug", "known bugs", (Verdict.KNOWN_BUG,)),
    ("skip", "skip", (Verdict.SKIP,)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchRow:
    """One step: ``number`` is the patch, 0 the base that the series goes on; ``commit`` a full id.

    ``same_as`` is the row that has this kernel too: the sources that a build reads are the same, or the
    image is, byte by byte; None for a kernel of its own. ``warnings`` counts what the compiler says here for
    the first time. ``docs_new`` counts the findings in documents that this patch brings (None: not
    checked), ``docs_mended`` how many of these a later patch takes away. ``boot`` is the verdict of the
    machine, None when there was none to boot; ``cases`` holds the result of each test case by name, and
    ``flaky`` names those that gave several results on this kernel: what most boots saw stands in ``cases``.
    ``settled`` counts the cases that here come to the result which they still have after the last patch.
    ``not_yet`` counts the skipped ones that could not be judged, since their capability comes with a later
    patch; ``reasons`` are the words of the cases that did not pass. ``elapsed`` is in seconds;
    ``reason`` is one line on what went wrong, "" for nothing.
    """

    number: int
    subject: str
    commit: str
    kernel: KernelState = KernelState.NOT_RUN
    same_as: int | None = None
    warnings: int = 0
    docs_new: int | None = None
    docs_mended: int = 0
    programs: ProgramState = ProgramState.NONE
    boot: Verdict | None = None
    cases: Mapping[str, Verdict] = field(default_factory=dict)
    flaky: tuple[str, ...] = ()
    settled: int = 0
    not_yet: int = 0
    reasons: Mapping[str, str] = field(default_factory=dict)
    elapsed: float = 0.0
    reason: str = ""

    @property
    def name(self) -> str:
        """How sentences name the row."""
        return f"patch {self.number}" if self.number else "the base"

    def count(self, *verdicts: Verdict) -> int:
        """How many cases came to one of these."""
        return sum(verdict in verdicts for verdict in self.cases.values())

    @property
    def told(self) -> str:
        """The results of the cases in words: "34 pass, 5 known bugs, 3 skip, 1 FAIL", "not there yet"."""
        if self.not_yet and self.not_yet == len(self.cases):
            return "not there yet"
        words = [f"{self.not_yet} not there yet"] if self.not_yet else []
        for one, many, verdicts in _GROUPS:
            count = self.count(*verdicts) - (self.not_yet if Verdict.SKIP in verdicts else 0)
            if count:
                words.append(f"{count} {one if count == 1 else many}")
        grouped = {verdict for _one, _many, verdicts in _GROUPS for verdict in verdicts}
        words += [
            f"{self.count(verdict)} {verdict.value}"
            for verdict in Verdict
            if verdict not in grouped and self.count(verdict)
        ]
        return ", ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unoffered:
    """A capability that a contract promises and a kernel does not offer, in which program and mode."""

    capability: str
    boot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A row with the evidence that its judgement needs.

    ``errors`` explain a kernel that does not build or a machine that did not run the tests; ``unoffered``
    are the cases of boots without the capability that they are about. ``booted`` says whether the kernel came
    as far as the tests, None where that is not known.
    """

    row: PatchRow
    errors: tuple[Finding, ...] = ()
    unoffered: Mapping[str, Unoffered] = field(default_factory=dict)
    booted: bool | None = None
