# SPDX-License-Identifier: GPL-2.0-only
"""A baseline: findings that a tree lives with, kept in a file beside its documents."""

from dataclasses import dataclass
from typing import Final

# The first line of a file; another number means other columns.
HEADER: Final = "# kvet baseline, version 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineEntry:
    """One accepted finding; ``line`` is that of its entry in the baseline file.

    Only the fingerprint counts; rule, path and message (which begins with its section) are for the reader,
    and tell apart those of one fingerprint.
    """

    fingerprint: str
    rule: str
    path: str
    message: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A baseline file: its name as the user gave it and its entries in file order."""

    name: str
    entries: tuple[BaselineEntry, ...]
