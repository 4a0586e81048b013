# SPDX-License-Identifier: GPL-2.0-only
"""Two builds of one tree at once, and one that is killed: no half kernel is kept, nobody waits in silence."""

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.flow.build import BuildResult, build_kernel
from kpatch_tools.model.event import Event, silent
from kpatch_tools.model.run import Command
from kpatch_tools.tools import files, kbuild, process

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name) for name in ("make", "gcc", "ld", "git")), reason="needs make, gcc, ld and git"
)

LIMIT_S = 60.0
# Like kbuild it trusts an object that is there; unlike it, it stops half way until it is told to go on: the
# object folder is all that it may write, and what it can see change.
MAKEFILE = b"""\
MAKEFLAGS += -rR
.PHONY: allnoconfig bzImage
allnoconfig:
\t@sed '/CONFIG_KVM_SMM/d' $(KCONFIG_ALLCONFIG) > $(O)/.config
bzImage:
\t@echo "  CC      a.o"
\t@test -f $(O)/a.o || { printf half > $(O)/a.o; touch $(O)/started; \
\t  for i in $$(seq 600); do test -f $(O)/go && break; sleep 0.05; done; printf whole > $(O)/a.o; }
\t@mkdir -p $(O)/arch/x86/boot
\t@cat $(CURDIR)/image $(O)/a.o > $(O)/arch/x86/boot/bzImage
"""
RUN = """\
import sys
from pathlib import Path
from kpatch_tools.flow.build import build_kernel
from kpatch_tools.model.event import silent
from kpatch_tools.tools import kbuild
kbuild.PROGRAMS = {}
Path(sys.argv[3]).write_text(str(__import__("os").getpid()))
build_kernel(Path(sys.argv[1]), sys.argv[2], sink=silent, jobs=1)
"""


@pytest.fixture
def tree(
    git_tree: Callable[..., Path],
    kernel_image: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    monkeypatch.setattr(kbuild, "PROGRAMS", {})
    return git_tree({"Makefile": MAKEFILE, "image": kernel_image(tmp_path / "image").read_bytes()})


class Build(threading.Thread):
    """build_kernel() beside the test, with what it told."""

    def __init__(self, tree: Path, commit: str) -> None:
        super().__init__(daemon=True)
        self._tree, self._commit = tree, commit
        self.told: list[str] = []
        self.result: BuildResult | None = None
        self.start()

    def run(self) -> None:
        self.result = build_kernel(self._tree, self._commit, sink=self._hear, jobs=1)

    def _hear(self, event: Event) -> None:
        self.told.append(event.text)

    def heard(self, words: str) -> bool:
        return any(words in text for text in self.told)


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def halted() -> list[Path]:
    """The object folders whose build waits for go_on()."""
    return [mark.parent for mark in files.cache_dir("obj").glob("*/started")]


def go_on() -> None:
    (folder,) = halted()
    (folder / "go").touch()


def built() -> list[str]:
    return [path.name for path in files.cache_dir("kernels", "built").iterdir() if path.is_dir()]


def test_the_same_commit_twice_is_built_once(tree: Path, git: Callable[..., str]) -> None:
    commit = git(tree, "rev-parse", "HEAD")
    one = Build(tree, commit)
    until(halted)
    two = Build(tree, commit)
    until(lambda: two.heard(f"waits for another run building {commit[:12]}"))
    go_on()
    for build in (one, two):
        build.join(LIMIT_S)
    assert one.result is not None
    assert two.result is not None
    assert (one.result.cached, two.result.cached) == (False, True)
    assert one.result.image == two.result.image
    assert one.result.image.read_bytes().endswith(b"whole")
    assert not one.heard("waits")
    assert len(built()) == 1


def test_two_commits_of_one_tree_wait_for_the_checkout(tree: Path, git: Callable[..., str]) -> None:
    first = git(tree, "rev-parse", "HEAD")
    (tree / "more").write_text("x")
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message=more")
    one = Build(tree, first)
    until(halted)
    two = Build(tree, git(tree, "rev-parse", "HEAD"))
    until(lambda: two.heard("waits for another run that builds in"))
    go_on()
    for build in (one, two):
        build.join(LIMIT_S)
        assert build.result is not None
        assert build.result.image is not None
        assert build.result.image.read_bytes().endswith(b"whole")
    assert len(built()) == 2


def test_a_killed_build_leaves_nothing_that_is_believed(
    tree: Path, tmp_path: Path, git: Callable[..., str]
) -> None:
    commit, pid = git(tree, "rev-parse", "HEAD"), tmp_path / "pid"
    argv = (sys.executable, "-c", RUN, str(tree), commit, str(pid))
    ended: list[int] = []
    command = Command(argv=argv, timeout=LIMIT_S, env={"PYTHONPATH": str(Path.cwd())})
    runner = threading.Thread(target=lambda: ended.append(process.run(command).returncode), daemon=True)
    runner.start()
    until(halted)
    os.kill(int(pid.read_text()), signal.SIGKILL)
    runner.join(LIMIT_S)
    assert ended == [-signal.SIGKILL]
    (half,) = files.cache_dir("obj").glob("*/a.o")
    assert half.read_bytes() == b"half"
    assert built() == []

    go_on()
    again = build_kernel(tree, commit, sink=silent, jobs=1)
    assert again.image is not None
    assert not again.cached
    assert again.image.read_bytes().endswith(b"whole")
    assert build_kernel(tree, commit, sink=silent, jobs=1).cached
    assert len(built()) == 1


def test_what_a_run_left_that_was_killed_while_keeping_is_removed(
    tree: Path, git: Callable[..., str]
) -> None:
    commit = git(tree, "rev-parse", "HEAD")
    build = Build(tree, commit)
    until(halted)
    go_on()
    build.join(LIMIT_S)
    first = build.result
    assert first is not None
    assert first.image is not None
    place = first.image.parent
    shutil.rmtree(place)
    (place.parent / f".new-{place.name}-abc" / "kernel").mkdir(parents=True)
    assert build_kernel(tree, commit, sink=silent, jobs=1).image == first.image
    assert built() == [place.name]
