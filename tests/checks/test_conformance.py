# SPDX-License-Identifier: GPL-2.0-only
"""Document, contract and results against each other: where each finding fires, and where nothing does."""

import dataclasses

import msgspec
import pytest

from kpatch_tools.checks.conformance import conformance, document_findings, no_evidence
from kpatch_tools.checks.evidence import evidence
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.contract import Contract, Unprovoked
from kpatch_tools.model.document import ApiDocument
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.rst import parse_document

PATH = "Documentation/virt/kvm/api.rst"
CONTRACT = load_contract("kvm_map_memory")

# What a right document says about the ioctl, in words of this test.
RIGHT = """\
4.138 KVM_MAP_MEMORY
--------------------

:Capability: KVM_CAP_MAP_MEMORY
:Architectures: x86
:Type: vcpu ioctl
:Parameters: struct kvm_memory_mapping (in/out)
:Returns: 0 on success, < 0 on error

Errors:

  ========== ============================================================
  EINVAL     ``flags`` is not zero, the range is not page aligned, it is
             empty or it overflows; size is zero; no memory slot backs
             it; its address exceeds the maximum that the MMU can map.
  EFAULT     The address of the argument is bad, the argument cannot be
             written back, or host memory cannot be accessed.
  EOPNOTSUPP KVM uses shadow paging.
  EINTR      A signal is pending.
  EAGAIN     The fault has to be retried, or the host's memory is poisoned.
  ========== ============================================================

::

  struct kvm_memory_mapping {
	__u64 base_address;
	__u64 size;
	__u64 flags;
  };

4.139 KVM_OTHER
---------------

:Capability: basic
"""
HOLE_ROW = "  EINVAL     A bad parameter.\n  EFAULT     No memory slot\n             backs the range.\n"
TABLE_START = RIGHT.index("  EINVAL")
TABLE_END = RIGHT.index("  ========== ", TABLE_START)


def with_rows(rows: str) -> str:
    return RIGHT[:TABLE_START] + rows + RIGHT[TABLE_END:]


def read(text: str) -> ApiDocument:
    return parse_document(text)


def result(name: str, **changed: object) -> TestResult:
    """What a kernel that keeps the contract would have made the case print."""
    case = next(case for case in CONTRACT.case if case.name == name)
    observed: dict[str, str | int] = {}
    if case.call:
        advanced = case.expect.advanced.value
        observed = {
            "ret": -1 if case.expect.errno else 0,
            "errno": case.expect.errno or 0,
            "advanced": advanced,
            "left": case.call.size.value - advanced,
            "pages_4k": case.expect.pages_4k,
        }
    else:
        observed = {"ret": 0, "errno": 0, "call": "none"}
    if case.control:
        observed["control"] = "ok"
    status = changed.pop("status", Verdict.PASS)
    reason = changed.pop("reason", "")
    mode = changed.pop("mode", {})
    observed.update(changed)  # type: ignore[arg-type]
    return TestResult(
        name=name, status=status, reason=reason, clause=case.clause, observed=observed, mode=mode
    )  # type: ignore[arg-type]


def all_results() -> tuple[TestResult, ...]:
    return tuple(result(case.name) for case in CONTRACT.case)


def findings(
    text: str, tests: tuple[TestResult, ...], *, contract: Contract = CONTRACT
) -> tuple[Finding, ...]:
    document = read(text)
    section = document.section_named(contract.ioctl.name)
    return conformance(contract, section, tests, path=PATH, lines=document.lines)


def of_rule(found: tuple[Finding, ...], rule: str) -> list[Finding]:
    return [finding for finding in found if finding.rule == f"conformance/{rule}"]


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_a_document_that_is_right_gives_nothing() -> None:
    assert findings(RIGHT, all_results()) == ()


def test_the_errno_of_a_hole_differs() -> None:
    text = with_rows(HOLE_ROW)
    found = of_rule(findings(text, (result("hole_first"), result("one_page"))), "errno-differs")

    (finding,) = found
    assert finding.severity is Severity.ERROR
    assert finding.message == (
        'the EFAULT row says "No memory slot backs the range"; when no memslot backs the range, or what is '
        "left of it, the kernel returned EINVAL"
    )
    assert finding.location is not None
    assert (finding.location.path, finding.location.line) == (PATH, line_of(text, "No memory slot"))
    assert "case hole_first: ret=-1 errno=EINVAL" in finding.detail
    assert finding.hint.startswith(
        'drop "No memory slot backs the range" from the EFAULT row, add to the EINVAL'
    )


