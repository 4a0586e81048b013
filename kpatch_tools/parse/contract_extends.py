# SPDX-License-Identifier: GPL-2.0-only
"""A contract that extends another one: two TOML documents in, one document out.

The next version of an ioctl changes a part of what it promises. Its contract names the one before in
``extends`` and holds the changes only. An entry of the same name takes the keys that it gives from here and
the others from there; one of another name is new. ``without`` leaves entries out, and in an entry keys. What
has an order or no name is given anew as a whole: the checks, the members of the struct, what is unprovoked.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kpatch_tools.parse.toml import Faults, load
from kpatch_tools.parse.toml_lines import Path, key_lines

EXTENDS, WITHOUT = "extends", "without"
# The arrays whose entries have names, with the key that holds the name.
NAMED = {
    "error": "id",
    "effect": "id",
    "case": "name",
    "mode": "name",
    "known_bug": "id",
    "concurrency": "beside",
    "absent": "arch",
}
# The tables that are taken key by key.
TABLES = ("ioctl", "struct", "progress", "signals")
# What each contract says for itself.
OWN = ("schema", "name", "title")
Table = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A TOML document and what messages call it."""

    path: str
    text: str


def extended_by(text: str, *, path: str) -> str:
    """The name in ``extends``, "" where a contract stands by itself; a wrong one is told by parse_contract().

    Raises UserError for what is no TOML.
    """
    name = load(text, name=path, what="contract").get(EXTENDS)
    return name if isinstance(name, str) else ""


def merge(base: Text, change: Text) -> tuple[Table, Faults]:
    """The document that ``change`` makes of ``base``, and Faults that know the file and line of each key.

    The faults are those of the change itself: a name that is not there, a key that says nothing new. Raises
    UserError for what is no TOML.
    """
    old = load(base.text, name=base.path, what="contract")
    new = load(change.text, name=change.path, what="contract")
    faults = Faults(name=change.path, text=change.text)
    work = _Merge(base=base, change=change, faults=faults)
    if EXTENDS in old:
        faults.add((EXTENDS,), f"{base.path} extends another contract itself: name one that stands by itself")
    for key in OWN:
        if key not in new:
            faults.add((), f'the document: the key "{key}" is missing')
    left_out = work.left_out(old, new.pop(WITHOUT, {}), new)
    whole: Table = {}
    for key in dict.fromkeys((*old, *new)):
        if key in NAMED and _named(old.get(key, [])) and _named(new.get(key, [])):
            whole[key] = work.entries(key, old.get(key, []), new.get(key, []), left_out.get(key, frozenset()))
        elif key in TABLES and isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
            whole[key] = work.table((key,), (key,), (key,), old[key], new[key])
        elif key in new:
            if key not in OWN:
                work.says_something(new, old, key, (key,))
            whole[key] = new[key]
            work.take_new((key,), (key,))
        else:
            whole[key] = old[key]
            work.take_old((key,), (key,))
    faults.origins = work.origins
    return whole, faults


def entry_lines(text: str, array: str) -> Mapping[str, int]:
    """The line of each named entry of ``array`` in a TOML text that was read before, by name."""
    lines = key_lines(text)
    entries = tomllib.loads(text).get(array, [])
    key = NAMED[array]
    return {entry[key]: lines.get((array, at), 0) for at, entry in enumerate(entries) if key in entry}


def _named(entries: Any) -> bool:
    """An array of tables; anything else is left for the reader of the form to refuse."""
    return isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)


