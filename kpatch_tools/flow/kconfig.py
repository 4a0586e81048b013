# SPDX-License-Identifier: GPL-2.0-only
"""Explains unmet lines of a configuration by the Kconfig files of the tree that was configured."""

from collections.abc import Sequence
from pathlib import Path

from kpatch_tools.checks.kconfig import explain
from kpatch_tools.model.finding import Finding
from kpatch_tools.parse.kconfig import Unmet, parse_config
from kpatch_tools.parse.kconfig_tree import parse_kconfig

# arch/x86 stands for both of ARCH=x86_64 and ARCH=i386 (the top Makefile, SRCARCH).
VARIABLES = {"SRCARCH": "x86"}
MAX_BYTES = 4 << 20


def explain_unmet(source: Path, items: Sequence[Unmet], config: str) -> tuple[Finding, ...]:
    """One finding a line, with the dependency that is absent; ``config`` is the finished .config."""
    if not items:
        return ()
    top = source.resolve()

    def read(path: str) -> str | None:
        # A tree may be hostile: a link or a ".." must not lead out of it.
        place = (top / path).resolve()
        if not place.is_relative_to(top) or not place.is_file() or place.stat().st_size > MAX_BYTES:
            return None
        return place.read_text(encoding="utf-8", errors="replace")

    tree = parse_kconfig(read, variables=VARIABLES)
    values = parse_config(config)
    return tuple(explain(item, tree, values) for item in items)
