# SPDX-License-Identifier: GPL-2.0-only
"""Bad input of every kind: one clear error each, never a traceback, never a write."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpatch_tools.cli.app import run
from kpatch_tools.errors import UserError
from kpatch_tools.flow.apply import apply_series
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.run import Command
from kpatch_tools.model.series import ApplyState
from kpatch_tools.parse.diff import read_diff
from kpatch_tools.tools import process
from tests.flow.test_apply import fingerprint

Git = Callable[..., str]
Tree = Callable[..., Path]

HEAD = "From 1234 Mon Sep 17 00:00:00 2001\nFrom: A B <a@b>\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n"
LINK = "diff --git a/{path} b/{path}\nnew file mode 120000\nindex 0000000..1111111\n--- /dev/null\n"


def patch(diff: str, subject: str = "[PATCH] s") -> str:
    return f"{HEAD}Subject: {subject}\n\nwhy\n---\n{diff}-- \n2.39\n\n"


def link(path: str, target: str) -> str:
    return LINK.format(path=path) + f"+++ b/{path}\n@@ -0,0 +1 @@\n+{target}\n\\ No newline at end of file\n"


def new_file(path: str) -> str:
    names = f"diff --git a/{path} b/{path}\nnew file mode 100755\n--- /dev/null\n+++ b/{path}\n"
    return names + "@@ -0,0 +1 @@\n+x\n"


GOOD = patch("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD[: GOOD.index("-two")], "cut off"),
        (GOOD[: GOOD.index("+2")], "cut off"),
        (patch(new_file("../outside")), "leaves the tree"),
        (patch(new_file("a/../../outside")), "leaves the tree"),
        (patch(new_file("/etc/motd")), "an absolute path"),
        (patch(new_file(".git/config")), "own data"),
        (patch(new_file(".git/hooks/post-checkout")), "own data"),
        (patch(new_file("sub/.GiT/hooks/x")), "own data"),
        (patch(link("l", "/etc")), "a link to '/etc': an absolute path"),
        (patch(link("l", "../outside")), "leaves the tree"),
        (patch(link("a/b/l", "../../../outside")), "leaves the tree"),
        (patch(link("a/l", "../.git/hooks")), "own data"),
        (GOOD.replace("two", "t\0wo"), "NUL byte"),
    ],
)
def test_told_plainly_and_nothing_written(
    git_tree: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    tree = git_tree({"x": b"one\ntwo\n"})
    before = fingerprint(tree)
    (tmp_path / "m.mbox").write_text(text)
    files = sorted(tmp_path.iterdir())
    assert run(["apply", str(tmp_path / "m.mbox"), "--tree", str(tree), "--branch", "made"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert captured.err.count("kvet: ") == 1
    assert fingerprint(tree) == before
    assert sorted(tmp_path.iterdir()) == files


def test_links_that_stay_are_fine() -> None:
    for path, target in (("l", "x"), ("a/b/l", "../../x"), ("a/l", "../b/./c/"), ("l", ".")):
        (item,) = read_diff(link(path, target))
        assert item.target == target


def test_a_link_may_not_be_written_through(git_tree: Tree, tmp_path: Path) -> None:
    tree = git_tree({"dir/x": b"1\n"})
    mails = patch(link("way", "dir"), "[PATCH 1/2] link") + patch(new_file("way/in"), "[PATCH 2/2] file")
    (tmp_path / "m.mbox").write_text(mails)
    applied = apply_series(load_series(str(tmp_path / "m.mbox")), tree=tree)
    assert applied.state is ApplyState.CONFLICT


def test_escapes_in_a_subject_stay_visible(
    git_tree: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = git_tree({"x": b"one\ntwo\n"})
    (tmp_path / "m.mbox").write_text(GOOD.replace("] s\n", "] \x1b]0;owned\x07 =?utf-8?q?=1B=5B2J?= s\n"))
    for command in (["series", "show"], ["apply", "--tree", str(tree)]):
        assert run([*command, str(tmp_path / "m.mbox")]) == 0
        captured = capsys.readouterr()
        assert "\x1b" not in captured.out + captured.err
        assert "\x07" not in captured.out + captured.err
        assert "\\x1b" in captured.out


def test_a_mailbox_that_is_a_folder_or_a_device(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "box.mbox").mkdir()
    for spec in (str(tmp_path / "box.mbox"), "/dev/null"):
        assert run(["series", "show", spec]) == 2
        assert capsys.readouterr().err.count("kvet: ") == 1
    (tmp_path / "box.mbox" / "sub.patch").mkdir()
    with pytest.raises(UserError, match="without patch files"):
        load_series(str(tmp_path / "box.mbox"))


def test_a_hundred_thousand_lines_are_read_in_little_memory(tmp_path: Path) -> None:
    count = 100_000
    body = "".join(f"+line {number} of a very long file\n" for number in range(count))
    diff = f"diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1,{count} @@\n{body}"
    (tmp_path / "m.mbox").write_text(patch(diff))
    script = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from kpatch_tools.flow.series import load_series\n"
        "loaded = load_series(sys.argv[1])\n"
        # getrusage() would count what the process that started this one holds (vfork(2) shares it).
        "peak = int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024\n"
        "print(loaded.patches[0].files[0].added, peak)\n"
    )
    command = Command(argv=(sys.executable, "-c", script, str(tmp_path / "m.mbox")), timeout=60)
    added, peak = process.run(command).ok_or_raise("reading").text.split()
    assert int(added) == count
    assert int(peak) < 150


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=3), st.integers(0, 4))
def test_a_damaged_mail_ends_in_a_series_or_a_user_error(
    tmp_path: Path, at: int, junk: bytes, cut: int
) -> None:
    raw = GOOD.encode()
    (tmp_path / "m.mbox").write_bytes(raw[:at] + junk + raw[at + cut :])
    with contextlib.suppress(UserError):
        load_series(str(tmp_path / "m.mbox"))


@pytest.fixture
def long_series(git: Git, git_tree: Tree, tmp_path: Path) -> tuple[Path, Path]:
    """A tree, and eight patches for it in a folder."""
    tree = git_tree({"f": b"0\n", "d/g": b"0\n"})
    for number in range(1, 9):
        (tree / "f").write_text(f"{number}\n")
        git(tree, "commit", "--quiet", "-am", f"make it {number}")
    git(tree, "format-patch", "--quiet", "-n", "-o", str(tmp_path / "mails"), "HEAD~8")
    git(tree, "reset", "--quiet", "--hard", "HEAD~8")
    git(tree, "reflog", "expire", "--all", "--expire=now")
    git(tree, "gc", "--quiet", "--prune=now")
    return tree, tmp_path / "mails"


@pytest.mark.parametrize("after_ms", [30, 300, 500, 800])
def test_killed_at_any_moment_the_repository_is_as_before(
    long_series: tuple[Path, Path], after_ms: int, git: Git
) -> None:
    tree, mails = long_series
    before = fingerprint(tree)
    argv = (sys.executable, "-m", "kpatch_tools", "apply", str(mails), "--tree", str(tree))
    pids: list[int] = []

    def kill() -> None:
        time.sleep(after_ms / 1000)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    shell = ("sh", "-c", 'echo $$; exec "$@"', "sh", *argv)
    killer = threading.Thread(target=kill)
    killer.start()
    process.run(
        Command(argv=shell, timeout=60),
        on_line=lambda line: pids.append(int(line)) if line.strip().isdecimal() else None,
    )
    killer.join()
    assert fingerprint(tree) == before
    # What the killed run left in the cache does not disturb the next.
    assert process.run(Command(argv=argv, timeout=60)).ok
    assert fingerprint(tree) == before


def test_runs_side_by_side_agree(long_series: tuple[Path, Path], git: Git) -> None:
    tree, mails = long_series
    before = fingerprint(tree)
    argv = (sys.executable, "-m", "kpatch_tools", "apply", str(mails), "--tree", str(tree), "--format=json")
    outputs: list[str] = []

    def one() -> None:
        outputs.append(process.run(Command(argv=argv, timeout=60)).ok_or_raise("apply").text)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outputs) == 4
    assert len(set(outputs)) == 1
    assert fingerprint(tree) == before
