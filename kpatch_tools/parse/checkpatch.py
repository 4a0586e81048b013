# SPDX-License-Identifier: GPL-2.0-only
"""What checkpatch.pl prints with --terse --show-types, a complaint a line.

The form is "FILE:LINE: LEVEL:TYPE: words", as sub report of scripts/checkpatch.pl writes it; LINE counts in
the mail that was checked.
"""

import re
from dataclasses import dataclass

from kpatch_tools.errors import ToolFailed
from kpatch_tools.model.finding import Severity

_COMPLAINT = re.compile(
    r"^(?P<file>\S+?):(?P<line>\d{1,9}): (?P<level>ERROR|WARNING|CHECK):(?P<type>[A-Z0-9_]+): (?P<text>.*)$"
)
_SUMMARY = re.compile(r"^(?:\S+ )?total: \d+ errors?, \d+ warnings?")
_LEVELS = {"ERROR": Severity.ERROR, "WARNING": Severity.WARNING, "CHECK": Severity.NOTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One complaint; ``line`` counts from 1 in the file ``name`` that was checked."""

    name: str
    line: int
    severity: Severity
    type: str
    text: str


def read_terse(output: str) -> tuple[Complaint, ...]:
    """All complaints in order.

    Raises ToolFailed for a line that is neither a complaint nor a summary: a program that printed something
    else has not checked what we believe it has.
    """
    found = []
    for line in output.split("\n"):
        match = _COMPLAINT.match(line)
        if match:
            found.append(
                Complaint(
                    name=match["file"],
                    line=int(match["line"]),
                    severity=_LEVELS[match["level"]],
                    type=match["type"],
                    text=match["text"].strip(),
                )
            )
        elif line.strip() and not _SUMMARY.match(line):
            raise ToolFailed("checkpatch.pl printed a line that kvet cannot read", tail=line[:300])
    return tuple(found)
