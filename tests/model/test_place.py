# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.model.place import BASE_GPA, PAGE_SIZE, place


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("512", 512),
        ("16p", 16 * PAGE_SIZE),
        ("base", BASE_GPA),
        ("base+3p", BASE_GPA + 3 * PAGE_SIZE),
        ("base + 1p - 1", BASE_GPA + PAGE_SIZE - 1),
        ("top-1p", (1 << 64) - PAGE_SIZE),
        ("top", 0),
        ("top-base", (1 << 64) - BASE_GPA),
        ("bit63", 1 << 63),
    ],
)
def test_a_place_is_the_sum_of_its_terms_in_a_u64(text: str, value: int) -> None:
    assert place(text).value == value
    assert str(place(text)) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "expected base, top, bitN, Np or N at column 1"),
        ("base+", "at column 6"),
        ("base 3p", "at column 5"),
        ("base*2", "expected + or - at column 5"),
        ("bit64", "bits 0 to 63"),
        ("-1p", "at column 1"),
        ("0x10", "expected + or - at column 2"),
    ],
)
def test_what_is_no_place_is_refused_with_the_column(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"column|bits") as caught:
        place(text)
    assert why in str(caught.value)


def test_places_with_the_same_value_are_equal() -> None:
    assert place("1p") == place("4096")
    assert len({place("1p"), place("4096")}) == 1
    assert place("1p") != 4096
    assert repr(place("1p")) == "place('1p')"