def test_a_finding_points_at_the_words_inside_a_long_row() -> None:
    rows = (
        "  EFAULT     The address of the parameter is\n"
        "             bad, or `base_address` is wrong, or no memory\n"
        "             slot covers the range.\n"
    )
    text = with_rows(rows)
    document = read(text)
    section = document.section_named("KVM_MAP_MEMORY")

    (finding,) = of_rule(findings(text, (result("hole_first"),)), "errno-differs")
    assert finding.location is not None
    assert finding.location.line == line_of(text, "bad, or")
    assert finding.hint.startswith('drop "no memory slot covers the range"')
    (blind,) = of_rule(conformance(CONTRACT, section, (result("hole_first"),), path=PATH), "errno-differs")
    assert blind.location is not None
    assert blind.location.line == line_of(text, "  EFAULT")


def test_one_phrase_for_several_conditions_is_one_finding() -> None:
    rows = "  EFAULT     The values do not describe a valid range.\n"
    tests = (result("gpa_unaligned"), result("size_zero"), result("overflow"))

    (finding,) = of_rule(findings(with_rows(rows), tests), "errno-differs")
    assert "when size is 0, or when the range reaches" in finding.message
    assert "add a row: EINVAL  base_address or size" in finding.hint


def test_a_document_that_has_the_right_errno_too_is_a_warning() -> None:
    rows = "  EINVAL     No memslot is there.\n  EFAULT     No memslot is there.\n"

    (finding,) = of_rule(findings(with_rows(rows), (result("hole_first"),)), "errno-differs")
    assert finding.severity is Severity.WARNING
    assert "of the document says EINVAL too" in finding.message


def test_a_kernel_that_accepts_what_the_document_forbids() -> None:
    test = result("flags_low", ret=0, errno=0, status=Verdict.FAIL, reason="errno: expected EINVAL")
    found = findings(RIGHT, (test,))

    (finding,) = of_rule(found, "errno-differs")
    assert finding.message == (
        'the EINVAL row says "flags is not zero"; when a bit of flags is set, the kernel succeeded'
    )
    assert finding.hint == 'drop "flags is not zero" from the EINVAL row'
    assert len(of_rule(found, "behaviour")) == 1


@pytest.mark.parametrize(
    "test",
    [
        result("hole_first", status=Verdict.SKIP),
        result("hole_first", status=Verdict.HANG),
        result("hole_first", status=Verdict.CRASH),
        result("hole_first", status=Verdict.NO_VERDICT),
        result("hole_first", control="EINVAL", status=Verdict.FAIL),
        TestResult(name="hole_first", status=Verdict.PASS),
        TestResult(name="hole_first", status=Verdict.PASS, observed={"ret": -1, "errno": "EINVAL"}),
        TestResult(name="other.hole_first", status=Verdict.PASS, observed=result("hole_first").observed),
        TestResult(name="unknown", status=Verdict.PASS, observed=result("hole_first").observed),
    ],
    ids=["skip", "hang", "crash", "lost", "control failed", "silent", "no control", "foreign", "unknown"],
)
def test_what_proves_nothing_is_no_evidence(test: TestResult) -> None:
    assert of_rule(findings(with_rows(HOLE_ROW), (test,)), "errno-differs") == []
    assert no_evidence(CONTRACT, (test,)) != ""


@pytest.mark.parametrize(
    "prefix", ["kvm_map_memory.", "kvm_map_memory_gen_test.", "x86_64/kvm_map_memory_gen_test."]
)
def test_results_behind_the_name_of_their_program_count(prefix: str) -> None:
    test = TestResult(name=f"{prefix}hole_first", status=Verdict.PASS, observed=result("hole_first").observed)
    group = TestResult(name="kvm", status=Verdict.PASS, children=(test,))

    assert len(of_rule(findings(with_rows(HOLE_ROW), (group,)), "errno-differs")) == 1


