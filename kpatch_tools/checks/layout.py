# SPDX-License-Identifier: GPL-2.0-only
"""A struct as the contract has it against the same struct as written in C."""

from dataclasses import dataclass

from kpatch_tools.model.contract import Contract, Field
from kpatch_tools.parse.cheader import Member, StructDecl


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference with the line where the C text has it."""

    text: str
    line: int


def differences(contract: Contract, written: StructDecl) -> tuple[Difference, ...]:
    """Members missing, surplus, renamed or of another type, in the order of the contract."""
    wanted = [_shown(field) for field in contract.struct.field]
    found = [_written(member) for member in written.members]
    result = []
    for index, want in enumerate(wanted):
        if index >= len(found):
            result.append(Difference(text=f'member {index + 1} "{want}" is missing', line=written.line))
        elif found[index] != want:
            text = f'member {index + 1} is "{found[index]}", expected "{want}"'
            result.append(Difference(text=text, line=written.members[index].line))
    for index in range(len(wanted), len(found)):
        text = f'member {index + 1} "{found[index]}" is one too many'
        result.append(Difference(text=text, line=written.members[index].line))
    return tuple(result)


def told(found: tuple[Difference, ...]) -> str:
    """All differences of a struct in a line: one fault often moves every member below it."""
    return "; ".join(difference.text for difference in found)


def written_so(contract: Contract) -> str:
    """A hint: the struct in C, as a header has it, below the words that announce it."""
    members = "".join(f"\t{_shown(field)};\n" for field in contract.struct.field)
    return f"write it so\nstruct {contract.ioctl.struct} {{\n{members}}};"


def _shown(field: Field) -> str:
    return f"{field.type} {field.name}[{field.count}]" if field.count else f"{field.type} {field.name}"


def _written(member: Member) -> str:
    return f"{member.type} {member.name}[{member.count}]" if member.count else f"{member.type} {member.name}"
