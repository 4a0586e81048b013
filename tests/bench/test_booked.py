# SPDX-License-Identifier: GPL-2.0-only
"""The books that bench/review keeps: the exit code of the command itself, and figures of its process."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from kpatch_tools.flow.review_run import Run
from kpatch_tools.model.report import CheckResult
from kpatch_tools.model.run import Command
from kpatch_tools.tools.process import run

PLACE = Path(__file__).parents[2] / "bench/booked.py"


@pytest.mark.parametrize(("argv", "code"), [(("--version",), 0), (("render", "text"), 2)])
def test_a_command_is_booked_whatever_it_comes_to(tmp_path, argv, code):
    ran = run(Command(argv=(sys.executable, str(PLACE), str(tmp_path / "figures"), *argv), timeout=60))
    assert ran.returncode == code
    figures = json.loads((tmp_path / "figures").read_text())
    assert set(figures) == {"wall", "own", "children", "mib", "stages"}
    assert figures["own"] > 0
    assert figures["stages"] == []


def test_stages_are_booked_as_they_end(monkeypatch):
    spec = importlib.util.spec_from_file_location("booked", PLACE)
    booked = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(booked)
    said = []

    def stage(self, name, work):
        said.append(name)
        return work()

    monkeypatch.setattr(Run, "stage", stage)
    stages = booked.watch_stages()
    result = CheckResult(check="docs")
    assert Run.stage(None, "docs", lambda: result) is result

    def fails():
        raise LookupError

    with pytest.raises(LookupError):
        Run.stage(None, "build", fails)
    assert said == [name for name, *_figures in stages] == ["docs", "build"]
    assert all(figure >= 0 for _name, *figures in stages for figure in figures)
