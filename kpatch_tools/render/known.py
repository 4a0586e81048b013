# SPDX-License-Identifier: GPL-2.0-only
"""What became of known comments and of the findings on the older version, as lines for a terminal."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from kpatch_tools.model.comparison import Comparison
from kpatch_tools.model.known import KnownAnswer, Outcome, State
from kpatch_tools.render import told
from kpatch_tools.render.columns import WIDTH
from kpatch_tools.render.plain import plain

# What somebody has to look at stands first.
ORDER = (State.STILL, State.UNPROVEN, State.ANSWERED, State.WITHDRAWN)
_PROOF = {Outcome.HOLDS: "proof", Outcome.FAILS: "no", Outcome.UNKNOWN: "open"}
_BELOW = " " * 14


def summary(items: Sequence[KnownAnswer]) -> str:
    """How many are in which state: "3 answered, 1 still there"."""
    counts = Counter(item.state for item in items)
    return ", ".join(f"{counts[state]} {state.value}" for state in State if counts[state])


def comments(comparison: Comparison) -> list[str]:
    """The known comments, what is open first, each with its proofs; none where no document has some."""
    if not comparison.known:
        return []
    count = len(comparison.known)
    total = "1 known comment" if count == 1 else f"{count} known comments"
    lines = [f"{total} on v{comparison.old.version}: {summary(comparison.known)}"]
    for item in sorted(comparison.known, key=lambda one: ORDER.index(one.state)):
        lines += ["", *_comment(item)]
    return lines


def findings(comparison: Comparison) -> list[str]:
    """What became of the findings on the older version; none where a report on one of the two is lacking."""
    return told.lines(comparison.report, plain, whole=True) if comparison.report else []


def _comment(item: KnownAnswer) -> Iterator[str]:
    comment, claim = item.comment, item.comment.claim
    where = ": ".join(part for part in (comment.file or "the message", comment.anchor) if part)
    yield from _wrapped(f"  {item.state.value:<12}", f"{comment.asks} [{comment.id}]")
    number = f"patch {comment.patch}" if comment.patch else "cover letter"
    yield from _wrapped(_BELOW, f"{comment.by} on {number}, {where}")
    if claim:
        numbers = ", ".join(map(str, claim.patches))
        by = f", patch {numbers}" if len(claim.patches) == 1 else f", patches {numbers}" if numbers else ""
        yield from _wrapped(_BELOW, f"v{claim.version}{by}: {claim.says}")
    for proof in item.proofs:
        yield from _wrapped(f"{_BELOW}{_PROOF[proof.outcome]:<6}", proof.words)
    if item.state is State.UNPROVEN and not item.proofs:
        yield f"{_BELOW}open  {'only claimed: nothing shows it' if claim else 'nobody claims an answer'}"


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        plain(text), WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False
    )
