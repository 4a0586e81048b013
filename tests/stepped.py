# SPDX-License-Identifier: GPL-2.0-only
"""A series made step by step in a tree, as git writes it, and applied as kvet does."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kpatch_tools.flow.apply import apply_series
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.series import Applied, Series
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for


def stepped(
    git: Callable[..., str],
    tree: Path,
    steps: Sequence[Mapping[str, str]],
    mbox: Path,
    subjects: Sequence[str] = (),
) -> tuple[Series, Applied, Repository]:
    """A patch for each of ``steps`` ({path: text}), and the store that they are applied in.

    ``mbox`` receives them; the tree itself is left at its base.
    """
    base = git(tree, "rev-parse", "HEAD")
    for number, step in enumerate(steps, 1):
        for path, text in step.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
        git(tree, "add", "-A")
        git(tree, "commit", "-qm", subjects[number - 1] if subjects else f"KVM: step {number}")
    mbox.write_text(git(tree, "format-patch", "--stdout", "-n", base) + "\n")
    git(tree, "reset", "-q", "--hard", base)
    series, store = load_series(str(mbox)), store_for(tree)
    applied = apply_series(series, tree=tree, objects=store)
    assert applied.state.good, applied.reason
    return series, applied, Repository.open(store)
