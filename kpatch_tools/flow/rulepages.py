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
        rule="kernel-doc/",
        severity=Severity.NOTE,
        text="A comment in kernel-doc form and the code below it do not agree.\n\n"
        "Told with W=1 for the files that a series touches, where the base does not have it. "
        "Documentation/doc-guide/kernel-doc.rst has the form.",
    ),
    RulePage(
        rule="objtool/",
        severity=Severity.WARNING,
        text="objtool, which checks the machine code of the kernel, complains.\n\n"
        "The message is objtool's own; the full log lies beside the report.",
    ),
    RulePage(
        rule="series/bisect",
        severity=Severity.ERROR,
        text="The kernel does not build, or does not boot, after one of the patches.\n\n"
        "Whoever searches a fault by bisection will land there. Documentation/process/"
        "submitting-patches.rst wants each patch to leave a kernel that works. Where a later patch mends "
        "it, the finding names that patch: what it takes belongs into the earlier one.\n\n"
        "Bad:  patch 2 calls a function that patch 3 declares\n"
        "Good: patch 2 brings the declaration with the call",
    ),
    RulePage(
        rule="series/regression",
        severity=Severity.ERROR,
        text="A test case that passed after an earlier patch does not any more, or the kernel complains "
        "while the tests run.\n\n"
        "The same program ran on the kernel after each patch, so the patch that is named did it.\n\n"
        "Bad:  patch 4 makes a case fail that passed since patch 2, patch 5 makes it pass again\n"
        "Good: what passes after one patch passes after every later one",
    ),
    RulePage(
        rule="series/not-exercised",
        severity=Severity.WARNING,
        text="The test passes on the base already, without the series.\n\n"
        "A test of what a series does skips or fails without it; one that passes anyway would not see the "
        "series break. As a note: cases that hold on the base too, beside others that do not.\n\n"
        "Bad:  a test of a new ioctl that asks for its old neighbour only\n"
        "Good: a test that is skipped on the base, where KVM does not offer the capability",
    ),
    RulePage(
        rule="series/flaky",
        severity=Severity.WARNING,
        text="A test case gave several results on one and the same kernel.\n\n"
        "No patch is blamed for it. The kernel was booted up to three times; the result of most boots stands "
        "in the table. Either the series races, or the machine was too busy to give the guest its time.\n\n"
        "Bad:  a case that hangs in one boot and passes in the next two\n"
        "Good: one kernel, one result",
    ),
    RulePage(
        rule="series/program",
        severity=Severity.ERROR,
        text="A selftest that the series brings does not compile at the patch that touches it.\n\n"
        "It was compiled by the tree's own Makefile, with the user-space headers of that patch: what it "
        "needs has to come with it or before it.\n\n"
        "Bad:  patch 1 adds a test that uses an ioctl number of patch 2\n"
        "Good: the test is the last patch of the series",
    ),
    RulePage(
        rule="sparse/",
        severity=Severity.WARNING,
        text="sparse, which checks locks, address spaces and byte orders, complains of the series.\n\n"
        "Only what the base does not have is told. Documentation/dev-tools/sparse.rst explains the "
        "annotations.",
    ),
    RulePage(
        rule="splat/",
        severity=Severity.ERROR,
        text="The kernel reported a fault of its own while a test ran: a warning, an oops, a taint.\n\n"
        "The excerpt is from the guest's console; the full log lies beside the report. A complaint that is "
        "known to be no fault goes into an allow list (kvet test --allow-splats) and is then a note, "
        "splat/allowed; an entry that no boot needed is splat/unused.",
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
