# SPDX-License-Identifier: GPL-2.0-only
"""The help pages of what compilers, linkers and checkers say while a kernel is configured and built."""

from kpatch_tools.model.finding import Severity
from kpatch_tools.model.rulepage import page, pages_of

_LOG = "The message is the program's own; the full log lies beside the report."
_CHECKERS = f"""
    {_LOG}

    Judged: the files that the series touches are compiled once more, base against head. Only what the base
    does not have is told, with the patch that wrote the line.

    Mend: the line that is named.
"""
_BUILD = f"""
    {_LOG}

    Judged: by the build of the series' last commit, with the small configuration that kvet verifies line by
    line.

    Mend: the line that is named. `kvet build` repeats the build alone.
"""

PAGES = (
    *pages_of(
        "build",
        Severity.ERROR,
        {
            "failed": "The kernel does not build, and no line of the log says why in a known form.",
            "selftest": "A test program does not build, or the tree does not have it.",
        },
        """
        Without it nothing can be booted or run, and nothing behind this stage is proven.

        Judged: by make's exit code. The finding holds the last lines of its output.

        Mend: read the whole log; the hint says where it is.
        """,
    ),
    page(
        "checkpatch/",
        Severity.WARNING,
        """
        A remark of the base's own checkpatch.pl, with its type behind the slash.

        Maintainers run it before they take a patch. Its errors and warnings are about form, and its checks
        are notes here.

        Judged: scripts/checkpatch.pl of the base, never the one of the series, with --strict. What one of
        kvet's own rules says better is left out.

        Mend: as the script says; perl scripts/checkpatch.pl --show-types names the types.
        """,
        uri="https://docs.kernel.org/dev-tools/checkpatch.html",
    ),
    page(
        "gcc/",
        Severity.WARNING,
        f"""
        The compiler warns, with the name of its option behind the slash: gcc/-Wunused-variable.

        {_LOG}

        Judged: base against head, so that only what the series brings is told, with the patch that wrote the
        line. What gcc says with W=1 only is a note.

        Mend: the line that is named. `make W=1 FILE.o` shows the same.
        """,
        uri="https://gcc.gnu.org/onlinedocs/gcc/Warning-Options.html",
    ),
    *pages_of(
        "gcc",
        Severity.ERROR,
        {"error": "The compiler refuses the code."},
        _BUILD,
    ),
    *pages_of(
        "gcc",
        Severity.WARNING,
        {"warning": "The compiler warns without naming an option."},
        _CHECKERS,
    ),
    *pages_of(
        "ld",
        Severity.ERROR,
        {"error": "The linker refuses: a symbol that nobody defines, or one that two files define."},
        _BUILD,
    ),
    *pages_of(
        "modpost",
        Severity.ERROR,
        {"error": "modpost refuses a module: a symbol that is not exported, most often."},
        _BUILD,
    ),
    *pages_of(
        "modpost",
        Severity.WARNING,
        {"warning": "modpost warns of a module: a section mismatch, or a missing description."},
        _BUILD,
    ),
    *pages_of(
        "objtool",
        Severity.ERROR,
        {"error": "objtool, which checks the machine code of the kernel, refuses it."},
        _BUILD,
    ),
    *pages_of(
        "objtool",
        Severity.WARNING,
        {"warning": "objtool, which checks the machine code of the kernel, warns."},
        _BUILD,
    ),
    *pages_of(
        "kconfig",
        Severity.ERROR,
        {
            "unmet": "The kernel's Kconfig did not take a line of the configuration that was asked for.",
            "error": "Kconfig itself refuses a Kconfig file of the tree.",
        },
        """
        What the line would build is not tested.

        Judged: the finished configuration against each line that was asked for, and Kconfig's own output.
        The finding names the dependency that is absent.

        Mend: add what the hint says, or take the line out where the symbol has another name now.
        """,
    ),
    *pages_of(
        "kconfig",
        Severity.WARNING,
        {"warning": "Kconfig warns of a Kconfig file of the tree, or of a line of the configuration."},
        _BUILD,
    ),
    *pages_of(
        "kernel-doc",
        Severity.WARNING,
        {"warning": "A comment in kernel-doc form and the code below it do not agree."},
        _CHECKERS,
        uri="https://docs.kernel.org/doc-guide/kernel-doc.html",
    ),
    *pages_of(
        "sparse",
        Severity.ERROR,
        {"error": "sparse, which checks locks, address spaces and byte orders, cannot make sense of code."},
        _CHECKERS,
        uri="https://docs.kernel.org/dev-tools/sparse.html",
    ),
    *pages_of(
        "sparse",
        Severity.WARNING,
        {"warning": "sparse, which checks locks, address spaces and byte orders, complains of the series."},
        _CHECKERS,
        uri="https://docs.kernel.org/dev-tools/sparse.html",
    ),
)
