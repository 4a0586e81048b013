# SPDX-License-Identifier: GPL-2.0-only
"""Apply patches with no checkout: an index of the touched paths alone, and commits made around it.

A kernel tree has 80,000 files and a series touches a dozen. `git apply --cached` needs only those in its
index, and `git fast-import` puts what changed into the trees above. Nothing here takes a lock that others
wait for, leaves a ref or looks at a work tree, so any number of runs may go on in one repository.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from kpatch_tools.errors import UserError
from kpatch_tools.model.run import Ended, RunResult
from kpatch_tools.model.series import Patch, Person
from kpatch_tools.parse.diff import unsafe_link
from kpatch_tools.parse.fastimport import BRANCH, NewCommit, read_answer, stream
from kpatch_tools.parse.gitident import ident, stripspace
from kpatch_tools.parse.gitindex import read_index
from kpatch_tools.parse.gittree import Entry, Folder, folders_of, read_folder
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.gitrun import IDENTITY, READING_MEMORY

_HASH_BYTES = {"sha1": 20, "sha256": 32}
_APPLY = ("apply", "--cached", "--whitespace=nowarn")
_LINK = "120000"
UNKNOWN_DATE = "@0 +0000"
# A store of ours may be larger, and can be made again: squeezing objects, a file for each of them and
# waiting for the disk took most of the time of an apply.
_STORE_CONFIG = ("core.looseCompression=0", "fastimport.unpackLimit=0", "core.fsync=none")
_COMMITTER = Person(name=IDENTITY[0], email=IDENTITY[1])


class Stage:
    """The state of the touched paths while patches are applied one after the other.

    ``store`` is the repository that receives objects; it must be able to read those of ``source``, from
    which the trees of ``base`` come (a partial clone fetches there what it lacks). ``folder`` is a scratch
    folder for the index. commit() only notes what is to be stored: finish() has git store all trees and
    commits at once, for a process of git for each would cost more than all the rest.
    """

    def __init__(
        self, *, store: Repository, source: Repository, base: str, paths: tuple[str, ...], folder: Path
    ) -> None:
        self._store = store
        self._index = folder / "index"
        self.base = base
        self._known = _folders(source, base, paths)
        start = _starting_entries(source, base, paths, self._known)
        _fetch_missing(source, start)
        self._index.unlink(missing_ok=True)
        lines = b"".join(
            f"{entry.mode} {entry.id} 0\t".encode() + path.encode("utf-8", "surrogateescape") + b"\0"
            for path, entry in start.items()
        )
        self._run("update-index", "-z", "--index-info", stdin=lines).ok_or_raise("cannot fill the index")
        self._entries = self._at_base = start
        self._commits: list[NewCommit] = []
        self._start = self._index.with_suffix(".start")
        if self._index.exists():
            shutil.copyfile(self._index, self._start)

    def apply(self, patch: Patch) -> str:
        """Apply one patch; git's words when it refuses (then nothing has changed), "" when it applied."""
        return _words(self._apply(patch))

    def apply_all(self, patches: Sequence[Patch]) -> bool:
        """Apply patches of which no two touch one path, in one run of git; False, and no change, if not."""
        trial = self._copy("together")
        places = [self._index.with_suffix(f".diff{number}") for number in range(len(patches))]
        for place, patch in zip(places, patches, strict=True):
            place.write_bytes(patch.diff_bytes)
        if not self._run(*_APPLY, "--", *(str(place.resolve()) for place in places), index=trial).ok:
            return False
        trial.replace(self._index)
        return True

    def holds(self, patch: Patch) -> bool:
        """Whether the patch is in already: it can be taken back out. Changes nothing."""
        return self._apply(patch, "--reverse", "--check").ok

    def base_holds(self, patches: tuple[Patch, ...]) -> bool:
        """Whether the base has all the patches: the last, then the one before it, ... come out cleanly."""
        trial = self._index.with_suffix(".reverse")
        if self._start.exists():
            shutil.copyfile(self._start, trial)
        return all(self._apply(patch, "--reverse", index=trial).ok for patch in reversed(patches))

    def merge(self, patch: Patch) -> bool:
        """Apply one patch by three-way merge with the blobs it was made for; False and no change if not."""
        trial = self._copy("merge")
        if not self._apply(patch, "--3way", index=trial).ok:
            return False
        trial.replace(self._index)
        return True

    def read(self, path: str) -> bytes | None:
        """The content of a touched file as of the last commit(), None when it is not there."""
        entry = self._entries.get(path)
        if entry is None:
            return None
        (found,) = self._store.read_objects([entry.id])
        return found.data if found and found.kind == "blob" else None

    def base_blob(self, path: str) -> str:
        """The id of a touched file in the base, "" when it is not there."""
        entry = self._at_base.get(path)
        return entry.id if entry else ""

    def commit(self, patch: Patch) -> bool:
        """Note the commit that `git am` would make of what the patch changed; False, and none, for nothing.

        The author and the author's date are the mail's. The committer is kvet and the committer's date is
        the author's, so that the id depends on the base and the mail alone (as with `git am
        --committer-date-is-author-date`). A mail with no date that git can read gets the epoch.
        """
        entries = self._listed()
        touched = {path for change in patch.files for path in change.paths}
        changes = {
            path: entries.get(path) for path in touched if entries.get(path) != self._entries.get(path)
        }
        if not changes:
            return False
        self._check_links(patch, changes)
        kept = {path: entry for path, entry in self._entries.items() if path not in changes}
        self._entries = kept | {path: entry for path, entry in changes.items() if entry}
        author = ident(patch.author, patch.date) or self._judged(patch)
        when = author.rpartition("> ")[2]
        self._commits.append(
            NewCommit(
                author=author,
                committer=f"{_COMMITTER} {when}",
                message=stripspace(f"{patch.subject}\n\n{patch.body}".encode()) or b"\n",
                changes=changes,
            )
        )
        return True

    def _check_links(self, patch: Patch, changes: Mapping[str, Entry | None]) -> None:
        """UserError for a symbolic link that leaves the tree from where the patch put it.

        The reader of diffs sees where a link that is written points to, not that a rename or a copy, whose
        diff says neither mode nor content, takes one to where its target is another.
        """
        links = {path: entry for path, entry in changes.items() if entry and entry.mode == _LINK}
        if not links:
            return
        found = self._store.read_objects(entry.id for entry in links.values())
        for path, item in zip(links, found, strict=True):
            target = item.data.decode("utf-8", "surrogateescape") if item else "/"
            if reason := unsafe_link(path, target):
                raise UserError(
                    f"{patch.source}: the patch makes {path!r} a link to {target!r}: {reason}",
                    cure="do not apply it; ask its author",
                )

    def finish(self) -> tuple[tuple[str, ...], str]:
        """Store what commit() noted: the ids of the commits, one at least, and of the last one's tree."""
        branch = f"{BRANCH}-{os.urandom(8).hex()}"
        request = stream(self.base, self._commits, branch)
        made = self._run("fast-import", "--quiet", "--date-format=raw-permissive", stdin=request)
        answer = made.ok_or_raise("cannot store the commits").text
        commits, tree = read_answer(answer, len(self._commits))
        return commits, tree or self._store.tree_id(commits[-1])

    def _judged(self, patch: Patch) -> str:
        """The author's ident of a mail whose author or date git alone can read."""
        made = self._var(patch, patch.date or UNKNOWN_DATE)
        if not made.ok and "invalid date format" in made.error_text:
            made = self._var(patch, UNKNOWN_DATE)
        if not made.ok and "ident name" in made.error_text:
            raise UserError(
                f"{patch.source}: git accepts no author from this mail: {str(patch.author)!r}",
                cure="mend the From line of the mail: Name <user@host>",
            )
        return made.ok_or_raise(f"cannot read the author of patch {patch.count}").text.strip("\n")

    def _var(self, patch: Patch, date: str) -> RunResult:
        given = {"NAME": patch.author.name, "EMAIL": patch.author.email, "DATE": date}
        environment = {f"GIT_AUTHOR_{what}": value for what, value in given.items()}
        return self._store.run("var", "GIT_AUTHOR_IDENT", env=environment)

    def _apply(self, patch: Patch, *options: str, index: Path | None = None) -> RunResult:
        return self._run(*_APPLY, *options, stdin=patch.diff_bytes, index=index)

    def _copy(self, name: str) -> Path:
        copy = self._index.with_suffix(f".{name}")
        if self._index.exists():
            shutil.copyfile(self._index, copy)
        return copy

    def _listed(self) -> dict[str, Entry]:
        """The index as it stands."""
        if not self._index.exists():
            return {}
        return read_index(self._index.read_bytes(), _HASH_BYTES[self._store.object_format])

    def _run(self, *args: str, stdin: bytes = b"", index: Path | None = None) -> RunResult:
        settings = [word for setting in _STORE_CONFIG for word in ("-c", setting)]
        index_file = {"GIT_INDEX_FILE": str(index or self._index)}
        return self._store.run(*settings, *args, stdin=stdin, env=index_file, memory=READING_MEMORY)


