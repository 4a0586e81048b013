# SPDX-License-Identifier: GPL-2.0-only
"""C header text -> structs and #defines with their lines; what a compiler would compute stays with it.

tree-sitter needs no include path, keeps going after what it cannot read and sees both sides of an #ifdef,
which is what an audit of one uapi header (or of a struct shown in a document) needs.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import tree_sitter_c
from tree_sitter import Language, Node, Parser

_REQUEST = re.compile(
    r"^_IO(?P<dir>R|W|WR)?\s*\(\s*(?P<magic>\w+)\s*,\s*(?P<nr>0[xX][0-9a-fA-F]+|\d+)\s*(?:,\s*(?P<type>[^)]+?)\s*)?\)$"
)
_NUMBER = re.compile(r"^(0[xX][0-9a-fA-F]+|\d+)[uUlL]*$")
_DIRECTIONS = {None: "none", "R": "read", "W": "write", "WR": "read-write"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as written. ``count`` is the text between the brackets of an array, "" for a scalar."""

    name: str
    type: str
    count: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StructDecl:
    """A struct with a body; nested unions and structs are one member each, with their whole text as type."""

    name: str
    members: tuple[Member, ...]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Define:
    """An object-like macro: its value as one line of text."""

    name: str
    value: str
    line: int

    @property
    def number(self) -> int | None:
        """The value where it is a plain number."""
        found = _NUMBER.match(self.value)
        return int(found[1], 0) if found else None

    @property
    def request(self) -> "Request | None":
        """The value where it is an ioctl number."""
        found = _REQUEST.match(self.value)
        if not found:
            return None
        kind = " ".join((found["type"] or "").split())
        return Request(magic=found["magic"], nr=int(found["nr"], 0), dir=_DIRECTIONS[found["dir"]], type=kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The parts of _IOWR(magic, nr, type); ``dir`` is none, read, write or read-write."""

    magic: str
    nr: int
    dir: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a header declares, by name; of two with the same name the first counts."""

    structs: Mapping[str, StructDecl] = field(default_factory=dict)
    defines: Mapping[str, Define] = field(default_factory=dict)


def parse_header(text: str) -> Header:
    """Read a header, or the text of a struct; never raises, what it cannot read it leaves out."""
    raw = text.encode("utf-8", "replace")
    tree = Parser(Language(tree_sitter_c.language())).parse(raw)
    structs: dict[str, StructDecl] = {}
    defines: dict[str, Define] = {}
    for node in _walk(tree.root_node):
        name = _field(node, "name")
        if node.type == "struct_specifier" and name and node.child_by_field_name("body"):
            structs.setdefault(name, _struct(node, name))
        elif node.type == "preproc_def":
            define = Define(name=name, value=_flat(_field(node, "value")), line=_line(node))
            defines.setdefault(name, define)
    return Header(structs=structs, defines=defines)


def _walk(root: Node) -> Iterator[Node]:
    """All nodes in the order of the text, without recursion: hostile text nests as deep as it likes."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def _struct(node: Node, name: str) -> StructDecl:
    body = node.child_by_field_name("body")
    members: list[Member] = []
    for declaration in body.children if body else ():
        if declaration.type == "field_declaration":
            members.extend(_members(declaration))
    return StructDecl(name=name, members=tuple(members), line=_line(node))


def _members(declaration: Node) -> Iterator[Member]:
    kind = _flat(_field(declaration, "type"))
    declarators = declaration.children_by_field_name("declarator")
    if not declarators:
        yield Member(name="", type=kind, count="", line=_line(declaration))
    for declarator in declarators:
        counts: list[str] = []
        stars, inner = "", declarator
        while inner.type in {"array_declarator", "pointer_declarator"}:
            if inner.type == "array_declarator":
                counts.insert(0, _flat(_field(inner, "size")) or "0")
            else:
                stars += "*"
            below = inner.child_by_field_name("declarator")
            if below is None:
                break
            inner = below
        yield Member(
            name=_text(inner), type=f"{kind} {stars}".strip(), count="][".join(counts), line=_line(inner)
        )


def _field(node: Node, name: str) -> str:
    child = node.child_by_field_name(name)
    return _text(child) if child else ""


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _flat(text: str) -> str:
    text = re.sub(r"/\*.*?\*/", " ", text.replace("\\\n", " "), flags=re.DOTALL)
    return " ".join(text.split())


def _line(node: Node) -> int:
    return node.start_point[0] + 1
