# SPDX-License-Identifier: GPL-2.0-only
"""TOML text -> the cells of a test matrix: the product of its axes, less excluded, plus included."""

import difflib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from kpatch_tools.model.cell import DEFAULT_MEMORY, Cell, Point
from kpatch_tools.model.matrix_file import (
    SCHEMA,
    Choice,
    KernelChoice,
    MatrixFile,
    Mode,
    Test,
)
from kpatch_tools.model.test import Verdict
from kpatch_tools.parse.toml import Faults, decode
from kpatch_tools.parse.toml_lines import Path

WHAT = "matrix"
MOST_CELLS = 4096
_SWITCHES = ("npt", "ept", "tdp_mmu", "nested")
_HUGE = {"huge_2m": "2M", "huge_1g": "1G"}
_MEMORY = re.compile(r"[1-9]\d{0,5}[MG]")
_AXES = ("test", "mode", "kernel")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMatrix:
    """The document with its cells in the order test, kernel, mode; ``excluded`` counts what is left out."""

    document: MatrixFile
    cells: tuple[Cell, ...]
    excluded: int


@dataclass(slots=True)
class _Axes:
    tests: tuple[Test, ...]
    points: tuple[Point, ...]
    kernels: tuple[KernelChoice, ...]
    faults: Faults
    _labels: dict[str, list[str]] = field(default_factory=dict)

    def cells(self) -> Iterator[Cell]:
        for test, kernel, point in itertools.product(self.tests, self.kernels, self.points):
            yield Cell(test=test, kernel=kernel, point=point)

    def labels(self, axis: str) -> list[str]:
        if not self._labels:
            self._labels = {
                "test": [test.label for test in self.tests],
                "mode": [point.label for point in self.points],
                "kernel": [kernel.label for kernel in self.kernels],
            }
        return self._labels[axis]


def parse_matrix(text: str, *, path: str, tree: str | None = None) -> ParsedMatrix:
    """Read a matrix; ``path`` is its name in messages, ``tree`` stands where the document names none.

    Raises one UserError with every fault of it.
    """
    document, faults = decode(text, MatrixFile, name=path, what=WHAT)
    if document.schema != SCHEMA:
        faults.add(("schema",), f"schema: {document.schema} is not known, only {SCHEMA}")
    points = _points(document, faults)
    kernels = tuple(_with_tree(kernel, document.tree or tree) for kernel in document.kernel)
    axes = _Axes(tests=document.test, points=points, kernels=kernels, faults=faults)
    _axes(document, axes, faults)
    _choices(document, axes, faults)
    faults.raise_any(WHAT)
    cells, excluded = _cells(document, axes, faults)
    faults.raise_any(WHAT)
    return ParsedMatrix(document=document, cells=cells, excluded=excluded)


def selects(choice: Choice, cell: Cell) -> bool:
    """Whether an entry of exclude, include or expect means a cell."""
    return (
        _named(choice.test, cell.test.label)
        and _named(choice.kernel, cell.kernel.label)
        and (not choice.mode or any(_is_mode(word, cell.point) for word in _listed(choice.mode)))
    )


