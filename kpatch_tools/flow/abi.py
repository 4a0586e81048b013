# SPDX-License-Identifier: GPL-2.0-only
"""The contract's numbers, proven by the host's compiler on the headers that the tree installs.

Nothing of the tree is run except what its own ``make headers`` runs, and that only when these headers are not
in the cache; the programs of assertions are compiled and thrown away.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from kpatch_tools.checks.abi import abi_findings
from kpatch_tools.errors import ToolFailed
from kpatch_tools.flow.dialect import Reader, text_of
from kpatch_tools.flow.selftest_library import installed_headers
from kpatch_tools.generate.abi import assertion_source, value_source
from kpatch_tools.model.abi import Answer, Assertion, assertions
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import CheckResult, Status, status_of
from kpatch_tools.parse.abi import error_elsewhere, failed_lines, values
from kpatch_tools.parse.cheader import parse_header
from kpatch_tools.tools import compiler

CHECK = "layout"


def not_compiled(reason: str) -> CheckResult:
    """The check of a tree whose headers cannot be compiled: skipped, never passed."""
    return CheckResult(check=CHECK, status=Status.SKIP, reason=f"the header was read, not compiled: {reason}")


def check_layout(  # noqa: PLR0913 - what, of which tree, how, where to
    contract: Contract,
    read: Reader,
    *,
    tree: Path,
    commit: str,
    sink: Sink = silent,
    state: Path | None = None,
    fail_on: Severity = Severity.WARNING,
) -> CheckResult:
    """Compile the contract's assertions against the user-space headers of ``commit``.

    ``read`` gives the header of that commit, for the lines of the findings. ``state`` receives the log of
    ``make headers``. Raises EnvironmentFault when a program is missing, ToolFailed when the tree's headers
    cannot be made or are no C.
    """
    started = time.monotonic()
    text = text_of(read, contract.header)
    if text is None:
        return CheckResult(check=CHECK, reason=f"{contract.header} is not in the tree")
    header = parse_header(text)
    if contract.ioctl.name not in header.defines:
        return not_compiled(f"it does not define {contract.ioctl.name}")
    made = installed_headers(tree, commit, sink=sink, state=state)
    sink(Event(CHECK, "compiling the contract's assertions"))
    wanted = assertions(contract)
    findings = abi_findings(contract, ask(wanted, made.include), header, path=contract.header)
    held = len(wanted) - len(findings)
    source = "from the cache" if made.cached else "made by the tree's own make headers"
    return CheckResult(
        check=CHECK,
        status=status_of(findings, fail_on),
        findings=findings,
        elapsed=time.monotonic() - started,
        facts=(
            ("assertions", f"{held} of {len(wanted)} hold, {made.compiler}"),
            ("headers", f"of {commit[:12]}, {source}"),
        ),
    )


def ask(wanted: Sequence[Assertion], include: Path) -> tuple[Answer, ...]:
    """The assertions that do not hold with the headers below ``include``, with what the compiler has instead.

    Raises ToolFailed when the headers themselves do not compile.
    """
    source, first = assertion_source(wanted)
    checked = compiler.check_only(source, include)
    if checked.ok:
        return ()
    said = failed_lines(checked.error_text)
    refused = {number - first: words for number, words in said.items() if number >= first}
    elsewhere = error_elsewhere(checked.error_text)
    if elsewhere or not refused or len(refused) != len(said):
        raise ToolFailed(
            "the tree's user-space headers do not compile",
            tail=elsewhere or checked.tail,
            cure="read the compiler's words above; make headers_install in the tree shows the same",
        )
    computable = [wanted[index] for index, words in sorted(refused.items()) if not words]
    found = values(compiler.assembly(value_source(computable), include).text) if computable else {}
    numbers = {item: found.get(index) for index, item in enumerate(computable)}
    return tuple(
        Answer(
            assertion=wanted[index],
            value=numbers.get(wanted[index]),
            said=words or "the compiler gives no value for it",
        )
        for index, words in sorted(refused.items())
    )
