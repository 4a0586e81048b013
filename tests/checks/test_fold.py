# SPDX-License-Identifier: GPL-2.0-only
"""One fault told by several rules: the better one stays, nothing is lost, and no proof is dropped."""

from dataclasses import replace

from kpatch_tools.checks.fold import FACT, folded
from kpatch_tools.checks.known import _meant
from kpatch_tools.checks.told import marked, told
from kpatch_tools.model.excerpt import Excerpt, Source
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.known import FindingGone
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import json_v1, text

RST = "Documentation/virt/kvm/api.rst"
LINES = Excerpt(source=Source.TREE, path=RST, line=19, lines=("every other machine lacks it",), mark=19)


def at(rule: str, message: str, line: int, **more) -> Finding:
    more.setdefault("severity", Severity.WARNING)
    return Finding(rule=rule, message=message, location=Location(path=RST, line=line), **more)


MAIN = at("conformance/architectures", 'the document says ":Architectures: none", yet 3 calls succeeded', 5)
VALUE = at("docs/field-value", "KVM_X: ':Architectures: none' is not in the vocabulary of the field", 5)
WORDS = at(
    "docs/architecture-contradiction",
    "KVM_X: 'every other architecture lacks' contradicts ':Architectures: none'",
    19,
    related=(Location(path=RST, line=5),),
    excerpts=(LINES,),
)
OTHER = at("docs/table", "a broken table", 7)


def checks(docs, conformance=(MAIN,)) -> tuple[CheckResult, ...]:
    return (
        CheckResult(check="docs", status=Status.FAIL, findings=tuple(docs)),
        CheckResult(check="conformance", status=Status.FAIL, findings=tuple(conformance)),
    )


def report(done: tuple[CheckResult, ...], version: int = 2) -> Report:
    series = SeriesId(name="s", version=version, message_id="a@b", patches=1, subjects=((1, "x"),))
    return Report(tool="kvet 1", series=series, checks=done)


def test_three_rules_become_one_finding_with_its_evidence() -> None:
    docs, conformance = folded(checks((VALUE, WORDS, OTHER)))
    assert docs.findings == (OTHER,)
    assert (FACT, "2 findings, with conformance/architectures") in docs.facts
    (one,) = conformance.findings
    assert one.folded == (VALUE, WORDS)
    assert one.detail.splitlines() == [
        f"docs/field-value: {VALUE.message}",
        f"docs/architecture-contradiction, line 19: {WORDS.message}",
    ]
    assert one.related == (Location(path=RST, line=19),)
    assert one.excerpts == (LINES,)


def test_the_check_that_found_it_does_not_pass_for_that() -> None:
    docs, _conformance = folded(checks((VALUE,)))
    assert (docs.findings, docs.status) == ((), Status.FAIL)


def test_alone_each_is_the_only_proof_and_stays() -> None:
    for given in (checks((VALUE, WORDS), ()), checks((VALUE, WORDS, OTHER), (OTHER,))):
        assert folded(given) == given


def test_another_place_or_other_words_are_another_fault() -> None:
    elsewhere = replace(VALUE, location=Location(path=RST, line=6))
    unread = replace(WORDS, related=())
    strange = replace(VALUE, message="KVM_X: ':Architectures: ppc' is not in the vocabulary of the field")
    field = replace(VALUE, message="KVM_X: ':Type: none' is not in the vocabulary of the field")
    nowhere = replace(VALUE, location=None)
    given = checks((elsewhere, unread, strange, field, nowhere))
    assert folded(given) == given


def test_none_goes_into_a_lighter_one() -> None:
    given = checks((replace(VALUE, severity=Severity.ERROR),))
    assert folded(given) == given


def test_json_keeps_all_of_it_and_the_terminal_tells_one() -> None:
    found = report(folded(checks((VALUE, WORDS, OTHER))))
    assert parse_report(json_v1.render(found), name="report.json").every == found.every
    assert len(found.findings) == 2
    assert len(found.every) == 4
    shown = text.render(found)
    assert shown.count("[docs/field-value]") == 0
    assert shown.count("docs/field-value: KVM_X:") == 1


def test_what_is_folded_is_not_answered_and_what_stands_alone_is_not_new() -> None:
    apart, together = report(checks((VALUE, WORDS))), report(folded(checks((VALUE, WORDS))), 3)
    found = told(apart, together)
    assert (found.answered, found.unproven, found.new) == ((), (), ())
    assert [one.told for one in marked(together, found).findings] == [2]
    unkept = report((CheckResult(check="docs", status=Status.FAIL, findings=(VALUE,)),), 4)
    found = told(replace(together, series=replace(together.series, version=2)), unkept)
    assert [one.rule for one in found.still] == ["docs/field-value"]
    assert [gone.finding.rule for gone in found.unproven] == ["conformance/architectures"]


def test_a_comment_that_a_folded_finding_answers_is_proven_by_it() -> None:
    proof = FindingGone(rule="docs/field-value", words="vocabulary")
    (main,) = folded(checks((VALUE, WORDS)))[1].findings
    assert _meant(main, proof)
    assert not _meant(MAIN, proof)


def test_a_fault_that_is_mended_takes_all_of_it_away() -> None:
    mended = report(checks((), ()), 3)
    found = told(report(folded(checks((VALUE, WORDS)))), mended)
    assert [gone.finding.rule for gone in found.answered] == ["conformance/architectures"]
