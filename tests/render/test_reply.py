# SPDX-License-Identifier: GPL-2.0-only
"""What a mail says and where: remarks below their lines, hunks cut to what is needed, notes left out."""

from dataclasses import replace

import pytest

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status, TreeId
from kpatch_tools.model.series import Patch, Series
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.model.told import Gone, Since
from kpatch_tools.parse.origins import Origins
from kpatch_tools.parse.review_mail import read_review
from kpatch_tools.render.placing import Placing, placed
from kpatch_tools.render.remark import remark, right_of
from kpatch_tools.render.reply import attribution, closing, cover_text, debts, patch_text, tidy
from tests.posted import SIGNED, diff, patch
from tests.posted import found as found_in

PATH = "virt/kvm/x.c"
ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


def finding(
    line: int = 0,
    severity: Severity = ERROR,
    message: str = "it is wrong",
    *,
    rule: str = "gcc/x",
    **rest: object,
) -> Finding:
    place = Location(path=PATH, line=line, patch=1) if line else Location(path="", patch=1)
    return Finding(rule=rule, severity=severity, message=message, location=place, **rest)  # type: ignore[arg-type]


def series(*patches: Patch) -> Series:
    return Series(name="s", version=1, total=len(patches), cover=None, patches=patches)


def report(*findings: Finding, check: str = "docs", **rest: object) -> Report:
    result = CheckResult(check=check, status=Status.FAIL, findings=findings, **rest)  # type: ignore[arg-type]
    return Report(tool="kvet 1", checks=(result,), tree=TreeId(path="/x", base="0123456789abcdef"))


def places(found: Report, *patches: Patch) -> Placing:
    return placed(found, series(*patches), Origins(patches))


def answer(*findings: Finding, one: Patch | None = None, check: str = "docs") -> str:
    one = one or patch(changes=diff(PATH, *(f"line {number};" for number in range(10, 40))))
    (part,) = places(report(*findings, check=check), one).patches
    return "\n".join(patch_text(part, Origins([one]).lines(1), said="On a day, A wrote:"))


def test_a_remark_stands_under_its_line_with_five_above() -> None:
    assert answer(finding(20, hint="make it right")) == (
        "On a day, A wrote:\n"
        f"> diff --git a/{PATH} b/{PATH}\n"
        "> @@ -9,1 +9,31 @@\n"
        "> [...]\n"
        "> +line 15;\n> +line 16;\n> +line 17;\n> +line 18;\n> +line 19;\n> +line 20;\n"
        "\n"
        "It is wrong. Make it right."
    )


def test_what_is_left_out_between_two_remarks_is_said_and_little_is_not_left_out() -> None:
    text = answer(finding(10, message="a x"), finding(19, message="b x"), finding(36, message="c x"))
    assert text.count("> [...]") == 1
    assert "A x.\n\n> +line 11;\n> +line 12;" in text
    assert "B x.\n\n> [...]\n> +line 31;" in text


def test_remarks_on_one_line_stand_together_blockers_first() -> None:
    nit = finding(12, WARNING, "`a` is no b", rule="docs/x")
    text = answer(nit, finding(12, WARNING, "a warning"), finding(12))
    assert text.startswith("2 things are wrong here, besides nits.\n\nOn a day")
    assert text.endswith("> +line 12;\n\nIt is wrong.\n\nA warning.\n\nNit: `a` is no b.")


def test_nits_alone_are_announced_and_not_marked() -> None:
    text = answer(finding(12, WARNING, "odd", rule="docs/x"), finding(14, WARNING, "even", rule="docs/y"))
    assert text.startswith("Only nits.\n")
    assert "Nit:" not in text


def test_a_remark_on_the_message_stands_under_the_messages_line() -> None:
    wide = "word " * 20
    one = patch(body=f"First.\n\n{wide}\nLast.\n\n{SIGNED}\n", changes=diff(PATH, "int x;"))
    found = [item for item in found_in(one) if item.rule == "message/body-width"]
    text = answer(*found, one=one, check="patches")
    assert f"> First.\n>\n> {wide}\n\nWider than 75 columns" in text
    assert "message line" not in text


def test_a_remark_whose_line_the_diff_does_not_show_names_it_above_the_quotes() -> None:
    text = answer(finding(300), finding(12, message="b x"))
    assert text.startswith(f"{PATH}:300: It is wrong.\n\nOn a day")


def test_a_remark_on_the_subject_stands_above_and_nothing_is_quoted() -> None:
    assert answer(finding(0, WARNING, "the subject has no verb")) == "The subject has no verb."