def publish(store: Repository, target: Repository, *, head: str, base: str, branch: str) -> None:
    """Write: copy the commits base..head into ``target`` and make the branch, which must not exist.

    No hook of the target runs, and nothing but its object store and that one ref is touched.
    """
    packed = store.run("pack-objects", "--quiet", "--revs", "--stdout", stdin=f"{head}\n^{base}\n".encode())
    pack = packed.ok_or_raise("cannot pack the commits").stdout
    target.ask("unpack-objects", "-q", stdin=pack, what=f"cannot write the commits to {target.path}")
    log = "kvet apply: created from a patch series"
    absent = "0" * len(head)
    # A command of git's: create_head() writes files, which is no way into a tree whose refs are in a table.
    status, _out, words = target.repo.git.update_ref(
        "-m", log, f"refs/heads/{branch}", head, absent, with_extended_output=True, with_exceptions=False
    )
    if status:
        raise UserError(
            f"{target.path}: cannot make the branch {branch}: {words.strip()}",
            cure="choose another name with --branch",
        )


def _words(result: RunResult) -> str:
    if result.ok:
        return ""
    if result.ended is not Ended.EXITED or "fatal: " in result.error_text:
        result.ok_or_raise("git apply ended badly")
    return result.error_text.strip() or "git apply gave no reason"


