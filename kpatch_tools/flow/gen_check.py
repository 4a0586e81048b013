# SPDX-License-Identifier: GPL-2.0-only
"""Generated files against the copies that somebody has committed."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import UserError
from kpatch_tools.flow.dialect import SELFTESTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A file that is not what would be generated; ``diff`` are the lines of a unified diff to what would be.

    ``missing`` says that there is no such file; then there is no diff.
    """

    path: Path
    missing: bool
    diff: tuple[str, ...] = ()


def stale(files: Mapping[str, str], place: Path) -> tuple[Stale, ...]:
    """What of ``files`` (path below tools/testing/selftests/kvm -> text) is not current at ``place``.

    ``place`` is the one file, or a folder with the files below it: the top of a kernel tree, its
    selftests/kvm, or any folder that holds them by path or by name. Raises UserError when one file is given
    for several, or nothing is there.
    """
    if place.is_file():
        if len(files) > 1:
            raise UserError(
                f"{place}: {len(files)} files are generated, name their folder", cure="--check FOLDER"
            )
        return tuple(_compared(text, place) for text in files.values() if _read(place) != text)
    if not place.is_dir():
        raise UserError(f"{place}: no such file or folder", cure="kvet gen CONTRACT --out FOLDER writes it")
    found = ((_below(place, name), text) for name, text in files.items())
    return tuple(_compared(text, path) for path, text in found if _read(path) != text)


def is_tree(place: Path) -> bool:
    """Whether that is the top of a kernel tree with KVM selftests."""
    return (place / SELFTESTS).is_dir()


def _below(folder: Path, name: str) -> Path:
    """Where a file is, or where it should be."""
    if is_tree(folder):
        return folder / SELFTESTS / name
    by_name = folder / Path(name).name
    return by_name if by_name.is_file() else folder / name


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None


def _compared(text: str, path: Path) -> Stale:
    current = _read(path)
    if current is None:
        return Stale(path=path, missing=True)
    return Stale(path=path, missing=False, diff=tuple(_diff(current, text, path)))


def _diff(current: str, text: str, path: Path) -> Iterator[str]:
    old, new = current.split("\n"), text.split("\n")
    if old[-1:] == [""] and new[-1:] == [""]:
        old, new = old[:-1], new[:-1]
    yield from difflib.unified_diff(old, new, str(path), f"{path} (generated)", lineterm="")
