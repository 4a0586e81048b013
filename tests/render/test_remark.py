# SPDX-License-Identifier: GPL-2.0-only
"""Remarks made of what the checks really say: when those change their words, these fail."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpatch_tools.checks.behaviour import behaviour
from kpatch_tools.checks.conformance import conformance
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.finding import Finding, Location, Severity
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
        "The document says EFAULT when no memslot backs the range, or what is\n"
        "left of it; the kernel returned EINVAL.\n"
        "\n"
        "  hole_first (npt=1; npt=0): errno=EINVAL\n"
        "\n"
        'Drop "no memory slot backs the range" from the EFAULT row, add to the\n'
        "EINVAL row: No memslot backs the range, or what is left of it.\n"
        "\n"
        "The whole errno table, to paste:\n"
        "\n"
        "    ========== ="
    ) in text
    assert "no memslot backs the range, or what is left of it" in text.partition("to paste:")[2]
    assert "No kernel was seen to do this part of it: " in text


def test_architectures_that_have_it() -> None:
    lines = ("  one_page (npt=1): ret=0 advanced=4096", "It should read:", "    :Architectures: x86")
    said = 'The document says ":Architectures: none", yet 1 call succeeded on x86.'
    assert f"> +:Architectures: none\n\n{said}\n\n" + "\n\n".join(lines) in mail(*told(page()))


def test_what_a_better_finding_says_is_not_told_twice() -> None:
    place = Location(path=PATH, line=5, patch=1)
    vague = Finding(
        rule="docs/field-value", severity=Severity.WARNING, message="not in the list", location=place
    )
    assert "Not in the list." in mail(vague)
    assert "ot in the list" not in mail(vague, *told(page()))


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
    assert "  thp_4k_inside (npt=1): errno=EINVAL advanced=4096" in text
    assert "  thp_unaligned (npt=1): errno=EINVAL advanced=4096" in text
    assert "known bug" not in text


def test_a_defect_of_the_base_names_the_commit_that_it_lacks() -> None:
    seen: dict[str, str | int] = {"ret": -1, "errno": "EINTR"}
    test = TestResult(
        name="stale_root", status=Verdict.KNOWN_BUG, reason="B2, fixed by 20a6cff3b283: x", observed=seen
    )
    text = " ".join("\n".join(cover_text(*places(*behaviour(MERGED, (test,))))).split())
    assert "This kernel lacks the commit 20a6cff3b283, fixed in 6.15." in text
    assert "stale_root: errno=EINTR" in text


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
