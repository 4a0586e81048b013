# SPDX-License-Identifier: GPL-2.0-only
"""What is kept between runs for one kernel tree: a repository of our own, and one checkout to build in.

The repository borrows the objects of the user's (objects/info/alternates) and holds the applied commits, so
the user's repository never grows. The checkout is made once (half a minute to a minute for a kernel) and
then moved: git writes only files that differ, the others keep their times, and kbuild stays incremental.
All of it may be deleted at any time while no run is using it.
"""

import contextlib
import hashlib
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.tools import outputs
from kpatch_tools.tools.files import cache_dir, locked, write_atomic
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.gitrun import PLUMBING_TIMEOUT_S

STAGE = "checkout"
BATCH = 4000
MAX_PACKS = 50
ORPHAN_S = 300.0
POLL_S = 0.2


def work_dir(tree: Path) -> Path:
    """The cache folder for everything that belongs to one git tree.

    All worktrees of a repository share it: the key is made of the real path of the common git directory.
    """
    return _folder_of(Repository.open(tree))


def _folder_of(user: Repository) -> Path:
    common = user.common_dir.resolve()
    key = hashlib.sha256(str(common).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return cache_dir("work", key)


def store_for(tree: Path) -> Path:
    """The kept bare repository for ``tree``, made when absent; for applied commits.

    Raises UserError when ``tree`` is no git tree.
    """
    user = Repository.open(tree)
    folder = _folder_of(user)
    store = folder / "store.git"
    with locked(folder / "store.lock"):
        ready = store / "kvet-ready"
        if not ready.is_file():
            shutil.rmtree(store, ignore_errors=True)
            Repository.create(store, borrow=user)
            write_atomic(ready, f"{user.path}\n")
        else:
            # The user's repository may have been deepened or cloned anew at the same place.
            made = Repository.made(store, borrow=user)
            made.borrow(user)
            _tidy(made)
    return store


@contextlib.contextmanager
def worktree(tree: Path, commit: str, sink: Sink = silent) -> Iterator[Path]:
    """Hold the kept checkout of ``tree`` at ``commit`` (a full id, of the tree or of its store).

    Yields the folder; it is locked until the ``with`` block ends, other runs wait. Whatever an earlier run
    left behind (a checkout killed half way, edited or stray files) is put right first; files that are right
    already keep their times. Build outputs belong elsewhere (O=): they would be removed.

    Raises EnvironmentFault when the commit is not there or the checkout cannot be made (disk full).
    """
    store = Repository.open(store_for(tree))
    folder = work_dir(tree)
    place = folder / "tree"
    sink(Event(STAGE, f"taking {place}"))
    busy = partial(sink, Event(STAGE, f"waits for another run that builds in {place}"))
    with locked(folder / "tree.lock", busy):
        if not store.run("cat-file", "-e", f"{commit}^{{tree}}").ok:
            raise EnvironmentFault(
                f"commit {commit} is neither in {tree} nor in its store {store.path}",
                cure="apply the series again",
            )
        checkout = _open_checkout(store, place)
        if checkout is None or not _move(checkout, commit, sink):
            checkout = _fresh(store, place)
            if not _move(checkout, commit, sink):
                checkout.ask("reset", "--hard", "--quiet", commit, what=f"cannot check out {commit[:12]}")
        sink(Event(STAGE, f"{place} is at {commit[:12]}"))
        yield place


def _tidy(store: Repository) -> None:
    """Make one pack of many: every series that is applied leaves one, and git looks through them all.

    Nothing refers to the commits, so all that is there is kept; what the user's repository has is not
    copied. Other runs may read meanwhile: git looks again when a pack is gone.
    """
    if len(list((store.objects / "pack").glob("*.pack"))) > MAX_PACKS:
        store.ask("repack", "-a", "-d", "-l", "-k", "-q", what=f"cannot pack {store.path}")


def _open_checkout(store: Repository, place: Path) -> Repository | None:
    """The linked worktree at ``place``, None when there is none that hangs together."""
    git_dir = store.git_dir / "worktrees" / place.name
    link = place / ".git"
    try:
        linked = link.read_text(encoding="utf-8").strip() == f"gitdir: {git_dir}"
    except (OSError, UnicodeDecodeError):
        return None
    if not linked or not (git_dir / "HEAD").is_file():
        return None
    return Repository(
        git_dir=git_dir, common_dir=store.common_dir, top=place, object_format=store.object_format
    )


def _fresh(store: Repository, place: Path) -> Repository:
    # A series may hold folders deeper than rmtree() goes.
    with contextlib.suppress(OSError):
        outputs.remove_tree(place)
    store.ask("worktree", "prune", "--expire=now")
    # Any commit will do for the moment: nothing is written yet, and _move() names the right one.
    empty = store.ask("mktree", stdin=b"").text.strip()
    author = {"GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}
    names = {f"GIT_{who}_{what}": "kvet" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    start = store.ask("commit-tree", empty, stdin=b"empty\n", env={**author, **names}).text.strip()
    store.ask(
        "worktree", "add", "--quiet", "--detach", "--no-checkout", "--force", str(place), start,
        what=f"cannot make a checkout in {place}",
    )  # fmt: skip
    checkout = _open_checkout(store, place)
    if checkout is None:
        raise EnvironmentFault(f"{place}: git made no checkout there", cure=f"rm -r {place.parent}")
    return checkout


def _move(checkout: Repository, commit: str, sink: Sink) -> bool:
    """Bring the checkout to ``commit`` whatever state it is in; False when git cannot."""
    _clear_locks(checkout)
    if not (checkout.git_dir / "index").is_file() and not _fill(checkout, commit, sink):
        return False
    sink(Event(STAGE, f"moving to {commit[:12]}"))
    return all(
        checkout.run(*step).ok
        for step in (
            ("checkout", "--quiet", "--force", "--detach", commit),
            # What checkout believes to be right by size and time was right when it was written.
            ("reset", "--quiet", "--hard", commit),
            ("clean", "-ffdxq"),
        )
    )


def _clear_locks(checkout: Repository) -> None:
    """Remove the locks of a git that was killed; wait for one that outlived the run which started it.

    Our flock says that no other run is alive, but a run killed by SIGKILL cannot end its git.
    """
    locks = [checkout.git_dir / name for name in ("index.lock", "HEAD.lock")]
    deadline = time.monotonic() + ORPHAN_S
    while any(lock.exists() for lock in locks) and (pid := _git_in(checkout.path)):
        if time.monotonic() > deadline:
            raise EnvironmentFault(
                f"git (process {pid}) still works in {checkout.path}", cure=f"kill {pid}, then run kvet again"
            )
        time.sleep(POLL_S)
    for lock in locks:
        lock.unlink(missing_ok=True)


def _git_in(place: Path) -> int:
    """The process id of a git whose current directory is ``place``, 0 when there is none (see proc(5))."""
    real = place.resolve()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            # A process may end, or belong to somebody else, between two of these looks.
            with contextlib.suppress(OSError):
                if (entry / "comm").read_text().strip() == "git" and (entry / "cwd").readlink() == real:
                    return int(entry.name)
    return 0


def _fill(checkout: Repository, commit: str, sink: Sink) -> bool:
    """The first checkout, in batches, so that there is something to tell; a killed one is mended by reset."""
    if not checkout.run("read-tree", commit).ok:
        return False
    paths = checkout.ask("ls-files", "-z").stdout.split(b"\0")[:-1]
    for start in range(0, len(paths), BATCH):
        sink(Event(STAGE, "first checkout of the tree", start, len(paths)))
        batch = b"".join(path + b"\0" for path in paths[start : start + BATCH])
        made = checkout.run(
            "-c", "checkout.workers=0", "checkout-index", "--force", "--quiet", "--index", "-z", "--stdin",
            stdin=batch, timeout=PLUMBING_TIMEOUT_S,
        )  # fmt: skip
        if not made.ok:
            return False
    return True
