# SPDX-License-Identifier: GPL-2.0-only
"""The help pages of apply/* and series/*: a series as a whole, and patch by patch."""

from kpatch_tools.model.finding import Severity
from kpatch_tools.model.rulepage import page, pages_of

_APPLY = """
    Nothing behind this stage can be checked until the series applies as a whole.

    Judged: by the mails' own numbers and versions, then by git, in a temporary index; your branch and your
    work tree are not touched.

    Mend: `kvet apply SERIES --tree TREE` shows what is missing or where it breaks; `--onto auto` looks for
    the commit that the series was made for.
"""

PAGES = (
    *pages_of(
        "apply",
        Severity.ERROR,
        {
            "conflict": "A patch does not apply to the base; the finding names file and hunk.",
            "incomplete": "A patch of the series is missing, or one holds no diff.",
            "bad-count": "The mails disagree on how many patches the series has.",
            "duplicate": "One number is there twice with different diffs, or versions are mixed.",
            "several-series": "The input holds more than one series, and none was named.",
            "cover-only": "The input holds a cover letter and no patch.",
            "damaged": "A mail's diff is damaged: wrapped lines, lost blanks or a cut end.",
            "needs-prerequisite": "The series builds on patches that the base does not have.",
            "base-unknown": "The series applies to none of the commits that were tried.",
        },
        _APPLY,
    ),
    page(
        "series/bisect",
        Severity.ERROR,
        """
        The kernel does not build, or does not boot, after one of the patches.

        Whoever searches a fault by bisection will land there. Documentation/process/submitting-patches.rst
        wants each patch to leave a kernel that works.

        Judged: with --per-patch, the kernel after each patch against the one before it. Where a later patch
        mends it, the finding names that patch.

        Bad:  patch 2 calls a function that patch 3 declares
        Good: patch 2 brings the declaration with the call

        Mend: move what the later patch takes for it into the earlier one.
        """,
        uri="https://docs.kernel.org/process/submitting-patches.html#separate-your-changes",
    ),
    page(
        "series/regression",
        Severity.ERROR,
        """
        A test case that passed after an earlier patch does not any more, or the kernel complains while the
        tests run.

        The same program ran on the kernel after each patch, so the patch that is named did it.

        Judged: with --per-patch, the results after each patch against those after the one before. It is a
        warning where the case is skipped instead of failing.

        Bad:  patch 4 makes a case fail that passed since patch 2, patch 5 makes it pass again
        Good: what passes after one patch passes after every later one

        Mend: the patch that is named, or its place in the series.
        """,
    ),
    page(
        "series/early",
        Severity.WARNING,
        """
        A patch offers a capability while test cases fail that a later patch makes pass.

        As long as KVM_CHECK_EXTENSION does not offer it nothing is expected of the kernel, and the cases are
        skipped as not there yet. Once it is offered, whoever runs or bisects that kernel relies on it.

        Judged: with --per-patch, the cases that fail after a patch, did not before, and pass after a later
        one.

        Bad:  patch 3 offers the capability, patch 4 makes it hold in SMM too
        Good: the patch that offers the capability comes last

        Mend: offer the capability in the later patch, or bring what the cases need before it is offered.
        """,
    ),
    page(
        "series/early",
        Severity.WARNING,
        """
        A patch offers a capability whose test cases fail until a later patch.

        Userspace asks for the capability and then relies on what is not there yet; a bisection that lands in
        between finds a fault that nobody looks for.

        Judged: with --per-patch, the cases that fail from the patch on, did not before, and pass after a
        later one. Where the capability is not offered they would be skipped.

        Bad:  patch 3 answers KVM_CHECK_EXTENSION with 1, patch 5 makes the ioctl work
        Good: the last patch that the ioctl needs answers with 1

        Mend: offer the capability later, or bring what the cases need before it.
        """,
    ),
    page(
        "series/not-exercised",
        Severity.WARNING,
        """
        The test passes on the base already, without the series.

        A test of what a series does skips or fails without it; one that passes anyway would not see the
        series break.

        Judged: with --per-patch, the results on the base against those at the end. It is a note where some
        cases hold on the base too and others do not.

        Bad:  a test of a new ioctl that asks for its old neighbour only
        Good: a test that is skipped on the base, where KVM does not offer the capability

        Mend: let the test need what the series brings.
        """,
    ),
    page(
        "series/flaky",
        Severity.WARNING,
        """
        A test case gave several results on one and the same kernel.

        Either the series races, or the machine was too busy to give the guest its time.

        Judged: with --per-patch, up to three boots of one kernel. The result of most boots stands in the
        table, and no patch is blamed.

        Bad:  a case that hangs in one boot and passes in the next two
        Good: one kernel, one result

        Mend: run it again on an idle machine; what stays is a race.
        """,
    ),
    page(
        "series/program",
        Severity.ERROR,
        """
        A selftest that the series brings does not compile at the patch that touches it.

        What it needs has to come with it or before it, or bisection stops at a broken test.

        Judged: with --per-patch, by the tree's own Makefile and the user-space headers of that patch.

        Bad:  patch 1 adds a test that uses an ioctl number of patch 2
        Good: the test is the last patch of the series

        Mend: move the test behind what it needs.
        """,
    ),
)
