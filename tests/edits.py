# SPDX-License-Identifier: GPL-2.0-only
"""A document made for the purpose, and random edits of it: what is quick must find what the whole finds."""

import random

CHAPTERS = {4: ("KVM_SET_", "vm ioctl"), 7: ("KVM_CAP_VM_", "vm"), 8: ("KVM_CAP_", "")}

# What an edit puts in: fragments that are right, wrong, or right elsewhere.
SCRAPS = (
    "::", "text::", "====", "----", "a b", "* x", "- y", ":Type: z", "=== ===", ".. note::", "+--+", "..",
    ":Architectures: none", "see section 4.7 KVM_RUN", "the the word", "KVM_CAP_NOPE is `bad`", "-EINVL",
    "struct kvm_nope", "4.200 KVM_NEW", "-------------", "There are 9 flags", "TDX", "EINVAL   foo",
    ":ref:`nope`", "#define KVM_FOO 3", "  struct kvm_regs { __u64 rax; };", ".. _label:", "|sub|", "_`in`",
    ".. |sub| replace:: x", "`a`_", ".. role:: odd", ":odd:`x`", "`x`:c:func:", ":c:func:`x`", "| line",
    "7. Another chapter", "==================", "^^^^", "9.9 KVM_CAP_LAST", "1) x", "\\", "**b", "``l",
    "[1]_", ".. [1] foot", ".. kvet: off single-backtick", ".. include:: x", "\ttab",
    "``0``", ">>> x", "-a  option",
)  # fmt: skip


def document(sections: int = 12) -> str:
    """Three numbered chapters with tables, literal blocks, field lists, lists, and a few faults."""
    out = [
        "========",
        "The page",
        "========",
        "",
        "Some words, as `they` come.",
        "",
        "1. General",
        "==========",
        "",
    ]
    out += ["Text with *marks*, and a list:", "", "- one", "- two", "  lines", ""]
    for chapter, (prefix, kind) in CHAPTERS.items():
        out += [f"{chapter}. Chapter", "=" * 10, ""]
        for number in range(1, sections // 3 + 1):
            title = f"{chapter}.{number} {prefix}A{number}"
            out += [
                title,
                "-" * (len(title) + (number == 3)),
                "",
                ":Capability: KVM_CAP_A",
                ":Architectures: x86",
            ]
            out += [
                f":Type: {kind}",
                ":Parameters: struct kvm_a (in)",
                ":Returns: 0 on success, -1 on error",
                "",
            ]
            out += ["Errors:", "", "  ======  ==================", "  EINVAL  `flags` is not zero"]
            out += ["  ENOENT  there is none", "  ======  ==================", ""]
            out += [f"The call {number} takes this, see section {chapter}.{number}::", ""]
            out += [
                "  struct kvm_a {",
                "\t__u32 flags;",
                "\t__u32 pad;",
                "  };",
                "",
                "  #define KVM_A_X (1 << 0)",
                "",
            ]
            if number % 3 == 0:
                out += [
                    "Details",
                    "^^^^^^^",
                    "",
                    "term",
                    "  what it *means*",
                    "",
                    "+---+---+",
                    "| a | b |",
                    "+---+---+",
                    "",
                ]
    return "\n".join(out)


def edited(lines: tuple[str, ...], rng: random.Random) -> list[str]:
    """One to three edits of a document, near each other, as an author makes them or as chance would."""
    new = list(lines)
    at = rng.randrange(len(new))
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = max(0, min(len(new) - 1, at + rng.randrange(-6, 7)))
        column = rng.randrange(len(new[at]) + 1)
        other = rng.randrange(len(lines))
        match rng.randrange(8):
            case 0:
                del new[at : at + rng.randrange(1, 4)]
            case 1:
                new[at:at] = [rng.choice(lines) for _ in range(rng.randrange(1, 4))]
            case 2:
                new[at:at] = lines[other : other + rng.randrange(1, 40)]
            case 3:
                new[at] = new[at][:column] + rng.choice("`:|_*9 ") + new[at][column:]
            case 4:
                new[at] = new[at][:column] + new[at][column + 1 :]
            case 5:
                new[at] = rng.choice(("", "  ", "\t")) + new[at].lstrip()
            case 6:
                new[at:at] = [rng.choice(SCRAPS)]
            case _:
                new[at:at] = ["", rng.choice(SCRAPS), ""]
        if not new:
            new = [""]
    return new
