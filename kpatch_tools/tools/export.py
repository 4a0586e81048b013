# SPDX-License-Identifier: GPL-2.0-only
"""Some paths of a commit as files in a folder, from git objects: no checkout, no filter, no hook."""

from collections.abc import Sequence
from pathlib import Path

from kpatch_tools.tools.git import Repository

_FILE_MODES = ("100644", "100755")


def export(store: Repository, commit: str, paths: Sequence[str], folder: Path) -> int:
    """Write the files at or below ``paths`` (relative to the tree's top) below ``folder``; how many.

    Paths that the commit has not got are left out, and so are symbolic links and submodules: a link in a
    tree from outside may point anywhere.
    """
    listed = store.ask("ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths).stdout
    names: list[str] = []
    ids: list[str] = []
    for record in listed.decode("utf-8", "surrogateescape").split("\0"):
        head, tab, name = record.partition("\t")
        if tab and head.split(" ")[0] in _FILE_MODES and _inside(name):
            names.append(name)
            ids.append(head.split(" ")[2])
    for name, found in zip(names, store.read_objects(ids), strict=True):
        if found is not None:
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(found.data)
    return len(names)


def _inside(name: str) -> bool:
    return not name.startswith("/") and not {"..", ".", ".git", ""} & set(name.split("/"))
