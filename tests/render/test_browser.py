# SPDX-License-Identifier: GPL-2.0-only
"""The page in a real browser: on a phone, in the dark, with its filters; pictures for a person to look at.

The pictures go to the folder that KVET_ARTEFACTS names, else to pytest's.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render import html
from tests.browser import CHROMIUM, LACKING, Seen, probed, shot
from tests.render.test_html import CASE, DIFFERS, FULL, MATRIX

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=LACKING)

PHONE, DESK = 390, 1280
LONG = "x" * 400
# What would make a page wider than its window: long words everywhere, and a matrix of many modes.
WIDE = replace(
    FULL,
    checks=(
        *FULL.checks,
        CheckResult(
            check=LONG,
            status=Status.DID_NOT_RUN,
            reason=LONG,
            facts=((LONG, LONG),),
            logs=(f"/{LONG}",),
            findings=(
                Finding(
                    rule=f"a/{LONG}",
                    severity=Severity.WARNING,
                    message=LONG,
                    location=Location(path=LONG, line=1, patch=3),
                    detail=LONG,
                    hint=f"{LONG}\n{LONG}",
                    excerpts=(replace(DIFFERS.excerpts[0], lines=(LONG,)),),
                ),
            ),
            conformance=replace(
                MATRIX,
                modes=tuple(f"{LONG}{at}" for at in range(8)),
                rows=tuple(replace(row, observed=row.observed * 4) for row in MATRIX.rows),
            ),
            excerpts=tuple(replace(one, case=LONG, lines=(LONG,)) for one in CASE),
        ),
    ),
)
MEASURE = """
  for (const one of page.querySelectorAll("details")) one.open = true;
  const root = page.documentElement;
  return {scroll: root.scrollWidth, window: view.innerWidth, height: root.scrollHeight};
"""
FILTER = """
  const seen = () => [...page.querySelectorAll(".finding")]
    .filter((one) => view.getComputedStyle(one).display !== "none").length;
  const counts = {all: seen()};
  for (const id of ["only-error", "only-note", "only-patch-1", "only-patch-0"]) {
    page.getElementById(id).click();
    counts[id] = seen();
    for (const all of page.querySelectorAll("input[id$=-all]")) all.click();
  }
  return counts;
"""
REACH = """
  const stops = [...page.querySelectorAll("a[href], summary, input, [tabindex]")];
  const first = stops[0];
  first.focus();
  const box = first.getBoundingClientRect();
  const boxes = [...page.querySelectorAll(".scroll, pre:not([aria-hidden])")];
  const lost = boxes.filter((one) => one.tabIndex < 0).length;
  const inside = [...page.querySelectorAll("a[href^='#']")];
  const tests = inside.filter((one) => !page.querySelector(one.hash)).length;
  return {first: first.className, left: box.left, lost, tests, focused: page.activeElement === first};
"""
PAPER = """return view.getComputedStyle(page.body).backgroundColor;"""
SEVERAL = replace(
    FULL,
    checks=(
        *FULL.checks,
        CheckResult(
            check="more",
            status=Status.FAIL,
            findings=tuple(
                Finding(rule="docs/c", severity=Severity.NOTE, message=f"n {at}") for at in range(5)
            ),
        ),
    ),
)


def look(report: Report, probe: str, home: Path, *, width: int = PHONE, dark: bool = False) -> Seen:
    """Probe the report's page, which asks for nothing and says nothing to the console."""
    seen = probed(html.render(report), probe, home=home, width=width, dark=dark)
    assert seen.console == ()
    assert set(seen.asked) == {"/", "/page.html"}
    return seen


@pytest.mark.parametrize("report", [FULL, WIDE], ids=["usual", "wide"])
@pytest.mark.parametrize("width", [320, PHONE, DESK])
def test_the_page_is_never_wider_than_its_window(report: Report, width: int, tmp_path: Path):
    value = look(report, MEASURE, tmp_path, width=width).value
    assert value["window"] == width
    assert value["scroll"] <= width


def test_the_measure_sees_a_page_that_is_too_wide(tmp_path: Path):
    page = f"<!DOCTYPE html><meta name=viewport content=width=device-width><p>{LONG}"
    assert probed(page, MEASURE, home=tmp_path).value["scroll"] > PHONE


def test_a_request_or_a_script_would_be_seen(tmp_path: Path):
    guarded = html.render(FULL).replace("<main>", '<main><img src="/image"><script>1</script>', 1)
    seen = probed(guarded, PAPER, home=tmp_path)
    assert len(seen.console) >= 2
    assert "/image" not in seen.asked
    bare = probed('<!DOCTYPE html><img src="/image">', PAPER, home=tmp_path)
    assert "/image" in bare.asked


def test_the_filters_work_without_a_script(tmp_path: Path):
    assert look(SEVERAL, FILTER, tmp_path).value == {
        "all": 8,
        "only-error": 2,
        "only-note": 6,
        "only-patch-1": 2,
        "only-patch-0": 6,
    }


def test_the_keyboard_reaches_everything_and_the_skip_link_comes_first(tmp_path: Path):
    value = look(FULL, REACH, tmp_path).value
    assert (value["first"], value["focused"], value["left"]) == ("skip", True, 0)
    assert (value["lost"], value["tests"]) == (0, 0)


def test_the_scheme_of_the_system_is_taken(tmp_path: Path):
    assert look(FULL, PAPER, tmp_path).value == "rgb(255, 255, 255)"
    assert look(FULL, PAPER, tmp_path, dark=True).value == "rgb(18, 22, 27)"


@pytest.mark.parametrize(
    ("name", "size", "dark"),
    [("desk", (DESK, 1600), False), ("phone", (500, 1600), False), ("dark", (DESK, 1600), True)],
)
def test_pictures(name: str, size: tuple[int, int], dark: bool, tmp_path: Path):
    folder = Path(os.environ.get("KVET_ARTEFACTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    picture = shot(html.render(FULL), folder / f"report-{name}.png", home=tmp_path, size=size, dark=dark)
    assert picture.startswith(b"\x89PNG")
    assert (int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])) == size
    # A page of one colour is far smaller.
    assert len(picture) > 20_000
