# SPDX-License-Identifier: GPL-2.0-only
from pathlib import Path

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.baseline import check_against, read_baseline, write_baseline
from kpatch_tools.flow.docs_files import Against, check_files
from kpatch_tools.model.baseline import HEADER, Baseline, BaselineEntry
from kpatch_tools.model.report import Status

A, B = "a.rst", "b.rst"


@pytest.fixture
def tree(git_tree) -> Path:
    return git_tree({A: b"An `old` one.\n\nAn `old` one.\n", B: b"A `b` one.\n"})


@pytest.fixture
def known(tree) -> Baseline:
    path = tree / "known.txt"
    report = check_files((A, B), tree=tree, against=Against.NOTHING)
    assert write_baseline(path, report) == 3
    return read_baseline(path)


def rules(report) -> list[tuple[str, int]]:
    return [(one.rule, one.location.line) for one in report.findings]


def test_known_findings_are_counted_and_not_shown_wherever_they_stand(tree, known):
    (tree / A).write_text("First.\n\n" + (tree / A).read_text())
    report = check_against(known, (A, B), tree=tree, against=Against.NOTHING)
    (result,) = report.checks
    assert (result.status, result.findings) == (Status.PASS, ())
    assert "3 known findings not shown" in dict(result.facts)[f"baseline {known.name}"]


def test_one_more_of_a_kind_is_shown(tree, known):
    (tree / A).write_text((tree / A).read_text() + "\nAn `old` one.\n")
    report = check_against(known, (A,), tree=tree, against=Against.NOTHING)
    assert rules(report) == [("docs/single-backtick", 5)]
    assert report.verdict is Status.FAIL


def test_what_is_mended_is_stale_when_its_document_is_checked(tree, known):
    (tree / A).write_text("An `old` one.\n")
    report = check_against(known, (A,), tree=tree, against=Against.NOTHING)
    assert rules(report) == [("baseline/stale", 4)]
    assert report.verdict is Status.PASS
    assert "1 stale" in dict(report.checks[0].facts)[f"baseline {known.name}"]
    assert check_against(known, (B,), tree=tree, against=Against.NOTHING).findings == ()


def test_of_a_change_nothing_is_called_stale(tree, known):
    (tree / A).write_text("Text.\n")
    assert check_against(known, (A,), tree=tree).findings == ()


def test_a_rule_that_was_not_asked_leaves_no_stale_entry(tree, known):
    entries = tuple(
        BaselineEntry(fingerprint="0" * 16, rule=rule, path=path, message="S: x", line=9)
        for rule, path in [
            ("docs/unknown-name", A),
            ("docs/prefer-ref", A),
            ("docs/coverage", "include/uapi/linux/kvm.h"),
        ]
    )
    baseline = Baseline(name="known", entries=(*known.entries, *entries))
    assert check_against(baseline, (A, B), tree=tree, against=Against.NOTHING).findings == ()


def test_an_entry_for_an_old_fault_does_not_hide_a_new_one(tree, known):
    (tree / A).write_text((tree / A).read_text() + "\nAn `old` one.\n")
    assert rules(check_against(known, (A,), tree=tree)) == [("docs/single-backtick", 5)]
    accepted = tree / "more.txt"
    write_baseline(accepted, check_files((A,), tree=tree, against=Against.NOTHING))
    assert check_against(read_baseline(accepted), (A,), tree=tree).findings == ()


def test_a_file_that_cannot_be_read_or_written(tree, known, tmp_path):
    with pytest.raises(UserError, match="cannot read baseline"):
        read_baseline(tmp_path / "none")
    (tmp_path / "latin").write_bytes(b"\xff")
    with pytest.raises(UserError, match="not UTF-8"):
        read_baseline(tmp_path / "latin")
    (tmp_path / "file").write_text(HEADER)
    with pytest.raises(UserError, match="cannot be written"):
        write_baseline(tmp_path / "file" / "x", check_files((A,), tree=tree))
