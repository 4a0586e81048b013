# SPDX-License-Identifier: GPL-2.0-only
"""The summary of a job: what stands in it, how large it may be, and that no text becomes Markdown."""

import re
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render import RENDERERS
from kpatch_tools.render.escape import markdown, terminal
from kpatch_tools.render.markdown import MOST_BYTES
from tests.render.test_formats import REPORT
from tests.strategies import TEXT, WAYS_OUT, reports

# All that the renderer itself writes; a comment keeps what GitHub looks for in a finished page apart.
OWN = {
    "<!-- -->",
    "<code>",
    "</code>",
    "<pre>",
    "</pre>",
    "<br>",
    "<details>",
    "</details>",
    "<summary>",
    "</summary>",
}
FORBIDDEN = {"link_open", "image", "em_open", "s_open", "code_inline", "fence", "code_block", "hr"}


def parser() -> MarkdownIt:
    return MarkdownIt("gfm-like", {"html": True, "linkify": False})


def tokens(text: str) -> list[Token]:
    found = parser().parse(text)
    return [token for one in found for token in (one, *(one.children or ()))]


def kinds(text: str) -> Counter[str]:
    return Counter(token.type for token in tokens(text) if token.type != "text")


def words(text: str) -> str:
    """What a reader sees of inline Markdown."""
    return "".join(token.content for token in tokens(text) if token.type == "text")


@given(TEXT | st.text())
@example("a|b")
@example("1. x")
@example("---")
@example("===")
@example("@user #12 :smile: www.example.org https://example.org")
def test_text_is_text_in_a_paragraph_and_reads_as_it_was(text: str):
    line = markdown(text)
    assert "\n" not in line
    found = kinds(line)
    assert set(found) <= {"paragraph_open", "paragraph_close", "inline", "html_inline"}
    assert all(token.content == "<!-- -->" for token in tokens(line) if token.type == "html_inline")
    # Blanks around a paragraph are not shown.
    assert words(line).strip() == terminal(text).strip()


@given(TEXT | st.text())
@example("| --- |")
@example("\\")
def test_text_stays_in_its_cell(text: str):
    table = f"| a | b |\n| --- | --- |\n| x{markdown(text)} | end |\n"
    found = kinds(table)
    assert (found["tr_open"], found["td_open"]) == (2, 2)
    assert not FORBIDDEN & set(found)


@pytest.mark.parametrize(
    "text", ["*x*", "<b>x</b>", "[a](b)", "![a](b)", "# x", "`x`", "| a |\n| - |", "- x"]
)
def test_without_the_escape_each_of_these_is_more_than_text(text: str):
    assert set(kinds(text)) - {"paragraph_open", "paragraph_close", "inline", "softbreak"}


def check(report: Report) -> None:
    text = RENDERERS["markdown"](report)
    assert len(text.encode()) <= MOST_BYTES
    found = tokens(text)
    seen = {token.type for token in found}
    assert not FORBIDDEN & seen
    for token in found:
        if token.type == "html_inline":
            assert token.content in OWN
    # Our own headings and no others: the verdict, what blocks, a matrix each.
    headings = sum(token.type == "heading_open" for token in found)
    assert headings <= 2 + sum(one.conformance is not None for one in report.checks)
    assert text.count("<details>") == text.count("</details>")
    assert text.count("<pre>") == text.count("</pre>")
    assert "<script" not in text
    assert "<img" not in text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(report=reports())
@example(report=REPORT)
def test_no_report_breaks_out(report: Report):
    check(report)


@pytest.mark.parametrize("way", WAYS_OUT)
def test_each_way_out_is_closed_in_every_place(way: str):
    finding = Finding(
        rule=f"a/{way}",
        severity=Severity.ERROR,
        message=way,
        location=Location(path=way or "x", line=1),
        detail=way,
        hint=f"{way}\n{way}",
    )
    check(Report(tool=way, checks=(CheckResult(check=way, status=Status.FAIL, findings=(finding,)),)))


def test_verdict_then_counts_then_what_blocks_then_the_rest_folded():
    text = RENDERERS["markdown"](REPORT)
    order = ["## FAIL", "1 error blocks it", "| findings |", "### What blocks", "Nice to have", "Stages"]
    places = [text.index(word) for word in order]
    assert places == sorted(places)
    assert text.index("<details>\n<summary>Nice to have") > text.index("### What blocks")


def many(number: int, *, text: str) -> Report:
    findings = tuple(
        Finding(rule="docs/x", severity=severity, message=f"{text} {at}", detail=text)
        for at in range(number)
        for severity in (Severity.WARNING, Severity.ERROR)
    )
    return replace(REPORT, checks=(CheckResult(check="docs", status=Status.FAIL, findings=findings),))


def test_a_summary_that_would_be_too_large_says_what_is_left_out():
    text = RENDERERS["markdown"](many(3_000, text="é<" * 200))
    assert MOST_BYTES * 0.9 < len(text.encode()) <= MOST_BYTES
    shown = text.count("- **error**")
    assert 0 < shown < 3_000
    # The heaviest are shown.
    assert "- **warning**" not in text
    assert f"**{3_000 - shown} errors, 3000 warnings more left out**" in text
    assert text.rstrip().endswith("</details>")


def test_no_part_of_a_report_makes_it_too_large():
    """Checks that did not run, reasons, subjects and rows are hostile text as findings are."""
    text = "<@" * 4_000
    checks = tuple(
        CheckResult(check=f"{at}{text}", status=status, reason=text, debts=((text, 1),))
        for at in range(300)
        for status in (Status.DID_NOT_RUN, Status.SKIP, Status.FAIL)
    )
    findings = many(600, text=text).checks
    shown = RENDERERS["markdown"](replace(REPORT, tool=text, checks=(*checks, *findings)))
    assert len(shown.encode()) <= MOST_BYTES
    assert "- checks without a result: left out" in shown
    assert "- the stages: left out" in shown
    assert shown.count("- **error**") > 0


def test_nothing_is_left_out_of_a_small_one():
    assert "left out" not in RENDERERS["markdown"](many(3, text="a"))


@given(st.text("0123456789abcdefABCDEF-GHgh x", max_size=80))
@example("1da177e4c3f41524e886b7f1b8a0c1fc7321cac2")
@example("GH-123 gh-1")
def test_no_commit_and_no_issue_is_named(text: str):
    # GitHub looks for these in each piece of text of the finished page.
    pieces = [token.content for token in tokens(markdown(text)) if token.type == "text"]
    assert not any(re.search(r"[0-9a-fA-F]{7}|gh-\d", piece, re.IGNORECASE) for piece in pieces)
    assert words(markdown(text)).strip() == terminal(text).strip()
