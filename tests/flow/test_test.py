# SPDX-License-Identifier: GPL-2.0-only
"""From a contract to a check result, with machines that are made up; real ones are in test_vm.py."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from kpatch_tools.cli.output import rendered
from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow import test as flow
from kpatch_tools.flow.selftest import SelftestResult
from kpatch_tools.model.event import silent
from kpatch_tools.model.excerpt import Source
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.run import Ended
from kpatch_tools.model.vm import Backend, Evidence, GuestRecord, GuestTest, TestOutput
from kpatch_tools.tools import probe
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Boot, Machine

GOOD = "TAP version 13\n1..2\nok 1 a\nok 2 b\n"
KERNEL = Kernel(image=Path("/boot/vmlinuz"), release="6.1.0-test")


class Guest:
    """What the made-up machine does: output, exit code and record by mode."""

    def __init__(self) -> None:
        self.outputs: dict[str, tuple[str, int]] = {}
        self.machines: list[Machine] = []
        self.folders: list[Path] = []
        self.broken: set[str] = set()
        self.splat = ""
        self.splats: dict[str, str] = {}

    def boot(self, machine: Machine, programs, *, logs: Path, sink, backend: Backend) -> Boot:
        mode = ",".join(f"{k}={v}" for k, v in machine.mode.items())
        self.machines.append(machine)
        self.folders.append(logs)
        stdout, code = self.outputs.get(mode, (GOOD, 0))
        npt = "N" if machine.mode.get("npt") == "0" or mode in self.broken else "Y"
        record = GuestRecord(
            started=True,
            done=True,
            release="6.1.0-test",
            kvm=True,
            parameters={"kvm_amd.npt": npt, "kvm.tdp_mmu": "Y"},
            cpu=frozenset({"svm", "npt"}),
            taint_before=0,
            taint_after=0,
            tests=(GuestTest(index=1, code=code, limit=300.0),),
        )
        evidence = Evidence(
            ended=Ended.EXITED,
            returncode=0,
            elapsed=9.0,
            timeout=500.0,
            console=self.splats.get(mode, self.splat),
            record=record,
            outputs=(TestOutput(name=programs[0].name, stdout=stdout),),
            mode=machine.mode,
        )
        return Boot(
            evidence=evidence,
            command="qemu",
            console_log=logs / "console.log",
            output_log=logs / "output.log",
        )


@pytest.fixture
def run(
    git_tree: Callable[..., Path], git: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., CheckResult]:
    """``run({"npt": "0"}, ...)``: run_contract() on a made-up machine, ``run.guest``; nothing is built."""
    tree = git_tree({"Makefile": b""})
    commit = git(tree, "rev-parse", "HEAD")
    guest = Guest()
    built = SelftestResult(
        binaries={"x86_64/t.c": tmp_path / "t"}, findings=(), elapsed=0.1, log=tmp_path / "log", cached=True
    )
    tcg = probe.Acceleration(engine=probe.Engine.TCG, vendor="amd", evidence=("said so",))
    monkeypatch.setattr(flow, "choose_dialect", lambda read, name: None)
    monkeypatch.setattr(flow, "generate", lambda contract, dialect: {"x86_64/t.c": "int main;"})
    monkeypatch.setattr(flow, "build_selftest", lambda *args, **kwargs: built)
    monkeypatch.setattr(flow.probe, "acceleration", lambda: tcg)
    monkeypatch.setattr(flow, "boot", guest.boot)

    whole = flow.load_contract("kvm_map_memory")
    cases = tuple(replace(case, name=name) for name, case in zip("ab", whole.case, strict=False))
    contract = replace(whole, case=cases)

    def call(*modes: Mapping[str, str], backend: Backend = Backend.VNG) -> CheckResult:
        return flow.run_contract(
            contract,
            tree=tree,
            commit=commit,
            kernel=KERNEL,
            modes=modes or ({},),
            sink=silent,
            logs=tmp_path / "logs",
            settings=flow.Settings(backend=backend),
        )

    call.guest = guest  # type: ignore[attr-defined]
    return call


def test_all_good(run) -> None:
    result = run()
    assert (result.check, result.status, result.reason, result.findings) == ("tests", Status.PASS, "", ())
    assert [test.name for test in result.tests] == ["a", "b"]
    assert result.tests[0].mode == {"npt": "1", "tdp_mmu": "1"}
    facts = dict(result.facts)
    assert facts["kernel"] == "6.1.0-test"
    assert facts["acceleration"].startswith("emulated by qemu (TCG)")
    assert facts["npt=1 tdp_mmu=1"] == "2 pass in 9.0 s"
    assert [Path(log).name for log in result.logs] == ["console.log", "output.log"]


def test_guests_that_saw_the_host_are_told_of(run) -> None:
    """In every form of the report, and without a word where they saw nothing."""
    shown = run(backend=Backend.HOST_ROOT)
    assert [(finding.rule, finding.severity) for finding in shown.findings] == [
        ("guest/host-root", Severity.NOTE)
    ]
    assert dict(shown.facts)["back end"] == "vng --host-root"
    report = Report(tool="kvet", checks=(shown,))
    for fmt in ("text", "html", "markdown", "json"):
        assert "--host-root" in rendered(report, fmt)
    for backend in (Backend.VNG, Backend.DIRECT):
        assert "host-root" not in rendered(Report(tool="kvet", checks=(run(backend=backend),)), "json")


def test_results_that_are_not_the_contracts_prove_nothing(run) -> None:
    """The program prints what it likes and exits with 0: it is linked with the library of the series."""
    run.guest.outputs = {"": ("TAP version 13\n1..1\nok 1 everything\n", 0)}
    result = run()
    assert result.status is Status.FAIL
    assert "NO-VERDICT: the test program printed no result for 2 of the 2 cases" in result.reason
    assert "test/no-verdict" in [finding.rule for finding in result.findings]


def test_every_mode_is_a_boot_with_a_folder_of_its_own(run) -> None:
    result = run({}, {"npt": "0"}, {"tdp_mmu": "1", "npt": "1"})
    assert [folder.name for folder in run.guest.folders] == [
        "kvm_map_memory-default",
        "kvm_map_memory-npt=0",
        "kvm_map_memory-npt=1,tdp_mmu=1",
    ]
    assert result.status is Status.PASS
    assert result.tests[2].mode == {"npt": "0", "tdp_mmu": "1"}


def test_a_failure_in_two_modes_is_one_finding(run) -> None:
    bad = "1..1\n# observed a clause=c ret=0\nnot ok 1 a # expected EINVAL\n"
    run.guest.outputs = {"": (bad, 1), "tdp_mmu=1": (bad, 1)}
    result = run({}, {"tdp_mmu": "1"})
    assert result.status is Status.FAIL
    (finding,) = result.findings
    assert finding.message == "a: FAIL: expected EINVAL"
    assert finding.detail.startswith("in mode npt=1 tdp_mmu=1\nobserved ret=0")
    assert result.reason.count("FAIL") == 2


def test_a_known_bug_fails_the_check_and_says_which(run) -> None:
    said = "B2, fixed by 20a6cff3b283: it looped"
    run.guest.outputs = {"": (f"1..2\nok 1 a\nnot ok 2 b # KNOWN-BUG {said}\n", 2)}
    result = run()
    assert result.status is Status.FAIL
    assert result.reason == f"npt=1 tdp_mmu=1: KNOWN-BUG: b: {said}"
    assert [finding.rule for finding in result.findings] == ["test/known-bug"]


def test_a_mode_says_what_its_results_came_to(run) -> None:
    """SKIP is the word where nothing ran, not where something was left out."""
    run.guest.outputs = {
        "": ("1..3\nok 1 a\nok 2 b\nok 3 off # SKIP needs it off\n", 0),
        "npt=0": ("1..2\nok 1 a # SKIP needs it on\nok 2 b # SKIP needs it on\n", 0),
    }
    facts = dict(run({}, {"npt": "0"}).facts)
    assert facts["npt=1 tdp_mmu=1"] == "2 pass, 1 skipped in 9.0 s"
    assert facts["npt=0 tdp_mmu=1"] == "SKIP: 2 skipped in 9.0 s"
    run.guest.outputs = {"": ("1..3\nok 1 a\nnot ok 2 b # it broke\nok 3 off # SKIP needs it off\n", 1)}
    assert dict(run({}).facts)["npt=1 tdp_mmu=1"] == "1 pass, 1 FAIL, 1 skipped in 9.0 s"


def test_a_case_that_another_mode_proves_is_not_open(run) -> None:
    run.guest.outputs = {
        "": ("1..2\nok 1 a\nok 2 b # SKIP needs it off\n", 0),
        "npt=0": ("1..2\nok 1 a # SKIP needs it on\nok 2 b\n", 0),
    }
    assert run({}, {"npt": "0"}).status is Status.PASS
    alone = run({})
    assert alone.status is Status.SKIP
    assert "needs it off" in alone.reason


def test_a_case_that_fails_in_another_mode_is_not_open_either(run) -> None:
    run.guest.outputs = {
        "": ("1..1\nnot ok 1 a\n", 1),
        "npt=0": ("1..1\nok 1 a # SKIP needs it on\n", 0),
    }
    result = run({}, {"npt": "0"})
    assert result.status is Status.FAIL
    assert "SKIP" not in result.reason


def test_a_program_that_skips_itself_leaves_the_mode_open(run) -> None:
    run.guest.outputs = {"npt=0": ("1..0 # SKIP no capability\n", 4)}
    result = run({}, {"npt": "0"})
    assert result.status is Status.SKIP
    assert "no capability" in result.reason


def test_paging_that_is_off_did_not_run(run) -> None:
    run.guest.broken = {""}
    result = run()
    assert result.status is Status.DID_NOT_RUN
    assert "nested paging is not on" in result.reason


def test_a_failure_beside_a_broken_machine_stays_a_failure(run) -> None:
    run.guest.broken = {""}
    run.guest.outputs = {"tdp_mmu=1": ("1..1\nnot ok 1 a\n", 1)}
    assert run({}, {"tdp_mmu": "1"}).status is Status.FAIL


def test_a_splat_fails_the_check(run) -> None:
    run.guest.splat = "WARNING: CPU: 0 PID: 1 at virt/kvm/kvm_main.c:12 f+0x1\n"
    result = run()
    assert result.status is Status.FAIL
    assert [finding.rule for finding in result.findings] == ["splat/warning"]


def test_a_splat_has_the_console_around_it_and_two_boots_of_it_are_one_finding(run) -> None:
    before = "".join(f"line {at}\n" for at in range(1, 21))
    run.guest.splat = f"{before}WARNING: CPU: 0 PID: 1 at virt/kvm/kvm_main.c:12 f+0x1\nafter\n"
    (finding,) = run({}, {"tdp_mmu": "1"}).findings
    (console,) = finding.excerpts
    assert (console.source, console.path) == (Source.CONSOLE, "logs/kvm_map_memory-default/console.log")
    assert (console.line, console.mark, console.mode) == (13, 21, "npt=1 tdp_mmu=1")
    assert console.lines[console.mark - console.line].startswith("WARNING:")
    assert console.lines[-2] == "after"


def warned(*, noise: int, caller: str = "do_one_initcall+0x72/0x139") -> str:
    """A warning as two boots of one kernel print it: what is not the kernel's doing is ``noise``."""
    return "".join(
        (
            "a line that one boot has and the other has not\n" * noise,
            "------------[ cut here ]------------\nit went wrong\n",
            "WARNING: CPU: 0 PID: 1 at virt/kvm/kvm_main.c:12 f+0x8b/0x95\n",
            f"RIP: 0010:f+0x8b/0x95\nRAX: {noise:016x}\nCR2: {noise:016x}\n",
            f"Call Trace:\n <TASK>\n ? guessed{noise}+0x31/0x31\n {caller}\n </TASK>\n",
            "---[ end trace 0000000000000000 ]---\n",
        )
    )


