# SPDX-License-Identifier: GPL-2.0-only
"""`kvet ... | head -1`: the reader goes, and the writer ends with 141 and without a word."""

import os
import shlex
import subprocess  # noqa: TID251 - a shell starts kvet with pipes of its own
import sys

import pytest

from kpatch_tools.cli import app

KVET = "import sys; from kpatch_tools.cli.app import main; sys.argv[0] = 'kvet'; main()"
DATA = {
    "docs rules": 0,
    "docs explain repeated-word": 0,
    "series show kvm-map-memory/v2": 0,
    "contract show kvm_map_memory": 0,
    "contract schema": 0,
    "plan kvm-map-memory/v2": 0,
    "man": 0,
    "completion bash": 0,
    "render json --from REPORT": 0,
    "render html --from REPORT": 0,
    "demo": 0,
    "review SERIES --tree TREE": 1,
}
WORDS = {
    "REPORT": "kvet-demo/state/runs/*/report.json",
    "SERIES": "kvet-demo/map-ahead",
    "TREE": "kvet-demo/tree",
}


def unread(words, *, cwd, both=False):
    """How kvet ends whose output goes into a pipe that nobody reads, and what it says on stderr."""
    reader, writer = os.pipe()
    os.close(reader)
    child = subprocess.run(
        (sys.executable, "-c", KVET, *words),
        stdout=writer,
        stderr=writer if both else subprocess.PIPE,
        cwd=cwd,
        timeout=120,
        check=False,
    )
    os.close(writer)
    return child.returncode, (child.stderr or b"").decode()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        assert app.run(["demo"]) == 0
    return folder


def typed(line, place):
    words = [WORDS.get(word, word) for word in shlex.split(line)]
    return [str(next(place.glob(word))) if "*" in word else word for word in words]


@pytest.mark.parametrize("line", [*(f"{name} --help" for name in app.COMMANDS), *DATA])
def test_a_reader_that_goes_ends_the_writer_with_141(line, place):
    code, said = unread(typed(line, place), cwd=place)
    assert code == 141, said
    assert not [word for word in ("Traceback", "Broken pipe", "a fault in kvet", "Exception") if word in said]


def test_so_does_one_that_reads_the_errors_too(tmp_path):
    assert unread(["no-such-command"], cwd=tmp_path, both=True)[0] == 141


def test_nobody_who_reads_half_is_told_of_a_fault(tmp_path):
    """Of a long page, `head -1` reads the first line: the pipe breaks in the middle."""
    line = (
        f"{shlex.quote(sys.executable)} -c {shlex.quote(KVET)} docs rules | head -1; echo ${{PIPESTATUS[*]}}"
    )
    child = subprocess.run(
        ("bash", "-c", line), capture_output=True, cwd=tmp_path, timeout=60, check=False, text=True
    )
    assert child.stdout.splitlines()[-1] in {"141 0", "0 0"}  # 0 where all fits into the pipe
    assert child.stderr == ""


def test_another_pipe_that_breaks_is_a_fault_and_no_reader(monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    def broken(*_args, **_kwargs):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("kpatch_tools.cli.man.pages", broken)
    assert app.run(["man"]) == 4
    assert "a fault in kvet: BrokenPipeError" in capfd.readouterr().err
    assert "Traceback" in next(tmp_path.glob("kvet-fault-*.log")).read_text()
