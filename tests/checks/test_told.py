# SPDX-License-Identifier: GPL-2.0-only
from dataclasses import replace

import pytest

from kpatch_tools.checks.told import marked, told
from kpatch_tools.model.excerpt import Excerpt, Source
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status
from kpatch_tools.model.test import TestResult, Verdict

SUBJECTS = ((0, "A topic"), (1, "a: One"), (2, "a: Two"))


def finding(
    message: str, path: str = "a.rst", *, line: int = 1, patch: int = 1, rule: str = "x/y"
) -> Finding:
    place = Location(path=path, line=line, patch=patch)
    return Finding(rule=rule, severity=Severity.WARNING, message=message, location=place)


def check(*findings: Finding, name: str = "docs", status: Status = Status.FAIL) -> CheckResult:
    return CheckResult(check=name, status=status, findings=findings)


def report(
    *checks: CheckResult, version: int = 3, subjects: tuple[tuple[int, str], ...] = SUBJECTS
) -> Report:
    series = SeriesId(name="topic", version=version, message_id="", patches=2, subjects=subjects)
    return Report(tool="kvet", series=series, checks=checks)


def older(*checks: CheckResult) -> Report:
    return report(*checks, version=2)


def words(items: tuple[Finding, ...]) -> list[str]:
    return [item.message for item in items]


def test_a_finding_is_the_same_on_another_line_and_in_another_patch() -> None:
    found = told(
        older(check(finding("a table of 3 rows", line=7), finding("gone"))),
        report(check(finding("a table of 5 rows", line=90, patch=2), finding("fresh"))),
    )
    assert words(found.still) == ["a table of 5 rows"]
    assert [item.told for item in found.still] == [2]
    assert words(found.new) == ["fresh"]
    assert [item.finding.message for item in found.answered] == ["gone"]
    assert found.unproven == ()


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (finding("flags is u32"), finding("flags is u64")),
        (finding("fails with npt=0"), finding("fails with npt=1")),
        (finding("is 0xd5"), finding("is 0xd6")),
        (finding("the same words"), finding("the same words", path="b.rst")),
        (finding("the same words"), finding("the same words", rule="x/z")),
    ],
)
def test_other_names_files_and_rules_are_other_findings(then: Finding, now: Finding) -> None:
    found = told(older(check(then)), report(check(now)))
    assert (len(found.still), len(found.new), len(found.answered)) == (0, 1, 1)


def test_equal_findings_are_counted_and_not_merged() -> None:
    one = finding("`size` is not shown as code")
    fewer = told(older(check(one, one, one)), report(check(one)))
    assert (len(fewer.still), len(fewer.answered), len(fewer.new)) == (1, 2, 0)
    more = told(older(check(one)), report(check(one, one, one)))
    assert (len(more.still), len(more.answered), len(more.new)) == (1, 0, 2)


def test_the_very_words_and_the_very_line_come_before_what_is_only_alike() -> None:
    old = older(check(finding("12 columns"), finding("14 columns")))
    assert words(told(old, report(check(finding("14 columns")))).still) == ["14 columns"]
    assert [item.finding.message for item in told(old, report(check(finding("14 columns")))).answered] == [
        "12 columns"
    ]

    def at(text: str) -> Finding:
        lines = Excerpt(source=Source.TREE, path="a.rst", line=4, lines=("", text), mark=5)
        return replace(finding("too long"), excerpts=(lines,))

    found = told(older(check(at("one"), at("two"))), report(check(at("two"))))
    assert [item.finding.excerpts[0].lines[1] for item in found.answered] == ["one"]


def test_a_remark_on_a_message_stays_with_its_patch() -> None:
    then = finding("no Signed-off-by", path="", patch=1)
    same = ((0, "A topic"), (1, "a: Zero"), (2, "a: One"))
    assert told(older(check(then)), report(check(replace_patch(then, 2)), subjects=same)).still
    other = told(older(check(then)), report(check(replace_patch(then, 2))))
    assert (len(other.still), len(other.new), len(other.answered)) == (0, 1, 1)
    renamed = ((0, "A topic"), (1, "a: One, at last"), (2, "a: Two"))
    assert told(older(check(then)), report(check(then), subjects=renamed)).still
    assert told(older(check(then)), report(check(then), subjects=())).still


def replace_patch(one: Finding, patch: int) -> Finding:
    return replace(one, location=Location(path="", patch=patch))


