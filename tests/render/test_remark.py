# SPDX-License-Identifier: GPL-2.0-only
"""Remarks made of what the checks really say: when those change their words, these fail."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpatch_tools.checks.behaviour import behaviour
from kpatch_tools.checks.conformance import conformance, document_findings
from kpatch_tools.checks.fold import folded
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.perpatch import PatchRow
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.series import Series
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.origins import Origins
from kpatch_tools.parse.quoted import mail_lines
from kpatch_tools.parse.rst import parse_document
from kpatch_tools.render.placing import Placing, placed
from kpatch_tools.render.remark import known_bug, remark
from kpatch_tools.render.reply import cover_text, patch_text, signed
from tests.posted import diff, patch

PATH = "Documentation/virt/kvm/api.rst"
CONTRACT = load_contract("kvm_map_memory")
MERGED = load_contract("kvm_pre_fault_memory")
SECTION = [
    "4.1 KVM_MAP_MEMORY",
    "------------------",
    "",
    ":Capability: KVM_CAP_MAP_MEMORY",
    ":Architectures: none",
    ":Type: vcpu ioctl",
    ":Parameters: struct kvm_memory_mapping (in/out)",
    ":Returns: 0 on success, < 0 on error",
    "",
    "Errors:",
    "",
    "  ====== ==========================================",
    "  EINVAL A bad parameter.",
    "  EFAULT The address is bad, or no memory slot",
    "         backs the range.",
    "  ====== ==========================================",
    "",
    "Text.",
]
PATCH = patch(changes=diff(PATH, *SECTION, new=True))


def hole(**mode: str) -> TestResult:
    observed: dict[str, str | int] = {
        "ret": -1,
        "errno": "EINVAL",
        "advanced": 0,
        "left": 4096,
        "control": "ok",
    }
    return TestResult(name="hole_first", status=Verdict.PASS, mode=mode, observed=observed)


def page() -> TestResult:
    observed: dict[str, str | int] = {"ret": 0, "errno": 0, "advanced": 4096, "left": 0, "pages_4k": 1}
    return TestResult(name="one_page", status=Verdict.PASS, mode={"npt": "1"}, observed=observed)


def told(*tests: TestResult) -> tuple[Finding, ...]:
    document = parse_document("\n".join(SECTION) + "\n")
    section = document.section_named("KVM_MAP_MEMORY")
    return conformance(CONTRACT, section, tests, path=PATH, lines=document.lines)


def places(*findings: Finding) -> tuple[Report, Placing]:
    check = CheckResult(check="conformance", status=Status.FAIL, findings=findings, tests=(page(),))
    report = Report(tool="kvet 1", checks=(check,))
    series = Series(name="s", version=1, total=1, cover=None, patches=(PATCH,))
    return report, placed(report, series, Origins(series.patches))


def mail(*findings: Finding) -> str:
    (part,) = places(*findings)[1].patches
    return "\n".join(patch_text(part, Origins([PATCH]).lines(1), said="A wrote:"))


def test_an_errno_that_the_kernel_does_not_return() -> None:
    text = mail(*told(hole(npt="1"), hole(npt="0")))
    assert (
        "> +  EFAULT The address is bad, or no memory slot\n"
        "\n"
        'The EFAULT row says "no memory slot backs the range"; when no memslot\n'
        "backs the range, or what is left of it, the kernel returned EINVAL.\n"
        "\n"
        "  hole_first: returned EINVAL (with npt=1 and with npt=0)\n"
        "\n"
        'Drop "no memory slot backs the range" from the EFAULT row, add to the\n'
        "EINVAL row: No memslot backs the range, or what is left of it.\n"
        "\n"
        "If the document says what you want, mend the kernel instead. If the\n"
        "kernel does it right, here is the whole errno table, to paste:\n"
        "\n"
        "    ========== ="
    ) in text
    assert "no memslot backs the range, or what is left of it" in " ".join(
        text.partition("to paste:")[2].split()
    )
    assert "The kernel was not seen to return: EFAULT (the struct cannot be read" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 78


def test_architectures_that_have_it() -> None:
    lines = ("  one_page: returned 0 after 0x1000 bytes", "It should read:", "    :Architectures: x86")
    said = 'The document says ":Architectures: none", yet 1 call succeeded on x86.'
    assert f"> +:Architectures: none\n\n{said}\n\n" + "\n\n".join(lines) in mail(*told(page()))


def test_what_a_better_finding_says_is_not_told_twice() -> None:
    place = Location(path=PATH, line=5, patch=1)
    said = "':Architectures: none' is not in the list"
    vague = Finding(rule="docs/field-value", severity=Severity.WARNING, message=said, location=place)
    checks = (CheckResult(check="docs", findings=(vague,)), CheckResult(check="c", findings=told(page())))
    assert "not in the list." in mail(vague)
    text = mail(*(one for check in folded(checks) for one in check.findings))
    assert "in the list" not in text
    assert "yet 1 call succeeded on x86" in text


def test_cases_with_one_defect_make_one_remark() -> None:
    seen: dict[str, str | int] = {"ret": -1, "errno": "EINVAL", "advanced": 4096, "left": 2**64 - 4096}
    tests = [
        TestResult(
            name=name, status=Verdict.KNOWN_BUG, reason="D1: it wraps", mode={"npt": "1"}, observed=seen
        )
        for name in ("thp_4k_inside", "thp_unaligned")
    ]
    found = tuple(behaviour(CONTRACT, tuple(tests)))
    assert all(known_bug(one) for one in found)
    text = "\n".join(cover_text(*places(*found)))
    assert text.count("A huge page that reaches past the range is subtracted whole") == 1
    assert "Expected: a huge page that reaches past the range counts" in " ".join(text.split())
    assert "  thp_4k_inside (one small page out of a huge one): returned EINVAL" in text
    assert "  thp_unaligned (2 MiB that begin and end inside huge pages): returned" in text
    assert (
        text.count("EINVAL after 0x1000 bytes, size left: 0xfffffffffffff000") + text.count("after 0x1000")
        == 3
    )
    assert "known bug" not in text


CODE = "virt/kvm/kvm_main.c"
WRAPS: dict[str, str | int] = {"ret": -1, "errno": "EINVAL", "advanced": 4096, "left": 2**64 - 4096}


def defects(place: Location | None, *reasons: tuple[str, str]) -> list[Finding]:
    """What the known bugs of cases make, all of them found at one place."""
    tests = [
        TestResult(name=case, status=Verdict.KNOWN_BUG, reason=f"{bug}: it wraps", observed=WRAPS)
        for case, bug in reasons
    ]
    return [replace(one, location=place) for one in behaviour(CONTRACT, tuple(tests))]


def coded(found: list[Finding], *rows: PatchRow) -> tuple[Report, Placing, Series]:
    """A series whose second patch has the code, and where the findings go."""
    document = patch(changes=diff(PATH, *SECTION, new=True), number=1, total=2)
    code = patch(changes=diff(CODE, "\tsize -= mapped;", "\treturn r;"), number=2, total=2)
    series = Series(name="s", version=1, total=2, cover=None, patches=(document, code))
    checks = (CheckResult(check="conformance", findings=tuple(found)), CheckResult(check="p", patches=rows))
    report = Report(tool="kvet 1", checks=checks)
    return report, placed(report, series, Origins(series.patches)), series


def test_a_defect_stands_under_its_line_in_the_code() -> None:
    found = defects(
        Location(path=CODE, line=10),
        ("thp_4k_inside", "D1"),
        ("thp_unaligned", "D1"),
        ("hugetlb_1g_inside", "D1_1G"),
    )
    report, placing, series = coded(found)
    (part,) = placing.patches
    text = "\n".join(patch_text(part, Origins(series.patches).lines(2), said="A wrote:"))

    assert (part.patch.number, placing.loose) == (2, ())
    assert "> +\tsize -= mapped;\n\nA huge page that reaches past the range is subtracted whole: size" in text
    assert text.count("Expected:") == 1
    assert text.index("thp_4k_inside") < text.index("thp_unaligned") < text.index("A page of 1 GiB")
    assert text.index("A page of 1 GiB") < text.index("hugetlb_1g_inside")
    assert "brought" not in text.lower()
    assert "in reply to patch 2." in " ".join(cover_text(report, placing))


@pytest.mark.parametrize("place", [None, Location(path=PATH, line=1, patch=1), Location(path="x.toml")])
def test_a_defect_without_code_is_told_in_reply_to_the_series(place: Location | None) -> None:
    _report, placing, _series = coded(defects(place, ("thp_4k_inside", "D1")))
    assert placing.patches == ()
    assert len(placing.loose) == 1


def test_what_is_expected_of_two_defects_is_told_once_in_reply_to_the_series() -> None:
    found = defects(None, ("thp_4k_inside", "D1"), ("hugetlb_1g_inside", "D1_1G"), ("stale_root", "D5"))
    text = "\n".join(cover_text(*coded(found)[:2]))
    assert text.count("a huge page that reaches past the range counts as the part") == 1
    assert text.count("Expected:") == 2


def step(number: int, result: Verdict) -> PatchRow:
    return PatchRow(number=number, subject="x", commit="c", cases={"thp_4k_inside": result})


def test_a_defect_is_a_patchs_where_the_case_passes_without_it() -> None:
    found = defects(None, ("thp_4k_inside", "D1"))
    _report, placing, _series = coded(found, step(1, Verdict.PASS), step(2, Verdict.KNOWN_BUG))
    (part,) = placing.patches
    assert (part.patch.number, part.above) == (2, tuple(found))
    assert "Brought by this patch: without it" in " ".join(patch_text(part, (), said="A wrote:"))

    _report, placing, _series = coded(found, step(1, Verdict.SKIP), step(2, Verdict.KNOWN_BUG))
    assert (placing.patches, placing.loose) == ((), tuple(found))


def test_what_another_commit_mends_is_blamed_on_no_patch() -> None:
    test = TestResult(name="traced_repeat", status=Verdict.KNOWN_BUG, reason="B4: x", observed={"ret": 0})
    rows = [replace(step(number, result), cases={"traced_repeat": result})
            for number, result in ((0, Verdict.SKIP), (1, Verdict.KNOWN_BUG))]  # fmt: skip
    report, placing, _series = coded(list(behaviour(CONTRACT, (test,))), *rows)
    text = " ".join("\n".join(cover_text(report, placing)).split())
    assert 'This kernel lacks commit 386d69f9f29b ("KVM: x86/mmu: Treat TDP MMU faults' in text
    assert "patch 1" not in text


def test_a_struct_is_shown_as_code() -> None:
    members = ["\t__u64 base_address;", "\t__u32 flags;", "\t__u64 size;"]
    struct = ["struct kvm_memory_mapping {", *members, "};"]
    shown = parse_document("\n".join([*SECTION, "", "::", "", *(f"  {line}" for line in struct)]))
    section = shown.section_named("KVM_MAP_MEMORY")
    found = document_findings(CONTRACT, section, path=PATH, lines=shown.lines)
    (one,) = [item for item in found if item.rule == "conformance/struct"]
    assert remark(one) == [
        'struct kvm_memory_mapping: member 2 is "__u32 flags", expected "__u64',
        'size"; member 3 is "__u64 size", expected "__u64 flags". Write it so:',
        "",
        "    struct kvm_memory_mapping {",
        "    \t__u64 base_address;",
        "    \t__u64 size;",
        "    \t__u64 flags;",
        "    };",
    ]


def test_what_is_said_of_a_case_is_wrapped_and_a_log_is_not() -> None:
    long = "errno: expected success, observed EINVAL with 0x8000 bytes left; passes after patch 7"
    one = Finding(rule="series/early", severity=Severity.WARNING, message="m", detail=f"smm: FAIL: {long}")
    assert max(map(len, remark(one))) <= 72
    assert remark(replace(one, detail=f"[1.0] {long}"))[-1] == f"    [1.0] {long}"
    said = "no test has shown yet which of the two the kernel does"
    assert remark(replace(one, detail=said))[-1] == "No test has shown yet which of the two the kernel does."


def test_a_defect_of_the_base_names_the_commit_that_it_lacks() -> None:
    seen: dict[str, str | int] = {"ret": -1, "errno": "EINTR"}
    test = TestResult(
        name="stale_root", status=Verdict.KNOWN_BUG, reason="B2, fixed by 20a6cff3b283: x", observed=seen
    )
    text = " ".join("\n".join(cover_text(*places(*behaviour(MERGED, (test,))))).split())
    title = "KVM: x86/mmu: Check and free obsolete roots in kvm_mmu_reload()"
    assert f'This kernel lacks commit 20a6cff3b283 ("{title}"), fixed in 6.15.' in text
    assert "stale_root: returned EINTR" in text


def test_a_case_that_fails_is_told_with_its_clause() -> None:
    test = TestResult(
        name="one_page", status=Verdict.FAIL, reason="errno: expected success", mode={"npt": "1"}
    )
    (one,) = behaviour(CONTRACT, (test,))
    assert known_bug(one) == ""
    assert " ".join(remark(one)).startswith("KVM_MAP_MEMORY: case one_page failed, clause ")


PIECES = (
    *"a >-:@<.\n\r\x0c\u2028\x1b\t\ud800",
    "\nFrom x",
    "\nReviewed-by: A <a@b.c>",
    "\ndiff --git a/x b/x\n",
    "-- \n",
)
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@pytest.mark.parametrize(
    "rule", ["docs/x", "checkpatch/X", "conformance/table", "conformance/known-bug", "gcc/x"]
)
@settings(max_examples=25)
@given(message=HOSTILE, detail=HOSTILE, hint=HOSTILE, line=HOSTILE)
def test_hostile_words_stay_remarks_of_ours(
    rule: str, message: str, detail: str, hint: str, line: str
) -> None:
    flat = line.replace("\n", "").encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    one = patch(changes=diff("x.c", "first", flat, "last"))
    found = Finding(
        rule=rule, severity=Severity.ERROR, message=f"wrong{message}", detail=detail, hint=hint,
        location=Location(path="x.c", line=11, patch=1),
    )  # fmt: skip
    report = Report(tool="kvet 1", checks=(CheckResult(check="docs", findings=(found,)),))
    series = Series(name="s", version=1, total=1, cover=None, patches=(one,))
    (part,) = placed(report, series, Origins(series.patches)).patches
    text = "\n".join(signed(patch_text(part, Origins([one]).lines(1), said="A wrote:"), ["end"]))
    text.encode("utf-8")
    body, sign, end = text.partition("\n-- \n")
    assert (sign, end) == ("\n-- \n", "end")
    quoted = [item.text for item in mail_lines(body) if item.depth]
    assert len(quoted) == 5
    assert quoted[3] == "+first"
    for shown in body.splitlines():
        assert not shown.startswith(("From ", "diff ", "---", "Reviewed-by:"))
        assert not shown.lstrip().startswith("Reviewed-by:")
