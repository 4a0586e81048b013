# SPDX-License-Identifier: GPL-2.0-only
"""A rule's help page as data, so that a renderer can show it without knowing the rule's code."""

from dataclasses import dataclass

from kpatch_tools.model.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePage:
    """One rule: its name ("docs/table"), its usual severity and its page (the docstring, unindented)."""

    rule: str
    severity: Severity
    text: str

    @property
    def summary(self) -> str:
        """The first paragraph in one line, without its full stop."""
        return " ".join(self.text.split("\n\n", maxsplit=1)[0].split()).rstrip(".")
