# SPDX-License-Identifier: GPL-2.0-only
"""Texts of a kernel tree's files in, KernelFacts out. Nothing here reads a file."""

import re
from collections.abc import Iterable, Iterator

from kpatch_tools.model.kernelfacts import FactIoctl, FactMember, FactStruct, Handler, KernelFacts
from kpatch_tools.parse.cheader import Define, StructDecl, parse_header
from kpatch_tools.parse.ctext import without_comments
from kpatch_tools.parse.kernelfacts_code import answers
from kpatch_tools.parse.kernelfacts_paths import arch_of, is_code, is_errno, is_uapi

# KVM's largest file has 0.4 MiB; who puts more into one does not mean C.
_LARGEST = 1 << 20
_NAME = re.compile(r"\b(?:KVM|kvm)_\w+")
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
_ENUM = re.compile(r"\benum\b[^{};()]{0,99}\{([^{}]*)\}")
_ENUMERATOR = re.compile(r"(\w+)\s*(?:=\s*(.+))?", re.DOTALL)
_ERRNO = re.compile(r"^#[ \t]*define[ \t]+(E[A-Z0-9]+)\b", re.MULTILINE)
_VERSION = re.compile(r"^(VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)$", re.MULTILINE)


def parse_facts(files: Iterable[tuple[str, str]], label: str = "") -> KernelFacts | None:
    """The facts of these files, given as (path from the top of the tree, text), each once.

    None when no header of KVM's uapi is among them. ``label`` defaults to the version in the top Makefile.
    What a file says wrongly (unbalanced braces, a struct cut short) is left out and raises nothing.
    """
    reader = _Reader()
    for path, text in files:
        reader.read(path, text)
    return reader.facts(label) if reader.has_kvm else None


def fact_struct(decl: StructDecl, *, path: str = "", arch: str = "") -> FactStruct:
    """A parsed struct as a fact; an array of no length, [] or [0], is a flexible one."""
    members = (FactMember(name=one.name, type=one.type, count=_count(one.count)) for one in decl.members)
    return FactStruct(name=decl.name, members=tuple(members), path=path, line=decl.line, arch=arch)


def _count(text: str) -> str | None:
    if not text:
        return None
    return "" if text == "0" else text


def _enumerators(code: str) -> Iterator[tuple[str, str]]:
    # Each name with the text of its value, "" where it counts on from the one before.
    for body in _ENUM.findall(code):
        lines = (line for line in body.splitlines() if not line.lstrip().startswith("#"))
        for part in "\n".join(lines).split(","):
            found = _ENUMERATOR.fullmatch(part.strip())
            if found:
                yield found[1], " ".join((found[2] or "").split())


class _Reader:
    """What has been read so far."""

    def __init__(self) -> None:
        self.has_kvm = False
        self.version = ""
        self.uapi: set[str] = set()
        self.names: set[str] = set()
        self.values: dict[str, str] = {}
        self.structs: dict[str, list[FactStruct]] = {}
        self.ioctls: dict[str, FactIoctl] = {}
        self.handled: dict[str, list[Handler]] = {}
        self.checked: dict[str, list[Handler]] = {}
        self.errnos: set[str] = set()
        self.defined: dict[str, tuple[str, int]] = {}

    def read(self, path: str, text: str) -> None:
        """Take in one file."""
        if len(text) > _LARGEST:
            return
        if path == "Makefile":
            found = dict(_VERSION.findall(text))
            words = [found.get(key, "") for key in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
            self.version = f"Linux {'.'.join(words)}" if all(words) else ""
        elif is_errno(path):
            self.errnos.update(_ERRNO.findall(text))
        elif is_uapi(path):
            self._header(path, without_comments(text))
        elif is_code(path):
            code = without_comments(text)
            self.names.update(_NAME.findall(code))
            for extension, name, handler in answers(code, path):
                (self.checked if extension else self.handled).setdefault(name, []).append(handler)

    def _header(self, path: str, code: str) -> None:
        self.has_kvm = True
        header = parse_header(code)
        enumerators = dict(_enumerators(code))
        self.uapi.update(header.structs, header.defines, enumerators)
        line = 1
        last = 0
        for macro in _MACRO.finditer(code):
            line += code.count("\n", last, macro.start())
            last = macro.start()
            self.uapi.add(macro[1])
            self.defined.setdefault(macro[1], (path, line))
        for decl in header.structs.values():
            self.structs.setdefault(decl.name, []).append(fact_struct(decl, path=path, arch=arch_of(path)))
        for define in header.defines.values():
            self.values.setdefault(define.name, define.value)
            self._ioctl(define, path)
        for name, value in enumerators.items():
            if value:
                self.values.setdefault(name, value)

    def _ioctl(self, define: Define, path: str) -> None:
        request = define.request
        if request is None or request.magic != "KVMIO":
            return
        self.ioctls.setdefault(
            define.name,
            FactIoctl(
                name=define.name,
                number=request.nr,
                direction=request.dir,
                argument=request.type,
                path=path,
                line=define.line,
            ),
        )

    def facts(self, label: str) -> KernelFacts:
        """Everything, frozen."""
        return KernelFacts(
            label=label or self.version or "a tree without a version",
            uapi=frozenset(self.uapi),
            names=frozenset(self.names | self.uapi),
            values=self.values,
            structs={name: tuple(found) for name, found in self.structs.items()},
            ioctls=self.ioctls,
            handled={name: tuple(found) for name, found in self.handled.items()},
            checked={name: tuple(found) for name, found in self.checked.items()},
            errnos=frozenset(self.errnos),
            defined=self.defined,
        )
