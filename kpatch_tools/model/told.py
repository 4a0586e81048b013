# SPDX-License-Identifier: GPL-2.0-only
"""What was told of an earlier version of a series already, and what became of it."""

from dataclasses import dataclass

from kpatch_tools.model.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A finding of the older report that the newer one lacks; ``check`` is the stage that told it.

    ``reason`` says why its absence proves nothing, "" where it does.
    """

    finding: Finding
    check: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What a report knows of an earlier one; which of its own findings were told then, they say themselves.

    ``version`` is that of the earlier series, ``sources`` are the files that its findings were read from,
    ``answered`` what its author mended since, ``unproven`` what was not seen again for want of a look.
    """

    version: int
    sources: tuple[str, ...] = ()
    answered: tuple[Gone, ...] = ()
    unproven: tuple[Gone, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The findings of two reports, each in one place; equal ones are counted, never merged.

    ``still`` and ``new`` are those of the newer report in its order; each of ``still`` names the version that
    it was told for first. ``answered`` and ``unproven`` are those of the older one that the newer lacks.
    """

    version: int
    still: tuple[Finding, ...]
    answered: tuple[Gone, ...]
    new: tuple[Finding, ...]
    unproven: tuple[Gone, ...]
