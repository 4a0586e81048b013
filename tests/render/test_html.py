# SPDX-License-Identifier: GPL-2.0-only
"""The page: what it links to, what its policy allows, its colours, and its filters, without a browser."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import pytest

from kpatch_tools.model.conformance import Condition, Conformance, Observed, Stand
from kpatch_tools.model.excerpt import Excerpt, Source
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render import html
from tests.render.test_formats import HOSTILE, REPORT

CSS = (Path(html.__file__).parent / "templates" / "report.css").read_text()
FOLDER = "/state/runs/1"
CASE = (
    Excerpt(
        source=Source.CONTRACT, path="selftests-gen/c.toml", line=7, lines=("[[case]]",), mark=7, case="hole"
    ),
    Excerpt(
        source=Source.PROGRAM, path="logs/x86/c.c", line=9, lines=("static void", "{"), mark=9, case="hole"
    ),
    Excerpt(
        source=Source.OUTPUT, path="logs/b/output.log", line=3, lines=("ok 1 hole",), case="hole", mode="b"
    ),
)
MATRIX = Conformance(
    contract="c",
    ioctl="KVM_X",
    document="api.rst",
    section=True,
    modes=("npt=1", "npt=0"),
    rows=(
        Condition(
            errno="EINVAL",
            clause="no-slot",
            condition="no slot",
            contract="EINVAL",
            documented=("EFAULT",),
            line=12,
            observed=(
                Observed(stand=Stand.NO_DOCUMENT, outcomes=("EINVAL",), cases=("hole",)),
                Observed(stand=Stand.BUG, outcomes=("EINVAL",), cases=("hole",), bad=("hole",), reason="D1"),
            ),
        ),
        Condition(
            errno="ENOMEM",
            clause="no-memory",
            condition="no memory",
            contract="ENOMEM",
            observed=(Observed(), Observed()),
            reason="needs fault injection",
        ),
    ),
)
DIFFERS = Finding(
    rule="conformance/errno-differs",
    severity=Severity.ERROR,
    message="the document says EFAULT",
    location=Location(path="api.rst", line=12, patch=1),
    cases=("hole", "unknown"),
    excerpts=(
        Excerpt(source=Source.TREE, path="api.rst", line=11, lines=("before", HOSTILE, "after"), mark=12),
        Excerpt(source=Source.CONSOLE, path="logs/b/console.log", line=1, lines=("BUG",), mark=1, mode="b"),
    ),
)
FULL = replace(
    REPORT,
    folder=FOLDER,
    checks=(
        *REPORT.checks,
        CheckResult(
            check="conformance",
            status=Status.FAIL,
            findings=(DIFFERS,),
            conformance=MATRIX,
            excerpts=CASE,
            logs=(f"{FOLDER}/logs/b/console.log", "/elsewhere/build.log"),
        ),
    ),
)


class Page(HTMLParser):
    """Ids, addresses and heading levels, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.labels: list[str] = []
        self.tables: list[dict[str, str | None]] = []
        self.scopeless = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"]] if given.get("id") else []
        self.links += [given["href"]] if tag == "a" and given.get("href") else []
        self.labels += [given["for"]] if given.get("for") else []
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        self.scopeless += tag == "th" and "scope" not in given
        assert "style" not in given
        assert not any(name.startswith("on") for name in given)


def test_each_finding_leads_to_its_evidence_in_the_page_itself():
    text = html.render(FULL)
    assert '<a href="#case-0">case hole</a>' in text
    assert "unknown" not in text
    for shown in (
        "api.rst, lines 11 to 13",
        "the case in the contract",
        "the generated test",
        "ok 1 hole",
        "BUG",
    ):
        assert shown in text
    assert '<pre aria-hidden="true">11\n12\n13</pre><pre tabindex="0">before\n<mark>' in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e{{ 7*7 }}</mark>\nafter</pre>" in text


