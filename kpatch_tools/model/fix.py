# SPDX-License-Identifier: GPL-2.0-only
"""Mending a document: exact edits, the findings that they mend, and what came of it."""

from dataclasses import dataclass

from kpatch_tools.model.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edit:
    """Replace ``old``, which begins at this line and column (both from 1), by ``new``.

    ``old`` lies within the line; an empty one is an insertion. A line end in ``new`` is written the way the
    line at hand has its own.
    """

    line: int
    column: int
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One finding with the edits that mend it; they are made all or none."""

    finding: Finding
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A finding whose fix was tried and taken back, and why."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A document before and after: what was mended, what was taken back, and the findings that stay.

    ``left`` holds the refused ones too, and the ``uncovered`` ones, which could not be seen before; their
    lines are those of ``after``. Those of ``mended`` are the lines of the round that mended them. ``rounds``
    are the edits, each round made on the text that the last one left.
    """

    path: str
    before: str
    after: str
    mended: tuple[Finding, ...] = ()
    refused: tuple[Refused, ...] = ()
    left: tuple[Finding, ...] = ()
    uncovered: tuple[Finding, ...] = ()
    rounds: tuple[tuple[Edit, ...], ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there is something to write."""
        return self.before != self.after
