# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree whose KVM selftests are laid out as since 6.14, made of a 6.12 tree.

Debian 12 has no such kernel, so the moves are made here: folders x86_64 -> x86 (and the other architectures),
the lists of the Makefile in Makefile.kvm, statistics by a macro that takes the bare name; and, as in 2026,
the kernel's names of types. What is not emulated: later library functions that no generated test calls.
"""

import re

from kpatch_tools.flow.dialect import SELFTESTS
from kpatch_tools.tools.git import Repository

FOLDERS = {"x86_64": "x86", "aarch64": "arm64", "s390x": "s390"}
TYPES = {"vm_vaddr_t": "gva_t", "vm_paddr_t": "gpa_t"}
INTEGER = re.compile(r"\b(u?)int(8|16|32|64)_t\b")
MAKEFILE = """\
# SPDX-License-Identifier: GPL-2.0-only
top_srcdir = ../../../..
include $(top_srcdir)/scripts/subarch.include
ARCH ?= $(SUBARCH)
ifeq ($(ARCH),x86_64)
override ARCH := x86
endif
include Makefile.kvm
"""
GETTER = re.compile(
    r"static inline uint64_t vm_get_stat\(struct kvm_vm \*vm, const char \*stat_name\)\n\{.*?\n\}\n",
    re.DOTALL,
)
MACRO = """\
#define vm_get_stat(vm, stat)\t\t\t\\
({\t\t\t\t\t\t\\
\tuint64_t value;\t\t\t\t\\
\t\t\t\t\t\t\\
\t__vm_get_stat(vm, #stat, &value, 1);\t\\
\tvalue;\t\t\t\t\t\\
})
"""


def moved(path: str) -> str:
    """Where a file of the 6.12 selftests lies since 6.14."""
    parts = path.split("/")
    return "/".join(FOLDERS.get(part, part) for part in parts)


def makefile_kvm(text: str) -> str:
    """The lists and rules of the 6.12 Makefile under the names that they have since 6.14."""
    head, _, rest = text.partition("ifeq ($(ARCH),x86)\n\tARCH_DIR")
    _, _, rest = rest.partition("endif\n")
    for old, new in FOLDERS.items():
        rest = re.sub(rf"\b{old}\b(?!-)|(?<=_){old}\b", new, rest)
    head = re.sub(r"^(top_srcdir|include \$\(top_srcdir\)|ARCH ).*\n", "", head, flags=re.MULTILINE)
    return head + rest.replace("$(ARCH_DIR)", "$(ARCH)")


def kvm_util(text: str) -> str:
    """The library's header with the macro in place of the function."""
    changed, count = GETTER.subn(lambda _: MACRO, text)
    assert count == 1, "vm_get_stat is not what 6.12 has"
    return changed


def kernel_types(text: str) -> str:
    """A source with u64 for uint64_t and so on, gpa_t and gva_t for the types of addresses."""
    changed = INTEGER.sub(lambda hit: f"{'u' if hit[1] else 's'}{hit[2]}", text)
    for old, new in TYPES.items():
        changed = re.sub(rf"\b{old}\b", new, changed)
    if changed == text:
        return text
    # Behind the first line, the license: tools/include has these names in linux/types.h.
    first, _, rest = changed.partition("\n")
    return (
        f"{first}\n#include <linux/types.h>\n{rest}" if first.endswith("*/") or first[:2] == "//" else changed
    )


def later_commit(store: Repository, commit: str, *, types: bool = False) -> str:
    """A commit in ``store``: the tree of ``commit``, a 6.12 one, with its selftests laid out as later.

    ``types`` brings the names of types of 2026 too.
    """
    listing = store.ask("ls-tree", "-r", "-z", commit, "--", SELFTESTS).text
    lines = []
    for entry in filter(None, listing.split("\0")):
        meta, _, path = entry.partition("\t")
        mode, _kind, blob = meta.split()
        below = path.removeprefix(f"{SELFTESTS}/")
        lines.append(f"0 {'0' * 40}\t{path}")
        new = moved(below)
        if below == "Makefile":
            text = (store.read_blob(commit, path) or b"").decode()
            lines.append(f"100644 {_blob(store, makefile_kvm(text))}\t{SELFTESTS}/Makefile.kvm")
            blob = _blob(store, MAKEFILE)
        elif below == "include/kvm_util.h":
            text = kvm_util((store.read_blob(commit, path) or b"").decode())
            blob = _blob(store, kernel_types(text) if types else text)
        elif below.endswith((".c", ".h", ".S")):
            blob = _renamed(store, blob, types=types)
        lines.append(f"{mode} {blob}\t{SELFTESTS}/{new}")
    index = {"GIT_INDEX_FILE": str(store.git_dir / "later.index")}
    try:
        store.ask("read-tree", commit, env=index)
        store.ask("update-index", "--index-info", stdin="\n".join(lines).encode() + b"\n", env=index)
        tree = store.ask("write-tree", env=index).text.strip()
    finally:
        (store.git_dir / "later.index").unlink(missing_ok=True)
    dates = {"GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}
    names = {f"GIT_{who}_{what}": "kvet" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    message = b"KVM selftests laid out as since 6.14\n"
    return store.ask("commit-tree", tree, "-p", commit, stdin=message, env={**dates, **names}).text.strip()


def _renamed(store: Repository, blob: str, *, types: bool) -> str:
    (found,) = store.read_objects([blob])
    assert found
    text = found.data.decode()
    changed = re.sub(r'(#include ")(x86_64|aarch64|s390x)/', lambda hit: f"{hit[1]}{FOLDERS[hit[2]]}/", text)
    changed = kernel_types(changed) if types else changed
    return blob if changed == text else _blob(store, changed)


def _blob(store: Repository, text: str) -> str:
    return store.ask("hash-object", "-w", "--stdin", stdin=text.encode()).text.strip()
