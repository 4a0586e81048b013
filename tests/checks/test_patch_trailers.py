# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.model.finding import Severity
from tests.posted import SIGNED, found, names, patch

GOOD = 'Fixes: 0123456789ab ("KVM: x86: Add a bug")'


def tagged(*lines: str) -> str:
    return "\n".join(("Because.", "", *lines, ""))


@pytest.mark.parametrize(
    ("value", "bad"),
    [
        ('0123456789ab ("KVM: x86: Add a bug")', False),
        ('0123456789abcdef ("KVM: (x) \\"y\\"")', False),
        ('0123456 ("KVM: x86: Add a bug")', True),
        ("0123456789ab KVM: x86: Add a bug", True),
        ("0123456789ab (KVM: x86: Add a bug)", True),
        ('commit 0123456789ab ("x")', True),
    ],
)
def test_fixes_form(value: str, bad: bool) -> None:
    told = names(found(patch(body=tagged(f"Fixes: {value}", SIGNED))))
    assert ("message/fixes-form" in told) is bad


@pytest.mark.parametrize(
    ("commits", "words"),
    [
        ({}, ""),
        ({"0123456789ab": "KVM: x86: Add a bug"}, ""),
        ({"0123456789ab": ""}, "no commit 0123456789ab"),
        ({"0123456789ab": "KVM: x86: Other"}, "is not the commit's"),
    ],
)
def test_fixes_commit(commits: dict[str, str], words: str) -> None:
    told = [one for one in found(patch(body=tagged(GOOD, SIGNED)), commits=commits) if "commit" in one.rule]
    assert len(told) == bool(words)
    assert all(words in one.message for one in told)


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        ("Link: https://lore.kernel.org/r/1@x", False),
        ("Link: https://lore.kernel.org/r/1@x # [1]", False),
        ("Link: https://lore.kernel.org/r/1@x [1]", False),
        ("Closes: https://example.org/1", False),
        ("Closes: bug 17", True),
        ("Link: <1@x>", True),
    ],
)
def test_link_form(line: str, bad: bool) -> None:
    assert ("message/link-form" in names(found(patch(body=tagged(line, SIGNED))))) is bad


def test_tags_apart() -> None:
    told = found(patch(body=tagged(GOOD, "", SIGNED)))
    assert names(told) == {"message/tags-apart"}
    assert found(patch(body=tagged("Link: https://example.org/1", "", SIGNED))) == ()
    assert found(patch(body=tagged(GOOD, "[ handler: words ]", SIGNED))) == ()


@pytest.mark.parametrize(
    ("lines", "bad"),
    [
        ((GOOD, "Reported-by: A <a@b>", SIGNED), False),
        ((SIGNED, GOOD), True),
        ((SIGNED, "Reviewed-by: A <a@b>"), False),
        (("Suggested-by: A <a@b>", "Co-developed-by: B <b@b>", "Signed-off-by: B <b@b>", SIGNED), False),
        (
            ("Co-developed-by: B <b@b>", "Signed-off-by: B <b@b>", "Co-developed-by: C <c@b>",
             "Signed-off-by: C <c@b>", SIGNED),
            False,
        ),
    ],
)  # fmt: skip
def test_order(lines: tuple[str, ...], bad: bool) -> None:
    told = found(patch(body=tagged(*lines)))
    assert ("message/tag-order" in names(told)) is bad


def test_no_sign_off() -> None:
    (told,) = [one for one in found(patch(body="Because.\n")) if one.rule == "message/sign-off"]
    assert told.severity is Severity.ERROR


def test_sign_off_of_somebody_else() -> None:
    told = found(patch(body=tagged("Signed-off-by: B <b@b>")))
    assert [one.severity for one in told] == [Severity.ERROR]


def test_other_address_of_the_author_is_a_slip() -> None:
    told = found(patch(body=tagged("Signed-off-by: Tess Ter <tess@elsewhere.org>")))
    assert [one.severity for one in told] == [Severity.WARNING]


@pytest.mark.parametrize(
    ("sender", "lines", "bad"),
    [
        ("B <b@b>", (SIGNED,), True),
        ("B <b@b>", (SIGNED, "Signed-off-by: B <b@b>"), False),
        ("Tess via Relay <devnull+tess.example.org@kernel.org>", (SIGNED,), False),
        ("TESS@EXAMPLE.ORG", (SIGNED,), False),
    ],
)
def test_sender_signs(sender: str, lines: tuple[str, ...], bad: bool) -> None:
    told = names(found(patch(body=tagged(*lines), sender=sender)))
    assert ("message/sign-off" in told) is bad
