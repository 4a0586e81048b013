# SPDX-License-Identifier: GPL-2.0-only
"""What reviewers are known to have asked of a version, as series.toml has it, and what became of it.

A claim that a comment is answered counts for nothing by itself; each proof says what would show it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import msgspec


class FindingGone(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="finding"
):
    """The findings of ``rule`` whose message holds ``words`` are in the older report and answered since."""

    rule: str
    words: str = ""


class CasePasses(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="case"
):
    """The contract's ``case`` passes on the newer version's kernel wherever it runs.

    Where it ran for the older version, it must not have done so there.

    ``observed`` are values that it printed ({errno = "ENOENT"}), for a case that passed before with others.
    """

    case: str
    observed: dict[str, int | str] = {}


class TextGone(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="absent"
):
    """The older version adds ``text`` to ``file`` ("": says it in a commit message), the newer does not."""

    text: str
    file: str = ""


class TextThere(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="present"
):
    """The newer version adds ``text`` to ``file`` ("": says it in a commit message), the older does not."""

    text: str
    file: str = ""


class LineChanged(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="line"
):
    """The line ``text`` that the comment is about, in its patch and file, is changed or gone."""

    text: str


Proof = FindingGone | CasePasses | TextGone | TextThere | LineChanged


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What we say that a version does about a comment: ``patches`` answer it, or it was ``withdrawn``."""

    version: int
    says: str
    patches: tuple[int, ...] = ()
    state: Literal["answered", "withdrawn"] = "answered"


class KnownComment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One comment in our words; ``posted`` is the Message-ID of the mail that it was made on.

    ``file`` is "" for the commit message; ``anchor`` names section, symbol or paragraph; ``by`` who said it.
    """

    id: str
    version: int
    patch: int
    by: str
    asks: str
    file: str = ""
    anchor: str = ""
    posted: str = ""
    claim: Claim | None = None
    proof: tuple[Proof, ...] = ()


class State(StrEnum):
    """What became of a known comment; only the first and the last need no more of anybody."""

    ANSWERED = "answered"
    STILL = "still there"
    UNPROVEN = "not proven"
    WITHDRAWN = "withdrawn"

    @property
    def is_open(self) -> bool:
        """Whether somebody has to look: it was shown to stand, or nothing shows that it does not."""
        return self in (State.STILL, State.UNPROVEN)


class Outcome(StrEnum):
    """What came of one proof: UNKNOWN when its evidence is not at hand, or shows nothing."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """One proof tried; ``words`` say what was seen, or what is lacking."""

    outcome: Outcome
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswer:
    """A known comment with its state and what came of its proofs, in the order of the document."""

    comment: KnownComment
    state: State
    proofs: tuple[Proved, ...] = ()