def _folders(source: Repository, base: str, paths: tuple[str, ...]) -> dict[str, Folder]:
    names = folders_of(paths)
    found = source.read_objects([f"{base}:{name}" if name else f"{base}^{{tree}}" for name in names])
    size = _HASH_BYTES[source.object_format]
    return {
        name: read_folder(item.data, size)
        for name, item in zip(names, found, strict=True)
        if item and item.kind == "tree"
    }


def _starting_entries(
    source: Repository, base: str, paths: tuple[str, ...], known: dict[str, Folder]
) -> dict[str, Entry]:
    """The index to begin with: the touched files, and whatever stands where a touched path wants to be.

    A file or symbolic link in place of a folder on the way, or a folder in place of a file, must be in
    the index for git to see the clash.
    """
    start: dict[str, Entry] = {}
    for path in {*paths, *folders_of(paths)} - {""}:
        above, _, name = path.rpartition("/")
        entry = known.get(above, {}).get(name)
        if entry is None:
            continue
        if not entry.is_tree:
            start[path] = entry
        elif path in paths:
            start.update(_below(source, base, path))
    return start


def _below(source: Repository, base: str, path: str) -> dict[str, Entry]:
    listing = source.ask("ls-tree", "-r", "-z", "--full-tree", base, "--", path).stdout
    entries: dict[str, Entry] = {}
    for record in listing.decode("utf-8", "surrogateescape").split("\0"):
        head, tab, name = record.partition("\t")
        if tab:
            mode, _kind, object_id = head.split(" ")
            entries[name] = Entry(mode=mode, id=object_id)
    return entries


def _fetch_missing(source: Repository, entries: dict[str, Entry]) -> None:
    """Let a partial clone fetch the touched files: a repository that borrows its objects could not."""
    if any((source.objects / "pack").glob("*.promisor")):
        ids = "".join(f"{entry.id}\n" for entry in entries.values())
        source.ask("cat-file", "--batch-check", stdin=ids.encode(), what="cannot fetch the touched files")
