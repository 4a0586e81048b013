# SPDX-License-Identifier: GPL-2.0-only
r"""Tree objects of git: the few on the way to some paths. One is a run of "<mode> <name>\0<raw id>"."""

from dataclasses import dataclass

from kpatch_tools.errors import UserError

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
