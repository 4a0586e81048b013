# SPDX-License-Identifier: GPL-2.0-only
"""KVM's written rules about what userspace sees: documented, discoverable, the same on 32 and 64 bits."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kpatch_tools.checks.patch_rule import Hit, SeriesContext, matches
from kpatch_tools.parse.cheader import Header, StructDecl, parse_header

_DEFINE = re.compile(r"^\s*#\s*define\s+(?P<name>[A-Z][A-Z0-9_]+)\s+(?P<value>\S.*)$")
_REQUEST = re.compile(r"^_IO(?:R|W|WR)?\s*\(\s*(?P<magic>\w+)\s*,")
_STRUCT = re.compile(r"^\s*struct\s+(?P<name>\w+)\s*\{")
_SIZES = {f"__{sign}{bits}": bits // 8 for sign in "us" for bits in (8, 16, 32, 64)} | {
    "__le16": 2, "__le32": 4, "__le64": 8, "__be16": 2, "__be32": 4, "__be64": 8,
    "char": 1, "unsigned char": 1, "signed char": 1, "__aligned_u64": 8,
}  # fmt: skip
_VARYING = re.compile(r"\*|\blong\b|\bsize_t\b|\bbool\b|\bu?intptr_t\b|\btime_t\b|\bvoid\b|\bptrdiff_t\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewName:
    """A name that a series adds to the uapi; ``kind`` is ioctl, capability or exit."""

    name: str
    kind: str
    path: str
    line: int
    patch: int


def new_names(context: SeriesContext) -> tuple[NewName, ...]:
    """Ioctls, capabilities and names with a documented prefix that the series defines for the first time.

    A define that is removed elsewhere in the series' headers has only moved.
    """
    uapi = context.profile.uapi
    gone = {
        found["name"]
        for lines in context.lines.values()
        for line in lines
        if line.mark == "-" and matches(line.path, uapi.headers) and (found := _DEFINE.match(line.text))
    }
    names: dict[str, NewName] = {}
    for patch, line in context.added(*uapi.headers):
        found = _DEFINE.match(line.text)
        kind = _kind(found["name"], found["value"], context) if found else ""
        if found and kind and found["name"] not in gone:
            names.setdefault(
                found["name"],
                NewName(name=found["name"], kind=kind, path=line.path, line=line.line, patch=patch.number),
            )
    return tuple(names.values())


def _kind(name: str, value: str, context: SeriesContext) -> str:
    uapi = context.profile.uapi
    request = _REQUEST.match(value)
    if request and request["magic"] == uapi.ioctl_magic:
        return "ioctl"
    if name.startswith(uapi.capability_prefix):
        return "capability"
    return "exit" if name.startswith(uapi.documented_prefixes) else ""


def documented(context: SeriesContext) -> Iterator[Hit]:
    """A new ioctl, capability or exit reason that the API document does not name.

    What userspace may rely on is what the document says.

    Bad:  #define KVM_CAP_X 236, and no KVM_CAP_X in Documentation/virt/kvm/api.rst
    Good: a section on it in the same series

    Source: Documentation/virt/kvm/review-checklist.rst, 3.
    """
    document = context.profile.uapi.document
    text = context.files.get(document, "")
    for item in new_names(context):
        if not re.search(rf"\b{re.escape(item.name)}\b", text):
            yield Hit(
                text=f"the {item.kind} {item.name} is not in {document}",
                path=item.path,
                line=item.line,
                patch=item.patch,
            )


def discoverable(context: SeriesContext) -> Iterator[Hit]:
    """A new capability that no check_extension function answers, or a new ioctl without a capability.

    Userspace asks KVM_CHECK_EXTENSION before it uses a feature; one that cannot be asked for can only be
    tried.

    Bad:  #define KVM_CAP_X 236 and no `case KVM_CAP_X:`
    Good: `case KVM_CAP_X:` in kvm_vm_ioctl_check_extension()

    Source: Documentation/virt/kvm/review-checklist.rst, 3.
    """
    uapi = context.profile.uapi
    new = new_names(context)
    capabilities = [item for item in new if item.kind == "capability"]
    for item in capabilities:
        case = re.compile(rf"\bcase\s+{re.escape(item.name)}\s*:")
        places = [line.hunk for _patch, line in context.added("*.c") if case.search(line.text)]
        # A hunk names the function that it begins in; one that names another function proves nothing.
        if not any(uapi.discovery in hunk or "enable_cap" not in hunk for hunk in places):
            yield Hit(
                text=f"{item.name} cannot be discovered: no {uapi.discovery} function has a case for it",
                path=item.path,
                line=item.line,
                patch=item.patch,
                hint=f"answer {uapi.discovery_ioctl}",
            )
    for item in new:
        if item.kind == "ioctl" and not capabilities:
            yield Hit(
                text=f"the ioctl {item.name} comes without a capability to discover it by",
                path=item.path,
                line=item.line,
                patch=item.patch,
                hint=f"a {uapi.capability_prefix}... that {uapi.discovery_ioctl} answers",
            )


def layout(context: SeriesContext) -> Iterator[Hit]:
    """A new uapi struct with members whose size depends on the architecture, or with unnamed padding.

    A 32-bit program on a 64-bit kernel must see the same layout: members of fixed size, each aligned to its
    size, the whole a multiple of eight bytes. Structs with members that kvet cannot size are passed over.

    Bad:  struct x { __u32 a; __u64 b; unsigned long c; };
    Good: struct x { __u32 a; __u32 pad; __u64 b; __u64 c; };

    Source: Documentation/virt/kvm/review-checklist.rst, 10.
    """
    added: dict[str, dict[str, tuple[int, int]]] = {}
    for patch, line in context.added(*context.profile.uapi.headers):
        if found := _STRUCT.match(line.text):
            added.setdefault(line.path, {})[found["name"]] = (patch.number, line.line)
    for path, names in added.items():
        header = parse_header(context.files.get(path, ""))
        for name, (number, _line) in names.items():
            struct = header.structs.get(name)
            for line_number, text in _faults(struct, header) if struct else ():
                yield Hit(text=f"struct {name}: {text}", path=path, line=line_number, patch=number)


def _faults(struct: StructDecl, header: Header) -> Iterator[tuple[int, str]]:
    varying = [member for member in struct.members if _VARYING.search(member.type)]
    for member in varying:
        yield member.line, f"the size of {member.type} {member.name} depends on the architecture"
    offset = 0
    for member in struct.members:
        sized = _size(member.type, member.count, header)
        if varying or sized is None:
            return
        size, alignment = sized
        if offset % alignment:
            gap = alignment - offset % alignment
            yield member.line, f"{gap} bytes of unnamed padding before {member.name}"
            offset += gap
        offset += size
    if offset % 8:
        yield struct.line, f"its size {offset} is no multiple of 8, so it ends in padding or differs by ABI"


def _size(kind: str, count: str, header: Header) -> tuple[int, int] | None:
    """Bytes and alignment of a member; None for what is not known here."""
    size = _SIZES.get(kind)
    if size is None:
        return None
    if not count:
        return size, size
    total = size
    for text in count.split("]["):
        define = header.defines.get(text)
        number = int(text) if text.isdecimal() else define.number if define else None
        if number is None:
            return None
        total *= number
    return total, size
