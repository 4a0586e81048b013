# SPDX-License-Identifier: GPL-2.0-only
"""Series taken patch by patch, with a build and a machine that read what they do from one file of the tree.

The file lists a case a line with its result; a line BROKEN keeps it from building, PANIC from booting.
"""

from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow import per_patch as flow
from kpatch_tools.flow.apply import apply_series
from kpatch_tools.flow.build import BuildResult
from kpatch_tools.flow.per_patch_programs import Compiled
from kpatch_tools.flow.per_patch_tests import Outcome, Programs
from kpatch_tools.flow.per_patch_told import told_once
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.event import Event, silent
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.perpatch import KernelState, ProgramState
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.model.test import Verdict
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for
from tests.stepped import stepped

CODE = "virt/kvm/a.c"
DOCUMENT = "Documentation/virt/kvm/other.rst"
MAKEFILE = b"VERSION = 6\nPATCHLEVEL = 1\n"


@pytest.fixture
def world(git, git_tree, tmp_path, monkeypatch):
    """``world([{path: text}, ...])``: the check of a series of these steps; the first is the base."""
    boots: list[str] = []
    builds: list[str] = []

    def build_kernel(tree, commit, *, state, **_rest):
        text = (Repository.open(store_for(tree)).read_blob(commit, CODE) or b"").decode()
        builds.append(text)
        log = state / "build.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("" if "silent" in text else "  CC      arch/x86/kvm/../../../virt/kvm/a.o\n")
        image = state / "bzImage"
        # Comments leave no trace in an image.
        image.write_text("\n".join(line for line in text.splitlines() if not line.startswith("//")))
        fails = "BROKEN" in text
        place = Location(path=CODE, line=1)
        said = (
            [Finding(rule="gcc/error", severity=Severity.ERROR, message="oh", location=place)]
            if fails
            else []
        )
        said += [
            Finding(
                rule="gcc/-Wunused",
                severity=Severity.WARNING,
                message="unused",
                location=Location(path=CODE, line=number),
            )
            for number, line in enumerate(text.splitlines(), 1)
            if line == "warn" or (line == "maybe" and "trigger" in text)
        ]
        return BuildResult(
            image=None if fails else image, config=None, release="6.1.0", findings=tuple(said), elapsed=0.1,
            log=log, cached=False, compiler="gcc",
        )  # fmt: skip

    def run_programs(_programs, kernel, _modes, **_rest):
        text = kernel.image.read_text()
        boots.append(text)
        if "PANIC" in text:
            dead = {"program": Verdict.PANIC}
            return Outcome(
                verdict=Verdict.PANIC, reason="kernel panic: x", cases=dead, reasons={}, consoles=("con",)
            )
        cases = {
            line.split()[0]: Verdict(line.split()[1]) for line in text.splitlines() if len(line.split()) == 2
        }
        return Outcome(
            verdict=max(cases.values(), key=list(Verdict).index),
            reason="",
            cases=cases,
            reasons={},
            consoles=(),
        )

    monkeypatch.setattr(flow, "build_kernel", build_kernel)
    monkeypatch.setattr(flow, "run_programs", run_programs)
    monkeypatch.setattr(flow, "build_programs", lambda *_a, **_k: Programs(binaries={"t": Path("t")}))

    def make(steps, subjects=(), events=None, **wanted) -> CheckResult:
        tree = git_tree({"Makefile": MAKEFILE, **{path: text.encode() for path, text in steps[0].items()}})
        mbox = tmp_path / "series.mbox"
        return flow.check_series(
            *stepped(git, tree, steps[1:], mbox, subjects), tree=tree, logs=tmp_path / "logs",
            wanted=flow.Wanted(**{"contracts": ("one",), "docs": False, **wanted}),
            sink=events.append if events is not None else silent,
        )  # fmt: skip

    make.boots, make.builds = boots, builds
    return make


def kernels(result: CheckResult):
    return [(row.kernel.value, row.same_as) for row in result.patches]


def found(result: CheckResult):
    return [(one.rule, one.location.patch if one.location else 0) for one in result.findings]


def test_a_series_that_breaks_at_2_and_mends_it_at_3(world):
    result = world([{CODE: "a SKIP"}, {CODE: "a SKIP\nx"}, {CODE: "BROKEN"}, {CODE: "a PASS"}])
    assert kernels(result) == [("built", None), ("built", None), ("fails", None), ("built", None)]
    (broken,) = result.findings
    assert (broken.rule, broken.location.patch, broken.location.path) == ("series/bisect", 2, CODE)
    assert broken.hint.startswith("patch 3 mends it")
    assert result.status is Status.FAIL
    assert "1 of 3 patches do not build" in result.reason
    assert len(world.boots) == 3
    assert any("0002" in log for log in result.logs)


