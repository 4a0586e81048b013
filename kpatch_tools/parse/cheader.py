# SPDX-License-Identifier: GPL-2.0-only
"""C header text -> structs and #defines with their lines; what a compiler would compute stays with it.

tree-sitter needs no include path, keeps going after what it cannot read and sees both sides of an #ifdef,
which is what an audit of one uapi header (or of a struct shown in a document) needs.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

_REQUEST = re.compile(
    r"^_IO(?P<dir>R|W|WR)?\s*\(\s*(?P<magic>\w+)\s*,\s*(?P<nr>0[xX][0-9a-fA-F]+|\d+)\s*(?:,\s*(?P<type>[^)]+?)\s*)?\)$"
)
_NUMBER = re.compile(r"^(0[xX][0-9a-fA-F]+|\d+)[uUlL]*$")
_DIRECTIONS = {None: "none", "R": "read", "W": "write", "WR": "read-write"}
# What C has no grammar for: the mark of a user pointer, and a flexible array that may stand in a union.
_USER = re.compile(r"\b__user\b")
_FLEX = re.compile(r"\b(?:__)?DECLARE_FLEX_ARRAY\(\s*([^,()]+?)\s*,\s*(\w+)\s*\)")
_KERNEL = "__KERNEL__"
_NESTED = frozenset({"struct_specifier", "union_specifier"})
_BRANCHES = frozenset({"preproc_if", "preproc_ifdef", "preproc_elif", "preproc_elifdef", "preproc_else"})
_DEEPEST = 16
_LONGEST = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as written. ``count`` is the text between the brackets of an array, "" for a scalar.

    A flexible array has the count "0", however it is written. ``members`` are those of a nested union or
    struct, whose ``type`` is "union { __u64 a; __u8 b[4]; }" without comments and preprocessor lines.
    """

    name: str
    type: str
    count: str
    line: int
    members: tuple["Member", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StructDecl:
    """A struct with a body; nested unions and structs are one member each, with their whole text as type.

    Of #ifdef __KERNEL__ the other side counts, which user space sees, of all other conditions both sides.
    ``whole`` is False when something in the body is no C, so that a member may be lacking.
    """

    name: str
    members: tuple[Member, ...]
    line: int
    whole: bool = True


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
    structs: dict[str, StructDecl] = {}
    defines: dict[str, Define] = {}
    for one in declarations(text):
        if isinstance(one, StructDecl):
            structs.setdefault(one.name, one)
        else:
            defines.setdefault(one.name, one)
    return Header(structs=structs, defines=defines)


def declarations(text: str) -> Iterator[StructDecl | Define]:
    """All structs with a body and all object-like macros in the order of the text, doubles too."""
    text = _USER.sub(" " * len("__user"), text)
    text = _FLEX.sub(lambda found: f"{found[1]} {found[2]}[]".ljust(len(found[0])), text)
    # Most checks of a change meet no struct, and a hook should be quick.
    import tree_sitter_c  # noqa: PLC0415
    from tree_sitter import Language, Parser  # noqa: PLC0415

    tree = Parser(Language(tree_sitter_c.language())).parse(text.encode("utf-8", "replace"))
    for node in _walk(tree.root_node):
        if node.type == "struct_specifier":
            name = _field(node, "name")
            if name and node.child_by_field_name("body"):
                yield _struct(node, name)
        elif node.type == "preproc_def":
            value = _flat(_field(node, "value"))
            yield Define(name=_field(node, "name"), value=value, line=_line(node))


def _walk(root: "Node") -> "Iterator[Node]":
    """All nodes in the order of the text, without recursion: hostile text nests as deep as it likes."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def _struct(node: "Node", name: str) -> StructDecl:
    members = tuple(_body(node, 0))
    return StructDecl(name=name, members=members, line=_line(node), whole=not node.has_error)


def _body(specifier: "Node", depth: int) -> Iterator[Member]:
    body = specifier.child_by_field_name("body")
    waiting = list(reversed(body.children)) if body and depth < _DEEPEST else []
    while waiting:
        node = waiting.pop()
        if node.type == "field_declaration":
            yield from _members(node, depth)
        elif node.type in _BRANCHES:
            waiting.extend(reversed(_branch(node)))


def _branch(node: "Node") -> "list[Node]":
    # The children of a condition that user space sees; those that are no declarations are passed over.
    children = node.children
    if node.type == "preproc_ifdef" and _field(node, "name") == _KERNEL:
        other = node.child_by_field_name("alternative")
        if children[0].type == "#ifdef":
            return [other] if other else []
        return [child for child in children if child != other]
    return children


def _members(declaration: "Node", depth: int) -> Iterator[Member]:
    specifier = declaration.child_by_field_name("type")
    inside: tuple[Member, ...] = ()
    kind = _flat(_text(specifier)) if specifier else ""
    if specifier and specifier.type in _NESTED and specifier.child_by_field_name("body"):
        inside = tuple(_body(specifier, depth + 1))
        if not specifier.has_error and depth < _DEEPEST:
            word = specifier.type.removesuffix("_specifier")
            head = f"{word} {_field(specifier, 'name')}".strip()
            shown = " ".join([head, "{", *(f"{written(member)};" for member in inside), "}"])
            # Each level repeats its text for every name that it declares; hostile text has many of both.
            kind, inside = (shown, inside) if len(shown) <= _LONGEST else (kind, ())
    declarators = declaration.children_by_field_name("declarator")
    if not declarators:
        yield Member(name="", type=kind, count="", line=_line(declaration), members=inside)
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
            name=_text(inner),
            type=f"{kind} {stars}".strip(),
            count="][".join(counts),
            line=_line(inner),
            members=inside,
        )


def written(member: Member) -> str:
    """A member as C without its semicolon: "__u64 pad[5]", "void *p", "char tail[]"."""
    blank = "" if not member.name or member.type.endswith("*") else " "
    count = "" if member.count == "0" else member.count
    return f"{member.type}{blank}{member.name}{f'[{count}]' if member.count else ''}"


def _field(node: "Node", name: str) -> str:
    child = node.child_by_field_name(name)
    return _text(child) if child else ""


def _text(node: "Node") -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _flat(text: str) -> str:
    text = re.sub(r"/\*.*?\*/", " ", text.replace("\\\n", " "), flags=re.DOTALL)
    return " ".join(text.split())


def _line(node: "Node") -> int:
    return node.start_point[0] + 1
