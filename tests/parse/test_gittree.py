# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.parse.gittree import TREE, Entry, folders_of, read_folder

# Well-known ids of git: the empty blob and the empty tree.
EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
FILE = Entry(mode="100644", id=EMPTY_BLOB)


def test_reading_what_was_written() -> None:
    raw = b"100644 a\0" + bytes.fromhex(EMPTY_BLOB) + b"40000 d\0" + bytes.fromhex(EMPTY_TREE)
    assert read_folder(raw, 20) == {"a": FILE, "d": Entry(mode=TREE, id=EMPTY_TREE)}
    with pytest.raises(UserError, match="damaged"):
        read_folder(raw[:-1], 20)
    with pytest.raises(UserError, match="damaged"):
        read_folder(b"junk", 20)


def test_folders_of_paths() -> None:
    assert folders_of(("a/b/c", "d")) == ("", "a", "a/b")
