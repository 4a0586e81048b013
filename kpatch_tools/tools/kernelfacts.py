# SPDX-License-Identifier: GPL-2.0-only
"""The files that kernel facts come from, out of git objects, an index or a folder, and the facts' cache.

Nothing is checked out. A listing (path to blob id) is small and says exactly what the facts depend on, so its
hash is the cache's key: a commit, the index and a work tree of the same content share one entry.
"""

import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from kpatch_tools import parse
from kpatch_tools.errors import ToolFailed
from kpatch_tools.model import kernelfacts as model
from kpatch_tools.parse.kernelfacts_paths import PATTERNS, ROOTS, concerns
from kpatch_tools.tools import digested
from kpatch_tools.tools.files import cache_dir, write_atomic
from kpatch_tools.tools.git import Repository

Listing = Mapping[str, str]

_AT_ONCE = 64
_KEPT = 24
_PARSERS = (
    Path(model.__file__),
    *(
        Path(parse.__path__[0]) / f"{name}.py"
        for name in ("cheader", "ctext", "kernelfacts", "kernelfacts_code", "kernelfacts_paths")
    ),
)
_KEY = re.compile(rb"[0-9a-f]{64}")


def tree_key(repository: Repository, treeish: str) -> str:
    """A key of a tree-ish by the ids of its top folders, which is quick; "" when there is no such tree."""
    shown = repository.run("ls-tree", "--full-tree", treeish, "--", *_tops())
    return _hash("tree", shown.stdout) if shown.ok else ""


def list_tree(repository: Repository, treeish: str) -> Listing:
    """The files of a tree-ish that the facts depend on, with the ids of their blobs."""
    shown = repository.ask("ls-tree", "--full-tree", "-r", "-z", treeish, "--", *ROOTS)
    return dict(_entries(shown.stdout, id_at=2))


def list_index(repository: Repository, env: Mapping[str, str] | None = None) -> Listing:
    """The same of the index; ``env`` may name another one (GIT_INDEX_FILE)."""
    patterns = {**(env or {}), "GIT_LITERAL_PATHSPECS": "0"}
    shown = repository.ask("ls-files", "--stage", "-z", "--", *_pathspecs(), env=patterns)
    return dict(_entries(shown.stdout, id_at=1))


def read_blobs(repository: Repository, listing: Listing) -> Iterator[tuple[str, str]]:
    """The texts of the listed blobs, some at a time: all of KVM is eight megabytes."""
    paths = sorted(listing)
    for start in range(0, len(paths), _AT_ONCE):
        some = paths[start : start + _AT_ONCE]
        found = repository.read_objects(listing[path] for path in some)
        for path, blob in zip(some, found, strict=True):
            if blob is None:
                # Facts that lack a file would call its names unknown.
                raise ToolFailed(f"{repository.path}: git has no object for {path}")
            yield path, blob.data.decode("utf-8", "replace")


def list_folder(top: Path) -> Listing:
    """The same of the files that lie below a folder, with the ids that git would give their blobs."""
    found = {}
    for path, place in _files(top):
        with contextlib.suppress(OSError):
            data = place.read_bytes()
            found[path] = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    return found


def read_folder(top: Path, listing: Listing) -> Iterator[tuple[str, str]]:
    """The texts of the listed files; one that is gone by now is left out."""
    for path in sorted(listing):
        with contextlib.suppress(OSError):
            yield path, (top / path).read_bytes().decode("utf-8", "replace")


def listing_key(listing: Listing) -> str:
    """The cache's key of facts read from these files."""
    text = "".join(f"{listing[path]} {path}\n" for path in sorted(listing))
    return _hash("files", text.encode("utf-8", "surrogateescape"))


def known_key(tree: str) -> str:
    """The listing's key that was noted for a tree's key; "" when there is none."""
    try:
        raw = (_folder() / f"{tree}.tree").read_bytes()
    except OSError:
        return ""
    return raw.decode() if _KEY.fullmatch(raw) else ""


def note_key(tree: str, key: str) -> None:
    """Note which listing's key belongs to a tree's key."""
    write_atomic(_folder() / f"{tree}.tree", key)


def load(key: str) -> model.KernelFacts | None:
    """The facts kept under a key; None when there are none, or when the file is damaged."""
    body = digested.load(_folder() / f"{key}.facts")
    if body is None:
        return None
    try:
        return msgspec.msgpack.decode(body, type=model.KernelFacts)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def keep(key: str, facts: model.KernelFacts) -> None:
    """Keep facts under a key; the oldest ones go when there are many."""
    digested.keep(_folder() / f"{key}.facts", msgspec.msgpack.encode(facts), most=_KEPT)
    digested.thin(_folder(), ".tree", most=_KEPT)


def _folder() -> Path:
    return cache_dir("facts")


def _hash(kind: str, data: bytes) -> str:
    # What the parsers' own sources say is part of the key, so that facts read by other rules never count.
    digest = hashlib.sha256(kind.encode())
    for source in _PARSERS:
        digest.update(source.read_bytes())
    digest.update(data)
    return digest.hexdigest()


def _tops() -> tuple[str, ...]:
    return tuple(dict.fromkeys(root.split("/")[0] for root in ROOTS))


def _pathspecs() -> Iterator[str]:
    # In a pathspec a star stands for slashes too, so each pattern covers the folders below.
    return (f":(top){pattern}" for pattern in PATTERNS)


def _files(top: Path) -> Iterator[tuple[str, Path]]:
    for pattern in PATTERNS:
        for place in top.glob(pattern.replace("kvm/*", "kvm/**/*")):
            path = place.relative_to(top).as_posix()
            if concerns(path) and place.is_file():
                yield path, place


def _entries(listed: bytes, *, id_at: int) -> Iterator[tuple[str, str]]:
    for entry in listed.split(b"\0"):
        about, _, name = entry.partition(b"\t")
        path = name.decode("utf-8", "surrogateescape")
        if name and concerns(path):
            yield path, about.split()[id_at].decode()
