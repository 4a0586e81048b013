# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow import docs_reading
from kpatch_tools.parse.rst import parse_document, read
from kpatch_tools.parse.rst_lines import source_lines
from kpatch_tools.tools import readings
from kpatch_tools.tools.files import cache_dir
from tests.edits import document

TEXT = document(99)


def kept() -> list:
    return sorted(cache_dir("readings").glob("*.reading"))


def test_what_is_kept_comes_back():
    reading = read(source_lines(TEXT))
    assert readings.load(TEXT) is None
    readings.keep(TEXT, reading)
    assert readings.load(TEXT) == reading
    assert readings.load(TEXT + "\n") is None


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 5000])
def test_a_damaged_file_counts_as_none_and_is_replaced(damage):
    reading = read(source_lines(TEXT))
    readings.keep(TEXT, reading)
    (path,) = kept()
    path.write_bytes(damage)
    assert readings.load(TEXT) is None
    assert docs_reading.document(TEXT, "x.rst") == parse_document(TEXT)
    assert readings.load(TEXT) == reading


def test_another_shape_with_a_right_digest_counts_as_none():
    import hashlib

    readings.keep(TEXT, read(source_lines(TEXT)))
    (path,) = kept()
    body = b"\x81\xa6titles\xc0"
    path.write_bytes(hashlib.sha256(body).digest() + body)
    assert readings.load(TEXT) is None


def test_small_documents_are_not_kept():
    docs_reading.document("small\n", "x.rst")
    assert kept() == []


def test_the_oldest_go(monkeypatch):
    monkeypatch.setattr(readings, "_KEPT", 2)
    for number in range(4):
        readings.keep(f"{TEXT}{number}\n", read(("x",)))
    assert len(kept()) == 2
    assert readings.load(f"{TEXT}3\n") is not None


def test_without_a_cache_all_is_read(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert docs_reading.document(TEXT, "x.rst") == parse_document(TEXT)
    new = TEXT.replace("The call 2 takes", "The call 2 took")
    assert docs_reading.versions(TEXT, new, "x.rst").after == parse_document(new)


def test_two_versions_are_read_once_each(monkeypatch):
    new = TEXT.replace("The call 2 takes", "The call 2 took", 1)
    first = docs_reading.versions(TEXT, new, "x.rst")
    assert first.first
    assert len(kept()) == 2
    monkeypatch.setattr("kpatch_tools.parse.rst_tree.tree_of", None)
    assert docs_reading.versions(TEXT, new, "x.rst") == first
    assert docs_reading.document(new, "x.rst") == first.after


def test_what_docutils_gives_up_is_refused():
    deep = "".join("  " * depth + "* x\n\n" for depth in range(400))
    with pytest.raises(UserError, match=r"^x\.rst:\d+: nested too deeply"):
        docs_reading.document(deep, "x.rst")
    with pytest.raises(UserError, match="before the change"):
        docs_reading.versions(deep, "fine\n", "x.rst")
    with pytest.raises(UserError, match=r"^x\.rst:"):
        docs_reading.versions("fine\n", deep, "x.rst")