def test_findings_without_a_patch_are_put_where_a_patch_added_the_line() -> None:
    loose = Finding(rule="c/x", severity=ERROR, message="m", location=Location(path=PATH, line=12))
    far = replace(loose, location=Location(path="other.c", line=12))
    found = places(report(loose, far), patch(changes=diff(PATH, "a", "b", "c")))
    assert [one.patch.number for one in found.patches] == [1]
    assert found.loose == (far,)


def test_lines_are_those_of_the_patch_where_its_own_mail_was_checked() -> None:
    """checkpatch reads the posted diff; the documentation is read after the whole series."""
    first = patch(changes=diff(PATH, "a", "b", "c"), number=1, total=2)
    second = patch(changes=diff(PATH, *"vwxyz"), number=2, total=2)
    one = finding(12)
    for check, number in (("patches", 1), ("docs", 2)):
        found = places(report(one, check=check), first, second)
        assert [part.patch.number for part in found.patches] == [number]
    assert "\n> +c\n" in answer(one, one=first, check="patches")


def test_notes_are_left_out_and_counted_but_for_what_a_reviewer_asks() -> None:
    kept = finding(12, NOTE, "TDX in a section", rule="docs/vendor-word")
    found = places(report(finding(10), finding(11, NOTE), kept), patch(changes=diff(PATH, "a", "b", "c")))
    (part,) = found.patches
    assert part.untold == 1
    assert kept in part.findings
    assert closing(report(), part.untold)[0] == "1 minor note is left out here."
    assert not places(report(finding(11, NOTE)), patch(changes=diff(PATH, "a", "b", "c"))).patches


def test_the_same_remark_many_times_is_made_once() -> None:
    many = [
        finding(
            line, WARNING, f"KVM_X: `{'abcdef'[line % 6]}` is not code", rule="docs/x", hint=f"write {line}"
        )
        for line in range(10, 16)
    ]
    text = answer(*many)
    assert text.count("is not code") == 1
    assert "The same in 5 more places below." in text
    assert "> +line 11;" not in text


def test_the_same_remark_twice_is_shorter_the_second_time() -> None:
    two = [
        finding(line, WARNING, f"{name} is odd", rule="docs/x", hint="do so")
        for line, name in ((10, "EA"), (12, "EB"))
    ]
    assert answer(*two).count("Do so.") == 1
    assert answer(*two).endswith("> +line 12;\n\nThe same for EB.")
    counts = [replace(one, message=f"{count} are odd") for one, count in zip(two, (3, 4), strict=True)]
    assert answer(*counts).endswith("> +line 12;\n\n4 are odd.")


def test_what_concerns_callers_is_no_nit_and_is_told_once_too() -> None:
    two = [
        finding(line, WARNING, f"{name} is for a part", rule="docs/partial-error", hint="do so")
        for line, name in ((10, "EAGAIN"), (12, "EINTR"))
    ]
    text = answer(*two, finding(13, WARNING, "odd", rule="docs/x"))
    assert text.startswith("2 things are wrong here, besides nits.\n")
    assert "> +line 10;\n\nEAGAIN is for a part. Do so.\n" in text
    assert "> +line 12;\n\nThe same for EINTR.\n" in text


def test_what_was_told_before_takes_one_line() -> None:
    text = answer(replace(finding(12, hint="x", detail="case a: ret=-1 errno=EINVAL"), told=2))
    assert text.endswith("> +line 12;\n\nSaid for v2 and still there: it is wrong.")


def test_what_was_told_before_many_times_is_told_once() -> None:
    many = [
        replace(finding(line, WARNING, f"`{'abcdef'[line % 6]}` is not code", rule="docs/x"), told=2)
        for line in range(10, 16)
    ]
    text = answer(*many)
    assert text.count("Said for v2") == 1
    assert "is not code. The same in 5 more places\nbelow." in text


def test_a_table_that_was_proposed_before_is_not_proposed_again() -> None:
    table = finding(14, NOTE, "a table", rule="conformance/table", hint="the whole table\n ===\n ===")
    assert "to paste" in answer(table, finding(12))
    assert "table" not in answer(replace(table, told=1), finding(12))


def test_the_hunk_that_does_not_apply_is_quoted() -> None:
    one = Finding(
        rule="apply/conflict",
        severity=ERROR,
        message="does not apply",
        location=Location(path=PATH, line=9, patch=1),
    )
    assert answer(one, check="apply").endswith("> @@ -9,1 +9,31 @@\n\nDoes not apply.")


