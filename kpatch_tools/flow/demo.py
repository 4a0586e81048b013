# SPDX-License-Identifier: GPL-2.0-only
"""`kvet demo`: a small tree and a series with faults, taken to a verdict by the same review as any other."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow.review import Reviewed, review
from kpatch_tools.flow.review_run import Options
from kpatch_tools.model.event import Sink, silent
from kpatch_tools.tools.files import data_dir
from kpatch_tools.tools.trees import commit_all

SERIES, TREE, STATE = "map-ahead", "tree", "state"
# The contract of the ioctl that the series adds.
CONTRACT = "kvm_pre_fault_memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Where the tree and the series lie, and what the review of the one on the other came to."""

    tree: Path
    series: Path
    reviewed: Reviewed
    used_again: bool


def run_demo(folder: Path, *, sink: Sink = silent) -> Demo:
    """Lay out the tree and the series in ``folder`` and review them, without a kernel.

    The tree's commit id is the same everywhere. What an earlier demo laid out is used as it is now, so that
    an edit of a patch can be tried. Raises UserError for a folder with something else in it, EnvironmentFault
    where it cannot be written.
    """
    tree, series = folder / TREE, folder / SERIES
    used_again = series.is_dir() and (tree / ".git").is_dir()
    if not used_again:
        _lay_out(folder, tree, series, sink)
    done = review(str(series), tree=str(tree), state=folder / STATE, options=Options(kernel=False), sink=sink)
    return Demo(tree=tree, series=series, reviewed=done, used_again=used_again)


def _lay_out(folder: Path, tree: Path, series: Path, sink: Sink) -> None:
    source = data_dir("patches") / "demo"
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(
                f"{folder}: there is something else already", cure="kvet demo --folder DIR, with a new DIR"
            )
        try:
            shutil.copytree(source / "tree", tree)
            commit_all(tree, "A tree of a few small files", sink, branch="main")
            # Last, as its presence says that all is there.
            shutil.copytree(source / "v1", series)
        except BaseException:
            for half in (series, tree):
                shutil.rmtree(half, ignore_errors=True)
            raise
    except OSError as error:
        raise EnvironmentFault(
            f"{folder}: {error.strerror or error}", cure="kvet demo --folder DIR, where you can write"
        ) from error
