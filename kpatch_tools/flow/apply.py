# SPDX-License-Identifier: GPL-2.0-only
"""Apply a series to a commit of a tree, whole or not at all, with no checkout."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from kpatch_tools.checks.series import completeness
from kpatch_tools.errors import UserError
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.model.series import Applied, ApplyState, Patch, Series
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for
from kpatch_tools.tools.origins import note
from kpatch_tools.tools.private import private_folder
from kpatch_tools.tools.stage import Stage, publish


def apply_series(  # noqa: PLR0913 - what, where, and where to leave it
    series: Series,
    *,
    tree: Path,
    onto: str = "HEAD",
    objects: Path | None = None,
    branch: str | None = None,
    first: tuple[Patch, ...] = (),
    explain: bool = True,
    sink: Sink = silent,
) -> Applied:
    """Apply all patches of ``series`` to the commit ``onto`` of the git tree ``tree``.

    The tree's branch, index and work tree stay as they are, always (git may renew the time stamp of an
    object that is there already, which keeps it from being pruned). The new objects vanish when this
    returns, unless ``objects`` names a repository of ours that keeps them (tools.kept.store_for), or
    ``branch`` a branch to make in ``tree`` itself. Object ids depend on ``onto`` and the mails alone: the
    committer is fixed and the committer's date is the author's.

    ``first`` are prerequisite patches, applied to ``onto`` before the series. ``explain`` adds to a conflict
    what the tree has there and which commit changed it.

    An incomplete series, one that is in the tree already and one that conflicts are outcomes. Raises
    UserError when ``tree`` is no git tree, ``onto`` no commit in it, or ``branch`` no good or taken.
    """
    source = Repository.open(tree)
    base = source.resolve(onto)
    if branch is not None:
        _check_branch(source, branch)
    if fault := completeness(series):
        return Applied(state=fault[0], reason=fault[1], base=base)
    with private_folder("kvet-apply-") as folder:
        if objects:
            store = Repository.made(objects, borrow=source)
        else:
            store = Repository.create(folder / "store.git", borrow=source)
        start = source
        below: tuple[str, ...] = ()
        if first:
            wanted = replace(series, patches=first)
            prior = _Attempt(
                series=wanted,
                source=source,
                store=store,
                base=base,
                folder=folder,
                explain=explain,
                sink=sink,
            ).run()
            if not prior.state.good:
                return _needs(prior)
            start, below = store, prior.commits
            series = replace(series, prerequisites=())
        attempt = _Attempt(
            series=series,
            source=start,
            store=store,
            base=below[-1] if below else base,
            folder=folder,
            explain=explain,
            sink=sink,
        )
        applied = replace(attempt.run(), below=below)
        if objects:
            # The mails of prerequisites are strangers' as well.
            note(objects, (*below, *applied.commits), source.resolve(onto))
        if branch and applied.state.good:
            # They stay a stranger's in the user's tree.
            note(store_for(source.path), (*below, *applied.commits), source.resolve(onto))
            publish(store, source, head=applied.head, base=base, branch=branch)
        return applied


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """One series on one base, with the places it needs."""

    series: Series
    source: Repository
    store: Repository
    base: str
    folder: Path
    explain: bool
    sink: Sink

    def run(self) -> Applied:
        """Apply all; where one is refused, pass over what the base holds and be patient with the rest."""
        patches = self.series.patches
        first = self._walk(0, patient=False)
        if first.conflict is None:
            return first
        held = self._held_by_base()
        if held == len(patches):
            return _already(self.base, self.source.tree_id(self.base))
        # A prefix that ends before the refused patch explains nothing.
        explains = held and patches[held - 1].number >= first.conflict.patch
        return self._walk(held if explains else 0, patient=True)

    def _stage(self) -> Stage:
        paths = {path for patch in self.series.patches for change in patch.files for path in change.paths}
        return Stage(
            store=self.store,
            source=self.source,
            base=self.base,
            paths=tuple(sorted(paths)),
            folder=self.folder,
        )

    def _held_by_base(self) -> int:
        """How many patches from the first on are in the base: the most that can be taken back out of it."""
        patches = self.series.patches
        stage = self._stage()
        return next((n for n in range(len(patches), 0, -1) if stage.base_holds(patches[:n])), 0)

    def _walk(self, held: int, *, patient: bool) -> Applied:
        """Apply the patches after the first ``held``; ``patient`` passes over one that is in, and merges."""
        patches = self.series.patches
        stage = self._stage()
        there = list(range(held))
        merged: list[str] = []
        done = held
        for group in _apart(patches[held:]):
            # Starting git takes longer than applying a patch: those that cannot meet go in together.
            together = not patient and len(group) > 1 and stage.apply_all(group)
            for patch in group:
                self.sink(Event("apply", f"{patch.count} {patch.subject}", done, len(patches)))
                words = "" if together else stage.apply(patch)
                if words and not (patient and stage.holds(patch)):
                    if not (patient and stage.merge(patch)):
                        return self._conflict(patch, words, stage)
                    merged.append(patch.count)
                if not stage.commit(patch):
                    there.append(done)
                done += 1
        self.sink(Event("apply", f"{len(patches)} patches applied", len(patches), len(patches)))
        if len(there) == len(patches):
            return _already(self.base, self.source.tree_id(self.base))
        made, tree = stage.finish()
        ids, commits = iter(made), [self.base]
        for at in range(len(patches)):
            commits.append(commits[-1] if at in there else next(ids))
        remarks = [f"already in the base: {', '.join(patches[at].count for at in there)}"] if there else []
        remarks += [f"applied by a three-way merge: {', '.join(merged)}"] if merged else []
        return Applied(
            state=ApplyState.APPLIED,
            base=self.base,
            reason="; ".join(remarks),
            commits=tuple(commits[1:]),
            tree=tree,
            merged=tuple(merged),
        )

    def _conflict(self, patch: Patch, words: str, stage: Stage) -> Applied:
        from kpatch_tools.parse.refusal import read_refusal  # noqa: PLC0415 - most series apply

        conflict = read_refusal(words, patch)
        where = f"{conflict.path}:{conflict.line}" if conflict.line else conflict.path or "the tree"
        reasons = [f"patch {patch.count} does not apply at {where}"]
        made_for = self._made_for(conflict.path)
        here = stage.base_blob(conflict.path)
        if made_for and here and not here.startswith(made_for):
            reasons.append(
                f"it was made for another version of that file ({made_for[:12]}, here {here[:12]})"
            )
        if self.explain:
            from kpatch_tools.flow.conflict import beside  # noqa: PLC0415 - most series apply

            conflict = beside(conflict, patch, stage.read(conflict.path), self.source, self.base)
        series = self.series
        if series.base_commit and not self.base.startswith(series.base_commit):
            reasons.append(f"the series records base-commit {series.base_commit}")
        if series.prerequisites:
            reasons.append(
                f"it names {len(series.prerequisites)} prerequisite patches (--prerequisites MAILS)"
            )
        return Applied(
            state=ApplyState.CONFLICT, base=self.base, reason="; ".join(reasons), conflict=conflict
        )

    def _made_for(self, path: str) -> str:
        """The blob that the first patch to touch ``path`` expects there, as its index line abbreviates it."""
        changes = (change for patch in self.series.patches for change in patch.files)
        return next((change.old_blob for change in changes if change.old_path == path), "")


def _apart(patches: tuple[Patch, ...]) -> Iterator[tuple[Patch, ...]]:
    """Consecutive patches of which no two touch one path, or a path and a folder above it; all of them."""
    group: list[Patch] = []
    seen: set[str] = set()
    above: set[str] = set()
    for patch in patches:
        paths = {path for change in patch.files for path in change.paths}
        folders = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
        if group and (not paths or paths & (seen | above) or folders & seen):
            yield tuple(group)
            group, seen, above = [], set(), set()
        group.append(patch)
        seen |= paths
        above |= folders
    if group:
        yield tuple(group)


def _needs(prior: Applied) -> Applied:
    """A prerequisite that does not apply is no fault of the series."""
    reason = f"a prerequisite does not apply here: {prior.reason}"
    return replace(prior, state=ApplyState.NEEDS_PREREQUISITE, reason=reason)


def _already(base: str, tree: str) -> Applied:
    reason = "every patch is in the base already; --onto auto looks for the commit before the first"
    return Applied(state=ApplyState.ALREADY_APPLIED, base=base, reason=reason, tree=tree)


def _check_branch(source: Repository, branch: str) -> None:
    if not source.run("check-ref-format", "--branch", branch).ok or branch.startswith("-"):
        raise UserError(f"{branch!r} is no good name for a branch", cure="git help check-ref-format")
    if source.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}").ok:
        raise UserError(
            f"{source.path}: the branch {branch} exists already",
            cure=f"choose another name, or git -C {source.path} branch -D {branch}",
        )
