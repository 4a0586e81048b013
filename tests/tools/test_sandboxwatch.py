# SPDX-License-Identifier: GPL-2.0-only
"""What a sandbox uses up where counting is hard: in the kernel's own memory, and in closed folders."""

import os
import shutil
from pathlib import Path

import pytest

from kpatch_tools.model.run import Command, Ended, RunResult
from kpatch_tools.model.sandbox import Limits, Sandbox
from kpatch_tools.tools import outputs, process, sandbox, sandboxwatch

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name) for name in (sandbox.PROGRAM, "python3")), reason="needs bubblewrap, python3"
)
MIB = 1 << 20
# 30 processes that each leave 40 MB in sockets which nobody reads; all of it is gone with them.
SOCKETS = """
import os, socket, time
for _ in range(30):
    if os.fork() == 0:
        break
kept, total = [], 0
while total < 40 << 20:
    pair = socket.socketpair()
    kept.append(pair)
    for one in pair:
        one.setblocking(False)
        try:
            while True:
                total += one.send(b"x" * 32768)
        except BlockingIOError:
            pass
time.sleep(4)
print("through")
"""
DEEP = "for _ in range(20): os.mkdir('d' * 250); os.chdir('d' * 250)"
CLOSED = "os.mkdir('closed'); os.chdir('closed')"
FILES = """
import os, time
{into}
for n in range(3000):
    open(f'f{{n}}', 'w').close()
os.chmod('.', 0)
time.sleep(3)
print('through')
"""


def run(folder: Path, script: str, limits: Limits) -> RunResult:
    folder.mkdir()
    asked = Sandbox(writable=(folder,), limits=limits)
    argv = ("python3", "-c", script)
    return process.run(Command(argv=argv, timeout=60, cwd=folder, sandbox=asked))


def test_memory_that_is_the_kernels_is_bounded_too(tmp_path: Path) -> None:
    done = run(tmp_path / "own", SOCKETS, Limits(memory=200 * MIB, processes=60))
    assert (done.ended, done.limit) == (Ended.LIMIT, "more than 200 MiB of the kernel's memory")


@pytest.mark.parametrize("into", [DEEP, CLOSED])
def test_files_that_nobody_can_count_are_bounded_too(tmp_path: Path, into: str) -> None:
    own = tmp_path / "own"
    done = run(own, FILES.format(into=into), Limits(files=1000))
    assert done.ended is Ended.LIMIT
    # root looks into each folder.
    assert "files" in done.limit
    assert sandboxwatch.lies_in(own, 10_000).hidden is (into == DEEP or os.geteuid() != 0)
    outputs.remove_tree(own)
    assert not own.exists()