def test_an_observed_errno_without_a_row() -> None:
    rows = "  EINVAL     A bad parameter.\n"
    found = of_rule(findings(with_rows(rows), (result("argp_null"), result("backing_gone"))), "undocumented")

    (finding,) = found
    assert finding.severity is Severity.WARNING
    assert finding.message.startswith("the kernel returned EFAULT when the struct cannot be read")
    assert finding.hint.startswith("add a row: EFAULT  The struct cannot be read")
    assert finding.location is not None
    assert finding.location.line == 1


def test_what_every_vcpu_ioctl_shares_needs_no_row() -> None:
    found = findings(RIGHT, (result("other_mm"), result("on_vm_fd"), result("one_page")))

    assert of_rule(found, "undocumented") == []


def test_success_needs_no_row() -> None:
    assert of_rule(findings(RIGHT, (result("one_page"),)), "undocumented") == []


def test_a_row_that_lists_conditions_and_leaves_one_out() -> None:
    rows = "  EINVAL     The range is not aligned.\n"
    (finding,) = of_rule(
        findings(with_rows(rows), (result("flags_low"), result("gpa_unaligned"))), "incomplete-row"
    )

    assert finding.severity is Severity.NOTE
    assert finding.message == "the EINVAL row lists conditions but not when a bit of flags is set"
    assert "flags_low" in finding.detail
    assert "gpa_unaligned" not in finding.detail


def test_a_row_in_general_words_leaves_nothing_out() -> None:
    rows = "  EINVAL     A bad parameter.\n"

    assert of_rule(findings(with_rows(rows), (result("flags_low"),)), "incomplete-row") == []


def test_rows_that_nothing_provoked_say_why() -> None:
    rows = (
        "  EINVAL     A bad parameter.\n  EINTR      A signal is pending.\n  EOPNOTSUPP Not here.\n"
        "  EPERM      Never.\n  EFAULT     No luck.\n"
        "  ENOMEM     No memory.\n"
    )
    tests = (
        result("hole_first"),
        TestResult(name="npt_off", status=Verdict.SKIP, reason="paging is on"),
    )
    notes = {finding.message for finding in of_rule(findings(with_rows(rows), tests), "unprovoked")}

    reasons = {entry.errno: entry.reason for entry in CONTRACT.unprovoked}
    assert notes == {
        "no case made the kernel return EINTR: eintr_first did not run",
        "no case made the kernel return EOPNOTSUPP: npt_off was skipped (paging is on)",
        f"no case made the kernel return ENOMEM: {reasons['ENOMEM']}",
        "no case made the kernel return EPERM: the contract does not know it",
        "no case made the kernel return EFAULT: argp_null did not run",
    }


def test_a_trigger_that_hung_is_named() -> None:
    rows = "  EINVAL     A bad parameter.\n  EOPNOTSUPP Not here.\n"
    tests = (result("hole_first"), TestResult(name="npt_off", status=Verdict.HANG))

    (note,) = of_rule(findings(with_rows(rows), tests), "unprovoked")
    assert note.message.endswith("npt_off ended as HANG")


@pytest.mark.parametrize(
    ("status", "word"), [(Verdict.FAIL, "failed"), (Verdict.CRASH, "crashed"), (Verdict.HANG, "hung")]
)
def test_a_broken_clause_is_an_error(status: Verdict, word: str) -> None:
    test = result("thp_4k_inside", status=status, reason="why", mode={"npt": "1"})
    (finding,) = of_rule(findings(RIGHT, (test, result("one_page"))), "behaviour")

    assert finding.severity is Severity.ERROR
    assert finding.message == (
        f'KVM_MAP_MEMORY: case thp_4k_inside {word}, clause "clamps-to-range" (npt=1): why'
    )
    assert finding.hint.startswith("not the symptom of D1: ")
    assert "a huge page that reaches past the range" in finding.detail
    assert "observed: ret=0" in finding.detail


def test_a_failure_that_is_no_known_bug_gets_no_explanation() -> None:
    (finding,) = of_rule(findings(RIGHT, (result("one_page", status=Verdict.FAIL),)), "behaviour")

    assert finding.hint == ""
    assert finding.message.endswith('clause "maps-the-range"')


@pytest.mark.parametrize("status", [Verdict.SKIP, Verdict.NO_VERDICT, Verdict.PASS])
def test_what_did_not_fail_breaks_no_clause(status: Verdict) -> None:
    assert of_rule(findings(RIGHT, (result("one_page", status=status),)), "behaviour") == []