def test_a_good_series_shows_which_patch_makes_the_test_pass(world):
    result = world([{CODE: "a SKIP"}, {CODE: "a SKIP\nx"}, {CODE: "a PASS\nb PASS"}])
    assert result.status is Status.PASS
    assert result.findings == ()
    assert [row.settled for row in result.patches] == [0, 0, 2]
    assert "the test passes from patch 2 on" in result.reason
    assert "on the base: 1 skip" in result.reason


def test_a_test_that_passes_on_the_base(world):
    result = world([{CODE: "a PASS"}, {CODE: "a PASS\nx"}])
    assert found(result) == [("series/not-exercised", 0)]
    assert result.status is Status.FAIL


def test_a_regression_in_the_middle(world):
    result = world(
        [{CODE: "a SKIP"}, {CODE: "a PASS\nb PASS"}, {CODE: "a PASS\nb FAIL"}, {CODE: "a PASS\nb PASS\nx"}]
    )
    assert found(result) == [("series/regression", 2)]
    assert result.findings[0].hint == "patch 3 mends it"


def test_a_patch_whose_kernel_does_not_boot(world):
    result = world([{CODE: "a SKIP"}, {CODE: "PANIC"}, {CODE: "a PASS"}])
    assert found(result) == [("series/bisect", 1)]
    assert "does not boot" in result.findings[0].message
    assert result.logs == ("con",)


def test_what_no_build_reads_is_neither_built_nor_booted(world):
    result = world(
        [
            {CODE: "a SKIP"},
            {DOCUMENT: "text"},
            {CODE: "a PASS"},
            {"tools/testing/x.txt": "x"},
            {DOCUMENT: "y"},
        ]
    )
    assert kernels(result) == [("built", None), ("same", 0), ("built", None), ("same", 2), ("same", 2)]
    assert [len(world.builds), len(world.boots)] == [2, 2]
    assert [row.cases for row in result.patches[3:]] == [{"a": Verdict.PASS}] * 2
    assert result.status is Status.PASS


def test_an_image_that_comes_out_the_same_is_booted_once(world):
    result = world([{CODE: "a SKIP"}, {CODE: "a SKIP\n// why"}, {CODE: "a PASS"}, {CODE: "a SKIP"}])
    assert kernels(result)[1] == ("same", 0)
    assert kernels(result)[3] == ("same", 0)
    assert [len(world.builds), len(world.boots)] == [4, 2]


def test_a_document_over_a_break_is_broken_too_and_told_once(world):
    result = world([{CODE: "a SKIP"}, {CODE: "BROKEN"}, {DOCUMENT: "text"}])
    assert kernels(result)[2] == ("fails", 1)
    assert found(result) == [("series/bisect", 1)]


def test_a_warning_names_the_patch_that_wrote_the_line(world):
    result = world([{CODE: "a SKIP\nwarn\n"}, {CODE: "a SKIP\nwarn\nx\n"}])
    assert result.findings == ()
    assert [row.warnings for row in result.patches] == [0, 0]


def test_a_new_warning_counts_where_its_line_is_of_the_series(world):
    result = world([{CODE: "a SKIP\n"}, {CODE: "a SKIP\nwarn\n"}, {CODE: "a PASS\nwarn\n"}])
    assert found(result) == [("gcc/-Wunused", 1)]
    assert [row.warnings for row in result.patches] == [0, 1, 0]
    assert result.status is Status.FAIL


def test_a_warning_on_an_old_line_counts_where_the_file_was_compiled_without_it(world):
    result = world([{CODE: "a SKIP\nmaybe\n"}, {CODE: "a PASS\nmaybe\ntrigger\n"}])
    assert found(result) == [("gcc/-Wunused", 1)]
    assert result.findings[0].hint == "patch 1 brings it, though the line is older"


def test_an_old_warning_that_shows_for_the_first_time_is_not_the_patchs(world):
    result = world([{CODE: "a SKIP\nsilent\nmaybe\n"}, {CODE: "a PASS\nmaybe\ntrigger\n"}])
    assert result.findings == ()


