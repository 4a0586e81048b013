# SPDX-License-Identifier: GPL-2.0-only
"""Find the commit that a series was made for, with a record of every try.

The ladder: the base-commit that the mails record, prerequisite-patch-id (in commits here, or in mails on
this disk), the blob ids of the pre-images, named branches, HEAD. A step counts when the whole series applies
there; each one that does not says why. git-format-patch(1), "BASE TREE INFORMATION", says what is recorded.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from kpatch_tools.checks.series import completeness
from kpatch_tools.flow.apply import apply_series
from kpatch_tools.flow.reading import read_patches
from kpatch_tools.model.event import Event, Sink, silent
from kpatch_tools.model.series import Applied, ApplyState, BaseFound, BaseTry, Patch, Series
from kpatch_tools.tools import history, mailbox
from kpatch_tools.tools.git import Repository

AUTO = "auto"
MAX_BRANCHES = 12
STAGE = "base"


def find_base(
    series: Series,
    tree: Path,
    *,
    prerequisites: Path | None = None,
    branches: tuple[str, ...] = (),
    sink: Sink = silent,
) -> BaseFound:
    """The commit of ``tree`` that ``series`` applies to, found by the ladder; nothing is written.

    ``prerequisites`` is a mailbox or folder where patches that the series names by patch id may lie.
    ``branches`` are tried by name, in that order; by default the newest MAX_BRANCHES branches and remote
    branches. A step where only a three-way merge succeeds, or where the series is in already, is kept for
    the case that no step applies cleanly. Raises UserError for a tree, a branch or mails that are none.
    """
    source = Repository.open(tree)
    head = source.head()
    if completeness(series):
        return BaseFound(commit=head, tries=())
    ladder = _Ladder(series=series, tree=tree, source=source, head=head, sink=sink)
    if prerequisites:
        ladder.read_mails(prerequisites)
    return ladder.climb(branches)


def apply_to(  # noqa: PLR0913 - what, where, and where to leave it
    series: Series,
    *,
    tree: Path,
    onto: str = "HEAD",
    prerequisites: Path | None = None,
    branches: tuple[str, ...] = (),
    objects: Path | None = None,
    branch: str | None = None,
    sink: Sink = silent,
) -> tuple[Applied, BaseFound | None]:
    """Apply as apply_series() does; ``onto`` may be "auto", which finds the base first and tells how.

    With a commit in ``onto`` and ``prerequisites`` given, the patches that the series names by patch id are
    taken from there and applied first; where one is missing the state is needs-prerequisite. What HEAD has
    already is applied to the base that the mails record, where HEAD holds that too; the reason says so.
    """
    if onto == AUTO:
        found = find_base(series, tree, prerequisites=prerequisites, branches=branches, sink=sink)
        if found.state:
            return Applied(state=found.state, base=found.commit, reason=found.reason), found
        onto, first = found.commit, found.prerequisites
    else:
        found, first = None, ()
        if prerequisites and series.prerequisites:
            source = Repository.open(tree)
            ladder = _Ladder(series=series, tree=tree, source=source, head=source.resolve(onto), sink=sink)
            ladder.read_mails(prerequisites)
            if missing := ladder.missing():
                state = ApplyState.NEEDS_PREREQUISITE
                return Applied(state=state, base=ladder.head, reason=_lacking(missing)), None
            first = ladder.mails()
    put = partial(apply_series, series, tree=tree, objects=objects, branch=branch, first=first, sink=sink)
    applied = put(onto=onto)
    # Authors ask in the tree that they wrote the patches in: what these do is seen from their own base only.
    if applied.state is ApplyState.ALREADY_APPLIED and onto == "HEAD" and not branch and series.base_commit:
        source = Repository.open(tree)
        if source.run("merge-base", "--is-ancestor", series.base_commit, "HEAD").ok:
            again = put(onto=series.base_commit)
            if again.state is ApplyState.APPLIED:
                reason = "HEAD has every patch already, so they are taken to the base that they record"
                return replace(again, reason=reason), found
    return applied, found


@dataclass(slots=True, kw_only=True)
class _Ladder:
    """The steps, and what was seen on the way."""

    series: Series
    tree: Path
    source: Repository
    head: str
    sink: Sink
    tries: list[BaseTry] = field(default_factory=list)
    by_id: dict[str, Patch] = field(default_factory=dict)
    second_best: list[tuple[int, BaseFound]] = field(default_factory=list)
    tried: set[str] = field(default_factory=set)

    def read_mails(self, place: Path) -> None:
        """Learn the patch ids of the mails at ``place``."""
        mails = mailbox.read_folder(place) if place.is_dir() else mailbox.read_file(place)
        for patch in read_patches(mails):
            self.by_id.setdefault(history.patch_id(self.source, patch.diff_bytes), patch)

    def missing(self) -> list[str]:
        """The recorded prerequisites that no mail at hand holds."""
        return [name for name in self.series.prerequisites if name not in self.by_id]

    def mails(self) -> tuple[Patch, ...]:
        """The prerequisite patches in the order recorded, () when one is missing."""
        return () if self.missing() else tuple(self.by_id[name] for name in self.series.prerequisites)

    def climb(self, branches: tuple[str, ...]) -> BaseFound:
        """Try one step after the other until the series applies."""
        for step in (self._recorded(), self._by_commits(), self._by_blobs(), self._by_name(branches)):
            for found in step:
                return found
        if self.second_best:
            _rank, found = min(self.second_best, key=lambda item: item[0])
            return BaseFound(
                commit=found.commit, tries=tuple(self.tries), prerequisites=found.prerequisites,
                reason=found.reason,
            )  # fmt: skip
        missing = self.missing()
        state = ApplyState.NEEDS_PREREQUISITE if missing else ApplyState.BASE_UNKNOWN
        reason = (
            f"{_lacking(missing)} (--prerequisites MAILS brings them)"
            if missing
            else "the series applies to nothing that was tried; name a commit with --onto"
        )
        return BaseFound(commit=self.head, tries=tuple(self.tries), state=state, reason=reason)

    def _recorded(self) -> Iterator[BaseFound]:
        way, name = "base-commit", self.series.base_commit
        if not name:
            self._refuse(way, "", "the mails record none")
            return
        found = self.source.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        commit = found.text.strip()
        if not found.ok or not commit:
            self._refuse(way, name, "that commit is not in this repository")
        elif self.series.prerequisites and self.missing():
            self._refuse(way, name, _lacking(self.missing()), commit)
        else:
            yield from self._try(way, name, commit, self.mails())

    def _by_commits(self) -> Iterator[BaseFound]:
        way, wanted = "prerequisite-patch-id", self.series.prerequisites
        if not wanted:
            self._refuse(way, "", "the mails record none")
            return
        known = history.patch_ids(self.source, "HEAD", "--branches", "--remotes")
        have = [known[name] for name in wanted if name in known]
        if len(have) < len(wanted):
            words = f"{len(have)} of {len(wanted)} are among the newest {history.MAX_COMMITS} commits here"
            self._refuse(way, "", f"{words}; {_lacking([name for name in wanted if name not in known])}")
            return
        for commit in have:
            others = (self.source.run("merge-base", "--is-ancestor", other, commit).ok for other in have)
            if all(others):
                yield from self._try(way, "the last of them", commit, ())
                return
        self._refuse(way, "", "they are here on branches that do not hold each other")

    def _by_blobs(self) -> Iterator[BaseFound]:
        way, wanted = "blob ids", _pre_images(self.series)
        if not wanted:
            self._refuse(way, "", "the mails name no file that was there before")
            return
        paths = sorted(wanted)
        refs = history.named_commits(self.source, "refs/heads", "refs/remotes", "refs/tags")
        names = {item.commit: item.name for item in reversed(refs)} | {self.head: "HEAD"}
        tips = list(dict.fromkeys([self.head, *(item.commit for item in refs)]))
        best = (0, "")
        for batch in (tips, None):
            commits = history.commits_touching(self.source, paths, "") if batch is None else batch
            held = history.blobs_at(self.source, commits, paths)
            for commit in commits:
                count = sum(held[commit][path].startswith(name) for path, name in wanted.items())
                best = max(best, (count, commit), key=lambda item: item[0])
                if count == len(wanted):
                    yield from self._try(way, names.get(commit, commit[:12]), commit, ())
                    break
        if best[0] < len(wanted):
            where = f", {names.get(best[1], best[1][:12])} comes nearest" if best[0] else ""
            words = f"no commit holds all {len(wanted)} files as the patches know them"
            self._refuse(way, "", f"{words} ({best[0]} of {len(wanted)} at most{where})")

    def _by_name(self, branches: tuple[str, ...]) -> Iterator[BaseFound]:
        if branches:
            named = [history.Named(name=name, commit=self.source.resolve(name)) for name in branches]
        else:
            named = history.named_commits(self.source, "refs/heads", "refs/remotes")[:MAX_BRANCHES]
        for item in named:
            if item.commit == self.head and not branches:
                continue
            yield from self._try("branch", item.name, item.commit, ())
        yield from self._try("HEAD", "HEAD", self.head, ())

    def _try(self, way: str, what: str, commit: str, first: tuple[Patch, ...]) -> Iterator[BaseFound]:
        """Apply the series there, with nothing kept; when it conflicts, once more on its prerequisites."""
        if commit in self.tried and not first:
            self._refuse(way, what, "tried above", commit)
            return
        self.tried.add(commit)
        self.sink(Event(STAGE, f"{way}: {what or commit[:12]}"))
        applied = apply_series(self.series, tree=self.tree, onto=commit, first=first, explain=False)
        if not applied.state.good and not first and self.mails():
            again = apply_series(self.series, tree=self.tree, onto=commit, first=self.mails(), explain=False)
            if again.state.good:
                applied, first = again, self.mails()
        reason = f"on {len(first)} prerequisite patches, " if first else ""
        if applied.state is ApplyState.APPLIED and not applied.merged:
            reason += "the series applies"
            self.tries.append(BaseTry(way=way, what=what, commit=commit, taken=True, reason=reason))
            yield BaseFound(commit=commit, tries=tuple(self.tries), prerequisites=first, reason=reason)
            return
        reason += applied.reason or applied.state.value
        self._refuse(way, what, reason, commit)
        if applied.state.good:
            rank = 0 if applied.state is ApplyState.APPLIED else 1
            found = BaseFound(commit=commit, tries=(), prerequisites=first, reason=reason)
            self.second_best.append((rank, found))

    def _refuse(self, way: str, what: str, reason: str, commit: str = "") -> None:
        self.tries.append(BaseTry(way=way, what=what, commit=commit, taken=False, reason=reason))


def _pre_images(series: Series) -> dict[str, str]:
    """The files that the series expects to be there, with the (abbreviated) blob ids that it expects."""
    wanted: dict[str, str] = {}
    made: set[str] = set()
    for change in (change for patch in series.patches for change in patch.files):
        if change.old_blob and change.old_path not in wanted and change.old_path not in made:
            wanted[change.old_path] = change.old_blob
        made.update(change.paths)
    return wanted


def _lacking(missing: list[str]) -> str:
    shown = ", ".join(name[:12] for name in missing[:3]) + (" and more" if len(missing) > 3 else "")
    return f"{len(missing)} prerequisite patches are missing: patch-id {shown}"
