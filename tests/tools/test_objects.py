# SPDX-License-Identifier: GPL-2.0-only
"""An object folder after a run that was killed, and with two runs at once."""

import os
import sys
import threading
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.event import Event, silent
from kpatch_tools.model.run import Command
from kpatch_tools.tools import objects, process
from kpatch_tools.tools.objects import hold, mark_of
from tests.tools.test_outputs import deep


def test_an_orderly_run_leaves_no_mark_and_takes_nothing_back(tmp_path: Path) -> None:
    folder = tmp_path / "o"
    for content in ("one", "two"):
        with hold(folder, silent, "build"):
            (folder / f"{content}.o").write_text(content)
    assert sorted(path.name for path in folder.iterdir()) == ["one.o", "two.o"]


def test_what_a_killed_run_wrote_is_taken_back(tmp_path: Path) -> None:
    folder = tmp_path / "o"
    with hold(folder, silent, "build"):
        (folder / "sub").mkdir()
        (folder / "sub" / "old.o").write_text("good")
        os.utime(folder / "sub" / "old.o", (1, 1))

    def killed() -> None:
        with hold(folder, silent, "build"):
            (folder / "sub" / "half.o").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert mark_of(folder).exists()
    events: list[Event] = []
    with hold(folder, events.append, "build"):
        assert [path.name for path in (folder / "sub").iterdir()] == ["old.o"]
    assert "killed" in events[0].text
    assert not mark_of(folder).exists()


def test_a_killed_run_may_have_left_what_cannot_be_looked_through(tmp_path: Path) -> None:
    folder = tmp_path / "o"
    folder.mkdir()
    (folder / "old.o").write_text("good")
    os.utime(folder / "old.o", (1, 1))
    deep(folder)
    mark_of(folder).write_bytes(b"")
    with hold(folder, silent, "build"):
        assert list(folder.iterdir()) == []


def test_a_second_run_says_that_it_waits(tmp_path: Path) -> None:
    folder, events, inside = tmp_path / "o", [], threading.Event()

    def second() -> None:
        with hold(folder, events.append, "build"):
            inside.set()

    with hold(folder, silent, "build"):
        other = threading.Thread(target=second)
        other.start()
        while not events:
            assert other.is_alive()
        assert not inside.is_set()
    other.join(timeout=30)
    assert inside.is_set()
    assert events[0].text == f"waits for another run that builds in {folder}"


def test_programs_of_a_killed_run_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "o"
    folder.mkdir()
    mark_of(folder).write_bytes(b"")
    # A program that is called "make" and works in the folder until a file appears.
    binary = tmp_path / "make"
    binary.symlink_to(sys.executable)
    monkeypatch.setattr(objects, "_BUILDERS", frozenset({"make"}))
    wait = "import os, time\nwhile not os.path.exists('../end'): time.sleep(0.01)"
    command = Command(argv=(str(binary), "-c", wait), timeout=60, cwd=folder)
    orphan = threading.Thread(target=process.run, args=(command,))
    orphan.start()
    while not objects._builder_in(folder):
        assert orphan.is_alive()

    def on_event(event: Event) -> None:
        events.append(event.text)
        if "waits for process" in event.text:
            (tmp_path / "end").write_text("")

    events: list[str] = []
    with hold(folder, on_event, "build"):
        assert not objects._builder_in(folder)
    orphan.join(timeout=30)
    assert any("waits for process" in text for text in events)


def test_a_program_that_never_ends_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "o"
    folder.mkdir()
    mark_of(folder).write_bytes(b"")
    monkeypatch.setattr(objects, "ORPHAN_S", 0.0)
    monkeypatch.setattr(objects, "_builder_in", lambda _folder: 4711)
    with pytest.raises(EnvironmentFault, match="4711") as caught, hold(folder, silent, "build"):
        pass
    assert "kill 4711" in caught.value.cure
