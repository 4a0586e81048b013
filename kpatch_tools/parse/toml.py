# SPDX-License-Identifier: GPL-2.0-only
"""TOML text -> document type, every fault at once with its line.

msgspec stops at the first fault; somebody who mends a contract wants them all. So a text that it refuses is
walked along the type, leaf by leaf.
"""

import difflib
import json
import re
import tomllib
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

import msgspec

from kpatch_tools.errors import UserError
from kpatch_tools.parse.toml_lines import Path, key_lines, nearest_line

T = TypeVar("T", bound=msgspec.Struct)
DecodeHook = Callable[[type, Any], Any]
MAX_SHOWN = 40
MAX_QUOTED = 60
# Where a document of that kind can be seen whole.
_CURES = {
    "contract": "kvet contract schema has every key; kvet contract show kvm_map_memory shows a contract",
    "matrix": "kvet matrix --help shows one",
}
_UNIONS = (types.UnionType, typing.Union)
_TYPES = {
    "str": "a string",
    "int": "an integer",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "float": "a number",
}
_NAMED_TYPE = re.compile(r"`([a-z]+(?: \| [a-z]+)*)`")
_POSITION = re.compile(r" \(at line (\d+), column (\d+)\)$")


@dataclass(slots=True)
class Faults:
    """The faults of one document, each at a path of keys; ``raise_any`` makes one error of them.

    The lines of ``text`` are looked for when the first of them is asked for: most documents have no fault.
    A document that was made of several files brings its ``origins``: the file and line of each path.
    """

    name: str
    text: str
    found: list[tuple[str, int, str]] = field(default_factory=list)
    origins: Mapping[Path, tuple[str, int]] | None = None
    _lines: dict[Path, int] = field(default_factory=dict)

    def add(self, where: Path, text: str) -> None:
        """Note a fault at a path of keys and indexes."""
        self.found.append((*self._place(where), text))

    def line(self, where: Path) -> int:
        """The line of a path of keys, or of the nearest thing around it."""
        return self._place(where)[1]

    def _place(self, where: Path) -> tuple[str, int]:
        if self.origins is not None:
            known = (where[:end] for end in range(len(where), 0, -1) if where[:end] in self.origins)
            return self.origins[found] if (found := next(known, None)) else (self.name, 1)
        self._lines = self._lines or key_lines(self.text)
        return self.name, nearest_line(self._lines, where)

    def raise_any(self, what: str, *, cure: str = "") -> None:
        """Raise one UserError that lists all faults in the order of their lines, if there are any."""
        if not self.found:
            return
        cure = cure or _CURES.get(what, "mend each line that is named")
        shown = [f"{name}:{line}: {text}" for name, line, text in sorted(set(self.found))]
        more = [f"and {len(shown) - MAX_SHOWN} more"] if len(shown) > MAX_SHOWN else []
        if len(shown) > 1:
            head = f"{self.name}: {len(shown)} faults in this {what}"
            raise UserError("\n  ".join((head, *shown[:MAX_SHOWN], *more)), cure=cure)
        raise UserError(shown[0], cure=cure)


def decode(
    text: str, kind: type[T], *, name: str, what: str, hook: DecodeHook | None = None
) -> tuple[T, Faults]:
    """Read a document; returns it with an empty Faults for the caller's own checks, which know its lines.

    ``hook`` turns a plain value into a type that msgspec does not know and raises ValueError for a bad one.
    Raises UserError with every fault of form: bad TOML (the first only), unknown, missing and wrong keys.
    """
    raw = load(text, name=name, what=what)
    faults = Faults(name=name, text=text)
    return convert(raw, kind, faults, what=what, hook=hook), faults


