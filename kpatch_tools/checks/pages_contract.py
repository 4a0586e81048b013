# SPDX-License-Identifier: GPL-2.0-only
"""The help pages of contract/*: a contract against the tree, against the compiler, against many kernels."""

from kpatch_tools.model.finding import Severity
from kpatch_tools.model.rulepage import page

_ONE_IS_WRONG = """
        One of the two is wrong, and a test that is generated from the contract would call the wrong thing.
"""

PAGES = (
    page(
        "contract/header-ioctl",
        Severity.ERROR,
        f"""
        The header does not define the ioctl, or not with the number that the contract has.
        {_ONE_IS_WRONG}
        Judged: the text of include/uapi/linux/kvm.h after the series, without a compiler.

        Bad:  _IOW(KVMIO, 0xd5, ...) where the kernel writes the struct back
        Good: _IOWR(KVMIO, 0xd5, ...)

        Mend: the number in the header, or choose the contract that goes with this version.
        """,
    ),
    page(
        "contract/header-cap",
        Severity.ERROR,
        f"""
        The header does not define the capability, or not with the number that the contract has.
        {_ONE_IS_WRONG}
        Judged: the text of include/uapi/linux/kvm.h after the series, without a compiler.

        Bad:  an ioctl without a KVM_CAP_ of its own
        Good: #define KVM_CAP_NAME 300, in the same patch

        Mend: the number in the header, or that in the contract.
        """,
    ),
    page(
        "contract/header-struct",
        Severity.ERROR,
        f"""
        The header does not declare the struct, or not with the members that the contract has.
        {_ONE_IS_WRONG}
        Judged: the text of the header. Where the compiler can be asked, contract/abi-struct is told instead.

        Bad:  a member renamed in the header, and not in the contract
        Good: the same members in the same order

        Mend: the header, or the contract's [struct].
        """,
    ),
    page(
        "contract/abi-struct",
        Severity.ERROR,
        """
        The compiler finds another size, offset or width of the struct than the contract has.

        Programs are compiled against these numbers; once released they never change.

        Judged: an assertion for each member, compiled against the exported headers of the series' last
        commit.

        Bad:  a __u32 in front of a __u64, which leaves a hole of four bytes
        Good: members that leave no hole, and padding that has a name

        Mend: the struct, or the contract where the struct is what was meant.
        """,
    ),
    page(
        "contract/abi-ioctl",
        Severity.ERROR,
        """
        The compiler computes another request number for the ioctl than the contract does.

        Direction, number and size of the struct are all in it: userspace and kernel have to agree on each.

        Judged: an assertion that is compiled against the exported headers of the series' last commit.

        Bad:  _IOW of a struct that the kernel also writes
        Good: _IOWR of it

        Mend: the macro in the header, or the contract's [ioctl].
        """,
    ),
    page(
        "contract/abi-cap",
        Severity.ERROR,
        """
        The compiler finds another number for the capability than the contract has.

        A program that asks for the wrong number gets the answer of another feature.

        Judged: an assertion that is compiled against the exported headers of the series' last commit.

        Bad:  a number that another capability has taken meanwhile
        Good: the next free one

        Mend: the number in the header, or that in the contract.
        """,
    ),
    page(
        "contract/btf-struct",
        Severity.ERROR,
        """
        The kernel that was booted has another struct than the contract.

        A header may be newer or older than the kernel that runs; its type data (BTF) is the kernel itself.

        Judged: size, offsets and widths in the BTF of the booted kernel or of its kvm module. A kernel
        without BTF is not judged.

        Bad:  a kernel of the last version of the series with the contract of this one
        Good: kernel and contract of one version

        Mend: boot the kernel that was built from the series, or mend the contract's [struct].
        """,
    ),
    page(
        "contract/document-errno",
        Severity.WARNING,
        """
        A row of the document has another errno than the contract, and no run has shown who is right.

        Judged: the row is recognised by the contract's words for the condition. With test results
        conformance/errno-differs is told instead.

        Bad:  a row "EFAULT  size is 0", and EINVAL in the contract
        Good: the same errno in both

        Mend: the row, or the contract. `kvet review` boots the kernel and decides it.
        """,
    ),
    page(
        "contract/kernels-differ",
        Severity.WARNING,
        """
        Kernels returned different things in the same case, and the contract gives no reason.

        The promise then holds for some kernels only, and a program cannot know for which.

        Judged: what the ledger remembers of each kernel and mode (`kvet contract check --ledger`). A clause
        with since or until parts kernels by their release, a known bug by its commit.

        Bad:  success on 6.1, EINVAL on 6.12, and a clause without a span
        Good: until = "6.12" in the clause, or a [[known_bug]] with fixed_by

        Mend: the contract; the finding's second place is the case there.
        """,
    ),
    page(
        "contract/unsteady",
        Severity.WARNING,
        """
        A case gave several results on the same kernel in the same mode.

        Such a case proves nothing, whichever result came last.

        Judged: the results that the ledger remembers, against all that the case allows.

        Bad:  EAGAIN in one run, success in the next, and only success is expected
        Good: otherwise = [{ errno = "EAGAIN" }] in the case, where both are right

        Mend: the race in the kernel, or the case. The finding's second place is the case in the contract.
        """,
    ),
    page(
        "contract/unprovoked",
        Severity.NOTE,
        """
        No kernel in the ledger was seen to keep this clause of the contract.

        A promise that nothing has shown is a guess.

        Judged: the clauses of all cases that passed, on every kernel that the ledger remembers.

        Bad:  a clause whose only case is skipped on each machine
        Good: a case that runs in one mode at least, or a reason in [[unprovoked]]

        Mend: run the case where it can run, or give the reason in the contract.
        """,
    ),
    page(
        "contract/ioctl-absent",
        Severity.NOTE,
        """
        A kernel does not know the ioctl at all, so that its results prove nothing.

        Without this note each of its cases would look like a wrong errno.

        Judged: every positive control of the run returned what KVM answers to an unknown ioctl. The
        results of that kernel are left out.

        Bad:  the selftest on the base, without the series
        Good: the selftest on a kernel with the series

        Mend: nothing, if that kernel was not meant to have it.
        """,
    ),
)
