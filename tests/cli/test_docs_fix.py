# SPDX-License-Identifier: GPL-2.0-only
from pathlib import Path

import pytest

from kpatch_tools.cli.app import run

PATH = "Documentation/virt/kvm/api.rst"
TEXT = "An `old` one.\n\nWith `two words` here.\n"


@pytest.fixture
def tree(git_tree) -> Path:
    folder = git_tree({PATH: TEXT.encode()})
    (folder / PATH).write_text(TEXT + "\nA `new` one.\n")
    return folder


def test_it_shows_and_only_with_write_it_writes(tree, git, capsys):
    assert run(["docs", "fix", "--tree", str(tree)]) == 1
    shown = capsys.readouterr()
    assert "-A `new` one.\n+A ``new`` one.\n" in shown.out
    assert "nothing is written without --write" in shown.err
    assert "1 finding to mend (single-backtick 1)" in shown.err
    assert (tree / PATH).read_text().endswith("A `new` one.\n")
    git(tree, "apply", "--check", stdin=shown.out.encode())
    assert run(["docs", "fix", "--tree", str(tree), "--write"]) == 1
    written = capsys.readouterr()
    assert written.out == shown.out
    assert "1 finding mended" in written.err
    assert (tree / PATH).read_text() == TEXT + "\nA ``new`` one.\n"
    assert run(["docs", "fix", "--tree", str(tree), "--write"]) == 0
    assert capsys.readouterr().out == ""


def test_all_mends_the_whole_file_and_tells_what_is_left(tree, capsys):
    assert run(["docs", "fix", "--tree", str(tree), "--all"]) == 1
    captured = capsys.readouterr()
    assert "+An ``old`` one." in captured.out
    assert "two words" not in [line[1:] for line in captured.out.splitlines() if line[0] in "+-"]
    assert "`two words` in single backticks" in captured.err


def test_a_rule_and_a_ref(tree, capsys):
    assert run(["docs", "fix", "--tree", str(tree), "--rule", "table"]) == 0
    assert run(["docs", "fix", "--tree", str(tree), "--diff", "HEAD"]) == 1
    capsys.readouterr()


@pytest.mark.parametrize(
    "arguments",
    [
        ["none.rst"],
        ["--all", "--diff", "HEAD"],
        ["--diff", "no-such-ref"],
        ["--diff", "HEAD..HEAD"],
        ["--rule", "nonsense"],
        ["--rule", "field-missing"],
    ],
)
def test_wrong_usage_exits_2_with_one_clear_message(tree, capsys, arguments):
    assert run(["docs", "fix", "--tree", str(tree), *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_a_baseline_is_written_and_used(tree, capsys):
    known = tree / "known.txt"
    check = ["docs", "check", "--tree", str(tree)]
    assert run([*check, "--write-baseline", str(known)]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "3 findings written to" in captured.err
    assert run([*check, "--all", "--baseline", str(known)]) == 0
    assert "3 known findings not shown" in " ".join(capsys.readouterr().out.split())
    (tree / PATH).write_text("Text.\n")
    assert run([*check, "--all", "--baseline", str(known)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "known.txt:3: note: no longer found:" in out
    assert "the same in lines 4 (`old`), 5 (`two words`)" in out
    assert run([*check, "--all", "--baseline", str(known), "--fail-on", "note"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--baseline", "none.txt"],
        ["--write-baseline", "x", "--baseline", "x"],
        ["--write-baseline", "x", "--staged"],
        ["--write-baseline", "x", "--diff", "HEAD"],
        ["--baseline", "x", "--series", "x"],
    ],
)
def test_wrong_use_of_a_baseline_exits_2(tree, capsys, arguments):
    assert run(["docs", "check", "--tree", str(tree), *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_a_bad_baseline_names_its_line(tree, capsys):
    (tree / "known.txt").write_text("nonsense\n")
    assert run(["docs", "check", "--tree", str(tree), "--all", "--baseline", str(tree / "known.txt")]) == 2
    assert "known.txt:1: not a baseline" in capsys.readouterr().err
