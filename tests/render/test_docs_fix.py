# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.fix import Mended, Refused
from kpatch_tools.render.docs_fix import diff, remarks, summary


def finding(message: str = "S: x", rule: str = "docs/x", hint: str = "") -> Finding:
    place = Location(path="a.rst", line=3, column=2)
    return Finding(rule=rule, severity=Severity.ERROR, message=message, location=place, hint=hint)


def test_a_diff_keeps_tabs_and_carriage_returns_and_nothing_else_that_a_terminal_obeys():
    mended = Mended(path="/a.rst", before="a\tb\r\n\x1b[1m\rx\n", after="a\tc\r\n\x1b[1m\rx\n")
    assert diff(mended) == ("--- a/a.rst\n+++ b/a.rst\n@@ -1,2 +1,2 @@\n-a\tb\r\n+a\tc\r\n \\x1b[1m\\rx\n")
    assert diff(Mended(path="a", before="x", after="x")) == ""


def test_a_missing_last_newline_is_marked_as_git_does():
    assert diff(Mended(path="a", before="x\ny", after="x\nz")).splitlines()[3:] == [
        " x",
        "-y",
        "\\ No newline at end of file",
        "+z",
        "\\ No newline at end of file",
    ]
    assert diff(Mended(path="a", before="x\n", after="y\n")).endswith("-x\n+y\n")


def test_a_summary_counts_by_rule():
    mended = Mended(
        path="a.rst", before="x", after="y", mended=(finding(), finding(), finding(rule="docs/y"))
    )
    assert summary(mended, written=True) == "a.rst: 3 findings mended (x 2, y 1)"
    assert summary(mended, written=False) == "a.rst: 3 findings to mend (x 2, y 1)"
    assert summary(Mended(path="a.rst", before="x", after="x"), written=False) == "a.rst: nothing to mend"


def test_what_is_left_says_why_or_what_is_proposed():
    back, hinted, bare = finding("back\x1b", hint="z"), finding("hinted", hint="do it"), finding("bare")
    mended = Mended(
        path="a.rst",
        before="",
        after="",
        refused=(Refused(finding=back, reason="worse"),),
        left=(back, hinted, bare),
        uncovered=(bare,),
    )
    assert list(remarks(mended)) == [
        "a.rst:3:2: back\\x1b [docs/x]; taken back: worse",
        "a.rst:3:2: hinted [docs/x]; hint: do it",
        "a.rst:3:2: bare [docs/x]; not to be seen before the rest is mended",
    ]