def _listed(words: str | tuple[str, ...]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else words


def _named(words: str | tuple[str, ...], label: str) -> bool:
    return not words or any(_glob(word, label) for word in _listed(words))


def _glob(pattern: str, label: str) -> bool:
    # Only the star: brackets and question marks are parts of names.
    return fnmatchcase(label, pattern.replace("[", "[[]").replace("?", "[?]"))


def _is_mode(wanted: str, point: Point) -> bool:
    words = [word.strip() for word in wanted.split(",")]
    return all(any(_glob(word, have) for have in point.words) for word in words)


def _with_tree(kernel: KernelChoice, tree: str | None) -> KernelChoice:
    if kernel.tree or not tree:
        return kernel
    return msgspec.structs.replace(kernel, tree=tree)


def _axes(document: MatrixFile, axes: _Axes, faults: Faults) -> None:
    for index, test in enumerate(document.test):
        if (test.contract is None) == (test.selftest is None):
            faults.add(("test", index), "test: it needs either contract = or selftest =")
        if test.contract is not None and test.arguments:
            faults.add(("test", index, "arguments"), "test.arguments: the test of a contract takes none")
    for index, kernel in enumerate(document.kernel):
        if kernel.image and kernel.config:
            faults.add(("kernel", index, "config"), "kernel.config: an image is built already")
    for axis in ("test", "kernel"):
        labels = axes.labels(axis)
        if not labels:
            faults.add((axis,), f"{axis}: the matrix has none")
        for index, label in enumerate(labels):
            if label and label in labels[:index]:
                said = f'{axis}: "{label}" is there twice; give one of them another name ='
                faults.add((axis, index), said)
    if not document.mode:
        faults.add(("mode",), "mode: the list is empty; without the key there is one mode, the default")
    count = len(axes.tests) * len(axes.kernels) * len(axes.points)
    if count > MOST_CELLS:
        faults.add((), f"the axes make {count} cells, at most {MOST_CELLS} can be run")


def _points(document: MatrixFile, faults: Faults) -> tuple[Point, ...]:
    points: list[Point] = []
    for index, mode in enumerate(document.mode):
        where: Path = ("mode", index)
        for point in _expanded(mode, where, faults):
            if any(other.label == point.label for other in points):
                faults.add(where, f'mode: "{point.label}" is there twice')
            points.append(point)
            if len(points) > MOST_CELLS:
                return tuple(points)
    return tuple(points)


def _expanded(mode: Mode, where: Path, faults: Faults) -> Iterator[Point]:
    names = (*_SWITCHES, "cpus", "memory", *_HUGE)
    values: list[tuple[Any, ...]] = []
    for name in names:
        given = getattr(mode, name)
        if given == ():
            faults.add((*where, name), f"mode.{name}: the list is empty")
            return
        values.append(given if isinstance(given, tuple) else (given,))
        if name == "memory" and not all(size is None or _MEMORY.fullmatch(size) for size in values[-1]):
            faults.add((*where, name), "mode.memory: expected a size as qemu takes it, as in 768M or 2G")
            return
    for combination in itertools.product(*values):
        yield _point(dict(zip(names, combination, strict=True)), mode.parameters)


def _point(values: dict[str, Any], parameters: dict[str, str]) -> Point:
    shown = {name: _shown(value) for name, value in values.items() if value is not None}
    switches = {name: shown[name] for name in _SWITCHES if name in shown}
    rest = {name: value for name, value in shown.items() if name not in switches}
    named = {**switches, **dict(sorted(parameters.items())), **rest}
    return Point(
        label=",".join(f"{name}={value}" for name, value in named.items()) or "default",
        parameters={**switches, **parameters},
        cpus=values["cpus"] or 1,
        memory=values["memory"] or DEFAULT_MEMORY,
        huge={size: values[name] for name, size in _HUGE.items() if values[name]},
    )


def _shown(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _choices(document: MatrixFile, axes: _Axes, faults: Faults) -> None:
    """Every name that a list uses has to be there, or the list would silently do nothing."""
    for kind in ("exclude", "include", "expect"):
        entries: Sequence[Choice] = getattr(document, kind)
        for index, entry in enumerate(entries):
            if not any(getattr(entry, axis) for axis in _AXES):
                said = f"{kind}: it names no test, mode or kernel, so it would mean all cells"
                faults.add((kind, index), said)
            for axis in _AXES:
                _known(entry, (kind, index, axis), axes, faults)


def _known(entry: Choice, where: Path, axes: _Axes, faults: Faults) -> None:
    axis = str(where[-1])
    for word in _listed(getattr(entry, axis)):
        if axis == "mode":
            found = any(_is_mode(word, point) for point in axes.points)
        else:
            found = any(_glob(word, label) for label in axes.labels(axis))
        if not found:
            close = difflib.get_close_matches(word, axes.labels(axis), n=1)
            meant = f', did you mean "{close[0]}"?' if close else f"; there is {_some(axes.labels(axis))}"
            faults.add(where, f'{where[0]}.{axis}: no {axis} is called "{word}"{meant}')


def _some(labels: list[str]) -> str:
    more = f" and {len(labels) - 6} more" if len(labels) > 6 else ""
    return ", ".join(f'"{label}"' for label in labels[:6]) + more


def _cells(document: MatrixFile, axes: _Axes, faults: Faults) -> tuple[tuple[Cell, ...], int]:
    kept: list[Cell] = []
    excluded = 0
    useful: set[int] = set()
    for cell in axes.cells():
        out = any(selects(entry, cell) for entry in document.exclude)
        back = [index for index, entry in enumerate(document.include) if out and selects(entry, cell)]
        useful.update(back)
        if out and not back:
            excluded += 1
        else:
            kept.append(_expecting(cell, document, faults))
    for index in range(len(document.include)):
        if index not in useful:
            faults.add(("include", index), "include: nothing that it names is excluded")
    for index, entry in enumerate(document.expect):
        if not any(selects(entry, cell) for cell in kept):
            faults.add(("expect", index), "expect: all that it names is excluded")
    if not kept:
        faults.add((), "all cells are excluded")
    return tuple(kept), excluded


def _expecting(cell: Cell, document: MatrixFile, faults: Faults) -> Cell:
    found = [(index, entry) for index, entry in enumerate(document.expect) if selects(entry, cell)]
    if not found:
        return cell
    (first, entry), *others = found
    for index, other in others:
        if other.verdict != entry.verdict:
            before = faults.line(("expect", first))
            said = f"expect: {other.verdict} for {cell.key}, but line {before} expects {entry.verdict}"
            faults.add(("expect", index), said)
    return replace(cell, expect=Verdict(entry.verdict), because=entry.because)
