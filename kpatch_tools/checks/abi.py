# SPDX-License-Identifier: GPL-2.0-only
"""What the compiler found in the tree's headers against what the contract says: the last word on layout."""

from kpatch_tools.checks.layout import written_so
from kpatch_tools.model.abi import Answer, Kind
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.parse.cheader import Header, StructDecl

_RULES = {
    Kind.STRUCT: "contract/abi-struct",
    Kind.MEMBER: "contract/abi-struct",
    Kind.REQUEST: "contract/abi-ioctl",
    Kind.CAPABILITY: "contract/abi-cap",
}


def abi_findings(
    contract: Contract, answers: tuple[Answer, ...], header: Header, *, path: str
) -> tuple[Finding, ...]:
    """A finding for each assertion that the compiler refused, with the line of the header at ``path``.

    What follows from another one is left out: a struct or a member that is not there has no offset, and one
    of another width is of another type.
    """
    struct = header.structs.get(contract.ioctl.struct)
    found: list[Finding] = []
    for answer in _telling(answers):
        about_struct = answer.assertion.kind in (Kind.STRUCT, Kind.MEMBER)
        shown = any(one.hint for one in found)
        found.append(
            Finding(
                rule=_RULES[answer.assertion.kind],
                severity=Severity.ERROR,
                message=_message(answer, struct),
                location=Location(path=path, line=_line(answer, header, struct)),
                detail=f"the compiler refuses {answer.assertion.expression} == "
                f"{_number(answer, wanted=True)}",
                hint=written_so(contract) if about_struct and not shown else "",
            )
        )
    return tuple(found)


def _telling(answers: tuple[Answer, ...]) -> list[Answer]:
    if any(answer.assertion.kind is Kind.STRUCT and answer.value is None for answer in answers):
        # The number has the struct's size in it.
        return [one for one in answers if one.assertion.kind in (Kind.STRUCT, Kind.CAPABILITY)]
    found: list[Answer] = []
    for answer in answers:
        item = answer.assertion
        same = [one for one in found if one.assertion.name == item.name and item.kind is Kind.MEMBER]
        absent = any(one.value is None for one in same)
        wider = item.truth and any(one.assertion.measures_width for one in same)
        if not (absent or wider):
            found.append(answer)
    return found


def _message(answer: Answer, struct: StructDecl | None) -> str:
    item = answer.assertion
    if answer.value is None:
        return f"{item.subject} cannot be computed from the header: {answer.said}"
    if item.truth:
        member = next((one for one in struct.members if one.name == item.name), None) if struct else None
        declared = f"; it has {member.type} there" if member else ""
        return f"not so in the header: {item.subject}{declared}"
    return f"{item.subject} is {_number(answer)} in the header, expected {_number(answer, wanted=True)}"


def _number(answer: Answer, *, wanted: bool = False) -> str:
    number = answer.assertion.wanted if wanted or answer.value is None else answer.value
    return f"{number:#x}" if answer.assertion.kind is Kind.REQUEST else str(number)


def _line(answer: Answer, header: Header, struct: StructDecl | None) -> int:
    item = answer.assertion
    if item.kind in (Kind.REQUEST, Kind.CAPABILITY):
        define = header.defines.get(item.name)
        return define.line if define else 0
    if struct is None:
        return 0
    member = next((one for one in struct.members if one.name == item.name), None)
    return member.line if member and item.kind is Kind.MEMBER else struct.line
