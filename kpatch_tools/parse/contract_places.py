# SPDX-License-Identifier: GPL-2.0-only
"""Where a contract's cases and clauses stand in its file, for findings about what the contract says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kpatch_tools.model.finding import Location
from kpatch_tools.parse.contract_extends import Text, entry_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The contract's file with the lines of its cases and of its clauses (errors and effects), by name.

    ``base`` are the places of the contract that it extends: what is not here stands there. ``code`` are the
    lines of the kernel's own code where its known bugs are, by id.
    """

    path: str = ""
    cases: Mapping[str, int] = field(default_factory=dict)
    clauses: Mapping[str, int] = field(default_factory=dict)
    base: "Places | None" = None
    code: Mapping[str, Location] = field(default_factory=dict)

    def case(self, name: str) -> Location | None:
        """The place of a case, None when the file is not known."""
        if self.base and name not in self.cases and name in self.base.cases:
            return self.base.case(name)
        return self._at(self.cases.get(name, 0))

    def top(self) -> Location | None:
        """The file as a whole, None when it is not known."""
        return self._at(0)

    def clause(self, name: str) -> Location | None:
        """The place of an error or an effect, None when the file is not known."""
        if self.base and name not in self.clauses and name in self.base.clauses:
            return self.base.clause(name)
        return self._at(self.clauses.get(name, 0))

    def _at(self, line: int) -> Location | None:
        return Location(path=self.path, line=line, own=True) if self.path else None


UNKNOWN = Places()


def contract_places(text: str, *, path: str, base: Text | None = None) -> Places:
    """The places of a contract that was read from ``text``, the content of the file at ``path``.

    ``base`` is the contract that it extends.
    """
    return Places(
        path=path,
        cases=entry_lines(text, "case"),
        clauses={**entry_lines(text, "effect"), **entry_lines(text, "error")},
        base=contract_places(base.text, path=base.path) if base else None,
    )
