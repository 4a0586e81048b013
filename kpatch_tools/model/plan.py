# SPDX-License-Identifier: GPL-2.0-only
"""What one review is divided into, so that several machines can do it at once."""

from dataclasses import dataclass

from kpatch_tools.model.report import SeriesId


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One machine's part: ``arguments`` are the words behind `kvet` that do it.

    ``id`` is a name for files and artifacts (letters, digits and dashes), ``name`` one for people.
    ``patches`` and ``modes`` are what it looks at, () for the series as a whole; ``stages`` are the checks
    that its report holds.
    """

    id: str
    name: str
    arguments: tuple[str, ...]
    stages: tuple[str, ...]
    patches: tuple[int, ...] = ()
    modes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All jobs of one review; ``notes`` say what was put together to stay within a limit."""

    tool: str
    series: SeriesId
    jobs: tuple[Job, ...]
    notes: tuple[str, ...] = ()
