# SPDX-License-Identifier: GPL-2.0-only
"""The struct that a booted kernel really has, from its BTF, held against the contract.

The headers are those of a tree; the kernel that runs may have been built of another one.
"""

import time
from dataclasses import replace

from kpatch_tools.checks.btf import btf_findings
from kpatch_tools.errors import ToolkitError
from kpatch_tools.flow.dialect import Reader, text_of
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Status, status_of
from kpatch_tools.model.test import Verdict
from kpatch_tools.parse.btf import find_struct, parse_btf
from kpatch_tools.parse.cheader import parse_header
from kpatch_tools.tools.btf import read_btf
from kpatch_tools.tools.kernels import Kernel

CHECK = "btf"
NONE = "no BTF in this kernel"


def check_btf(
    contract: Contract, kernel: Kernel, read: Reader, *, fail_on: Severity = Severity.WARNING
) -> CheckResult:
    """The struct in the BTF of ``kernel`` against the contract; SKIP with the reason where it has none.

    ``read`` reads the tree whose header the findings point at. Raises EnvironmentFault when a file of the
    kernel cannot be unpacked, UserError when its BTF is damaged.
    """
    started = time.monotonic()
    findings = _findings(contract, kernel, read)
    if findings is None:
        return CheckResult(check=CHECK, status=Status.SKIP, reason=f"{kernel.release}: {NONE}")
    return CheckResult(
        check=CHECK,
        status=status_of(findings, fail_on),
        findings=findings,
        elapsed=time.monotonic() - started,
        facts=((CHECK, _told(contract, kernel, findings)),),
    )


def with_btf(contract: Contract, result: CheckResult, kernel: Kernel, read: Reader) -> CheckResult:
    """The check of a run with what the kernel's BTF says as one more fact, and its findings if it differs.

    A kernel without BTF, or with one that cannot be read, is told in the fact and costs the run nothing; nor
    does one that lacks the struct where every test was skipped: it has no such ioctl.
    """
    try:
        findings = _findings(contract, kernel, read)
    except ToolkitError as error:
        return replace(result, facts=(*result.facts, (CHECK, f"not compared: {error}")))
    if findings is None:
        return replace(result, facts=(*result.facts, (CHECK, NONE)))
    if findings and all(test.status is Verdict.SKIP for test in result.tests):
        return replace(result, facts=(*result.facts, (CHECK, _told(contract, kernel, findings))))
    return replace(
        result,
        status=Status.FAIL if findings else result.status,
        findings=(*result.findings, *findings),
        facts=(*result.facts, (CHECK, _told(contract, kernel, findings))),
    )


def _findings(contract: Contract, kernel: Kernel, read: Reader) -> tuple[Finding, ...] | None:
    raw = read_btf(kernel)
    if raw is None:
        return None
    types = parse_btf(raw.base, name=f"{kernel.release} vmlinux")
    if raw.module is not None:
        types = parse_btf(raw.module, name=f"{kernel.release} kvm", base=types)
    found = find_struct(types, contract.ioctl.struct)
    return btf_findings(contract, found, kernel=kernel.release, place=_place(contract, read))


def _place(contract: Contract, read: Reader) -> Location:
    header = parse_header(text_of(read, contract.header) or "")
    struct = header.structs.get(contract.ioctl.struct)
    return Location(path=contract.header, line=struct.line if struct else 0)


def _told(contract: Contract, kernel: Kernel, findings: tuple[Finding, ...]) -> str:
    name = f"struct {contract.ioctl.struct}"
    if findings:
        return f"{name} of {kernel.release} differs from the contract"
    members = len(contract.struct.field)
    return f"{name} of {kernel.release}: size and {members} members as in the contract"
