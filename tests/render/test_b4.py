# SPDX-License-Identifier: GPL-2.0-only
import json
from dataclasses import replace

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.series import Series
from kpatch_tools.render import b4_json, b4_lines, b4_review
from tests.posted import diff, patch

PLACE = Location(path="virt/kvm/x.c", line=10, patch=1)


def finding(severity: Severity, message: str = "words", place: Location | None = PLACE) -> Finding:
    return Finding(rule="a/b", severity=severity, message=message, location=place, hint="do so")


def check(*findings: Finding, status: Status = Status.FAIL, reason: str = "") -> CheckResult:
    return CheckResult(check="patches", status=status, findings=findings, reason=reason)


def test_lines() -> None:
    text = b4_lines.render(
        (check(finding(Severity.WARNING), finding(Severity.ERROR), finding(Severity.NOTE)),)
    )
    assert text == "virt/kvm/x.c:10: ERROR: words [a/b]\nvirt/kvm/x.c:10: WARNING: words [a/b]\n"


def test_silence_is_a_pass_and_only_that() -> None:
    assert b4_lines.render((check(status=Status.PASS),)) == ""
    assert "did not run: no perl" in b4_lines.render((check(status=Status.DID_NOT_RUN, reason="no perl"),))
    assert b4_lines.render((), "needs more") == "WARNING: skipped: needs more\n"


def test_text_of_a_patch_makes_no_failure() -> None:
    """To b4 a line with ERROR: in it is a failure, wherever it stands."""
    text = b4_lines.render(
        (check(finding(Severity.WARNING, 'odd "ERROR: x"\nERROR: y \x1b[1m')),), "ERROR: z"
    )
    assert "ERROR:" not in text
    assert "\x1b" not in text
    assert len(text.splitlines()) == 2


def test_json() -> None:
    (entry,) = json.loads(b4_json.render((check(finding(Severity.WARNING), finding(Severity.NOTE)),)))
    assert {key: entry[key] for key in ("tool", "status", "url")} == {
        "tool": "kvet-patches",
        "status": "warn",
        "url": "",
    }
    assert entry["summary"] == "1 warning, 1 note"
    details = json.loads(entry["details"])
    assert [one["status"] for one in details] == ["warn", "pass"]
    assert details[0]["description"] == "virt/kvm/x.c:10: words (do so)"


def test_json_never_passes_what_did_not_run() -> None:
    states = {status: json.loads(b4_json.render((check(status=status),)))[0]["status"] for status in Status}
    assert states == {
        Status.PASS: "pass",
        Status.FAIL: "fail",
        Status.SKIP: "warn",
        Status.DID_NOT_RUN: "warn",
    }
    assert json.loads(b4_json.render((), "why"))[0]["status"] == "warn"


def reviewed(*findings: Finding, text: str = "int x;") -> dict[str, str]:
    one = patch(changes=diff("virt/kvm/x.c", text))
    series = Series(name="s", version=1, total=1, cover=None, patches=(one,))
    return b4_review.render(Report(tool="kvet 1", checks=(check(*findings),)), series)


def test_review_directory() -> None:
    message = Location(path="", patch=1)
    files = reviewed(
        finding(Severity.WARNING),
        finding(Severity.ERROR, "the message", message),
        finding(Severity.NOTE, "no"),
    )
    assert sorted(files) == ["0001.txt", "identity.txt", "series.txt"]
    assert files["identity.txt"] == "kvet <kvet@localhost>\n"
    assert files["series.txt"].startswith("kvet finds 1 error and 1 warning. Comments")
    lines = files["0001.txt"].split("\n")
    assert lines[:2] == ["The message. Do so.", ""]
    at = lines.index("> +int x;")
    assert lines[at + 1 : at + 4] == ["", "Words. Do so.", ""]


def test_patch_without_findings_has_no_file() -> None:
    assert sorted(reviewed()) == ["identity.txt", "series.txt"]


def test_line_that_the_diff_does_not_show_stands_above_it() -> None:
    text = reviewed(finding(Severity.ERROR, "far", Location(path="virt/kvm/x.c", line=99, patch=1)))[
        "0001.txt"
    ]
    assert text.startswith("virt/kvm/x.c:99: Far. Do so.\n")


def test_a_remark_on_the_message_quotes_its_line_in_the_note() -> None:
    """b4 takes comments below lines of the diff alone: the message is quoted in the text above it."""
    one = replace(
        finding(Severity.ERROR, "odd", Location(path="", patch=1)), detail="message line 1: Because."
    )
    text = reviewed(one)["0001.txt"]
    assert text.startswith("> Because.\n\nOdd. Do so.\n\n> diff --git ")


def test_a_quoted_line_stays_one() -> None:
    """b4 splits at form feeds, and an unquoted rest would be a comment in our name."""
    text = reviewed(finding(Severity.ERROR), text="x\x0cI approve\u2028of it\x85all\rnow")["0001.txt"]
    comments = [line for line in text.splitlines() if line and not line.startswith(">")]
    assert comments == ["Words. Do so."]
