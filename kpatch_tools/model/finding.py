# SPDX-License-Identifier: GPL-2.0-only
"""A finding: what is wrong, where, on what evidence, and what to do about it."""

import hashlib
import re
from dataclasses import dataclass, replace
from enum import StrEnum

from kpatch_tools.model.excerpt import Excerpt

_DIGITS = re.compile(r"\d+")
# Where kvet keeps its contracts.
SHIPPED = "selftests-gen/contracts/"


class Severity(StrEnum):
    """Three and no more; render/severity.py holds what each means in every format."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """Order for comparing: a note is 0, an error is 2."""
        return (Severity.NOTE, Severity.WARNING, Severity.ERROR).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in the kernel tree: path relative to its top, line and column from 1, 0 when unknown.

    ``patch`` is the number of the patch in the series that brought the line, 0 when unknown. An empty
    ``path`` is the message of that patch. ``own`` marks a contract, a file of kvet's or of its user's that is
    in no kernel tree: it is never where a finding is, only beside that.
    """

    path: str
    line: int = 0
    column: int = 0
    patch: int = 0
    own: bool = False

    def __str__(self) -> str:
        path = f"contract: {self.path.removeprefix(SHIPPED)}" if self.own else self.path
        parts = [path or f"patch {self.patch}"]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault with its evidence.

    ``rule`` is "family/name" ("docs/section-number", "checkpatch/LONG_LINE"); ``message`` is one line
    without a full stop that names the thing; ``detail`` is the evidence (log excerpt, observed value);
    ``hint`` says what would be right. ``cases`` are the test cases that show it, by name; ``excerpts`` are
    the lines around its place and, for a complaint of the kernel, around that in the console. ``told`` is the
    version of the series for which it was told first, 0 for one that is new. ``folded`` are findings of other
    rules that this one says better: nothing shows them by themselves.
    """

    rule: str
    severity: Severity
    message: str
    location: Location | None = None
    related: tuple[Location, ...] = ()
    detail: str = ""
    hint: str = ""
    cases: tuple[str, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    told: int = 0
    folded: "tuple[Finding, ...]" = ()

    @property
    def fingerprint(self) -> str:
        """Identity that survives moved lines: rule, path and message with its numbers folded."""
        path = self.location.path if self.location else ""
        key = "\0".join((self.rule, path, _DIGITS.sub("#", self.message)))
        return hashlib.sha256(key.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def beside(finding: Finding, own: Location | None, place: Location | None = None) -> Finding:
    """The finding at ``place`` in the kernel tree, with ``own``, a line of a contract, as a second place.

    A contract is no file of that tree: an editor or a code host that takes its path for one finds nothing.
    """
    if own is None:
        return replace(finding, location=place)
    detail = "\n".join(filter(None, (finding.detail, str(own))))
    return replace(finding, location=place, related=(*finding.related, own), detail=detail)
