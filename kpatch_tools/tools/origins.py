# SPDX-License-Identifier: GPL-2.0-only
"""Remembers which commits are a stranger's, and keeps what is built of them apart from all else.

A build runs the series' own Makefiles, and these can leave any object and any ccache entry behind. So nothing
that a series' build writes is ever read by the build of another: each series has object folders and a ccache
of its own, which begin as copies of what the user's own commits were built to and read those. A series is
told by its last commit, and so by its whole content: author and title are what anybody may put into a mail.
"""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.origin import Origin
from kpatch_tools.model.run import Command
from kpatch_tools.tools import kept, outputs, process, sandbox
from kpatch_tools.tools.files import cache_dir, locked, locked_at_once, write_atomic
from kpatch_tools.tools.git import Repository

MOST_OWNERS = 6
_FOLDER = "origins"
_DIGITS = 24
_COPY_TIMEOUT_S = 600.0


def note(store: Path, commits: Sequence[str], base: str) -> None:
    """Remember that these commits, in the kept repository ``store``, are one series'; ``base`` is not."""
    made = [commit for commit in dict.fromkeys(commits) if commit != base]
    for commit in made:
        text = json.dumps({"base": base, "owner": made[-1][:_DIGITS]})
        write_atomic(store.parent / _FOLDER / commit, text, durable=False)


def origin_of(tree: Path, commit: str) -> Origin | None:
    """Whose ``commit`` is; None for one of the user's own tree, and for all without a sandbox.

    A commit that nobody remembers and that the tree has not is a stranger's too, and an owner by itself.
    """
    if sandbox.OFF.get():
        return None
    place = kept.store_for(tree).parent / _FOLDER / commit
    try:
        return Origin(**json.loads(place.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        known = Repository.open(tree).run("cat-file", "-e", f"{commit}^{{commit}}").ok
        return None if known else Origin(base="", owner=commit[:_DIGITS])


def folder_of(origin: Origin, name: str) -> Path:
    """A folder of that owner's, made when absent; of owners that were long not seen nothing is kept."""
    owners = cache_dir("owners")
    mine = owners / origin.owner
    if not mine.is_dir():
        with locked(owners / ".lock"):
            seen = sorted(
                (one for one in owners.iterdir() if one.is_dir()), key=lambda one: one.stat().st_mtime
            )
            for old in seen[: max(0, len(seen) - MOST_OWNERS + 1)]:
                _forget(old)
    (mine / name).mkdir(parents=True, exist_ok=True)
    mine.touch()
    return mine / name


def _forget(owner: Path) -> None:
    """Remove a folder of an owner's, but for one that a build of another run holds just now."""
    busy = EnvironmentFault(f"{owner} is in use", cure="wait for the other run")
    with contextlib.suppress(EnvironmentFault, OSError), contextlib.ExitStack() as held:
        for lock in owner.glob("obj/.*.lock"):
            held.enter_context(locked_at_once(lock, busy))
        outputs.remove_tree(owner)


def copied(source: Path, target: Path) -> None:
    """Make ``target`` a copy of the object folder ``source``, with the times that make looks at.

    Raises EnvironmentFault when it cannot be made (disk full); there is none then.
    """
    argv = ("cp", "-a", "--reflink=auto", f"{source}/.", str(target))
    done = process.run(Command(argv=argv, timeout=_COPY_TIMEOUT_S))
    if not done.ok:
        with contextlib.suppress(OSError):
            outputs.remove_tree(target)
        raise EnvironmentFault(f"cannot copy {source}: {done.tail[-200:]}", cure="make room on that disk")
