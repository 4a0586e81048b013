# SPDX-License-Identifier: GPL-2.0-only
"""What bench/mutants prints: one line a mutant, then how many each test noticed and who got away."""

from collections.abc import Sequence

from kpatch_tools.render.escape import terminal

from .judge import Outcome
from .run import Tried
from .table import Mutant

OURS, OWN = "our generated test", "the tree's own test"


def listing(mutants: Sequence[Mutant]) -> str:
    """The table without a run."""
    lines = [f"{len(mutants)} mutants"]
    for one in mutants:
        under = f"  [{one.mode}]" if one.mode else ""
        lines.append(f"  {one.number:>2}  {one.name:<29} {one.breaks}{under}")
    return "\n".join(lines)


def row(tried: Tried) -> str:
    """One mutant: who noticed it, by what, and the seconds of its boots."""
    one = tried.mutant
    cells = (f"{_mark(outcome)} {terminal(outcome.shown)[:60]:<60}" for outcome in (tried.ours, tried.own))
    return f"{one.number:>3} {one.name:<29} {' '.join(cells)} {tried.seconds:5.1f} s"


def summary(tried: Sequence[Tried], *, prepared: float, elapsed: float) -> str:
    """Totals and the mutants that our test did not notice, each with what it breaks."""
    lines = [""]
    for label, outcomes in ((OURS, [one.ours for one in tried]), (OWN, [one.own for one in tried])):
        killed = sum(outcome.killed for outcome in outcomes)
        undecided = sum(not outcome.decided for outcome in outcomes)
        beside = f" ({undecided} undecided)" if undecided else ""
        lines.append(f"{label + ':':<22} kills {killed:>2} of {len(tried)}{beside}")
    if tried:
        mean = sum(one.seconds for one in tried) / len(tried)
        lines.append(f"{mean:.1f} s a mutant, {prepared:.0f} s to prepare, {elapsed:.0f} s in all")
    escaped = [one for one in tried if not one.ours.killed]
    if escaped:
        lines.append(f"\nnot noticed by {OURS}:")
    for one in escaped:
        lines.append(f"  {one.mutant.number} {one.mutant.name}: {one.mutant.breaks}")
        lines.append(f"    {terminal(one.ours.shown)}")
        if one.mutant.needs:
            lines.append(f"    takes {one.mutant.needs}")
    return "\n".join(lines)


def _mark(outcome: Outcome) -> str:
    return "x" if outcome.killed else "." if outcome.decided else "?"
