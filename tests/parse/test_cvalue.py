# SPDX-License-Identifier: GPL-2.0-only
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.parse.cvalue import number_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0x10", 16),
        ("(1UL << 3)", 8),
        ("BIT(3) | BIT_ULL(0)", 9),
        ("1 << 2 + 1", 8),
        ("010", 8),
        ("~0 & 0xff", 255),
        ("6 - 2 - 1", 3),
        ("-1", -1),
        ("0x80000000ULL", 0x80000000),
    ],
)
def test_plain_constants(text, value):
    assert number_of(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(__u64)1",
        "sizeof(int)",
        "'x'",
        "1 <",
        "_IO(KVMIO, 1)",
        "X",
        "1 << 9999",
        "(" * 90,
        "1 2",
        "089",
        "9" * 300,
    ],
)
def test_what_is_no_plain_constant_has_no_value(text):
    assert number_of(text) is None


def test_macros_stand_for_their_values_and_never_for_ever():
    values = {"A": "B + 1", "B": "4", "LOOP": "LOOP", "BIT": "7"}
    assert number_of("A << B", values) == 80
    assert number_of("LOOP", values) is None
    assert number_of("BIT(2)", values) == 4


def test_each_macro_is_read_once():
    values = {f"M{n}": " + ".join([f"M{n + 1}"] * 30) for n in range(6)}
    values["M6"] = "1"
    assert number_of("M0", values) == 30**6


@given(st.text(alphabet="01xX(<>)|&~+-* AUBIT\0", max_size=60))
def test_no_text_makes_it_raise(text):
    number_of(text, {"A": text, "B": "A"})
