# SPDX-License-Identifier: GPL-2.0-only
"""A staged text that was judged before gets the same answer, and no other text does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kpatch_tools.flow import docs_again, docs_files
from kpatch_tools.flow.docs_again import KEPT, check_staged
from kpatch_tools.flow.docs_files import Against, check_files
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import Report
from kpatch_tools.render import text
from kpatch_tools.tools.files import cache_dir

Git = Callable[..., str]
Tree = Callable[..., Path]
PATH = "Documentation/virt/kvm/api.rst"
CLEAN = b"Title\n=====\n\nText.\n"
FAULTY = CLEAN + b"\nA `name` here.\n"


@pytest.fixture
def tree(git: Git, git_tree: Tree, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree around the current folder with one fault staged."""
    made = git_tree({PATH: CLEAN, "Documentation/other.rst": CLEAN, "x.rst": CLEAN})
    (made / PATH).write_bytes(FAULTY)
    git(made, "add", PATH)
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The runs of the linter itself."""
    runs: list[tuple[str, ...]] = []
    judge = docs_files.check_files

    def watched(paths: tuple[str, ...], **options) -> Report:
        runs.append(paths)
        return judge(paths, **options)

    monkeypatch.setattr(docs_files, "check_files", watched)
    return runs


def untimed(report: Report) -> Report:
    """Without what tells two runs apart: the time, and the remark that an answer was kept."""
    checks = (
        replace(one, elapsed=0.0, facts=tuple(fact for fact in one.facts if fact != KEPT))
        for one in report.checks
    )
    return replace(report, checks=tuple(checks))


def test_the_second_answer_is_the_first_one_whole(tree: Path, asked: list) -> None:
    first = check_staged(())
    second = check_staged(())
    assert len(asked) == 1
    assert untimed(first) == untimed(second) == untimed(check_files((), against=Against.INDEX))
    assert text.render(untimed(first)) == text.render(untimed(second))
    assert [KEPT in report.checks[0].facts for report in (first, second)] == [False, True]
    assert "from the cache" in text.render(second)
    assert [one.rule for one in second.findings] == ["docs/single-backtick"]


def test_whatever_it_follows_from_makes_it_new(tree: Path, git: Git, asked: list) -> None:
    check_staged((PATH,))
    check_staged((PATH,), fail_on=Severity.ERROR)
    check_staged(("Documentation/other.rst",))
    assert len(asked) == 3
    (tree / PATH).write_bytes(FAULTY + b"More.\n")
    check_staged((PATH,))
    assert len(asked) == 3  # what is on disk and not staged is none of its business
    git(tree, "add", PATH)
    check_staged((PATH,))
    git(tree, "commit", "-q", "-m", "said")
    assert check_staged((PATH,)).findings == ()
    assert len(asked) == 5


def test_other_rules_make_it_new(tree: Path, asked: list, monkeypatch: pytest.MonkeyPatch) -> None:
    check_staged(())
    monkeypatch.setattr(docs_again, "_ourselves", lambda: iter(["another version"]))
    check_staged(())
    assert len(asked) == 2


def test_a_damaged_answer_is_none(tree: Path, asked: list) -> None:
    first = check_staged(())
    (kept,) = cache_dir("answers").iterdir()
    kept.write_bytes(kept.read_bytes()[:-3])
    assert untimed(check_staged(())) == untimed(first)
    kept.write_bytes(b"")
    check_staged(())
    assert len(asked) == 3


def test_what_is_outside_is_asked_each_time(tree: Path, asked: list, tmp_path: Path) -> None:
    check_staged(("x.rst",))
    check_staged(("x.rst",))
    check_staged((PATH,), tree=tree)
    check_staged((PATH,), tree=tree)
    assert len(asked) == 4
    assert list(cache_dir("answers").iterdir()) == []
