# SPDX-License-Identifier: GPL-2.0-only
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools import __version__
from kpatch_tools.cli.app import run

Git = Callable[..., str]
Tree = Callable[..., Path]
KEYS = ("b4.am-perpatch-check-cmd", "b4.review-perpatch-check-cmd", "b4.review-series-check-cmd")


def test_print_changes_nothing(git_tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    tree = git_tree({"a": b""})
    before = (tree / ".git/config").read_bytes()
    assert run(["b4-setup", "--tree", str(tree)]) == 0
    assert run(["b4-setup", "--tree", str(tree), "--print"]) == 0
    assert (tree / ".git/config").read_bytes() == before
    out = capsys.readouterr().out
    for key in KEYS:
        assert f"\t{key.removeprefix('b4.')} = " in out
    assert "\tprep-perpatch-check-cmd = kvet series check - " in out


def test_write_twice_and_over_an_older_version(git_tree: Tree, git: Git) -> None:
    tree = git_tree({"a": b""})
    git(tree, "config", KEYS[0], "/old/kvet series check - --tree . --format b4-lines --cache-key 0.0.1")
    git(tree, "config", "--add", KEYS[0], "mine --quick")
    for _ in range(2):
        assert run(["b4-setup", "--tree", str(tree), "--write"]) == 0
    commands = git(tree, "config", "--get-all", KEYS[0]).splitlines()
    assert len(commands) == 2
    assert "mine --quick" in commands
    assert sum(f"--cache-key {__version__}" in one for one in commands) == 1
    for key in KEYS[1:]:
        assert len(git(tree, "config", "--get-all", key).splitlines()) == 1


def test_told_what_is_printed_can_be_pasted(
    git_tree: Tree, git: Git, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tree = git_tree({"a": b""})
    assert run(["b4-setup", "--tree", str(tree)]) == 0
    config = tmp_path / "pasted"
    config.write_text(capsys.readouterr().out)
    assert git(tree, "config", "--file", str(config), KEYS[2]).endswith(f"--whole --cache-key {__version__}")


def test_one_of_two(git_tree: Tree) -> None:
    assert run(["b4-setup", "--tree", str(git_tree({"a": b""})), "--print", "--write"]) == 2
