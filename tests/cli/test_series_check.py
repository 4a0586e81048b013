# SPDX-License-Identifier: GPL-2.0-only
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from kpatch_tools.cli.app import run
from tests.faketree import FILES
from tests.posted import SIGNED

Git = Callable[..., str]
Tree = Callable[..., Path]


@pytest.fixture
def posted(git: Git, git_tree: Tree, tmp_path: Path) -> tuple[Path, Path]:
    """A tree, and a folder with one patch for it that has one fault."""
    tree = git_tree(FILES)
    (tree / "virt/kvm/b.c").write_bytes(b"1\nFAULT\n3\n")
    git(tree, "commit", "--quiet", "-a", "--file=-", stdin=f"KVM: Do it\n\nWhy.\n\n{SIGNED}\n".encode())
    git(tree, "format-patch", "--quiet", "--base=HEAD~1", "-o", str(tmp_path / "mails"), "-1")
    git(tree, "reset", "--quiet", "--hard", "HEAD~1")
    return tree, tmp_path / "mails"


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))


def test_text_and_exit_code(posted: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    tree, mails = posted
    assert run(["series", "check", str(mails), "--tree", str(tree)]) == 1
    assert (
        "virt/kvm/b.c:2: error: the word stands here [checkpatch/FAULT, patch 1]" in capsys.readouterr().out
    )


def test_json_is_alone_on_stdout(posted: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    tree, mails = posted
    assert run(["series", "check", str(mails), "--tree", str(tree), "--format", "json"]) == 1
    (check,) = json.loads(capsys.readouterr().out)["checks"]
    assert [(one["rule"], one["patch"], one["line"]) for one in check["findings"]] == [
        ("checkpatch/FAULT", 1, 2)
    ]


@pytest.mark.parametrize("form", ["b4-lines", "b4-json"])
def test_b4_formats_say_nothing_on_stderr(
    posted: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    form: str,
) -> None:
    tree, mails = posted
    (mail,) = mails.iterdir()
    stdin(monkeypatch, mail.read_bytes())
    options = ["--tree", str(tree), "--format", form, "--cache-key", "0"]
    assert run(["series", "check", "-", *options]) == 0
    alone = capsys.readouterr()
    assert run(["series", "check", str(mails), *options]) == 0
    named = capsys.readouterr()
    assert alone.err == named.err == ""
    assert alone.out == named.out
    assert "the word stands here" in alone.out


@pytest.mark.parametrize("data", [b"", b"no mail at all", b"From: a\nSubject: x\n\nFrom b\n"])
def test_b4_is_told_on_stdout_what_is_no_mail(
    posted: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    data: bytes,
) -> None:
    stdin(monkeypatch, data)
    assert run(["series", "check", "-", "--tree", str(posted[0]), "--format", "b4-lines"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.startswith("WARNING: ")
    assert "ERROR:" not in captured.out


def test_review_directory(posted: tuple[Path, Path], tmp_path: Path) -> None:
    tree, mails = posted
    place = tmp_path / "review"
    assert run(["series", "check", str(mails), "--tree", str(tree), "--review-dir", str(place)]) == 1
    assert sorted(item.name for item in place.iterdir()) == ["0001.txt", "identity.txt", "series.txt"]
    assert run(["series", "check", "-", "--format", "b4-lines", "--review-dir", str(place)]) == 2


def test_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["series", "rules"]) == 0
    assert "kvm/shortlog" in capsys.readouterr().out
    assert run(["series", "rules", "kvm/shortlog"]) == 0
    assert "Good: KVM: VMX: Fix a crash" in capsys.readouterr().out
    assert run(["series", "rules", "kvm/none"]) == 2
