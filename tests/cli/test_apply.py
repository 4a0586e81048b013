# SPDX-License-Identifier: GPL-2.0-only
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.cli.app import run

Git = Callable[..., str]
Tree = Callable[..., Path]


@pytest.fixture
def posted(git: Git, git_tree: Tree, tmp_path: Path) -> tuple[Path, Path]:
    """A tree at its base, and two patches for it in a folder."""
    tree = git_tree({"a": b"1\n", "b": b"1\n"})
    for name in ("a", "b"):
        (tree / name).write_text("2\n")
        git(tree, "commit", "--quiet", "-am", f"change {name}")
    git(tree, "format-patch", "--quiet", "-o", str(tmp_path / "mails"), "HEAD~2")
    git(tree, "reset", "--quiet", "--hard", "HEAD~2")
    return tree, tmp_path / "mails"


def test_json_is_alone_on_stdout(
    posted: tuple[Path, Path], capsys: pytest.CaptureFixture[str], git: Git
) -> None:
    tree, mails = posted
    assert run(["apply", str(mails), "--tree", str(tree), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["state"] == "applied"
    assert len(document["commits"]) == 2
    assert document["base"] == git(tree, "rev-parse", "HEAD")
    assert git(Path(document["store"]), "rev-parse", f"{document['head']}^{{tree}}") == document["tree"]


def test_check_keeps_nothing(
    posted: tuple[Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, mails = posted
    monkeypatch.chdir(tree)
    assert run(["apply", str(mails), "--check", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["store"] is None
    assert run(["apply", str(mails), "--check", "--branch", "b"]) == 2


def test_branch_then_already_applied(
    posted: tuple[Path, Path], capsys: pytest.CaptureFixture[str], git: Git
) -> None:
    tree, mails = posted
    assert run(["apply", str(mails), "--tree", str(tree), "--branch", "topic"]) == 0
    captured = capsys.readouterr()
    assert "2/2" in captured.out
    assert "branch topic is new" in captured.err
    assert git(tree, "log", "-1", "--format=%s", "topic") == "change b"
    assert run(["apply", str(mails), "--tree", str(tree), "--onto", "topic"]) == 0
    assert "already-applied" in capsys.readouterr().out
    assert run(["apply", str(mails), "--tree", str(tree), "--branch", "topic"]) == 2


def test_findings_exit_with_1_and_bad_input_with_2(
    posted: tuple[Path, Path], capsys: pytest.CaptureFixture[str], git: Git, tmp_path: Path
) -> None:
    tree, mails = posted
    (tree / "b").write_text("3\n")
    git(tree, "commit", "--quiet", "-am", "other")
    assert run(["apply", str(mails), "--tree", str(tree)]) == 1
    assert "conflict: patch 2/2 does not apply at b:1" in capsys.readouterr().out
    (mails / "0001-change-a.patch").unlink()
    assert run(["apply", str(mails), "--tree", str(tree)]) == 1
    assert "incomplete: 1 of 2 patches missing: 1/2" in capsys.readouterr().out
    assert run(["apply", str(tmp_path / "none"), "--tree", str(tree)]) == 2
    assert run(["apply", str(mails), "--tree", str(tmp_path)]) == 2
    assert capsys.readouterr().out == ""


def test_no_tree_is_a_wrong_usage(
    posted: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["apply", str(posted[1])]) == 2


def test_series_show(posted: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    _tree, mails = posted
    assert run(["series", "show", str(mails)]) == 0
    assert "2 of 2, complete" in capsys.readouterr().out
    assert run(["series", "show", str(mails), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["complete"] is True
    (mails / "0002-change-b.patch").unlink()
    assert run(["series", "show", str(mails), "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["state"] == "incomplete"


def test_tree_get(posted: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    tree, _mails = posted
    assert run(["tree", "get", str(tree)]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{tree}\n"
    assert "at commit" in captured.err
    assert run(["tree", "get", "--print-path", f"file://{tree}"]) == 0
    first = capsys.readouterr()
    assert first.err == ""
    assert run(["tree", "get", f"file://{tree}"]) == 0
    again = capsys.readouterr()
    assert again.out == first.out
    assert "to fetch anew" in again.err
    assert run(["tree", "get", "debian:sid"]) == 2
