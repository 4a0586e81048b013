# SPDX-License-Identifier: GPL-2.0-only
"""One program on many kernels: how boots become a row, and which answers are asked for twice."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.flow import per_patch_tests as flow
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.flow.per_patch_tests import Outcome, Programs, confirmed, not_offered, run_programs
from kpatch_tools.model.event import silent
from kpatch_tools.model.run import Ended
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.model.vm import Backend, Evidence, GuestRecord, GuestTest, TestOutput
from kpatch_tools.tools import probe
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Boot

P, F, S, H = Verdict.PASS, Verdict.FAIL, Verdict.SKIP, Verdict.HANG
KERNEL = Kernel(image=Path("bzImage"), release="6.1.0")
_WHOLE = load_contract("kvm_map_memory")
# One case is enough, and its name is short.
CONTRACT = msgspec.structs.replace(_WHOLE, case=(msgspec.structs.replace(_WHOLE.case[0], name="a"),))


def programs(*names):
    return Programs(binaries={name: Path(name) for name in names}, contracts=dict.fromkeys(names, CONTRACT))


def outcome(verdict, **cases):
    return Outcome(
        verdict=verdict, reason=f"it was {verdict.value}", cases=cases, reasons=dict.fromkeys(cases, "r"),
        consoles=("c",),
    )  # fmt: skip


def booted(*answers, before=None):
    """The outcome of these answers, one a boot, and how many boots it took."""
    given = list(answers)
    attempts = []

    def run(attempt):
        attempts.append(attempt)
        return given[attempt]

    return confirmed(run, before or {}), len(attempts)


def test_a_good_answer_a_failure_and_a_skip_are_believed_at_once():
    for answer in (outcome(P, a=P), outcome(F, a=F), outcome(S, a=S), outcome(Verdict.SPLAT, a=P)):
        assert booted(answer) == (answer, 1)


def test_a_hang_counts_when_it_comes_again():
    hang = outcome(H, a=P, b=H)
    assert booted(hang, hang) == (hang, 2)


def test_a_hang_that_does_not_come_again_is_flaky_and_most_boots_decide():
    done, boots = booted(outcome(H, a=P, b=H), outcome(P, a=P, b=P), outcome(P, a=P, b=P))
    assert boots == 3
    assert (done.verdict, done.cases, done.flaky) == (P, {"a": P, "b": P}, ("b",))


def test_three_different_answers_are_as_bad_as_the_worst():
    done, _boots = booted(outcome(H, a=H), outcome(P, a=P), outcome(F, a=F))
    assert (done.verdict, done.cases, done.flaky, done.reason) == (H, {"a": H}, ("a",), "it was HANG")


def test_a_case_that_is_missing_once_is_flaky():
    done, _boots = booted(outcome(Verdict.PANIC, t=Verdict.PANIC), outcome(P, a=P), outcome(P, a=P))
    assert done.flaky == ("t", "a")
    assert done.cases["a"] is P


def test_a_lost_pass_is_asked_for_again():
    assert booted(outcome(F, a=F), outcome(F, a=F), before={"a": P})[1] == 2
    assert booted(outcome(F, a=F), before={"a": F})[1] == 1


@pytest.fixture
def machine(monkeypatch):
    """Boots that print what ``machine.says`` holds; the list of the machines made."""

    class Seen(list):
        says = "TAP version 13\n1..1\nok 1 a\n"
        started = True

    seen = Seen()

    def boot(made, programs, *, logs, sink, backend):
        assert backend is Backend.DIRECT
        seen.append((made, programs, logs))
        record = GuestRecord(
            started=seen.started, done=seen.started, release="6.1.0", kvm=True,
            parameters={"kvm_amd.npt": "Y"}, cpu=frozenset({"svm", "npt"}), taint_before=0, taint_after=0,
            tests=(GuestTest(index=1, code=0, ended=1.0, limit=9.0),),
        )  # fmt: skip
        evidence = Evidence(
            ended=Ended.EXITED, returncode=0, elapsed=1.0, timeout=9.0, console="", record=record,
            outputs=(TestOutput(name=programs[0].name, stdout=seen.says),), mode=made.mode,
        )  # fmt: skip
        return Boot(evidence=evidence, command="", console_log=logs / "console.log", output_log=logs)

    monkeypatch.setattr(flow, "boot", boot)
    engine = probe.Acceleration(engine=probe.Engine.TCG, vendor="amd", evidence="")
    monkeypatch.setattr(probe, "acceleration", lambda: engine)
    return seen


def test_one_program_in_the_default_mode(machine, tmp_path):
    done = run_programs(programs("t"), KERNEL, ({},), logs=tmp_path, sink=silent)
    assert (done.verdict, done.cases) == (P, {"a": P})
    assert done.consoles == (str(tmp_path / "t-default" / "console.log"),)


def test_programs_and_modes_have_names_where_there_are_several(machine, tmp_path):
    done = run_programs(programs("t", "u"), KERNEL, ({}, {"nested": "1"}), logs=tmp_path, sink=silent)
    assert len(machine) == 4
    assert len({logs for _made, _programs, logs in machine}) == 4
    assert [*done.cases][:2] == ["t: a (default)", "t: a (nested=1)"]


def test_another_mode_is_named_where_it_is_the_only_one(machine, tmp_path):
    done = run_programs(programs("t"), KERNEL, ({"nested": "1"},), logs=tmp_path, sink=silent)
    assert [*done.cases] == ["a (nested=1)"]


def test_no_machine_is_a_fault_of_the_environment(monkeypatch, tmp_path):
    none = probe.Acceleration(engine=probe.Engine.NONE, vendor="amd", evidence="")
    monkeypatch.setattr(probe, "acceleration", lambda: none)
    with pytest.raises(EnvironmentFault, match="nested paging"):
        run_programs(programs("t"), KERNEL, ({},), logs=tmp_path, sink=silent)


@pytest.mark.parametrize("says", ["1..1\nok 1\n", "1..1\nok 1 b\n", "1..2\nok 1 a\nok 2 a\n"])
def test_a_program_that_speaks_for_other_cases_than_the_contract_has_proves_nothing(machine, tmp_path, says):
    machine.says = f"TAP version 13\n{says}"
    done = run_programs(programs("t"), KERNEL, ({},), logs=tmp_path, sink=silent)
    assert done.verdict is Verdict.NO_VERDICT
    assert "the test program printed" in done.reason


@pytest.mark.parametrize("started", [True, False])
def test_a_silent_program_is_told_apart_from_a_kernel_that_does_not_boot(machine, tmp_path, started):
    machine.says, machine.started = "", started
    done = run_programs(programs("t"), KERNEL, ({},), logs=tmp_path, sink=silent)
    assert (done.verdict, done.booted) == (Verdict.NO_VERDICT, started)
    assert booted(replace(done, cases={}, booted=False), done, done)[0].booted is started


def test_a_program_that_skips_itself_is_believed(machine, tmp_path):
    machine.says = "TAP version 13\n1..0 # SKIP no such capability\n"
    done = run_programs(programs("t"), KERNEL, ({},), logs=tmp_path, sink=silent)
    assert done.verdict is S


def seen(name, status, reason="", **observed):
    return TestResult(name=name, status=status, reason=reason, observed=observed)


def test_a_kernel_does_not_offer_what_the_case_that_asks_for_it_misses():
    asked = seen("cap_value", Verdict.FAIL, cap_dev=0, cap_vm=0)
    assert not_offered([asked, seen("a", Verdict.FAIL)], "KVM_CAP_X")
    assert not_offered([seen("x", Verdict.SKIP, "KVM_CAP_X is not offered")], "KVM_CAP_X")


@pytest.mark.parametrize(
    "tests",
    [
        [],
        [seen("x", Verdict.SKIP, "no nested paging")],
        # Offered for VMs at least, and offered at all.
        [seen("cap_value", Verdict.FAIL, cap_dev=0, cap_vm=1)],
        [seen("cap_value", Verdict.PASS, cap_dev=1, cap_vm=1), seen("a", Verdict.FAIL)],
        # As the contract wants it in this mode.
        [seen("cap_value_tdp_off", Verdict.PASS, cap_dev=0, cap_vm=0), seen("a", Verdict.FAIL)],
        [seen("a", Verdict.FAIL, errno="ENOTTY")],
    ],
)
def test_whatever_else_fails_or_is_skipped_is_no_missing_capability(tests):
    assert not not_offered(tests, "KVM_CAP_X")
