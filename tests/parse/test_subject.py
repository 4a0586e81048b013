# SPDX-License-Identifier: GPL-2.0-only
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.parse.subject import Subject, read_subject


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[PATCH] kvm: x", Subject(text="kvm: x", is_patch=True)),
        (
            "[PATCH v2 03/10] KVM: Add it",
            Subject(text="KVM: Add it", version=2, number=3, total=10, is_patch=True),
        ),
        (
            "[RFC PATCH v12 0/3] cover",
            Subject(text="cover", version=12, number=0, total=3, is_patch=True),
        ),
        ("[PATCHv3 1/2] glued", Subject(text="glued", version=3, number=1, total=2, is_patch=True)),
        ("[RFCPATCHV4] glued", Subject(text="glued", version=4, is_patch=True)),
        (
            "[PATCH RESEND 1/2] again",
            Subject(text="again", number=1, total=2, is_patch=True, is_resend=True),
        ),
        ("[kvm][PATCH,v2,1/1] two", Subject(text="two", version=2, number=1, total=1, is_patch=True)),
        (
            "Re: AW: [PATCH 1/2] answer",
            Subject(text="answer", number=1, total=2, is_patch=True, is_reply=True),
        ),
        (
            "[PATCH 6.1.y 1/2] stable\n folded",
            Subject(text="stable folded", number=1, total=2, is_patch=True),
        ),
        ("no brackets 1/2 v3", Subject(text="no brackets 1/2 v3")),
        ("", Subject(text="")),
        ("[PATCH 99999999999/1] absurd", Subject(text="absurd", is_patch=True)),
    ],
)
def test_subjects(line: str, expected: Subject) -> None:
    assert read_subject(line) == expected


@given(st.text())
def test_any_text_is_a_subject(line: str) -> None:
    read_subject(line)
    read_subject(f"[PATCH {line}")
