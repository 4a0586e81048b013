# SPDX-License-Identifier: GPL-2.0-only
"""The conformance matrix: each condition with what the document says, the contract expects, each mode did."""

from dataclasses import dataclass
from enum import StrEnum

SUCCESS = "success"


class Stand(StrEnum):
    """How what was observed stands to document and contract; NOT_RUN is the default: nothing was proven.

    NO_DOCUMENT, NO_CONTRACT, NEITHER: not as it says; BUG: a defect that the contract knows; SKIPPED: not
    possible in that mode; UNSURE: it ran and came to nothing that proves the condition.
    """

    AGREES = "agrees"
    NO_DOCUMENT = "not as documented"
    NO_CONTRACT = "not as contracted"
    NEITHER = "neither"
    BUG = "known bug"
    SKIPPED = "skipped"
    UNSURE = "unsure"
    NOT_RUN = "not run"

    @property
    def shown(self) -> bool:
        """Something was observed."""
        return self not in (Stand.SKIPPED, Stand.UNSURE, Stand.NOT_RUN)

    @property
    def differs(self) -> bool:
        """What was observed is not what was promised."""
        return self.shown and self is not Stand.AGREES


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One cell: what the kernel did about a condition in one mode.

    ``outcomes`` are errnos and "success", each once; "" for none. ``cases`` ran, ``bad`` are those of them
    that did not do what the contract says. ``reason`` is why there is nothing, or which bug it is.
    """

    stand: Stand = Stand.NOT_RUN
    outcomes: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One row. ``errno`` groups the rows: the contract's, else the document's, SUCCESS for a promise.

    ``documented`` are the errnos of the document's rows that speak of the condition, ``line`` is where the
    first of them stands, 0 for none. ``general``: none does, but there is a row of that errno. ``contract``
    is "" for a row of the document that the contract does not know. ``common``: shared by all such calls, so
    that the document need not say it. ``reason`` says why no mode shows anything, "" where one does.
    """

    errno: str
    clause: str
    condition: str
    contract: str = ""
    documented: tuple[str, ...] = ()
    line: int = 0
    general: bool = False
    common: bool = False
    observed: tuple[Observed, ...] = ()
    reason: str = ""

    @property
    def promise(self) -> bool:
        """What a call that succeeds does: no errno of the document is asked for it."""
        return self.errno == SUCCESS

    @property
    def differs(self) -> bool:
        """A mode showed something else than document or contract say, or these two differ."""
        split = bool(self.contract and self.documented) and self.documented != (self.contract,)
        return split or any(one.stand.differs for one in self.observed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformance:
    """The whole matrix; ``modes`` are the columns, each as "npt=1 tdp_mmu=1". ``document`` is its path.

    ``section`` False: the document has no section on ``ioctl`` at all. ``bugs`` are the known bugs that cells
    name: (id, what it is).
    """

    contract: str
    ioctl: str
    document: str
    section: bool
    modes: tuple[str, ...]
    rows: tuple[Condition, ...]
    bugs: tuple[tuple[str, str], ...] = ()
