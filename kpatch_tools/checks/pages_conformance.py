# SPDX-License-Identifier: GPL-2.0-only
"""The help pages of conformance/*: contract, document and running kernel against each other."""

from kpatch_tools.model.finding import Severity
from kpatch_tools.model.rulepage import page

_FIELD = """
    Userspace reads the field to learn how to call the ioctl.

    Judged: the field's words against the contract. No kernel has to run for that.
"""

PAGES = (
    page(
        "conformance/errno-differs",
        Severity.ERROR,
        """
        The document promises one errno for a condition, and the kernel returned another one.

        Programs choose what to do next by the errno: to try again, to give up, to take another way. One who
        trusts the document takes the wrong way.

        Judged: a generated selftest brings about the condition on the booted kernel, with a positive control
        beside it. The row of the section is recognised by the contract's words for the condition. It is a
        warning where another row of the section already names the errno that was seen.

        Bad:  a row "EFAULT  size is 0", and the call with size 0 returns EINVAL
        Good: a row "EINVAL  size is 0"

        Mend: change the row, or the code where the document says what was meant.
        """,
    ),
    page(
        "conformance/undocumented",
        Severity.WARNING,
        """
        The kernel returned an errno that no row of the section has.

        A program that handles every documented errno still meets this one.

        Judged: the errnos that the selftest saw against the rows. What every vCPU ioctl can return needs no
        row.

        Bad:  the call returns EINTR when a signal is pending, and "Errors:" has EINVAL only
        Good: a row "EINTR  A signal is pending."

        Mend: add the row that the hint shows, or do not return that errno.
        """,
    ),
    page(
        "conformance/incomplete-row",
        Severity.NOTE,
        """
        A row lists some conditions of its errno and leaves out one that was seen.

        A list reads as if it were whole. A row in general words leaves nothing out.

        Judged: the conditions that the selftest brought about against those that the row's words name.

        Bad:  "EFAULT  the struct cannot be read", and unreadable guest memory gives EFAULT as well
        Good: "EFAULT  the struct, or the memory behind the range, cannot be accessed"

        Mend: name the condition in the row, or say it in general words.
        """,
    ),
    page(
        "conformance/unprovoked",
        Severity.NOTE,
        """
        No test case made the kernel return this documented errno, so the row is neither proven nor wrong.

        Not proven is never passed: the reader should know which rows nobody has tried.

        Judged: the errnos of the rows against all that were seen. The message says why: the case was
        skipped, or the condition needs what this machine does not have.

        Bad:  a row "ENOMEM" that no case provokes
        Good: a case that provokes it, or a reason in the contract's [[unprovoked]] table

        Mend: nothing in the series. Run it where the condition can be brought about.
        """,
    ),
    page(
        "conformance/table",
        Severity.NOTE,
        """
        A whole table of errnos to paste, where findings are about the rows of the section.

        It takes less time to replace a table than to mend it row by row.

        Judged: not at all. It is the contract's conditions in the form of api.rst. The finding lists what no
        kernel has been seen to do.

        Bad:  three rows that are wrong, and one that is missing
        Good: the table of the hint

        Mend: paste the table, and strike what your code does not do.
        """,
    ),
    page(
        "conformance/no-section",
        Severity.ERROR,
        """
        No section of the document describes the ioctl.

        Nobody can use an interface that is not written down, and nothing can be held against it.

        Judged: the titles of the document after the series against the ioctl's name.

        Bad:  a patch that adds the ioctl to include/uapi/linux/kvm.h alone
        Good: the same patch with "4.N KVM_NAME" in Documentation/virt/kvm/api.rst

        Mend: add a section with that title, its fields, struct and errnos.
        """,
    ),
    page(
        "conformance/architectures",
        Severity.WARNING,
        """
        The field :Architectures: does not name an architecture on which the call works.

        Userspace of that architecture reads that it need not try.

        Judged: a call that succeeded in the booted kernel proves its architecture; without a run the
        contract's own list is used, and the message says so. What other rules say of the same field is told
        here as evidence.

        Bad:  :Architectures: none, although x86 handles the call
        Good: :Architectures: x86

        Mend: name the architecture in the field, and drop what contradicts it in the text.
        """,
    ),
    page(
        "conformance/capability",
        Severity.WARNING,
        f"""
        The field :Capability: names another capability than the one that announces the ioctl.
        {_FIELD}
        Bad:  :Capability: KVM_CAP_OTHER
        Good: :Capability: KVM_CAP_NAME, which KVM_CHECK_EXTENSION answers for this ioctl

        Mend: write the capability that the hint has.
        """,
    ),
    page(
        "conformance/type",
        Severity.WARNING,
        f"""
        The field :Type: names another file descriptor than the one that takes the ioctl.
        {_FIELD}
        Bad:  :Type: vm ioctl, and the vCPU's descriptor handles it
        Good: :Type: vcpu ioctl

        Mend: write the type that the hint has.
        """,
    ),
    page(
        "conformance/parameters",
        Severity.WARNING,
        f"""
        The field :Parameters: names another struct than the one that the ioctl takes.
        {_FIELD}
        Bad:  :Parameters: struct kvm_old_name (in/out)
        Good: :Parameters: struct kvm_name (in/out)

        Mend: write the struct that the hint has.
        """,
    ),
    page(
        "conformance/struct",
        Severity.ERROR,
        """
        The struct that the document shows is not the one that the ioctl takes.

        Who copies it from there passes other bytes than the kernel reads.

        Judged: the members in the section's code block against those of the contract: names, types, order.

        Bad:  __u32 flags; where the header has __u64 flags;
        Good: the struct as include/uapi/linux/kvm.h has it

        Mend: paste the struct of the hint.
        """,
    ),
    page(
        "conformance/behaviour",
        Severity.ERROR,
        """
        A test case of the contract failed, crashed or hung on the booted kernel.

        The kernel does not do what the ioctl promises, whatever the document says about it.

        Judged: the case's own observations: return value, errno, the struct that comes back, mappings that
        KVM counts, faults of a guest. The finding names clause, kernel and mode; the contract's line has the
        whole case.

        Bad:  a call that returns 0 and leaves half of the range unmapped
        Good: a call that reports in the struct how much it has done

        Mend: the code. If the kernel is right, the contract's clause is wrong: mend that.
        """,
    ),
    page(
        "conformance/known-bug",
        Severity.ERROR,
        """
        A test case shows a bug of the kernel that the contract knows by its symptom.

        It is no pass of the kernel and no fault of the test. Users of that kernel meet it.

        Judged: the whole symptom has to be seen, in a case that the bug names; anything less is told as
        conformance/behaviour. It is a warning where a commit is known that mends the bug, and the finding
        names it, and an error where nobody has mended it.

        Bad:  a call that never ends on a range inside a huge page
        Good: the same call on a kernel that has the commit

        Mend: the code, or take the commit that the hint names into the base.
        """,
    ),
)
