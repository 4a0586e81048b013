# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.parse.rangediff import read_delta, read_pairs

OUTPUT = """1:  1111111 ! 2:  2222222 frob: Turn
    @@ a.c
     -one
     +two
-:  ------- > 1:  3333333 frob: New
2:  4444444 < -:  ------- frob: Old
3:  5555555 = 3:  6666666 frob: 4:  777 ! 5:  888
"""


def test_pairs_are_positions_from_0() -> None:
    assert read_pairs(OUTPUT) == ((0, 1), (2, 2))
    assert read_pairs("") == ()


def test_delta_is_without_the_line_of_numbers() -> None:
    assert read_delta("1:  1111111 ! 1:  2222222 x\n    @@ a.c\n     -one\n") == "@@ a.c\n -one"
    assert read_delta("1:  1111111 = 1:  2222222 x\n") == ""
