# SPDX-License-Identifier: GPL-2.0-only
"""Text beside findings on a terminal: harmless, and nothing that an editor would jump to."""

import re

from kpatch_tools.render.escape import terminal

# What an editor takes for the end of a place: vim's errorformat finds one anywhere in a line.
_PLACE_INSIDE = re.compile(r":(?=\d+:)|\(\d+\)(?=:)|\|(?=\d+\|)")
# The last quotation mark before a number: a search for the first would cost the cube of a line's length.
_QUOTED_PLACE = re.compile(r'"[^"\d]*\d+(?=: )')


def plain(text: str) -> str:
    """Harmless text that no editor takes for a place: "a.c:12: x" becomes "a.c: 12: x"."""
    apart = _PLACE_INSIDE.sub(lambda found: f"{found[0]} ", terminal(text))
    first = apart.find('"')
    return _QUOTED_PLACE.sub(lambda found: found[0] + " " * (found.start() > first), apart)
