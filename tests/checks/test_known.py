# SPDX-License-Identifier: GPL-2.0-only
from dataclasses import replace

import pytest

from kpatch_tools.checks.compare import match
from kpatch_tools.checks.known import Evidence, known_answers
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.known import (
    CasePasses,
    Claim,
    FindingGone,
    KnownComment,
    LineChanged,
    Outcome,
    Proof,
    State,
    TextGone,
    TextThere,
)
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status
from kpatch_tools.model.series import Patch, Series
from kpatch_tools.model.test import TestResult, Verdict
from tests import posted

FILE = "virt/kvm/x.c"


def series(version: int, *patches: Patch) -> Series:
    return Series(name="topic", version=version, total=len(patches), cover=None, patches=patches)


def made(number: int, *lines: str, body: str = "Because.\n", subject: str = "") -> Patch:
    changes = posted.diff(FILE, *lines)
    return posted.patch(subject or f"KVM: Patch {number}", body, changes, number=number, total=2)


OLD = series(2, made(1, "frob();", "int twice;", body="Say it twice,\nor more.\n"), made(2, "spin();"))
NEW = series(
    3, made(1, "frob();", "int once;", body="Say it once.\n"), made(2, "turn();", subject="KVM: Turn it")
)


def report(version: int, *checks: CheckResult) -> Report:
    about = SeriesId(name="topic", version=version, message_id="", patches=2)
    return Report(tool="kvet", series=about, checks=checks)


def docs(*messages: str, status: Status = Status.FAIL) -> CheckResult:
    findings = tuple(Finding(rule="docs/x", severity=Severity.ERROR, message=text) for text in messages)
    return CheckResult(check="docs", status=status, reason="why", findings=findings)


def ran(*results: Verdict, name: str = "hole", errno: str = "EINVAL") -> CheckResult:
    tests = tuple(TestResult(name=name, status=status, observed={"errno": errno}) for status in results)
    return CheckResult(check="tests", status=Status.FAIL, tests=tests)


def comment(*proof: Proof, **more: object) -> KnownComment:
    values = {"id": "a", "version": 2, "patch": 1, "by": "R", "asks": "Do.", "file": FILE, **more}
    return KnownComment(proof=proof, **values)  # type: ignore[arg-type]


def outcome(
    one: KnownComment, *, old: Report | None = None, new: Report | None = None, to: Series = NEW
) -> tuple[State, list[Outcome], str]:
    seen = Evidence(old=OLD, new=to, pairs=match(OLD, to), old_report=old, new_report=new)
    (found,) = known_answers([one], seen)
    words = "; ".join(proof.words for proof in found.proofs)
    return found.state, [proof.outcome for proof in found.proofs], words


CLAIM = Claim(version=3, says="Done.", patches=(1,))
GONE = TextGone(text="int twice;", file=FILE)
THERE = TextThere(text="int once;", file=FILE)


def test_a_claim_proves_nothing() -> None:
    assert outcome(comment(claim=CLAIM)) == (State.UNPROVEN, [], "")
    assert outcome(comment()) == (State.UNPROVEN, [], "")


def test_proof_needs_no_claim_and_all_of_it_has_to_hold() -> None:
    assert outcome(comment(GONE, THERE))[0] is State.ANSWERED
    assert outcome(comment(GONE, FindingGone(rule="docs/x"), claim=CLAIM))[0] is State.UNPROVEN
    failing = TextGone(text="frob();", file=FILE)
    assert outcome(comment(GONE, FindingGone(rule="docs/x"), failing, claim=CLAIM))[0] is State.STILL


def test_withdrawn_counts_from_its_version_on() -> None:
    withdrawn = Claim(version=3, says="A mistake.", state="withdrawn")
    assert outcome(comment(claim=withdrawn))[0] is State.WITHDRAWN
    assert outcome(comment(claim=replace_version(withdrawn, 4)))[0] is State.UNPROVEN


def replace_version(claim: Claim, version: int) -> Claim:
    return Claim(version=version, says=claim.says, state=claim.state)


def test_a_claim_for_a_patch_that_is_not_there() -> None:
    state, _outcomes, words = outcome(comment(GONE, claim=Claim(version=3, says="Done.", patches=(1, 9))))
    assert (state, words.split(";")[0]) == (State.UNPROVEN, "v3 has no patch 9")


