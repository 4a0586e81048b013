# SPDX-License-Identifier: GPL-2.0-only
"""The table of kernel mutants: TOML text -> Table, held against the patch that makes them."""

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from kpatch_tools.errors import UserError
from kpatch_tools.flow.test import parse_mode
from kpatch_tools.parse.toml import decode
from kpatch_tools.tools.files import read_text

HERE = Path(__file__).resolve().parent
DEFAULT = HERE / "map_memory-v2.toml"

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=40)]
Sentence = Annotated[str, msgspec.Meta(pattern=r"^[ -~]+$", min_length=1, max_length=200)]

_ENUMERATOR = re.compile(r"^\+\tKVM_MUTANT_([A-Z0-9_]+) = (\d+),$", re.MULTILINE)
_USE = re.compile(r"^\+(?!#define).*", re.MULTILINE)
_USED = re.compile(r"\bkvm_mutant\(([A-Z0-9_]+)\)")


class Mutant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One fault. ``mode`` holds the KVM parameters that it shows under, ``needs`` what it takes to see it."""

    number: Annotated[int, msgspec.Meta(ge=1, le=999)]
    name: Name
    breaks: Sentence
    mode: str = ""
    needs: Sentence = ""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All faults that one patch puts on top of one series, and what they are tried on.

    ``patch`` lies beside the table, ``own_test`` is the tree's own test below the KVM selftests, and
    ``parameter`` the module parameter that takes a number (0: no fault).
    """

    schema: Literal[1]
    contract: Name
    series: str
    patch: str
    tree: str
    own_test: str
    parameter: str
    mutant: tuple[Mutant, ...]

    def chosen(self, words: tuple[str, ...]) -> tuple[Mutant, ...]:
        """The mutants whose number or name is among ``words``, all without any; UserError for another."""
        known = {word: one for one in self.mutant for word in (str(one.number), one.name)}
        unknown = [word for word in words if word not in known]
        if unknown:
            raise UserError(f"no mutant {', '.join(unknown)}", cure="bench/mutants --list")
        wanted = {known[word].number for word in words}
        return tuple(one for one in self.mutant if not words or one.number in wanted)


def read_table(text: str, patch: str, *, path: str) -> Table:
    """Read a table and hold it against the text of its patch.

    Raises UserError with every fault: numbers that are not 1, 2, 3 and so on, a name used twice, a mode that
    is none, a mutant that the patch lacks or never uses, and one of the patch that the table lacks.
    """
    table, faults = decode(text, Table, name=path, what="table of mutants")
    numbers = {name.lower(): int(number) for name, number in _ENUMERATOR.findall(patch) if name != "NONE"}
    used = {name.lower() for line in _USE.findall(patch) for name in _USED.findall(line)}
    seen: set[str] = set()
    for index, one in enumerate(table.mutant):
        where = ("mutant", index)
        if one.number != index + 1:
            faults.add((*where, "number"), f"mutant {one.name}: the number has to be {index + 1}")
        if one.name in seen:
            faults.add((*where, "name"), f"mutant {one.name}: the name is used twice")
        seen.add(one.name)
        try:
            parse_mode(one.mode)
        except UserError as error:
            faults.add((*where, "mode"), f"mutant {one.name}: {error.message}")
        if numbers.get(one.name) != one.number:
            shown = numbers.get(one.name, "no number")
            faults.add(where, f"mutant {one.name}: {table.patch} gives it {shown}, the table {one.number}")
        elif one.name not in used:
            faults.add(where, f"mutant {one.name}: {table.patch} never asks for it")
    for name in sorted((numbers.keys() | used) - seen):
        faults.add(("mutant",), f"{table.patch} has a mutant {name} that is not in the table")
    faults.raise_any("table of mutants")
    return table


def load_table(path: Path = DEFAULT) -> Table:
    """Read the table at ``path`` and the patch that it names, which lies beside it."""
    text = read_text(path, "table of mutants")
    name = re.search(r'^patch = "([^"/]+)"$', text, re.MULTILINE)
    patch = read_text(path.parent / name[1], "patch of the mutants") if name else ""
    return read_table(text, patch, path=path.name)
