# SPDX-License-Identifier: GPL-2.0-only
r"""Tree objects of git: read the few on the way to some paths, change entries, name what results.

A tree object is a run of "<mode> <name>\0<raw id>"; entries are sorted by name with "/" put behind the
name of a folder (git's base_name_compare). Everything here is computed; git stores the outcome and its
answer is compared with ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kpatch_tools.errors import UserError
from kpatch_tools.parse.gitobject import object_id

TREE = "40000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name in a folder: mode in octal without leading zeros ("100644", "40000") and full object id."""

    mode: str
    id: str

    @property
    def is_tree(self) -> bool:
        """The entry is a folder."""
        return self.mode == TREE

    @property
    def kind(self) -> str:
        """The kind of object: tree, commit (a submodule) or blob."""
        return {TREE: "tree", "160000": "commit"}.get(self.mode, "blob")


Folder = dict[str, Entry]


@dataclass(slots=True)
class Spliced:
    """The outcome: the id of the top tree and the folders that are new, deepest first."""

    top: str
    folders: list[Folder] = field(default_factory=list)


def folders_of(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Every folder above the paths, "" (the top) included, each once, a folder before what is in it."""
    found = {""}
    for path in paths:
        parts = path.split("/")[:-1]
        found.update("/".join(parts[: end + 1]) for end in range(len(parts)))
    return tuple(sorted(found))


def read_folder(data: bytes, hash_bytes: int) -> Folder:
    """The entries of a raw tree object; ``hash_bytes`` is 20 for SHA-1 and 32 for SHA-256.

    Raises UserError for a damaged object.
    """
    entries: Folder = {}
    at = 0
    while at < len(data):
        space = data.find(b" ", at)
        end = data.find(b"\0", space)
        if space < 0 or end < 0 or end + 1 + hash_bytes > len(data):
            raise UserError("a tree object of the repository is damaged", cure="git fsck")
        name = data[space + 1 : end].decode("utf-8", "surrogateescape")
        object_id = data[end + 1 : end + 1 + hash_bytes].hex()
        entries[name] = Entry(mode=data[at:space].decode("ascii", "replace"), id=object_id)
        at = end + 1 + hash_bytes
    return entries


def sorted_entries(folder: Folder) -> list[tuple[bytes, Entry]]:
    """The entries in the order in which git stores them."""
    octets = [(name.encode("utf-8", "surrogateescape"), entry) for name, entry in folder.items()]
    return sorted(octets, key=lambda item: item[0] + (b"/" if item[1].is_tree else b""))


def folder_id(folder: Folder, algorithm: str) -> str:
    """The object id of a folder; ``algorithm`` is git's object format, "sha1" or "sha256"."""
    body = b"".join(
        entry.mode.encode() + b" " + name + b"\0" + bytes.fromhex(entry.id)
        for name, entry in sorted_entries(folder)
    )
    return object_id("tree", body, algorithm)


def splice(known: dict[str, Folder], changes: Mapping[str, Entry | None], algorithm: str) -> Spliced:
    """Put changed paths into a tree: an Entry sets a path, None removes it.

    ``known`` maps folder paths to entries and must hold every folder above the changed paths that exists
    ("" is the top); it is brought up to date. A folder without entries vanishes, as in git.
    """
    for path, entry in sorted(changes.items(), key=lambda item: item[1] is not None):
        above, _, name = path.rpartition("/")
        if entry:
            known.setdefault(above, {})[name] = entry
        else:
            known.get(above, {}).pop(name, None)
    touched = folders_of(tuple(changes))
    written: list[Folder] = []
    # Reversed: what is inside a folder is finished before the folder itself.
    for path in sorted(touched, key=lambda item: item.count("/") + bool(item), reverse=True):
        folder = known.get(path)
        if folder is None:
            continue
        if path:
            above, _, name = path.rpartition("/")
            parent = known.setdefault(above, {})
            if not folder:
                if name in parent and parent[name].is_tree:
                    del parent[name]
                del known[path]
                continue
            parent[name] = Entry(mode=TREE, id=folder_id(folder, algorithm))
        written.append(dict(folder))
    return Spliced(top=folder_id(known.get("", {}), algorithm), folders=written)


def mktree_input(folders: list[Folder]) -> bytes:
    """The request to `git mktree -z --batch --missing` that stores the folders in order."""
    records = []
    for folder in folders:
        records += [
            f"{entry.mode} {entry.kind} {entry.id}\t".encode() + name + b"\0"
            for name, entry in sorted_entries(folder)
        ]
        records.append(b"\0")
    return b"".join(records)