@pytest.mark.parametrize("value", ["none", "arm64", "all except x86", "arm64, s390", "x8664"])
def test_architectures_that_leave_out_what_ran(value: str) -> None:
    text = RIGHT.replace(":Architectures: x86", f":Architectures: {value}")
    (finding,) = of_rule(findings(text, (result("one_page"), result("hole_first"))), "architectures")

    assert finding.severity is Severity.WARNING
    assert finding.message == f'the document says ":Architectures: {value}", yet 1 call succeeded on x86'
    assert finding.location is not None
    assert finding.location.line == line_of(text, ":Architectures:")


@pytest.mark.parametrize("value", ["x86", "all", "x86, arm64", "arm64 x86", "all except arm64"])
def test_architectures_that_include_what_ran(value: str) -> None:
    text = RIGHT.replace(":Architectures: x86", f":Architectures: {value}")

    assert of_rule(findings(text, (result("one_page"),)), "architectures") == []


def test_failed_calls_prove_no_architecture() -> None:
    text = RIGHT.replace(":Architectures: x86", ":Architectures: none")

    assert of_rule(findings(text, (result("hole_first"),)), "architectures") == []
    assert (
        of_rule(findings(text.replace(":Architectures: none\n", ""), (result("one_page"),)), "architectures")
        == []
    )


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (":Capability: KVM_CAP_MAP_MEMORY", ":Capability: KVM_CAP_MAP_MEMORY2", "capability"),
        (":Type: vcpu ioctl", ":Type: vm ioctl", "type"),
        ("struct kvm_memory_mapping (in/out)", "struct kvm_map_memory (in/out)", "parameters"),
    ],
)
def test_a_field_that_names_something_else(old: str, new: str, rule: str) -> None:
    text = RIGHT.replace(old, new)
    (finding,) = findings(text, all_results())

    assert finding.rule == f"conformance/{rule}"
    assert finding.severity is Severity.WARNING
    assert finding.location is not None
    assert finding.location.line == line_of(text, new)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("\t__u64 size;\n", "", "\t__u64 flags", 'member 2 is "__u64 flags", expected "__u64 size"'),
        ("__u64 size;", "__u32 size;", "__u32 size", 'member 2 is "__u32 size", expected "__u64 size"'),
        ("__u64 flags;", "__u64 flags[2];", "__u64 flags[", 'member 3 is "__u64 flags[2]"'),
        ("__u64 flags;", "__u64 flags;\n\t__u64 pad;", "__u64 pad", 'member 4 "__u64 pad" is one too many'),
        ("\t__u64 flags;\n", "", "struct kvm_memory_mapping {", 'member 3 "__u64 flags" is missing'),
    ],
)
def test_a_struct_that_differs(old: str, new: str, line: str, words: str) -> None:
    text = RIGHT.replace(old, new)
    found = of_rule(findings(text, all_results()), "struct")

    hit = [finding for finding in found if words in finding.message]
    assert hit, found
    assert hit[0].location is not None
    assert hit[0].location.line == line_of(text, line)
    assert hit[0].hint.startswith("write it so\nstruct kvm_memory_mapping {\n\t__u64 base_address;")


def test_another_struct_in_the_section_is_none_of_ours() -> None:
    text = RIGHT.replace("struct kvm_memory_mapping {", "struct kvm_something {")

    assert of_rule(findings(text, all_results()), "struct") == []


def test_no_section_at_all() -> None:
    text = RIGHT.replace("4.138 KVM_MAP_MEMORY", "4.138 KVM_ELSE______")
    (finding,) = findings(text, all_results())

    assert finding.rule == "conformance/no-section"
    assert finding.severity is Severity.ERROR
    assert finding.location is not None
    assert finding.location.path == PATH
    assert document_findings(CONTRACT, None, path=PATH)[0].rule == "conformance/no-section"


def test_without_a_run_the_contract_speaks_for_itself() -> None:
    text = with_rows(HOLE_ROW).replace(":Architectures: x86", ":Architectures: none")
    document = read(text)
    section = document.section_named("KVM_MAP_MEMORY")
    errno, table, arch = document_findings(CONTRACT, section, path=PATH, lines=document.lines)

    assert (errno.rule, errno.severity) == ("contract/document-errno", Severity.WARNING)
    assert errno.message.endswith(", EINVAL is expected")
    assert (table.rule, table.severity) == ("conformance/table", Severity.NOTE)
    assert arch.message == 'the document says ":Architectures: none", but the ioctl is meant for x86'
    right = read(RIGHT)
    assert document_findings(CONTRACT, right.section_named("KVM_MAP_MEMORY"), path=PATH) == ()


