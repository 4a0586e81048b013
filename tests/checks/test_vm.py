# SPDX-License-Identifier: GPL-2.0-only
"""Every verdict from evidence alone: each kind of trouble is seen, and a clean boot passes."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from kpatch_tools.checks.vm import Judgement, judge
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.run import Ended
from kpatch_tools.model.splats import Allowed
from kpatch_tools.model.test import Verdict
from kpatch_tools.model.vm import Evidence, GuestRecord, GuestTest, TestOutput
from kpatch_tools.parse.kernellog import MAX_SPLATS

CORPUS = Path(__file__).parents[1] / "corpus" / "console"
GOOD = "TAP version 13\n1..2\nok 1 a\nok 2 b\n"
ASSERTION = (
    "==== Test Assertion Failure ====\n  foo_test.c:7: ret == 0\n"
    "  pid=1 tid=1 errno=13 - Permission denied\n  made to fail\n"
)


def record(code: int | None = 0, **changes: object) -> GuestRecord:
    run = GuestTest(index=1, code=code, began=5.0, ended=6.0, limit=60.0)
    base = GuestRecord(
        started=True,
        done=True,
        release="6.12.0",
        kvm=True,
        parameters={"kvm_amd.npt": "Y", "kvm.tdp_mmu": "Y"},
        cpu=frozenset({"svm", "npt"}),
        taint_before=0,
        taint_after=0,
        tests=(run,),
    )
    return replace(base, **changes)


def boot(
    stdout: str = GOOD, stderr: str = "", *, guest: GuestRecord | None = None, **changes: object
) -> Evidence:
    base = Evidence(
        ended=Ended.EXITED,
        returncode=0,
        elapsed=9.0,
        timeout=240.0,
        console="[    0.000000] Linux version 6.12.0\n[    9.000000] reboot: Power down\n",
        record=guest or record(),
        outputs=(TestOutput(name="foo_test", stdout=stdout, stderr=stderr),),
    )
    return replace(base, **changes)


def console(*lines: str) -> str:
    return "".join(f"[    5.000000] {line}\n" for line in lines)


def shown(judgement: Judgement) -> list[tuple[str, Verdict]]:
    return [(test.name, test.status) for test in judgement.tests]


def test_a_clean_boot_passes_and_carries_the_proven_mode() -> None:
    result = judge(boot())
    assert result.verdict is Verdict.PASS
    assert result.reason == ""
    assert result.findings == ()
    assert [test.mode for test in result.tests] == [{"npt": "1", "tdp_mmu": "1"}] * 2


def test_a_failed_test_is_a_finding_with_what_it_observed() -> None:
    stdout = "1..1\n# observed a clause=c ret=0 errno=0\n# more\nnot ok 1 a # errno: expected EINVAL\n"
    result = judge(boot(stdout, guest=record(1)))
    assert result.verdict is Verdict.FAIL
    (finding,) = result.findings
    assert finding.rule == "test/fail"
    assert finding.message == "a: FAIL: errno: expected EINVAL"
    assert "observed ret=0 errno=0" in finding.detail


def test_a_known_bug_is_neither_pass_nor_failure() -> None:
    stdout = "1..2\nok 1 a\nnot ok 2 b # KNOWN-BUG B2, fixed by 20a6cff3b283: it looped\n"
    result = judge(boot(stdout, guest=record(2)))
    assert result.verdict is Verdict.KNOWN_BUG
    assert not result.verdict.good
    assert shown(result) == [("a", Verdict.PASS), ("b", Verdict.KNOWN_BUG)]
    assert result.reason == "b: B2, fixed by 20a6cff3b283: it looped"
    (finding,) = result.findings
    assert (finding.rule, finding.severity) == ("test/known-bug", Severity.WARNING)
    assert finding.message == "b: KNOWN-BUG: B2, fixed by 20a6cff3b283: it looped"


def test_a_failure_beside_a_known_bug_is_a_failure() -> None:
    stdout = "1..2\nnot ok 1 a # KNOWN-BUG B2: it looped\nnot ok 2 b # wrong\n"
    assert judge(boot(stdout, guest=record(1))).verdict is Verdict.FAIL


def test_a_skip_is_no_pass() -> None:
    result = judge(boot("TAP version 13\n1..0 # SKIP no capability\n", guest=record(4)))
    assert result.verdict is Verdict.SKIP
    assert "no capability" in result.reason
    assert result.findings == ()


def test_one_skipped_case_among_good_ones_is_told() -> None:
    result = judge(boot("1..2\nok 1 a\nok 2 b # SKIP no huge pages\n"))
    assert result.verdict is Verdict.SKIP
    assert result.reason == "b: no huge pages"


def test_exit_code_0_without_results_proves_nothing() -> None:
    result = judge(boot("Random seed: 0x6b8b4567\n"))
    assert result.verdict is Verdict.NO_VERDICT
    assert "printed no test result" in result.reason


def test_a_plain_program_may_be_silent() -> None:
    result = judge(boot("Random seed: 0x6b8b4567\n"), expect_results=False)
    assert result.verdict is Verdict.PASS
    assert shown(result) == [("foo_test", Verdict.PASS)]


def test_parts_that_a_plain_program_passed_over_are_skips() -> None:
    result = judge(boot("Skipping tests for vm_type 0x1\n" * 2), expect_results=False)
    assert result.verdict is Verdict.SKIP
    assert shown(result) == [("foo_test", Verdict.SKIP)]


def test_the_worse_of_exit_code_and_lines_counts() -> None:
    assert judge(boot(GOOD, guest=record(1))).verdict is Verdict.FAIL
    assert judge(boot("1..1\nnot ok 1 a\n", guest=record(0))).verdict is Verdict.FAIL


def test_results_that_are_missing() -> None:
    result = judge(boot("1..3\nok 1 a\n"))
    assert result.verdict is Verdict.NO_VERDICT
    assert shown(result)[1] == ("tests 2-3", Verdict.NO_VERDICT)


def test_bail_out_is_a_failure() -> None:
    result = judge(boot("1..1\nok 1 a\nBail out! no memory\n", guest=record(1)))
    assert result.verdict is Verdict.FAIL


def test_assertion_with_its_text() -> None:
    result = judge(boot("", ASSERTION, guest=record(254)), expect_results=False)
    assert result.verdict is Verdict.FAIL
    assert "foo_test.c:7: made to fail" in result.reason


def test_the_skip_that_is_a_failed_assertion() -> None:
    result = judge(boot("Access denied - Exiting, skipping test\n", ASSERTION, guest=record(4)))
    assert result.verdict is Verdict.FAIL
    assert "reports EACCES as a skip" in result.reason


@pytest.mark.parametrize(
    ("code", "verdict", "words"),
    [
        (1, Verdict.FAIL, "exited with 1"),
        (2, Verdict.NO_VERDICT, "exited with 2, and no line says what was to fail"),
        (3, Verdict.FAIL, "exited with 3"),
        (139, Verdict.CRASH, "SIGSEGV"),
        (132, Verdict.CRASH, "SIGILL"),
        (200, Verdict.CRASH, "signal 72"),
        (137, Verdict.CRASH, "SIGKILL"),
        (124, Verdict.HANG, "did not end within 60 s"),
        (126, Verdict.INFRA, "could not be started"),
        (127, Verdict.INFRA, "could not be started"),
        (254, Verdict.FAIL, "exited with 254"),
    ],
)
def test_exit_codes(code: int, verdict: Verdict, words: str) -> None:
    result = judge(boot("", guest=record(code)), expect_results=False)
    assert result.verdict is verdict
    assert words in result.reason


def test_an_expected_failure_has_a_line_that_says_so() -> None:
    result = judge(boot("1..1\nnot ok 1 a # XFAIL known\n", guest=record(2)))
    assert result.verdict is Verdict.XFAIL


def test_killed_at_its_deadline_is_a_hang() -> None:
    late = GuestTest(index=1, code=137, began=5.0, ended=70.0, limit=60.0)
    assert judge(boot("1..2\nok 1 a\n", guest=record(tests=(late,)))).verdict is Verdict.HANG


def test_a_crash_names_the_test_that_was_running() -> None:
    stdout = "1..3\nok 1 a\n#  RUN           b ...\n"
    result = judge(boot(stdout, guest=record(139)))
    assert result.verdict is Verdict.CRASH
    assert shown(result) == [("a", Verdict.PASS), ("b", Verdict.CRASH)]


def test_a_warning_of_the_kernel_beats_a_good_exit_code() -> None:
    text = console(
        "------------[ cut here ]------------",
        "WARNING: CPU: 0 PID: 99 at arch/x86/kvm/mmu/mmu.c:4711 kvm_tdp_map_page+0x1/0x2",
        "---[ end trace 0000000000000000 ]---",
    )
    result = judge(boot(console=text, guest=record(taint_after=512)))
    assert result.verdict is Verdict.SPLAT
    (finding,) = result.findings
    assert finding.rule == "splat/warning"
    assert finding.location is not None
    assert (finding.location.path, finding.location.line) == ("arch/x86/kvm/mmu/mmu.c", 4711)


def test_a_taint_without_a_word_on_the_console() -> None:
    result = judge(boot(guest=record(taint_after=1 << 7)))
    assert result.verdict is Verdict.SPLAT
    assert result.reason == "the tests tainted the kernel: D (an oops or BUG)"
    assert [finding.rule for finding in result.findings] == ["splat/taint"]


def test_a_taint_from_before_the_tests_is_not_theirs() -> None:
    result = judge(boot(guest=record(taint_before=512, taint_after=512)))
    assert result.verdict is Verdict.PASS
    (finding,) = result.findings
    assert (finding.rule, finding.severity) == ("splat/taint-before", Severity.NOTE)
    assert "W (a warning)" in finding.message
    both = judge(boot(guest=record(taint_before=512, taint_after=512 | 1 << 14)))
    assert both.verdict is Verdict.SPLAT
    assert both.reason == "the tests tainted the kernel: L (a soft lockup)"


@pytest.mark.parametrize(
    ("bit", "words"),
    [(4, "M (a machine check)"), (5, "B (a bad page)"), (7, "D (an oops"), (9, "W (a w"), (14, "L (a soft")],
)
def test_every_letter_that_counts(bit: int, words: str) -> None:
    assert words in judge(boot(guest=record(taint_after=1 << bit))).reason


WARNED = (
    "------------[ cut here ]------------",
    "WARNING: CPU: 0 PID: 99 at arch/x86/kvm/mmu/mmu.c:4711 kvm_tdp_map_page+0x1/0x2",
    "---[ end trace 0000000000000000 ]---",
)


def allowance(kind: str = "warning", title: str = "mmu.c:4711", release: str = "") -> Allowed:
    pattern = re.compile(release) if release else None
    return Allowed(kind=kind, title=re.compile(title), reason="known", place="splats.toml:3", release=pattern)


def test_an_allowed_complaint_does_not_count_and_is_told() -> None:
    evidence = boot(console=console(*WARNED), guest=record(taint_after=512))
    result = judge(evidence, allowed=(allowance(),))
    assert result.verdict is Verdict.PASS
    assert result.splats == ()
    assert result.used == (allowance(),)
    (finding,) = result.findings
    assert (finding.rule, finding.severity) == ("splat/allowed", Severity.NOTE)
    assert finding.message.startswith("allowed: warning: arch/x86/kvm/mmu/mmu.c:4711")
    assert finding.hint == "splats.toml:3: known"


@pytest.mark.parametrize(
    "entry", [allowance("bug"), allowance(title="mmu.c:4712"), allowance(release=r"^6\.1\.")]
)
def test_what_an_entry_does_not_cover_counts(entry: Allowed) -> None:
    result = judge(boot(console=console(*WARNED), guest=record(taint_after=512)), allowed=(entry,))
    assert result.verdict is Verdict.SPLAT
    assert result.used == ()


def test_the_number_of_complaints_is_bounded() -> None:
    lines = ("kernel BUG at a.c:1!", "---[ end trace 1 ]---")
    assert len(judge(boot(console=console(*lines * 500))).splats) == MAX_SPLATS


def test_an_allowed_complaint_hides_no_other() -> None:
    """Neither one that comes after a thousand allowed ones, nor a taint that they do not explain."""
    bug = "kernel BUG at mm/slub.c:10!"
    many = judge(boot(console=console(*WARNED * 1000, bug)), allowed=(allowance(),))
    assert [splat.kind for splat in many.splats] == ["bug"]
    assert many.verdict is Verdict.SPLAT
    taint = judge(
        boot(console=console(*WARNED), guest=record(taint_after=512 | 1 << 5)), allowed=(allowance(),)
    )
    assert taint.reason == "the tests tainted the kernel: B (a bad page)"
    assert [finding.rule for finding in taint.findings] == ["splat/taint", "splat/allowed"]


def test_a_flood_is_named_with_its_channel() -> None:
    quiet = record(None, done=False)
    loud = judge(boot("1..2\nok 1 a\n" + "x" * 5000, ended=Ended.FLOODED, returncode=-9, guest=quiet))
    assert loud.verdict is Verdict.FLOOD
    assert "to standard output in foo_test" in loud.reason
    assert shown(loud) == [("a", Verdict.PASS), ("test 2", Verdict.FLOOD)]
    kernel = judge(boot("1..2\n", ended=Ended.FLOODED, console="x" * 5000, guest=quiet))
    assert "to the console in foo_test" in kernel.reason


def test_qemu_that_somebody_killed() -> None:
    result = judge(
        boot("1..2\nok 1 a\n", ended=Ended.SIGNALLED, returncode=-9, guest=record(None, done=False))
    )
    assert result.verdict is Verdict.INFRA
    assert "qemu was killed by SIGKILL" in result.reason


def test_a_program_that_took_all_memory() -> None:
    text = console("Out of memory: Killed process 77 (eater) total-vm:1kB, anon-rss:1kB")
    result = judge(boot("1..1\n", console=text, guest=record(137)))
    assert result.verdict is Verdict.CRASH
    assert "the guest's memory ran out (Out of memory: Killed process 77 (eater))" in result.reason
    assert "memory" not in judge(boot("1..1\n", guest=record(137))).reason


BOTH = {"kvm_amd.npt": "Y", "kvm_intel.ept": "Y", "kvm_amd.nested": "1", "kvm_intel.nested": "N"}


@pytest.mark.parametrize("mode", [{"ept": "0"}, {"ept": "1"}, {"kvm_intel.ept": "0"}, {"kvm_intel.pml": "0"}])
def test_a_mode_of_the_other_vendor_cannot_run_here(mode: dict[str, str]) -> None:
    """With both modules built in the parameter is there and takes the value; it means nothing."""
    shown_all = {**BOTH, "kvm_intel.ept": "N" if "0" in mode.values() else "Y", "kvm_intel.pml": "N"}
    result = judge(boot(guest=record(parameters=shown_all), mode=mode))
    assert result.verdict is Verdict.INFRA
    assert "cannot run here" in result.reason
    assert "Intel's VMX" in result.reason


def test_nested_is_that_of_the_module_in_use() -> None:
    assert judge(boot(guest=record(parameters=BOTH), mode={"nested": "1"})).verdict is Verdict.PASS
    wrong = judge(boot(guest=record(parameters=BOTH), mode={"nested": "0"}))
    assert wrong.verdict is Verdict.INFRA
    intel = record(parameters={**BOTH, "kvm_intel.nested": "Y"}, cpu=frozenset({"vmx", "ept"}))
    assert judge(boot(guest=intel, mode={"ept": "1"})).verdict is Verdict.PASS
    assert "AMD's SVM" in judge(boot(guest=intel, mode={"npt": "0"})).reason


def test_a_test_that_needs_vmx_says_that_it_cannot_run_here() -> None:
    stdout = "1..0 # SKIP - Requirement not met: kvm_cpu_has(X86_FEATURE_VMX)\n"
    result = judge(boot(stdout, guest=record(4)))
    assert result.verdict is Verdict.SKIP
    assert "it cannot run here" in result.reason
    intel = record(4, parameters={"kvm_intel.ept": "Y"}, cpu=frozenset({"vmx", "ept"}))
    assert "cannot run here" not in judge(boot(stdout, guest=intel)).reason


def test_harmless_taints_are_no_splat() -> None:
    assert judge(boot(guest=record(taint_before=0, taint_after=1 << 12 | 1 << 13))).verdict is Verdict.PASS


def test_a_record_without_the_taint_proves_nothing() -> None:
    assert judge(boot(guest=record(taint_after=None))).verdict is Verdict.NO_VERDICT


def test_panic_in_a_test() -> None:
    text = console("Kernel panic - not syncing: Fatal exception", "---[ end Kernel panic - not syncing ]---")
    result = judge(boot("1..2\nok 1 a\n", console=text, guest=record(None, done=False)))
    assert result.verdict is Verdict.PANIC
    assert result.reason == "kernel panic: Fatal exception"
    assert shown(result) == [("a", Verdict.PASS), ("test 2", Verdict.PANIC)]
    assert [finding.rule for finding in result.findings] == ["splat/panic"]


def test_panic_while_booting_is_the_kernels_fault() -> None:
    text = console("Kernel panic - not syncing: Attempted to kill init!")
    result = judge(boot("", console=text, guest=GuestRecord()))
    assert result.verdict is Verdict.PANIC
    assert "before the tests began" in result.reason
    assert shown(result) == [("foo_test", Verdict.PANIC)]


@pytest.mark.parametrize(
    "line",
    [
        "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
        "Kernel panic - not syncing: Requested init /opt/init failed (error -2).",
        "kvet: initramfs: cannot mount the root",
    ],
)
def test_a_machine_without_root_is_our_fault(line: str) -> None:
    result = judge(boot("", console=console(line), guest=GuestRecord()))
    assert result.verdict is Verdict.INFRA
    assert result.findings == ()
    assert shown(result) == [("foo_test", Verdict.INFRA)]


@pytest.mark.parametrize("ended", [Ended.TIMED_OUT, Ended.QUIET])
def test_hang_in_a_test(ended: Ended) -> None:
    result = judge(boot("1..2\nok 1 a\n", ended=ended, returncode=-9, guest=record(None, done=False)))
    assert result.verdict is Verdict.HANG
    assert "in foo_test" in result.reason
    assert "last console line" in result.reason
    assert shown(result) == [("a", Verdict.PASS), ("test 2", Verdict.HANG)]
    assert [finding.rule for finding in result.findings] == ["test/hang"]


def test_hang_while_booting_between_tests_and_at_power_off() -> None:
    early = judge(boot("", ended=Ended.QUIET, guest=GuestRecord(), console=""))
    assert early.verdict is Verdict.HANG
    assert "before the tests began; the console is empty" in early.reason
    late = judge(boot(ended=Ended.TIMED_OUT))
    assert late.verdict is Verdict.HANG
    assert "at power-off" in late.reason
    between = judge(boot(ended=Ended.TIMED_OUT, guest=record(done=False)))
    assert "between the tests" in between.reason


def test_the_guest_vanished() -> None:
    early = judge(boot("", guest=GuestRecord()))
    assert early.verdict is Verdict.NO_VERDICT
    assert "before the tests began" in early.reason
    late = judge(boot("1..2\nok 1 a\n", guest=record(None, done=False)))
    assert late.verdict is Verdict.NO_VERDICT
    assert "without its end mark" in late.reason


@pytest.mark.parametrize(("ended", "code"), [(Ended.EXITED, 1), (Ended.NOT_FOUND, 127)])
def test_qemu_ended_badly(ended: Ended, code: int) -> None:
    result = judge(
        boot(
            "",
            ended=ended,
            returncode=code,
            console="",
            guest=GuestRecord(),
            machine_error="x\nno such device",
        )
    )
    assert result.verdict is Verdict.INFRA
    assert result.reason.endswith(": no such device")


def test_nested_paging_must_be_proven() -> None:
    off = record(parameters={"kvm_amd.npt": "N"})
    result = judge(boot(guest=off))
    assert result.verdict is Verdict.INFRA
    assert "nested paging is not on" in result.reason
    no_flag = judge(boot(guest=record(cpu=frozenset({"svm"}))))
    assert no_flag.verdict is Verdict.INFRA
    assert judge(boot(guest=record(kvm=False))).verdict is Verdict.INFRA


def test_nested_paging_off_where_asked() -> None:
    guest = record(parameters={"kvm_amd.npt": "N", "kvm.tdp_mmu": "N"})
    result = judge(boot(guest=guest, mode={"npt": "0"}))
    assert result.verdict is Verdict.PASS
    assert result.tests[0].mode == {"npt": "0", "tdp_mmu": "0"}


def test_a_mode_that_did_not_come_about() -> None:
    result = judge(boot(mode={"npt": "0"}))
    assert result.verdict is Verdict.INFRA
    assert "asked for npt=0, but the guest shows kvm_amd.npt=Y" in result.reason
    unknown = judge(boot(mode={"kvm.nonsense": "1"}))
    assert unknown.verdict is Verdict.INFRA
    assert "no parameter kvm.nonsense" in unknown.reason


def test_two_programs_one_machine() -> None:
    runs = (GuestTest(index=1, code=0, limit=60.0), GuestTest(index=2, code=1, limit=60.0))
    outputs = (TestOutput(name="one", stdout=GOOD), TestOutput(name="two", stdout="1..1\nnot ok 1 c\n"))
    result = judge(boot(outputs=outputs, guest=record(tests=runs)))
    assert result.verdict is Verdict.FAIL
    assert shown(result)[-1] == ("c", Verdict.FAIL)


def test_only_the_first_program_is_blamed_for_a_panic() -> None:
    outputs = (TestOutput(name="one", stdout="1..1\n"), TestOutput(name="two"))
    text = console("Kernel panic - not syncing: Fatal exception")
    result = judge(boot(outputs=outputs, console=text, guest=record(None, done=False)))
    assert shown(result) == [("test 1", Verdict.PANIC), ("two", Verdict.NO_VERDICT)]


def test_a_record_that_names_what_was_not_asked_for() -> None:
    odd = record(tests=(GuestTest(index=99, code=None),), done=False)
    result = judge(boot("", ended=Ended.QUIET, guest=odd))
    assert result.verdict is Verdict.HANG


def test_nothing_ran() -> None:
    assert judge(boot(outputs=())).verdict is Verdict.NO_VERDICT


@pytest.mark.parametrize(
    ("name", "verdict", "rules", "words"),
    [
        ("clean-debian-6.12", Verdict.PASS, [], ""),
        ("clean-6.1", Verdict.PASS, [], ""),
        ("warning", Verdict.SPLAT, ["splat/warning"], "lkdtm_WARNING"),
        ("list", Verdict.SPLAT, ["splat/warning"], "list_add corruption"),
        ("ubsan", Verdict.SPLAT, ["splat/ubsan"], "array-index-out-of-bounds"),
        ("bug", Verdict.PANIC, ["splat/bug"], "Fatal exception after bug: Kernel BUG at"),
        ("null", Verdict.PANIC, ["splat/oops"], "after oops: kernel NULL pointer dereference"),
        ("softlockup", Verdict.PANIC, ["splat/soft-lockup"], "after soft-lockup: soft lockup"),
        ("panic", Verdict.PANIC, ["splat/panic"], "sysrq triggered crash"),
        ("hung", Verdict.SPLAT, ["splat/hung-task"], "blocked for more than"),
        ("rcu", Verdict.SPLAT, ["splat/rcu-stall"], "detected stalls"),
    ],
)
def test_recorded_consoles(name: str, verdict: Verdict, rules: list[str], words: str) -> None:
    text = (CORPUS / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    result = judge(boot(console=text))
    assert result.verdict is verdict
    assert [finding.rule for finding in result.findings] == rules
    assert words in result.reason


def test_a_complaint_that_is_repeated_is_told_once() -> None:
    (finding,) = judge(boot(console=(CORPUS / "hung.log").read_text())).findings
    assert finding.hint.endswith("and 7 more like it")


def test_a_panic_of_its_own_stands_beside_an_older_warning() -> None:
    text = console(
        "WARNING: CPU: 0 PID: 1 at a/b.c:1 f+0x1", "Kernel panic - not syncing: Attempted to kill init!"
    )
    result = judge(boot(console=text))
    assert [finding.rule for finding in result.findings] == ["splat/warning", "splat/panic"]


def test_what_the_machine_itself_says_is_cut() -> None:
    judgement = judge(replace(boot(), returncode=1, machine_error=f"{'x' * 10_000_000}\nlast"))
    assert judgement.reason == "qemu ended with code 1: last"
    assert len(judge(replace(boot(), returncode=1, machine_error="x" * 10_000_000)).reason) < 300


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("arch/x86/kvm/../../../virt/kvm/a.c", "virt/kvm/a.c"),
        ("../../../../home/user/a.c", None),
        ("a/../../b.c", None),
    ],
)
def test_a_place_on_the_console_is_in_the_tree_or_none(named: str, path: str | None) -> None:
    (finding,) = judge(boot(console=console(f"WARNING: CPU: 0 PID: 7 at {named}:12 f+0x1/0x2"))).findings
    assert (finding.location.path if finding.location else None) == path
