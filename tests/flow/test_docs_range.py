# SPDX-License-Identifier: GPL-2.0-only
"""Two commits compared, as a person asks (A..B) and as pre-commit does."""

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.errors import UserError
from kpatch_tools.flow.docs_files import Against, check_files
from kpatch_tools.flow.docs_range import asked_by_hook, is_range, read_range
from kpatch_tools.tools.git import Repository

PATH = "Documentation/x.rst"


@pytest.fixture
def tree(git_tree, git):
    """main: base, then its own fault; topic: from base, another fault; the work tree has a third."""
    folder = git_tree({PATH: b"An `old` one.\n"})
    git(folder, "checkout", "--quiet", "-b", "topic")
    (folder / PATH).write_text("An `old` one.\n\nA `topic` one.\n")
    git(folder, "commit", "--quiet", "--all", "--message=topic")
    git(folder, "checkout", "--quiet", "main")
    (folder / PATH).write_text("An `old` one.\n\nA `main` one.\n")
    git(folder, "commit", "--quiet", "--all", "--message=main")
    (folder / PATH).write_text("A `disk` one.\n")
    return folder


def messages(tree, ref):
    report = check_files((PATH,), tree=tree, against=Against.REF, ref=ref)
    return [one.message.split("`")[1] for one in report.findings], report.checks[0]


def test_two_dots_compare_the_commits_and_three_where_they_parted(tree):
    assert messages(tree, "main..topic")[0] == ["topic"]
    assert messages(tree, "topic..main")[0] == ["main"]
    assert messages(tree, "main...topic")[0] == ["topic"]
    assert messages(tree, "main~1..main")[0] == ["main"]
    assert messages(tree, "main~1..")[0] == ["main"]
    assert messages(tree, "main..main")[0] == []


def test_what_was_compared_is_said(tree):
    _found, check = messages(tree, "main...topic")
    ((_name, words),) = check.facts
    assert words.startswith("general rules, what topic (")
    assert ") adds to main (" in words


def test_without_a_common_ancestor_it_is_the_commit_itself_and_is_said(tree, git):
    git(tree, "checkout", "--quiet", "--force", "--orphan", "alone")
    (tree / PATH).write_text("An `old` one. An `alone` one.\n")
    git(tree, "commit", "--quiet", "--all", "--message=alone")
    found, check = messages(tree, "main...alone")
    assert found == ["alone"]
    assert "no common ancestor" in check.reason


def test_a_side_that_is_no_commit_and_a_file_that_is_not_in_it(tree, git):
    with pytest.raises(UserError, match="'nonsense' names no commit"):
        messages(tree, "main..nonsense")
    git(tree, "rm", "--quiet", "--force", PATH)
    git(tree, "commit", "--quiet", "--message=gone")
    (tree / PATH).parent.mkdir(parents=True)
    (tree / PATH).write_text("back\n")
    with pytest.raises(UserError, match="has no such file"):
        messages(tree, "main~1..main")


def test_a_range_is_read_whole(tree):
    repository = Repository.open(tree)
    two = read_range(repository, "main~1..topic")
    assert (two.base, two.head, two.remark) == (
        repository.resolve("main~1"),
        repository.resolve("topic"),
        "",
    )
    assert is_range("a..b")
    assert not is_range("v6.1")


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, ""),
        ({"PRE_COMMIT": "1"}, ""),
        ({"PRE_COMMIT_FROM_REF": "a"}, ""),
        ({"PRE_COMMIT_FROM_REF": "a", "PRE_COMMIT_TO_REF": "b"}, "a...b"),
    ],
)
def test_what_pre_commit_asks_about(environment, wanted):
    assert asked_by_hook(environment) == wanted


def test_the_hook_checks_what_is_staged_or_what_it_is_told(tree, git, monkeypatch, capsys):
    monkeypatch.chdir(tree)
    assert run(["docs", "check", "--pre-commit", PATH]) == 0
    git(tree, "add", PATH)
    assert run(["docs", "check", "--pre-commit", PATH]) == 1
    assert "`disk`" in capsys.readouterr().out
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "main")
    monkeypatch.setenv("PRE_COMMIT_TO_REF", "topic")
    assert run(["docs", "check", "--pre-commit", PATH]) == 1
    out = capsys.readouterr().out
    assert "`topic`" in out
    assert "`disk`" not in out
    # Only the hook listens to these variables.
    assert run(["docs", "check", "--staged", PATH]) == 1
    assert "`disk`" in capsys.readouterr().out


def test_the_hook_option_excludes_the_others(tree, capsys):
    assert run(["docs", "check", "--pre-commit", "--all", str(tree / PATH)]) == 2
    assert "exclude each other" in capsys.readouterr().err