def test_builds_alone(world):
    result = world([{CODE: "a SKIP"}, {CODE: "a PASS"}], contracts=())
    assert world.boots == []
    assert [row.boot for row in result.patches] == [None, None]
    assert (result.status, result.reason) == (Status.PASS, "every patch builds")


def test_no_kernel_proves_nothing(world):
    result = world([{CODE: "a SKIP"}, {CODE: "BROKEN"}], kernel=False, docs=True)
    assert world.builds == []
    assert kernels(result) == [("not-run", None)] * 2
    assert (result.status, result.reason) == (Status.SKIP, "no kernel was built")


def test_tests_that_cannot_be_made_are_no_pass(world, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise UserError("no dialect fits")

    monkeypatch.setattr(flow, "build_programs", refuse)
    result = world([{CODE: "a SKIP"}, {CODE: "a PASS"}])
    assert result.status is Status.DID_NOT_RUN
    assert "no test ran: no dialect fits" in result.reason
    assert [row.kernel for row in result.patches] == [KernelState.BUILT] * 2


def test_a_machine_that_does_not_start_is_no_pass(world, monkeypatch):
    lacking = Outcome(verdict=Verdict.INFRA, reason="qemu ended", cases={}, reasons={}, consoles=("log",))
    monkeypatch.setattr(flow, "run_programs", lambda *_a, **_k: lacking)
    result = world([{CODE: "a SKIP"}, {CODE: "a PASS"}])
    assert result.status is Status.DID_NOT_RUN
    assert "the base could not be tested: qemu ended" in result.reason


def test_a_program_that_gives_no_verdict_is_no_pass_though_it_does_so_everywhere(world, monkeypatch):
    bare = Outcome(
        verdict=Verdict.NO_VERDICT, reason="no result for 1 of the 1 cases", cases={"1": Verdict.PASS},
        reasons={}, consoles=(),
    )  # fmt: skip
    monkeypatch.setattr(flow, "run_programs", lambda *_a, **_k: bare)
    result = world([{CODE: "a SKIP"}, {CODE: "a PASS"}], fail_on=Severity.ERROR)
    assert result.status is Status.DID_NOT_RUN
    assert "patch 1 could not be tested: no result for 1 of the 1 cases" in result.reason


def test_without_a_result_on_the_base_nothing_shows_that_the_test_needs_the_series(world):
    result = world([{CODE: "PANIC"}, {CODE: "a PASS"}])
    assert result.findings == ()
    assert result.status is Status.DID_NOT_RUN
    assert "the tests have no result on the base" in result.reason


def test_a_series_that_is_in_the_base_already(git_tree, git, tmp_path):
    tree = git_tree({CODE: b"a SKIP", "Makefile": MAKEFILE})
    (tree / CODE).write_bytes(b"a PASS")
    git(tree, "commit", "-qam", "one")
    mbox = tmp_path / "one.mbox"
    mbox.write_text(git(tree, "format-patch", "--stdout", "-1") + "\n")
    series = load_series(str(mbox))
    applied = apply_series(series, tree=tree, objects=store_for(tree))
    result = flow.check_series(
        series, applied, Repository.open(store_for(tree)), tree=tree, logs=tmp_path, wanted=flow.Wanted()
    )
    assert (result.status, result.patches) == (Status.SKIP, ())


def test_own_programs_that_do_not_compile_are_named(world, monkeypatch):
    wrong = Finding(
        rule="series/program", severity=Severity.ERROR, message="no", location=Location(path="", patch=1)
    )

    def compiled(patch, *_args, **_kwargs):
        return (
            Compiled(state=ProgramState.FAIL, findings=(wrong,), log="own.log")
            if patch.number == 1
            else Compiled()
        )

    monkeypatch.setattr(flow, "compile_programs", compiled)
    result = world([{CODE: "a SKIP"}, {CODE: "a SKIP\nx"}, {CODE: "a PASS"}])
    assert found(result) == [("series/program", 1)]
    assert [row.programs for row in result.patches] == [
        ProgramState.NONE,
        ProgramState.FAIL,
        ProgramState.NONE,
    ]
    assert "own.log" in result.logs


def test_a_document_that_a_later_patch_mends_is_a_note(world):
    good = "4.1 A\n-----\n\nWords.\n"
    wrong = good + "\n4.2 B\n----\n\nWords.\n"
    right = good + "\n4.2 B\n-----\n\nWords.\n"
    steps = [{DOCUMENT: good, CODE: "a SKIP"}, {DOCUMENT: wrong}, {DOCUMENT: right, CODE: "a PASS"}]
    result = world(steps, docs=True)
    assert [(row.docs_new, row.docs_mended) for row in result.patches[1:]] == [(1, 1), (0, 0)]
    (note,) = result.findings
    assert (note.severity, note.location.patch, note.hint) == (Severity.NOTE, 1, "patch 2 mends it")
    assert result.status is Status.PASS


def test_a_document_fault_that_stays_is_counted_and_left_to_the_docs_check(world):
    good = "4.1 A\n-----\n\nWords.\n"
    wrong = good + "\n4.2 B\n----\n\nWords.\n"
    result = world([{DOCUMENT: good, CODE: "a SKIP"}, {DOCUMENT: wrong}, {CODE: "a PASS"}], docs=True)
    assert [(row.docs_new, row.docs_mended) for row in result.patches[1:]] == [(1, 0), (0, 0)]
    assert result.findings == ()


def test_progress_names_the_patch_and_when_it_ends(world, monkeypatch):
    events: list[Event] = []
    world([{CODE: "a SKIP"}, {CODE: "a SKIP\nx"}, {CODE: "a PASS"}], events=events)
    told = [(event.stage, event.text.partition(":")[0], event.done, event.total) for event in events]
    assert ("per-patch", "the base", 0, 2) in told
    assert ("per-patch", "patch 2/2", 2, 2) in told
    assert any("left)" in event.text for event in events)
    assert not any("left)" in event.text for event in events if event.done == 0)


def test_a_finding_that_another_check_tells_is_told_once():
    one = Finding(rule="gcc/-Wunused", severity=Severity.WARNING, message="x", location=Location(path=CODE))
    note = Finding(rule="docs/a", severity=Severity.NOTE, message="y")
    mine = CheckResult(check=flow.CHECK, status=Status.FAIL, findings=(one, note), reason="r")
    other = CheckResult(check="warnings", status=Status.FAIL, findings=(one,))
    shorter, same = told_once((mine, other))
    assert (shorter.findings, shorter.status) == ((note,), Status.FAIL)
    assert shorter.reason == "r; 1 finding is told by another check"
    assert same is other
    assert told_once((mine,)) == (mine,)


def test_what_the_machine_lacks_to_build_is_no_finding(world, monkeypatch):
    def lacking(*_args, **_kwargs):
        raise EnvironmentFault("gcc is not installed")

    monkeypatch.setattr(flow, "build_kernel", lacking)
    with pytest.raises(EnvironmentFault):
        world([{CODE: "a SKIP"}, {CODE: "a PASS"}])


STEPS = (
    {CODE: "a SKIP\nwarn"},
    {CODE: "a PASS\nwarn\nb PASS"},
    {CODE: "a FAIL\nwarn\nb PASS"},
    {CODE: "a PASS\nwarn\nb PASS\nx"},
)


def test_one_patch_is_held_against_the_step_before_it(world):
    result = world(STEPS, patches=(2,))
    assert [row.number for row in result.patches] == [1, 2]
    assert kernels(result) == [("built", None), ("built", None)]
    assert len(world.builds) == 2
    assert found(result) == [("series/regression", 2)]
    # Whether a later patch mends it is not known here, and that the test needs the series neither.
    assert result.findings[0].hint == ""
    assert result.facts == (("patches", "only 2 of 3, against the one before"),)
    # The warning stands before the patch that is asked for, which is no base.
    assert [row.warnings for row in result.patches] == [0, 0]
    assert [row.settled for row in result.patches] == [0, 0]


def test_several_patches_share_the_steps_between_them(world):
    result = world(STEPS, patches=(3, 2))
    assert [row.number for row in result.patches] == [1, 2, 3]
    apart = world(({CODE: "a SKIP"}, {CODE: "a SKIP\nx"}, {"doc": "1"}, {CODE: "a PASS"}), patches=(1, 3))
    assert [row.number for row in apart.patches] == [0, 1, 2, 3]
    assert kernels(apart)[2] == ("same", 1)


def test_a_test_that_passes_before_the_patch_is_no_matter_of_that_patch(world):
    assert world(STEPS, patches=(3,)).findings == ()


def test_a_patch_that_the_series_has_not_is_refused(world):
    with pytest.raises(UserError, match=r"--patch 4: the series has 3 patches"):
        world(STEPS, patches=(4,))
