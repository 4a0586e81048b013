# SPDX-License-Identifier: GPL-2.0-only
import json
from pathlib import Path

import pytest

from kpatch_tools.checks.docs import RULES
from kpatch_tools.cli.app import run

PATH = "Documentation/virt/kvm/api.rst"
FIELDS = ":Capability: basic\n:Architectures: all\n:Type: vm ioctl\n:Parameters: none\n:Returns: 0\n"
TEXT = f"4. API\n======\n\n4.1 KVM_ONE\n-----------\n\n{FIELDS}\nThe `old` fault.\n"


@pytest.fixture
def tree(git_tree) -> Path:
    return git_tree({PATH: TEXT.encode()})


def test_a_clean_change_exits_0_and_all_exits_1(tree, capsys):
    assert run(["docs", "check", "--tree", str(tree)]) == 0
    assert "verdict: PASS" in capsys.readouterr().out
    assert run(["docs", "check", "--tree", str(tree), "--all"]) == 1
    out = capsys.readouterr().out
    found = f"{PATH}:13:5: warning: KVM_ONE: `old` in single backticks is not shown as code"
    assert f"{found} [docs/single-backtick]" in " ".join(out.split())
    assert "hint: write ``old``" in out


def test_fail_on_moves_the_threshold(tree):
    assert run(["docs", "check", "--tree", str(tree), "--all", "--fail-on", "error"]) == 0
    assert run(["docs", "check", "--tree", str(tree), "--all", "--fail-on", "note"]) == 1


def test_json_is_all_that_stands_on_stdout(tree, capsys):
    assert run(["docs", "check", "--tree", str(tree), "--all", "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    (check,) = report["checks"]
    (finding,) = check["findings"]
    assert (check["check"], check["status"], report["verdict"]) == ("docs", "FAIL", "FAIL")
    assert (finding["rule"], finding["line"], finding["column"]) == ("docs/single-backtick", 13, 5)


def test_a_file_outside_of_git_is_said_on_stderr(tmp_path, capsys, monkeypatch):
    (tmp_path / "x.rst").write_text("A `name`.\n")
    # A name that is longer than a line would stand on one of its own.
    monkeypatch.chdir(tmp_path)
    assert run(["docs", "check", "x.rst"]) == 1
    captured = capsys.readouterr()
    assert "not in a git tree: all findings count" in captured.err
    assert "x.rst:1:3: warning" in captured.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["none.rst"],
        ["--all", "--staged"],
        ["--diff", "HEAD", "--series", "x"],
        ["--diff", "no-such-ref"],
        ["--format", "pdf"],
        ["--fail-on", "always"],
    ],
)
def test_wrong_usage_exits_2_with_one_clear_message(tree, capsys, arguments):
    assert run(["docs", "check", "--tree", str(tree), *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_a_hostile_document_cannot_write_to_the_terminal(tree, capsys):
    (tree / PATH).write_text(TEXT + "\nA `\x1b]0;title\x07` here.\n")
    assert run(["docs", "check", "--tree", str(tree)]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_rules_lists_every_rule_with_its_severity(capsys):
    assert run(["docs", "rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    named = [line.split() for line in lines if not line.startswith(" ")]
    assert [words[0] for words in named] == [*RULES, "docs/sphinx"]
    assert all(words[1] in {"error", "warning", "note"} for words in named)


@pytest.mark.parametrize("name", ["docs/table", "table"])
def test_explain_shows_the_page(name, capsys):
    assert run(["docs", "explain", name]) == 0
    out = capsys.readouterr().out
    assert "Bad:" in out
    assert "Good:" in out


def test_explain_knows_its_rules(capsys):
    assert run(["docs", "explain", "nonsense"]) == 2
    assert "kvet rules" in capsys.readouterr().err
