# SPDX-License-Identifier: GPL-2.0-only
import os

import pytest

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.tools import files


def test_data_folders_are_found():
    for name in ("patches", "docs-check", "selftests-gen", "ci"):
        assert files.data_dir(name).is_dir()
    with pytest.raises(EnvironmentFault, match="no-such"):
        files.data_dir("no-such")


def test_write_is_whole_or_nothing(tmp_path, monkeypatch):
    target = tmp_path / "sub" / "file"
    files.write_atomic(target, "first")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_atomic(target, "second")
    assert target.read_text() == "first"
    assert [path.name for path in target.parent.iterdir()] == ["file"]


def test_cache_that_cannot_be_made_names_the_cure(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(EnvironmentFault) as caught:
        files.cache_dir("x")
    assert "XDG_CACHE_HOME" in caught.value.cure


def test_read_text_names_file_and_fault(tmp_path):
    with pytest.raises(UserError, match="gone: cannot read series"):
        files.read_text(tmp_path / "gone", "series")
    (tmp_path / "raw").write_bytes(b"ab\xff")
    with pytest.raises(UserError, match=r"not UTF-8 \(byte 2\)"):
        files.read_text(tmp_path / "raw", "series")


def test_a_file_that_the_user_named_is_written_or_told(tmp_path):
    assert files.write_named(tmp_path / "new" / "file", "text").read_text() == "text"
    (tmp_path / "file").write_text("in the way")
    for place in (tmp_path, tmp_path / "file" / "below", tmp_path / ("x" * 300)):
        with pytest.raises(UserError, match="cannot be written") as caught:
            files.write_named(place, "text")
        assert caught.value.cure
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_full_disk_is_the_machines_fault(tmp_path, monkeypatch):
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EnvironmentFault, match="No space") as caught:
        files.write_named(tmp_path / "file", "text")
    assert caught.value.cure
    assert not list(tmp_path.iterdir())
    # The system's own error names no file: whoever tells it later could not either.
    with pytest.raises(OSError, match="No space") as told:
        files.write_atomic(tmp_path / "file", "text")
    assert told.value.filename == str(tmp_path / "file")


def test_a_pipe_is_written_to_and_a_link_stays_one(tmp_path):
    pipe, target, link = tmp_path / "pipe", tmp_path / "target", tmp_path / "link"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    files.write_named(pipe, "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert pipe.is_fifo()
    link.symlink_to(target)
    files.write_named(link, "there")
    assert link.is_symlink()
    assert target.read_text() == "there"
