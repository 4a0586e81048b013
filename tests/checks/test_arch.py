# SPDX-License-Identifier: GPL-2.0-only
"""The judge of other architectures, from two recorded boots: each missing piece of evidence is noticed."""

import re
from dataclasses import replace

import pytest

from kpatch_tools.checks.arch import TESTS, judge_arch, second_stage
from kpatch_tools.checks.vm import Judgement
from kpatch_tools.model.test import Verdict
from kpatch_tools.model.vm import Evidence, TestOutput
from kpatch_tools.parse.guestrecord import parse_record
from tests.otherarch import NAME, recorded

BOTH = pytest.mark.parametrize("arch", ["arm64", "riscv64"])


def judged(evidence: Evidence, arch: str) -> Judgement:
    return judge_arch(evidence, arch=arch, name=NAME)


def with_stdout(evidence: Evidence, stdout: str, *, code: int = 0) -> Evidence:
    (run,) = evidence.record.tests
    return replace(
        evidence,
        outputs=(replace(evidence.outputs[0], stdout=stdout),),
        record=replace(evidence.record, tests=(replace(run, code=code),)),
    )


def said(evidence: Evidence, old: str, new: str, *, code: int = 1) -> Evidence:
    """The same boot, whose probe printed something else."""
    stdout = evidence.outputs[0].stdout
    assert old in stdout
    return with_stdout(evidence, stdout.replace(old, new), code=code)


@BOTH
def test_absent_with_its_second_stage_passes(arch: str) -> None:
    judgement = judged(recorded(arch), arch)

    assert (judgement.verdict, judgement.reason, judgement.findings) == (Verdict.PASS, "", ())
    assert [test.name for test in judgement.tests] == [f"{NAME}.{test}" for test in TESTS]
    assert {tuple(test.mode.items()) for test in judgement.tests} == {(("arch", arch),)}
    request = judgement.tests[2]
    assert (request.observed["ret"], request.observed["errno"]) == (-1, "EINVAL")


def test_the_proof_is_what_both_witnesses_say() -> None:
    arm = second_stage(recorded("arm64"), arch="arm64", name=NAME)
    riscv = second_stage(recorded("riscv64"), arch="riscv64", name=NAME)

    assert arm.startswith("VHE mode initialized successfully; a guest ran in it")
    assert riscv.startswith("using Sv57x4 G-stage page table format; a guest ran in it")


@BOTH
def test_a_capability_that_is_there_is_a_finding(arch: str) -> None:
    evidence = said(recorded(arch), f"ok 2 {NAME}.capability", f"not ok 2 {NAME}.capability # it is 1")

    judgement = judged(evidence, arch)

    assert judgement.verdict is Verdict.FAIL
    (finding,) = judgement.findings
    assert finding.rule == "test/fail"
    assert "kvm_pre_fault_memory.capability" in finding.message
    assert finding.detail.splitlines()[0].startswith(f"on {arch}, kernel 6.12.")


@BOTH
def test_an_ioctl_that_answers_is_a_finding(arch: str) -> None:
    evidence = said(recorded(arch), f"ok 3 {NAME}.request", f"not ok 3 {NAME}.request # ret 0 errno none")

    judgement = judged(evidence, arch)

    assert judgement.verdict is Verdict.FAIL
    assert [finding.rule for finding in judgement.findings] == ["test/fail"]


@BOTH
def test_without_a_second_stage_nothing_passes(arch: str) -> None:
    text = recorded(arch).outputs[0].stdout
    refused = re.sub(r"^ok (\d) (\S+)$", r"ok \1 \2 # SKIP KVM_RUN: ENOEXEC", text, flags=re.MULTILINE)

    judgement = judged(with_stdout(recorded(arch), refused, code=4), arch)

    assert judgement.verdict is Verdict.INFRA
    assert judgement.reason == f"no second stage was seen on {arch}: KVM_RUN: ENOEXEC"
    assert not any(test.status.good for test in judgement.tests)


@BOTH
def test_a_console_that_does_not_speak_of_it_is_no_second_stage(arch: str) -> None:
    evidence = recorded(arch)
    quiet = "\n".join(line for line in evidence.console.splitlines() if "kvm [" not in line)

    judgement = judged(replace(evidence, console=quiet), arch)

    assert judgement.verdict is Verdict.INFRA
    assert "the console has no line of KVM" in judgement.reason
    assert {test.status for test in judgement.tests} == {Verdict.NO_VERDICT}


@BOTH
def test_the_words_of_the_other_architecture_do_not_count(arch: str) -> None:
    other = {"arm64": "riscv64", "riscv64": "arm64"}[arch]
    evidence = replace(recorded(arch), console=recorded(other).console)

    assert second_stage(evidence, arch=arch, name=NAME) == ""
    assert judged(evidence, arch).verdict is Verdict.INFRA


@BOTH
def test_no_kvm_at_all(arch: str) -> None:
    evidence = recorded(arch)
    text = evidence.outputs[0].stdout
    refused = re.sub(r"^ok (\d) (\S+)$", r"ok \1 \2 # SKIP /dev/kvm: none", text, flags=re.MULTILINE)
    evidence = with_stdout(evidence, refused, code=4)

    judgement = judged(replace(evidence, record=replace(evidence.record, kvm=False)), arch)

    assert (judgement.verdict, judgement.reason) == (Verdict.INFRA, "the guest has no /dev/kvm")


@BOTH
@pytest.mark.parametrize("code", [0, 2])
def test_a_probe_that_leaves_a_test_out_proves_nothing(arch: str, code: int) -> None:
    text = recorded(arch).outputs[0].stdout
    lines = [line for line in text.splitlines() if f"{NAME}.request" not in line]
    short = "\n".join(lines).replace("1..4", "1..3").replace("ok 4", "ok 3")

    judgement = judged(with_stdout(recorded(arch), short, code=code), arch)

    assert judgement.verdict is Verdict.NO_VERDICT
    unread = "kvm_pre_fault_memory exited with 2, and no line says what was to fail"
    assert judgement.reason == (unread if code else "the probe said nothing of request")
    assert judgement.tests[-1].status is Verdict.NO_VERDICT


@BOTH
@pytest.mark.parametrize("code", [0, 2])
def test_a_probe_that_says_nothing_proves_nothing(arch: str, code: int) -> None:
    judgement = judged(with_stdout(recorded(arch), "", code=code), arch)

    assert judgement.verdict is Verdict.INFRA
    assert judgement.reason == f"no second stage was seen on {arch}: the probe did not speak of it"
    assert not any(test.status.good for test in judgement.tests)


@BOTH
def test_a_panic_of_that_kernel_is_told(arch: str) -> None:
    evidence = recorded(arch)
    panic = "[    9.900000] Kernel panic - not syncing: Oops - Undefined instruction: Fatal exception\n"

    judgement = judged(replace(evidence, console=evidence.console + panic), arch)

    assert judgement.verdict is Verdict.PANIC


@BOTH
def test_a_machine_that_did_not_start(arch: str) -> None:
    evidence = replace(
        recorded(arch),
        returncode=1,
        console="",
        machine_error="could not load kernel",
        record=parse_record("", "x"),
        outputs=(TestOutput(name=NAME),),
    )

    judgement = judged(evidence, arch)

    assert judgement.verdict is Verdict.INFRA
    assert "could not load kernel" in judgement.reason