def load(text: str, *, name: str, what: str) -> dict[str, Any]:
    """The tables of a TOML text; raises UserError for what is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said, line = _at_line(str(error))
        raise UserError(
            f"{name}{line}: no TOML: {said}", cure="mend that line; NAME = VALUE is the form"
        ) from error
    except RecursionError as error:
        raise UserError(f"{name}: no {what}: nested too deeply", cure="write it flatter") from error


def convert(raw: Any, kind: type[T], faults: Faults, *, what: str, hook: DecodeHook | None = None) -> T:
    """The tables as that type; raises UserError with every fault of form and what ``faults`` holds before."""
    try:
        return msgspec.convert(raw, kind, dec_hook=hook)
    except msgspec.ValidationError as error:
        _walk(raw, kind, (), faults, hook)
        faults.raise_any(what)
        raise UserError(f"{faults.name}: {error}", cure="mend the value that is named") from error


def _walk(value: Any, kind: Any, where: Path, faults: Faults, hook: DecodeHook | None) -> None:
    struct = _struct_for(value, kind, where, faults)
    if struct is False:
        return
    if struct is not None:
        _walk_struct(value, struct, where, faults, hook)
        return
    if typing.get_origin(kind) is tuple and isinstance(value, list):
        item_kind = typing.get_args(kind)[0]
        for index, item in enumerate(value):
            _walk(item, item_kind, (*where, index), faults, hook)
        return
    try:
        msgspec.convert(value, kind, dec_hook=hook)
    except msgspec.ValidationError as error:
        said = _plain(_lower(str(error).partition(" - at ")[0]))
        wanted = _described(kind)
        if wanted and isinstance(value, str | int):
            said = f"expected {wanted}; {_quoted(value)} is not"
        faults.add(where, f"{_name(where)}: {said}")


def _struct_for(value: Any, kind: Any, where: Path, faults: Faults) -> Any:
    """The Struct that a table is to become, None when the value is a leaf, False when that is not known."""
    options = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    structs = [item for item in options if isinstance(item, type) and issubclass(item, msgspec.Struct)]
    if not structs:
        return None
    if not isinstance(value, dict):
        faults.add(where, f"{_name(where)}: expected a table")
        return False
    tag_field = structs[0].__struct_config__.tag_field
    if tag_field is None:
        return structs[0]
    by_tag = {item.__struct_config__.tag: item for item in structs}
    tag = value.get(tag_field)
    if tag not in by_tag:
        faults.add(where, f"{_name(where)}: {_no_tag(tag, tag_field, [str(item) for item in by_tag])}")
        return False
    return by_tag[tag]


def _no_tag(tag: Any, tag_field: str, known: list[str]) -> str:
    close = difflib.get_close_matches(str(tag), known, n=1)
    if close:
        return f'there is no {tag_field} = {_quoted(str(tag))}, did you mean "{close[0]}"?'
    return f"{tag_field} has to be one of {', '.join(_quoted(item) for item in known)}"


def _walk_struct(
    value: dict[str, Any], kind: Any, where: Path, faults: Faults, hook: DecodeHook | None
) -> None:
    fields = {item.encode_name: item for item in msgspec.structs.fields(kind)}
    tag_field = kind.__struct_config__.tag_field
    for key, item in value.items():
        if key in fields:
            _walk(item, fields[key].type, (*where, key), faults, hook)
        elif key != tag_field:
            close = difflib.get_close_matches(key, fields, n=1)
            meant = f', did you mean "{close[0]}"?' if close else ""
            faults.add((*where, key), f'{_name(where)}: unknown key "{key}"{meant}')
    for key, wanted in fields.items():
        if key not in value and wanted.required:
            faults.add(where, f'{_name(where)}: the key "{key}" is missing')


def _described(kind: Any) -> str:
    """The words that a string may be, or the description of its form; "" where its type gives none."""
    options = typing.get_args(kind) if typing.get_origin(kind) in _UNIONS else (kind,)
    for option in options:
        known = typing.get_args(option) if typing.get_origin(option) is typing.Literal else ()
        if isinstance(option, type) and issubclass(option, Enum):
            known = tuple(item.value for item in option)
        if known:
            return " or ".join(_quoted(item) for item in known)
        for meta in getattr(option, "__metadata__", ()):
            if isinstance(meta, msgspec.Meta) and meta.description:
                return meta.description
    return ""


def _quoted(value: str | int) -> str:
    return json.dumps(value[:MAX_QUOTED], ensure_ascii=False) if isinstance(value, str) else str(value)


def _plain(said: str) -> str:
    """Msgspec's names of types in the words of TOML."""
    return _NAMED_TYPE.sub(
        lambda found: " or ".join(_TYPES.get(name, name) for name in found[1].split(" | ")), said
    )


def _at_line(said: str) -> tuple[str, str]:
    """What tomllib says without the position, and that as ":line"."""
    found = _POSITION.search(said)
    return (f"{_lower(said[: found.start()])} (column {found[2]})", f":{found[1]}") if found else (said, "")


def _name(where: Path) -> str:
    text = ""
    for part in where:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".") or "the document"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