def test_links_lead_into_the_page_or_beside_it():
    page = Page(html.render(FULL))
    inside = [link for link in page.links if link.startswith("#")]
    assert {link[1:] for link in inside} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    beside = {"./logs/b/console.log", "./logs/b/output.log", "./logs/x86/c.c", "./logs/console.log"}
    assert {link for link in page.links if not link.startswith("#")} == beside


def test_without_a_folder_nothing_is_linked_beside_the_page():
    page = Page(html.render(replace(FULL, folder="")))
    assert all(link.startswith("#") for link in page.links)


def test_a_name_of_a_file_makes_no_address_of_another_kind():
    one = replace(CASE[1], path="javascript:alert(1)//\"'<>")
    check = replace(FULL.checks[-1], excerpts=(one,))
    links = Page(html.render(replace(FULL, checks=(check,)))).links
    assert "./javascript%3Aalert%281%29//%22%27%3C%3E" in links


@pytest.mark.parametrize("path", ["../x", "logs/../../x", f"{FOLDER}/../x", "/elsewhere/x"])
def test_no_link_leads_out_of_the_folder(path: str):
    own = (replace(CASE[1], path=path),)
    check = replace(FULL.checks[-1], findings=(), excerpts=own, logs=(path,))
    assert not [link for link in Page(html.render(replace(FULL, checks=(check,)))).links if link[0] != "#"]


def test_headings_labels_and_tables_are_in_order():
    page = Page(html.render(FULL))
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert page.scopeless == 0
    assert set(page.labels) <= set(page.ids)


def test_the_policy_allows_its_own_style_by_digest_and_nothing_else():
    text = html.render(FULL)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style


def test_each_choice_of_a_filter_hides_what_it_does_not_name():
    text = html.render(FULL)
    options = re.findall(r'id="only-([\w-]+)"', text)
    assert {"error", "note", "patch-0", "patch-1"} <= set(options)
    for option in options:
        assert f".filter:has(#only-{option}:checked) ~ section .finding:not(.{option})" in text
        assert re.search(rf'class="finding [^"]*\b{option}\b', text)


def test_there_is_no_filter_where_there_is_no_choice():
    one = Report(tool="t", checks=(CheckResult(check="docs", status=Status.FAIL, findings=(DIFFERS,)),))
    assert "<fieldset>" not in html.render(one)


def test_the_matrix_says_in_words_what_differs_and_why_nothing_was_seen():
    text = html.render(FULL)
    for words in ("NOT AS DOCUMENTED", "KNOWN BUG D1", "EINVAL DIFFERS", "needs fault injection"):
        assert words in text
    assert "<b>NOT AS DOCUMENTED</b>: the kernel does not do what the document says" in text
    assert '<a href="#case-0">hole</a>' in text


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """Relative luminance. Source: WCAG 2.2, its definition of that term."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


LIGHT, DARK = (colours(block) for block in CSS.split("@media (prefers-color-scheme: dark)")[:2])
# Each colour of text, and the grounds on which it stands somewhere.
PAIRS = [
    *product(("ink", "dim", "link"), ("paper", "soft")),
    *product(("ink", "link"), ("mark", "error-soft", "warning-soft", "note-soft")),
    ("dim", "mark"),
    ("error", "error-soft"),
    ("warning", "warning-soft"),
    ("note", "note-soft"),
    ("pass", "pass-soft"),
    *product(("error", "warning", "pass"), ("paper",)),
    ("paper", "ink"),
]


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_has_the_contrast_of_level_aa(scheme: dict[str, str], text: str, ground: str):
    assert contrast(scheme[text], scheme[ground]) >= 4.5


def test_the_measure_of_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") < 4.5 < contrast("#767676", "#ffffff")
    assert set(LIGHT) == set(DARK)


def test_every_colour_is_one_that_is_checked():
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS))
    assert used <= set(LIGHT)
    rules = re.sub(r"--[\w-]+: #[0-9a-f]{6};", "", CSS)
    assert not re.findall(r"#[0-9a-f]{3,8}\b", rules)