@pytest.mark.parametrize(
    ("now", "why"),
    [
        ((), "docs: not asked for"),
        ((CheckResult(check="docs", reason="no perl"),), "docs: no perl"),
        ((CheckResult(check="docs", status=Status.SKIP, reason="as told"),), "docs: as told"),
        (
            (CheckResult(check="docs", status=Status.FAIL, reason="no checkpatch", partial=True),),
            "docs ran in part: no checkpatch",
        ),
        ((CheckResult(check="docs", status=Status.PASS),), ""),
        ((CheckResult(check="docs", status=Status.FAIL),), ""),
    ],
)
def test_gone_counts_only_when_the_check_ran(now: tuple[CheckResult, ...], why: str) -> None:
    found = told(older(check(finding("gone"))), report(*now))
    assert [item.reason for item in (*found.unproven, *found.answered)] == [why]
    assert len(found.answered) == (why == "")


def ran(*results: tuple[str, Verdict], npt: str = "1", shown: tuple[str, ...] = ("hole",)) -> CheckResult:
    tests = tuple(TestResult(name=name, status=status, mode={"npt": npt}) for name, status in results)
    one = replace(finding("the kernel returned EINVAL"), cases=shown)
    return CheckResult(check="tests", status=Status.FAIL, findings=(one,), tests=tests)


@pytest.mark.parametrize(
    ("now", "why"),
    [
        ([("hole", Verdict.PASS)], ""),
        ([("hole", Verdict.FAIL)], "case hole (npt=1): FAIL now"),
        ([("hole", Verdict.SKIP)], "case hole (npt=1): SKIP now"),
        ([("hole", Verdict.HANG)], "case hole (npt=1): HANG now"),
        ([("hole", Verdict.PASS), ("hole", Verdict.FAIL)], "case hole (npt=1): FAIL now"),
        ([("other", Verdict.PASS)], "case hole (npt=1) was not run"),
    ],
)
def test_what_a_case_showed_is_answered_by_that_case(now: list[tuple[str, Verdict]], why: str) -> None:
    then = ran(("hole", Verdict.KNOWN_BUG), ("other", Verdict.PASS))
    found = told(older(then), report(replace(ran(*now), findings=())))
    assert [item.reason for item in (*found.unproven, *found.answered)] == [why]


def test_another_mode_proves_nothing_and_a_skip_then_asks_nothing_now() -> None:
    then = ran(("hole", Verdict.KNOWN_BUG))
    elsewhere = replace(ran(("hole", Verdict.PASS), npt="0"), findings=())
    assert told(older(then), report(elsewhere)).unproven[0].reason == "case hole (npt=1) was not run"
    skipped = replace(then, tests=(*then.tests, *ran(("hole", Verdict.SKIP), npt="0").tests))
    now = replace(ran(("hole", Verdict.PASS)), findings=())
    assert told(older(skipped), report(now)).unproven == ()


def test_a_case_of_which_the_earlier_report_has_no_result_proves_nothing() -> None:
    then = ran(("other", Verdict.PASS), shown=("hole",))
    now = replace(ran(("hole", Verdict.PASS)), findings=())
    (gone,) = told(older(then), report(now)).unproven
    assert gone.reason == "case hole: the earlier report has no result of it"


def test_a_complaint_of_the_kernel_is_gone_only_from_a_run_that_came_to_its_end() -> None:
    then = ran(("hole", Verdict.PASS), shown=())
    cut = replace(ran(("hole", Verdict.NO_VERDICT)), findings=())
    assert told(older(then), report(cut)).unproven[0].reason == "case hole: NO-VERDICT now"
    whole = replace(ran(("hole", Verdict.FAIL)), findings=())
    assert told(older(then), report(whole)).unproven == ()


def test_a_contract_may_have_another_file_for_another_version() -> None:
    then = finding("case x", path="selftests-gen/contracts/a.toml")
    now = finding("case x", path="selftests-gen/contracts/b.toml")
    assert told(older(check(then)), report(check(now))).still == (replace(now, told=2),)


def test_the_first_version_that_told_it_is_kept() -> None:
    since_v1 = replace(finding("old"), told=1)
    assert told(older(check(since_v1)), report(check(finding("old")))).still[0].told == 1


def test_marked_tells_each_finding_apart_and_gives_back_the_same_division() -> None:
    one = finding("twice")
    now = report(check(one, finding("fresh")), check(one, name="again"))
    found = told(older(check(one, finding("gone"))), now)
    shown = marked(now, found, sources=("r.json",), notes=("n",))
    assert [item.told for item in shown.findings] == [2, 0, 0]
    assert [replace(item, told=0) for item in shown.findings] == list(now.findings)
    assert shown.since is not None
    assert (shown.since.version, shown.since.sources, shown.since.notes) == (2, ("r.json",), ("n",))
    assert shown.told == found
    assert now.told is None


def test_marked_again_forgets_what_was_marked_before() -> None:
    now = report(check(replace(finding("fresh"), told=1)))
    assert marked(now, told(older(), now)).findings[0].told == 0
