# SPDX-License-Identifier: GPL-2.0-only
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, ToolFailed
from kpatch_tools.tools.checkpatch import Mail, known_words, run_checkpatch
from kpatch_tools.tools.git import Repository
from tests.faketree import FILES, SCRIPT

Tree = Callable[..., Path]


def test_all_mails_in_one_run(git_tree: Tree) -> None:
    tree = Repository.open(git_tree(FILES))
    mails = [Mail(name="0001.patch", data=b"+ok\n+FAULT\n"), Mail(name="0002.patch", data=b"+ok\n")]
    found = run_checkpatch(tree, tree.head(), mails)
    assert [(one.type, one.line) for one in found["0001.patch"]] == [("FAULT", 2)]
    assert found["0002.patch"] == ()


def test_no_script(git_tree: Tree) -> None:
    tree = Repository.open(git_tree({"a": b""}))
    with pytest.raises(EnvironmentFault, match=r"has no scripts/checkpatch\.pl"):
        run_checkpatch(tree, tree.head(), [Mail(name="1.patch", data=b"x")])


@pytest.mark.parametrize(
    "script",
    [
        SCRIPT.replace(b"exit $bad", b"exit 0"),
        SCRIPT.replace(b"exit $bad", b"print STDERR qq(words\\n); exit $bad"),
        b"print qq(Must be run elsewhere\\n); exit 2;",
        b"syntax error here",
    ],
)
def test_a_run_that_did_not_work_is_no_pass(git_tree: Tree, script: bytes) -> None:
    tree = Repository.open(git_tree({**FILES, "scripts/checkpatch.pl": script}))
    with pytest.raises((EnvironmentFault, ToolFailed)):
        run_checkpatch(tree, tree.head(), [Mail(name="1.patch", data=b"+FAULT\n")])


def test_death_in_the_middle_is_no_pass(git_tree: Tree) -> None:
    tree = Repository.open(git_tree(FILES))
    with pytest.raises(ToolFailed):
        run_checkpatch(tree, tree.head(), [Mail(name="1.patch", data=b"+DIE\n")])


def test_the_users_configuration_is_not_heard(
    git_tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = b'print "x/1.patch:1: ERROR:HOME: $ENV{HOME}\\n"; exit 1;'
    tree = Repository.open(git_tree({**FILES, "scripts/checkpatch.pl": script}))
    monkeypatch.setenv("HOME", str(tmp_path / "home of a user"))
    (one,) = run_checkpatch(tree, tree.head(), [Mail(name="1.patch", data=b"x")])["1.patch"]
    assert "home of a user" not in one.text


def test_known_words(git_tree: Tree) -> None:
    tree = Repository.open(git_tree(FILES))
    assert known_words(tree, tree.head(), ["SoMeKnown", "SoMeOther", "SoMe"]) == {"SoMeKnown"}
    assert known_words(tree, tree.head(), []) == frozenset()
