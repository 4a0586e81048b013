# SPDX-License-Identifier: GPL-2.0-only
"""What a selftest is generated for: a folder as it lies there, or a commit with a series applied to it."""

from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import UserError
from kpatch_tools.flow.dialect import Reader, tree_reader
from kpatch_tools.flow.generate import tree_folder
from kpatch_tools.flow.prepare import prepare
from kpatch_tools.model.event import Sink, silent
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """``read`` gives files by their path below the top of ``tree``; ``name`` is what messages call it.

    ``commit`` is the full id of what was applied, "" where the work tree itself is read.
    """

    tree: Path
    name: str
    read: Reader
    commit: str = ""


def find_source(tree: str | None, series: str | None = None, *, sink: Sink = silent) -> Source:
    """The work tree that ``--tree`` means, or its HEAD with ``series`` on top, in kvet's own store.

    Raises UserError for a tree or a series that cannot be read, and for a series that does not apply.
    """
    if series is None:
        folder = tree_folder(tree, sink)
        return Source(tree=folder, name=str(folder), read=tree_reader(folder))
    prepared = prepare(tree, series, onto="HEAD", sink=sink)
    if not prepared.commit:
        reason = prepared.apply.reason if prepared.apply else "it holds no patch"
        raise UserError(
            f"{series}: {reason} (onto HEAD of {prepared.tree})",
            cure=f"kvet apply {series} --tree {prepared.tree} --check shows where",
        )
    store = Repository.open(store_for(prepared.tree))
    return Source(
        tree=prepared.tree,
        name=f"{prepared.tree} with {series}",
        read=lambda path: store.read_blob(prepared.commit, path),
        commit=prepared.commit,
    )
