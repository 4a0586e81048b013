# SPDX-License-Identifier: GPL-2.0-only
"""What b4 may answer, played by a script in its place; the real b4 runs in tests/flow/test_fetch.py."""

from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, ToolFailed, ToolkitError, UserError
from kpatch_tools.tools import b4


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in b4's place; write its lines after the first."""
    program = tmp_path / "b4"
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("KVET_LORE", "https://lore.example.org/all")
    return program


def script(program: Path, body: str) -> None:
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("words", "kind", "told"),
    [
        ("Could not retrieve thread: Server returned an error: 404", UserError, "has no mail"),
        ("No messages found for that query", UserError, "has no mail"),
        ("Could not retrieve thread: Server returned an error: 503", EnvironmentFault, "error 503"),
        ("Could not retrieve thread: All hosts failed for x", EnvironmentFault, "cannot be reached"),
        ("Name or service not known", EnvironmentFault, "cannot be reached"),
        ("ValueError: odd configuration", ToolFailed, "b4 gave no thread"),
    ],
)
def test_faults(fake: Path, words: str, kind: type[ToolkitError], told: str) -> None:
    script(fake, f"echo '{words}' >&2; exit 1")
    with pytest.raises(kind, match=told) as caught:
        b4.fetch_thread("a@b")
    assert type(caught.value) is kind


def test_success_without_a_thread_is_a_fault(fake: Path) -> None:
    script(fake, "exit 0")
    with pytest.raises(ToolFailed):
        b4.fetch_thread("a@b")


def test_how_it_is_called(fake: Path, tmp_path: Path) -> None:
    record = tmp_path / "record"
    write = f"printf '%s\\n' \"$*\" >{record}; env >>{record}"
    script(fake, f'{write}; while [ "$1" != -o ]; do shift; done; echo x >"$2/thread.mbx"')
    assert b4.fetch_thread("-odd@b") == b"x\n"
    told = record.read_text()
    assert "-c b4.midmask=https://lore.example.org/all/%s mbox -C -n thread" in told
    assert "-- -odd@b\n" in told
    assert "XDG_DATA_HOME=/" in told
    assert f"XDG_DATA_HOME={Path.home()}" not in told
    assert b4.fetch_thread("a@b", newer=True, lore="http://127.0.0.1:1/x/%s") == b"x\n"
    assert "b4.midmask=http://127.0.0.1:1/x/%s mbox -c -n thread" in record.read_text()
