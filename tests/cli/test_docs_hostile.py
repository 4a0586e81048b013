# SPDX-License-Identifier: GPL-2.0-only
"""What is no document: one clear error with a cure, exit code 2, and nothing on stdout."""

import os
from pathlib import Path

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.flow import docs_files
from tests.edits import document
from tests.judging import check_all

BAD = {
    "binary": (b"\x7fELF\x00\x01\x02" * 100, "x.rst:1: a NUL byte"),
    "utf-16": ("T\n=\n".encode("utf-16"), "a NUL byte"),
    "latin-1": (b"T\n=\n\nna\xefve\n", "x.rst:4: byte 0xef is not UTF-8"),
    "one long line": (b"T\n=\n\n" + b"x" * 3_000_000, "x.rst:4: a line of 3000000 characters"),
    "nested": ("".join("  " * depth + "* x\n\n" for depth in range(400)).encode(), "nested too deeply"),
    "include": (b"T\n=\n\n.. include:: /etc/passwd\n", "x.rst:4: '/etc/passwd' lies outside"),
}


def refused(arguments: list[str], capsys) -> str:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = [line for line in err.splitlines() if not line.startswith("kvet: docs [")]
    assert len(lines) <= 2, lines
    assert lines[0].startswith("kvet: ")
    return err


@pytest.mark.parametrize("name", BAD)
def test_one_error_and_no_partial_output(tmp_path, capsys, name):
    raw, said = BAD[name]
    (tmp_path / "a.rst").write_text("a `fault`\n")
    (tmp_path / "x.rst").write_bytes(raw)
    assert said in refused(["docs", "check", "--all", str(tmp_path / "x.rst")], capsys)
    # A good document beside it is not reported alone.
    assert said in refused(["docs", "check", "--all", "--format", "json", str(tmp_path)], capsys)


@pytest.mark.parametrize("name", BAD)
def test_the_same_of_a_change(git_tree, capsys, monkeypatch, name):
    raw, said = BAD[name]
    tree = git_tree({"x.rst": b"good\n"})
    (tree / "x.rst").write_bytes(raw)
    monkeypatch.chdir(tree)
    assert said in refused(["docs", "check", "x.rst"], capsys)


def test_fifty_megabytes_in_one_line_are_not_read(tmp_path, capsys):
    with (tmp_path / "x.rst").open("wb") as stream:
        stream.truncate(50_000_000)
    assert "too many for a document" in refused(["docs", "check", "--all", str(tmp_path / "x.rst")], capsys)


def test_lines_may_end_as_on_other_systems():
    text = document()
    found = check_all(text, "x.rst")
    assert found
    assert check_all(text.replace("\n", "\r\n"), "x.rst") == found


def test_a_file_that_vanishes(tmp_path, capsys, monkeypatch):
    (tmp_path / "x.rst").write_text("text\n")
    monkeypatch.setattr(docs_files, "_below", lambda folder: iter([tmp_path / "gone.rst"]))
    assert "gone.rst: cannot be read: No such file" in refused(
        ["docs", "check", "--all", str(tmp_path)], capsys
    )


def denied(path, *_args, **_options):
    raise PermissionError(13, "Permission denied", str(path))


def test_a_folder_that_may_not_be_read_is_no_empty_folder(tmp_path, capsys, monkeypatch):
    # The tests may run as root, whom no permission stops.
    (tmp_path / "x.rst").write_text("text\n")
    (tmp_path / "closed").mkdir()
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: denied(path) if "closed" in str(path) else scan(path))
    said = refused(["docs", "check", "--all", str(tmp_path)], capsys)
    assert "closed: cannot be read: Permission denied" in said


def test_a_path_below_such_a_folder(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Path, "exists", denied)
    assert "Permission denied" in refused(["docs", "check", "--all", str(tmp_path / "x.rst")], capsys)


def test_what_is_no_file(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe.rst")
    (tmp_path / "folder.rst").mkdir()
    (tmp_path / "link.rst").symlink_to(tmp_path / "nowhere")
    for name in ("pipe.rst", "folder.rst", "link.rst", "absent.rst"):
        refused(["docs", "check", "--all", str(tmp_path / name)], capsys)
    assert "there is no .rst file" in refused(["docs", "check", "--all", str(tmp_path)], capsys)
