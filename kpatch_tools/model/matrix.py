# SPDX-License-Identifier: GPL-2.0-only
"""The ledger as a table: clauses down, kernels and their modes across."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A kernel in a mode; ``counts`` are results by verdict, ``cases`` how many the contract has."""

    mark: str
    kernel: str
    mode: str
    when: str
    counts: Mapping[str, int]
    cases: int
    document: bool
    absent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a kernel did about a clause: outcomes ("success" or an errno) and verdicts, each with its cases.

    Both are empty where no case of the clause has run.
    """

    outcomes: Mapping[str, tuple[str, ...]]
    verdicts: Mapping[str, tuple[str, ...]]

    @property
    def ran(self) -> bool:
        """A case of the clause has a result other than that it was skipped."""
        return any(verdict != "SKIP" for verdict in self.verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A clause: its errno or "success", what the documents promise for it, and a cell for each column.

    ``documented`` are the errnos of the rows that speak of the condition; ``general`` says that no row does,
    but that there is one with the contract's errno. ``since`` and ``until`` are "" where it has none.
    """

    clause: str
    what: str
    contract: str
    since: str
    until: str
    documented: tuple[str, ...]
    general: bool
    reason: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The whole table; ``outdated`` results are of cases that have changed since, and in no cell."""

    contract: str
    ioctl: str
    path: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    outdated: int
