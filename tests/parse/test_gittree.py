# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.parse.gittree import (
    TREE,
    Entry,
    folder_id,
    folders_of,
    mktree_input,
    read_folder,
    sorted_entries,
    splice,
)

# Well-known ids of git: the empty blob and the empty tree.
EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
FILE = Entry(mode="100644", id=EMPTY_BLOB)
OTHER = Entry(mode="100755", id="1" * 40)


def test_ids_and_order_are_git_s() -> None:
    assert folder_id({}, "sha1") == EMPTY_TREE
    # "lib" the folder sorts behind "lib.c", as if it were "lib/".
    folder = {"lib": Entry(mode=TREE, id=EMPTY_TREE), "lib.c": FILE, "lib-a": FILE}
    assert [name for name, _ in sorted_entries(folder)] == [b"lib-a", b"lib.c", b"lib"]


def test_reading_what_was_written() -> None:
    raw = b"100644 a\0" + bytes.fromhex(EMPTY_BLOB) + b"40000 d\0" + bytes.fromhex(EMPTY_TREE)
    assert read_folder(raw, 20) == {"a": FILE, "d": Entry(mode=TREE, id=EMPTY_TREE)}
    with pytest.raises(UserError, match="damaged"):
        read_folder(raw[:-1], 20)
    with pytest.raises(UserError, match="damaged"):
        read_folder(b"junk", 20)


def test_folders_of_paths() -> None:
    assert folders_of(("a/b/c", "d")) == ("", "a", "a/b")


def test_new_folders_are_made_and_empty_ones_vanish() -> None:
    known = {"": {"x": FILE, "old": Entry(mode=TREE, id="2" * 40)}, "old": {"only": FILE}}
    spliced = splice(known, {"old/only": None, "new/deep/file": OTHER}, "sha1")
    assert set(known[""]) == {"x", "new"}
    assert spliced.top == folder_id(known[""], "sha1")
    assert spliced.folders[-1] == known[""]
    assert {"file": OTHER} in spliced.folders


def test_a_file_becomes_a_folder_and_back() -> None:
    known = {"": {"a": FILE}}
    first = splice(known, {"a": None, "a/b": FILE}, "sha1").top
    assert known[""]["a"].is_tree
    assert splice(known, {"a": FILE, "a/b": None}, "sha1").top == folder_id({"a": FILE}, "sha1") != first


def test_mktree_input() -> None:
    text = mktree_input(
        [{"a": FILE}, {"sub": Entry(mode=TREE, id=EMPTY_TREE), "m": Entry(mode="160000", id="3" * 40)}]
    )
    assert (
        text
        == (
            f"100644 blob {EMPTY_BLOB}\ta\0\0160000 commit {'3' * 40}\tm\0".replace(
                "\0160000", "\0" + "160000"
            )
            + f"40000 tree {EMPTY_TREE}\tsub\0\0"
        ).encode()
    )