def test_comments_on_other_versions_are_left_out_and_the_rest_is_in_order() -> None:
    seen = Evidence(old=OLD, new=NEW, pairs=match(OLD, NEW))
    found = known_answers([comment(id="b", patch=2), comment(id="c", version=1), comment(id="d")], seen)
    assert [item.comment.id for item in found] == ["d", "b"]


@pytest.mark.parametrize(
    ("proof", "wanted", "words"),
    [
        (GONE, Outcome.HOLDS, f'{FILE}: "int twice;" is gone'),
        (TextGone(text="frob();", file=FILE), Outcome.FAILS, f'{FILE}: v3 has "frob();"'),
        (TextGone(text="never", file=FILE), Outcome.UNKNOWN, f'{FILE}: v2 has no "never"'),
        (TextGone(text="int twice;", file="a.c"), Outcome.UNKNOWN, 'a.c: v2 has no "int twice;"'),
        (THERE, Outcome.HOLDS, f'{FILE}: v3 has "int once;"'),
        (TextThere(text="never", file=FILE), Outcome.FAILS, f'{FILE}: v3 has no "never"'),
        (TextThere(text="frob();", file=FILE), Outcome.UNKNOWN, f'{FILE}: v2 has "frob();" too'),
        (TextThere(text="before", file=FILE), Outcome.FAILS, f'{FILE}: v3 has no "before"'),
        (
            TextThere(text="frob(); int once;", file=FILE),
            Outcome.HOLDS,
            f'{FILE}: v3 has "frob(); int once;"',
        ),
        (TextGone(text="twice, or more"), Outcome.HOLDS, 'the commit messages: "twice, or more" is gone'),
        (TextGone(text="Say it"), Outcome.FAILS, 'the commit messages: v3 has "Say it"'),
        (TextThere(text="it once."), Outcome.HOLDS, 'the commit messages: v3 has "it once."'),
    ],
)
def test_texts(proof: Proof, wanted: Outcome, words: str) -> None:
    assert outcome(comment(proof))[1:] == ([wanted], words)


def test_lines_with_others_between_them_are_no_text() -> None:
    apart = posted.diff(FILE, "one();", "two();").replace("+two();", " between\n+two();")
    to = series(3, posted.patch("KVM: Apart", "B.\n", apart.replace("@@ -9,1 +9,3 @@", "@@ -9,2 +9,4 @@")))
    assert outcome(comment(TextThere(text="one();", file=FILE)), to=to)[1] == [Outcome.HOLDS]
    assert outcome(comment(TextThere(text="one(); two();", file=FILE)), to=to)[1] == [Outcome.FAILS]


def test_text_that_a_later_patch_takes_back_is_not_there() -> None:
    removes = posted.diff(FILE, "other();").replace(" before\n", "-int once;\n")
    back = posted.patch("KVM: Back", "B.\n", removes, number=2, total=2)
    to = series(3, NEW.patches[0], back)
    assert outcome(comment(THERE), to=to)[1] == [Outcome.FAILS]
    assert outcome(comment(TextThere(text="frob(); other();", file=FILE)), to=to)[1] == [Outcome.FAILS]


@pytest.mark.parametrize(
    ("one", "wanted", "words"),
    [
        (comment(LineChanged(text="int twice;")), Outcome.HOLDS, 'the line "int twice;" is changed'),
        (comment(LineChanged(text="frob();")), Outcome.FAILS, 'the line "frob();" is as it was'),
        (comment(LineChanged(text="never();")), Outcome.UNKNOWN, "the older version has no such line"),
        (comment(LineChanged(text="spin();"), patch=2), Outcome.HOLDS, 'the line "spin();" is gone with its'),
        (comment(LineChanged(text="spin();"), patch=7), Outcome.UNKNOWN, "v2 has no patch 7"),
        (comment(LineChanged(text="Say it twice,"), file=""), Outcome.HOLDS, '"Say it twice," is'),
        (comment(LineChanged(text="Because."), file="", patch=2), Outcome.FAILS, "is as it was"),
    ],
)
def test_lines(one: KnownComment, wanted: Outcome, words: str) -> None:
    to = series(3, NEW.patches[0]) if "gone with" in words else NEW
    if "Because" in str(one.proof):
        to = series(3, made(2, "spin();", "more();"))
    _state, outcomes, said = outcome(one, to=to)
    assert outcomes == [wanted]
    assert words in said


