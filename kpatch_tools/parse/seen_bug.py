# SPDX-License-Identifier: GPL-2.0-only
"""How a generated test says which known bug it saw: ``B2, fixed by 20a6cff3b283: the call looped``."""

import re
from dataclasses import dataclass

_SEEN = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)(?:, fixed by ([0-9a-f]+))?(?::\s*(.*))?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBug:
    """The bug's name in its contract, the commit that mends it ("" for none), and what was seen."""

    id: str
    fixed_by: str
    symptom: str


def seen_bug(reason: str) -> SeenBug | None:
    """What the reason of a KNOWN-BUG names, None where it names nothing."""
    found = _SEEN.match(reason)
    return SeenBug(id=found[1], fixed_by=found[2] or "", symptom=found[3] or "") if found else None
