# SPDX-License-Identifier: GPL-2.0-only
"""C that asks a compiler for the numbers of a contract: assertions first, values where one fails.

Both go to the compiler only; neither is linked or run.
"""

from collections.abc import Sequence

from kpatch_tools.model.abi import Assertion

# What the second program writes into the assembler text, where nobody assembles it.
MARK = "kvet-value"
_INCLUDES = ("linux/types.h", "linux/ioctl.h", "linux/kvm.h")


def assertion_source(items: Sequence[Assertion]) -> tuple[str, int]:
    """The program of static assertions, and the line of the first; each has a line of its own."""
    # A header that ends inside of a declaration is found out here, and not by the assertions.
    head = [*(f"#include <{name}>" for name in _INCLUDES), "typedef int kvet_headers_end_here;"]
    body = [f'_Static_assert(({item.expression}) == {item.wanted}ULL, "{item.subject}");' for item in items]
    return "\n".join((*head, *body, "")), len(head) + 1


def value_source(items: Sequence[Assertion]) -> str:
    """The program whose assembler text holds a line "MARK index high middle low" for each expression.

    The value comes in pieces of 24 bits, since an operand of an asm statement has room for 31.
    """
    head = [f"#include <{name}>" for name in _INCLUDES]
    body = [
        f'\t__asm__ volatile("\\n{MARK} {index} %c0 %c1 %c2\\n" : : {", ".join(_pieces(item))});'
        for index, item in enumerate(items)
    ]
    return "\n".join((*head, "void kvet(void);", "void kvet(void)", "{", *body, "}", ""))


def _pieces(item: Assertion) -> tuple[str, ...]:
    value = f"(unsigned long)({item.expression})"
    return tuple(f'"i" ({value} >> {shift} & 0xffffff)' for shift in (48, 24, 0))
