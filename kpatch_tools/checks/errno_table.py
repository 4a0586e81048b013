# SPDX-License-Identifier: GPL-2.0-only
"""The errno table that a section should have: the contract's conditions in the form of api.rst."""

import textwrap
from collections.abc import Sequence

from kpatch_tools.model.contract import Contract, Error
from kpatch_tools.model.document import Section
from kpatch_tools.model.finding import Finding, Location, Severity

RULE = "conformance/table"
# As the tables of Documentation/virt/kvm/api.rst that stand below "Errors:".
_INDENT = "  "
# Narrow enough to be quoted in a mail.
_WIDTH = 74
# What a table for the whole section would mend.
_ABOUT_ROWS = frozenset(
    {
        "conformance/errno-differs",
        "conformance/undocumented",
        "conformance/incomplete-row",
        "contract/document-errno",
    }
)


def errno_table(contract: Contract) -> str:
    """A simple table, one row an errno, its conditions in the contract's order; common ones are left out."""
    rows: dict[str, list[str]] = {}
    for error in contract.error:
        if not error.common:
            rows.setdefault(error.errno, []).append(_condition(error))
    column = max(map(len, rows), default=1)
    start = len(_INDENT) + column + 1
    border = f"{_INDENT}{'=' * column} {'=' * (_WIDTH - start)}"
    lines = [border]
    for errno, conditions in rows.items():
        text = sentence(conditions)
        wrapped = textwrap.wrap(text, _WIDTH - start, break_long_words=False, break_on_hyphens=False)
        lines.append(f"{_INDENT}{errno:<{column}} {wrapped[0]}")
        lines += [" " * start + line for line in wrapped[1:]]
    return "\n".join((*lines, border))


def proposed(
    contract: Contract, section: Section, found: Sequence[Finding], *, path: str, seen: frozenset[str]
) -> tuple[Finding, ...]:
    """The whole table as a note, where ``found`` has something against the rows of the section.

    ``seen`` are the ids of the conditions that were provoked: a table made of promises says so.
    """
    rows = [finding for finding in found if finding.rule in _ABOUT_ROWS]
    if not rows:
        return ()
    unseen = [error for error in contract.error if not error.common and error.id not in seen]
    told = "\n".join(f"  {error.errno} ({error.condition})" for error in unseen)
    first = min((row.line for row in section.errors), default=section.title.line)
    many = f"{len(rows)} findings" if len(rows) > 1 else "1 finding"
    return (
        Finding(
            rule=RULE,
            severity=Severity.NOTE,
            message=f"a table of the errnos of {contract.ioctl.name} that mends {many}",
            location=Location(path=path, line=first),
            detail=_unproven(told) if seen else "no test has shown yet that the kernel does this",
            hint="the whole table\n" + errno_table(contract),
        ),
    )


def _unproven(told: str) -> str:
    return f"the kernel was not seen to return:\n{told}" if told else ""


def sentence(conditions: Sequence[str]) -> str:
    """Conditions as the text of a row; a member's name keeps its spelling at the start."""
    text = "; ".join(conditions)
    start = text if "_" in text.partition(" ")[0] else text[:1].upper() + text[1:]
    return f"{start}."


def _condition(error: Error) -> str:
    spans = [f"since {error.since}"] if error.since else []
    spans += [f"until {error.until}"] if error.until else []
    return f"{error.condition} ({', '.join(spans)})" if spans else error.condition
