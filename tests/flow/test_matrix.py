# SPDX-License-Identifier: GPL-2.0-only
"""A whole matrix with machines that are made up: verdicts, retries, what is kept, what is resumed."""

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow import matrix as flow
from kpatch_tools.flow.crew import Limits
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.flow.matrix import Choices, begun_in, left, resumed_plan, run_matrix
from kpatch_tools.flow.matrix_plan import load_plan, matrix_names
from kpatch_tools.flow.matrix_report import Outcome
from kpatch_tools.model.event import Event, silent
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.model.test import Verdict
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.render import json_v1
from kpatch_tools.tools import elapsed
from tests.flow.matrix_fake import BREAKS, FAILS, PASSES, SKIPS, TCG, VANISHES, Guests, Shelf

TEXT = """
schema = 1
title = "made up"
[[test]]
selftest = "a_test"
[[test]]
selftest = "b_test"
[[mode]]
[[mode]]
npt = false
[[kernel]]
image = "one"
tree = "t"
[[kernel]]
image = "two"
tree = "t"
"""


@pytest.fixture
def guests() -> Guests:
    return Guests()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    folder = tmp_path / "shelf"
    folder.mkdir()
    shelf = Shelf(folder)
    monkeypatch.setattr(flow, "stock_up", shelf)
    monkeypatch.setattr(flow.probe, "acceleration", lambda: TCG)
    return shelf


@pytest.fixture
def run(guests: Guests, shelf: Shelf, tmp_path: Path) -> Callable[..., Outcome]:
    """``run(more)``: the matrix above with more text, into the folder "run"."""

    def call(more: str = "", *, text: str = TEXT, sink=silent, jobs: int = 2, retries: int = 1) -> Outcome:
        file = tmp_path / "m.toml"
        file.write_text(text + more)
        limits = Limits(cores=4, jobs=jobs, memory=lambda: 1 << 40)
        choices = Choices(retries=retries, limits=limits)
        folder = tmp_path / "run"
        return run_matrix(load_plan(str(file)), choices, folder=folder, tool="kvet", sink=sink, boot=guests)

    return call


def cells(outcome: Outcome) -> dict[str, CheckResult]:
    return {check.check: check for check in outcome.report.checks if " on " in check.check}


def fact(check: CheckResult, name: str) -> str:
    return dict(check.facts).get(name, "")


def test_every_cell_is_booted_once_and_passes(run, guests: Guests, tmp_path: Path) -> None:
    outcome = run()
    assert (outcome.expected, outcome.all_as_expected, outcome.proven) == (8, True, True)
    assert outcome.report.verdict is Status.PASS
    assert len(guests.boots) == len(set(guests.boots)) == 8
    assert len({str(folder) for folder in guests.folders}) == 8
    assert fact(cells(outcome)["a_test [npt=0] on two"], "release") == "rel-two"
    kept = sorted(path.parent.name for path in (tmp_path / "run/cells").glob("*/result.json"))
    assert kept[0] == "0001-a_test-default-one"
    assert len(kept) == 8


def test_machines_run_at_the_same_time(run, guests: Guests) -> None:
    together = threading.Barrier(2, timeout=20)
    guests.before = lambda number: together.wait()
    outcome = run()
    assert dict(outcome.report.checks[0].facts)["machines at once"] == "2"


def test_a_bare_ok_speaks_for_no_case_of_a_contract(run, guests: Guests, shelf: Shelf) -> None:
    shelf.contract = load_contract("kvm_map_memory")
    guests.outcomes["a_test", "default"] = [("TAP version 13\n1..1\nok 1 all is well\n", 0)]
    names = [case.name for case in shelf.contract.case]
    told = "".join(f"ok {number} {name}\n" for number, name in enumerate(names, 1))
    guests.outcomes["b_test", "default"] = [(f"TAP version 13\n1..{len(names)}\n{told}", 0)]
    found = cells(run())
    bare = found["a_test [default] on one"]
    assert dict(bare.facts)["verdict"] == Verdict.NO_VERDICT.value
    assert bare.status is Status.FAIL
    assert "no result for" in bare.reason
    assert dict(found["b_test [default] on one"].facts)["verdict"] == Verdict.PASS.value


