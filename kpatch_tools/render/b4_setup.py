# SPDX-License-Identifier: GPL-2.0-only
"""The settings for b4 as text to paste."""

from collections.abc import Sequence
from typing import Protocol

from kpatch_tools.render.escape import terminal


class _Setting(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> str: ...


def section(settings: Sequence[_Setting]) -> str:
    """A [b4] section in the form of git-config(1); values are quoted as that needs."""
    lines = ["[b4]"]
    for one in settings:
        shown = terminal(one.value)
        value = shown.replace("\\", "\\\\").replace('"', '\\"')
        quoted = f'"{value}"' if any(char in value for char in "#;") or value != value.strip() else value
        lines.append(f"\t{terminal(one.name)} = {quoted}")
    return "".join(f"{line}\n" for line in lines)
