# SPDX-License-Identifier: GPL-2.0-only
"""Which matrix: one that comes with kvet, or a file; read, checked, and its names found."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from kpatch_tools.errors import ToolkitError, UserError
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.cell import Cell
from kpatch_tools.model.matrix_file import KernelChoice, Test
from kpatch_tools.parse.matrix_file import parse_matrix
from kpatch_tools.tools.files import data_dir, read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixPlan:
    """What is to run. ``shown`` names the file in messages, ``digest`` is of its text.

    Paths in the cells are as they are to be used from here: the file's own are relative to its folder.
    """

    name: str
    title: str
    path: Path
    shown: str
    digest: str
    cells: tuple[Cell, ...]
    excluded: int


def matrix_names() -> tuple[str, ...]:
    """The matrices that come with kvet."""
    return tuple(sorted(path.stem for path in _folder().glob("*.toml")))


def load_plan(name_or_path: str, *, tree: str | None = None) -> MatrixPlan:
    """A shipped matrix by name, or one by the path of its TOML file; ``tree`` is for kernels that name none.

    Raises UserError for an unknown name, a bad matrix (every fault of it) and a contract that is none.
    """
    shipped = _folder() / f"{name_or_path}.toml"
    path = Path(name_or_path)
    if name_or_path in matrix_names():
        shown, path = f"ci/matrix/{shipped.name}", shipped
    elif path.suffix == ".toml" or path.exists():
        shown = name_or_path
    else:
        raise UserError(
            f"{name_or_path}: no matrix of that name and no file",
            cure=f"name one of {', '.join(matrix_names())}, or a TOML file",
        )
    text = read_text(path, "matrix")
    parsed = parse_matrix(text, path=shown, tree=tree)
    base = path.resolve().parent
    cells = tuple(
        replace(cell, test=_test(cell.test, base), kernel=_kernel(cell.kernel, base)) for cell in parsed.cells
    )
    _check_contracts(cells, shown)
    return MatrixPlan(
        name=path.stem,
        title=parsed.document.title,
        path=path.resolve(),
        shown=shown,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        cells=cells,
        excluded=parsed.excluded,
    )


def _folder() -> Path:
    return data_dir("ci") / "matrix"


def _test(test: Test, base: Path) -> Test:
    found = _beside(test.contract, base)
    return msgspec.structs.replace(test, name=test.label, contract=found)


def _kernel(kernel: KernelChoice, base: Path) -> KernelChoice:
    return msgspec.structs.replace(
        kernel,
        name=kernel.label,
        image=_beside(kernel.image, base),
        tree=_beside(kernel.tree, base),
        series=_beside(kernel.series, base),
        config=tuple(_beside(word, base) or word for word in kernel.config),
    )


def _beside(word: str | None, base: Path) -> str | None:
    """A word that is a path beside the matrix's file; any other stays what it is (debian:6.12, a name)."""
    found = base / word if word and not Path(word).is_absolute() else None
    return str(found) if found and found.exists() else word


def _check_contracts(cells: tuple[Cell, ...], shown: str) -> None:
    for name in dict.fromkeys(cell.test.contract for cell in cells if cell.test.contract):
        try:
            load_contract(name)
        except ToolkitError as error:
            raise UserError(f"{shown}: {error.message}", cure=error.cure) from error
