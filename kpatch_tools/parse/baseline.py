# SPDX-License-Identifier: GPL-2.0-only
"""A baseline file in, entries out."""

import re

from kpatch_tools.errors import UserError
from kpatch_tools.model.baseline import HEADER, Baseline, BaselineEntry

_ENTRY = re.compile(
    r"(?P<fingerprint>[0-9a-f]{16})\t(?P<rule>[\w/-]+)\t(?P<path>[^\t]*)\t(?P<message>[^\t]+)"
)
_CURE = "write it anew: kvet docs check --write-baseline FILE"
_SHOWN = 40


def parse_baseline(text: str, name: str) -> Baseline:
    """Read a baseline; ``name`` is the file's name in messages.

    Lines that begin with "#" and empty ones are skipped after the first. Raises UserError with the line for
    a file that is no baseline, or of another version, and for a line that is no entry.
    """
    first, *lines = text.removeprefix("\ufeff").splitlines() or [""]
    if first.rstrip() != HEADER:
        raise UserError(f"{name}:1: not a baseline: the first line is not '{HEADER}'", cure=_CURE)
    return Baseline(
        name=name,
        entries=tuple(
            _entry(line, number, name)
            for number, line in enumerate(lines, 2)
            if line.strip() and not line.startswith("#")
        ),
    )


def _entry(line: str, number: int, name: str) -> BaselineEntry:
    match = _ENTRY.fullmatch(line.rstrip())
    if match is None:
        shown = repr(line[:_SHOWN])
        message = f"{name}:{number}: not fingerprint, rule, path and message with a tab between: {shown}"
        raise UserError(message, cure=f"delete the line, or {_CURE}")
    return BaselineEntry(
        fingerprint=match["fingerprint"],
        rule=match["rule"],
        path=match["path"],
        message=match["message"],
        line=number,
    )
