# SPDX-License-Identifier: GPL-2.0-only
"""TOML text -> Dialect."""

import re

from kpatch_tools.model.dialect import Dialect
from kpatch_tools.parse.toml import decode


def parse_dialect(text: str, *, path: str) -> Dialect:
    """Read a dialect; raises one UserError with every fault of the document."""
    dialect, faults = decode(text, Dialect, name=path, what="dialect")
    for index, probe in enumerate(dialect.probe):
        try:
            re.compile(probe.pattern)
        except re.error as error:
            faults.add(("probe", index, "pattern"), f"probe: bad regular expression: {error}")
        if not probe.any_of:
            faults.add(("probe", index), "probe: any_of names no file")
    faults.raise_any("dialect")
    return dialect
