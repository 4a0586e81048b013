# SPDX-License-Identifier: GPL-2.0-only
"""The labelled faults of api.rst, and findings held against them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.model.finding import Finding

LABELS = Path(__file__).with_name("api.txt")
VERSIONS = ("6.1", "6.12")
BACKTICK = "M10"
NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Label:
    """A fault that a version has ``count`` times; ``several``: one fault may have more findings than one."""

    kind: str
    count: int
    several: bool
    rule: str
    section: str
    thing: str

    def meets(self, finding: Finding) -> bool:
        place, _colon, rest = finding.message.partition(": ")
        said = finding.message if self.section == "-" else rest
        return finding.rule == f"docs/{self.rule}" and self.section in ("-", place) and self.thing in said


def labels(version: str) -> tuple[Label, ...]:
    """Those of one version."""
    found = []
    for line in LABELS.read_text().splitlines():
        if line.startswith("#") or not line:
            continue
        kind, counts, rule, section, thing = (part.strip() for part in line.split("|", 4))
        count = counts.split()[VERSIONS.index(version)]
        if count != "0":
            found.append(Label(kind, int(count.rstrip("+")), count.endswith("+"), rule, section, thing))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Score:
    """How many faults there are and were found, and how many findings are real and are not."""

    faults: int
    found: int
    real: int
    noise: int
    missed: tuple[Label, ...]
    unknown: tuple[Finding, ...]

    @property
    def recall(self) -> float:
        return self.found / self.faults

    @property
    def precision(self) -> float:
        return self.real / (self.real + self.noise)


def score(findings: Iterable[Finding], known: Iterable[Label], *, least: frozenset[str]) -> Score:
    """Hold findings against labels; ``least`` are the severities that count for precision.

    A finding that no label knows is noise, and so is one too many of a fault.
    """
    rest, missed, found, faults = list(findings), [], 0, 0
    real: list[Finding] = []
    for label in known:
        if label.kind == NOISE:
            continue
        mine = [one for one in rest if label.meets(one)]
        mine = mine if label.several else mine[: label.count]
        faults += label.count
        found += min(label.count, len(mine))
        if len(mine) < label.count:
            missed.append(label)
        real += mine
        rest = [one for one in rest if one not in mine]
    noise = [label for label in known if label.kind == NOISE]
    unknown = [one for one in rest if not any(label.meets(one) for label in noise)]
    counted = [[one for one in side if one.severity.value in least] for side in (real, rest)]
    return Score(faults, found, len(counted[0]), len(counted[1]), tuple(missed), tuple(unknown))
