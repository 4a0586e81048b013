# SPDX-License-Identifier: GPL-2.0-only
"""The contract against the uapi header: number, capability, struct (the compiler decides the offsets)."""

from kpatch_tools.checks.layout import differences, told, written_so
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.parse.cheader import Header

IOCTL = "contract/header-ioctl"
CAP = "contract/header-cap"
STRUCT = "contract/header-struct"


def contract_header(contract: Contract, header: Header, *, path: str) -> tuple[Finding, ...]:
    """How the header at ``path`` differs from a contract; one finding when it lacks the ioctl."""
    if contract.ioctl.name not in header.defines:
        return (_absent(contract, header, path),)
    return (
        *_request(contract, header, path),
        *_cap(contract, header, path),
        *_struct(contract, header, path),
    )


def _absent(contract: Contract, header: Header, path: str) -> Finding:
    ioctl = contract.ioctl
    hint = "apply the series first, or name the contract of the ioctl that this tree has"
    for define in header.defines.values():
        request = define.request
        if request and request.magic == "KVMIO" and request.nr == ioctl.nr:
            hint = f"number {ioctl.nr:#04x} is {define.name} here (line {define.line})"
    return Finding(
        rule=IOCTL,
        severity=Severity.ERROR,
        message=f"the header does not define {ioctl.name}",
        location=Location(path=path),
        hint=hint,
    )


def _request(contract: Contract, header: Header, path: str) -> tuple[Finding, ...]:
    ioctl = contract.ioctl
    define = header.defines[ioctl.name]
    request = define.request
    want = f"{ioctl.dir.macro}(KVMIO, {ioctl.nr:#04x}, struct {ioctl.struct})"
    if request and (request.magic, request.nr, request.dir, request.type) == (
        "KVMIO",
        ioctl.nr,
        ioctl.dir.value,
        f"struct {ioctl.struct}",
    ):
        return ()
    return (
        Finding(
            rule=IOCTL,
            severity=Severity.ERROR,
            message=f"{ioctl.name} is {define.value}, expected {want}",
            location=Location(path=path, line=define.line),
        ),
    )


def _cap(contract: Contract, header: Header, path: str) -> tuple[Finding, ...]:
    ioctl = contract.ioctl
    define = header.defines.get(ioctl.cap)
    if define and define.number == ioctl.cap_nr:
        return ()
    if not define:
        message = f"the header defines {ioctl.name} but not {ioctl.cap}"
        line = header.defines[ioctl.name].line
    else:
        message = f"{ioctl.cap} is {define.value}, expected {ioctl.cap_nr}"
        line = define.line
    place = Location(path=path, line=line)
    return (Finding(rule=CAP, severity=Severity.ERROR, message=message, location=place),)


def _struct(contract: Contract, header: Header, path: str) -> tuple[Finding, ...]:
    name = contract.ioctl.struct
    written = header.structs.get(name)
    if not written:
        return (
            Finding(
                rule=STRUCT,
                severity=Severity.ERROR,
                message=f"the header does not declare struct {name}",
                location=Location(path=path, line=header.defines[contract.ioctl.name].line),
                hint=written_so(contract),
            ),
        )
    found = differences(contract, written)
    if not found:
        return ()
    return (
        Finding(
            rule=STRUCT,
            severity=Severity.ERROR,
            message=f"struct {name}: {told(found)}",
            location=Location(path=path, line=found[0].line),
            hint=written_so(contract),
        ),
    )
