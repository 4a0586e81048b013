# SPDX-License-Identifier: GPL-2.0-only
"""The help pages of what happens in a virtual machine, of matrices of them, and of kvet's own files."""

from kpatch_tools.model.finding import Severity
from kpatch_tools.model.rulepage import page, pages_of

_SPLAT = """
    A test that passes while the kernel complains has found a fault all the same.

    Judged: the guest's console, from its first line to power-off. The finding quotes it and names the source
    line where the stack has one; the full log lies beside the report.

    Mend: the code. A complaint that is known to be no fault goes into an allow list
    (kvet test --allow-splats), with the reason.
"""
_ENDED = """
    No verdict is not a pass: a test that did not come to its end proves nothing.

    Judged: exit code, KTAP lines, plan, console and taint together; the worst of them wins. What the test
    observed stands in the finding and in report.json.

    Mend: what the reason names. `kvet test` repeats the run alone, and the logs lie beside the report.
"""

PAGES = (
    *pages_of(
        "splat",
        Severity.ERROR,
        {
            "panic": "The kernel panicked: it stopped for good.",
            "kasan": "A sanitizer (KASAN, KCSAN or KMSAN) caught a wrong access to memory.",
            "kfence": "KFENCE caught a wrong access to memory of the heap.",
            "soft-lockup": "A processor did not come back to the scheduler for many seconds.",
            "hard-lockup": "A processor did not even take interrupts for many seconds.",
            "rcu-stall": "RCU waited too long for a processor or a task.",
            "hung-task": "A task waited too long without being woken.",
            "lockdep": "The lock validator found locks that can deadlock, or RCU used without protection.",
            "ubsan": "UBSAN caught an operation that C does not define.",
            "bug": "A BUG_ON() was true, or another check that the kernel does not survive.",
            "oops": "The kernel used an address that it must not.",
            "warning": "A WARN_ON() was true: something that the author held to be impossible.",
            "taint": "The kernel is tainted after the test, and no complaint on the console says why.",
        },
        _SPLAT,
    ),
    page(
        "splat/taint-before",
        Severity.NOTE,
        """
        The kernel was tainted before the first test ran, so that the taint is not the test's.

        A later taint of the same kind could not be told apart.

        Judged: /proc/sys/kernel/tainted, before the tests and after them.

        Mend: boot a kernel that is not tainted, or live with the note.
        """,
    ),
    page(
        "splat/allowed",
        Severity.NOTE,
        """
        The kernel complained in a way that the allow list knows to be no fault of the series.

        It is told all the same, so that nobody wonders about the console.

        Judged: kind, title and release against ci/splats.toml and the file of kvet test --allow-splats.

        Mend: nothing. The hint names the entry and its reason.
        """,
    ),
    page(
        "splat/unused",
        Severity.NOTE,
        """
        An entry of the allow list fits no complaint of any kernel that was booted.

        An entry that nothing needs hides the day on which the complaint means something else.

        Judged: the entries for the releases that were booted, against all complaints.

        Mend: take the entry out when the kernels that complain are gone.
        """,
    ),
    *pages_of(
        "test",
        Severity.ERROR,
        {
            "fail": "A test failed: it saw something else than it expects.",
            "crash": "A signal ended a test program.",
            "hang": "A test did not end within its time.",
            "flood": "A test wrote more than it may, and was ended.",
            "splat": "A test ended with the kernel complaining or tainted.",
            "no-verdict": "A test was planned and gave no result, or gave none that can be believed.",
            "known-bug": "A test saw the whole symptom of a bug that it knows.",
        },
        _ENDED,
    ),
    page(
        "guest/host-root",
        Severity.NOTE,
        """
        The kernel under test could read the whole file system of this machine: --host-root was given.

        By default a guest holds its tests and busybox, and nothing of the host.

        Judged: by the option.

        Mend: leave it out, unless a test needs a program of the host and the series is one that you trust.
        """,
    ),
    page(
        "sandbox/limit",
        Severity.ERROR,
        """
        A program that runs code of the series was ended, for it used more than its sandbox allows.

        Kernels build far below these bounds: something in the series writes, allocates or starts without end.

        Judged: memory, processes, files and disk of all programs of a build together, while it runs. The
        finding says which bound was met.

        Mend: read what the series adds to Makefiles and scripts (the rules build-file/... name it).
        """,
    ),
    *pages_of(
        "matrix",
        Severity.ERROR,
        {
            "unexpected": "A cell of the matrix came to another verdict than the matrix expects.",
            "flaky": "A cell of the matrix came to several verdicts, with the same kernel and program.",
        },
        """
        A matrix is a promise: this test, in this mode, on this kernel, comes to this.

        Judged: each cell's last verdict against its [[expect]], PASS where it has none. A cell that differs
        is booted again.

        Mend: the kernel. If the kernel is right, the matrix's [[expect]] is not.
        """,
    ),
    page(
        "baseline/stale",
        Severity.NOTE,
        """
        A line of the baseline file stands for a finding that is no longer there.

        What was mended should not be able to come back unseen.

        Judged: each line of the file (kvet docs check --baseline) against all findings of the documents.

        Mend: delete the line, or write the file anew with --write-baseline.
        """,
    ),
    page(
        "docs/sphinx",
        Severity.ERROR,
        """
        Sphinx, which builds the kernel's documentation, complains of the text.

        The page on docs.kernel.org is made by the same program: it will look as the message says.

        Judged: by `kvet docs build`, which gives Sphinx the touched sections before and after the change,
        with the tree's own configuration unless the change touches that. What stood there before is left out.

        Bad:  a reference to a label that nothing defines
        Good: a reference to one that is there

        Mend: the line that is named; `kvet docs build` shows the page.
        """,
        uri="https://docs.kernel.org/doc-guide/sphinx.html",
    ),
)