@pytest.mark.parametrize(
    ("hint", "words", "code"),
    [
        ("write ``size``", "Write ``size``.", ""),
        ("shorten it to 3: ---", "Shorten it to 3:", "---"),
        (":Architectures: x86", "It should read:", ":Architectures: x86"),
        ("name them in :Architectures:", "Name them in :Architectures:", ""),
        ('"Add ..."', 'Better: "Add ..."', ""),
        ("add this\n\tint x;\n\tint y;", "Add this:", "\tint x;\n\tint y;"),
        ("", "", ""),
    ],
)
def test_what_would_be_right(hint: str, words: str, code: str) -> None:
    assert (right_of(hint).words, right_of(hint).code) == (words, code)


def test_a_log_keeps_its_form_and_is_cut() -> None:
    one = finding(12, detail="\n".join(f"  log {number}" for number in range(30)))
    lines = remark(one)
    assert lines[:3] == ["It is wrong.", "", "      log 0"]
    assert lines[-1] == "    [18 more lines]"


def test_the_line_itself_is_no_evidence() -> None:
    assert remark(finding(12, detail="+\tint  x;"), line="+\tint  x;") == ["It is wrong."]


def test_the_text_to_the_cover() -> None:
    loose = Finding(rule="c/x", severity=ERROR, message="nothing describes it")
    found = report(loose, debts=(("warnings of sparse", 3),), reason="")
    open_check = CheckResult(check="tests", status=Status.DID_NOT_RUN, reason="no kernel")
    skipped = (
        ("build", "left out by --no-kernel"),
        ("selftests", "there is none"),
        ("layout", "the header was read, not compiled: left out by --no-kernel"),
    )
    left = (CheckResult(check=name, status=Status.SKIP, reason=why) for name, why in skipped)
    found = replace(found, checks=(*found.checks, open_check, *left))
    text = cover_text(found, places(found, patch()))
    assert text == [
        "kvet finds 1 error on 0123456789ab.",
        "",
        "Did not run: tests (no kernel).",
        "Not checked: build, layout.",
        "Not checked: selftests (there is none).",
        "",
        "Nothing describes it.",
    ]
    assert debts(found) == ["There before the series, and not counted: 3 warnings of sparse."]
    assert closing(found, 0) == ["No kernel was run; the series was read on 0123456789ab (kvet 1)."]


def test_the_text_to_the_cover_counts_what_was_told_before() -> None:
    old, new = Finding(rule="c/x", severity=ERROR, message="old", told=2), finding(0)
    found = replace(report(old, new), since=Since(version=2, answered=(Gone(finding=new, check="docs"),)))
    text = cover_text(found, places(found, patch()))
    assert "Since v2: 1 answered, 1 still there, 1 new." in " ".join(text)
    assert "Said for v2 and still there: old." in text


def test_the_verdict_rests_on_what_ran() -> None:
    tests = (
        TestResult(name="a", mode={"npt": "1", "x": "0"}),
        TestResult(name="b", mode={}, status=Verdict.PASS),
    )
    found = report(tests=tests, facts=(("evidence", "1 of 2 results pass"),))
    text = " ".join(closing(found, 0))
    assert text == "Tested: the series on 0123456789ab, booted with npt=1 x=0; 1 of 2 results pass (kvet 1)."


def test_our_own_reader_finds_every_remark_at_its_line() -> None:
    """The mail is read back as `kvet series diff --comments` reads a reviewer's."""
    one = patch(changes=diff(PATH, *(f"line {number};" for number in range(10, 40))))
    text = answer(finding(10, message="a x"), finding(20, message="b x"), finding(39, message="c x"), one=one)
    mail = f"From: A <a@b.c>\nSubject: Re: [PATCH] x\n\n{text}\n"
    told = [
        (item.text, item.anchor.text if item.anchor else "")
        for item in read_review(mail.encode(), "m").comments
    ]
    assert told == [("A x.", "line 10;"), ("B x.", "line 20;"), ("C x.", "line 39;")]


def test_tidy_and_attribution() -> None:
    assert tidy(["", "a", "", "", "b", ""]) == ["a", "", "b"]
    assert attribution("A\x1bB", None) == "A\\x1bB wrote:"
    # b4 would collect it from a line that begins so.
    assert attribution("Acked-by: A <a@b.c>", None) == "| Acked-by: A <a@b.c> wrote:"
