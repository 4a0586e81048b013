# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.model.cell import Cell, Point
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.matrix_file import KernelChoice, Test
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.render.cells import render, render_plan
from kpatch_tools.render.columns import WIDTH


def cell(
    test: str, mode: str, kernel: str, verdict: str = "PASS", status: Status = Status.PASS, **changes: object
) -> CheckResult:
    facts = (("test", test), ("mode", mode), ("kernel", kernel), ("verdict", verdict), ("expected", "PASS"))
    facts += (("release", f"rel {kernel}"),)
    return CheckResult(
        check=f"{test} [{mode}] on {kernel}", status=status, elapsed=3.4, facts=facts, **changes
    )


def whole(**changes: object) -> CheckResult:
    facts = (("matrix", "m.toml: made up"), ("acceleration", "tcg: yes"), ("machines at once", "2"))
    return CheckResult(check="matrix", status=Status.PASS, elapsed=75.0, facts=facts, **changes)


def test_small_letters_are_as_expected_capitals_are_not():
    log = "x/.kvet/runs/r/cells/0001-a/boot-1/console.log"
    shown = render(
        Report(
            tool="kvet",
            checks=(
                whole(),
                cell("a", "default", "one"),
                cell("a", "npt=0", "one", "SKIP", Status.SKIP),
                cell("a", "default", "two", "FAIL", Status.FAIL, reason="it broke", logs=(log,)),
                cell("b", "default", "two", "FLAKY", Status.FAIL, reason="FAIL, then PASS"),
                cell("b", "npt=0", "two", "INFRA", Status.DID_NOT_RUN, reason="no qemu"),
            ),
        )
    )
    assert shown.splitlines() == [
        "m.toml: made up",
        "tcg: yes",
        "  A  one                             rel one",
        "  B  two                             rel two",
        "",
        "           A             B",
        "a",
        "  default  pass 3s       FAIL 3s",
        "  npt=0    skip 3s       -",
        "b",
        "  default  -             FLAKY 3s",
        "  npt=0    -             NOT-RUN 3s",
        "",
        "CAPITALS: not what is expected; -: excluded.",
        "",
        "not as expected:",
        "  FAIL  a [default] on two",
        "      it broke",
        "      0001-a/boot-1/console.log",
        "  FLAKY  b [default] on two",
        "      FAIL, then PASS",
        "  NOT-RUN  b [npt=0] on two",
        "      no qemu",
        "",
        "the logs of cells are below x/.kvet/runs/r/cells",
        "",
        "5 cells: 2 as expected, 1 not, 1 flaky, 1 could not run; 1 min 15 s, 2 at once",
    ]


def test_thirty_kernels_with_long_hostile_names_fit_the_page():
    kernels = [f"kernel {number} \x1b[2J{'k' * 80}" for number in range(30)]
    checks = [
        cell(f"test {'t' * 120}", f"mode={'m' * 120}", kernel, "KNOWN-BUG", Status.FAIL, reason="word " * 60)
        for kernel in kernels
    ]
    shown = render(Report(tool="kvet", checks=(whole(), *checks)))
    assert "\x1b" not in shown
    table = shown.partition("not as expected")[0]
    assert max(len(line) for line in table.splitlines()) <= WIDTH
    assert " AD " in table
    assert table.count("KNOWN-BUG 3s") == 30


def test_what_failed_before_the_machines_is_told_with_its_findings():
    finding = Finding(
        rule="gcc/error",
        severity=Severity.ERROR,
        message="no such thing",
        location=Location(path="a.c", line=3),
    )
    build = CheckResult(
        check="build two",
        status=Status.FAIL,
        reason="it does not build",
        findings=(finding,) * 7,
        logs=("b.log",),
    )
    shown = render(Report(tool="kvet", checks=(build, whole(), cell("a", "default", "one"))))
    assert (
        "  FAIL  build two\n      it does not build\n      a.c:3: error: no such thing [gcc/error]" in shown
    )
    assert "      and 2 more findings, see the report\n      b.log" in shown


def test_cells_that_one_cause_took_stand_together():
    lost = [cell("a", mode, "one", "INFRA", Status.DID_NOT_RUN, reason="no kernel") for mode in ("x", "y")]
    other = cell("a", "z", "one", "INFRA", Status.DID_NOT_RUN, reason="no qemu")
    shown = render(Report(tool="kvet", checks=(whole(), *lost, other)))
    first = "  NOT-RUN  a [x] on one\n  NOT-RUN  a [y] on one\n      no kernel\n"
    assert f"{first}  NOT-RUN  a [z] on one\n      no qemu\n" in shown


def test_nothing_proven_is_said():
    bad = CheckResult(check="matrix", reason="nothing was proven", facts=whole().facts)
    shown = render(Report(tool="kvet", checks=(bad, cell("a", "default", "one", "SKIP", Status.SKIP))))
    assert shown.splitlines()[-1] == "1 cell: 1 as expected; 0.0 s, 2 at once; nothing was proven"


def test_the_plan():
    one = Cell(
        test=Test(selftest="x86_64/" + "a" * 50), point=Point(), kernel=KernelChoice(image="debian:6.12")
    )
    shown = render_plan((one, one), title="m.toml: t", excluded=3, times=(0.0, 12.3))
    lines = shown.splitlines()
    assert all(len(line) <= WIDTH for line in lines)
    assert lines[3].split() == ["x86_64/" + "a" * 25 + "~", "default", "debian:6.12", "PASS", "?"]
    assert lines[4].endswith("12 s")
    assert lines[-1] == "2 cells, 3 excluded"
