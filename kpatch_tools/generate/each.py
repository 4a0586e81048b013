# SPDX-License-Identifier: GPL-2.0-only
"""The statements of a case that makes its call once for each of several values of one field.

Every call is told by its value, so that a failure says which of them it was.
"""

from kpatch_tools.generate.cexpr import call, expression
from kpatch_tools.model.case import Call, Case, Each
from kpatch_tools.model.contract import Contract, Role


def walked(case: Case) -> str:
    """The member of struct call that ``each`` of a case replaces, "" without one."""
    each = case.each
    if not each:
        return ""
    members = {"gpa": each.at, "size": each.size, "flags": each.flags, "padding": each.padding}
    return next((name for name, values in members.items() if values), "request_size")


def walks_bits(each: Each) -> bool:
    """Whether the values are bits or bytes, which a loop makes."""
    return isinstance(each.at or each.size or each.flags or each.padding, str)


def each_lines(contract: Contract, call_: Call, each: Each) -> tuple[str, ...]:
    """The calls, one after the other."""
    flags = contract.member(Role.FLAGS).name
    if each.flags:
        return (
            *_loop("BITS_PER_LONG_LONG", "call.flags = BIT_ULL(i);", f"bit %d of {flags}"),
            "\tcall.flags = ~0ull;",
            call(1, "check_one_of", "s", "&call", "&expected", f'"all bits of {flags}"'),
        )
    if each.padding:
        name = contract.member(Role.PADDING).name
        lines = _loop(f"sizeof(s->arg->{name})", "call.padding_byte = i + 1;", f"byte %d of {name}")
        return ("\tcall.padding = 0xff;", *lines)
    if each.at == "bits-below-page":
        name = contract.member(Role.ADDRESS).name
        return _loop("PAGE_SHIFT", f"call.gpa = {expression(call_.at)} + BIT_ULL(i);", f"bit %d of {name}")
    if each.size == "bits-below-page":
        name = contract.member(Role.SIZE).name
        return _loop("PAGE_SHIFT", f"call.size = {expression(call_.size)} + BIT_ULL(i);", f"bit %d of {name}")
    if each.request_size:
        return _calls("request_size", [str(size) for size in each.request_size], "a struct of %u bytes")
    role, member, values = (Role.ADDRESS, "gpa", each.at) if each.at else (Role.SIZE, "size", each.size or ())
    return _calls(member, [expression(value) for value in values], f"{contract.member(role).name} %#lx")


def _loop(count: str, assignment: str, text: str) -> tuple[str, ...]:
    return (
        f"\tfor (i = 0; i < {count}; i++) {{",
        f"\t\t{assignment}",
        call(2, "check_one_of", "s", "&call", "&expected", f'"{text}"', "i"),
        "\t}",
    )


def _calls(member: str, values: list[str], text: str) -> tuple[str, ...]:
    lines = []
    for value in values:
        lines.append(f"\tcall.{member} = {value};")
        lines.append(call(1, "check_one_of", "s", "&call", "&expected", f'"{text}"', f"call.{member}"))
    return tuple(lines)
