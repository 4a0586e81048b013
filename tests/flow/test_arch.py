# SPDX-License-Identifier: GPL-2.0-only
"""`kvet test --arch`: what is refused before anything runs, what the report says, and two real machines."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from kpatch_tools.cli.app import run
from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow import arch as flow
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.flow.test import Settings
from kpatch_tools.model.arch import ARCHES, HOST_ARCH, Arch
from kpatch_tools.model.contract import Contract, Direction, Role
from kpatch_tools.model.event import silent
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.model.run import Command, Ended
from kpatch_tools.model.test import Verdict
from kpatch_tools.model.vm import Evidence
from kpatch_tools.parse.contract import parse_contract
from kpatch_tools.tools import foreign, guest, probe, process
from kpatch_tools.tools.files import data_dir
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Boot
from tests.otherarch import NAME, recorded

CORPUS = Path(__file__).parents[1] / "corpus"
PROBE = data_dir("selftests-gen") / "foreign" / "probe.pl"
BOTH = pytest.mark.parametrize("name", ["arm64", "riscv64"])


@pytest.fixture
def contract() -> Contract:
    return load_contract(NAME)


@pytest.fixture
def all_qemus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "require_qemu", lambda _arch: None)


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch, contract: Contract, tmp_path: Path) -> Callable[..., CheckResult]:
    """``replay("arm64", left)``: the check of a boot that left this evidence, with no machine at all."""

    def run(name: str, left: Evidence, *, note: str = "") -> CheckResult:
        kernel = Kernel(image=tmp_path / "vmlinuz", release="x", origin="Debian's linux-image-x")
        found = foreign.Guest(arch=ARCHES[name], kernel=kernel, root=tmp_path, packages=(), note=note)
        booted = Boot(
            evidence=left, command="qemu", console_log=tmp_path / "c.log", output_log=tmp_path / "o.log"
        )
        monkeypatch.setattr(foreign, "bring", lambda *_args, **_options: found)
        monkeypatch.setattr(foreign, "boot", lambda *_args, **_options: booted)
        (check,) = flow.run_arches(
            contract, (ARCHES[name],), kernel=None, settings=Settings(), logs=tmp_path, sink=silent
        )
        return check

    return run


@BOTH
def test_the_report_says_that_the_capability_is_absent(name: str, replay: Callable[..., CheckResult]) -> None:
    check = replay(name, recorded(name), note="an older one, no network")

    facts = dict(check.facts)
    assert (check.check, check.status, check.reason) == (f"tests {name}", Status.PASS, "")
    assert facts["KVM_CAP_PRE_FAULT_MEMORY"] == f"absent on {name}: KVM_CHECK_EXTENSION(236) = 0"
    assert facts["KVM_PRE_FAULT_MEMORY"].startswith("-1 EINVAL for a page that has memory")
    assert "a guest ran in it" in facts["second stage"]
    assert facts["kernel"].startswith("6.12.")
    assert facts["packages"] == "an older one, no network"


@BOTH
def test_a_capability_that_is_there_fails_and_is_named(name: str, replay: Callable[..., CheckResult]) -> None:
    left = recorded(name)
    stdout = left.outputs[0].stdout.replace("system=0 vm=0", "system=1 vm=1")
    stdout = stdout.replace(f"ok 2 {NAME}.capability", f"not ok 2 {NAME}.capability # is 1")
    (run,) = left.record.tests
    record = replace(left.record, tests=(replace(run, code=1),))

    check = replay(name, replace(left, record=record, outputs=(replace(left.outputs[0], stdout=stdout),)))

    assert check.status is Status.FAIL
    assert dict(check.facts)["KVM_CAP_PRE_FAULT_MEMORY"].startswith(f"THERE on {name}")
    assert [finding.rule for finding in check.findings] == ["test/fail"]


@BOTH
def test_without_a_second_stage_the_check_did_not_run(name: str, replay: Callable[..., CheckResult]) -> None:
    check = replay(name, replace(recorded(name), console=""))

    assert check.status is Status.DID_NOT_RUN
    assert check.reason.startswith(f"INFRA: no second stage was seen on {name}")
    assert "KVM_CAP_PRE_FAULT_MEMORY" not in dict(check.facts)
    assert "second stage" not in dict(check.facts)


@pytest.mark.usefixtures("all_qemus")
def test_which_architectures_are_others(contract: Contract) -> None:
    names = ("riscv64", HOST_ARCH, "arm64", "riscv64")

    assert [arch.name for arch in flow.chosen_arches(names, contract, "debian:6.12")] == ["riscv64", "arm64"]
    assert flow.chosen_arches((HOST_ARCH,), contract, "vmlinuz") == ()
    with pytest.raises(UserError, match="vmlinuz is no kernel for arm64"):
        flow.chosen_arches(("arm64",), contract, "vmlinuz")


@pytest.mark.usefixtures("all_qemus")
def test_a_contract_that_does_not_say_it() -> None:
    text = (CORPUS / "contracts" / "good.toml").read_text()
    contract = parse_contract(text, path="good.toml")

    assert flow.chosen_arches(("arm64",), contract, None)
    with pytest.raises(UserError, match="does not say that riscv64 lacks KVM_PROBE") as caught:
        flow.chosen_arches(("riscv64",), contract, None)
    assert "[[absent]]" in caught.value.cure


def test_what_the_probe_is_told(contract: Contract) -> None:
    told = flow.arguments(contract, ARCHES["arm64"])

    assert told == (NAME, "arm64", "236", str(0xC040AED5), "EINVAL", "64", "0", "8")
    assert contract.offset(Role.PADDING) == 24


def test_a_qemu_that_is_missing_is_named_before_anything_is_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    assert run(["test", NAME, "--arch", "arm64"]) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "kvet: qemu-system-aarch64 is not installed",
        "  cure: apt-get install -y --no-install-recommends qemu-system-arm",
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "word"), [("--tree", "x"), ("--series", "x"), ("--mode", "npt=0"), ("--config", "X=y")]
)
def test_options_that_would_say_nothing(option: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["test", NAME, "--arch", "arm64", option, word]) == 2
    assert f"{option} is for x86_64: --arch arm64 boots Debian's own kernel" in capsys.readouterr().err


@pytest.mark.usefixtures("all_qemus")
def test_the_command_and_its_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check = CheckResult(
        check="tests arm64",
        status=Status.DID_NOT_RUN,
        reason="INFRA: no second stage was seen on arm64",
    )
    monkeypatch.setattr("kpatch_tools.cli.test.run_arches", lambda *_args, **_options: (check,))

    code = run(["test", NAME, "--arch", "arm64", "--state", str(tmp_path), "--format", "json"])

    (shown,) = json.loads(capsys.readouterr().out)["checks"]
    assert (code, shown["check"], shown["status"]) == (3, "tests arm64", "DID_NOT_RUN")
    assert len(list(tmp_path.glob("runs/*/report.json"))) == 1


def perl(*args: str) -> tuple[int, str]:
    command = Command(argv=("perl", str(PROBE), *args), timeout=30)
    result = process.run(command)
    if result.ended is Ended.NOT_FOUND:
        pytest.skip("perl is not installed")
    return result.returncode, result.error_text


def test_a_probe_that_dies_does_not_look_like_an_expected_failure() -> None:
    assert perl() == (1, "probe: eight arguments are needed\n")
    assert perl(NAME, "arm64", "0x3", *"23456") == (1, "probe: 0x3 is no number\n")
    assert perl(NAME, "s390x", *"123456") == (1, "probe: no architecture s390x\n")


@pytest.fixture(params=sorted(ARCHES))
def real(request: pytest.FixtureRequest) -> Arch:
    found = ARCHES[request.param]
    missing = [
        name for name in (found.qemu, "setpriv", "apt-get", "dpkg", "depmod") if not probe.locate(name)
    ]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    try:
        foreign.bring(found, "", sink=silent)
    except EnvironmentFault as fault:
        pytest.skip(fault.message)
    return found


@pytest.mark.vm
@pytest.mark.timeout(600)
def test_debians_kernel_has_a_second_stage_and_no_such_ioctl(
    real: Arch, contract: Contract, tmp_path: Path
) -> None:
    (check,) = flow.run_arches(
        contract, (real,), kernel=None, settings=Settings(), logs=tmp_path, sink=silent
    )

    assert (check.status, check.reason) == (Status.PASS, "")
    assert [test.status for test in check.tests] == [Verdict.PASS] * 4
    assert dict(check.facts)[contract.ioctl.cap].startswith(f"absent on {real.name}")


@pytest.mark.vm
@pytest.mark.timeout(600)
def test_what_that_kernel_does_have_is_a_finding(real: Arch, contract: Contract, tmp_path: Path) -> None:
    # KVM_CAP_USER_MEMORY, which every KVM has, and KVM_GET_MP_STATE, which both architectures answer.
    ioctl = {"cap_nr": 3, "nr": 0x98, "dir": Direction.READ, "size": 4}
    known = structs.replace(contract, ioctl=structs.replace(contract.ioctl, **ioctl))
    arguments = flow.arguments(known, real)
    assert arguments[3] == str(0x8004AE98)
    found = foreign.bring(real, "", sink=silent)
    program = guest.Program(name=NAME, binary=PROBE, arguments=(*arguments[:5], "64", "0", "8"))

    booted = foreign.boot(found, (program,), logs=tmp_path, sink=silent)

    judged = flow.judge_arch(booted.evidence, arch=real.name, name=NAME)
    failed = [test.name for test in judged.tests if test.status is Verdict.FAIL]
    assert failed == [f"{NAME}.{test}" for test in ("capability", "request", "unknown_request")]
    assert judged.verdict is Verdict.FAIL


@pytest.mark.vm
@pytest.mark.timeout(600)
def test_a_machine_without_a_second_stage_proves_nothing(
    real: Arch, contract: Contract, tmp_path: Path
) -> None:
    found = foreign.bring(real, "", sink=silent)
    without = {"arm64": {"machine": "virt,gic-version=3"}, "riscv64": {"cpu": "rv64,h=false"}}
    bare = replace(found, arch=replace(real, **without[real.name]))
    program = guest.Program(name=NAME, binary=PROBE, arguments=flow.arguments(contract, real))

    booted = foreign.boot(bare, (program,), logs=tmp_path, sink=silent)

    judged = flow.judge_arch(booted.evidence, arch=real.name, name=NAME)
    assert judged.verdict is Verdict.INFRA
    assert not any(test.status.good for test in judged.tests)
