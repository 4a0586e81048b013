# SPDX-License-Identifier: GPL-2.0-only
"""The rules on wording: where each fires, and the sentences next to it that are right."""

import msgspec
import pytest

from kpatch_tools.checks.docs import RULES
from kpatch_tools.flow.docs import profile_for
from kpatch_tools.model.wording import Wording
from tests.judging import check_all, check_change

KVM = profile_for("Documentation/virt/kvm/api.rst")
BEFORE = "4. Calls\n========\n"


def section(body: str, **fields: str) -> str:
    values = {
        "Capability": "basic",
        "Architectures": "all",
        "Type": "vm ioctl",
        "Parameters": "struct kvm_one (in/out)",
        "Returns": "0 on success, -1 on error",
    } | fields
    rows = "".join(f":{name}: {value}\n" for name, value in values.items())
    return f"{BEFORE}\n4.1 KVM_ONE\n-----------\n\n{rows}\n{body}\n"


def table(*rows: tuple[str, str]) -> str:
    border = f"  ======  {'=' * 60}\n"
    return "Errors:\n\n" + border + "".join(f"  {errno:<6}  {text}\n" for errno, text in rows) + border + "\n"


def code(*lines: str) -> str:
    return "::\n\n" + "".join(f"  {line}\n" for line in lines) + "\n"


def said(body: str, **fields: str) -> list[str]:
    text = section(body, **fields)
    found = check_change(BEFORE, text, "x.rst", KVM)
    for one in found:
        assert one.location.column
    whole = {one.rule for one in check_all(text, "x.rst", KVM)}
    assert whole == {one.rule for one in found if not RULES[one.rule].changes_only}
    return [one.rule.removeprefix("docs/") for one in found]


FLAGS = code("#define KVM_ONE_A (1UL << 0)", "#define KVM_ONE_B BIT(1)", "#define KVM_ONE_C 0x4")
NAMES = "KVM_ONE_A, KVM_ONE_B and KVM_ONE_C are flags.  "


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        ("There are 4 flags.", True),
        ("There are\nfour new flags.", True),
        ("No flags are defined yet.", True),
        ("Two bits that can be set in flags are new.", True),
        ("There are three flags.", False),
        ("The 3 flags are these.", False),
        ("The first two flags are old.", False),
        ("Any of these two flags will do.", False),
        ("Bit 5 flags a fault.", False),
        ("One flag at a time.", False),
    ],
)
def test_a_number_of_flags_is_that_of_the_defines(text, fires):
    assert said(FLAGS + NAMES + text) == ["flag-count"] * fires


def test_a_number_may_be_that_of_one_group_of_flags():
    more = code("#define KVM_ONE_TYPE_X (1 << 0)", "#define KVM_ONE_TYPE_Y (1 << 1)")
    names = NAMES + "KVM_ONE_TYPE_* are two flags more.  "
    assert said(FLAGS + more + names + "There are five flags, three flags, two flags.") == []
    assert said(FLAGS + more + names + "There are six flags.") == ["flag-count"]
    assert said("There are six flags, defined elsewhere.") == []


@pytest.mark.parametrize(
    ("define", "text", "fires"),
    [
        ("#define KVM_ONE_A (1 << 0)", "Text.", True),
        ("#define KVM_ONE_A (1 << 0)", "KVM_ONE_AB is another.", True),
        ("#define KVM_ONE_A (1 << 0)", "``KVM_ONE_A`` is a flag.", False),
        ("#define KVM_ONE_A (1 << 0)", "KVM_ONE_A\n  is a term", False),
        ("#define KVM_ONE_A (1 << 0)", "All KVM_ONE_* are flags.", False),
        ("#define KVM_ONE_A (1 << 0) /* said here */", "Text.", False),
        ("#define KVM_ONE_MASK 0x7", "Text.", False),
        ("#define KVM_ONE_F(x) (1 << x)", "Text.", False),
        ("#define _KVM_ONE_H", "Text.", False),
    ],
)
def test_a_define_has_to_be_named(define, text, fires):
    assert said(code(define) + text) == ["define-unnamed"] * fires


STRUCT = code("struct kvm_one {", "\t__u64 gpa;", "\t__u32 flags;", "\t__u32 padding[5];", "};")


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        ("``flags`` must be zero.", 1),
        ("``flags`` must currently be zero.", 1),
        ("The member flags has to be\nset to 0.", 1),
        ("``padding`` must be zero.", 1),
        ("``flags`` and ``pad`` must be zero.", 2),
        ("``flags`` and ``padding`` must be zero.", 0),
        ("``flags`` must be zero.  ``padding`` must be zero.", 0),
        ("``padding`` must be zero.  Bit 0 of flags is new.", 0),
        ("``gpa`` must not be 0.", 0),
        ("``flags`` must be 0x10.", 0),
        ("The size must be zero.", 0),
    ],
)
def test_what_must_be_zero_is_said_of_all_members(text, fires):
    assert said(STRUCT + text) == ["must-be-zero"] * fires


