# SPDX-License-Identifier: GPL-2.0-only
"""The help pages of all rules in one table, for outputs that carry them."""

from collections.abc import Mapping
from types import MappingProxyType

from kpatch_tools.checks.docs import RULES
from kpatch_tools.checks.patches import PATCH_RULES, SERIES_RULES
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.rulepage import RulePage

# Rules that no table holds: their names come from a program, a compiler or a verdict.
_FAMILIES = (
    RulePage(
        rule="apply/",
        severity=Severity.ERROR,
        text="The series does not apply to the base as it is, or not as a whole.\n\n"
        "Nothing behind this stage can be checked until it does. `kvet apply SERIES --tree TREE` "
        "shows the conflict, `--onto auto` looks for the commit that the series was made for.",
    ),
    RulePage(
        rule="build/",
        severity=Severity.ERROR,
        text="The kernel, or a test program for it, does not build.\n\n"
        "The finding holds the last lines of the build; the full log lies beside the report.",
    ),
    RulePage(
        rule="checkpatch/",
        severity=Severity.WARNING,
        text="A remark of the base's own checkpatch.pl, with its type behind the slash.\n\n"
        "Documentation/dev-tools/checkpatch.rst of the kernel explains the types. The script is "
        "the one of the base, never the one of the series.",
    ),
    RulePage(
        rule="conformance/",
        severity=Severity.ERROR,
        text="The document says one thing and the kernel that was booted did another.\n\n"
        "The evidence is the observed return value, errno and memory of a generated selftest.",
    ),
    RulePage(
        rule="contract/",
        severity=Severity.ERROR,
        text="The contract of an ioctl and the tree's header or document say different things, or kernels "
        "differ that it does not part.\n\n"
        "One of them is wrong: mend the contract, the header or the document.",
    ),
    RulePage(
        rule="gcc/",
        severity=Severity.ERROR,
        text="The compiler complains, with the name of its warning behind the slash.\n\n"
        "The message is the compiler's own; the full log lies beside the report.",
    ),
    RulePage(
        rule="kconfig/",
        severity=Severity.ERROR,
        text="A configuration line that the kernel's Kconfig did not take, or a complaint of Kconfig "
        "itself.\n\n"
        "A symbol was renamed or removed, or a dependency is missing: what it would build is not "
        "tested.",
    ),
    RulePage(
        rule="objtool/",
        severity=Severity.WARNING,
        text="objtool, which checks the machine code of the kernel, complains.\n\n"
        "The message is objtool's own; the full log lies beside the report.",
    ),
    RulePage(
        rule="splat/",
        severity=Severity.ERROR,
        text="The kernel reported a fault of its own while a test ran: a warning, an oops, a taint.\n\n"
        "The excerpt is from the guest's console; the full log lies beside the report.",
    ),
    RulePage(
        rule="test/",
        severity=Severity.ERROR,
        text="A test ended without passing.\n\n"
        "What it observed stands in the finding and in report.json. No verdict is not a pass.",
    ),
)


def rule_pages() -> Mapping[str, RulePage]:
    """Every rule with a page of its own by name, then families by their prefix ("checkpatch/")."""
    pages = [RulePage(rule=name, severity=rule.severity, text=rule.page) for name, rule in RULES.items()]
    for table in (PATCH_RULES, SERIES_RULES):
        pages += [RulePage(rule=name, severity=rule.severity, text=rule.page) for name, rule in table.items()]
    return MappingProxyType({page.rule: page for page in (*pages, *_FAMILIES)})
