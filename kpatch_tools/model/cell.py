# SPDX-License-Identifier: GPL-2.0-only
"""A cell of a test matrix: one test on one kernel in one mode, and what its boots came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kpatch_tools.model.finding import Finding
from kpatch_tools.model.matrix_file import KernelChoice, Test
from kpatch_tools.model.test import TestResult, Verdict

DEFAULT_MEMORY = "1G"
_UNITS = {"M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One machine of the mode axis. ``label`` is "default" or its words ("npt=0,cpus=2").

    ``parameters`` are KVM module parameters as tools.machine takes them, ``huge`` pages by size ("2M": 64).
    """

    label: str = "default"
    parameters: Mapping[str, str] = field(default_factory=dict)
    cpus: int = 1
    memory: str = DEFAULT_MEMORY
    huge: Mapping[str, int] = field(default_factory=dict)

    @property
    def words(self) -> frozenset[str]:
        """What a selector may ask for."""
        return frozenset(self.label.split(","))

    @property
    def memory_bytes(self) -> int:
        """The guest's memory."""
        return int(self.memory[:-1]) * _UNITS[self.memory[-1]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One combination that is to run, with the verdict that is expected and why."""

    test: Test
    point: Point
    kernel: KernelChoice
    expect: Verdict = Verdict.PASS
    because: str = ""

    @property
    def key(self) -> str:
        """Names the cell within its matrix."""
        return f"{self.test.label} [{self.point.label}] on {self.kernel.label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One boot of a cell: its verdict, why, how long it took in seconds, and where its logs lie."""

    verdict: Verdict
    reason: str = ""
    elapsed: float = 0.0
    logs: tuple[str, ...] = ()
    tests: tuple[TestResult, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellResult:
    """All boots of a cell, in order; the last one did what is expected, or all did not."""

    key: str
    expect: Verdict
    attempts: tuple[Attempt, ...]
    release: str = ""

    @property
    def shown(self) -> tuple[Attempt, ...]:
        """The boots that showed something: a machine that could not run it (INFRA) hides no result."""
        return tuple(one for one in self.attempts if one.verdict is not Verdict.INFRA)

    @property
    def last(self) -> Attempt:
        """The last boot that showed something, else the last one of all."""
        found = self.shown or self.attempts
        return found[-1] if found else Attempt(verdict=Verdict.INFRA, reason="never booted")

    @property
    def elapsed(self) -> float:
        """Seconds of all boots."""
        return sum(attempt.elapsed for attempt in self.attempts)

    @property
    def decided(self) -> bool:
        """The machine could run it: a result that another run need not bring."""
        return self.last.verdict is not Verdict.INFRA

    @property
    def flaky(self) -> bool:
        """It did what is expected after it had done something else: named, and never good."""
        met = [meets(self.expect, one.verdict) for one in self.shown]
        return bool(met) and met[-1] and not all(met)


def meets(expect: Verdict, seen: Verdict) -> bool:
    """A verdict is what was expected; an expected failure of the test itself is as good as a pass."""
    return seen is expect or (expect is Verdict.PASS and seen is Verdict.XFAIL)
