# SPDX-License-Identifier: GPL-2.0-only
"""What a test case saw a call do, in words for somebody who has not read the test."""

from collections.abc import Iterator, Mapping

# Sizes and addresses: pages are seen in hexadecimal, and so is what went below zero.
_BYTES = frozenset({"advanced", "left"})
# 64 bits in decimal; Python itself reads no more than some thousand digits.
_LONGEST_NUMBER = 20
_HUGE = {"pages_2m": "2 MiB", "pages_1g": "1 GiB"}


def number(key: str, value: str) -> str:
    """One observed value as a reader takes it: bytes in hexadecimal, anything else as it is."""
    short = len(value) <= _LONGEST_NUMBER and value.isascii() and value.isdecimal()
    return f"{int(value):#x}" if key in _BYTES and short else value


def words(values: Mapping[str, str]) -> str:
    """The values of an ``observed`` line as a clause: "returned EINVAL after 0x8000 bytes, 0x8000 left".

    What tells nothing is left out: zeros, what was left of a range where nothing was done, counts that the
    result implies. "" where nothing else was seen.
    """
    return "; ".join(filter(None, (_call(values), *_effects(values))))


def _call(values: Mapping[str, str]) -> str:
    """What the call returned, how far it came, and what it left; "" where none was made."""
    if values.get("call") == "none" or not {"ret", "errno"} & values.keys():
        return ""
    result = values.get("errno", "0") if values.get("ret") != "0" else "0"
    if not _some(values, "advanced"):
        return f"returned {result}"
    left = f", size left: {number('left', values['left'])}" if _some(values, "left") else ""
    return f"returned {result} after {number('advanced', values['advanced'])} bytes{left}"


def _effects(values: Mapping[str, str]) -> Iterator[str]:
    again = values.get("again", "")
    if again:
        yield f"called again, it returned {again}"
    huge = [_count(values[key], f"page of {size}", f"pages of {size}") for key, size in _HUGE.items()
            if _some(values, key)]  # fmt: skip
    if _some(values, "pages_4k") and not _some(values, "advanced"):
        huge = [_count(values["pages_4k"], "page of 4 KiB", "pages of 4 KiB"), *huge]
    if huge:
        yield f"mapped: {', '.join(huge)}"
    if _some(values, "spte"):
        yield f"{_count(values['spte'], 'page table entry was', 'page table entries were')} written"
    if "taken" in values and values["taken"] != "0":
        faults = _count(values["taken"], "page fault", "page faults")
        yield f"the guest then still took {faults} in the range"
    if _some(values, "sigbus"):
        yield "SIGBUS was sent"
    if _some(values, "looped"):
        yield "only a signal ended the call"
    asked = [(values[key], where) for key, where in (("cap_dev", "/dev/kvm"), ("cap_vm", "the VM"))
             if key in values]  # fmt: skip
    if asked:
        yield f"KVM_CHECK_EXTENSION returned {' and '.join(f'{value} on {where}' for value, where in asked)}"


def _some(values: Mapping[str, str], key: str) -> bool:
    return values.get(key, "0") != "0"


def _count(value: str, one: str, many: str) -> str:
    return f"{value} {one if value == '1' else many}"