@dataclass(slots=True, kw_only=True)
class _Merge:
    """The work on one pair; ``origins`` says of each key of the result where it stands."""

    base: Text
    change: Text
    faults: Faults
    origins: dict[Path, tuple[str, int]] = field(default_factory=dict)
    _old: dict[Path, int] = field(default_factory=dict)
    _new: dict[Path, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._old, self._new = key_lines(self.base.text), key_lines(self.change.text)

    def take_old(self, source: Path, target: Path) -> None:
        """``target`` and all below it come from ``source`` in the base."""
        self._take(self.base.path, self._old, source, target)

    def take_new(self, source: Path, target: Path) -> None:
        """``target`` and all below it come from ``source`` in the change."""
        for path in [path for path in self.origins if path[: len(target)] == target]:
            del self.origins[path]
        self._take(self.change.path, self._new, source, target)

    def _take(self, name: str, lines: dict[Path, int], source: Path, target: Path) -> None:
        for path, line in lines.items():
            if path[: len(source)] == source:
                self.origins[(*target, *path[len(source) :])] = (name, line)

    def left_out(self, old: Table, without: Any, new: Table) -> dict[str, frozenset[str]]:
        """The entries that ``[without]`` names, by array."""
        if not isinstance(without, dict):
            self.faults.add((WITHOUT,), "without: expected a table")
            return {}
        found: dict[str, frozenset[str]] = {}
        for array, names in without.items():
            if array not in NAMED:
                known = ", ".join(NAMED)
                self.faults.add((WITHOUT, array), f'without: "{array}" is none of {known}')
                continue
            there, given = _names(array, old), _names(array, new)
            for at, name in enumerate(self._strings(names, (WITHOUT, array))):
                where = (WITHOUT, array, at)
                if name not in there:
                    self.faults.add(where, f'without: {self.base.path} has no {array} "{name}"')
                elif name in given:
                    self.faults.add(where, f'without: the {array} "{name}" is given here as well')
                else:
                    found[array] = found.get(array, frozenset()) | {name}
        return found

    def entries(
        self, array: str, old: list[Table], new: list[Table], left_out: frozenset[str]
    ) -> list[Table]:
        """The entries of the base in their order, changed or left out, and then the new ones."""
        key = NAMED[array]
        given: dict[str, int] = {}
        for at, entry in enumerate(new):
            name = str(entry.get(key, ""))
            if name in given:
                first = self.faults.line((array, given[name]))
                self.faults.add((array, at), f'{array}: "{name}" is there twice, first in line {first}')
            elif name:
                given[name] = at
        result: list[Table] = []
        for at, entry in enumerate(old):
            name = str(entry.get(key, ""))
            if name in left_out:
                continue
            target = (array, len(result))
            if name in given:
                source = (array, given[name])
                result.append(self.table((array, at), source, target, entry, new[given[name]], keep=key))
            else:
                self.take_old((array, at), target)
                result.append(entry)
        known = _names(array, {array: old})
        for at, entry in enumerate(new):
            if str(entry.get(key, "")) not in known:
                self.take_new((array, at), (array, len(result)))
                result.append(entry)
        return result

    def table(  # noqa: PLR0913 - two places, two tables and what comes of them
        self, old_at: Path, new_at: Path, target: Path, old: Table, new: Table, *, keep: str = ""
    ) -> Table:
        """``old`` with the keys of ``new``, and without those that the ``without`` of ``new`` names."""
        self.take_old(old_at, target)
        if new_at in self._new:
            self.origins[target] = (self.change.path, self._new[new_at])
        result = dict(old)
        dropped = self._strings(new.get(WITHOUT, []), (*new_at, WITHOUT))
        for at, key in enumerate(dropped):
            where = (*new_at, WITHOUT, at)
            if key not in old or key == keep:
                self.faults.add(where, f'without: there is no key "{key}" to leave out')
            elif key in new:
                self.faults.add(where, f'without: the key "{key}" is given here as well')
            else:
                del result[key]
        for key, value in new.items():
            if key in (WITHOUT, keep):
                continue
            self.says_something(new, old, key, (*new_at, key))
            result[key] = value
            self.take_new((*new_at, key), (*target, key))
        if keep and not dropped and set(new) == {keep}:
            self.faults.add(new_at, f'"{new[keep]}": it changes nothing, leave it out')
        return result

    def says_something(self, new: Table, old: Table, key: str, where: Path) -> None:
        """A key that repeats the base would stay behind when the base changes."""
        if key in old and old[key] == new[key]:
            self.faults.add(where, f"{key}: {self.base.path} says the same, leave it out here")

    def _strings(self, value: Any, where: Path) -> list[str]:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
        self.faults.add(where, "without: expected a list of names")
        return []


def _names(array: str, document: Table) -> set[str]:
    entries = document.get(array, [])
    return {str(entry.get(NAMED[array], "")) for entry in entries} - {""} if _named(entries) else set()
