# SPDX-License-Identifier: GPL-2.0-only
"""TOML text -> document type, every fault at once with its line.

msgspec stops at the first fault; somebody who mends a contract wants them all. So the text is walked along
the type first, leaf by leaf, and converted as a whole only when nothing was found.
"""

import difflib
import tomllib
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from kpatch_tools.errors import UserError
from kpatch_tools.parse.toml_lines import Path, key_lines, nearest_line

T = TypeVar("T", bound=msgspec.Struct)
DecodeHook = Callable[[type, Any], Any]
MAX_SHOWN = 40


@dataclass(slots=True)
class Faults:
    """The faults of one document, each at a path of keys; ``raise_any`` makes one error of them."""

    name: str
    lines: dict[Path, int]
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, where: Path, text: str) -> None:
        """Note a fault at a path of keys and indexes."""
        self.found.append((nearest_line(self.lines, where), text))

    def raise_any(self, what: str, *, cure: str = "") -> None:
        """Raise one UserError that lists all faults in the order of their lines, if there are any."""
        if not self.found:
            return
        shown = [f"{self.name}:{line}: {text}" for line, text in sorted(set(self.found))]
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
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{name}: no TOML: {error}") from error
    except RecursionError as error:
        raise UserError(f"{name}: no {what}: nested too deeply") from error
    faults = Faults(name=name, lines=key_lines(text))
    _walk(raw, kind, (), faults, hook)
    faults.raise_any(what)
    try:
        return msgspec.convert(raw, kind, dec_hook=hook), faults
    except msgspec.ValidationError as error:
        raise UserError(f"{name}: {error}") from error


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
        faults.add(where, f"{_name(where)}: {_lower(str(error).partition(' - at ')[0])}")


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
        known = ", ".join(f'"{item}"' for item in by_tag)
        faults.add(where, f"{_name(where)}: {tag_field} has to be one of {known}")
        return False
    return by_tag[tag]


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


def _name(where: Path) -> str:
    text = ""
    for part in where:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".") or "the document"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
