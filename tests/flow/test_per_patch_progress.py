# SPDX-License-Identifier: GPL-2.0-only
"""What a user sees of a pass over the patches while it runs, and what the options refuse."""

from kpatch_tools.cli import app
from kpatch_tools.flow.per_patch_progress import Progress, duration
from kpatch_tools.model.event import Event


def test_the_end_is_estimated_from_the_rows_that_had_work(monkeypatch):
    clock = iter([0.0, 0.0, 30.0, 30.0, 30.0, 31.0, 31.0])
    monkeypatch.setattr("kpatch_tools.flow.per_patch_progress.time.monotonic", lambda: next(clock))
    events: list[Event] = []
    progress = Progress(events.append, 3)
    progress.start(0, 3)
    progress.done(worked=True)
    progress.start(1, 2)
    progress.tell("building")
    progress.done(worked=False)
    assert events[0].text == "patch 1/3: building (about 60 s left)"
    assert [duration(3.0), duration(44.0), duration(200.0)] == ["10 s", "40 s", "3 min"]


def test_per_patch_needs_a_series_and_a_mode_needs_per_patch(capsys):
    assert app.run(["build", "--per-patch"]) == 2
    assert "--series" in capsys.readouterr().err
    assert app.run(["review", "x", "--mode", "npt=0"]) == 2
    assert "--per-patch" in capsys.readouterr().err