def test_a_failure_is_booted_again_and_stays_one(run, guests: Guests) -> None:
    guests.outcomes["a_test", "npt=0"] = [FAILS]
    outcome = run()
    assert (outcome.unexpected, outcome.flaky, outcome.expected) == (2, 0, 6)
    assert guests.boots.count(("a_test", "npt=0", "rel-one")) == 2
    check = cells(outcome)["a_test [npt=0] on one"]
    assert check.status is Status.FAIL
    assert check.reason == "FAIL where PASS is expected: FAIL, then FAIL; a_test exited with 1"
    assert "matrix/unexpected" in [finding.rule for finding in check.findings]
    assert len(check.logs) == 4


def test_what_passes_the_second_time_is_flaky_and_no_success(run, guests: Guests) -> None:
    guests.outcomes["a_test", "npt=0"] = [FAILS, PASSES]
    outcome = run()
    assert (outcome.flaky, outcome.unexpected, outcome.expected) == (2, 0, 6)
    assert not outcome.all_as_expected
    check = cells(outcome)["a_test [npt=0] on two"]
    assert (check.status, fact(check, "verdict"), fact(check, "boots")) == (
        Status.FAIL,
        "FLAKY",
        "FAIL, then PASS",
    )
    assert check.findings[0].rule == "matrix/flaky"
    assert not any(test.status.good for test in check.tests)
    assert outcome.report.verdict is Status.FAIL


def test_retries_can_be_more_or_none(run, guests: Guests) -> None:
    guests.outcomes["a_test", "default"] = [FAILS, FAILS, PASSES]
    assert run(retries=0).unexpected == 2


def test_three_boots(run, guests: Guests) -> None:
    guests.outcomes["a_test", "default"] = [FAILS, FAILS, PASSES]
    outcome = run(retries=2)
    assert fact(cells(outcome)["a_test [default] on one"], "boots") == "FAIL, then FAIL, then PASS"


SKIP_EXPECTED = '[[expect]]\nmode = "npt=0"\ntest = "a_test"\nverdict = "SKIP"\nbecause = "no paging"\n'


def test_an_expected_skip_is_as_expected_and_no_pass(run, guests: Guests) -> None:
    guests.outcomes["a_test", "npt=0"] = [SKIPS]
    outcome = run(SKIP_EXPECTED)
    assert outcome.all_as_expected
    check = cells(outcome)["a_test [npt=0] on one"]
    assert check.status is Status.SKIP
    assert check.reason.startswith("as expected (no paging): no such thing")
    assert outcome.report.verdict is Status.SKIP


def test_a_pass_where_a_skip_is_expected_is_not_as_expected(run) -> None:
    outcome = run(SKIP_EXPECTED)
    check = cells(outcome)["a_test [npt=0] on one"]
    assert check.status is Status.FAIL
    assert "PASS where SKIP is expected" in check.reason
    assert "expected: no paging" in check.findings[0].detail


def test_a_skip_that_nobody_expects(run, guests: Guests) -> None:
    guests.outcomes["a_test", "npt=0"] = [SKIPS]
    outcome = run()
    assert (outcome.unexpected, outcome.failed) == (2, 0)
    assert not outcome.all_as_expected
    assert guests.boots.count(("a_test", "npt=0", "rel-one")) == 1


def test_an_expected_failure_is_an_observation(run, guests: Guests) -> None:
    guests.outcomes["b_test", "default"] = [FAILS]
    outcome = run('[[expect]]\ntest = "b_test"\nmode = "default"\nverdict = "FAIL"\n')
    assert outcome.all_as_expected
    check = cells(outcome)["b_test [default] on one"]
    assert check.status is Status.PASS
    assert [test.status for test in check.tests] == [Verdict.XFAIL]
    assert {finding.severity for finding in check.findings} == {Severity.NOTE}


