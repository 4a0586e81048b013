# SPDX-License-Identifier: GPL-2.0-only
"""api.rst of Linux 6.1 and 6.12: what of its faults is found, and what of the faults that are put in.

The documents and the headers are those of the Debian sources in the cache.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from kpatch_tools.checks.docs import judge_document, judge_versions
from kpatch_tools.flow.docs import profile_for
from kpatch_tools.flow.facts import facts_of
from kpatch_tools.model.kernelfacts import KernelFacts
from kpatch_tools.model.reading import Reading
from kpatch_tools.parse.rst import read
from kpatch_tools.parse.rst_change import read_versions
from kpatch_tools.parse.rst_lines import source_lines
from tests.faults.labels import BACKTICK, labels, score
from tests.faults.page import Page, hits, spread
from tests.faults.table import MORE, ONLY_IN_A_CHANGE, THIRTY
from tests.judging import check_all

pytestmark = pytest.mark.kernel

PATH = "Documentation/virt/kvm/api.rst"
PROFILE = profile_for(PATH)
# Read while the module is loaded, as other tests give themselves an empty home.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kvet" / "trees"
PLACES = 3
ALL = {**THIRTY, **MORE}
COUNTED = frozenset(["error", "warning"])


@dataclass(frozen=True)
class Kernel:
    version: str
    text: str
    facts: KernelFacts
    reading: Reading


def kernel_of(version: str) -> Kernel:
    trees = sorted(_CACHE.glob(f"debian-{version}-*"))
    if not trees:
        pytest.skip(f"no Debian {version} tree in the cache; kvet tree get debian:{version} brings one")
    text = (trees[-1] / PATH).read_text()
    return Kernel(version, text, facts_of(trees[-1]), read(source_lines(text)))


@pytest.fixture(scope="module", params=["6.1", "6.12"])
def kernel(request) -> Kernel:
    return kernel_of(request.param)


@pytest.fixture(scope="module")
def newer() -> Kernel:
    return kernel_of("6.12")


@pytest.fixture(scope="module")
def page(newer) -> Page:
    return Page(newer.text, newer.facts)


@pytest.fixture(scope="module")
def clean(newer):
    return {(one.rule, one.message) for one in check_all(newer.text, PATH, PROFILE, newer.facts)}


def changed(kernel: Kernel, after: str):
    versions, _before, _after = read_versions(kernel.text, after, kernel.reading)
    facts = {"facts": kernel.facts, "facts_before": kernel.facts}
    return versions, judge_versions(versions, PATH, PROFILE, **facts).findings


def test_of_the_labelled_faults_all_are_found_and_nine_findings_of_ten_are_real(kernel, capsys):
    findings = check_all(kernel.text, PATH, PROFILE, kernel.facts)
    known = labels(kernel.version)
    ticks = [one for one in known if one.kind == BACKTICK]
    others = [one for one in known if one.kind != BACKTICK]
    marked = [one for one in findings if one.rule == "docs/single-backtick"]
    text = [one for one in findings if one not in marked]
    whole = score(findings, known, least=COUNTED)
    bare = score(text, others, least=COUNTED)
    beforehand = score(text, [one for one in others if one.kind != "judged"], least=COUNTED)
    with capsys.disabled():
        for what, one in (("without backticks", bare), ("with backticks", whole)):
            print(  # noqa: T201 - the figures are what the test is for
                f"\napi.rst {kernel.version}, {what}: {one.found} of {one.faults} faults found "
                f"({one.recall:.1%}), {one.real} of {one.real + one.noise} findings real "
                f"({one.precision:.1%})",
                end="",
            )
        words = f"{beforehand.found} of the {beforehand.faults} faults labelled before there were rules"
        print(f"\n  {words} ", end="")  # noqa: T201 - as above
    assert [one.message for one in whole.unknown] == []
    assert [(one.section, one.thing) for one in whole.missed] == []
    assert beforehand.found >= 65
    assert min(bare.precision, whole.precision) >= 0.9
    assert score(marked, ticks, least=COUNTED).recall == 1


@pytest.mark.parametrize("kind", ALL)
def test_a_fault_that_is_put_in_is_found_where_it_is(kind, newer, page, clean):
    places = spread(list(ALL[kind](page)), PLACES)
    assert len(places) >= 3
    for number, injected in enumerate(places):
        versions, findings = changed(newer, injected.text)
        there = hits(findings, injected)
        assert there, (kind, injected.line, findings)
        around = extent(page, injected)
        strange = [one for one in findings if one.location.line not in around and one not in there]
        assert all(may_be_far(kind, one.rule) for one in strange), (kind, injected.line, strange)
        if number == 0 and kind not in ONLY_IN_A_CHANGE:
            whole = judge_document(versions.after, PATH, PROFILE, newer.facts).findings
            new = [one for one in whole if (one.rule, one.message) not in clean]
            assert hits(new, injected), kind


def extent(page: Page, injected) -> range:
    """The lines of the section with the fault, and of the one above, which a lost title lets grow."""
    sections = page.document.sections
    at = max((index for index, one in enumerate(sections) if one.title.line <= injected.line), default=0)
    first = sections[max(0, at - 1)].title.line
    return range(first, sections[min(at + 1, len(sections) - 1)].title.line + 3)


def may_be_far(kind: str, rule: str) -> bool:
    """Whether a fault of this kind has such consequences elsewhere in the document."""
    # What comes below is no longer part of what it was part of.
    if kind in ("title of another level", "no blank line below a table"):
        return True
    return rule == "docs/section-reference" and kind.startswith(("number", "title", "capability"))


def test_an_unchanged_file_has_no_finding(kernel):
    assert changed(kernel, kernel.text)[1] == ()


def test_a_section_that_moves_brings_no_finding_but_its_number(newer):
    start, end, target = (newer.text.index(f"\n{number} ") for number in ("4.30", "4.31", "4.55"))
    moved = newer.text[:start] + newer.text[end:target] + newer.text[start:end] + newer.text[target:]
    found = changed(newer, moved)[1]
    assert {one.rule for one in found} <= {"docs/section-number"}
    # A part of a section that moves within it is the same text.
    first, second, third = (newer.text.index(part) for part in ("\n4.133 ", "\n4.134 ", "\n4.135 "))
    lines = newer.text[first:second].split("\n\n")
    lines[-3:-1] = reversed(lines[-3:-1])
    assert third > second
    within = newer.text[:first] + "\n\n".join(lines) + newer.text[second:]
    assert [one.rule for one in changed(newer, within)[1] if "4.133" not in one.message] == []


def test_a_document_that_is_numbered_anew_brings_no_finding(newer):
    lines = newer.text.split("\n")
    for section in Page(newer.text, newer.facts).document.sections:
        chapter, *rest = section.title.number
        if chapter == 7 and rest:
            at = section.title.line - 1
            name = lines[at].split(maxsplit=1)[1]
            lines[at] = f"7.{rest[0] + 60} {name}"
            lines[at + 1] = lines[at + 1][0] * (
                len(lines[at + 1]) + len(lines[at]) - len(f"{section.title.text}")
            )
    found = changed(newer, "\n".join(lines))[1]
    assert {one.rule for one in found} <= {"docs/section-reference"}


def test_paragraphs_that_are_wrapped_anew_bring_no_finding(newer, page):
    import textwrap

    lines = newer.text.split("\n")
    count = 0
    for one in reversed(page.document.paragraphs):
        last = one.line + one.text.count("\n")
        plain = one.holder == "section" and not one.text.rstrip().endswith(":") and last > one.line
        if plain and "\n".join(lines[one.line - 1 : last]) == one.text:
            lines[one.line - 1 : last] = textwrap.wrap(one.text, 60, break_on_hyphens=False)
            count += 1
    assert count > 300
    assert changed(newer, "\n".join(lines))[1] == ()
