# SPDX-License-Identifier: GPL-2.0-only
"""What every rule about patches takes and gives.

A rule is a function whose docstring is its help page: one sentence that says what it finds, then why, a
line with ``Bad:`` and one with ``Good:``, and ``Source:``. A new rule is that function, a line in the table
of checks/patches.py and two tests: one where it fires, one where it is silent.
"""

import fnmatch
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kpatch_tools.model.finding import Severity
from kpatch_tools.model.rules import Rules
from kpatch_tools.model.series import Patch, Series
from kpatch_tools.parse.message import Message
from kpatch_tools.parse.patch_lines import DiffLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One fault. ``text`` names the thing; without a ``path`` it is about the commit message.

    ``patch`` is 0 in a rule about one patch, which the caller knows. ``severity`` overrides the rule's own.
    """

    text: str
    path: str = ""
    line: int = 0
    patch: int = 0
    hint: str = ""
    detail: str = ""
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchContext:
    """One patch. ``commits`` maps the ids that its Fixes: tags name to the subjects that history has.

    "" means that history has no such commit; an id that is missing was not looked up.
    """

    patch: Patch
    message: Message
    lines: tuple[DiffLine, ...]
    profile: Rules | None = None
    commits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesContext:
    """A whole series that applied. ``files`` holds the files that rules ask for as it leaves them.

    A path that is not in ``files`` does not exist in the resulting tree.
    """

    series: Series
    lines: Mapping[int, tuple[DiffLine, ...]]
    profile: Rules
    files: Mapping[str, str]

    def added(self, *patterns: str) -> Iterator[tuple[Patch, DiffLine]]:
        """Every added line of the files that match one of the patterns, with its patch."""
        for patch in self.series.patches:
            for line in self.lines[patch.number]:
                if line.mark == "+" and matches(line.path, patterns):
                    yield patch, line


@dataclass(frozen=True, slots=True)
class PatchRule:
    """A rule about one patch, with its usual severity."""

    severity: Severity
    check: Callable[[PatchContext], Iterator[Hit]]

    @property
    def page(self) -> str:
        """The help page."""
        return inspect.getdoc(self.check) or ""


@dataclass(frozen=True, slots=True)
class SeriesRule:
    """A rule about a series as a whole."""

    severity: Severity
    check: Callable[[SeriesContext], Iterator[Hit]]

    @property
    def page(self) -> str:
        """The help page."""
        return inspect.getdoc(self.check) or ""


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns covers the path; one that ends in a slash covers a folder."""
    return any(
        fnmatch.fnmatchcase(path, f"{pattern}*" if pattern.endswith("/") else pattern) for pattern in patterns
    )