def test_a_struct_without_padding_has_nothing_more_to_clear():
    assert said(code("struct kvm_one {", "\t__u32 flags;", "};") + "``flags`` must be zero.") == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("EINVAL", "")], ["error-empty"]),
        ([("EINVAL", "The size is odd."), ("EFAULT", "A bad address, or the size is odd")], ["error-cause"]),
        ([("EINVAL", "The size is odd."), ("EFAULT", "The size is even.")], []),
        ([("EINVAL", "Odd."), ("EFAULT", "Odd.")], []),
        ([("EINVAL", "The size is odd."), ("EINVAL", "The size is odd.")], ["errno-row"]),
        ([("EINTR", "A signal; the work is done partially")], ["partial-error"]),
        ([("EAGAIN", "Call again with the updated structure")], ["partial-error"]),
        ([("EAGAIN", "Nothing was done")], []),
    ],
)
def test_the_rows_of_an_errno_table(rows, expected):
    assert said(table(*rows)) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"Parameters": "struct kvm_one (in)"},
        {"Returns": "0 if at least one page was processed, -1 on error"},
        {"Returns": "0 on success, also if only a part was processed"},
    ],
)
def test_partial_work_is_no_matter_where_returns_knows_of_it_or_nothing_comes_back(fields):
    body = table(("EAGAIN", "Done partially")) + "\nThe structure holds the remaining range.\n"
    assert said(body, **fields) == []
    assert said(body) == ["partial-success", "partial-error"]


@pytest.mark.parametrize(
    ("text", "value", "fires"),
    [
        ("This exists on x86 only.", "all", True),
        ("This is x86 only.", "none", True),
        ("It is supported only on\ns390.", "all", True),
        ("No other architecture has it.", "all", True),
        ("It is not supported on other architectures.", "all", True),
        ("This is x86 only.", "x86", False),
        ("The flag KVM_ONE_X (x86 only) is new.", "all", False),
        ("On x86 only the first word counts.", "all", False),
        ("On x86 it is slow; on all other architectures it is fast.", "all", False),
    ],
)
def test_a_text_that_restricts_what_the_field_gives_to_all(text, value, fires):
    expected = ["field-value"] * (value == "none") + ["architecture-contradiction"] * fires
    assert said(text, Architectures=value) == expected


@pytest.mark.parametrize(
    ("text", "value", "fires"),
    [
        ("For TDX, see TDH.MEM.PAGE.ADD.", "all", True),
        ("For an SEV-SNP guest.", "all", True),
        ("For an SEV-SNP guest.", "x86", False),
        ("SEVERAL of KVM_SEV_X and TDXX.", "all", False),
    ],
)
def test_words_of_a_vendor(text, value, fires):
    assert said(text, Architectures=value) == ["vendor-word"] * fires


def test_the_name_of_a_member():
    assert said(code("struct kvm_one {", "\t__u64 base_address;", "};")) == ["member-name"]
    assert said(code("struct kvm_one {", "\t__u64 gpa;", "};")) == []
    assert said(code("base_address;")) == []


def test_without_words_in_the_profile_there_are_no_findings():
    body = (
        table(("EAGAIN", "Done partially"))
        + STRUCT
        + FLAGS
        + "Four flags; flags must be zero.  TDX, x86 only."
    )
    silent = msgspec.structs.replace(KVM, wording=Wording())
    assert check_change(BEFORE, section(body), "x.rst", silent) == ()
    assert check_change(BEFORE, section(body), "x.rst", None) == ()
    assert len(check_change(BEFORE, section(body), "x.rst", KVM)) >= 6


def test_old_text_stays_silent_and_a_member_added_to_it_does_not():
    before = section(STRUCT.replace("\t__u32 padding[5];", "") + "``flags`` must be zero.")
    after = section(STRUCT + "``flags`` must be zero.")
    assert [one.rule for one in check_change(before, after, "x.rst", KVM)] == ["docs/must-be-zero"]
    assert check_change(after, after.replace("Calls\n====", "Calls\n===="), "x.rst", KVM) == ()
    assert check_change(after, "Text above.\n\n" + after, "x.rst", KVM) == ()


def test_what_counts_in_a_change_only_says_so_on_its_page():
    mine = [name for name, rule in RULES.items() if rule.changes_only and "wording" in rule.check.__module__]
    assert len(mine) == 5
    for name in mine:
        assert "In a change only" in RULES[name].page
