# SPDX-License-Identifier: GPL-2.0-only
"""Which files of a kernel tree say something about KVM's interface, and for which architecture."""

import re

# Folders to list; what lies in them and counts is decided by concerns().
ROOTS = ("Makefile", "include/uapi/linux", "include/uapi/asm-generic", "include/linux", "arch", "virt/kvm")
# The same for a listing that takes patterns (git's pathspecs, and Path.glob with ** for what is below).
PATTERNS = (
    "Makefile",
    "include/uapi/linux/kvm*.h",
    "include/uapi/asm-generic/errno*.h",
    "include/linux/kvm*.h",
    "arch/*/include/uapi/asm/kvm*.h",
    "arch/*/include/asm/kvm*.h",
    "arch/*/kvm/*",
    "virt/kvm/*",
)
_UAPI = re.compile(r"(?:include/uapi/linux|arch/[^/]+/include/uapi/asm)/kvm[^/]*\.h")
_ERRNO = re.compile(r"include/uapi/asm-generic/errno[^/]*\.h")
_CODE = re.compile(
    r"(?:arch/[^/]+/kvm|virt/kvm)/.+\.[chS]|include/linux/kvm[^/]*\.h|arch/[^/]+/include/asm/kvm[^/]*\.h"
)
_ARCH = re.compile(r"arch/([^/]+)/")


def is_uapi(path: str) -> bool:
    """Whether this is a KVM header that user space includes."""
    return bool(_UAPI.fullmatch(path))


def is_errno(path: str) -> bool:
    """Whether this header numbers errnos."""
    return bool(_ERRNO.fullmatch(path))


def is_code(path: str) -> bool:
    """Whether this is KVM's own source or header."""
    return bool(_CODE.fullmatch(path))


def concerns(path: str) -> bool:
    """Whether the facts depend on this file; ``path`` is relative to the top of the tree."""
    return path == "Makefile" or is_uapi(path) or is_errno(path) or is_code(path)


def arch_of(path: str) -> str:
    """The architecture's folder name, "" for what all share."""
    found = _ARCH.match(path)
    return found[1] if found else ""
