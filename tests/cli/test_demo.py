# SPDX-License-Identifier: GPL-2.0-only
"""`kvet demo` as one types it, and every command that it proposes."""

import shlex
from pathlib import Path

import pytest

from kpatch_tools.cli import app


@pytest.fixture
def printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert app.run(["demo"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out


def test_the_demo_shows_a_verdict_and_the_way_on(printed, tmp_path):
    assert "docs/section-number" in printed
    assert "FAIL" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["kvet-demo"]
    folder, _, names = " ".join(printed.partition("the review left in ")[2].split()).partition(": ")
    assert {"report.html", "report.json"} <= {path.name for path in (tmp_path / folder).iterdir()}
    assert all(f" {name} " in f" {names} " for name in ("report.html", "report.json", "series.mbox"))


def test_it_takes_no_more_than_two_screens(printed):
    """A condition that nothing was run for is counted, not listed."""
    assert len(printed.splitlines()) <= 80
    assert printed.count("no kernel was booted") == 1


def test_a_reply_needs_a_name_and_says_so(tmp_path, monkeypatch, capsys):
    """Nobody's git has a name in these tests; with one there are mails."""
    monkeypatch.chdir(tmp_path)
    assert app.run(["demo"]) == 0
    assert "reply.mbox" in capsys.readouterr().out
    assert not list(tmp_path.rglob("reply.mbox"))
    (Path.home() / ".gitconfig").write_text("[user]\n\tname = Tess Ter\n\temail = tess@example.org\n")
    assert app.run(["demo"]) == 0
    (reply,) = tmp_path.rglob("reply.mbox")
    assert "From: Tess Ter <tess@example.org>" in reply.read_text()
    assert reply.name in capsys.readouterr().out.partition("the review left in ")[2]


def test_every_command_that_is_proposed_works(printed, capsys):
    lines = printed.rpartition("the same by hand, and more:\n")[2].splitlines()
    assert len(lines) > 5
    for line in lines:
        assert app.run(shlex.split(line)[1:]) in {0, 1}, line
        assert capsys.readouterr().out, line


def test_a_folder_with_something_in_it_is_refused(tmp_path, capsys):
    (tmp_path / "mine").touch()
    assert app.run(["demo", "--folder", str(tmp_path)]) == 2
    assert "cure: kvet demo --folder DIR" in capsys.readouterr().err
