# SPDX-License-Identifier: GPL-2.0-only
"""Private memory of a case: pages that the guest finds in a guest_memfd and not in the host's memory.

Which of the two it is for a page is said by the memory attributes of the VM (KVM_SET_MEMORY_ATTRIBUTES), in
VMs of type KVM_X86_SW_PROTECTED_VM; Linux has both since 6.8. A test knows one private range at a time.
"""

from typing import Literal

from kpatch_tools.model.place import Place, place
from kpatch_tools.model.terms import Document, Pages

VmType = Literal["default", "sw-protected"]


class MakePrivate(Document, tag_field="do", tag="private", kw_only=True, frozen=True):
    """Makes pages private, whether or not a slot is there. With a guest_memfd there they read as zero."""

    pages: Pages
    at: Place = place("base")


class Convert(Document, tag_field="do", tag="convert", kw_only=True, frozen=True):
    """Makes pages private or shared after the call, and KVM's mappings change by ``pages_4k``."""

    to: Literal["private", "shared"]
    pages: Pages
    pages_4k: int
    at: Place = place("base")


class PunchHole(Document, tag_field="do", tag="punch_hole", kw_only=True, frozen=True):
    """Takes the pages out of the guest_memfd, and KVM's mappings change by ``pages_4k``."""

    pages: Pages
    pages_4k: int
    at: Place = place("base")


class GuestExit(Document, tag_field="do", tag="guest_exit", kw_only=True, frozen=True):
    """The guest reads the private page at ``at``, which ends with KVM_EXIT_MEMORY_FAULT: nothing backs it."""

    at: Place = place("base")