@pytest.mark.parametrize(
    ("old", "new", "wanted", "words"),
    [
        (None, report(3), Outcome.UNKNOWN, "there is no report on v2"),
        (None, None, Outcome.UNKNOWN, "there is no report on v2 and v3"),
        (report(2, docs("it is twice")), None, Outcome.UNKNOWN, "there is no report on v3"),
        (report(2, docs("other")), report(3, docs()), Outcome.UNKNOWN, "the report on v2 has no such"),
        (report(2, docs("it is twice")), report(3, docs()), Outcome.HOLDS, "told for v2, and no more for v3"),
        (report(2, docs("it is twice")), report(3, docs("now twice")), Outcome.FAILS, "told for v3 too"),
        (report(2, docs("it is twice")), report(3), Outcome.UNKNOWN, "but docs: not asked for"),
        (
            report(2, docs("it is twice")),
            report(3, docs(status=Status.DID_NOT_RUN)),
            Outcome.UNKNOWN,
            "not told for v3, but docs: why",
        ),
    ],
)
def test_findings(old: Report | None, new: Report | None, wanted: Outcome, words: str) -> None:
    _state, outcomes, said = outcome(comment(FindingGone(rule="docs/x", words="twice")), old=old, new=new)
    assert outcomes == [wanted]
    assert said.startswith("docs/x (twice): ")
    assert words in said


def test_a_finding_in_other_numbers_is_still_there() -> None:
    one = comment(FindingGone(rule="docs/x", words="7 columns"))
    old, new = report(2, docs("7 columns")), report(3, docs("9 columns"))
    assert outcome(one, old=old, new=new)[1:] == (
        [Outcome.FAILS],
        "docs/x (7 columns): told for v3 in other words",
    )


PASS, FAIL, SKIP, HANG = Verdict.PASS, Verdict.FAIL, Verdict.SKIP, Verdict.HANG


@pytest.mark.parametrize(
    ("old", "new", "wanted", "words"),
    [
        (None, None, Outcome.UNKNOWN, "there is no report on v3"),
        # Without a report on v2 nothing says that it did not pass there too.
        (None, report(3, ran(PASS, SKIP)), Outcome.UNKNOWN, "there is no report on v2"),
        (report(2), report(3, ran(PASS, SKIP)), Outcome.HOLDS, "passes for v3"),
        (report(2, ran(FAIL)), report(3, ran(PASS)), Outcome.HOLDS, "passes for v3, which it did not for v2"),
        (report(2, ran(FAIL, PASS)), report(3, ran(PASS)), Outcome.HOLDS, "which it did not for v2"),
        (report(2, ran(PASS)), report(3, ran(PASS)), Outcome.UNKNOWN, "v2 did that already"),
        (None, report(3, ran(SKIP)), Outcome.UNKNOWN, "did not run for v3"),
        (None, report(3, ran(PASS, name="other")), Outcome.UNKNOWN, "did not run for v3"),
        (None, report(3, ran(PASS, FAIL)), Outcome.FAILS, "FAIL for v3"),
        (None, report(3, ran(Verdict.KNOWN_BUG)), Outcome.FAILS, "KNOWN-BUG for v3"),
        (None, report(3, ran(HANG)), Outcome.UNKNOWN, "HANG for v3"),
    ],
)
def test_cases(old: Report | None, new: Report | None, wanted: Outcome, words: str) -> None:
    _state, outcomes, said = outcome(comment(CasePasses(case="hole")), old=old, new=new)
    assert outcomes == [wanted]
    assert said.startswith("case hole: ")
    assert words in said


@pytest.mark.parametrize(
    ("errno", "wanted", "words"),
    [("ENOENT", Outcome.HOLDS, "passes for v3"), ("EIO", Outcome.FAILS, "errno=EIO for v3")],
)
def test_a_case_that_passed_before_needs_other_values(errno: str, wanted: Outcome, words: str) -> None:
    one = comment(CasePasses(case="hole", observed={"errno": "ENOENT"}))
    _state, outcomes, said = outcome(
        one, old=report(2, ran(PASS, errno="EINVAL")), new=report(3, ran(PASS, errno=errno))
    )
    assert outcomes == [wanted]
    assert said.startswith("case hole with errno=ENOENT: ")
    assert words in said


def test_a_value_that_was_not_printed_is_no_proof() -> None:
    one = comment(CasePasses(case="hole", observed={"left": 0}))
    new = report(3, replace(ran(PASS), tests=(TestResult(name="hole", status=PASS),)))
    assert outcome(one, new=new)[1:] == ([Outcome.FAILS], "case hole with left=0: left=not seen for v3")
