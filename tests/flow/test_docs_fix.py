# SPDX-License-Identifier: GPL-2.0-only
import stat
from pathlib import Path

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.docs_files import DEFAULT_PATH, Against
from kpatch_tools.flow.docs_fix import fix_files, write_files

OLD = b"An `old` one.\n"
NEW = b"An `old` one.\r\n\r\nA `new` one. \r\n"


@pytest.fixture
def tree(git_tree) -> Path:
    folder = git_tree({DEFAULT_PATH: OLD, "other.rst": b"An ``old`` one.\n"})
    (folder / DEFAULT_PATH).write_bytes(OLD + b"\nA `new` one. \n")
    return folder


def test_a_change_is_mended_and_the_file_is_written_whole(tree):
    place = tree / DEFAULT_PATH
    place.chmod(0o640)
    files = fix_files((), tree=tree)
    assert place.read_bytes() == OLD + b"\nA `new` one. \n"
    write_files(files)
    assert place.read_bytes() == OLD + b"\nA ``new`` one. \n"
    assert stat.S_IMODE(place.stat().st_mode) == 0o640
    assert list(place.parent.iterdir()) == [place]
    assert not any(file.mended.changed for file in fix_files((), tree=tree))


def test_all_of_several_files_and_line_ends_stay(tree):
    (tree / "other.rst").write_bytes(NEW)
    files = fix_files((".",), tree=tree, against=Against.NOTHING)
    write_files(files)
    assert (tree / DEFAULT_PATH).read_bytes() == b"An ``old`` one.\n\nA ``new`` one. \n"
    assert (tree / "other.rst").read_bytes() == b"An ``old`` one.\r\n\r\nA ``new`` one. \r\n"


def test_what_needs_no_mending_is_not_written(tree):
    before = (tree / "other.rst").stat()
    write_files(fix_files(("other.rst",), tree=tree, against=Against.NOTHING))
    assert (tree / "other.rst").stat() == before


def test_a_file_that_changed_meanwhile_stops_all_of_it(tree):
    (tree / "other.rst").write_bytes(NEW)
    files = fix_files((DEFAULT_PATH, "other.rst"), tree=tree)
    (tree / "other.rst").write_bytes(b"Other.\n")
    with pytest.raises(UserError, match="changed while it was being mended"):
        write_files(files)
    assert (tree / DEFAULT_PATH).read_bytes().endswith(b"A `new` one. \n")
    (tree / "other.rst").unlink()
    with pytest.raises(UserError, match="no longer there"):
        write_files(files)


def test_a_symbolic_link_is_not_followed(tree, tmp_path):
    outside = tmp_path / "outside.rst"
    outside.write_bytes(NEW)
    (tree / "link.rst").symlink_to(outside)
    with pytest.raises(UserError, match="a link that leads out of the tree"):
        write_files(fix_files(("link.rst",), tree=tree, against=Against.NOTHING))
    assert outside.read_bytes() == NEW


def test_a_folder_that_cannot_be_written(tree, monkeypatch):
    def refuse(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("kpatch_tools.flow.docs_fix.write_atomic", refuse)
    with pytest.raises(UserError, match="cannot be written: Permission denied"):
        write_files(fix_files((), tree=tree))


@pytest.mark.parametrize("raw", [b"\xff", b"a\0b", b"x" * 3000])
def test_what_is_no_text(tree, raw):
    (tree / DEFAULT_PATH).write_bytes(raw)
    with pytest.raises(UserError, match=r"api\.rst:1"):
        fix_files((), tree=tree)


def test_rules_are_named_with_or_without_their_family(tree):
    for name in ("table", "docs/table"):
        assert not any(file.mended.changed for file in fix_files((), tree=tree, rules=(name,)))
    assert any(file.mended.changed for file in fix_files((), tree=tree, rules=("table", "single-backtick")))
    with pytest.raises(UserError, match="there is no rule 'nonsense'"):
        fix_files((), tree=tree, rules=("nonsense",))
    with pytest.raises(UserError, match="docs/field-missing has no safe fix"):
        fix_files((), tree=tree, rules=("field-missing",))
