# SPDX-License-Identifier: GPL-2.0-only
"""Where KVM's code takes an ioctl or answers for a capability: the ``case`` labels of certain functions."""

import re
from collections.abc import Iterator

from kpatch_tools.model.kernelfacts import Handler, Level
from kpatch_tools.parse.kernelfacts_paths import arch_of

_NAME = re.compile(r"\b(\w{1,99})\s{0,9}\(")
_LONGEST_HEAD = 1000
_CASE = re.compile(r"\bcase\s+(KVM_\w+)\s*:|\b(?:ioctl|cmd|ioctl_num)\s*==\s*(KVM_\w+)")
# By the first that occurs: kvm_device_ioctl_attr is a device's, kvm_vm_ioctl_create_vcpu a VM's.
_LEVEL = re.compile(r"(?<![a-z])(?:(?P<dev>dev)|(?P<device>device)|(?P<vcpu>vcpu)|(?P<vm>vm))(?=_)")
_LEVELS = {"dev": Level.SYSTEM, "device": Level.DEVICE, "vcpu": Level.VCPU, "vm": Level.VM}


def level_of(function: str) -> Level | None:
    """The level that a handler's name gives away; None for one that serves a file of its own."""
    found = _LEVEL.search(function.partition("ioctl")[0])
    return _LEVELS[found.lastgroup or ""] if found else None


def answers(text: str, path: str) -> Iterator[tuple[bool, str, Handler]]:
    """Every label in a function that takes ioctls or answers KVM_CHECK_EXTENSION, without comments in text.

    Gives whether it answers for an extension, the name, and where. Virtual machines are what /dev/kvm's
    callers ask through as well, so an answer of check_extension counts as a VM's.
    """
    if "ioctl" not in text and "check_extension" not in text:
        return
    line, last = 1, 0
    for name, start, end in _functions(text):
        extension = "check_extension" in name
        level = Level.VM if extension else level_of(name)
        if level is None:
            continue
        for label in _CASE.finditer(text, start, end):
            line += text.count("\n", last, label.start())
            last = label.start()
            handler = Handler(arch=arch_of(path), level=level, path=path, line=line)
            yield extension, label[1] or label[2], handler


def _functions(text: str) -> Iterator[tuple[str, int, int]]:
    """Name, start and end of the body of each function that takes ioctls or answers for extensions.

    A body begins with a brace at the start of a line and ends with the next one there: so says the coding
    style. Each character is looked at a bounded number of times, whatever the text is.
    """
    start = text.find("\n{")
    while start >= 0:
        end = text.find("\n}", start)
        if end < 0:
            return
        head = text[max(0, start - _LONGEST_HEAD) : start]
        head = head[max(head.rfind(mark) for mark in ";{}") + 1 :]
        name = next((name for name in _NAME.findall(head) if _is_meant(name)), "")
        if name:
            yield name, start, end
        start = text.find("\n{", end)


def _is_meant(name: str) -> bool:
    return "ioctl" in name or "check_extension" in name