def test_results_that_one_mode_skips_and_another_decides(run, guests: Guests) -> None:
    guests.outcomes["a_test", "default"] = [("1..2\nok 1 x\nok 2 y\n", 0)]
    guests.outcomes["a_test", "npt=0"] = [("1..2\nok 1 x\nok 2 y # SKIP not in this mode\n", 0)]
    outcome = run()
    assert outcome.all_as_expected
    check = cells(outcome)["a_test [npt=0] on one"]
    assert check.reason == "1 test is skipped here and decided in mode default"


def test_results_that_every_mode_skips_stay_open(run, guests: Guests) -> None:
    both = [("1..2\nok 1 x\nok 2 y # SKIP nowhere\n", 0)]
    guests.outcomes["a_test", "default"] = guests.outcomes["a_test", "npt=0"] = both
    assert run().unexpected == 4


def test_a_machine_that_cannot_be_made_stops_no_other(run, guests: Guests) -> None:
    guests.outcomes["a_test", "default"] = [BREAKS]
    outcome = run()
    assert (outcome.undecided, outcome.expected, outcome.failed) == (2, 6, 0)
    check = cells(outcome)["a_test [default] on one"]
    assert check.status is Status.DID_NOT_RUN
    assert check.reason == "qemu is not installed; cure: apt-get install -y qemu-system-x86"


def test_a_boot_that_showed_nothing_makes_no_flaky_cell(run, guests: Guests) -> None:
    guests.outcomes["a_test", "npt=0"] = [VANISHES, PASSES]
    outcome = run()
    assert outcome.all_as_expected
    assert fact(cells(outcome)["a_test [npt=0] on one"], "boots") == "INFRA, then PASS"


@pytest.mark.parametrize("then", [VANISHES, BREAKS, SKIPS])
def test_nothing_that_comes_after_it_hides_a_failure(run, guests: Guests, then: tuple[str, int]) -> None:
    guests.outcomes["a_test", "npt=0"] = [FAILS, then]
    outcome = run()
    assert (outcome.unexpected, outcome.failed, outcome.undecided) == (2, 2, 0)
    check = cells(outcome)["a_test [npt=0] on one"]
    assert (check.status, fact(check, "verdict")) == (Status.FAIL, "FAIL")
    assert check.reason.startswith("FAIL where PASS is expected: FAIL, then ")
    del guests.boots[:]
    assert run().unexpected == 2
    assert guests.boots == []


def test_the_worst_of_two_failures_is_shown(run, guests: Guests) -> None:
    guests.outcomes["a_test", "npt=0"] = [("", 139), FAILS]
    check = cells(run())["a_test [npt=0] on one"]
    assert fact(check, "verdict") == "CRASH"
    assert "CRASH, then FAIL; a_test was killed by SIGSEGV" in check.reason


def test_a_kernel_or_a_program_that_cannot_be_had(run, guests: Guests, shelf: Shelf) -> None:
    shelf.no_kernel["one"] = "the kernel does not build"
    shelf.no_program["b_test"] = "this tree has no test b_test"
    finding = Finding(rule="gcc/error", severity=Severity.ERROR, message="no")
    shelf.checks = (CheckResult(check="build one", status=Status.FAIL, findings=(finding,)),)
    outcome = run()
    assert (outcome.undecided, outcome.expected, outcome.failed) == (6, 2, 1)
    assert {boot[0] for boot in guests.boots} == {"a_test"}
    assert cells(outcome)["b_test [default] on two"].reason == "this tree has no test b_test"


def test_nothing_proven(run, guests: Guests) -> None:
    for name in ("a_test", "b_test"):
        for mode in ("default", "npt=0"):
            guests.outcomes[name, mode] = [SKIPS]
    outcome = run('[[expect]]\ntest = "*"\nverdict = "SKIP"\n')
    assert (outcome.all_as_expected, outcome.proven) == (True, False)
    assert outcome.report.verdict is Status.DID_NOT_RUN


