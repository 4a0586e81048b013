# SPDX-License-Identifier: GPL-2.0-only
"""The struct of a kernel that was booted against the contract: a header may be newer than what runs."""

from collections.abc import Iterator

from kpatch_tools.checks.layout import written_so
from kpatch_tools.model.abi import placed
from kpatch_tools.model.btf import BtfMember, BtfStruct
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.finding import Finding, Location, Severity

RULE = "contract/btf-struct"
_BITS = 8


def btf_findings(
    contract: Contract, found: BtfStruct | None, *, kernel: str, place: Location | None = None
) -> tuple[Finding, ...]:
    """How the struct in the BTF of ``kernel`` differs; ``place`` is what the findings point at."""
    if found is None:
        differences = [f"the kernel has no struct {contract.ioctl.struct}"]
    else:
        differences = list(_differences(contract, found))
    return tuple(
        Finding(
            rule=RULE,
            severity=Severity.ERROR,
            message=f"{difference} (BTF of {kernel})",
            location=place,
            hint=written_so(contract),
        )
        for difference in differences
    )


def _differences(contract: Contract, found: BtfStruct) -> Iterator[str]:
    name = f"struct {contract.ioctl.struct}"
    if found.size != contract.ioctl.size:
        yield f"sizeof({name}) is {found.size} in the kernel, expected {contract.ioctl.size}"
    members = {member.name: member for member in found.members}
    wanted = {member.field.name for member in placed(contract)}
    for member in placed(contract):
        own = members.get(member.field.name)
        if own is None:
            yield f"{name} has no member {member.field.name} in the kernel"
            continue
        if own.bits or own.bit_offset != member.offset * _BITS:
            yield (
                f"offsetof({name}, {member.field.name}) is {_offset(own)} in the kernel, "
                f"expected {member.offset}"
            )
        if own.size != member.size:
            yield (
                f"the width of {name}.{member.field.name} is {own.size} in the kernel, expected {member.size}"
            )
    for extra in found.members:
        if extra.name not in wanted:
            yield f'{name} has a member "{extra.name}" at {_offset(extra)} that is not expected'


def _offset(member: BtfMember) -> str:
    whole, bits = divmod(member.bit_offset, _BITS)
    return f"{whole}" if not (bits or member.bits) else f"{whole} and {bits} bits"