def test_without_evidence_nothing_is_claimed_about_behaviour() -> None:
    text = with_rows(HOLE_ROW + "  EINTR      A signal.\n").replace("x86", "none")

    assert findings(text, ()) == ()


def test_a_row_with_a_minus_is_the_same_errno() -> None:
    rows = "  -EINVAL    No memslot is there.\n  -EFAULT    A bad address of the argument.\n"
    found = findings(with_rows(rows), (result("hole_first"), result("argp_null")))

    assert of_rule(found, "errno-differs") == []
    assert of_rule(found, "undocumented") == []


def test_each_reason_for_no_evidence_has_its_own_words() -> None:
    skipped = TestResult(name="one_page", status=Verdict.SKIP, reason="no KVM")

    assert no_evidence(CONTRACT, ()) == "there are no test results"
    assert "belongs to a case of kvm_map_memory" in no_evidence(CONTRACT, (TestResult(name="x"),))
    assert no_evidence(CONTRACT, (skipped,)) == "all 1 cases of kvm_map_memory were skipped (no KVM)"
    assert "may not have KVM_MAP_MEMORY at all" in no_evidence(
        CONTRACT, (result("hole_first", control="EINVAL", status=Verdict.FAIL),)
    )
    assert no_evidence(CONTRACT, (result("one_page"),)) == ""


def test_evidence_names_mode_and_values() -> None:
    (item,) = evidence(CONTRACT, (result("one_page", mode={"npt": "1", "tdp_mmu": "0"}),))

    assert item.errno == "0"
    assert item.shown.startswith("case one_page (npt=1, tdp_mmu=0): ret=0 errno=0 advanced=4096")


@pytest.mark.parametrize(("kernel", "differs"), [("", 1), ("6.18.1", 1), ("6.12.3-amd64 + x", 0)])
def test_a_release_in_which_a_condition_does_not_hold_contradicts_no_row(kernel: str, differs: int) -> None:
    errors = tuple(
        msgspec.structs.replace(error, since="6.18") if error.id == "no-memslot" else error
        for error in CONTRACT.error
    )
    contract = msgspec.structs.replace(CONTRACT, error=errors)
    test = dataclasses.replace(result("hole_first"), kernel=kernel)
    found = findings(with_rows(HOLE_ROW), (test,), contract=contract)

    assert len(of_rule(found, "errno-differs")) == differs


def test_a_flood_of_evidence_is_cut() -> None:
    tests = tuple(result("hole_first", left=4096 * number) for number in range(9))
    (finding,) = of_rule(findings(with_rows(HOLE_ROW), tests), "errno-differs")

    assert len(finding.detail.splitlines()) == 6
    assert finding.detail.endswith("and 4 more")


def test_modes_that_saw_the_same_of_a_case_make_one_line() -> None:
    tests = tuple(result("hole_first", mode={"npt": value}) for value in "10")
    (finding,) = of_rule(findings(with_rows(HOLE_ROW), tests), "errno-differs")

    assert finding.detail.startswith("case hole_first (npt=1; npt=0): ret=-1 errno=EINVAL")
    assert "\n" not in finding.detail


def test_the_findings_follow_the_contract_and_not_a_list() -> None:
    """The same document and results against a contract that says ENOENT: the row is judged by what ran."""
    other = msgspec.structs.replace(
        CONTRACT, known_bug=(), unprovoked=(Unprovoked(errno="ENOMEM", reason="because"),)
    )
    text = with_rows("  EINVAL     A bad parameter.\n  ENOMEM     No memory.\n")
    tests = (result("thp_unaligned", status=Verdict.FAIL),)
    found = findings(text, (*tests, result("hole_first")), contract=other)

    assert [finding.hint for finding in of_rule(found, "behaviour")] == [""]
    assert [finding.message for finding in of_rule(found, "unprovoked")] == [
        "no case made the kernel return ENOMEM: because"
    ]