def test_processors_and_huge_pages_have_to_be_proven(run, guests: Guests) -> None:
    mode = "[[mode]]\ncpus = 2\nhuge_2m = 8\n"
    guests.console = "[1.0] smp: Brought up 1 node, 2 CPUs\n"
    outcome = run(mode)
    key = "a_test [cpus=2,huge_2m=8] on one"
    reason = "asked for 8 huge pages of 2M, the console tells of none (has it enough memory?)"
    assert cells(outcome)[key].reason == reason
    machine = next(one for one in guests.machines if one.cpus == 2)
    assert machine.append == ("hugepagesz=2M", "hugepages=8")


def test_processors_that_did_not_come_up(run, guests: Guests) -> None:
    guests.console = (
        "smp: Brought up 1 node, 1 CPU\nHugeTLB: registered 2.00 MiB page size, pre-allocated 8 pages\n"
    )
    outcome = run("[[mode]]\ncpus = 2\n[[mode]]\nhuge_2m = 8\n")
    assert cells(outcome)["a_test [cpus=2] on one"].reason == "asked for 2 processors, 1 came up"
    assert cells(outcome)["a_test [huge_2m=8] on one"].status is Status.PASS


def test_an_ended_run_is_resumed_and_runs_only_what_is_missing(run, guests: Guests) -> None:
    def interrupt(number: int) -> None:
        if number == 4:
            raise KeyboardInterrupt

    guests.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        run(jobs=1)
    guests.before = lambda number: None
    done = guests.boots[:3]
    del guests.boots[:]
    outcome = run()
    assert outcome.all_as_expected
    assert len(guests.boots) == 5
    assert not set(done) & set(guests.boots)
    assert dict(outcome.report.checks[0].facts)["kept from before"] == "3"


def test_kill_9_in_the_middle(run, guests: Guests, tmp_path: Path) -> None:
    child = os.fork()
    if not child:
        guests.before = lambda number: os.kill(os.getpid(), signal.SIGKILL) if number == 4 else None
        run(jobs=1)
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert len(list((tmp_path / "run/cells").glob("*/result.json"))) == 3
    outcome = run()
    assert (outcome.all_as_expected, len(guests.boots)) == (True, 5)
    assert dict(outcome.report.checks[0].facts)["kept from before"] == "3"


def test_a_finished_run_has_nothing_to_resume_and_says_the_same(run, guests: Guests) -> None:
    guests.outcomes["a_test", "npt=0"] = [FAILS, PASSES]
    before = cells(run())
    del guests.boots[:]
    after = cells(run())
    assert guests.boots == []
    assert after.keys() == before.keys()
    for key, check in after.items():
        assert (check.status, check.reason) == (before[key].status, before[key].reason)


def test_cells_that_could_not_run_are_tried_again(run, guests: Guests) -> None:
    guests.outcomes["a_test", "default"] = [BREAKS]
    run()
    guests.outcomes.clear()
    del guests.boots[:]
    assert run().all_as_expected
    assert sorted(guests.boots) == [("a_test", "default", "rel-one"), ("a_test", "default", "rel-two")]


def test_half_a_result_is_none(run, guests: Guests, tmp_path: Path) -> None:
    run()
    del guests.boots[:]
    (tmp_path / "run/cells/0001-a_test-default-one/result.json").write_text('{"schema": 1, "tool')
    run()
    assert guests.boots == [("a_test", "default", "rel-one")]


def test_other_kernels_are_refused(run, shelf: Shelf, guests: Guests) -> None:
    run()
    shelf.text = "v2"
    with pytest.raises(UserError, match='kernel "one", kernel "two" changed since the run began'):
        run()