def test_a_splat_is_one_finding_whatever_registers_and_lines_two_boots_have(run) -> None:
    run.guest.splats = {"": warned(noise=1), "tdp_mmu=0": warned(noise=2)}
    (finding,) = run({}, {"tdp_mmu": "0"}).findings
    assert finding.detail.startswith("in mode npt=1 tdp_mmu=1, npt=1 tdp_mmu=0\n")
    assert "CR2: 0000000000000001" in finding.detail
    assert finding.hint.startswith("line 4 of the console log")


def test_a_splat_by_another_way_is_another_finding(run) -> None:
    run.guest.splats = {"": warned(noise=1), "tdp_mmu=0": warned(noise=1, caller="elsewhere+0x1/0x2")}
    assert [one.detail.split("\n")[0] for one in run({}, {"tdp_mmu": "0"}).findings] == [
        "in mode npt=1 tdp_mmu=1",
        "in mode npt=1 tdp_mmu=0",
    ]


def test_the_c_that_was_run_is_kept_with_the_logs(run, tmp_path: Path) -> None:
    run()
    assert (tmp_path / "logs" / "x86_64" / "t.c").read_text() == "int main;"


def test_a_failure_names_its_case(run) -> None:
    run.guest.outputs = {"": ("1..1\nnot ok 1 a # expected EINVAL\n", 1)}
    (finding,) = run().findings
    assert (finding.cases, finding.excerpts) == (("a",), ())


