# SPDX-License-Identifier: GPL-2.0-only
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpatch_tools.errors import ToolFailed
from kpatch_tools.model.run import Command, RunResult
from kpatch_tools.parse.gitindex import read_index
from kpatch_tools.parse.gittree import Entry
from kpatch_tools.tools import process

NAMES = st.text(st.sampled_from("abcdefgh é.-"), min_size=1, max_size=12).filter(
    lambda name: name.strip(". ") == name and name != "git~1"
)
MODES = st.sampled_from(["100644", "100755", "120000", "160000"])
SIZES = {"sha1": 20, "sha256": 32}


def git(*args: str, cwd: Path, stdin: bytes = b"") -> RunResult:
    return process.run(
        Command(argv=("git", *args), timeout=60.0, cwd=cwd, stdin=stdin, env={"GIT_INDEX_FILE": "index"})
    ).ok_or_raise(f"git {args[0]}")


@pytest.fixture(scope="module", params=list(SIZES))
def bare(request, tmp_path_factory) -> tuple[Path, int]:
    folder = tmp_path_factory.mktemp("index")
    git("init", "-q", "--bare", f"--object-format={request.param}", ".", cwd=folder)
    return folder, SIZES[request.param]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.dictionaries(NAMES, st.tuples(MODES, st.integers(1, 1 << 64)), max_size=9))
def test_entries_are_those_that_git_lists(bare: tuple[Path, int], files: dict[str, tuple[str, int]]):
    folder, size = bare
    (folder / "index").unlink(missing_ok=True)
    wanted = {name: Entry(mode=mode, id=f"{number:0{size * 2}x}") for name, (mode, number) in files.items()}
    lines = "".join(f"{one.mode} {one.id} 0\t{name}\0" for name, one in wanted.items())
    git("update-index", "-z", "--index-info", cwd=folder, stdin=lines.encode())
    path = folder / "index"
    if wanted:
        assert read_index(path.read_bytes(), size) == wanted
    shown = git("ls-files", "--stage", "-z", cwd=folder).stdout.decode()
    assert shown.count("\0") == len(wanted)


def index(tmp_path: Path, lines: str) -> bytes:
    git("init", "-q", "--bare", ".", cwd=tmp_path)
    git("update-index", "--index-info", cwd=tmp_path, stdin=lines.encode())
    return (tmp_path / "index").read_bytes()


def test_an_unmerged_path_is_no_state_to_go_on_with(tmp_path: Path):
    data = index(tmp_path, f"100644 {1:040x} 2\tfile\n")
    with pytest.raises(ToolFailed, match="'file' unmerged"):
        read_index(data, 20)


def test_another_version_and_a_cut_file_are_told(tmp_path: Path):
    data = index(tmp_path, f"100644 {1:040x} 0\tfile\n")
    with pytest.raises(ToolFailed, match="version 4"):
        read_index(data[:7] + b"\4" + data[8:], 20)
    with pytest.raises(ToolFailed, match="another form"):
        read_index(b"tree" + data[4:], 20)
    for length in (0, 11, 40, 76):
        with pytest.raises(ToolFailed, match="cut short"):
            read_index(data[:length], 20)
