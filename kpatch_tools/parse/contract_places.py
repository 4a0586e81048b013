# SPDX-License-Identifier: GPL-2.0-only
"""Where a contract's cases and clauses stand in its file, for findings about what the contract says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kpatch_tools.model.contract import Contract
from kpatch_tools.model.finding import Location
from kpatch_tools.parse.toml_lines import key_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The contract's file with the lines of its cases and of its clauses (errors and effects), by name."""

    path: str = ""
    cases: Mapping[str, int] = field(default_factory=dict)
    clauses: Mapping[str, int] = field(default_factory=dict)

    def case(self, name: str) -> Location | None:
        """The place of a case, None when the file is not known."""
        return Location(path=self.path, line=self.cases.get(name, 0)) if self.path else None

    def top(self) -> Location | None:
        """The file as a whole, None when it is not known."""
        return Location(path=self.path) if self.path else None

    def clause(self, name: str) -> Location | None:
        """The place of an error or an effect, None when the file is not known."""
        return Location(path=self.path, line=self.clauses.get(name, 0)) if self.path else None


UNKNOWN = Places()


def contract_places(contract: Contract, text: str, *, path: str) -> Places:
    """The places of ``contract``, which was read from ``text``, the content of the file at ``path``."""
    lines = key_lines(text)
    clauses = {effect.id: lines.get(("effect", at), 0) for at, effect in enumerate(contract.effect)}
    clauses |= {error.id: lines.get(("error", at), 0) for at, error in enumerate(contract.error)}
    cases = {case.name: lines.get(("case", at), 0) for at, case in enumerate(contract.case)}
    return Places(path=path, cases=cases, clauses=clauses)