def test_a_changed_file_is_refused(run, tmp_path: Path) -> None:
    run()
    folder = tmp_path / "run"
    assert resumed_plan(folder, begun_in(folder)).cells
    (tmp_path / "m.toml").write_text(TEXT + SKIP_EXPECTED)
    with pytest.raises(UserError, match="the matrix has changed since"):
        resumed_plan(folder, begun_in(folder))
    (tmp_path / "m.toml").unlink()
    with pytest.raises(UserError, match="is gone"):
        resumed_plan(folder, begun_in(folder))


def test_a_folder_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run of a matrix was begun there"):
        begun_in(tmp_path)


def test_two_at_once_in_one_folder(run, guests: Guests) -> None:
    said: list[str] = []

    def again(number: int) -> None:
        if number == 1:
            with pytest.raises(UserError) as caught:
                run()
            said.append(caught.value.message)

    guests.before = again
    run(jobs=1)
    assert "another kvet is running this matrix" in said[0]


def test_nothing_that_can_run_a_guest(run, monkeypatch: pytest.MonkeyPatch) -> None:
    none = flow.probe.Acceleration(engine=flow.probe.Engine.NONE, evidence=("no qemu",))
    monkeypatch.setattr(flow.probe, "acceleration", lambda: none)
    with pytest.raises(EnvironmentFault, match="no qemu"):
        run()


def test_progress_says_what_runs_and_when_it_ends(run) -> None:
    events: list[Event] = []
    run(sink=events.append, jobs=1)
    told = [event for event in events if event.stage == "matrix"]
    assert (told[0].done, told[0].total, told[0].text) == (0, 8, "a_test [default] on one")
    assert told[-1].done == 7
    assert len(elapsed.load("matrix")) == 8


def test_an_estimate_from_the_run_before(run, tmp_path: Path) -> None:
    run()
    (tmp_path / "run").rename(tmp_path / "old")
    events: list[Event] = []
    run(sink=events.append, jobs=1)
    assert events[0].text.startswith("about 16 s left; a_test [default] on one")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "about 1 s"), (80, "about 80 s"), (200, "about 3 min"), (9000, "about 2.5 h")]
)
def test_estimates_in_words(seconds: float, said: str) -> None:
    assert left(seconds) == f"{said} left"


def test_what_is_kept_is_a_report_of_its_own(run, guests: Guests, tmp_path: Path) -> None:
    guests.outcomes["a_test", "default"] = [FAILS, PASSES]
    run()
    text = (tmp_path / "run/cells/0001-a_test-default-one/result.json").read_text()
    report = parse_report(text)
    assert [fact(check, "verdict") for check in report.checks] == ["FAIL", "PASS"]


def test_the_report_follows_the_json_format(run, guests: Guests) -> None:
    guests.outcomes["a_test", "npt=0"] = [FAILS, PASSES]
    report = run().report
    assert json.loads(json_v1.render(report))["schema"] == 1
    assert parse_report(json_v1.render(report)).verdict is report.verdict


def test_shipped_matrices_are_right() -> None:
    assert "nested-paging" in matrix_names()
    for name in matrix_names():
        assert load_plan(name, tree="debian:6.12").cells


def test_a_wrong_name_and_a_wrong_contract(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no matrix of that name") as caught:
        load_plan("nested-pagin")
    assert "nested-paging" in caught.value.cure
    file = tmp_path / "m.toml"
    file.write_text(TEXT + '[[test]]\ncontract = "kvm_map_memorx"\n')
    with pytest.raises(UserError, match="kvm_map_memorx: no contract of that name"):
        load_plan(str(file))


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    (folder / "linux").mkdir(parents=True)
    (folder / "bzImage").write_bytes(b"")
    text = 'schema = 1\ntitle = "t"\n[[test]]\nselftest = "a"\n'
    text += '[[kernel]]\nimage = "bzImage"\ntree = "linux"\n[[kernel]]\nimage = "debian:6.12"\n'
    (folder / "m.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    first, second = (cell.kernel for cell in load_plan("here/m.toml").cells)
    assert (first.label, first.image, first.tree) == (
        "bzImage",
        str(folder / "bzImage"),
        str(folder / "linux"),
    )
    assert second.image == "debian:6.12"
