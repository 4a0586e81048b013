# SPDX-License-Identifier: GPL-2.0-only
"""New against old: lines that moved, one more of a kind, and what only W=1 or kernel-doc tells."""

from kpatch_tools.checks import warnings
from kpatch_tools.checks.warnings import from_extra, from_sparse
from kpatch_tools.model.finding import Finding, Location, Severity


def warning(message: str, line: int, *, path: str = "a.c", column: int = 3, rule: str = "gcc/-Wx") -> Finding:
    where = Location(path=path, line=line, column=column)
    return Finding(rule=rule, severity=Severity.WARNING, message=message, location=where)


def new_warnings(base: list[Finding], head: list[Finding], patch_of, changed_by=lambda _path: 0):
    return warnings.new_warnings(base, head, patch_of, changed_by)


def by_line(**patches: int):
    return lambda place: patches.get(f"l{place.line}", 0)


def test_what_only_moved_is_old() -> None:
    assert new_warnings([warning("unused 'x'", 5)], [warning("unused 'x'", 50)], by_line(l50=2)) == ((), 1)


def test_the_patch_that_wrote_the_line_is_named() -> None:
    (found,), old = new_warnings([], [warning("unused 'x'", 7)], by_line(l7=3))
    assert (found.location.patch, found.location.line, old, found.hint) == (3, 7, 0, "")


def test_of_two_alike_the_new_line_is_the_new_one() -> None:
    head = [warning("context imbalance", 10), warning("context imbalance", 20)]
    (found,), old = new_warnings([warning("context imbalance", 10)], head, by_line(l20=4))
    assert (found.location.line, found.location.patch, old) == (20, 4, 1)


def test_an_older_line_is_the_series_as_a_whole() -> None:
    (found,), _old = new_warnings([], [warning("defined but not used", 7)], by_line())
    assert found.location.patch == 0
    assert "the line is older" in found.hint


def test_an_older_line_of_a_file_that_one_patch_changes() -> None:
    head = [warning("defined but not used", 7), warning("odd", 9)]
    found, _old = new_warnings([], head, by_line(l9=2), {"a.c": 5}.get)
    assert [one.location.patch for one in found] == [5, 2]
    assert "the line is older" in found[0].hint


def test_another_file_or_rule_is_another_warning() -> None:
    base = [warning("odd", 5)]
    head = [warning("odd", 5, path="b.c"), warning("odd", 5, rule="gcc/-Wy")]
    assert len(new_warnings(base, head, by_line())[0]) == 2


def test_what_the_plain_build_tells_stays_a_warning() -> None:
    one, two = warning("one", 1), warning("two", 2)
    assert from_extra(one, [one]).severity is Severity.WARNING
    assert from_extra(two, [one]).severity is Severity.NOTE
    assert "W=1" in from_extra(two, [one]).hint


def test_kernel_doc_is_told_apart_from_gcc() -> None:
    assert (
        from_extra(warning("not described", 4, column=0, rule="gcc/warning"), []).rule == "kernel-doc/warning"
    )
    assert from_extra(warning("odd", 4, rule="gcc/warning"), []).rule == "gcc/warning"


def test_sparse_has_rules_of_its_own() -> None:
    assert from_sparse(warning("context imbalance", 4, rule="gcc/warning")).rule == "sparse/warning"
