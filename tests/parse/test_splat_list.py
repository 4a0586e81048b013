# SPDX-License-Identifier: GPL-2.0-only
"""The allow list: what it covers, and that a bad entry is an error with its line."""

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.parse.splat_list import parse_allowed
from kpatch_tools.tools.files import data_dir

GOOD = """
[[splat]]
kind = "warning"
title = 'mmu\\.c:\\d+'
reason = "known since 6.1"
release = '^6\\.1\\.'
"""


def entry(**changes: str) -> str:
    """A good entry with some values changed; "" leaves the line out."""
    values = {"kind": "warning", "title": "a", "reason": "r", **changes}
    return "[[splat]]\n" + "".join(f"{key} = '{value}'\n" for key, value in values.items() if value)


def test_what_an_entry_covers() -> None:
    (one,) = parse_allowed(GOOD, name="mine.toml")
    assert (one.reason, one.place) == ("known since 6.1", "mine.toml:2")
    assert one.covers("warning", "arch/x86/kvm/mmu/mmu.c:12 f+0x1", "6.1.192")
    assert not one.covers("bug", "arch/x86/kvm/mmu/mmu.c:12 f+0x1", "6.1.192")
    assert not one.covers("warning", "arch/x86/kvm/x86.c:12", "6.1.192")
    assert not one.covers("warning", "arch/x86/kvm/mmu/mmu.c:12", "6.12.1")
    assert not one.of_release("6.12.1")


def test_without_a_release_it_is_for_every_kernel() -> None:
    (one,) = parse_allowed(entry(), name="x")
    assert one.of_release("")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (entry(title="a("), "x.toml:3: 'a(' is no regular expression"),
        (entry(release="["), "x.toml:5: '[' is no regular expression"),
        (entry(title=".*"), "x.toml:3: '.*' matches everything"),
        (entry(kind="warnin"), "x.toml:2: 'warnin' is no kind of complaint; did you mean 'warning'?"),
        (entry(kind="zzz"), "known are "),
        (entry(kind="panic"), "x.toml:2: a panic cannot be allowed"),
        (entry(reason=" "), "x.toml:4: an entry needs the reason"),
        (entry(reason=""), "reason"),
        (entry(extra="1"), "x.toml:5"),
        ("[[splat]", "x.toml:1: no TOML"),
        ("[[splats]]\nkind = 'bug'\n", "splats"),
    ],
)
def test_a_bad_entry_is_an_error_with_its_line(text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_allowed(text, name="x.toml")
    assert said in str(caught.value.message)


def test_every_fault_at_once() -> None:
    with pytest.raises(UserError) as caught:
        parse_allowed(entry(title="(") + entry(kind="x"), name="x.toml")
    assert "2 faults" in caught.value.message


def test_the_shipped_list_is_one() -> None:
    shipped = data_dir("ci") / "splats.toml"
    assert parse_allowed(shipped.read_text(), name="splats.toml") == ()
