# SPDX-License-Identifier: GPL-2.0-only
"""TOML text -> Dialect."""

import re

from kpatch_tools.model.dialect import Dialect, Probe
from kpatch_tools.parse.toml import Faults, decode
from kpatch_tools.parse.toml_lines import Path


def parse_dialect(text: str, *, path: str) -> Dialect:
    """Read a dialect; raises one UserError with every fault of the document."""
    dialect, faults = decode(text, Dialect, name=path, what="dialect")
    for index, probe in enumerate(dialect.probe):
        _probe(probe, ("probe", index), faults)
    if dialect.harness:
        _probe(dialect.harness, ("harness",), faults)
    if dialect.private_memory:
        _probe(dialect.private_memory, ("private_memory",), faults)
    if dialect.form != "classic":
        faults.add(("form",), "form: it is chosen when a test is generated, not here")
    faults.raise_any("dialect")
    return dialect


def _probe(probe: Probe, where: Path, faults: Faults) -> None:
    try:
        re.compile(probe.pattern)
    except re.error as error:
        faults.add((*where, "pattern"), f"{where[0]}: bad regular expression: {error}")
    if not probe.any_of:
        faults.add(where, f"{where[0]}: any_of names no file")