def test_nothing_that_can_run_a_guest(run, monkeypatch: pytest.MonkeyPatch) -> None:
    none = probe.Acceleration(engine=probe.Engine.NONE, evidence=("qemu is not installed",))
    monkeypatch.setattr(flow.probe, "acceleration", lambda: none)
    with pytest.raises(EnvironmentFault, match="qemu is not installed") as caught:
        run()
    assert "qemu-system-x86" in caught.value.cure


def test_a_test_that_does_not_compile(run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    finding = Finding(rule="gcc/error", severity=Severity.ERROR, message="no such thing")
    broken = SelftestResult(binaries={}, findings=(finding,), elapsed=1.0, log=tmp_path / "log", cached=False)
    monkeypatch.setattr(flow, "build_selftest", lambda *args, **kwargs: broken)
    result = run()
    assert result.status is Status.FAIL
    assert result.findings == (finding,)
    assert result.tests == ()


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("default", {}),
        ("", {}),
        ("npt=0", {"npt": "0"}),
        ("npt=1, tdp_mmu=0", {"npt": "1", "tdp_mmu": "0"}),
        ("kvm.eager_page_split=N", {"kvm.eager_page_split": "N"}),
    ],
)
def test_modes(text: str, mode: dict[str, str]) -> None:
    assert flow.parse_mode(text) == mode


@pytest.mark.parametrize("text", ["npt", "npt=", "=0", "foo=1", "npt=0,,", "npt=0 quiet"])
def test_what_is_no_mode(text: str) -> None:
    with pytest.raises(UserError):
        flow.parse_mode(text)
