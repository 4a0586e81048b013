# SPDX-License-Identifier: GPL-2.0-only
"""The width of the terminal: reports follow it, files do not, and nothing is broken that is copied."""

import os
import sys
from dataclasses import replace

import pytest

from kpatch_tools.cli import app, output
from kpatch_tools.model.report import CheckResult, Report, Status, TreeId
from kpatch_tools.render import json_v1, text
from kpatch_tools.render.columns import NARROWEST, WIDTH
from tests.render.test_html import FULL
from tests.render.test_per_patch import ROWS

TREE = "/a/long/path/of-a-tree/that-is-wider/than-the-narrowest/terminal/linux-6.1"
REPORT = replace(
    FULL,
    tree=TreeId(path=TREE, base="a" * 40),
    checks=(*FULL.checks, CheckResult(check="patches", status=Status.PASS, patches=ROWS)),
)


@pytest.mark.parametrize("room", [NARROWEST, 60, 80, WIDTH])
def test_a_report_fits_and_a_path_stands_whole(room: int):
    lines = text.render(REPORT, room).splitlines()
    assert all(len(line) <= room or len(line.split()) == 1 or ".rst:" in line for line in lines)
    assert TREE in " ".join(lines).split()
    assert max(map(len, lines)) > room - 15


@pytest.fixture
def saved(tmp_path, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    path = tmp_path / "report.json"
    checks = tuple(
        CheckResult(check=f"check{at}", status=Status.PASS, reason="word " * 40) for at in range(3)
    )
    path.write_text(json_v1.render(Report(tool="t", checks=checks)))
    return path


def widest(capsys) -> int:
    return max(len(line) for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize(
    ("given", "room"), [("60", 60), ("80", 80), ("300", WIDTH), ("5", NARROWEST), ("x", WIDTH), ("", WIDTH)]
)
def test_columns_of_the_environment_are_followed_within_bounds(saved, monkeypatch, capsys, given, room):
    monkeypatch.setenv("COLUMNS", given)
    assert app.run(["render", "text", "--from", str(saved)]) == 0
    assert room - 6 < widest(capsys) <= room


def test_a_pipe_has_the_full_width(saved, capsys):
    assert app.run(["render", "text", "--from", str(saved)]) == 0
    assert WIDTH - 6 < widest(capsys) <= WIDTH


def test_a_terminal_has_its_own(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(output.shutil, "get_terminal_size", lambda _fallback: os.terminal_size((72, 24)))
    assert output.room() == 72


def test_a_file_has_the_full_width_whatever_the_terminal_has(saved, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert app.run(["render", "text", "--from", str(saved), "-o", str(tmp_path / "r.txt")]) == 0
    assert max(map(len, (tmp_path / "r.txt").read_text().splitlines())) > WIDTH - 6
